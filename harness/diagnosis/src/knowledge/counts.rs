//! What a look says under each explanation, counted. Teaches how far a handful of incidents can be trusted: a count backs off to the coarser one
//! beneath it, and how far, incidents decide that were left out of it.

use std::sync::{Arc, OnceLock};

use super::{Knowledge, Phase, Table};
use crate::{
    cause::{Cause, Class, Kind, Place},
    checks::{CHECKS, assets::DIFFERENCES},
    experience::{Moment, TrainingIncident},
    knowledge::Hypothesis,
};

/// How many scenarios' worth of the coarser count is added to a finer one.
const BACKED_OFF: f64 = 1.0;

/// How many incidents' worth of what a check says in other scenarios may be added to its counts in one. Which of them, the left-out
/// incidents decide: what differs between a handful of incidents may be chance, above all where innocent changes are counted.
const STRENGTHS: [f64; 6] = [1.0, 2.0, 4.0, 16.0, 64.0, 1_024.0];

/// The same for *something else* at a place: it is less like what was seen there than another incident of that would be.
const BACKED_OFF_OTHER: f64 = 2.0;

/// The same for what a look says after another one at the same thing: hardly anything of what it says alone, and that of all scenarios.
const BACKED_OFF_AFTER: f64 = 0.1;

/// A difference that is rounding: of two that are the same, the first is taken.
const SAME: f64 = 1e-9;

/// How probable it is that a look shows what its hypothesis excludes: a visit broke just then. Assumed.
const ALL_THE_SAME: f64 = 0.001;

/// What one incident showed at one moment: for each check the outcome, if it was asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) phase: Phase,
    pub(super) said: Vec<Option<u8>>,
}

impl Seen {
    pub(super) fn of(moment: &Moment) -> Self {
        let said = |check| u8::try_from(moment.said(check)?.outcome).ok();
        Self { phase: moment.phase(), said: (0..CHECKS.len()).map(said).collect() }
    }

    /// Whether it says what a check says in a phase. What does not change, it says in each.
    fn is_of(&self, check: usize, phase: Phase) -> bool {
        self.phase == phase || CHECKS[check].is_about_the_past()
    }
}

/// What the incidents of one scenario showed. Each count is made when it is first needed.
pub(super) struct CaseSeen {
    /// Moment by moment.
    pub(super) incidents: Vec<Vec<Seen>>,
    /// By check, then by phase.
    counted: Vec<OnceLock<Option<Counted>>>,
    shares: Vec<OnceLock<Vec<Vec<f64>>>>,
}

impl PartialEq for CaseSeen {
    fn eq(&self, other: &Self) -> bool {
        self.incidents == other.incidents
    }
}

impl CaseSeen {
    pub(super) fn of(incidents: &[TrainingIncident]) -> Arc<Self> {
        let seen = |incident: &TrainingIncident| incident.moments.iter().map(Seen::of).collect();
        let places = CHECKS.len() * Phase::ALL.len();
        Arc::new(Self {
            incidents: incidents.iter().map(seen).collect(),
            counted: (0..places).map(|_| OnceLock::new()).collect(),
            shares: (0..places).map(|_| OnceLock::new()).collect(),
        })
    }

    /// What a check said in one phase. An incident counts once in each phase, however many moments of it were looked at.
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
                    mean[usize::from(*outcome)] += 1.0 / said.len() as f64;
                }
                incidents += 1.0;
            }
        }
        let mean = mean.into_iter().map(|count| count / incidents).collect();
        (incidents > 0.0).then_some(Counted { mean, incidents })
    }

    /// The share of each outcome in each incident in which the check was asked in this phase.
    fn shares(&self, check: usize, phase: Phase) -> &[Vec<f64>] {
        let shares = |moments: &Vec<Seen>| -> Option<Vec<f64>> {
            let said = said_in(moments, check, phase);
            let share = |outcome: usize| {
                said.iter().filter(|said| usize::from(**said) == outcome).count() as f64 / said.len() as f64
            };
            (!said.is_empty()).then(|| (0..CHECKS[check].outcomes.len()).map(share).collect())
        };
        let known = &self.shares[check * Phase::ALL.len() + phase as usize];
        known.get_or_init(|| self.incidents.iter().filter_map(shares).collect())
    }
}

fn said_in(moments: &[Seen], check: usize, phase: Phase) -> Vec<u8> {
    moments.iter().filter(|seen| seen.is_of(check, phase)).filter_map(|seen| seen.said[check]).collect()
}

