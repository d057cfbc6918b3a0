//! `glyphfall compare`: the same incidents at every telemetry level, diagnosed by the model responder, with controls. [`text`]: how that
//! reads on a terminal.

mod text;

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use experiment::compare::{CompareOptions, Extent, SEED_MAX, compare};
use incident::{Level, OperatingModel};
use world::{scenario::scenario, tape::sees_all};

use crate::{
    Done,
    naming::Stem,
    options::Format,
    output::{self, plain},
    screen::{self, Screen},
    work::{can_write, cannot_write, watched},
};

pub(crate) use text::side_by_side;

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
    /// The first seed; above a thousand million lie those of training [default: a new one each time, and said]
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    seed: Option<u64>,
    /// Only the levels, the placebo and the blind runbooks
    #[arg(long)]
    quick: bool,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Folder for the report: a page, and its data as JSON
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    out: PathBuf,
}

impl CompareArgs {
    fn options(&self) -> anyhow::Result<CompareOptions> {
        let seed = self.seed.unwrap_or_else(|| rand::random_range(1..1_000_000));
        let mut options = CompareOptions::new(seed, if self.quick { Extent::Quick } else { Extent::Full });
        if !self.scenarios.is_empty() {
            options.scenarios = self.scenarios.iter().map(|name| scenario(name)).collect::<Result<_, _>>()?;
        }
        if let Some(other) = options.scenarios.iter().find(|scenario| !sees_all(scenario)) {
            anyhow::bail!(
                "what happens in '{}' lies too far apart: a comparison answers one call. 'glyphfall play' plays all of it",
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
            options.models.clone_from(&self.models);
            options.models.dedup();
        }
        options.seeds = self.seeds.unwrap_or(options.seeds);
        let last = (options.seeds.get() as u64).saturating_mul(options.control_times()).saturating_add(seed);
        anyhow::ensure!(
            last <= SEED_MAX,
            "--seed {seed} with {} seeds reaches those of training",
            options.seeds
        );
        Ok(options)
    }
}

/// A scenario's name, of the library or of a file.
fn file_stem(name: &str) -> String {
    Path::new(name).file_stem().map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// Compares, says what came of it, and writes the report.
pub(crate) fn run(args: &CompareArgs) -> anyhow::Result<Done> {
    let options = args.options()?;
    let (seed, steps) = (options.seed, options.steps());
    let kind = if args.quick { "compare-quick" } else { "compare" };
    let words = |names: Vec<String>| names.join("-");
    let name = Stem::new(kind, seed)
        .with("of", &words(args.scenarios.iter().map(|name| file_stem(name)).collect()), &"")
        .with("levels", &words(args.levels.iter().map(ToString::to_string).collect()), &"")
        .with("models", &words(args.models.iter().map(ToString::to_string).collect()), &"")
        .with("seeds", &args.seeds.map(|seeds| seeds.to_string()).unwrap_or_default(), &"")
        .into_name();
    let files = ["html", "json"].map(|ending| format!("{name}.{ending}"));
    can_write(&args.out, files.iter().map(String::as_str))?;
    let screen = Screen::new(args.format);
    screen.say(&format!(
        "seed {}: {} scenarios, {} seeds, {} levels, model responder, virtual time",
        options.seed,
        options.scenarios.len(),
        options.seeds,
        options.levels.len()
    ));
    let Some(report) = watched(steps, "recordings and diagnoses", |watch| compare(options, watch))? else {
        output::error_line("no scenario was complete: there is nothing to compare, and nothing was written");
        return Ok(Done::BrokenOff);
    };
    let json = serde_json::to_string(&report)?;
    match args.format {
        Format::Json => screen::line(&json),
        Format::Text => text::lines(&report).iter().for_each(|line| screen.say(line)),
    }
    for (name, text) in files.iter().zip([&debrief::compare::page(&report)?, &json]) {
        let file = args.out.join(name);
        fs::write(&file, text).with_context(|| cannot_write(&file))?;
    }
    let files = args.out.join(format!("{name}.{{html,json}}")).display().to_string();
    screen.say(&format!("\nPage and data: {}\nAgain: {}", plain(&files), plain(&report.command)));
    Ok(if report.complete { Done::Well } else { Done::BrokenOff })
}
