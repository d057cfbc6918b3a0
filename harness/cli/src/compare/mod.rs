//! `glyphfall compare`: the same incidents at every telemetry level, diagnosed by the model responder, with controls. [`text`]: the report
//! on a terminal. [`program`]: an external program compared with the model. [`pool`]: a leaderboard of several programs.

mod text;
mod program;
mod pool;

use std::{
    fmt::Write as _,
    num::{NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
};

use ::agent::session::{CALLS, MINUTES};
use anyhow::Context;
use clap::Args;
use experiment::compare::{CompareOptions, Extent, SEED_MAX, compare, program::Program};
use incident::{Level, OperatingModel};
use report::compare::{TeamSession, Teams};
use room::debrief::state::ended_rounds;
use world::{scenario::scenario, tape::sees_all};

use crate::{
    args::{new_seed, not_of_training},
    naming::RunName,
    output,
    stop::Done,
    work::{Publisher, ReportArgs, shown, watched},
};

pub(crate) use text::{side_by_side, what_telemetry_changes};

#[derive(Clone, Debug, Args)]
pub(crate) struct CompareArgs {
    /// The incidents: names of the library, or files ending in .toml [default: the whole library]
    scenarios: Vec<String>,
    /// The telemetry levels, at least two [default: all]
    #[arg(long, value_delimiter = ',', value_name = "LEVEL,...")]
    levels: Vec<Level>,
    /// The operating models; all figures but those that compare models are about the first [default: you-build-it,ops-run-it; with
    /// --quick the first alone]
    #[arg(long, value_delimiter = ',', value_name = "MODEL,...")]
    models: Vec<OperatingModel>,
    /// How many seeds each scenario is played with [default: 4; with --quick 1]
    #[arg(long, value_name = "COUNT")]
    seeds: Option<NonZeroUsize>,
    /// The first seed; those above a thousand million are kept for training [default: a new one for each run, which is printed]
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    seed: Option<u64>,
    /// A command that responds too, over the Model Context Protocol on its standard input and output; it is started for each incident,
    /// at each level. Stopped with Ctrl-C, the same command with --seed goes on
    #[arg(long, value_name = "COMMAND", conflicts_with = "models")]
    responder: Option<String>,
    /// Speaks with it over streamable HTTP: address and token are in its environment, in `GLYPHFALL_AGENT_URL` and `GLYPHFALL_AGENT_TOKEN`
    #[arg(long, requires = "responder")]
    http: bool,
    /// Calls that it has for an incident
    #[arg(long, value_name = "COUNT", default_value_t = CALLS, requires = "responder")]
    calls: NonZeroU32,
    /// Minutes of the shop's clock that it has
    #[arg(long, value_name = "COUNT", default_value_t = MINUTES, requires = "responder")]
    minutes: NonZeroU32,
    /// Reports of this command with --responder, as JSON: makes a leaderboard of them, and plays nothing
    #[arg(long, value_delimiter = ',', value_name = "FILE,...", conflicts_with_all = ["scenarios", "levels", "models", "seeds", "seed", "sessions", "quick", "responder"])]
    pool: Vec<PathBuf>,
    /// Folders of sessions of the incident room, whose teams are shown beside the comparison, each round by itself
    #[arg(long, value_delimiter = ',', value_name = "DIR,...")]
    sessions: Vec<PathBuf>,
    /// Only the levels, the placebo and the baselines
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    report: ReportArgs,
}

impl CompareArgs {
    fn options(&self) -> anyhow::Result<CompareOptions> {
        let seed = self.seed.unwrap_or_else(new_seed);
        let mut options = CompareOptions::new(seed, if self.quick { Extent::Quick } else { Extent::Full });
        if !self.scenarios.is_empty() {
            options.scenarios = self.scenarios.iter().map(|name| scenario(name)).collect::<Result<_, _>>()?;
        }
        for (place, scenario) in options.scenarios.iter().enumerate() {
            let is_known = options.scenarios[..place].iter().any(|other| other.name == scenario.name);
            anyhow::ensure!(
                !is_known,
                "'{}' is named twice: leave one out, or rename the file",
                scenario.name
            );
        }
        if let Some(other) = options.scenarios.iter().find(|scenario| !sees_all(scenario)) {
            anyhow::bail!(
                "the events of '{}' are too far apart: a comparison covers only one call. 'glyphfall play' plays all of them",
                other.name
            );
        }
        if !self.levels.is_empty() {
            options.levels.clone_from(&self.levels);
            options.levels.sort();
            options.levels.dedup();
            anyhow::ensure!(
                options.levels.len() > 1,
                "--levels needs at least two, such as --levels dark,logs"
            );
        }
        if !self.models.is_empty() {
            options.models.clear();
            for model in &self.models {
                if !options.models.contains(model) {
                    options.models.push(*model);
                }
            }
        }
        if self.responder.is_some() {
            // The operating models differ in how lines of support hand over; a program has no such lines.
            options.models.truncate(1);
        }
        options.seeds = self.seeds.unwrap_or(options.seeds);
        not_of_training(seed, options.seeds.saturating_mul(options.control_times()))?;
        Ok(options)
    }
}

/// The results of teams in these sessions; `None` if no session is named.
fn teams(folders: &[PathBuf]) -> anyhow::Result<Option<Teams>> {
    let mut sessions = Vec::new();
    for (place, folder) in folders.iter().enumerate() {
        let named = shown(folder);
        anyhow::ensure!(!folders[..place].contains(folder), "--sessions names {named} twice: leave one out");
        let session = ended_rounds(folder).with_context(|| {
            format!("--sessions cannot read {named}; name another folder, or leave this one out")
        })?;
        sessions.push(TeamSession::of(named, &session));
    }
    Ok((!sessions.is_empty()).then(|| Teams::new(sessions)))
}

/// A scenario's or a session's name, without folder and extension.
fn file_stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Joins words into a part of a file name.
fn words(all: impl IntoIterator<Item = impl ToString>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join("-")
}

pub(crate) fn run(args: &CompareArgs) -> anyhow::Result<Done> {
    if !args.pool.is_empty() {
        return pool::run(args);
    }
    let options = args.options()?;
    // Read the folders first: an unreadable one must fail before the long computation.
    let teams = teams(&args.sessions)?;
    let (seed, steps) = (options.seed, options.steps(args.responder.is_some()));
    let kind = if args.quick { "compare-quick" } else { "compare" };
    let name = RunName::new(kind, seed)
        .with("of", &words(args.scenarios.iter().map(|name| file_stem(Path::new(name)))), &"")
        .with("levels", &words(&args.levels), &"")
        .with("models", &words(&args.models), &"")
        .with("sessions", &words(args.sessions.iter().map(|folder| file_stem(folder))), &"")
        .with("", &args.responder.as_ref().map_or("", |_| "responder"), &"")
        .with("seeds", &words(args.seeds), &"")
        .into_name();
    let publisher = Publisher::new(&args.report, name.clone())?;
    publisher.say(&format!(
        "seed {}: {} scenarios, {} seeds, {} levels, model responder, virtual time",
        options.seed,
        options.scenarios.len(),
        options.seeds,
        options.levels.len()
    ));
    let external = args
        .responder
        .as_deref()
        .map(|command| program::external(args, command, &name, &options.scenarios))
        .transpose()?;
    if let Some(external) = external.as_ref().filter(|external| external.kept.found > 0) {
        publisher
            .say(&format!("going on: {} incidents of the program are done already", external.kept.found));
    }
    let program = external.as_ref().map(|external| external as &dyn Program);
    let Some(mut report) =
        watched(steps, "recordings and diagnoses", |watch| compare(options, program, watch))?
    else {
        output::error_line("no scenario was complete: there is nothing to compare, and nothing was written");
        return Ok(Done::BrokenOff);
    };
    if let Some(teams) = teams {
        let folders: Vec<&str> = teams.sessions.iter().map(|session| session.folder.as_str()).collect();
        let _ = write!(report.command, " --sessions {}", folders.join(","));
        report.teams = Some(teams);
    }
    if let Some(external) = external {
        program::done(args, external, &mut report, &publisher)?;
    }
    let page = debrief::compare::page(&report)?;
    publisher.publish(&report, &text::lines(&report), &page, Some(&report.command))?;
    Ok(if report.complete { Done::Well } else { Done::BrokenOff })
}
