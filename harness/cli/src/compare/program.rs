//! A program from outside beside the model responder: what it is started with, where its incidents are kept, and where the time went.

use std::{fmt::Write as _, path::Path};

use ::agent::{
    kept::{Belongs, Kept},
    program::{External, Over},
    session::{Charge, Terms},
};
use anyhow::Context;
use diagnosis::checks;
use incident::Level;
use report::compare::CompareReport;
use xxhash_rust::xxh3::Xxh3;

use super::CompareArgs;
use crate::{output::plain, screen::Screen, work::cannot_write};

/// The largest file named by a command that is read to tell whether it has changed.
const PROGRAM_BYTES_MAX: u64 = 64 * 1_024 * 1_024;

/// The program, with what it did in a run that was stopped.
pub(super) fn external(args: &CompareArgs, command: &str, name: &str) -> anyhow::Result<External> {
    let path = args.out.join(format!("{name}.incidents.jsonl"));
    let belongs = Belongs {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        checks: checks::hash(),
        program: hash(command),
        calls: args.calls.get(),
        minutes: args.minutes.get(),
    };
    let kept = Kept::open(&path, &belongs).with_context(|| cannot_write(&path))?;
    let terms = Terms { level: Level::Dark, calls: args.calls, minutes: args.minutes, charge: Charge::Calls };
    let over = if args.http { Over::Http } else { Over::Streams };
    Ok(External::new(command.to_owned(), over, terms, args.out.join(format!("{name}.stderr")), kept))
}

/// A hash of a command, and of the files that it names: another program has done nothing yet.
fn hash(command: &str) -> String {
    let mut hash = Xxh3::new();
    hash.update(command.as_bytes());
    for word in command.split_whitespace() {
        let word = word.trim_matches(['\'', '"']);
        let is_small =
            Path::new(word).metadata().is_ok_and(|file| file.is_file() && file.len() <= PROGRAM_BYTES_MAX);
        if let Some(bytes) = is_small.then(|| std::fs::read(word).ok()).flatten() {
            hash.update(&bytes);
        }
    }
    format!("{:016x}", hash.digest())
}

/// Says how to repeat it and where the time went. What was kept is removed once a report has all of it.
pub(super) fn done(
    args: &CompareArgs,
    external: External,
    report: &mut CompareReport,
    screen: &Screen,
) -> anyhow::Result<()> {
    let quoted = external.command.replace('\'', "'\\''");
    let _ = write!(report.command, " --responder '{quoted}'");
    if args.http {
        report.command.push_str(" --http");
    }
    let usual = (::agent::session::CALLS, ::agent::session::MINUTES);
    if (args.calls, args.minutes) != usual {
        let _ = write!(report.command, " --calls {} --minutes {}", args.calls, args.minutes);
    }
    let spent = *external.spent.lock();
    screen.say(&format!(
        "\nThe program '{}': {:.1} s of its own between calls, {:.1} s in the shop, of all its incidents in this run together",
        plain(&external.command),
        spent.program.as_secs_f64(),
        spent.world.as_secs_f64()
    ));
    if report.complete {
        external.kept.remove()?;
    }
    Ok(())
}
