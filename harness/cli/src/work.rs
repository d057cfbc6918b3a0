//! Work that takes longer than a person waits without a word: many incidents in virtual time, with a bar on a terminal, and an end on
//! Ctrl-C. Teaches that who can stop a program at any time dares to start it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use experiment::sweep::Watch;
use indicatif::{ProgressBar, ProgressStyle};

use crate::CANNOT;

/// The exit code of a program that a second Ctrl-C ends at once, as shells have it.
const INTERRUPTED: i32 = 130;

/// Does it, with a bar of so many steps. The first Ctrl-C stops it after what is under way, the second ends the program.
pub(crate) fn watched<T>(
    steps: usize,
    what: &str,
    work: impl FnOnce(Watch<'_>) -> std::io::Result<T>,
) -> anyhow::Result<T> {
    let stop = stopped_by_interrupt()?;
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}} of {{len}} {what}, {{eta}} to go"))
        .expect("the template names what there is");
    let bar = ProgressBar::new(steps as u64).with_style(style);
    bar.tick();
    let done = || bar.inc(1);
    let outcome = work(Watch { stop: &stop, done: &done, stalled });
    bar.finish_and_clear();
    Ok(outcome?)
}

/// Ends the program: what computes without end in virtual time cannot be ended otherwise.
pub(crate) fn stalled(what: &str) {
    eprintln!("error: virtual time stands still: something computes and never waits, in {what}");
    std::process::exit(CANNOT.into());
}

/// What to do about a file that cannot be written.
pub(crate) fn cannot_write(path: &Path) -> String {
    format!("cannot write {}; choose another folder with --out", path.display())
}

/// A flag that the first Ctrl-C sets.
fn stopped_by_interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let flag = Arc::clone(&stop);
    // Not joined: it ends with the program.
    thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                if flag.swap(true, Ordering::Relaxed) {
                    std::process::exit(INTERRUPTED);
                }
                eprintln!("stopping; once more to end at once");
            }
        });
    })?;
    Ok(stop)
}
