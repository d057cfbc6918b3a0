//! Takes the chain apart: plays the same incidents with each of the sixteen combinations of the four latent
//! faults, and derives what each fault contributed. Teaches that 'what if it had been repaired' is a question
//! for an experiment: sixteen runs of the shop answer it.
//!
//! Telemetry acts only through the responder. Here that is the [stand-in](world::stand_in), whose minutes are
//! assumed. The report therefore also gives the shares for the model responder, for a responder to whom
//! telemetry tells nothing, and for one to whom it tells everything at once. The last two need no further run:
//! before a responder acts, an incident is the same at each level.
//!
//! - [`mod@finding`]: the result in words.

pub mod finding;

use std::{io, num::NonZeroUsize, sync::Arc, time::Duration};

use chassis::{LatentFault, Level};
use diagnosis::Knowledge;
use finding::finding;
use incident::{ContributingFactor, Rules, Story};
use report::chain::{
    Availability, ChainReport, Combination, IfResponder, Necessary, PairInteraction, Saving, Share,
};
use world::{
    Mix,
    play::{PlayOptions, Responder, STARTS_STORY_S},
    scenario::{Happening, Scenario},
    stand_in,
};

use crate::{
    attribution::{ALL, COALITIONS, Game, PLAYERS, bit, bounds, interval, resampled, smallest_repairs},
    played::{IncidentResult, play_incident},
    sweep::{Watch, sweep},
};

/// Default page views a second: so few that sixty-four incidents take less than a minute on two cores.
pub const VIEWS_PER_SECOND: f64 = 1.0;

/// The default number of seeds.
pub const SEEDS: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");

#[derive(Clone, Debug)]
pub struct ChainOptions {
    pub scenario: Scenario,
    pub seed: u64,
    pub seeds: NonZeroUsize,
    /// How many customers come, and to which pages.
    pub mix: Mix,
    /// When each incident ends at the latest, in story seconds.
    pub ends_story_s: f64,
    pub threads: NonZeroUsize,
}

/// The results of one seed, by combination; `None` for a combination that was not played.
pub type Played = [Option<IncidentResult>; COALITIONS];

impl ChainOptions {
    /// The default options for a scenario: until 13:00, on all cores.
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        Self {
            scenario,
            seed,
            seeds: SEEDS,
            mix: Mix::of(VIEWS_PER_SECOND),
            ends_story_s: Story::default().ends_s(),
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }

    pub fn incidents(&self) -> usize {
        self.seeds.get() * COALITIONS
    }

    pub fn all_seeds(&self) -> impl Iterator<Item = u64> {
        (0..self.seeds.get() as u64).map(|step| self.seed.wrapping_add(step))
    }

    pub fn command(&self) -> String {
        let Self { scenario, seed, seeds, mix, .. } = self;
        let mut command = format!(
            "glyphfall chain {} --seed {seed} --seeds {seeds} --views {}",
            scenario.name, mix.views_per_second
        );
        if mix.shares != Mix::of(mix.views_per_second).shares {
            let shares: Vec<String> =
                mix.shares.iter().map(|(route, share)| format!("{route}={share}")).collect();
            command += " --mix ";
            command += &shares.join(",");
        }
        command
    }
}

