//! Training of the model responder: every scenario that it is taught is played with seeds of its own, everything is looked at at fixed times,
//! and each sequence of remedies on the menu is tried. Teaches where a model's knowledge comes from, and that it must not come from the
//! incidents it is judged on.

use std::{io, num::NonZeroUsize, sync::atomic::Ordering};

use diagnosis::{
    Experience, Phase,
    experience::{TrainingIncident, menu},
    remedies::{self, with_asset},
    replay,
};
use incident::{LatentFault, Remedy};
use world::{
    hands::{case, truth},
    scenario::{Scenario, library},
    tape::{self, Aftermath, Moment, Tape, kept},
    virtual_time::{self, STALLED_AFTER},
};

use crate::sweep::{Watch, sweep};

/// The first seed of training: above any that an experiment may take.
pub const SEEDS_FROM: u64 = 1_000_000_001;

/// Incidents of each scenario: enough to see the usual findings, few enough to train in minutes.
pub const INCIDENTS: u64 = 6;

/// So many of them, the first, are also used to try every sequence of remedies.
pub const TRIED_INCIDENTS: u64 = 1;

/// How many recordings it takes to learn all but what is kept.
pub fn recordings(incidents: u64, kept: Option<&Experience>) -> u64 {
    jobs(&taught(), incidents, kept).len() as u64
}

/// What the responder is taught. Scenarios that were written after the list of checks had been frozen are not among it: it meets them
/// unprepared, as people meet theirs.
pub fn taught() -> Vec<Scenario> {
    library().into_iter().filter(|scenario| !scenario.after_freeze).collect()
}

/// Plays what is [`taught`] with so many seeds on so many threads. Of what is `kept`, the scenarios that are still the same are not played
/// again. Nothing if it was stopped: a model that has learned half misjudges the other half.
///
/// # Errors
///
/// When a shop cannot start.
pub fn train(
    incidents: u64,
    kept: Option<&Experience>,
    threads: NonZeroUsize,
    watch: Watch<'_>,
) -> io::Result<Option<Experience>> {
    let scenarios = taught();
    let cases: Vec<_> = scenarios.iter().map(case).collect();
    let menu = menu(&cases);
    let jobs = jobs(&scenarios, incidents, kept);
    let stalled = watch.stalled;
    let heard = sweep(&jobs, threads, watch, |job| {
        let scenario = &scenarios[job.scenario];
        match job.sequence {
            None => recorded(scenario, job.seed, &[], stalled).map(|tape| Some(Heard::Tape(Box::new(tape)))),
            Some(place) => {
                let Some(sequence) = named(scenario, job.seed, &menu[place]) else { return Ok(None) };
                let branch = branched(scenario, job.seed, &[], &sequence, stalled)?;
                let drawn = world::scenario::draw(scenario, job.seed);
                Ok(Some(Heard::Aftermath(place, branch, truth(scenario, &drawn).asset)))
            }
        }
    })?;
    if watch.stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let mut experience =
        Experience::new(cases, (0..incidents).map(|incident| SEEDS_FROM + incident).collect());
    if let Some(kept) = kept {
        experience.take_over(kept);
    }
    for (job, heard) in jobs.iter().zip(heard) {
        let incidents = &mut experience.incidents[job.scenario];
        if job.sequence.is_none() {
            incidents.push(TrainingIncident { moments: Vec::new(), helped: ".".repeat(menu.len()) });
        }
        let (Some(incident), Some(heard)) = (incidents.last_mut(), heard) else { continue };
        heard.keep(incident);
    }
    experience.left_aside = replay::left_aside(&experience);
    Ok(Some(experience))
}

struct Job {
    scenario: usize,
    seed: u64,
    /// The sequence on the menu that is tried; without, everything is looked at.
    sequence: Option<usize>,
}

/// Incident by incident: first the looks, then the remedies. What restores nothing but another scenario is not tried.
fn jobs(scenarios: &[Scenario], incidents: u64, kept: Option<&Experience>) -> Vec<Job> {
    let cases: Vec<_> = scenarios.iter().map(case).collect();
    let menu = menu(&cases);
    let ordinary = remedies::ordinary();
    let mut jobs = Vec::new();
    for (scenario, case) in cases.iter().enumerate() {
        if kept.is_some_and(|kept| kept.cases.contains(case)) {
            continue;
        }
        let is_tried = |place: &usize| ordinary.contains(&menu[*place]) || case.right.contains(&menu[*place]);
        for incident in 0..incidents {
            let seed = SEEDS_FROM + incident;
            jobs.push(Job { scenario, seed, sequence: None });
            if incident < TRIED_INCIDENTS {
                let tried = (0..menu.len()).filter(is_tried);
                jobs.extend(tried.map(|place| Job { scenario, seed, sequence: Some(place) }));
            }
        }
    }
    jobs
}

enum Heard {
    Tape(Box<Tape>),
    /// What came of the sequence at this place of the menu; and the asset that did the harm, if one did.
    Aftermath(usize, Aftermath, Option<String>),
}

impl Heard {
    fn keep(self, incident: &mut TrainingIncident) {
        match self {
            Self::Tape(tape) => {
                let minutes = |at_s: f64| (at_s - tape.alerted_s.unwrap_or_default()) / 60.0;
                let published = tape.truth.asset.as_deref();
                let kept = |moment: &Moment| kept(moment, Phase::of(minutes(moment.at_s)), published);
                incident.moments.extend(tape.moments.iter().map(kept));
            }
            Self::Aftermath(place, aftermath, published) => {
                let helped = if aftermath.helped_after_s.is_some() { "1" } else { "0" };
                incident.helped.replace_range(place..=place, helped);
                let phase =
                    |moment: &Moment| if moment.is_served { Phase::Served } else { Phase::AfterRemedy };
                let kept = |moment: &Moment| kept(moment, phase(moment), published.as_deref());
                incident.moments.extend(aftermath.moments.iter().map(kept));
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
pub(crate) fn recorded(
    scenario: &Scenario,
    seed: u64,
    repaired: &[LatentFault],
    stalled: fn(&str),
) -> io::Result<Tape> {
    let what = format!("{} with seed {seed}", scenario.name);
    virtual_time::run(tape::record(scenario, seed, repaired), STALLED_AFTER, move || stalled(&what))?
}

/// Records what comes of remedies on this thread.
pub(crate) fn branched(
    scenario: &Scenario,
    seed: u64,
    repaired: &[LatentFault],
    remedies: &[Remedy],
    stalled: fn(&str),
) -> io::Result<Aftermath> {
    let what = format!("{} with seed {seed} and {remedies:?}", scenario.name);
    let branch = tape::branch(scenario, seed, repaired, remedies);
    virtual_time::run(branch, STALLED_AFTER, move || stalled(&what))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_experience_fits_the_checks_and_what_is_taught() {
        let names: Vec<String> = taught().into_iter().map(|scenario| scenario.name).collect();
        let expected = diagnosis::experience::hash(names.iter().map(String::as_str));
        let built_in = Experience::built_in();
        assert_eq!(built_in.hash, expected, "the experience is stale: run `glyphfall train`");
        assert_eq!(built_in.cases, taught().iter().map(case).collect::<Vec<_>>());
        assert!(built_in.incidents.iter().all(|incidents| incidents.len() as u64 == INCIDENTS));
    }
}
