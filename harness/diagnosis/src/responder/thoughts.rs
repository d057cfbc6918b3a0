//! Puts the responder's reasoning into words, so that each step can be read.

use incident::Service;

use super::{Next, Responder, SAVES_MIN};
use crate::{Hands, checks::CHECKS, knowledge::Hypothesis, remedies::with_asset};

impl<H: Hands> Responder<'_, H> {
    /// Records the leading explanations, the next step, and the reason for it.
    pub(super) fn think(&self, next: Next) {
        let shares = self.belief.doubting(self.knowledge);
        let mut leading: Vec<(usize, f64)> = shares.iter().copied().enumerate().collect();
        leading.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        let name = |place: usize| {
            let Hypothesis { cause, case } = self.knowledge.hypotheses[place];
            case.map_or_else(
                || cause.to_string().to_lowercase(),
                |case| self.knowledge.cases[case].name.clone(),
            )
        };
        let shown = leading.iter().take(3).filter(|(_, share)| *share >= 0.02);
        let thought: Vec<String> =
            shown.map(|(place, share)| format!("{} {:.0} %", name(*place), share * 100.0)).collect();
        let why = match next {
            Next::Explain(_) => "explain".to_owned(),
            Next::GiveUp(why) => format!("give up: {}", why.to_lowercase()),
            Next::Look(place, with, without) => {
                let (minutes, gain) = (self.look_minutes(place), without - with);
                let worth = if gain > SAVES_MIN { format!(", saves {gain:.0} min") } else { String::new() };
                format!("{}: {} ({minutes:.0} min{worth})", CHECKS[place].name, CHECKS[place].asks)
            }
            Next::Act(place, chance) => {
                let suspect = self.suspect().map(|(named, _)| named.asset.as_str());
                let sequence = with_asset(&self.knowledge.menu[place], suspect);
                let steps: Vec<String> = sequence.iter().flatten().map(ToString::to_string).collect();
                format!("{}: it helps with {:.0} %", steps.join(", then "), chance * 100.0)
            }
        };
        self.hands
            .suppose(format!("{}; next {why}", thought.join(", ")), self.leading_path(&shares).as_deref());
    }

    /// The path of at least half of the probability, if there is one.
    fn leading_path(&self, shares: &[f64]) -> Option<Vec<Service>> {
        let mut paths: Vec<(Vec<Service>, f64)> = Vec::new();
        for (place, share) in shares.iter().enumerate() {
            let path = self.knowledge.answer(place).path;
            match paths.iter_mut().find(|(known, _)| *known == path) {
                Some((_, sum)) => *sum += share,
                None => paths.push((path, *share)),
            }
        }
        paths.into_iter().find(|(_, share)| *share >= 0.5).map(|(path, _)| path)
    }
}
