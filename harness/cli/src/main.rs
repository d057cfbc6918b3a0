//! The command line: the only program people call. Teaches the whole tool by its help text.
//!
//! # Layout
//!
//! - [`options`]: what can be asked for. [`target`]: a running shop, and the tokens for it.
//! - [`demo`]: the story, told and measured; [`figures`] says what came of it.
//! - [`doors`]: where evidence comes in and is asked for. [`evidence_command`]: `glyphfall evidence`.
//! - [`up`]: a shop that runs until it is told to stop. [`mod@room`]: one for each of several teams, with a facilitator.
//! - [`watch`]: the same around a shop that runs elsewhere, such as in [`containers`]. [`mod@verify`]: which latent faults are present
//!   in one.
//! - [`play`]: one incident in virtual time; [`train`] teaches who diagnoses it. [`mod@chain`]: what each latent fault contributed to one.
//! - [`mod@compare`]: how much shorter better telemetry makes a diagnosis. [`work`]: what both show while they compute.
//! - [`mod@debrief`]: an incident record as a page and as Markdown. [`characters`]: what special characters break.
//! - [`remote`]: `inject` and `restore`. [`scenarios`]: the library.
//! - [`screen`]: how all of that looks on a terminal and in a pipe.

mod options;
mod target;
mod screen;
mod demo;
mod figures;
mod doors;
mod evidence_command;
mod up;
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
mod remote;
mod scenarios;

use std::process::ExitCode;

use chassis::Environment;

use crate::options::{Command, Options};

/// The exit code of a run whose measure fell short.
const FELL_SHORT: u8 = 1;

/// The exit code of a usage or environment error.
const CANNOT: u8 = 2;

// Virtual time is bound by small allocations, in which this allocator is twice as fast as the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let options: Options = environment.parse();
    let done = match options.command.unwrap_or(Command::Demo(options.demo)) {
        Command::Demo(demo) => demo::run(&demo, &environment),
        Command::Up(up) => in_real_time(up::run(up, &environment)),
        Command::Room(args) => in_real_time(room::run(args)).map(|()| true),
        Command::Play(play) => play::run(&play).map(|()| true),
        Command::Scenarios(query) => scenarios::run(&query).map(|()| true),
        Command::Train(train) => train::run(&train).map(|()| true),
        Command::Chain(chain) => chain::run(&chain).map(|()| true),
        Command::Compare(args) => compare::run(&args).map(|()| true),
        Command::Debrief(args) => debrief::run(&args).map(|()| true),
        Command::Characters(query) => in_real_time(characters::run(query)).map(|()| true),
        Command::Evidence(query) => in_real_time(evidence_command::run(query)).map(|()| true),
        Command::Inject(inject) => in_real_time(remote::inject(inject)).map(|()| true),
        Command::Restore(restore) => in_real_time(remote::restore(&restore)).map(|()| true),
        Command::Watch(watch) => in_real_time(watch::run(watch)).map(|()| true),
        Command::Verify(verify) => in_real_time(verify::run(verify)),
        Command::Tokens(tokens) => containers::tokens(&tokens, &environment).map(|()| true),
        Command::Healthcheck(check) => in_real_time(containers::healthcheck(&check)),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FELL_SHORT),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(CANNOT)
        }
    }
}

/// Runs what meets the real world: sockets, signals and the wall clock. Virtual time brings a runtime of its own.
pub(crate) fn in_real_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs this can run threads");
    runtime.block_on(work)
}
