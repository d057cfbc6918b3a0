//! `glyphfall debrief`: an incident record as a page and as Markdown, with the review ready to fill in.

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
use world::{
    scenario::library,
    whole_file::{READABLE, replace},
};

use crate::{
    done::Done,
    log_events,
    output::{self, plain},
    screen,
    work::{can_write, cannot_write, watched},
};

#[derive(Clone, Debug, Args)]
pub(crate) struct DebriefArgs {
    /// The incident record, as `demo`, `play` or `up` write it
    #[arg(value_name = "RECORD.json")]
    record: PathBuf,
    /// What `chain` wrote about the same scenario as JSON: adds each latent fault's share
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
    /// Plays the record's scenario and seed with each of the sixteen combinations of latent faults, and adds the same; less than a minute
    #[arg(long, conflicts_with = "chain")]
    replay: bool,
    /// Prints the record as OpenTelemetry log events, one line of OTLP's JSON, in place of all that; a record keeps no date, so they end now
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
    let name = |file: &Path| plain(&file.display().to_string());
    let read = |file: &PathBuf| {
        fs::read_to_string(file).with_context(|| {
            format!(
                "cannot read {}; 'glyphfall demo', 'play' and 'up' write records to glyphfall-out",
                name(file)
            )
        })
    };
    // The error's own text names its cause already.
    let record = IncidentRecord::from_json(&read(&args.record)?).map_err(|error| {
        anyhow!(
            "{}: {}; 'glyphfall demo', 'play' and 'up' write records",
            name(&args.record),
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
                name(file)
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
    screen::line(&format!("\nPage:     {}\nMarkdown: {}", name(&html), name(&md)));
    Ok(Done::Well)
}

/// The same scenario and seed, in virtual time; none if it was stopped.
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

/// Makes sure, before any long work, that a record and its debrief can be left under this name.
pub(crate) fn can_leave(out: &Path, stem: &str) -> anyhow::Result<()> {
    let files = ["json", "html", "md"].map(|ending| format!("{stem}.{ending}"));
    can_write(out, files.iter().map(String::as_str))
}

/// Writes a record and its debrief, under one name; says where.
pub(crate) fn leave(record: &IncidentRecord, out: &Path, stem: &str) -> anyhow::Result<[PathBuf; 3]> {
    let file = out.join(format!("{stem}.json"));
    fs::create_dir_all(out)
        .and_then(|()| replace(&file, record.to_json().as_bytes(), READABLE))
        .with_context(|| cannot_write(&file))?;
    let [html, md] = write(record, None, out, stem)?;
    Ok([file, html, md])
}

/// Where a record and its debrief are, as lines.
pub(crate) fn named(record: &IncidentRecord, [file, page, _]: &[PathBuf; 3]) -> String {
    let marked = if record.complete { "Record" } else { "Partial record" };
    let [file, page] = [file, page].map(|path| plain(&path.display().to_string()));
    format!("\n{marked}: {file}\nDebrief: {page}")
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
    fs::create_dir_all(out)
        .and_then(|()| replace(&html, page.as_bytes(), READABLE))
        .and_then(|()| replace(&md, markdown.as_bytes(), READABLE))
        .with_context(|| cannot_write(out))?;
    Ok([html, md])
}
