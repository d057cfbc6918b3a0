//! Training of the model responder: every scenario of the library is played with seeds of its own, everything is looked at at fixed times,
//! and each sequence of remedies on the menu is tried. Teaches where a model's knowledge comes from, and that it must not come from the
//! incidents it is judged on.

use std::{io, num::NonZeroUsize, sync::atomic::Ordering};

use diagnosis::{
    Experience, Phase,
    experience::{Lived, menu},
    remedies::with_asset,
};
use incident::Remedy;
use world::{
    hands::case,
    scenario::{Scenario, library},
    tape::{self, Aftermath, Tape, kept},
    virtual_time::{self, STALLED_AFTER},
};

use crate::sweep::{Watch, sweep};

/// The first seed of training: above any that an experiment may take.
pub const SEEDS_FROM: u64 = 1_000_000_001;

/// Incidents of each scenario: enough to see the usual findings, few enough to train in minutes.
pub const INCIDENTS: u64 = 5;

/// So many of them, the first, are also used to try every sequence of remedies.
pub const TRIED_INCIDENTS: u64 = 2;

/// How many recordings that makes.
pub fn recordings(incidents: u64) -> u64 {
    jobs(&library(), incidents).len() as u64
}

/// Plays the library with so many seeds on so many threads. Nothing if it was stopped: a model that has learned half misjudges the
/// other half.
///
/// # Errors
///
/// When a shop cannot start.
pub fn train(incidents: u64, threads: NonZeroUsize, watch: Watch<'_>) -> io::Result<Option<Experience>> {
    let scenarios = library();
    let cases: Vec<_> = scenarios.iter().map(case).collect();
    let menu = menu(&cases);
    let jobs = jobs(&scenarios, incidents);
    let stalled = watch.stalled;
    let heard = sweep(&jobs, threads, watch, |job| {
        let scenario = &scenarios[job.scenario];
        match job.sequence {
            None => recorded(scenario, job.seed, stalled).map(|tape| Some(Heard::Tape(Box::new(tape)))),
            Some(place) => {
                let Some(sequence) = named(scenario, job.seed, &menu[place]) else { return Ok(None) };
                let branch = branched(scenario, job.seed, &sequence, stalled)?;
                Ok(Some(Heard::Aftermath(place, branch)))
            }
        }
    })?;
    if watch.stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let mut experience =
        Experience::new(cases, (0..incidents).map(|incident| SEEDS_FROM + incident).collect());
    for (job, heard) in jobs.iter().zip(heard) {
        let lived = &mut experience.lived[job.scenario];
        if job.sequence.is_none() {
            lived.push(Lived { moments: Vec::new(), helped: ".".repeat(menu.len()) });
        }
        let (Some(incident), Some(heard)) = (lived.last_mut(), heard) else { continue };
        heard.keep(incident);
    }
    Ok(Some(experience))
}

struct Job {
    scenario: usize,
    seed: u64,
    /// The sequence on the menu that is tried; without, everything is looked at.
    sequence: Option<usize>,
}

/// Incident by incident: first the looks, then the remedies.
fn jobs(scenarios: &[Scenario], incidents: u64) -> Vec<Job> {
    let menu = menu(&scenarios.iter().map(case).collect::<Vec<_>>()).len();
    let mut jobs = Vec::new();
    for scenario in 0..scenarios.len() {
        for incident in 0..incidents {
            let seed = SEEDS_FROM + incident;
            let tried = if incident < TRIED_INCIDENTS { menu } else { 0 };
            jobs.push(Job { scenario, seed, sequence: None });
            jobs.extend((0..tried).map(|place| Job { scenario, seed, sequence: Some(place) }));
        }
    }
    jobs
}

enum Heard {
    Tape(Box<Tape>),
    Aftermath(usize, Aftermath),
}

impl Heard {
    fn keep(self, incident: &mut Lived) {
        match self {
            Self::Tape(tape) => {
                let minutes = |at_s: f64| (at_s - tape.alerted_s.unwrap_or_default()) / 60.0;
                let moments = tape.moments.iter().map(|moment| kept(moment, Phase::of(minutes(moment.at_s))));
                incident.moments.extend(moments);
            }
            Self::Aftermath(place, aftermath) => {
                let helped = if aftermath.helped_after_s.is_some() { "1" } else { "0" };
                incident.helped.replace_range(place..=place, helped);
                incident
                    .moments
                    .extend(aftermath.moments.iter().map(|moment| kept(moment, Phase::AfterRemedy)));
            }
        }
    }
}

/// The sequence with the asset that the scenario publishes; if it publishes none, with one that a decoy does.
fn named(scenario: &Scenario, seed: u64, sequence: &[Remedy]) -> Option<Vec<Remedy>> {
    let drawn = world::scenario::draw(scenario, seed);
    let decoy = drawn.published_assets().into_iter().next().map(|(_, asset)| asset);
    with_asset(sequence, drawn.published.or(decoy).as_deref())
}

/// Records an incident on this thread.
pub(crate) fn recorded(scenario: &Scenario, seed: u64, stalled: fn(&str)) -> io::Result<Tape> {
    let what = format!("{} with seed {seed}", scenario.name);
    virtual_time::run(tape::record(scenario, seed), STALLED_AFTER, move || stalled(&what))?
}

/// Records what comes of remedies on this thread.
pub(crate) fn branched(
    scenario: &Scenario,
    seed: u64,
    remedies: &[Remedy],
    stalled: fn(&str),
) -> io::Result<Aftermath> {
    let what = format!("{} with seed {seed} and {remedies:?}", scenario.name);
    virtual_time::run(tape::branch(scenario, seed, remedies), STALLED_AFTER, move || stalled(&what))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_experience_fits_the_checks_and_the_library() {
        let names: Vec<String> = library().into_iter().map(|scenario| scenario.name).collect();
        let expected = diagnosis::experience::hash(names.iter().map(String::as_str));
        let built_in = Experience::built_in();
        assert_eq!(built_in.hash, expected, "the experience is stale: run `glyphfall train`");
        assert_eq!(built_in.cases, library().iter().map(case).collect::<Vec<_>>());
        assert!(built_in.lived.iter().all(|lived| lived.len() as u64 == INCIDENTS));
    }
}
