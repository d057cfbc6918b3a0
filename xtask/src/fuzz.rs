//! Fuzzing: runs each target of `tests/tests/fuzz` separately, either at random with the ordinary test program, or guided by coverage.
//!
//! A coverage run needs another build: bolero brings libFuzzer's source, and the compiler's own pass counts the branches taken. Plain
//! compiler options suffice, without a nightly compiler or further tools. There is no sanitizer, because this code has no `unsafe` in which
//! one would find anything.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{
    cargo::{Cargo, now, root},
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

/// Flags that make the compiler count branches and bolero use libFuzzer: those of cargo-bolero without a sanitizer. They favour a quick
/// build over quick code, and enable every check of the compiler.
const FLAGS: &str = "--cfg fuzzing --cfg fuzzing_libfuzzer -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares -Copt-level=1 -Coverflow-checks -Cdebug-assertions";

/// The folder for fuzzing: programs, discovered inputs, logs, failures.
const FOLDER: &str = "target/fuzz";

/// The corpora in the repository, by target.
const KEPT: &str = "tests/tests/fuzz/__fuzz__";

/// The longest input in bytes. A comparison's report is somewhat shorter.
const INPUT_BYTES_MAX: usize = 16 * 1_024;

/// Timeout for one input in seconds: such a slow request would hold up others.
const INPUT_SECONDS_MAX: u64 = 20;

/// Memory limit of the process, in megabytes.
const MEMORY_MB_MAX: u64 = 2_048;

/// Builds all targets, and runs the requested ones.
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
        let played = target.play(&program, args)?;
        let Played { executions, seconds, coverage, fails } = &played;
        let outcome = fails.as_ref().map_or(String::new(), |input| format!("  FAILED: {}", input.display()));
        let row = format!("{executions:>10} executions in {seconds:>5.1} s, {coverage}{outcome}");
        println!("{row}");
        rows.push(format!("{:<20} {row}", target.name));
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
    /// Its folder in `__fuzz__`.
    name: String,
    /// Its name in the test program.
    test: String,
}

/// The result of fuzzing one target.
struct Played {
    executions: u64,
    seconds: f64,
    coverage: String,
    fails: Option<PathBuf>,
}

/// Builds the ordinary test program, which has all targets.
fn built(variables: Vec<(&'static str, &'static str)>) -> Result<PathBuf> {
    let list =
        "test --no-run --release --locked --workspace --test fuzz --message-format=json-render-diagnostics";
    Cargo::new(list).variables(variables).program("fuzz")
}

/// Builds the test program for libFuzzer, in a separate folder: its options require a full rebuild.
fn built_for_coverage() -> Result<PathBuf> {
    let list = format!(
        "test --no-run --release --locked --package glyphfall-tests --test fuzz --target {TARGET} --target-dir {FOLDER} \
         --message-format=json-render-diagnostics"
    );
    Cargo::new(&list).variable("RUSTFLAGS", FLAGS).program("fuzz")
}

fn targets(program: &Path) -> Result<Vec<Target>> {
    let said = Command::new(program).args(["--list", "--format", "terse"]).output()?;
    let said = String::from_utf8(said.stdout).context("a test program lists its tests as text")?;
    let tests = said.lines().filter_map(|line| line.strip_suffix(": test"));
    let targets = tests.filter_map(|test| {
        let name = test.rsplit("::").next()?.replace('_', "-");
        // Inputs that once failed are ordinary tests in the module `found`, not targets.
        (!test.contains("found::")).then(|| Target { name, test: test.to_owned() })
    });
    Ok(targets.collect())
}

fn names(targets: &[Target]) -> String {
    targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ")
}

