//! Fuzzing: each target of `tests/tests/fuzz` in a run of its own, by chance with the test program as it is, or by coverage.
//!
//! For coverage the program is built anew: bolero brings libFuzzer's source, and the compiler's own pass counts which branches are taken. It takes
//! plain options, so no nightly compiler and no further program is needed. What is missing is a sanitizer: our code has no `unsafe` in which
//! one would find anything.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::Message;
use clap::Args;

use crate::{
    cargo::{Cargo, root},
    dist::{self, TARGET},
};

#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// Seconds for each target
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Only this target; may be given several times [default: all]
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
    /// By coverage, with libFuzzer: builds everything anew for it, which takes as long as the first build and a C++ compiler
    #[arg(long)]
    coverage: bool,
}

/// What makes the compiler count branches, and bolero take libFuzzer: the options of cargo-bolero without a sanitizer. Soon built rather than quick, and
/// with every check that the compiler has.
const FLAGS: &str = "--cfg fuzzing --cfg fuzzing_libfuzzer -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares -Copt-level=1 -Coverflow-checks -Cdebug-assertions";

/// Where everything of it is kept: the programs, inputs that were found, logs, failures.
const FOLDER: &str = "target/fuzz";

/// Inputs that are kept in the repository, by target.
const KEPT: &str = "tests/tests/fuzz/__fuzz__";

/// The longest input in bytes: a report is somewhat shorter.
const INPUT_BYTES_MAX: usize = 16 * 1_024;

/// One input may take no longer, in seconds: a request that does holds up others.
const INPUT_SECONDS_MAX: u64 = 20;

/// What the whole process may hold, in megabytes.
const MEMORY_MB_MAX: u64 = 2_048;

/// How often it is told how far a target is.
const TOLD_EVERY: Duration = Duration::from_secs(15);

/// Builds all targets, and plays those that are asked for.
///
/// # Errors
/// When one does not build, or finds an input that fails; the others are played first.
#[expect(clippy::print_stdout, reason = "what was run is what this command is for")]
pub(crate) fn run(args: &FuzzArgs) -> Result<()> {
    let program = if args.coverage { built_for_coverage()? } else { built(dist::variables_of_tests())? };
    let known = targets(&program)?;
    for wanted in &args.target {
        ensure!(
            known.iter().any(|target| target.name == *wanted),
            "there is no target {wanted}; there are: {}",
            names(&known)
        );
    }
    let chosen: Vec<&Target> =
        known.iter().filter(|target| args.target.is_empty() || args.target.contains(&target.name)).collect();
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for target in chosen {
        println!("{}: {} s", target.name, args.seconds);
        let played = if args.coverage {
            target.play_by_coverage(&program, args.seconds)?
        } else {
            target.play_by_chance(&program, args.seconds)?
        };
        println!("{played}");
        rows.push(format!("{:<20} {}", target.name, played));
        if let Some(input) = played.fails {
            let kept = root().join(KEPT).join(&target.name).join("crashes");
            failed.push(format!(
                "{}: keep the input, and play it again, with\n  mkdir -p {kept} && cp {} {kept}/\n  cargo xtask tests -- --exact {}",
                target.name,
                input.display(),
                target.test,
                kept = kept.display(),
            ));
        }
    }
    println!("\n{}", rows.join("\n"));
    if !failed.is_empty() {
        bail!("{} of {} targets fail\n{}", failed.len(), rows.len(), failed.join("\n"));
    }
    Ok(())
}

/// A test that is a target.
struct Target {
    /// As in `__fuzz__`.
    name: String,
    /// As the test program calls it.
    test: String,
}

/// What came of a target.
struct Played {
    executions: u64,
    seconds: f64,
    coverage: String,
    fails: Option<PathBuf>,
}

impl std::fmt::Display for Played {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { executions, seconds, coverage, fails } = self;
        let outcome =
            fails.as_ref().map_or_else(String::new, |input| format!("  FAILED: {}", input.display()));
        write!(f, "{executions:>10} executions in {seconds:>5.1} s, {coverage}{outcome}")
    }
}

