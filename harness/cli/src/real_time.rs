//! What meets the real world runs here: sockets, signals and the wall clock. Virtual time brings a runtime of its own.

use std::time::Duration;

use crate::{done::Done, stop};

/// How long work that blocks a thread, such as asking for the address of a name, may hold up the end.
const LINGER: Duration = Duration::from_millis(500);

pub(crate) fn in_real_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs this can run threads");
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LINGER);
    done
}

/// The same for what has nothing to put in order: told to stop, it is dropped.
pub(crate) fn unless_told<T: Into<Done>>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Done> {
    in_real_time(async {
        tokio::select! {
            biased;
            done = work => done.map(Into::into),
            () = stop::told() => Ok(Done::BrokenOff),
        }
    })
}
