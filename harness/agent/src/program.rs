//! A command that is started for each incident of a comparison. It speaks the protocol on its standard streams or over HTTP. Teaches that a
//! program which remembers the last incident has not diagnosed the next one: each incident gets a process of its own.

use std::{
    fs::OpenOptions,
    io,
    net::{Ipv4Addr, TcpListener as StdListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use chassis::{network::Listener, token};
use experiment::{compare::program::Program, sweep::Watch};
use incident::Level;
use parking_lot::Mutex;
use report::compare::ProgramIncident;
use tokio::{net::TcpListener, select, time::interval};
use tokio_util::sync::CancellationToken;
use wait_timeout::ChildExt;
use world::{scenario::Scenario, tape::Tape};

use crate::{
    desk::{Desk, Spent},
    incident::{Outcome, prepared},
    kept::Kept,
    lines::Lines,
    server::Server,
    session::{Ended, Terms},
    web,
};

/// How long a program may think before its next call: a slow model behind a queue takes minutes.
pub const SILENT_MAX: Duration = Duration::from_secs(600);

/// How long a program may take to exit once its incident is over.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);

/// How often a run checks whether it has been told to stop.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

/// Environment variables of a program over HTTP: the address of its incident, and the token that it must present.
pub const URL: &str = "GLYPHFALL_AGENT_URL";
pub const TOKEN: &str = "GLYPHFALL_AGENT_TOKEN";

/// The transport that a program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Its standard input and output.
    Streams,
    /// Streamable HTTP, at a separate address for each incident.
    Http,
}

/// The connection to a program that was started.
enum Way {
    Lines(Lines),
    Door(StdListener, String),
}

/// A command, and the terms on which it responds.
pub struct External {
    pub command: String,
    pub over: Over,
    /// Each incident replaces the level by its own.
    pub terms: Terms,
    /// The file that receives its standard error.
    pub errors: PathBuf,
    pub kept: Kept,
    /// The time spent in all its incidents.
    pub spent: Mutex<Spent>,
}

impl External {
    /// Starts the program. `exec` puts it in the place of the shell, so that killing the child ends the program.
    fn start(&self) -> io::Result<(Child, Way)> {
        let errors = OpenOptions::new().create(true).append(true).open(&self.errors)?;
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec {}", self.command)]);
        if self.over == Over::Http {
            let door = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            door.set_nonblocking(true)?;
            let token = token::make()?;
            shell.env(URL, format!("http://{}{}", door.local_addr()?, web::PATH)).env(TOKEN, &token);
            let child = shell.stdin(Stdio::null()).stdout(errors.try_clone()?).stderr(errors).spawn()?;
            return Ok((child, Way::Door(door, token)));
        }
        let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn()?;
        let streams = child.stdout.take().zip(child.stdin.take());
        let (reads, writes) = streams.expect("both streams are piped");
        Ok((child, Way::Lines(Lines::over(reads, writes)?)))
    }

    fn respond(&self, scenario: &Scenario, seed: u64, level: Level, watch: Watch<'_>) -> io::Result<Outcome> {
        let incident = prepared(scenario, seed, Terms { level, ..self.terms }, SILENT_MAX);
        let desk = incident.desk();
        let (child, way) = self.start()?;
        let child = Mutex::new(child);
        let gone = CancellationToken::new();
        let outcome = thread::scope(|scope| {
            let serving = scope.spawn(|| serve(&desk, way, &child, &gone, watch));
            let outcome = incident.play(watch.stalled);
            let left = leave(&mut child.lock());
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

/// Serves one program until it goes away, or until the comparison is told to stop.
fn serve(
    desk: &Arc<Desk>,
    way: Way,
    child: &Mutex<Child>,
    gone: &CancellationToken,
    watch: Watch<'_>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Over HTTP no connection breaks when a program ends, so its process is polled. Streams are read to their end first.
    let may_leave = matches!(way, Way::Door(..));
    let has_left =
        || may_leave && child.try_lock().is_some_and(|mut child| matches!(child.try_wait(), Ok(Some(_))));
    let stopped = async {
        let mut looks = interval(LOOKS_EVERY);
        while !watch.stop.load(Ordering::Relaxed) && !has_left() {
            looks.tick().await;
        }
    };
    let served = async {
        match way {
            // The result does not matter: the world notices when a program goes away.
            Way::Lines(lines) => drop(lines.serve(Server::new(Arc::clone(desk))).await),
            Way::Door(door, token) => {
                let listener = Listener::from(TcpListener::from_std(door)?);
                web::serve(listener, Arc::clone(desk), token, gone.clone()).await;
            }
        }
        io::Result::Ok(())
    };
    let served = runtime.block_on(async {
        select! {
            served = served => served,
            () = stopped => Ok(()),
            () = gone.cancelled() => Ok(()),
        }
    });
    desk.close();
    served
}

/// Waits for a program to exit by itself, and then kills it.
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
