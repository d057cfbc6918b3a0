//! What `demo`, `up` and `watch` have in common: a shop as the arguments ask for it, and what its record says of it.

use std::time::Duration;

use chassis::{Level, serve::Limits};
use incident::{LatentFault, Rules, Run, words::ClockKind};
use world::{Addresses, ShopOptions};

use crate::{args::ShopArgs, listeners::EVIDENCE_LISTENERS, target::Tokens};

/// What listens in a shop: three services, each with an operator port.
const LISTENERS: usize = 6;

/// How often the screen changes and the journals are read.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// Ticks between two lines in a pipe.
pub(crate) const LINE_EVERY: u32 = 10;

/// A live shop as the options ask for it.
pub(crate) fn shop_options(
    args: &ShopArgs,
    addresses: Addresses,
    tokens: &Tokens,
    seed: u64,
) -> anyhow::Result<ShopOptions> {
    let mut shop = ShopOptions::live(addresses, seed);
    shop.level = args.level()?;
    shop.repaired.clone_from(&args.repair);
    shop.editor_token.clone_from(&tokens.editor);
    shop.surroundings.settings.limits = Limits::of_process(LISTENERS + EVIDENCE_LISTENERS);
    Ok(shop)
}

/// The head of a live run's record.
pub(crate) fn run_of(
    level: Level,
    faults_present: Vec<LatentFault>,
    seed: u64,
    (scenario, responder): (&str, &str),
    speed: f64,
    rules: Rules,
) -> Run {
    Run {
        scenario: scenario.to_owned(),
        speed,
        responder: responder.to_owned(),
        faults_present: faults_present.into_iter().collect(),
        rules,
        ..Run::new(seed, level, ClockKind::Live)
    }
}
