//! A command that is started for each incident of a comparison and speaks the protocol on its standard streams. Teaches that a program which
//! remembers the incident before has not diagnosed the next one: each gets a process of its own.

use std::{
    fs::OpenOptions,
    io,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use experiment::{compare::program::Program, sweep::Watch};
use incident::Level;
use parking_lot::Mutex;
use report::compare::ProgramIncident;
use tokio::{select, time::interval};
use tokio_util::sync::CancellationToken;
use wait_timeout::ChildExt;
use world::{scenario::Scenario, tape::Tape};

use crate::{
    desk::{Desk, Spent},
    incident::{Outcome, prepared},
    kept::Kept,
    lines::Lines,
    server::Server,
    session::{Charge, Ended, Terms},
};

/// How long a program may think before its next call: a slow model behind a queue takes minutes.
pub const SILENT_MAX: Duration = Duration::from_secs(600);

/// How long a program may take to end once its incident is over.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);

/// How often a run looks whether it has been told to stop.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

/// A command, and the terms on which it responds.
pub struct External {
    pub command: String,
    pub terms: Terms,
    /// Where its standard error goes.
    pub errors: PathBuf,
    pub kept: Kept,
    /// Where the time went, of all its incidents.
    pub spent: Mutex<Spent>,
}

impl External {
    /// The usual terms with these budgets; the level is each incident's own.
    pub fn new(command: String, terms: Terms, errors: PathBuf, kept: Kept) -> Self {
        let terms = Terms { charge: Charge::Calls, ..terms };
        Self { command, terms, errors, kept, spent: Mutex::default() }
    }

    /// Starts the program. The shell is replaced by it, so that ending the one ends the other.
    fn start(&self) -> io::Result<Child> {
        let errors = OpenOptions::new().create(true).append(true).open(&self.errors)?;
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec {}", self.command)]);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn()
    }

    fn respond(&self, scenario: &Scenario, seed: u64, level: Level, watch: Watch<'_>) -> io::Result<Outcome> {
        let incident = prepared(scenario, seed, Terms { level, ..self.terms }, SILENT_MAX);
        let desk = incident.desk();
        let mut child = self.start()?;
        let streams = child.stdout.take().zip(child.stdin.take());
        let (reads, writes) = streams.expect("both streams are piped");
        let lines = Lines::over(reads, writes)?;
        let gone = CancellationToken::new();
        let outcome = thread::scope(|scope| {
            let serving = scope.spawn(|| serve(&desk, lines, &gone, watch));
            let outcome = incident.play(watch.stalled);
            let left = leave(&mut child);
            gone.cancel();
            serving.join().map_err(|_| io::Error::other("the protocol's thread failed"))??;
            left?;
            outcome
        })?;
        let (spent, all) = (desk.spent(), &mut *self.spent.lock());
        all.program += spent.program;
        all.world += spent.world;
        Ok(outcome)
    }
}

/// Serves one program until it goes away, or the comparison is told to stop.
fn serve(desk: &Arc<Desk>, lines: Lines, gone: &CancellationToken, watch: Watch<'_>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stopped = async {
        let mut looks = interval(LOOKS_EVERY);
        while !watch.stop.load(Ordering::Relaxed) {
            looks.tick().await;
        }
    };
    runtime.block_on(async {
        select! {
            // Who goes away without a word is found out by the world.
            _ = lines.serve(Server::new(Arc::clone(desk))) => {}
            () = stopped => {}
            () = gone.cancelled() => {}
        }
    });
    desk.close();
    Ok(())
}

/// Lets a program end by itself, or ends it.
fn leave(child: &mut Child) -> io::Result<()> {
    if child.wait_timeout(LEAVES_WITHIN)?.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

impl Program for External {
    fn command(&self) -> &str {
        &self.command
    }

    fn budgets(&self) -> [u32; 2] {
        [self.terms.calls.get(), self.terms.minutes.get()]
    }

    fn diagnose(
        &self,
        scenario: &Scenario,
        tape: &Tape,
        level: Level,
        watch: Watch<'_>,
    ) -> io::Result<Option<ProgramIncident>> {
        if let Some(done) = self.kept.get(&scenario.name, tape.seed, level) {
            return Ok(Some(done));
        }
        let outcome = self.respond(scenario, tape.seed, level, watch)?;
        if watch.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if outcome.told.calls == 0 && outcome.told.ended == Some(Ended::Vanished) {
            let errors = self.errors.display();
            return Err(io::Error::other(format!(
                "the responder '{}' ended without a single call; what it wrote is in {errors}",
                self.command
            )));
        }
        let told = outcome.told();
        told.iter().try_for_each(|told| self.kept.keep(told))?;
        Ok(told)
    }
}