/// Plays all incidents and divides the loss. If stopped early, it reports only the seeds that were played in
/// all combinations.
pub fn chain(options: &ChainOptions, watch: Watch<'_>) -> io::Result<ChainReport> {
    // Seed by seed, so that an early stop leaves whole seeds. Within a seed the long incidents come first, so
    // that no thread waits long.
    let jobs: Vec<(u64, usize)> = options
        .all_seeds()
        .flat_map(|seed| (0..COALITIONS).rev().map(move |present| (seed, present)))
        .collect();
    let told_at_once = told_at_once(&options.scenario);
    let knowledge = Arc::new(Knowledge::built_in());
    let kept =
        sweep(&jobs, options.threads, watch, |(seed, present)| -> io::Result<Option<IncidentResult>> {
            let played = play_options(options, *seed, *present);
            let Some(kept) = play_incident(&options.scenario, &played, told_at_once, watch)? else {
                return Ok(None);
            };
            if kept.lost_s.is_none() {
                return Ok(Some(kept));
            }
            let modelled = PlayOptions { responder: Responder::Model(Arc::clone(&knowledge)), ..played };
            let modelled = play_incident(&options.scenario, &modelled, None, watch)?;
            Ok(modelled.map(|modelled| IncidentResult { loss_with_model_usd: modelled.loss_usd, ..kept }))
        })?;
    let mut played: Vec<Played> = vec![const { [const { None }; COALITIONS] }; options.seeds.get()];
    for (place, ((_, present), kept)) in jobs.iter().zip(kept).enumerate() {
        played[place / COALITIONS][*present] = kept;
    }
    Ok(report_of(options, &played))
}

