//! Tests whether an incident goes as its scenario's file says: its symptom while nobody acts, and the effect of each sequence of remedies.
//! Teaches that a remedy is right when availability is restored and stays restored; a page that opens again proves nothing.

use std::{io, num::NonZeroUsize, thread::available_parallelism, time::Duration};

use incident::{Remedy, Route, Tally};
use world::{
    Mix,
    play::{PlayOptions, Played, Responder, STARTS_STORY_S},
    scenario::{Drawn, Remedies, Scenario, Symptom, draw},
};

use crate::{
    played::play_whole,
    sweep::{Watch, sweep},
};

/// How long an incident goes on before the remedies: by then every kind of page that will fail has failed.
const SPREADS: Duration = Duration::from_secs(240);

/// How long the shop is watched after the last remedy: longer than the relief of a restart alone, plus the hold.
const WATCHED: Duration = Duration::from_secs(200);

/// How long customers come before the scenario's first event: by then the cache holds what they ask for.
const WARMS_UP: Duration = Duration::from_secs(120);

/// The time between two remedies of a sequence.
const APART: Duration = Duration::from_secs(20);

/// Page views a second: each request costs playing time, and this rate suffices to tell one symptom from another.
const VIEWS_PER_SECOND: f64 = 2.0;

/// Plays each scenario with each seed, without remedies and with each of its sequences. Returns a sentence for each contradiction to the file.
///
/// # Errors
///
/// If a service does not start.
pub fn contradictions(scenarios: &[Scenario], seeds: &[u64], watch: Watch<'_>) -> io::Result<Vec<String>> {
    let games = scenarios.iter().flat_map(|scenario| seeds.iter().map(move |seed| (scenario, *seed)));
    let jobs: Vec<_> = games
        .flat_map(|(scenario, seed)| sequences(scenario).map(move |sequence| (scenario, seed, sequence)))
        .collect();
    let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let found = sweep(&jobs, threads, watch, |(scenario, seed, sequence)| {
        let remedies = sequence.map_or(&[][..], |(remedies, _)| remedies);
        let options = options(scenario, *seed, remedies);
        let Some(played) = play_whole(scenario, &options, watch)? else { return Ok(None) };
        let says = match sequence {
            None => untouched(scenario, &played),
            Some(sequence) => after(*sequence, &played),
        };
        let name = &scenario.name;
        Ok::<_, io::Error>(says.map(|says| format!("{name} says that {says}, with seed {seed}")))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// The number of incidents that [`contradictions`] plays.
pub fn plays(scenarios: &[Scenario], seeds: &[u64]) -> usize {
    scenarios.iter().map(|scenario| sequences(scenario).count()).sum::<usize>() * seeds.len()
}

/// First `None`, for the play without remedies; then each sequence of remedies, and whether it restores according to the file.
fn sequences(scenario: &Scenario) -> impl Iterator<Item = Option<(&[Remedy], bool)>> {
    let Remedies { right, wrong } = &scenario.remedies;
    let right = right.iter().map(|remedies| Some((remedies.as_slice(), true)));
    let wrong = wrong.iter().map(|remedies| Some((remedies.as_slice(), false)));
    std::iter::once(None).chain(right).chain(wrong)
}

fn options(scenario: &Scenario, seed: u64, remedies: &[Remedy]) -> PlayOptions {
    let drawn = draw(scenario, seed);
    let remedies_s = APART.as_secs_f64() * (remedies.len().max(1) - 1) as f64;
    PlayOptions {
        responder: Responder::Remedies { remedies: remedies.to_vec(), after: SPREADS, apart: APART },
        mix: Mix::of(VIEWS_PER_SECOND),
        starts_story_s: starts_story_s(&drawn),
        ends_story_s: drawn.begun_story_s + SPREADS.as_secs_f64() + remedies_s + WATCHED.as_secs_f64(),
        ..PlayOptions::new(seed)
    }
}

fn starts_story_s(drawn: &Drawn) -> f64 {
    let first_s = drawn.steps.first().map_or(drawn.begun_story_s, |(at_s, _)| *at_s);
    (first_s - WARMS_UP.as_secs_f64()).max(STARTS_STORY_S)
}

fn untouched(scenario: &Scenario, played: &Played) -> Option<String> {
    let outcome = &played.record.outcome;
    let symptom = Symptom::of(&available(played), outcome.lost_s.is_some());
    if symptom != scenario.symptom {
        return Some(format!("customers meet '{}', but the replay shows '{symptom}'", scenario.symptom));
    }
    outcome.restored_s.map(|_| "remedies restore it, but it is restored without any".to_owned())
}

fn after((remedies, restores): (&[Remedy], bool), played: &Played) -> Option<String> {
    let outcome = &played.record.outcome;
    let is_restored = outcome.restored_s.is_some() && outcome.fixed;
    let steps = || remedies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then ");
    match (restores, is_restored) {
        (true, false) => Some(format!("'{}' restores it, but it does not", steps())),
        (false, true) => Some(format!("'{}' does not restore it, but it does", steps())),
        _ => None,
    }
}

/// The availability of each route in the last minute before the remedies.
fn available(played: &Played) -> Vec<(Route, f64)> {
    let until_s = played.drawn.begun_story_s - starts_story_s(&played.drawn) + SPREADS.as_secs_f64();
    let is_meant = |at_s: u32| (until_s - 60.0..until_s).contains(&f64::from(at_s));
    let share = |route: &Route| {
        let mut tally = Tally::default();
        let rows = played.record.availability.iter();
        rows.filter(|row| row.route == *route && is_meant(row.at_s)).for_each(|row| tally.add(row));
        Some((*route, tally.availability()?))
    };
    Route::ALL.iter().filter_map(share).collect()
}
