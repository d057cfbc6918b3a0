//! Being told to stop, in one place for all commands. Teaches that who can stop a program at any time dares to start it.
//!
//! Ctrl-C, a request to end and a closed terminal all mean the same: what there is is written and marked as partial, and the exit code
//! is 128 and the signal's number, as shells have it. What runs until it is stopped (`up`, `watch`, `room`, `--follow`) is then done,
//! and ends with 0. A second Ctrl-C ends the program at once. Signals belong to the process, and so does what is known of them here.

use std::{
    fs, io,
    sync::{
        LazyLock, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::output;

/// What shells add to a signal's number.
const SIGNALLED: i32 = 128;

/// Why the program is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The system sent this signal.
    Signal(i32),
    /// Standard output takes no more: nobody would see what is computed further.
    NobodyReads,
}

static REASON: OnceLock<Reason> = OnceLock::new();
static FLAG: AtomicBool = AtomicBool::new(false);
static TOKEN: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);

/// Listens for signals from now on. `waits_for` says what a command does after the first of them, if that can take a while.
pub(crate) fn listen(waits_for: Option<&'static str>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut interrupt, mut terminate, mut hangup) = {
        let _entered = runtime.enter();
        // Who was started with nohup is to survive a closed terminal.
        let hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, hangup)
    };
    let mut next = async move || {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = terminate.recv() => SignalKind::terminate(),
            _ = hung_up => SignalKind::hangup(),
        }
        .as_raw_value()
    };
    // Not joined: it ends with the program.
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        stop(Reason::Signal(runtime.block_on(next())));
        if let Some(waits_for) = waits_for {
            output::error_line(&format!("stopping: {waits_for}; Ctrl-C again ends at once"));
        }
        std::process::exit(SIGNALLED + runtime.block_on(next()));
    })?;
    Ok(())
}

/// Stops the program, as a signal does.
pub(crate) fn stop(reason: Reason) {
    // The first reason is the one that counts.
    let _ = REASON.set(reason);
    FLAG.store(true, Ordering::Relaxed);
    TOKEN.cancel();
}

/// Waits until the program is told to stop.
pub(crate) async fn told() {
    TOKEN.cancelled().await;
}

/// Whether it was told; for work that looks now and then.
pub(crate) fn flag() -> &'static AtomicBool {
    &FLAG
}

/// Whether it was told.
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

/// Whether whoever started the program wants it to ignore that its terminal is closed: the kernel says so.
fn ignores_hangup() -> bool {
    let hangup = 1_u64 << (SignalKind::hangup().as_raw_value() - 1);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|ignored| ignored & hangup != 0)
}