/// The test program with all targets, as tests are built.
fn built(variables: Vec<(&'static str, &'static str)>) -> Result<PathBuf> {
    let list =
        "test --no-run --release --locked --workspace --test fuzz --message-format=json-render-diagnostics";
    program(&Cargo::new(list).variables(variables))
}

/// The same for libFuzzer, in a folder of its own: other options compile everything anew.
fn built_for_coverage() -> Result<PathBuf> {
    let list = format!(
        "test --no-run --release --locked --package glyphfall-tests --test fuzz --target {TARGET} --target-dir {FOLDER} \
         --message-format=json-render-diagnostics"
    );
    program(&Cargo::new(&list).variable("RUSTFLAGS", FLAGS))
}

fn program(cargo: &Cargo) -> Result<PathBuf> {
    for message in Message::parse_stream(cargo.output()?.as_slice()) {
        if let Message::CompilerArtifact(artifact) = message.context("cargo says what it compiled")?
            && let Some(executable) = artifact.executable.filter(|_| artifact.target.name == "fuzz")
        {
            return Ok(executable.into());
        }
    }
    bail!("cargo compiled no program with targets")
}

fn targets(program: &Path) -> Result<Vec<Target>> {
    let said = Command::new(program).args(["--list", "--format", "terse"]).output()?;
    let said = String::from_utf8(said.stdout).context("a test program lists its tests as text")?;
    let tests = said.lines().filter_map(|line| line.strip_suffix(": test"));
    let targets = tests.filter_map(|test| {
        let name = test.rsplit("::").next()?.replace('_', "-");
        // What failed once is an ordinary test beside them.
        (!test.contains("found::")).then(|| Target { name, test: test.to_owned() })
    });
    Ok(targets.collect())
}

fn names(targets: &[Target]) -> String {
    targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ")
}

impl Target {
    fn play_by_chance(&self, program: &Path, seconds: u64) -> Result<Played> {
        let start = now();
        let said = Command::new(program)
            .args(["--exact", &self.test, "--nocapture", "--test-threads", "1"])
            .current_dir(root().join("tests"))
            .env("BOLERO_RANDOM_TEST_TIME_MS", (seconds * 1_000).to_string())
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        let (executions, inputs) = outcome(&text).unwrap_or_default();
        let kept = "the input that fails is kept in ";
        let input = text
            .lines()
            .filter_map(|line| line.split_once(kept))
            .map(|(_, path)| PathBuf::from(path))
            .next_back();
        let fails =
            if said.status.success() { None } else { Some(input.unwrap_or_else(|| program.to_owned())) };
        if fails.is_some() {
            eprintln!("{text}");
        }
        let coverage = format!("{inputs} of its corpus");
        Ok(Played { executions, seconds: start.elapsed().as_secs_f64(), coverage, fails })
    }

