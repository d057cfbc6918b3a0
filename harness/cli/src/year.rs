//! `glyphfall year`: simulates a year of incidents for teams that share a central support line, or are on call themselves. With `--story`,
//! measures how long the central line takes for the story's incident.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};

use clap::Args;
use debrief::year::page;
use experiment::{
    compare::SEED_MAX,
    year::{
        LEVEL, SEEDS, SEEDS_MAX, TEAMS, TEAMS_MAX, YearOptions,
        measured::{self, Measured},
        story::{self, story},
        year,
    },
};
use incident::Level;
use report::year::{Table, YearReport};

use crate::{
    args::new_seed,
    naming::RunName,
    output,
    stop::Done,
    work::{Publisher, ReportArgs, can_write_file, watched, write},
};

#[derive(Clone, Debug, Args)]
pub(crate) struct YearArgs {
    /// Numbers of teams
    #[arg(long, value_name = "COUNT,...", value_delimiter = ',', default_values_t = TEAMS, value_parser = teams)]
    teams: Vec<usize>,
    /// Seeds with which each year is simulated; with --story, recordings [default: 100; with --story 24]
    #[arg(long, value_name = "COUNT", value_parser = seeds)]
    seeds: Option<NonZeroUsize>,
    /// The first seed; those above a thousand million are kept for training [default: a new one for each run, which is printed]
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=SEED_MAX - SEEDS_MAX as u64))]
    seed: Option<u64>,
    /// The telemetry level that all teams begin with, of those at which the incidents were played: dark, metrics or changes
    #[arg(long, default_value_t = LEVEL, value_parser = level)]
    level: Level,
    /// Instead of years, the story's incident with a central line at dark: when is it restored, over many seeds and people?
    #[arg(long, conflicts_with_all = ["teams", "level"])]
    story: bool,
    #[command(flatten)]
    report: ReportArgs,
    /// Simulates no years: plays again the incidents that years are made of, and writes what came of them. Needed after a change to a
    /// scenario, a check or the responder
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "harness/experiment/knowledge/outcomes.json",
          conflicts_with_all = ["teams", "seeds", "seed", "level", "story"])]
    measure: Option<PathBuf>,
}

pub(crate) fn run(args: &YearArgs) -> anyhow::Result<Done> {
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    if let Some(file) = &args.measure {
        return measure(file, threads);
    }
    let seed = args.seed.unwrap_or_else(new_seed);
    if args.story {
        return run_story(args, seed, threads);
    }
    let mut numbers = args.teams.clone();
    numbers.sort_unstable();
    numbers.dedup();
    let seeds = args.seeds.unwrap_or(SEEDS);
    let options = YearOptions { teams: numbers, seed, seeds, level: args.level, threads };
    let words = |numbers: &[usize]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
    let name = RunName::new("year", seed)
        .with("teams", &words(&options.teams), &words(&TEAMS))
        .with("seeds", &seeds, &SEEDS)
        .with("", &args.level, &LEVEL)
        .into_name();
    let publisher = Publisher::new(&args.report, name)?;
    publisher.say(&format!("seed {seed}: {} simulated years, level {}", options.years(), args.level));
    let measured = Measured::built_in();
    let report = watched(options.years(), "years", |watch| Ok(year(&options, &measured, watch)))?;
    tell(&publisher, report)
}

fn run_story(args: &YearArgs, seed: u64, threads: NonZeroUsize) -> anyhow::Result<Done> {
    let seeds = args.seeds.unwrap_or(story::SEEDS);
    let name = RunName::new("year-story", seed).with("seeds", &seeds, &story::SEEDS).into_name();
    let publisher = Publisher::new(&args.report, name)?;
    publisher.say(&format!("seed {seed}: {seeds} recordings of the story, central line, dark, virtual time"));
    let report = watched(seeds.get(), "recordings", |watch| story(seed, seeds, threads, watch))?;
    tell(&publisher, report)
}

/// Publishes the report; `None` means that the simulation was stopped.
fn tell(publisher: &Publisher<'_>, report: Option<YearReport>) -> anyhow::Result<Done> {
    let Some(report) = report else { return Ok(broken_off()) };
    publisher.publish(&report, &lines(&report), &page(&report)?, Some(&report.command))?;
    Ok(Done::Well)
}

