//! The command line: the only program that people call. Teaches the whole tool through its help text.
//!
//! # Layout
//!
//! - [`command`]: the commands and their dispatch. Each command is a file with its arguments and its `run`. [`args`], [`ports`] and
//!   [`target`]: arguments that several commands share.
//! - [`demo`]: the story, played and measured; [`figures`]: its figures.
//! - [`listeners`]: the ports that receive evidence and answer queries. [`evidence_command`]: `glyphfall evidence`.
//! - [`up`]: a shop that runs until it is stopped; [`welcome`]: its first screen, [`injections`]: changes to its surroundings,
//!   [`record_keeper`]: its record. [`naming`]: names of a run's files. [`mod@room`]: a shop for each of several teams, with a facilitator.
//! - [`watch`]: customers, evidence and record for a shop that runs elsewhere, such as in [`containers`]. [`mod@verify`]: which latent
//!   faults a shop has.
//! - [`agent`]: one incident for an external program.
//! - [`play`]: one incident in virtual time; [`train`]: trains the model responder. [`mod@chain`]: each latent fault's contribution to the
//!   loss.
//! - [`mod@compare`]: how much better telemetry shortens a diagnosis. [`mod@year`]: a year of incidents for many teams. [`work`]: the
//!   progress of long computations.
//! - [`mod@debrief`]: an incident record as a page and as Markdown, or as [`log_events`]. [`cases`]: an incident's evidence in files, and
//!   scores for answers. [`characters`]: what special characters break; [`mod@lint`] finds them before they are published. [`mod@doctor`]:
//!   what a machine lacks. [`mod@completions`]: for shells and manuals.
//! - [`inject`]: `inject` and `restore`, also as an experiment of the [`chaos_toolkit`]. [`remedies`]: single remedies and repairs, through
//!   the shop's operator ports ([`operators`]). [`scenarios`]: the library.
//! - [`screen`]: the layout on a terminal and in a pipe. [`output`]: every write to the terminal. [`stop`] and [`signals`]: how commands
//!   end, by themselves or when stopped. [`standard_input`]: a file that may be standard input.

mod command;
mod args;
mod ports;
mod target;
mod stop;
mod signals;
mod output;
mod screen;
mod demo;
mod figures;
mod listeners;
mod evidence_command;
mod up;
mod welcome;
mod injections;
mod record_keeper;
mod naming;
mod room;
mod watch;
mod containers;
mod verify;
mod agent;
mod play;
mod train;
mod chain;
mod compare;
mod year;
mod work;
mod debrief;
mod log_events;
mod cases;
mod characters;
mod doctor;
mod completions;
mod standard_input;
mod lint;
mod operators;
mod remedies;
mod chaos_toolkit;
mod inject;
mod scenarios;

use std::process::ExitCode;

use chassis::Environment;

use crate::{
    command::{Command, Options},
    output::Lost,
    stop::{CANNOT, Done, FELL_SHORT},
};

// Small allocations dominate virtual time, and this allocator makes them twice as fast as the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let options: Options = match environment.try_parse_from(std::env::args_os()) {
        Ok(options) => options,
        Err(told) => return help(told),
    };
    let command = options.command.unwrap_or(Command::Demo(options.demo));
    let done = signals::listen(command.waits_for())
        .map_err(anyhow::Error::from)
        .and_then(|()| command::run(command, &environment));
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

/// Prints clap's help text or its error, and returns the exit code.
fn help(told: clap::Error) -> ExitCode {
    let is_help = told.exit_code() == 0;
    output::help(told);
    match output::lost() {
        Some(Lost::Unwritable) => ExitCode::from(CANNOT),
        _ if is_help => ExitCode::SUCCESS,
        _ => ExitCode::from(CANNOT),
    }
}