    fn play_by_coverage(&self, program: &Path, seconds: u64) -> Result<Played> {
        let folder = root().join(FOLDER);
        let made = |path: PathBuf| fs::create_dir_all(&path).map(|()| path);
        let found = made(folder.join("found").join(&self.name))?;
        let failures = made(folder.join("failures").join(&self.name))?;
        // The target itself puts its honest messages there.
        let seeds = made(folder.join("tmp/fuzz-seeds").join(&self.name))?;
        let kept = root().join(KEPT).join(&self.name).join("corpus");
        let corpora = [Some(found), Some(seeds), kept.is_dir().then_some(kept)];
        let corpora: Vec<String> =
            corpora.iter().flatten().map(|folder| folder.display().to_string()).collect();
        let options = format!(
            "{} -artifact_prefix={}/ -max_total_time={seconds} -timeout={INPUT_SECONDS_MAX} -max_len={INPUT_BYTES_MAX} \
             -rss_limit_mb={MEMORY_MB_MAX} -print_final_stats=1",
            corpora.join(" "),
            failures.display()
        );
        let start = now();
        let mut process = Command::new(program)
            .args(["--exact", &self.test, "--nocapture", "--test-threads", "1"])
            .current_dir(root().join("tests"))
            .env("BOLERO_LIBFUZZER_ARGS", options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let log = made(folder.join("logs"))?.join(format!("{}.log", self.name));
        let mut log = File::create(log)?;
        let mut said = BufReader::new(process.stderr.take().context("its standard error is piped")?);
        let (mut executions, mut coverage, mut line, mut told) = (0, String::new(), Vec::new(), now());
        while said.read_until(b'\n', &mut line)? > 0 {
            log.write_all(&line)?;
            let text = String::from_utf8_lossy(&line).into_owned();
            line.clear();
            if let Some((count, rest)) = progress(&text) {
                executions = executions.max(count);
                coverage = rest;
                if told.elapsed() >= TOLD_EVERY {
                    told = now();
                    eprintln!(
                        "  {:>4.0} s: {executions} executions, {coverage}",
                        start.elapsed().as_secs_f64()
                    );
                }
            } else if let Some(count) = text.strip_prefix("stat::number_of_executed_units:") {
                executions = count.trim().parse().unwrap_or(executions);
            }
        }
        let status = process.wait()?;
        let fails = if status.success() { None } else { Some(newest(&failures)?.unwrap_or(failures)) };
        Ok(Played { executions, seconds: start.elapsed().as_secs_f64(), coverage, fails })
    }
}

/// What bolero says at the end, as in `run time: 1.2s | iterations/s: 900 | corpus inputs: 3 | rng inputs: 1017 | ...`: inputs in all, and those of
/// the corpus.
fn outcome(text: &str) -> Option<(u64, u64)> {
    let line = text.lines().find(|line| line.contains("| iterations/s: "))?;
    let count = |name: &str| {
        let found = line.split(" | ").find_map(|part| part.trim().strip_prefix(name));
        found.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
    };
    let (corpus, chance): (u64, u64) = (count("corpus inputs: "), count("rng inputs: "));
    Some((corpus + chance, corpus))
}

/// What libFuzzer says on its way: `#8192 pulse  cov: 1250 ft: 2612 corp: 201/14Kb lim: 80 exec/s: 2048 rss: 71Mb`.
fn progress(line: &str) -> Option<(u64, String)> {
    let (count, rest) = line.strip_prefix('#')?.split_once(|letter: char| letter.is_whitespace())?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let after = |word: &str| {
        let place = words.iter().position(|known| *known == word)?;
        words.get(place + 1).copied()
    };
    let inputs = after("corp:")?.split('/').next()?;
    Some((count.parse().ok()?, format!("{} branches, {inputs} inputs", after("cov:")?)))
}

fn newest(folder: &Path) -> Result<Option<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    Ok(files.into_iter().max().map(|(_, path)| path))
}

#[expect(
    clippy::disallowed_methods,
    reason = "targets are other processes: they take time on the wall clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::{outcome, progress};

    #[test]
    fn what_bolero_says_at_the_end_is_understood() {
        let said = "x\ntest words ...\trun time: 400.2ms | iterations/s: 9 | corpus inputs: 3 | rng inputs: 17 | exit reason: max duration\n";
        assert_eq!(outcome(said), Some((20, 3)));
        assert_eq!(outcome("test words ... ok"), None);
    }

    #[test]
    fn what_libfuzzer_says_on_its_way_is_understood() {
        let said = "#8192\tpulse  cov: 1250 ft: 2612 corp: 201/14Kb lim: 80 exec/s: 2048 rss: 71Mb\n";
        assert_eq!(progress(said), Some((8_192, "1250 branches, 201 inputs".to_owned())));
        assert_eq!(progress("#0\tREAD units: 12\n"), None);
        assert_eq!(progress("INFO: Running with entropic power schedule\n"), None);
    }
}
