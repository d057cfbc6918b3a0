//! Runs the test programs, several at once.
//!
//! Cargo runs one test program after the other, and most end-to-end programs wait: for a browser, a container, a story minute. Running one
//! more program than there are processors keeps the processors busy. Each program has its own log, which is printed in full if it fails.
//! Its result and time are printed in the format of `cargo test`, for tools that parse test results. A list of the slowest tests at the end
//! shows where the time goes.

use std::{
    collections::VecDeque,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use wait_timeout::ChildExt;

use crate::cargo::{Cargo, now, root};

/// The folder of the programs' logs.
const LOGS: &str = "target/test-logs";

/// The longest programs, which start first: started last, they would run alone at the end.
const FIRST: [&str; 4] = ["scenarios", "studies", "session", "program"];

/// Timeout of one program. The longest takes four minutes on an idle machine with two cores.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// Makes the test harness print each test's duration. The stable toolchain's harness accepts this option only if the variable is set.
/// Builds that a test starts must not see the variable.
const TIMED: [&str; 3] = ["-Z", "unstable-options", "--report-time"];
const OPENS_TIMED: &str = "RUSTC_BOOTSTRAP";

/// How many of the slowest tests are printed.
const SLOWEST: usize = 30;

/// An environment variable and its value.
type Variable = (&'static str, &'static str);

/// One compiled test program.
struct Program {
    name: String,
    executable: PathBuf,
    /// Cargo starts a test in its package's folder.
    folder: PathBuf,
}

struct Outcome {
    name: String,
    passed: bool,
    took: Duration,
    log: String,
}

/// How many tests passed, failed, were ignored.
#[derive(Clone, Copy, Default)]
struct Count {
    passed: u32,
    failed: u32,
    ignored: u32,
}

/// Runs all test programs, with `arguments` handed to each.
#[expect(clippy::print_stdout, reason = "test results are what this command is for")]
pub(crate) fn run(variables: &[Variable], arguments: &[String]) -> Result<()> {
    let logs = root().join(LOGS);
    fs::create_dir_all(&logs).with_context(|| format!("{} cannot be made", logs.display()))?;
    let mut programs = programs(variables)?;
    programs.sort_by_key(|program| {
        FIRST.iter().position(|name| program.name.ends_with(name)).unwrap_or(FIRST.len())
    });
    let start = now();
    let number = programs.len();
    let waiting = Mutex::new(VecDeque::from(programs));
    let workers = 1 + thread::available_parallelism().map_or(1, usize::from);
    let (tell, told) = mpsc::channel();
    let (mut count, mut failed, mut slow) = (Count::default(), Vec::new(), Vec::new());
    thread::scope(|scope| {
        for _ in 0..workers {
            let (waiting, tell, logs) = (&waiting, tell.clone(), &logs);
            scope.spawn(move || {
                let next = || waiting.lock().expect("no worker panics with the lock").pop_front();
                while let Some(program) = next() {
                    if tell.send(program.run(variables, arguments, logs)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        for (place, outcome) in told.iter().enumerate() {
            let outcome = outcome?;
            println!("\n     Running {:>3}/{number} {}", place + 1, outcome.name);
            let own = Count::of(&outcome.log);
            slow.extend(timed(&outcome.name, &outcome.log));
            if outcome.passed {
                println!("{}", own.after(outcome.took));
            } else {
                println!("{}", outcome.log);
                failed.push(outcome.name);
            }
            count.add(own);
        }
        anyhow::Ok(())
    })?;
    slow.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let all_s: f64 = slow.iter().map(|(seconds, _)| seconds).sum();
    println!("\n     The slowest of {} tests, which took {all_s:.0} s one after the other", slow.len());
    for (seconds, name) in slow.iter().take(SLOWEST) {
        println!("{seconds:>9.1} s  {name}");
    }
    println!("\n     All {number} test programs\n{}\n", count.after(start.elapsed()));
    if !failed.is_empty() {
        bail!("{} of {number} test programs failed: {}", failed.len(), failed.join(", "));
    }
    if count.passed == 0 {
        bail!("no test ran: does a filter name one?");
    }
    Ok(())
}

/// Every test program of the workspace, compiled.
fn programs(variables: &[Variable]) -> Result<Vec<Program>> {
    let list =
        Cargo::new("test --no-run --quiet --release --locked --workspace --tests --message-format=json");
    let mut programs = Vec::new();
    for artifact in list.variables(variables.to_vec()).compiled()? {
        let Some(executable) = artifact.executable.filter(|_| artifact.profile.test) else { continue };
        let folder = artifact.manifest_path.parent().context("a package lies in a folder")?;
        let package = folder.file_name().context("a package's folder has a name")?;
        programs.push(Program {
            name: format!("{package}/{}", artifact.target.name),
            executable: executable.into(),
            folder: folder.into(),
        });
    }
    Ok(programs)
}

impl Program {
    fn run(self, variables: &[Variable], arguments: &[String], logs: &Path) -> Result<Outcome> {
        let log = logs.join(format!("{}.log", self.name.replace('/', "-")));
        let output = File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let start = now();
        let mut process = Command::new(&self.executable)
            .args(arguments)
            .args(TIMED)
            .current_dir(&self.folder)
            .env(OPENS_TIMED, "1")
            .env("CARGO_MANIFEST_DIR", &self.folder)
            // Tests also build the programs that they start; they need the same variables.
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.executable.display()))?;
        let ended = process.wait_timeout(LONGEST)?;
        if ended.is_none() {
            process.kill()?;
            process.wait()?;
        }
        let said = fs::read(&log).with_context(|| format!("{} cannot be read", log.display()))?;
        let mut said = String::from_utf8_lossy(&said).into_owned();
        if ended.is_none() {
            let minutes = LONGEST.as_secs() / 60;
            said = format!("{said}stopped: it had not ended after {minutes} minutes\n");
        }
        let passed = ended.is_some_and(|status| status.success());
        Ok(Outcome { name: self.name, passed, took: start.elapsed(), log: said })
    }
}

/// The duration of each test in seconds, from lines like `test fills::a_fill_ends ... ok <1.234s>`.
fn timed<'a>(program: &'a str, log: &'a str) -> impl Iterator<Item = (f64, String)> + 'a {
    log.lines().filter_map(move |line| {
        let (test, took) = line.strip_prefix("test ")?.strip_suffix("s>")?.split_once(" ... ")?;
        let (_, seconds) = took.rsplit_once('<')?;
        Some((seconds.parse().ok()?, format!("{program} {test}")))
    })
}

impl Count {
    /// Parses a test program's result lines: `test result: ok. 3 passed; 0 failed; 0 ignored; ...`.
    fn of(log: &str) -> Self {
        let mut count = Self::default();
        for line in log.lines().filter_map(|line| line.strip_prefix("test result: ")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            for pair in words.windows(2) {
                let Ok(number) = pair[0].parse::<u32>() else { continue };
                match pair[1] {
                    "passed;" => count.passed += number,
                    "failed;" => count.failed += number,
                    "ignored;" => count.ignored += number,
                    _ => {}
                }
            }
        }
        count
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// The result line of a test program.
    fn after(self, took: Duration) -> String {
        let Self { passed, failed, ignored } = self;
        let result = if failed == 0 { "ok" } else { "FAILED" };
        let seconds = took.as_secs_f64();
        format!(
            "test result: {result}. {passed} passed; {failed} failed; {ignored} ignored; finished in {seconds:.1}s"
        )
    }
}