impl Target {
    /// Runs the target. Its log file is written while it runs.
    fn play(&self, program: &Path, args: &FuzzArgs) -> Result<Played> {
        let failures = made("failures", &self.name)?;
        let settings = if args.coverage {
            vec![("BOLERO_LIBFUZZER_ARGS", self.options_of_libfuzzer(args.seconds, &failures)?)]
        } else {
            // As many iterations as the time allows.
            vec![
                ("BOLERO_RANDOM_TEST_TIME_MS", (args.seconds * 1_000).to_string()),
                ("BOLERO_RANDOM_ITERATIONS", u32::MAX.to_string()),
            ]
        };
        let log = made("logs", "")?.join(format!("{}.log", self.name));
        let start = now();
        let status = Command::new(program)
            .args(["--exact", &self.test, "--nocapture", "--test-threads", "1"])
            .current_dir(root().join("tests"))
            .envs(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .status()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let seconds = start.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let (executions, coverage) =
            if args.coverage { progress(&said) } else { outcome(&said) }.unwrap_or_default();
        let fails = match status.success() {
            true => None,
            false if args.coverage => Some(newest(&failures)?.unwrap_or(failures)),
            false => {
                eprintln!("{said}");
                let mut inputs =
                    said.lines().filter_map(|line| line.split_once("the input that fails is kept in "));
                Some(inputs.next_back().map_or_else(|| program.to_owned(), |(_, input)| input.into()))
            }
        };
        Ok(Played { executions, seconds, coverage, fails })
    }

    /// libFuzzer's options: the corpora it reads and writes, and its limits.
    fn options_of_libfuzzer(&self, seconds: u64, failures: &Path) -> Result<String> {
        // The target itself writes its valid messages into the second folder.
        let mut corpora = vec![made("found", &self.name)?, made("tmp/fuzz-seeds", &self.name)?];
        let kept = root().join(KEPT).join(&self.name).join("corpus");
        corpora.extend(kept.is_dir().then_some(kept));
        let corpora: Vec<String> = corpora.iter().map(|folder| folder.display().to_string()).collect();
        Ok(format!(
            "{} -artifact_prefix={}/ -max_total_time={seconds} -timeout={INPUT_SECONDS_MAX} -max_len={INPUT_BYTES_MAX} \
             -rss_limit_mb={MEMORY_MB_MAX}",
            corpora.join(" "),
            failures.display()
        ))
    }
}

/// Makes the folder of one kind for one target.
fn made(kind: &str, target: &str) -> Result<PathBuf> {
    let folder = root().join(FOLDER).join(kind).join(target);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Parses bolero's last line, as in `run time: 1.2s | iterations/s: 900 | corpus inputs: 3 | rng inputs: 1017 | ...`. Returns the number of
/// all inputs, and of those from the corpus.
fn outcome(text: &str) -> Option<(u64, String)> {
    let line = text.lines().find(|line| line.contains("| iterations/s: "))?;
    let count = |name: &str| {
        let found = line.split(" | ").find_map(|part| part.trim().strip_prefix(name));
        found.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
    };
    let (corpus, chance): (u64, u64) = (count("corpus inputs: "), count("rng inputs: "));
    Some((corpus + chance, format!("{corpus} of its corpus")))
}

/// Parses libFuzzer's last status line, as in `#8192 pulse cov: 1250 ft: 2612 corp: 201/14Kb lim: 80 exec/s: 2048 rss: 71Mb`.
fn progress(text: &str) -> Option<(u64, String)> {
    text.lines().rev().find_map(|line| {
        let (count, rest) = line.strip_prefix('#')?.split_once(|letter: char| letter.is_whitespace())?;
        let mut words = rest.split_whitespace();
        let branches = words.by_ref().skip_while(|word| *word != "cov:").nth(1)?;
        let inputs = words.skip_while(|word| *word != "corp:").nth(1)?.split('/').next()?;
        Some((count.parse().ok()?, format!("{branches} branches, {inputs} inputs")))
    })
}

fn newest(folder: &Path) -> Result<Option<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    Ok(files.into_iter().max().map(|(_, path)| path))
}

#[cfg(test)]
mod tests {
    use super::{outcome, progress};

    #[test]
    fn what_bolero_says_at_the_end_is_understood() {
        let said = "x\ntest words ...\trun time: 400.2ms | iterations/s: 9 | corpus inputs: 3 | rng inputs: 17 | exit reason: max duration\n";
        assert_eq!(outcome(said), Some((20, "3 of its corpus".to_owned())));
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
