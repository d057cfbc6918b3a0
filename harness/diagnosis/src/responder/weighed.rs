//! The responder's options: the looks and remedies open to it, the minutes that each takes, and the likelihood of each outcome under every
//! hypothesis that is not ruled out.

use incident::Remedy;

use super::{Responder, anybodys_watch};
use crate::{
    Hands,
    cause::{Class, Kind},
    checks::{CHECKS, Signal, Topic},
    operating::Line,
    pairs::Pairs,
    remedies::{SETTLES, with_asset},
    worth::{Asking, Board, Candidate, Look},
};

/// Hypotheses with a lower probability are left out of the board.
const WEIGHED_FROM: f64 = 1e-3;

impl<H: Hands> Responder<'_, H> {
    /// The board as it is now, the probabilities of the hypotheses on it, and their indices.
    pub(super) fn board(&self) -> (Board, Vec<f64>, Vec<usize>) {
        let knowledge = self.knowledge;
        let all = self.belief.doubting(knowledge);
        let places: Vec<usize> = (0..all.len()).filter(|place| all[*place] >= WEIGHED_FROM).collect();
        let sum: f64 = places.iter().map(|place| all[*place]).sum();
        let belief: Vec<f64> = places.iter().map(|place| all[*place] / sum).collect();
        let phase = self.phase();
        let known = self.suspect().map_or(0.0, |(_, probability)| probability);
        let class = self.suspect().and_then(|(named, _)| named.class);
        let open = || self.checks.iter().copied().filter(|place| self.is_open(*place));
        let found = open().map(|place| knowledge.finds_name(place)).fold(known, f64::max);
        let naming_minutes =
            open().filter(|place| knowledge.naming.contains(place)).map(|place| self.look_minutes(place));
        let named = |sure: f64, class: Option<Class>| {
            let of = |place: &usize| match &knowledge.hypotheses[*place] {
                hypothesis if knowledge.has_asset(*place) => sure * hypothesis.fits(class),
                _ => 1.0,
            };
            places.iter().map(of).collect()
        };
        let look = |place: usize| {
            let weighed = knowledge.weighed(place, phase, self.given(place, self.round()));
            let says = weighed.iter().map(|says| places.iter().map(|place| says[*place]).collect());
            let mut says: Vec<Vec<f64>> = says.collect();
            if self.again.contains(&place) {
                // Asked again, it tells nothing but the next name.
                for says in &mut says {
                    let mean = says.iter().zip(&belief).map(|(says, share)| says * share).sum();
                    says.fill(mean);
                }
            }
            let is_trusted = knowledge.naming.contains(&place);
            Look {
                place,
                minutes: self.look_minutes(place),
                says,
                sure: knowledge.names[place].right,
                names: knowledge.names[place].at.iter().map(|names| *names && is_trusted).collect(),
            }
        };
        let lost =
            |place: &usize| if knowledge.can_be_mended(*place) { 1.0 } else { self.terms.stakes.calm_minute };
        let agree = |one: &usize| places.iter().map(|other| knowledge.agreements[*one][*other]).collect();
        let agreements: Vec<Vec<f64>> = places.iter().map(agree).collect();
        let board = Board {
            lost: places.iter().map(lost).collect(),
            is_other: places
                .iter()
                .map(|place| knowledge.hypotheses[*place].cause.kind == Kind::Other)
                .collect(),
            asking: self.asking(),
            sure: known,
            named: named(known, class),
            nameable: named(found, None),
            naming_minutes: naming_minutes.reduce(f64::min).unwrap_or(0.0),
            pairs: Pairs::new(&agreements, &knowledge.alike(&open().collect::<Vec<_>>(), &places)),
            looks: open().map(look).collect(),
            candidates: self.candidates(&places),
            stakes: self.terms.stakes,
            is_served: self.is_served,
        };
        (board, belief, places)
    }

    /// Whether a look would say something new.
    pub(super) fn is_open(&self, place: usize) -> bool {
        !self.taken.contains_key(&(self.round(), place)) || self.again.contains(&place)
    }

    /// Of the looks at the same topic that were taken and still hold: the most similar one, and its outcome.
    pub(super) fn given(&self, check: usize, round: u8) -> Option<(usize, usize)> {
        let holds = |(taken, place): &&(u8, usize)| *taken == round || CHECKS[*place].is_about_the_past();
        let said: Vec<(usize, usize)> =
            self.said.iter().filter(holds).map(|key| (key.1, self.taken[key])).collect();
        self.knowledge.nearest(check, &said)
    }

    /// Minutes that a look takes now, including handovers.
    pub(super) fn look_minutes(&self, place: usize) -> f64 {
        let check = &CHECKS[place];
        let handovers = self.ticket.minutes_to(Line::of_check(check));
        self.terms.look_minutes(place) + handovers + self.ticket.relayed_minutes(check)
    }

    /// The sequences that can be tried, for the hypotheses with these indices.
    fn candidates(&self, places: &[usize]) -> Vec<Candidate> {
        let suspect = self.suspect().map(|(named, _)| named.asset.as_str());
        let class = self.suspect().and_then(|(named, _)| named.class);
        let candidate = |(place, template): (usize, &Vec<Remedy>)| {
            let needs_name = with_asset(template, None).is_none();
            let sequence = with_asset(template, suspect);
            let is_tried = sequence.is_some_and(|sequence| self.tried.contains(&sequence));
            if is_tried && !needs_name {
                return None;
            }
            let watch_minutes = self.terms.look_minutes(anybodys_watch());
            let helps = &self.knowledge.helps[place];
            let of = |hypothesis: &usize| {
                let class = class.filter(|_| needs_name);
                helps[*hypothesis] * self.knowledge.hypotheses[*hypothesis].fits(class)
            };
            Some(Candidate {
                place,
                needs_name,
                is_tried,
                minutes: self.remedy_minutes(template) + SETTLES.as_secs_f64() / 60.0 + watch_minutes,
                helps: places.iter().map(of).collect(),
            })
        };
        self.knowledge.menu.iter().enumerate().filter_map(candidate).collect()
    }

    /// Of the open looks at texts that need no telemetry: the one with the best chance per minute to name the harmful asset.
    fn asking(&self) -> Option<Asking> {
        let can = |place: &usize| {
            let check = &CHECKS[*place];
            check.needs == Signal::Nothing
                && check.topic == Topic::Texts
                && self.knowledge.finds_name(*place) > 0.0
                && self.is_open(*place)
        };
        let per_minute =
            |place: &usize| self.knowledge.finds_name(*place) / f64::from(CHECKS[*place].cost_minutes);
        let best = self
            .checks
            .iter()
            .copied()
            .filter(can)
            .max_by(|one, other| per_minute(one).total_cmp(&per_minute(other)).then(other.cmp(one)));
        best.map(|place| Asking {
            place,
            minutes: self.look_minutes(place),
            usual_minutes: f64::from(CHECKS[place].cost_minutes),
            finds: self.knowledge.finds_name(place),
        })
    }

    /// Minutes that a sequence of remedies takes, including handovers and the wait for other teams.
    fn remedy_minutes(&self, sequence: &[Remedy]) -> f64 {
        let each: f64 = sequence.iter().map(|remedy| self.terms.costs.remedy(remedy)).sum();
        self.ticket.minutes_to(self.line_of(sequence)) + self.ticket.helpers_minutes(sequence) + each
    }

    pub(super) fn line_of(&self, sequence: &[Remedy]) -> Line {
        sequence.iter().map(Line::of_remedy).max().unwrap_or(self.ticket.line())
    }
}