/// A distribution over a check's outcomes, and of how many incidents it is the mean.
#[derive(Clone, Debug)]
struct Counted {
    mean: Vec<f64>,
    incidents: f64,
}

impl Knowledge {
    /// Counts without any other look.
    pub(super) fn alone(&self, check: usize, phase: Phase) -> &Table {
        self.tables[check * Phase::ALL.len() + phase as usize].get_or_init(|| {
            let outcomes = CHECKS[check].outcomes.len();
            let counted: Vec<Option<&Counted>> =
                self.seen.iter().map(|case| case.counted(check, phase)).collect();
            let uniform = vec![1.0 / outcomes as f64; outcomes];
            let pooled = backed_off(
                counted.iter().flatten().map(|counted| counted.mean.clone()),
                &uniform,
                BACKED_OFF,
            );
            // A scenario's mean is no better than its incidents: where those foretell little, several scenarios do not either.
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
        })
    }

    /// Counts given what a look at the same thing has said. Where that was never seen under a hypothesis, what it says in all scenarios
    /// decides, so that it tells nothing.
    pub(super) fn after(&self, check: usize, phase: Phase, (other, said): (usize, usize)) -> Table {
        let alone = self.alone(check, phase);
        let outcomes = alone.outcomes;
        let joint: Vec<(Vec<f64>, f64)> = (0..self.cases.len())
            .map(|case| {
                let mut counts = (vec![0.0; outcomes], 0.0);
                for moments in &self.seen[case].incidents {
                    let in_phase: Vec<&Seen> =
                        moments.iter().filter(|seen| seen.is_of(check, phase)).collect();
                    for seen in &in_phase {
                        let share = 1.0 / in_phase.len() as f64;
                        if let (Some(outcome), Some(before)) = (seen.said[check], seen.said[other])
                            && usize::from(before) == said
                        {
                            counts.0[usize::from(outcome)] += share;
                            counts.1 += share;
                        }
                    }
                }
                counts
            })
            .collect();
        // A scenario counts once, however many incidents of it there are.
        let once = |(counts, all): &(Vec<f64>, f64), case: usize| {
            let incidents = self.seen[case].incidents.len().max(1) as f64;
            (counts.iter().map(|count| count / incidents).collect::<Vec<f64>>(), all / incidents)
        };
        let scenarios: Vec<(Vec<f64>, f64)> =
            joint.iter().enumerate().map(|(case, joint)| once(joint, case)).collect();
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

    /// How far a check's counts in one scenario are drawn towards those in all: as far as it foretells best what it said in an incident that
    /// was left out. A check that tells nothing apart is drawn all the way.
    pub(super) fn strength(&self, check: usize) -> f64 {
        let outcomes = CHECKS[check].outcomes.len();
        let mut foretold = [0.0; STRENGTHS.len()];
        for phase in Phase::ALL {
            let by_case: Vec<&[Vec<f64>]> = self.seen.iter().map(|case| case.shares(check, phase)).collect();
            let sum = |shares: &[Vec<f64>], outcome: usize| {
                shares.iter().map(|shares| shares[outcome]).sum::<f64>()
            };
            let all = by_case.iter().map(|case| case.len()).sum::<usize>() as f64 + 1.0;
            let usual: Vec<f64> = (0..outcomes)
                .map(|outcome| {
                    let counts = by_case.iter().map(|case| sum(case, outcome)).sum::<f64>();
                    (counts + 1.0 / outcomes as f64) / all
                })
                .collect();
            for (case, own) in by_case.iter().flat_map(|case| case.iter().map(move |own| (case, own))) {
                for (strength, foretold) in STRENGTHS.iter().zip(&mut foretold) {
                    let others = case.len() as f64 - 1.0 + strength;
                    for outcome in (0..outcomes).filter(|outcome| own[*outcome] > 0.0) {
                        let count = sum(case, outcome) - own[outcome] + strength * usual[outcome];
                        *foretold += own[outcome] * (count / others).ln();
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

    /// What a check said in a scenario, carried over to another cause of the same kind: another service, another class of characters.
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

/// What a look says whether or not anybody has ever seen it: pages open where the alarm is wrong, and beside the shop where something
/// outside is broken.
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

/// The mean of some distributions and of so many times a coarser one.
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
    let word = match class {
        Class::Words => "words",
        Class::Punctuation => "punctuation",
        Class::Unusual => "unusual",
        Class::Bytes => "bytes",
        Class::Control | Class::Nul => "control",
    };
    DIFFERENCES.iter().position(|known| *known == word)
}
