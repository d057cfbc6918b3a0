//! Trains the model responder. Plays every taught scenario with seeds reserved for training, takes every check at fixed times, and tries
//! the sequences of remedies on the menu. Teaches where a model's knowledge comes from, and that it must not come from the incidents that
//! the model is judged on.

use std::{convert::Infallible, io, num::NonZeroUsize, sync::atomic::Ordering};

use diagnosis::{
    Experience, Phase,
    experience::{self, TrainingIncident, menu},
    remedies::{self, with_asset},
    replay::{self, Judge},
};
use incident::{LatentFault, Remedy};
use world::{
    hands::{case, truth},
    scenario::{Scenario, library},
    tape::{self, Aftermath, Moment, Tape},
    virtual_time::{self, STALLED_AFTER},
};

use crate::sweep::{Watch, sweep};

/// The first seed of training: above any that an experiment may take.
pub const SEEDS_FROM: u64 = 1_000_000_001;

/// Incidents of each scenario: enough to see the usual findings, few enough to train in minutes.
pub const INCIDENTS: u64 = 6;

/// How many of these incidents, counted from the first, also try the sequences of remedies.
pub const TRIED_INCIDENTS: u64 = 1;

/// The number of steps of a training: recordings, and policies that are judged by them.
pub fn steps(incidents: u64) -> usize {
    recordings(incidents) + replay::policies()
}

/// The number of recordings in a training.
pub fn recordings(incidents: u64) -> usize {
    jobs(&taught(), incidents).len()
}

/// The scenarios that the responder is taught. Scenarios written after the list of checks was frozen are left out: the responder meets
/// them unprepared, as people meet real incidents.
pub fn taught() -> Vec<Scenario> {
    library().into_iter().filter(|scenario| !scenario.after_freeze).collect()
}

/// Plays the [`taught`] scenarios, each with `incidents` seeds, on `threads` threads. `None` if it was stopped: a model that has learned
/// half of them would misjudge the other half.
pub fn train(incidents: u64, threads: NonZeroUsize, watch: Watch<'_>) -> io::Result<Option<Experience>> {
    let scenarios = taught();
    let cases: Vec<_> = scenarios.iter().map(case).collect();
    let menu = menu(&cases);
    let jobs = jobs(&scenarios, incidents);
    let stalled = watch.stalled;
    let heard = sweep(&jobs, threads, watch, |job| {
        let scenario = &scenarios[job.scenario];
        match job.sequence {
            None => recorded(scenario, job.seed, &[], stalled).map(|tape| Some((looked(&tape), None))),
            Some(place) => {
                let Some(sequence) = named(scenario, job.seed, &menu[place]) else { return Ok(None) };
                let branch = branched(scenario, job.seed, &[], &sequence, stalled)?;
                let published = truth(scenario, &world::scenario::draw(scenario, job.seed)).asset;
                let phase =
                    |moment: &Moment| if moment.is_served { Phase::Served } else { Phase::AfterRemedy };
                let seen = |moment: &Moment| tape::kept(moment, phase(moment), published.as_deref());
                let moments: Vec<_> = branch.moments.iter().map(seen).collect();
                Ok(Some((moments, Some((place, branch.helped_after_s.is_some())))))
            }
        }
    })?;
    if watch.stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let mut experience =
        Experience::new(cases, (0..incidents).map(|incident| SEEDS_FROM + incident).collect());
    for (job, heard) in jobs.iter().zip(heard) {
        let incidents = &mut experience.incidents[job.scenario];
        if job.sequence.is_none() {
            incidents.push(TrainingIncident { moments: Vec::new(), helped: ".".repeat(menu.len()) });
        }
        let (Some(incident), Some((moments, helped))) = (incidents.last_mut(), heard) else { continue };
        incident.moments.extend(moments);
        if let Some((place, helped)) = helped {
            incident.helped.replace_range(place..=place, if helped { "1" } else { "0" });
        }
    }
    let judge_all = |judge: &Judge<'_>, policies: &[Vec<usize>]| {
        let judged =
            sweep(policies, threads, watch, |policy| Ok::<_, Infallible>(Some(judge.judged(policy))));
        judged.unwrap_or_default().into_iter().collect()
    };
    let Some(left_aside) = replay::left_aside(&experience, judge_all) else { return Ok(None) };
    Ok(Some(Experience { left_aside, ..experience }))
}

struct Job {
    scenario: usize,
    seed: u64,
    /// The place on the menu of the sequence to try; `None` for the job that takes every check.
    sequence: Option<usize>,
}

/// Incident by incident: first the job that takes every check, then the remedies. Leaves out a sequence that is only right for other
/// scenarios.
fn jobs(scenarios: &[Scenario], incidents: u64) -> Vec<Job> {
    let cases: Vec<_> = scenarios.iter().map(case).collect();
    let menu = menu(&cases);
    let ordinary = remedies::ordinary();
    let mut jobs = Vec::new();
    for (scenario, case) in cases.iter().enumerate() {
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

/// The findings of a recording, in which nobody acts.
fn looked(tape: &Tape) -> Vec<experience::Moment> {
    let minutes = |at_s: f64| (at_s - tape.alerted_s.unwrap_or_default()) / 60.0;
    let published = tape.truth.asset.as_deref();
    let seen = |moment: &Moment| tape::kept(moment, Phase::of(minutes(moment.at_s)), published);
    tape.moments.iter().map(seen).collect()
}

/// The sequence with the asset that the scenario publishes or, if it publishes none, with the asset of a decoy.
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

/// Records the aftermath of remedies on this thread.
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
    use std::{sync::atomic::AtomicBool, thread};

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
    /// What the shop does now is what the responder was taught. A shop that has changed since would be judged by a responder that remembers
    /// another.
    #[test]
    fn the_built_in_experience_is_what_the_shop_shows() {
        // The first incident also holds the aftermaths of remedies.
        const INCIDENT: usize = 1;
        let (stop, scenarios) = (AtomicBool::new(false), taught());
        let watch = Watch { stop: &stop, done: &|| (), stalled: |what| panic!("{what} stands still") };
        let threads = thread::available_parallelism().expect("the machine says how many");
        let shown = sweep(&scenarios, threads, watch, |scenario| {
            recorded(scenario, SEEDS_FROM + INCIDENT as u64, &[], watch.stalled)
                .map(|tape| Some(looked(&tape)))
        });
        let shown = shown.expect("each scenario can be played");
        for ((scenario, shown), known) in scenarios.iter().zip(shown).zip(&Experience::built_in().incidents) {
            let is_known = shown.as_ref() == Some(&known[INCIDENT].moments);
            assert!(is_known, "{} is not as it was: run `glyphfall train`", scenario.name);
        }
    }
}
