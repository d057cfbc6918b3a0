//! Signals of the system, as reasons to [`stop`]. A second one ends the program at once, whatever it is doing; what must not outlive it
//! is taken away even then.

use std::{fs, io, thread};

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    left, output,
    stop::{Reason, SIGNALLED, stop},
};

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
        let second = runtime.block_on(next());
        left::remove_all();
        std::process::exit(SIGNALLED + second);
    })?;
    Ok(())
}

/// Whether the program was started with SIGHUP ignored, as by `nohup`; the kernel says so.
fn ignores_hangup() -> bool {
    let hangup = 1_u64 << (SignalKind::hangup().as_raw_value() - 1);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|ignored| ignored & hangup != 0)
}
