//! `glyphfall characters`: what special characters break, measured while one waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, bail};
use chassis::Blocking;
use clap::Args;
use experiment::characters::{Report, Specimen, run as measure, specimens};
use tokio::time::sleep;

use crate::{options::Format, screen};

/// A wait that nobody needs to be told of; and how often a longer one is told of.
const TOLD_EVERY: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Args)]
pub(crate) struct CharactersOptions {
    /// Only those whose name holds this text, such as 'vertical tab', in full and with the reasons
    pub(crate) name: Option<String>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Measures the specimens and shows what each breaks.
pub(crate) async fn run(options: CharactersOptions) -> anyhow::Result<()> {
    let report = measured(chosen(options.name.as_deref())?).await?;
    match (options.format, options.name) {
        (Format::Json, _) => screen::line(&serde_json::to_string(&report)?),
        (Format::Text, None) => screen::line(report.to_string().trim_end()),
        (Format::Text, Some(_)) => {
            let rows: Vec<_> = report.specimens.iter().map(ToString::to_string).collect();
            screen::paragraph(rows.join("\n").trim_end());
        }
    }
    Ok(())
}

fn chosen(name: Option<&str>) -> anyhow::Result<Vec<Specimen>> {
    let Some(name) = name else { return Ok(specimens()) };
    let wanted = name.to_lowercase();
    let is_wanted = |specimen: &Specimen| specimen.name.to_lowercase().contains(&wanted);
    let chosen: Vec<_> = specimens().into_iter().filter(is_wanted).collect();
    if chosen.is_empty() {
        bail!("no special character is called '{name}'; 'glyphfall characters' lists them all");
    }
    Ok(chosen)
}

/// Virtual time has a runtime of its own, which no other may wait for on its own threads.
async fn measured(chosen: Vec<Specimen>) -> anyhow::Result<Report> {
    let (all, done) = (chosen.len(), Arc::new(AtomicUsize::new(0)));
    let told = Arc::clone(&done);
    let mut report =
        Box::pin(Blocking::Pool.run(move || measure(chosen, |count| told.store(count, Ordering::Relaxed))));
    loop {
        tokio::select! {
            report = &mut report => return report.context("the shop in memory failed"),
            () = sleep(TOLD_EVERY) => eprintln!("measured {} of {all}", done.load(Ordering::Relaxed)),
        }
    }
}
