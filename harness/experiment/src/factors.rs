//! Tests whether a scenario's contributing factors did contribute: plays the same incident again with one latent fault repaired. A factor
//! contributes if *this* incident loses less without it.
//!
//! A replay can test three of the four latent faults. Telemetry acts only through the responder, and nobody responds in these replays. A
//! replay cannot repair factors such as a slow disk, or a release to all at once: for those, the scenario's file is the only source.

use std::{collections::BTreeSet, io};

use chassis::LatentFault::{self, InvalidRendering, MissingHealthCheck, PoorErrorHandling};
use diagnosis::explanation::stands_for;
use incident::{ContributingFactor, Usd};
use world::{
    Mix,
    play::{PlayOptions, Responder},
    scenario::Scenario,
};

use crate::{
    chain::VIEWS_PER_SECOND,
    played::play_incident,
    sweep::{Watch, sweep},
};

/// The latent faults that a replay can repair.
pub const REPAIRED: [LatentFault; 3] = [InvalidRendering, PoorErrorHandling, MissingHealthCheck];

/// The smallest relative decrease of the loss that counts as less, and not as chance.
pub const LESS_FROM: f64 = 0.05;

/// How long a replay lasts, in story seconds: until 09:00. Nobody acts, and the effect of a repair shows within minutes.
const ENDS_S: f64 = 3_600.0;

/// The loss of one scenario with all latent faults, and with each one repaired alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    pub scenario: String,
    pub seed: u64,
    pub loss_usd: f64,
    /// In the order of [`REPAIRED`].
    pub without_usd: [f64; REPAIRED.len()],
    named: BTreeSet<ContributingFactor>,
}

/// Plays each scenario with each seed. Leaves out a scenario and seed that was stopped.
pub fn replayed(scenarios: &[Scenario], seeds: &[u64], watch: Watch<'_>) -> io::Result<Vec<Replayed>> {
    let games: Vec<(&Scenario, u64)> =
        scenarios.iter().flat_map(|scenario| seeds.iter().map(move |seed| (scenario, *seed))).collect();
    let repairs = || std::iter::once(None).chain(REPAIRED.map(Some));
    let jobs: Vec<_> = games.iter().flat_map(|game| repairs().map(move |repair| (*game, repair))).collect();
    let threads = std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
    let losses = sweep(&jobs, threads, watch, |((scenario, seed), repair)| {
        let options = PlayOptions {
            mix: Mix::of(VIEWS_PER_SECOND),
            responder: Responder::Nobody,
            ends_story_s: ENDS_S,
            repaired: repair.iter().copied().collect(),
            ..PlayOptions::new(*seed)
        };
        Ok::<_, io::Error>(play_incident(scenario, &options, None, watch)?.map(|kept| kept.loss_usd))
    })?;
    let of = |((scenario, seed), losses): (&(&Scenario, u64), &[Option<f64>])| {
        let [Some(loss_usd), Some(rendering), Some(handling), Some(health)] = *losses else { return None };
        Some(Replayed {
            scenario: scenario.name.clone(),
            seed: *seed,
            loss_usd,
            without_usd: [rendering, handling, health],
            named: scenario.truth.factors.iter().copied().filter_map(stands_for).collect(),
        })
    };
    Ok(games.iter().zip(losses.chunks(REPAIRED.len() + 1)).filter_map(of).collect())
}

impl Replayed {
    /// The contradictions between the scenario's list of factors and the replay, one sentence each.
    pub fn contradictions(&self) -> Vec<String> {
        let Self { scenario, seed, loss_usd, named, .. } = self;
        let each = REPAIRED.into_iter().zip(self.without_usd).filter_map(|(fault, without_usd)| {
            let is_less = *loss_usd > 0.0 && without_usd < (1.0 - LESS_FROM) * loss_usd;
            let says = match (named.contains(&fault.into()), is_less) {
                (true, false) => "names",
                (false, true) => "does not name",
                _ => return None,
            };
            let (fault, loss, without) = (fault.name(), Usd(*loss_usd), Usd(without_usd));
            Some(format!(
                "{scenario} {says} {fault}: with seed {seed} {without} is lost without it, and {loss} with it"
            ))
        });
        each.collect()
    }
}
