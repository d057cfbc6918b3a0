//! The probability that a remedy helps, counted in the same way as the outcomes of looks.

use super::{Hypothesis, Knowledge};
use crate::{
    cause::{Cause, Kind},
    experience::{Case, TrainingIncident},
    remedies::{self, exchanged},
};

/// The weight of the coarser rate that is added to a remedy's counts, in incidents.
const REMEDY_SMOOTHING: f64 = 0.5;

/// How far success against known causes at a place counts for *something else* there.
const OTHER_IS_LIKE: f64 = 0.5;

/// The probability that an ordinary remedy helps against an unknown cause: at the place that it touches, and elsewhere. Assumed.
const REMEDY_THERE: f64 = 0.3;

const REMEDY_ELSEWHERE: f64 = 0.03;

impl Knowledge {
    /// By hypothesis: the rate at which a sequence helped, backed off as looks are.
    pub(super) fn count_helps(&self, incidents: &[Vec<TrainingIncident>], sequence: usize) -> Vec<f64> {
        let tried = |case: usize, sequence: usize| {
            let letters =
                incidents[case].iter().filter_map(|incident| incident.helped.as_bytes().get(sequence));
            let tried: Vec<f64> =
                letters.filter(|letter| **letter != b'.').map(|letter| f64::from(letter - b'0')).collect();
            // If no customer is hurt, nothing can help.
            (if self.cases[case].hurts { tried.iter().sum::<f64>() } else { 0.0 }, tried.len() as f64)
        };
        let rate = |counts: &[(f64, f64)], coarser: f64| {
            let means = counts.iter().filter(|(_, all)| *all > 0.0).map(|(helped, all)| helped / all);
            let means: Vec<f64> = means.collect();
            (means.iter().sum::<f64>() + REMEDY_SMOOTHING * coarser) / (means.len() as f64 + REMEDY_SMOOTHING)
        };
        let of = |is: &dyn Fn(&Case) -> bool| -> Vec<(f64, f64)> {
            (0..self.cases.len())
                .filter(|case| is(&self.cases[*case]))
                .map(|case| tried(case, sequence))
                .collect()
        };
        let pooled = rate(&of(&|case| case.hurts), 0.1);
        let row = |hypothesis: &Hypothesis| {
            let Cause { kind, place, .. } = hypothesis.cause;
            let there = of(&|case| case.parts.place == place && case.hurts);
            if kind == Kind::Other {
                // A remedy that helped against known causes there is less likely to help against something else. Any ordinary remedy may
                // help, too.
                let helped: f64 =
                    there.iter().filter(|(_, all)| *all > 0.0).map(|(helped, all)| helped / all).sum();
                let known = there.len() as f64 * OTHER_IS_LIKE;
                let touches =
                    self.menu[sequence].iter().any(|remedy| remedies::touches(remedy).contains(&place));
                let any = if touches { REMEDY_THERE } else { REMEDY_ELSEWHERE };
                return (helped * OTHER_IS_LIKE + any) / (known + 1.0);
            }
            let at_place = rate(&there, pooled);
            let carried = |case: usize| {
                let services = self.cases[case].parts.place.service().zip(place.service());
                let there = services.and_then(|(from, to)| {
                    let exchanged = exchanged(&self.menu[sequence], from, to);
                    self.menu.iter().position(|known| *known == exchanged)
                });
                tried(case, there.unwrap_or(sequence))
            };
            let same_kind = (0..self.cases.len()).filter(|case| self.cases[*case].parts.kind == kind);
            let of_kind = rate(&same_kind.map(carried).collect::<Vec<_>>(), at_place);
            match hypothesis.case {
                None => of_kind,
                Some(case) => {
                    let (helped, all) = tried(case, sequence);
                    (helped + REMEDY_SMOOTHING * of_kind) / (all + REMEDY_SMOOTHING)
                }
            }
        };
        self.hypotheses.iter().map(row).collect()
    }
}
