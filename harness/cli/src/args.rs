//! Arguments that several commands share, each defined once. Arguments of a single command are defined beside its `run`.

use std::num::NonZeroUsize;

use chassis::{LatentFault, Level, serve::Limits};
use clap::{Args, ValueEnum};
use experiment::compare::SEED_MAX;
use world::{Addresses, ShopOptions};

use crate::{listeners::EVIDENCE_LISTENERS, ports::Ports, target::Tokens};

/// Listeners of a shop: three services, each with an operator port.
const LISTENERS: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs, on standard output alone
    Json,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ShopArgs {
    /// Telemetry level of the services [default: dark]
    #[arg(long, value_enum)]
    pub(crate) level: Option<Level>,
    /// Repairs latent faults; may be given several times
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FAULT,...")]
    pub(crate) repair: Vec<LatentFault>,
    /// Seed of all random choices [default: a new one for each run, which is printed]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Page views a second, on average
    #[arg(long, value_name = "COUNT", default_value_t = world::shop::VIEWS_PER_SECOND, value_parser = views)]
    pub(crate) views: f64,
    #[command(flatten)]
    pub(crate) ports: Ports,
}

impl ShopArgs {
    /// The telemetry level. `--repair inadequate-telemetry` means the richest one; a different `--level` beside it is an error.
    pub(crate) fn level(&self) -> anyhow::Result<Level> {
        let repaired = self.repair.contains(&LatentFault::InadequateTelemetry);
        match (self.level, repaired) {
            (None, true) => Ok(Level::RICHEST),
            (Some(level), true) if level != Level::RICHEST => {
                anyhow::bail!(
                    "--repair inadequate-telemetry means --level {}, not {level}: give one of them",
                    Level::RICHEST
                )
            }
            (level, _) => Ok(level.unwrap_or(Level::Dark)),
        }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(new_seed)
    }

    /// Options of a live shop, built from these arguments.
    pub(crate) fn shop(
        &self,
        addresses: Addresses,
        tokens: &Tokens,
        seed: u64,
    ) -> anyhow::Result<ShopOptions> {
        let mut shop = ShopOptions::live(addresses, seed);
        shop.level = self.level()?;
        shop.repaired.clone_from(&self.repair);
        shop.editor_token.clone_from(&tokens.editor);
        shop.surroundings.settings.limits = Limits::of_process(LISTENERS + EVIDENCE_LISTENERS);
        Ok(shop)
    }
}

/// Draws a seed when the user gave none. It is small enough to retype.
pub(crate) fn new_seed() -> u64 {
    rand::random_range(1..1_000_000)
}

/// Refuses seeds of training, of which the model responder has learned: what it was trained on is never judged. `seeds` follow from `seed` on.
pub(crate) fn not_of_training(seed: u64, seeds: NonZeroUsize) -> anyhow::Result<()> {
    let last = (seeds.get() as u64 - 1).saturating_add(seed);
    anyhow::ensure!(
        last <= SEED_MAX,
        "--seed {seed} with {seeds} {} reaches those of training, above {SEED_MAX}: give a smaller --seed",
        if seeds.get() == 1 { "seed" } else { "seeds" }
    );
    Ok(())
}

pub(crate) fn views(text: &str) -> Result<f64, String> {
    number_within(text, 0.1, 1_000.0)
}

pub(crate) fn factor(text: &str) -> Result<f64, String> {
    number_within(text, 0.1, 100_000.0)
}

fn number_within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number; write one such as 30".to_owned())?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("must lie between {least} and {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_seed_is_one_of_training() {
        let check = |seed: u64, seeds: usize, is_taken: bool| {
            let taken = not_of_training(seed, NonZeroUsize::new(seeds).unwrap());
            assert_eq!(taken.is_ok(), is_taken, "{seed} {seeds}: {taken:?}");
        };
        check(1, 20, true);
        check(SEED_MAX, 1, true);
        check(SEED_MAX, 2, false);
        check(SEED_MAX + 1, 1, false);
        check(u64::MAX, 20, false);
    }
}
