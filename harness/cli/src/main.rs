//! The command line: the only program people call. Teaches the whole tool by its help text.
//!
//! # Layout
//!
//! - [`command`]: what can be asked for, and who does it. Each command is a file with its arguments and its `run`. [`args`], [`ports`]
//!   and [`target`]: arguments that several have. [`done`]: how a command ends.
//! - [`demo`]: the story, told and measured; [`figures`] says what came of it.
//! - [`listeners`]: where evidence comes in and is asked for. [`evidence_command`]: `glyphfall evidence`.
//! - [`up`]: a shop that runs until it is told to stop; [`welcome`] is what it prints, [`injections`] what can be brought about around it,
//!   [`record_keeper`] its record. [`live`]: what live shops have in common. [`naming`]: what the files of a run are called.
//!   [`mod@room`]: one for each of several teams, with a facilitator.
//! - [`watch`]: the same around a shop that runs elsewhere, such as in [`containers`]. [`mod@verify`]: which latent faults are present
//!   in one.
//! - [`agent`]: one incident for a program from outside.
//! - [`play`]: one incident in virtual time; [`train`] teaches who diagnoses it. [`mod@chain`]: what each latent fault contributed to one.
//! - [`mod@compare`]: how much shorter better telemetry makes a diagnosis. [`mod@year`]: a year of incidents for many teams. [`work`]: what is
//!   shown while they compute.
//! - [`mod@debrief`]: an incident record as a page and as Markdown, or as [`log_events`]. [`cases`]: an incident's evidence in files, and
//!   the answers to it. [`characters`]: what special characters break.
//!   [`mod@lint`] finds them before they are published. [`mod@doctor`]: what a machine lacks. [`mod@completions`]: for shells and manuals.
//! - [`inject`]: `inject` and `restore`, or the same for the [`chaos_toolkit`]. [`remedies`]: a shop's remedies and repairs, one by one, through its [`operators`]' ports.
//!   [`scenarios`]: the library.
//! - [`screen`]: how all of that looks on a terminal and in a pipe. [`output`]: the only way out. [`stop`] and [`signals`]: being told to
//!   stop. [`left`]: files that must not outlive the program. [`standard_input`]: one that may be typed. [`real_time`]: the runtime.

mod command;
mod args;
mod ports;
mod target;
mod done;
mod stop;
mod left;
mod signals;
mod real_time;
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
mod live;
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
    done::{CANNOT, Done, FELL_SHORT},
    output::Lost,
};

// Virtual time is bound by small allocations, in which this allocator is twice as fast as the system's.
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

/// Prints clap's help text, or its error.
fn help(told: clap::Error) -> ExitCode {
    let is_help = told.exit_code() == 0;
    output::help(told);
    match output::lost() {
        Some(Lost::Unwritable) => ExitCode::from(CANNOT),
        _ if is_help => ExitCode::SUCCESS,
        _ => ExitCode::from(CANNOT),
    }
}
