//! How commands end, by themselves or when told to stop, in one place for all of them. Teaches that people dare to start a program that
//! they can stop at any time.
//!
//! Ctrl-C, SIGTERM and a closed terminal all mean the same: the results so far are written and marked as partial, and the exit code is 128
//! plus the signal's number, as in shells. A command that runs until it is stopped (`up`, `watch`, `room`, `--follow`) is then complete,
//! and ends with 0. Signals belong to the whole process, so the state here is static.

use std::{
    sync::{
        LazyLock, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio_util::sync::CancellationToken;

/// Shells report a signal as exit code 128 plus its number.
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
    // Only the first reason counts.
    let _ = REASON.set(reason);
    FLAG.store(true, Ordering::Relaxed);
    TOKEN.cancel();
}

pub(crate) async fn told() {
    TOKEN.cancelled().await;
}

/// The stop flag, for work that polls.
pub(crate) fn flag() -> &'static AtomicBool {
    &FLAG
}

pub(crate) fn is_told() -> bool {
    FLAG.load(Ordering::Relaxed)
}

/// The exit code of interrupted work; `None` if no signal arrived.
pub(crate) fn exit_code() -> Option<u8> {
    match REASON.get()? {
        Reason::Signal(number) => u8::try_from(SIGNALLED + number).ok(),
        Reason::NobodyReads => None,
    }
}

/// Exit code: a measurement or check fell short.
pub(crate) const FELL_SHORT: u8 = 1;

/// Exit code: a usage or environment error.
pub(crate) const CANNOT: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Well,
    /// The run ended, but its measurement fell short of the expected value.
    FellShort,
    /// The run was stopped before its end; its results so far have been written, marked as partial.
    BrokenOff,
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

/// How long blocking work, such as a DNS lookup, may delay the end of the program.
const LINGER: Duration = Duration::from_millis(500);

/// Runs work that uses the real world: sockets, signals and the wall clock. Virtual time brings its own runtime.
pub(crate) fn in_real_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs this can run threads");
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LINGER);
    done
}

/// Runs work that needs no cleanup: when the program is told to stop, the work is dropped.
pub(crate) fn unless_told<T: Into<Done>>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Done> {
    in_real_time(async {
        tokio::select! {
            biased;
            done = work => done.map(Into::into),
            () = told() => Ok(Done::BrokenOff),
        }
    })
}
