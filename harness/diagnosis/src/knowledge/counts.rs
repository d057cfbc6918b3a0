//! The likelihood of each outcome of a look under each explanation, from counts. Teaches how far a handful of incidents can be trusted:
//! each count backs off to a coarser one, and left-out incidents decide how far.

use std::sync::{Arc, OnceLock};

use super::{Knowledge, Phase, Table};
use crate::{
    cause::{Cause, Class, Kind, Place},
    checks::{
        CHECKS,
        assets::{DIFFERENCES, word},
    },
    experience::{Moment, TrainingIncident},
    knowledge::Hypothesis,
};

/// The weight of the coarser count that is added to a finer one, in scenarios.
const BACKED_OFF: f64 = 1.0;

/// Possible weights of what a check says in other scenarios when it is added to its counts in one, in incidents. Left-out incidents choose
/// among them: a difference between a handful of incidents may be chance, above all where innocent changes are counted.
const STRENGTHS: [f64; 6] = [1.0, 2.0, 4.0, 16.0, 64.0, 1_024.0];

/// The same for *something else* at a place: it resembles the incidents seen there less than another incident of a known cause would.
const BACKED_OFF_OTHER: f64 = 2.0;

/// The same for a look after another one at the same topic: very little of what it says alone, averaged over all hypotheses.
const BACKED_OFF_AFTER: f64 = 0.1;

/// A smaller difference is rounding. Of two equal strengths, the first one is taken.
const SAME: f64 = 1e-9;

/// The probability that a look shows what its hypothesis excludes, for example because a visit broke at that moment. Assumed.
const ALL_THE_SAME: f64 = 0.001;

/// What the incidents of one scenario showed. Each count is computed when it is first needed.
pub(super) struct CaseSeen {
    pub(super) incidents: Vec<Vec<Moment>>,
    /// By check, then by phase.
    counted: Vec<OnceLock<Option<Counted>>>,
    shares: Vec<OnceLock<Vec<Vec<f64>>>>,
}

impl CaseSeen {
    pub(super) fn of(incidents: &[TrainingIncident]) -> Arc<Self> {
        let places = CHECKS.len() * Phase::ALL.len();
        Arc::new(Self {
            incidents: incidents.iter().map(|incident| incident.moments.clone()).collect(),
            counted: (0..places).map(|_| OnceLock::new()).collect(),
            shares: (0..places).map(|_| OnceLock::new()).collect(),
        })
    }

    /// The outcomes of a check in one phase. An incident counts once in each phase, however many of its moments belong to it.
    fn counted(&self, check: usize, phase: Phase) -> Option<&Counted> {
        let counted = &self.counted[check * Phase::ALL.len() + phase as usize];
        counted.get_or_init(|| self.count(check, phase)).as_ref()
    }

    fn count(&self, check: usize, phase: Phase) -> Option<Counted> {
        let (mut mean, mut incidents) = (vec![0.0; CHECKS[check].outcomes.len()], 0.0);
        for moments in &self.incidents {
            let said = said_in(moments, check, phase);
            if !said.is_empty() {
                for outcome in &said {
                    mean[*outcome] += 1.0 / said.len() as f64;
                }
                incidents += 1.0;
            }
        }
        let mean = mean.into_iter().map(|count| count / incidents).collect();
        (incidents > 0.0).then_some(Counted { mean, incidents })
    }

    /// The share of each outcome, for each incident in which the check was asked in this phase.
    fn shares(&self, check: usize, phase: Phase) -> &[Vec<f64>] {
        let shares = |moments: &Vec<Moment>| -> Option<Vec<f64>> {
            let said = said_in(moments, check, phase);
            let share = |outcome: usize| {
                said.iter().filter(|said| **said == outcome).count() as f64 / said.len() as f64
            };
            (!said.is_empty()).then(|| (0..CHECKS[check].outcomes.len()).map(share).collect())
        };
        let known = &self.shares[check * Phase::ALL.len() + phase as usize];
        known.get_or_init(|| self.incidents.iter().filter_map(shares).collect())
    }
}

fn said_in(moments: &[Moment], check: usize, phase: Phase) -> Vec<usize> {
    moments
        .iter()
        .filter(|moment| is_of(moment, check, phase))
        .filter_map(|moment| Some(moment.said(check)?.outcome))
        .collect()
}

/// Whether a moment counts for a check in a phase. A check about the past says the same in every phase.
fn is_of(moment: &Moment, check: usize, phase: Phase) -> bool {
    moment.phase == phase || CHECKS[check].is_about_the_past()
}

/// A distribution over a check's outcomes, and the number of incidents that it averages.
#[derive(Clone, Debug)]
struct Counted {
    mean: Vec<f64>,
    incidents: f64,
}

