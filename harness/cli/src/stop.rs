//! Being told to stop, in one place for all commands. Teaches that people dare to start a program that they can stop at any time.
//!
//! Ctrl-C, a request to end and a closed terminal all mean the same: what there is is written and marked as partial, and the exit code
//! is 128 and the signal's number, as shells have it. What runs until it is stopped (`up`, `watch`, `room`, `--follow`) is then done,
//! and ends with 0. Signals belong to the process, and so does what is known of them here.

use std::sync::{
    LazyLock, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use tokio_util::sync::CancellationToken;

/// What shells add to a signal's number.
pub(crate) const SIGNALLED: i32 = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Signal(i32),
    /// Standard output is closed: nobody would see further results.
    NobodyReads,
}

static REASON: OnceLock<Reason> = OnceLock::new();
static FLAG: AtomicBool = AtomicBool::new(false);
static TOKEN: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);

pub(crate) fn stop(reason: Reason) {
    // The first reason is the one that counts.
    let _ = REASON.set(reason);
    FLAG.store(true, Ordering::Relaxed);
    TOKEN.cancel();
}

pub(crate) async fn told() {
    TOKEN.cancelled().await;
}

/// Set once the program has to stop; for work that polls.
pub(crate) fn flag() -> &'static AtomicBool {
    &FLAG
}

pub(crate) fn is_told() -> bool {
    FLAG.load(Ordering::Relaxed)
}

/// The exit code of work that was broken off; none if nobody sent a signal.
pub(crate) fn exit_code() -> Option<u8> {
    match REASON.get()? {
        Reason::Signal(number) => u8::try_from(SIGNALLED + number).ok(),
        Reason::NobodyReads => None,
    }
}
