//! The command line: the only program people call. Teaches the whole tool by its help text.
//!
//! # Layout
//!
//! - [`options`]: what can be asked for. [`target`]: a running shop, and the tokens for it.
//! - [`demo`]: the story, told and measured; [`figures`] says what came of it.
//! - [`doors`]: where evidence comes in and is asked for. [`evidence_command`]: `glyphfall evidence`.
//! - [`up`]: a shop that runs until it is told to stop; [`welcome`] is what it prints, [`around`] what can be brought about around it,
//!   [`keeping`] its record. [`naming`]: what the files of a run are called.
//!   [`mod@room`]: one for each of several teams, with a facilitator.
//! - [`watch`]: the same around a shop that runs elsewhere, such as in [`containers`]. [`mod@verify`]: which latent faults are present
//!   in one.
//! - [`play`]: one incident in virtual time; [`train`] teaches who diagnoses it. [`mod@chain`]: what each latent fault contributed to one.
//! - [`mod@compare`]: how much shorter better telemetry makes a diagnosis. [`work`]: what is shown while they compute.
//! - [`mod@debrief`]: an incident record as a page and as Markdown. [`characters`]: what special characters break.
//! - [`remote`]: `inject` and `restore`. [`hand`]: a shop's remedies and repairs, one by one, through its [`operators`]' ports.
//!   [`scenarios`]: the library.
//! - [`screen`]: how all of that looks on a terminal and in a pipe. [`output`]: the only way out. [`stop`]: being told to stop.

mod options;
mod target;
mod stop;
mod output;
mod screen;
mod demo;
mod figures;
mod doors;
mod evidence_command;
mod up;
mod welcome;
mod around;
mod keeping;
mod naming;
mod room;
mod watch;
mod containers;
mod verify;
mod play;
mod train;
mod chain;
mod compare;
mod work;
mod debrief;
mod characters;
mod operators;
mod hand;
mod remote;
mod scenarios;

use std::{process::ExitCode, time::Duration};

use chassis::Environment;

use crate::{
    options::{Command, Options},
    output::Lost,
};

/// The exit code of a run whose measure fell short.
const FELL_SHORT: u8 = 1;

/// The exit code of a usage or environment error.
const CANNOT: u8 = 2;

/// How long work that blocks a thread, such as asking for the address of a name, may hold up the end.
const LINGER: Duration = Duration::from_millis(500);

// Virtual time is bound by small allocations, in which this allocator is twice as fast as the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a command came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// As it should.
    Well,
    /// What it measured or checked fell short.
    FellShort,
    /// It was told to stop before its end; what there is has been written, marked as partial.
    BrokenOff,
}

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let options: Options = match environment.try_parse_from(std::env::args_os()) {
        Ok(options) => options,
        Err(told) => return help(told),
    };
    let command = options.command.unwrap_or(Command::Demo(options.demo));
    let done = stop::listen(command.waits_for())
        .map_err(anyhow::Error::from)
        .and_then(|()| run(command, &environment));
    if let Err(error) = &done {
        output::error(error);
    }
    let broken_off = matches!(done, Ok(Done::BrokenOff));
    if broken_off && output::lost().is_none() {
        output::error_line("broken off before the end");
    }
    match (output::lost(), done) {
        (Some(Lost::Unwritable), _) | (_, Err(_)) => ExitCode::from(CANNOT),
        (Some(Lost::NobodyReads), Ok(Done::BrokenOff)) | (_, Ok(Done::Well)) => ExitCode::SUCCESS,
        (_, Ok(Done::FellShort)) => ExitCode::from(FELL_SHORT),
        (None, Ok(Done::BrokenOff)) => ExitCode::from(stop::exit_code().unwrap_or(CANNOT)),
    }
}

fn run(command: Command, environment: &Environment) -> anyhow::Result<Done> {
    match command {
        Command::Demo(demo) => demo::run(&demo, environment),
        Command::Up(up) => in_real_time(up::run(up, environment)).map(Done::from),
        Command::Room(args) => in_real_time(room::run(args)).map(Done::from),
        Command::Play(play) => play::run(&play),
        Command::Scenarios(query) => scenarios::run(&query).map(Done::from),
        Command::Train(train) => train::run(&train),
        Command::Chain(chain) => chain::run(&chain),
        Command::Compare(args) => compare::run(&args),
        Command::Debrief(args) => debrief::run(&args).map(Done::from),
        Command::Characters(query) => characters::run(&query),
        Command::Evidence(query) => in_real_time(evidence_command::run(query)),
        Command::Inject(inject) => unless_told(remote::inject(inject)),
        Command::Restore(restore) => unless_told(remote::restore(&restore)),
        Command::Restart(restart) => unless_told(hand::restart(restart)),
        Command::RollBack(roll_back) => unless_told(hand::roll_back(roll_back)),
        Command::Repair(repair) => unless_told(hand::repair(repair)),
        Command::Level(level) => unless_told(hand::level(level)),
        Command::Watch(watch) => in_real_time(watch::run(watch)).map(Done::from),
        Command::Verify(verify) => in_real_time(verify::run(verify)),
        Command::Tokens(tokens) => containers::tokens(&tokens, environment).map(Done::from),
        Command::Healthcheck(check) => unless_told(containers::healthcheck(&check)),
    }
}

/// A help text, or what is wrong with what was asked for.
fn help(told: clap::Error) -> ExitCode {
    let is_help = told.exit_code() == 0;
    output::help(told);
    match output::lost() {
        Some(Lost::Unwritable) => ExitCode::from(CANNOT),
        _ if is_help => ExitCode::SUCCESS,
        _ => ExitCode::from(CANNOT),
    }
}

/// Runs what meets the real world: sockets, signals and the wall clock. Virtual time brings a runtime of its own.
pub(crate) fn in_real_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs this can run threads");
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LINGER);
    done
}

/// The same for what has nothing to put in order: told to stop, it is dropped.
fn unless_told<T: Into<Done>>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<Done> {
    in_real_time(async {
        tokio::select! {
            biased;
            done = work => done.map(Into::into),
            () = stop::told() => Ok(Done::BrokenOff),
        }
    })
}

impl From<()> for Done {
    fn from((): ()) -> Self {
        Self::Well
    }
}

impl From<bool> for Done {
    fn from(is_well: bool) -> Self {
        if is_well { Self::Well } else { Self::FellShort }
    }
}
