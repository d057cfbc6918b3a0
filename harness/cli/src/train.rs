//! `glyphfall train`: teaches the model responder anew, for whoever changed a check or a scenario.

use std::{fs, num::NonZeroUsize, thread};

use anyhow::Context;
use experiment::training;
use indicatif::ProgressBar;

use crate::options::TrainArgs;

/// Trains on all cores, and writes what was learned.
pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let incidents = args.incidents * world::scenario::library().len() as u64;
    let bar = ProgressBar::new(incidents).with_message("training incidents");
    let knowledge = training::train(args.incidents, threads, &|| bar.inc(1))?;
    bar.finish_and_clear();
    fs::write(&args.out, knowledge.to_json())
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    eprintln!("Learned from {incidents} incidents: {}", args.out.display());
    Ok(())
}
