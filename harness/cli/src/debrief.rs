//! `glyphfall debrief`: renders an incident record as a page and as Markdown, with a review to fill in.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use chassis::Clock;
use clap::Args;
use experiment::chain::{ChainOptions, chain};
use incident::IncidentRecord;
use report::chain::ChainReport;
use world::scenario::library;

use crate::{
    log_events,
    output::{self, plain},
    screen,
    stop::Done,
    work::{self, can_write, shown, watched},
};

#[derive(Clone, Debug, Args)]
pub(crate) struct DebriefArgs {
    /// The incident record, as `demo`, `play` or `up` write it
    #[arg(value_name = "RECORD.json")]
    record: PathBuf,
    /// What `chain` wrote about the same scenario as JSON: adds each latent fault's share
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
    /// Plays the record's scenario and seed with each of the sixteen combinations of latent faults, and adds each latent fault's share; takes
    /// less than a minute
    #[arg(long, conflicts_with = "chain")]
    replay: bool,
    /// Prints the record as OpenTelemetry log events, one line of OTLP's JSON, and writes no files; a record has no date, so its end is taken
    /// to be now
    #[arg(long, conflicts_with_all = ["chain", "replay"])]
    otlp: bool,
    /// Folder for the page and the Markdown
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    out: PathBuf,
}

pub(crate) fn run(args: &DebriefArgs) -> anyhow::Result<Done> {
    let stem = args.record.file_stem().unwrap_or(args.record.as_os_str()).to_string_lossy();
    if !args.otlp {
        can_leave(&args.out, &stem)?;
    }
    let read = |file: &PathBuf| {
        fs::read_to_string(file).with_context(|| {
            format!(
                "cannot read {}; 'glyphfall demo', 'play' and 'up' write records to glyphfall-out",
                shown(file)
            )
        })
    };
    // The error's own text already includes its cause.
    let record = IncidentRecord::from_json(&read(&args.record)?).map_err(|error| {
        anyhow!(
            "{}: {}; 'glyphfall demo', 'play' and 'up' write records",
            shown(&args.record),
            plain(&error.to_string())
        )
    })?;
    if args.otlp {
        screen::line(&log_events::export(&record, Clock::real().wall()).to_string());
        return Ok(Done::Well);
    }
    let chain = args.chain.as_ref().map(|file| -> anyhow::Result<ChainReport> {
        serde_json::from_str(&read(file)?).with_context(|| {
            format!(
                "{} is not what `glyphfall chain` writes as JSON; leave --chain out, or let --replay make it",
                shown(file)
            )
        })
    });
    let mut chain = chain.transpose()?;
    if args.replay {
        chain = replayed(&record)?;
        if chain.is_none() {
            output::error_line("nothing was written: not every combination was played");
            return Ok(Done::BrokenOff);
        }
    }
    let [html, md] = write(&record, chain.as_ref(), &args.out, &stem)?;
    screen::paragraph(&format!("{}.", plain(&::debrief::incident::finding(&record))));
    screen::line(&format!("\nPage:     {}\nMarkdown: {}", shown(&html), shown(&md)));
    Ok(Done::Well)
}

/// Replays the record's scenario and seed in virtual time; `None` if stopped.
fn replayed(record: &IncidentRecord) -> anyhow::Result<Option<ChainReport>> {
    let name = &record.run.scenario;
    let scenario = library().into_iter().find(|scenario| scenario.name == *name).with_context(|| {
        format!(
            "the record is of '{}', which is no scenario of the library, so nothing can be played again; leave --replay out, or give what \
             `glyphfall chain` wrote about your own file with --chain",
            plain(name)
        )
    })?;
    let options = ChainOptions { seeds: NonZeroUsize::MIN, ..ChainOptions::new(scenario, record.run.seed) };
    let report = watched(options.incidents(), "incidents", |watch| chain(&options, watch))?;
    Ok(report.complete.then_some(report))
}

/// Checks, before any long work, that a record and its debrief can be written under this name.
pub(crate) fn can_leave(out: &Path, stem: &str) -> anyhow::Result<()> {
    let files = ["json", "html", "md"].map(|ending| format!("{stem}.{ending}"));
    can_write(out, files.iter().map(String::as_str))
}

/// Writes a record and its debrief under one name; returns their paths.
pub(crate) fn leave(record: &IncidentRecord, out: &Path, stem: &str) -> anyhow::Result<[PathBuf; 3]> {
    let file = out.join(format!("{stem}.json"));
    work::write(&file, record.to_json().as_bytes())?;
    let [html, md] = write(record, None, out, stem)?;
    Ok([file, html, md])
}

/// Lines that say where a record and its debrief are.
pub(crate) fn named(record: &IncidentRecord, [file, page, _]: &[PathBuf; 3]) -> String {
    let marked = if record.complete { "Record" } else { "Partial record" };
    format!("\n{marked}: {}\nDebrief: {}", shown(file), shown(page))
}

fn write(
    record: &IncidentRecord,
    chain: Option<&ChainReport>,
    out: &Path,
    stem: &str,
) -> anyhow::Result<[PathBuf; 2]> {
    let page = ::debrief::incident::page(record, chain)?;
    let markdown = ::debrief::incident::markdown(record, chain)?;
    let [html, md] = ["html", "md"].map(|ending| out.join(format!("{stem}.{ending}")));
    work::write(&html, page.as_bytes())?;
    work::write(&md, markdown.as_bytes())?;
    Ok([html, md])
}
