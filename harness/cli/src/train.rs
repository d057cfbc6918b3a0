//! `glyphfall train`: teaches the model responder anew, for whoever changed a check or a scenario.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};

use anyhow::Context;
use clap::Args;
use diagnosis::Experience;
use experiment::training;
use world::whole_file::{READABLE, replace};

use crate::{
    done::Done,
    output,
    work::{can_write, cannot_write, watched},
};

#[derive(Clone, Debug, Args)]
pub(crate) struct TrainArgs {
    /// Incidents of each scenario
    #[arg(long, value_name = "COUNT", default_value_t = experiment::training::INCIDENTS)]
    incidents: u64,
    /// Keep what the built-in experience holds of scenarios that have not changed; without, all are played anew, as a changed check asks for
    #[arg(long)]
    keep: bool,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "harness/diagnosis/knowledge/experience.json")]
    out: PathBuf,
}

pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<Done> {
    let folder = args.out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let name = args
        .out
        .file_name()
        .context("--out takes the name of a file, such as experience.json")?
        .to_string_lossy();
    can_write(folder.unwrap_or(Path::new(".")), [&*name])?;
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let kept = args.keep.then(Experience::built_in);
    let recordings = training::recordings(args.incidents, kept.as_ref());
    let steps = usize::try_from(recordings).unwrap_or(usize::MAX);
    let learned =
        watched(steps, "recordings", |watch| training::train(args.incidents, kept.as_ref(), threads, watch))?;
    let Some(experience) = learned else {
        output::error_line(
            "nothing was written: trained on a part of the recordings, the responder would misjudge the others",
        );
        return Ok(Done::BrokenOff);
    };
    replace(&args.out, experience.to_json().as_bytes(), READABLE).with_context(|| cannot_write(&args.out))?;
    let out = args.out.display().to_string();
    output::error_line(&format!("Learned from {recordings} recordings: {}", output::plain(&out)));
    Ok(Done::Well)
}