impl Knowledge {
    /// The table of a check if no other look at its topic was taken.
    pub(super) fn alone(&self, check: usize, phase: Phase) -> Table {
        let outcomes = CHECKS[check].outcomes.len();
        let counted: Vec<Option<&Counted>> =
            self.seen.iter().map(|case| case.counted(check, phase)).collect();
        let uniform = vec![1.0 / outcomes as f64; outcomes];
        let pooled =
            backed_off(counted.iter().flatten().map(|counted| counted.mean.clone()), &uniform, BACKED_OFF);
        // A scenario's mean is no better than its incidents. If single incidents predict little, several scenarios predict little too.
        let strength = self.strengths[check];
        let incidents: f64 = counted.iter().flatten().map(|counted| counted.incidents).sum();
        let scenarios = counted.iter().flatten().count().max(1) as f64;
        let coarser = (strength * scenarios / incidents.max(1.0)).max(BACKED_OFF);
        let at = |place: Place, worth: f64| {
            let there = counted.iter().zip(&self.cases).filter(|(_, case)| case.parts.place == place);
            backed_off(there.filter_map(|(counted, _)| Some((*counted)?.mean.clone())), &pooled, worth)
        };
        let row = |hypothesis: &Hypothesis| -> Vec<f64> {
            let Cause { kind, place, .. } = hypothesis.cause;
            if let Some(row) = by_definition(hypothesis.cause, check) {
                return row;
            }
            if kind == Kind::Other {
                return at(place, coarser.max(BACKED_OFF_OTHER));
            }
            let same_kind = (0..self.cases.len()).filter(|case| self.cases[*case].parts.kind == kind);
            let carried = same_kind.filter_map(|case| self.carried(case, hypothesis.cause, check, phase));
            let of_kind = backed_off(carried, &at(place, coarser), coarser);
            match hypothesis.case.and_then(|case| counted[case]) {
                None => of_kind,
                Some(Counted { mean, incidents }) => {
                    let all = incidents + strength;
                    let both = mean.iter().zip(&of_kind);
                    both.map(|(mean, kind)| (mean * incidents + kind * strength) / all).collect()
                }
            }
        };
        Table { outcomes, rows: self.hypotheses.iter().flat_map(row).collect() }
    }

    /// The table of a check, given the outcome of a look at the same topic. If a hypothesis has never shown that outcome, the counts of all
    /// scenarios decide, so that the check tells nothing.
    pub(super) fn after(&self, check: usize, phase: Phase, (other, said): (usize, usize)) -> Table {
        let alone = self.table(check, phase, None);
        let outcomes = alone.outcomes;
        let joint: Vec<(Vec<f64>, f64)> = (0..self.cases.len())
            .map(|case| {
                let mut counts = (vec![0.0; outcomes], 0.0);
                for moments in &self.seen[case].incidents {
                    let in_phase: Vec<&Moment> =
                        moments.iter().filter(|moment| is_of(moment, check, phase)).collect();
                    let share = 1.0 / in_phase.len() as f64;
                    for moment in in_phase {
                        if let (Some(now), Some(before)) = (moment.said(check), moment.said(other))
                            && before.outcome == said
                        {
                            counts.0[now.outcome] += share;
                            counts.1 += share;
                        }
                    }
                }
                counts
            })
            .collect();
        // Each scenario counts once, however many incidents it has.
        let once = |(case, (counts, all)): (usize, &(Vec<f64>, f64))| {
            let incidents = self.seen[case].incidents.len().max(1) as f64;
            (counts.iter().map(|count| count / incidents).collect::<Vec<f64>>(), all / incidents)
        };
        let scenarios: Vec<(Vec<f64>, f64)> = joint.iter().enumerate().map(once).collect();
        let sum = |outcome: usize| scenarios.iter().map(|(counts, _)| counts[outcome]).sum::<f64>();
        let all: f64 = scenarios.iter().map(|(_, all)| all).sum();
        let usual = |outcome: usize| alone.column(outcome).sum::<f64>() / self.hypotheses.len() as f64;
        let shared: Vec<f64> = (0..outcomes)
            .map(|outcome| (sum(outcome) + BACKED_OFF_AFTER * usual(outcome)) / (all + BACKED_OFF_AFTER))
            .collect();
        let row = |hypothesis: &Hypothesis| -> Vec<f64> {
            if let Some(row) = by_definition(hypothesis.cause, check) {
                return row;
            }
            match hypothesis.case.map(|case| &joint[case]) {
                None => shared.clone(),
                Some((counts, own)) => {
                    let strength = self.strengths[check];
                    let count =
                        |outcome: usize| (counts[outcome] + strength * shared[outcome]) / (own + strength);
                    (0..outcomes).map(count).collect()
                }
            }
        };
        Table { outcomes, rows: self.hypotheses.iter().flat_map(row).collect() }
    }

