//! The command line: the only program people call. Teaches the whole tool by its help text.
//!
//! # Layout
//!
//! - [`options`]: what can be asked for. [`target`]: a running shop, and the tokens for it.
//! - [`demo`]: the story, told and measured; [`figures`] says what came of it.
//! - [`doors`]: where evidence comes in and is asked for. [`evidence_command`]: `glyphfall evidence`.
//! - [`up`]: a shop that runs until it is told to stop.
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
mod remote;
mod scenarios;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Command, Options};

/// The exit code of a run whose measure fell short.
const FELL_SHORT: u8 = 1;

/// The exit code of a usage or environment error.
const CANNOT: u8 = 2;

fn main() -> ExitCode {
    chassis::run::raise_descriptor_limit();
    let options = Options::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs this can run threads");
    let done = runtime.block_on(async {
        match options.command.unwrap_or(Command::Demo(options.demo)) {
            Command::Demo(demo) => demo::run(demo).await,
            Command::Up(up) => up::run(up).await,
            Command::Scenarios(query) => scenarios::run(&query).map(|()| true),
            Command::Evidence(query) => evidence_command::run(query).await.map(|()| true),
            Command::Inject(inject) => remote::inject(inject).await.map(|()| true),
            Command::Restore(restore) => remote::restore(&restore).await.map(|()| true),
        }
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FELL_SHORT),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(CANNOT)
        }
    }
}
