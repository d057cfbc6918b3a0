//! `glyphfall train`: retrains the model responder after a check or a scenario has changed.

use std::{num::NonZeroUsize, path::PathBuf, thread};

use clap::Args;
use experiment::training;

use crate::{
    output,
    stop::Done,
    work::{can_write_file, shown, watched, write},
};

#[derive(Clone, Debug, Args)]
pub(crate) struct TrainArgs {
    /// Incidents of each scenario
    #[arg(long, value_name = "COUNT", default_value_t = experiment::training::INCIDENTS)]
    incidents: u64,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "harness/diagnosis/knowledge/experience.json")]
    out: PathBuf,
}

pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<Done> {
    can_write_file(&args.out, "--out")?;
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let recordings = training::recordings(args.incidents);
    let steps = training::steps(args.incidents);
    let learned = watched(steps, "steps", |watch| training::train(args.incidents, threads, watch))?;
    let Some(experience) = learned else {
        output::error_line(
            "nothing was written: trained on a part of the recordings, the responder would misjudge the others",
        );
        return Ok(Done::BrokenOff);
    };
    write(&args.out, experience.to_json().as_bytes())?;
    output::error_line(&format!("Learned from {recordings} recordings: {}", shown(&args.out)));
    Ok(Done::Well)
}