    /// How far a check's counts in one scenario are pulled towards those in all scenarios. The best strength is the one that best predicts
    /// what the check said in a left-out incident. A check that tells nothing apart is pulled all the way.
    pub(super) fn strength(&self, check: usize) -> f64 {
        let outcomes = CHECKS[check].outcomes.len();
        let mut foretold = [0.0; STRENGTHS.len()];
        for phase in Phase::ALL {
            let by_case: Vec<&[Vec<f64>]> = self.seen.iter().map(|case| case.shares(check, phase)).collect();
            let sum = |shares: &&[Vec<f64>]| -> Vec<f64> {
                (0..outcomes).map(|outcome| shares.iter().map(|shares| shares[outcome]).sum()).collect()
            };
            let sums: Vec<Vec<f64>> = by_case.iter().map(sum).collect();
            let all = by_case.iter().map(|case| case.len()).sum::<usize>() as f64 + 1.0;
            let usual: Vec<f64> = (0..outcomes)
                .map(|outcome| {
                    let counts = sums.iter().map(|sums| sums[outcome]).sum::<f64>();
                    (counts + 1.0 / outcomes as f64) / all
                })
                .collect();
            for (case, sums) in by_case.iter().zip(&sums) {
                // Leaving out one incident is like leaving out the next in which the check said the same.
                for alike in case.chunk_by(PartialEq::eq) {
                    let (own, times) = (&alike[0], alike.len() as f64);
                    for (strength, foretold) in STRENGTHS.iter().zip(&mut foretold) {
                        let others = case.len() as f64 - 1.0 + strength;
                        for outcome in (0..outcomes).filter(|outcome| own[*outcome] > 0.0) {
                            let count = sums[outcome] - own[outcome] + strength * usual[outcome];
                            *foretold += times * own[outcome] * (count / others).ln();
                        }
                    }
                }
            }
        }
        let best = STRENGTHS
            .iter()
            .zip(foretold)
            .reduce(|best, next| if next.1 > best.1 + SAME { next } else { best });
        best.map_or(BACKED_OFF, |(strength, _)| *strength)
    }

    /// The outcomes of a check in a scenario, carried over to another cause of the same kind: another service, another class of characters.
    fn carried(&self, case: usize, to: Cause, check: usize, phase: Phase) -> Option<Vec<f64>> {
        let from = self.cases[case].parts;
        let services = from.place.service().zip(to.place.service());
        let twin = services.zip(CHECKS[check].service).and_then(|((from, to), service)| {
            CHECKS[check].twin(if service == to {
                from
            } else if service == from {
                to
            } else {
                service
            })
        });
        let mut mean = self.seen[case].counted(twin.unwrap_or(check), phase)?.mean.clone();
        if CHECKS[check].outcomes == DIFFERENCES
            && let (Some(from), Some(to)) = (from.class.and_then(difference), to.class.and_then(difference))
        {
            mean.swap(from, to);
        }
        Some(mean)
    }
}

/// Outcomes that need no experience because the cause defines them: pages open if the alarm is wrong, and they open from beside the shop if
/// the fault is outside.
fn by_definition(cause: Cause, check: usize) -> Option<Vec<f64>> {
    let check = &CHECKS[check];
    let is_served = check.tells_whether_served() && cause.kind == Kind::FalseAlarm
        || check.tells_whether_ours() && cause.place == Place::Outside;
    is_served.then(|| {
        let others = ALL_THE_SAME / (check.outcomes.len() - 1) as f64;
        let of = |outcome: &&str| if *outcome == "none" { 1.0 - ALL_THE_SAME } else { others };
        check.outcomes.iter().map(of).collect()
    })
}

/// The mean of some distributions and a coarser one, which counts `worth` times.
fn backed_off(means: impl Iterator<Item = Vec<f64>>, coarser: &[f64], worth: f64) -> Vec<f64> {
    let mut sum: Vec<f64> = coarser.iter().map(|share| share * worth).collect();
    let mut all = worth;
    for mean in means {
        sum.iter_mut().zip(&mean).for_each(|(sum, mean)| *sum += mean);
        all += 1.0;
    }
    sum.into_iter().map(|sum| sum / all).collect()
}

/// The outcome of a comparison that finds this class.
fn difference(class: Class) -> Option<usize> {
    DIFFERENCES.iter().position(|known| *known == word(class))
}
