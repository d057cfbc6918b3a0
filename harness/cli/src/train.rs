//! `glyphfall train`: teaches the model responder anew, for whoever changed a check or a scenario.

use std::{fs, num::NonZeroUsize, thread};

use anyhow::Context;
use experiment::training;
use indicatif::{ProgressBar, ProgressStyle};

use crate::options::TrainArgs;

/// Trains on all cores, and writes what was learned.
pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let recordings = training::recordings(args.incidents);
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} recordings, {eta} to go")
        .expect("the template names what there is");
    let bar = ProgressBar::new(recordings).with_style(style);
    let experience = training::train(args.incidents, threads, &|| bar.inc(1))?;
    bar.finish_and_clear();
    fs::write(&args.out, experience.to_json())
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    eprintln!("Learned from {recordings} recordings: {}", args.out.display());
    Ok(())
}
