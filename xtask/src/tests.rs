//! Runs the test programs, as many at once as there are processors.
//!
//! Cargo runs one test program after the other, and most of the end-to-end ones wait: for a browser, a container, a
//! story minute. Two at a time end a third sooner. Each keeps its own log, printed whole if it fails; a line for each tells how
//! long it took, so that one sees where the time goes.

use std::{
    collections::VecDeque,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use crate::cargo::{Cargo, root};

/// Where each program's log is kept.
const LOGS: &str = "target/test-logs";

/// The longest programs, which start first: one that starts last would run alone at the end.
const FIRST: [&str; 4] = ["scenarios", "studies", "session", "program"];

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
    log: PathBuf,
}

/// Runs all test programs, with `arguments` handed to each, and the documentation's examples.
///
/// # Errors
/// When one does not build or fails; the others run to their end first.
pub(crate) fn run(variables: &[Variable], arguments: &[String]) -> Result<()> {
    let logs = root().join(LOGS);
    fs::create_dir_all(&logs).with_context(|| format!("{} cannot be made", logs.display()))?;
    let mut programs = programs(variables)?;
    programs.sort_by_key(|program| {
        FIRST.iter().position(|name| program.name.ends_with(name)).unwrap_or(FIRST.len())
    });
    let count = programs.len();
    let waiting = Mutex::new(VecDeque::from(programs));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (tell, told) = mpsc::channel();
    let mut outcomes = thread::scope(|scope| {
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
        let mut outcomes = Vec::with_capacity(count);
        for outcome in told {
            let outcome = outcome?;
            let remark = if outcome.passed { "" } else { "  FAILED" };
            eprintln!(
                "{:>3}/{count} {:<48}{:>8.1} s{remark}",
                outcomes.len() + 1,
                outcome.name,
                outcome.took.as_secs_f64()
            );
            if !outcome.passed {
                eprintln!("{}", fs::read_to_string(&outcome.log).unwrap_or_default());
            }
            outcomes.push(outcome);
        }
        anyhow::Ok(outcomes)
    })?;
    outcomes.retain(|outcome| !outcome.passed);
    if !outcomes.is_empty() {
        let names: Vec<&str> = outcomes.iter().map(|outcome| outcome.name.as_str()).collect();
        bail!("{} of {count} test programs failed: {}", names.len(), names.join(", "));
    }
    Cargo::new("test --doc --quiet --release --locked --workspace").variables(variables.to_vec()).run()
}

/// Every test program of the workspace, compiled.
fn programs(variables: &[Variable]) -> Result<Vec<Program>> {
    let list = Cargo::new("test --no-run --quiet --release --locked --workspace --message-format=json");
    let said = list.variables(variables.to_vec()).output()?;
    let mut programs = Vec::new();
    for message in Message::parse_stream(said.as_slice()) {
        let Message::CompilerArtifact(artifact) = message.context("cargo says what it compiled")? else {
            continue;
        };
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
        let status = Command::new(&self.executable)
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            // Tests build the programs that they start, in the same way.
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .status()
            .with_context(|| format!("{} cannot be started", self.executable.display()))?;
        Ok(Outcome { name: self.name, passed: status.success(), took: start.elapsed(), log })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "test programs are other processes: they take time on the wall clock"
)]
fn now() -> Instant {
    Instant::now()
}
