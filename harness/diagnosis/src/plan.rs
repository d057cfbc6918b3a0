//! Which remedies to use in which order, and how long that is expected to take. Teaches the rule of decision-theoretic
//! troubleshooting (Heckerman, Breese and Rommelse, CACM 1995): first what has the best chance per minute, and a look only if the
//! minutes that it is expected to save are more than those that it costs.

use incident::Remedy;

use crate::belief::Belief;

/// What it costs when no remedy helps: everybody is called, and somebody reads code. In minutes; assumed.
pub const LAST_RESORT_MINUTES: f64 = 240.0;

/// A chance of less than this is not worth a remedy: it costs minutes, and hides what there was to see.
pub const TRY_FROM: f64 = 0.05;

/// A sequence of remedies that can be used, and what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its place on the menu.
    pub place: usize,
    /// The remedies; if no asset is named yet that one of them needs, without its name.
    pub sequence: Vec<Remedy>,
    /// Whether a look must name an asset first.
    pub needs_name: bool,
    /// What it takes, that look, handovers and the wait for its effect included.
    pub minutes: f64,
    /// For each explanation, how probable it is that it helps.
    pub helps: Vec<f64>,
}

/// What to do first, and what all of it is expected to take.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The place of the first candidate; none if none has a chance.
    pub first: Option<usize>,
    /// The chance that it helps.
    pub chance: f64,
    /// Expected minutes until customers are served, if no further look is taken.
    pub minutes: f64,
}

/// The best order of the candidates, greedily: the best chance per minute first, then the same again after it has failed.
pub fn plan(belief: &Belief, candidates: &[Candidate]) -> Plan {
    let mut belief = belief.clone();
    let mut open: Vec<usize> = (0..candidates.len()).collect();
    let (mut still_lost, mut minutes) = (1.0, 0.0);
    let mut first = None;
    loop {
        let chances = open.iter().map(|place| (*place, belief.chance(&candidates[*place].helps)));
        let worth = chances.filter(|(_, chance)| *chance >= TRY_FROM);
        let per_minute = |(place, chance): &(usize, f64)| chance / candidates[*place].minutes;
        let best = worth
            .max_by(|one, other| per_minute(one).total_cmp(&per_minute(other)).then(other.0.cmp(&one.0)));
        let Some((place, chance)) = best else { break };
        first = first.or(Some((place, chance)));
        minutes += still_lost * candidates[place].minutes;
        still_lost *= 1.0 - chance;
        belief.learn(candidates[place].helps.iter().map(|helps| 1.0 - helps));
        open.retain(|other| *other != place);
    }
    let (first, chance) = first.map_or((None, 0.0), |(place, chance)| (Some(place), chance));
    Plan { first, chance, minutes: minutes + still_lost * LAST_RESORT_MINUTES }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(place: usize, minutes: f64, helps: [f64; 3]) -> Candidate {
        Candidate { place, sequence: Vec::new(), needs_name: false, minutes, helps: helps.into() }
    }

    #[test]
    fn the_best_chance_per_minute_comes_first() {
        let belief = Belief::of(&[1.0, 3.0], 0.0);
        let (quick, slow) = (candidate(0, 5.0, [1.0, 0.0, 0.0]), candidate(1, 60.0, [0.0, 1.0, 0.0]));
        let both = plan(&belief, &[quick.clone(), slow.clone()]);
        assert_eq!((both.first, both.chance), (Some(0), 0.25));
        assert!((both.minutes - (5.0 + 0.75 * 60.0)).abs() < 1e-9, "{both:?}");
        let alone = plan(&belief, &[quick]);
        assert!((alone.minutes - (5.0 + 0.75 * LAST_RESORT_MINUTES)).abs() < 1e-9, "{alone:?}");
        let nothing = plan(&belief, &[candidate(0, 5.0, [0.04; 3])]);
        assert_eq!((nothing.first, nothing.minutes), (None, LAST_RESORT_MINUTES));
        assert_eq!(plan(&belief, &[slow]).first, Some(0));
    }
}