/// Builds the report; `played` holds one entry for each seed.
pub fn report_of(options: &ChainOptions, played: &[Played]) -> ChainReport {
    let whole: Vec<(u64, [&IncidentResult; COALITIONS])> = options
        .all_seeds()
        .zip(played)
        .filter(|(_, played)| played.iter().all(Option::is_some))
        .map(|(seed, played)| {
            (seed, std::array::from_fn(|present| played[present].as_ref().expect("each is there")))
        })
        .collect();
    let games: Vec<Game> = whole.iter().map(|(_, kept)| Game::new(kept.map(|kept| kept.loss_usd))).collect();
    let mean = Game::mean(&games);
    let draws = resampled(&games, options.seed);
    let story = Story::default();
    let expected = necessary_beforehand(&options.scenario);
    let never_lost = |present: usize| whole.iter().all(|(_, kept)| kept[present].lost_s.is_none());
    let smallest = if whole.is_empty() { Vec::new() } else { smallest_repairs(never_lost) };
    let all = whole.iter().flat_map(|(_, kept)| kept);
    let mut report = ChainReport {
        seed: options.seed,
        scenario: options.scenario.name.clone(),
        title: options.scenario.title.clone(),
        finding: String::new(),
        complete: whole.len() == options.seeds.get(),
        seeds: whole.iter().map(|(seed, _)| *seed).collect(),
        incidents: whole.len() * COALITIONS,
        views_per_second: options.mix.views_per_second,
        mix: options.mix.shares.clone(),
        starts: story.time_at(STARTS_STORY_S),
        ends: story.time_at(options.ends_story_s),
        loss_usd_per_minute: story.loss_usd_per_minute,
        responder: "stand-in (assumed)".to_owned(),
        assumed: assumed(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: options.command(),
        loss_usd: mean.map(|game| game.loss(ALL)),
        loss_without_faults_usd: mean.map(|game| game.loss(0)),
        combinations: combinations(&whole, &games, mean, &draws),
        shares: mean.map_or_else(Vec::new, |game| shares(&game, &draws, expected)),
        savings: mean.map_or_else(Vec::new, |game| savings(&game, &draws)),
        interactions: mean.map_or_else(Vec::new, |game| interactions(&game, &draws)),
        smallest_sets: smallest.into_iter().map(faults).collect(),
        necessary: Necessary {
            expected: named(expected),
            found: named(mean.map_or([false; PLAYERS], |game| game.necessary())),
        },
        decrease_max_usd: mean.map_or(0.0, |game| game.decrease_max()),
        responders: responders(&whole, &games),
        restored_by_themselves: all.filter(|kept| kept.restored_s.is_some() && kept.remedies == 0).count(),
        availability: whole.first().map_or_else(Vec::new, |(seed, kept)| availability(*seed, kept)),
    };
    report.finding = finding(&report);
    report
}

fn play_options(options: &ChainOptions, seed: u64, present: usize) -> PlayOptions {
    let repaired: Vec<_> = (0..PLAYERS)
        .filter(|player| present & bit(*player) == 0)
        .map(|player| LatentFault::ALL[player])
        .collect();
    let is_told = repaired.contains(&LatentFault::InadequateTelemetry);
    let level = if is_told { Level::RICHEST } else { Level::Dark };
    let (mix, ends_story_s) = (options.mix.clone(), options.ends_story_s);
    PlayOptions { level, repaired, mix, ends_story_s, ..PlayOptions::new(seed) }
}

/// The time from the loss to the restoration if telemetry tells everything at once: the alert, and the
/// remedies. `None` if no remedy helps.
fn told_at_once(scenario: &Scenario) -> Option<Duration> {
    let remedies = u32::try_from(scenario.remedies.right.first()?.len()).ok()?;
    Some(stand_in::ALERT_AFTER + stand_in::REMEDY_TAKES * remedies)
}

/// The faults that are necessary by the scenario's mechanism, known before anything is run. With rendering
/// repaired, the store refuses the publish or the pages escape it correctly: it does no harm. With error
/// handling repaired, the cache gives up a failed fill, which then holds no permit. This applies to scenarios
/// with a publish whose truth names both faults.
fn necessary_beforehand(scenario: &Scenario) -> [bool; PLAYERS] {
    let chain = [ContributingFactor::InvalidRendering, ContributingFactor::PoorErrorHandling];
    let publishes = scenario.happens.iter().any(|happens| matches!(happens.what, Happening::Publish { .. }));
    let is_chain = publishes && chain.iter().all(|factor| scenario.truth.factors.contains(factor));
    ContributingFactor::LATENT_FAULTS.map(|fault| is_chain && chain.contains(&fault))
}

fn combinations(
    whole: &[(u64, [&IncidentResult; COALITIONS])],
    games: &[Game],
    mean: Option<Game>,
    draws: &[Game],
) -> Vec<Combination> {
    let combination = |present: usize| {
        let kept = || whole.iter().map(|(_, kept)| kept[present]);
        Combination {
            faults_present: faults(present),
            loss_usd: mean.map(|game| game.loss(present)),
            interval: interval(draws, |game| Some(game.loss(present))),
            losses_usd: games.iter().map(|game| game.loss(present)).collect(),
            lost: kept().filter(|kept| kept.lost_s.is_some()).count(),
            not_restored: kept().filter(|kept| kept.lost_s.is_some() && kept.restored_s.is_none()).count(),
        }
    };
    (0..COALITIONS).rev().map(combination).collect()
}

fn shares(game: &Game, draws: &[Game], necessary: [bool; PLAYERS]) -> Vec<Share> {
    let (values, shares, bounds) = (game.shapley(), game.shares(), bounds(necessary));
    let share = |(player, fault)| Share {
        fault,
        share: shares.map(|shares| shares[player]),
        interval: interval(draws, |game| Some(game.shares()?[player])),
        usd: values[player],
        usd_interval: interval(draws, |game| Some(game.shapley()[player])),
        bounds: bounds[player],
    };
    ContributingFactor::LATENT_FAULTS.into_iter().enumerate().map(share).collect()
}

fn savings(game: &Game, draws: &[Game]) -> Vec<Saving> {
    let saving = |(player, fault)| Saving {
        fault,
        repaired_alone_usd: game.saving_alone(player),
        interval: interval(draws, |game| Some(game.saving_alone(player))),
        present_alone_usd: game.loss_alone(player),
    };
    ContributingFactor::LATENT_FAULTS.into_iter().enumerate().map(saving).collect()
}

fn interactions(game: &Game, draws: &[Game]) -> Vec<PairInteraction> {
    let faults = ContributingFactor::LATENT_FAULTS;
    let pairs = (0..PLAYERS).flat_map(|one| (one + 1..PLAYERS).map(move |other| (one, other)));
    let pair = |(one, other): (usize, usize)| PairInteraction {
        faults: [faults[one], faults[other]],
        shapley_usd: game.interaction(one, other),
        interval: interval(draws, |game| Some(game.interaction(one, other))),
        all_else_present_usd: game.together(one, other, ALL),
    };
    pairs.map(pair).collect()
}

/// The same game with the model responder, and with two extremes. Telemetry tells the blind responder nothing: it is as slow with telemetry
/// as without. Telemetry tells the oracle everything at once: nothing more is lost once the remedies have been taken.
fn responders(whole: &[(u64, [&IncidentResult; COALITIONS])], games: &[Game]) -> Vec<IfResponder> {
    let telemetry = bit(LatentFault::InadequateTelemetry as usize);
    let with = |name: &str, games: Vec<Game>| {
        let mean = Game::mean(&games)?;
        Some(IfResponder { responder: name.to_owned(), loss_usd: mean.loss(ALL), shares: mean.shares() })
    };
    let blind =
        games.iter().map(|game| Game::new(std::array::from_fn(|present| game.loss(present | telemetry))));
    let modelled = whole.iter().map(|(_, kept)| Game::new(kept.map(|kept| kept.loss_with_model_usd)));
    let oracle = whole.iter().map(|(_, kept)| {
        Game::new(std::array::from_fn(|present| {
            let kept = kept[present];
            if present & telemetry == 0 { kept.loss_so_far_usd } else { kept.loss_usd }
        }))
    });
    let ends = [
        with("blind: telemetry tells nothing (assumed)", blind.collect()),
        with("stand-in (assumed)", games.to_vec()),
        with("oracle: telemetry tells all at once (assumed)", oracle.collect()),
        with("model responder (its costs are assumed)", modelled.collect()),
    ];
    ends.into_iter().flatten().collect()
}

/// The combinations with all faults present, with each one repaired alone, and with all repaired.
fn availability(seed: u64, kept: &[&IncidentResult; COALITIONS]) -> Vec<Availability> {
    let alone = (0..PLAYERS).map(|player| ALL & !bit(player));
    let combination = |present: usize| {
        let IncidentResult { loss_usd, begun_s, lost_s, restored_s, .. } = *kept[present];
        let routes = kept[present].routes.clone();
        Availability { faults_present: faults(present), seed, loss_usd, begun_s, lost_s, restored_s, routes }
    };
    std::iter::once(ALL).chain(alone).chain([0]).map(combination).collect()
}

fn faults(combination: usize) -> Vec<ContributingFactor> {
    named(std::array::from_fn(|player| combination & bit(player) != 0))
}

fn named(which: [bool; PLAYERS]) -> Vec<ContributingFactor> {
    ContributingFactor::LATENT_FAULTS
        .into_iter()
        .zip(which)
        .filter(|(_, is)| *is)
        .map(|(fault, _)| fault)
        .collect()
}

fn assumed() -> Vec<String> {
    let minutes = |duration: Duration| (duration.as_secs_f64() / 60.0).round();
    let rules = Rules::default();
    let diagnosis = |level: Level| minutes(stand_in::diagnosis(level));
    vec![
        format!(
            "The responder is a stand-in, a table of minutes. Without telemetry it hears of the loss \
             after {} minutes on average and \
             knows what to do {} minutes later; with telemetry after {} and {} minutes. Each remedy takes {}.",
            minutes(stand_in::COMPLAINT_AFTER),
            diagnosis(Level::Dark),
            minutes(stand_in::ALERT_AFTER),
            diagnosis(Level::RICHEST),
            minutes(stand_in::REMEDY_TAKES),
        ),
        format!("A customer waits {} seconds.", rules.customers_wait_s),
        format!("A degraded visit loses {:.0} % of its trade.", rules.degraded_trade_lost * 100.0),
        "Where availability is never lost, the shop is watched until half an hour after the last thing that \
         happens."
            .to_owned(),
    ]
}
