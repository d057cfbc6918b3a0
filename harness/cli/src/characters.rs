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
use experiment::characters::{Report, Specimen, find, run as measure, specimens};
use incident::did_you_mean;
use tokio::time::sleep;

use crate::{options::Format, screen};

/// A wait that nobody needs to be told of; and how often a longer one is told of.
const TOLD_EVERY: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Args)]
pub(crate) struct CharactersOptions {
    /// Only these, in full and with the reasons: code points (U+000B), bytes (0x93), characters themselves, names or parts of
    /// them ('vertical tab')
    #[arg(value_name = "CHARACTER")]
    pub(crate) characters: Vec<String>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Measures the specimens and shows what each breaks.
pub(crate) async fn run(options: CharactersOptions) -> anyhow::Result<()> {
    let report = measured(chosen(&options.characters)?).await?;
    match (options.format, options.characters.is_empty()) {
        (Format::Json, _) => screen::line(&serde_json::to_string(&report)?),
        (Format::Text, true) => screen::line(report.to_string().trim_end()),
        (Format::Text, false) => {
            let rows: Vec<_> = report.specimens.iter().map(ToString::to_string).collect();
            screen::paragraph(rows.join("\n").trim_end());
        }
    }
    Ok(())
}

/// What is asked for, each once; everything if nothing is.
fn chosen(asked: &[String]) -> anyhow::Result<Vec<Specimen>> {
    if asked.is_empty() {
        return Ok(specimens());
    }
    let mut chosen: Vec<Specimen> = Vec::new();
    for asked in asked {
        let found = find(asked);
        if found.is_empty() {
            let known = specimens();
            let nearest = did_you_mean(asked, known.iter().map(|specimen| &*specimen.name));
            bail!(
                "'{}' is no special character: give a code point as in U+000B, bytes as in 0x93, the character itself, or a name; \
                 'glyphfall characters' lists them all{nearest}",
                asked.escape_debug()
            );
        }
        chosen.extend(found.into_iter().filter(|specimen| !chosen.contains(specimen)).collect::<Vec<_>>());
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