fn broken_off() -> Done {
    output::error_line(
        "nothing was written: the results of only some seeds would have a different distribution",
    );
    Done::BrokenOff
}

fn level(text: &str) -> Result<Level, String> {
    let level: Level = text.parse().map_err(|error: incident::UnknownWord| error.to_string())?;
    let names = measured::LEVELS.map(Level::name).join(", ");
    let is_played = measured::LEVELS.contains(&level);
    is_played.then_some(level).ok_or_else(|| format!("incidents were played at {names}"))
}

fn teams(text: &str) -> Result<usize, String> {
    number(text, TEAMS_MAX).map(NonZeroUsize::get)
}

fn seeds(text: &str) -> Result<NonZeroUsize, String> {
    number(text, SEEDS_MAX)
}

fn number(text: &str, most: usize) -> Result<NonZeroUsize, String> {
    let number: Option<NonZeroUsize> = text.trim().parse().ok();
    number.filter(|number| number.get() <= most).ok_or_else(|| format!("must lie between 1 and {most}"))
}

/// The report as lines. Sentences are wrapped when they are printed; table rows are not.
fn lines(report: &YearReport) -> Vec<String> {
    let mut lines = vec![report.finding.clone()];
    for table in &report.tables {
        lines.push(format!("\n{}\n  {}", table.title, table.about));
        lines.extend(rows(table));
    }
    lines.push(format!("\nWhat this rests on\n  {}", report.rests_on));
    lines.extend(report.assumed.iter().map(|sentence| format!("  {sentence} (assumed)")));
    lines
}

/// Aligns names left and figures right. The column of sources is too wide for a terminal and appears only on the page.
fn rows(table: &Table) -> Vec<String> {
    let shown = table.columns.iter().take_while(|column| *column != "from").count();
    let cells = table.rows.iter().map(|(what, cells)| {
        std::iter::once(what.clone()).chain(cells.iter().map(report::year::Cell::text)).collect()
    });
    let rows: Vec<Vec<String>> = std::iter::once(table.columns.clone()).chain(cells).collect();
    let widest = |column: usize| rows.iter().map(|row| console::measure_text_width(&row[column])).max();
    let widths: Vec<usize> = (0..shown).filter_map(widest).collect();
    let line = |row: &Vec<String>| {
        let cells = widths.iter().zip(row).enumerate().map(|(column, (width, text))| {
            let room = " ".repeat(width - console::measure_text_width(text));
            if column == 0 { format!("  {text}{room}") } else { format!("  {room}{text}") }
        });
        cells.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn measure(file: &Path, threads: NonZeroUsize) -> anyhow::Result<Done> {
    can_write_file(file, "--measure")?;
    let measured = watched(measured::recordings(), "recordings", |watch| measured::measure(threads, watch))?;
    let Some(measured) = measured else { return Ok(broken_off()) };
    write(file, measured.to_json().as_bytes())?;
    Ok(Done::Well)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use experiment::sweep::Watch;

    fn report(threads: usize) -> YearReport {
        let stop = AtomicBool::new(false);
        let watch = Watch { stop: &stop, done: &|| (), stalled: |what| panic!("{what} stands still") };
        let [seeds, threads] = [2, threads].map(|number| NonZeroUsize::new(number).unwrap());
        let options = YearOptions { teams: vec![2, 25], seed: 7, seeds, level: LEVEL, threads };
        year(&options, &Measured::built_in(), watch).unwrap()
    }

    #[test]
    fn a_year_is_the_same_twice_on_any_number_of_threads_and_fits_a_terminal() {
        let (one, two) = (report(1), report(2));
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&two).unwrap());
        let lines = lines(&one);
        let tables = lines.iter().filter(|line| line.starts_with("  ") && line.trim().contains("  "));
        assert!(tables.clone().count() > 50);
        tables.for_each(|line| assert!(console::measure_text_width(line) <= 80, "{line}"));
        let page = page(&one).unwrap();
        assert!(page.contains(&one.finding) && !page.contains("NaN") && !page.contains("<script"));
    }
}
