//! An external program compared with the model responder: how it is started, where its incidents are kept, and where the time went.

use std::{fmt::Write as _, path::Path};

use ::agent::{
    kept::{Belongs, Kept},
    program::{External, Over},
    session::{Charge, Terms},
};
use anyhow::Context;
use diagnosis::checks;
use experiment::compare::program::hashes;
use incident::Level;
use parking_lot::Mutex;
use report::compare::CompareReport;
use world::scenario::Scenario;
use xxhash_rust::xxh3::Xxh3;

use super::CompareArgs;
use crate::{
    output::plain,
    work::{Publisher, cannot_write},
};

/// Size limit for hashing a file named on the command line. The hash shows whether the program has changed.
const PROGRAM_BYTES_MAX: u64 = 64 * 1_024 * 1_024;

/// The program, with the incidents that an earlier, stopped run has kept.
pub(super) fn external(
    args: &CompareArgs,
    command: &str,
    name: &str,
    scenarios: &[Scenario],
) -> anyhow::Result<External> {
    let path = args.report.out.join(format!("{name}.incidents.jsonl"));
    let belongs = Belongs {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        checks: checks::hash(),
        program: hash(command),
        scenarios: hashes(scenarios),
        calls: args.calls.get(),
        minutes: args.minutes.get(),
    };
    let kept = Kept::open(&path, &belongs).with_context(|| cannot_write(&path))?;
    let terms = Terms { level: Level::Dark, calls: args.calls, minutes: args.minutes, charge: Charge::Calls };
    let over = if args.http { Over::Http } else { Over::Streams };
    let errors = args.report.out.join(format!("{name}.stderr"));
    Ok(External { command: command.to_owned(), over, terms, errors, kept, spent: Mutex::default() })
}

/// Hashes a command and the files that it names. A changed program must not inherit the incidents of the earlier one.
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

/// Completes the report's command line and prints where the time went. Removes the kept incidents once a report holds all of them.
pub(super) fn done(
    args: &CompareArgs,
    external: External,
    report: &mut CompareReport,
    publisher: &Publisher<'_>,
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
    publisher.say(&format!(
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
