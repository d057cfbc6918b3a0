//! Arguments that several commands have, each written once. Those of one command alone stand beside its `run`.

use chassis::{LatentFault, Level};
use clap::{Args, ValueEnum};

use crate::ports::Ports;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs, on standard output alone
    Json,
}

/// What the shop is like.
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
    /// The level, after `--repair inadequate-telemetry` has had its say.
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
}

/// A seed that nobody asked for: small enough to type again.
pub(crate) fn new_seed() -> u64 {
    rand::random_range(1..1_000_000)
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
