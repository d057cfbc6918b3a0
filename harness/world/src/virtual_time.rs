//! Hours in seconds: a runtime whose clock advances when nothing is left to compute. Teaches the risk of that: a task that never
//! waits stops time, and only an outside watchdog notices.

use std::{
    future::Future,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use tokio::{runtime, select, time::interval};

/// How long virtual time may stand still while the machine computes, in real time. The busiest virtual second takes milliseconds.
pub const STALLED_AFTER: Duration = Duration::from_secs(60);

/// How often the watchdog looks.
const LOOKS_EVERY: Duration = Duration::from_millis(250);

/// Whether virtual time stands still on purpose, because the run waits for an outside party.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// Waits for an outside party. This blocks the thread, and with it all of virtual time.
    pub fn during<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.0.store(true, Ordering::Relaxed);
        let came = wait();
        self.0.store(false, Ordering::Relaxed);
        came
    }
}

/// Runs `work` on the current thread in virtual time, and returns its result. If virtual time stands still for `stalled_after`
/// ([`STALLED_AFTER`] suits most work), another thread calls `on_stall`, once: only the end of the process stops a computation that
/// never waits. Fails when the machine has no thread left.
pub fn run<T>(
    work: impl Future<Output = T>,
    stalled_after: Duration,
    on_stall: impl FnOnce() + Send + 'static,
) -> io::Result<T> {
    run_waiting(work, stalled_after, on_stall, &Waiting::default())
}

/// Like [`run`], for work that waits for an outside party: time may stand still during that wait.
pub fn run_waiting<T>(
    work: impl Future<Output = T>,
    stalled_after: Duration,
    on_stall: impl FnOnce() + Send + 'static,
    waiting: &Waiting,
) -> io::Result<T> {
    let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let (advances, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let watchdog = {
        let (advances, ended, waiting) = (Arc::clone(&advances), Arc::clone(&ended), waiting.clone());
        thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watch(&advances, &ended, &waiting, stalled_after, on_stall))?
    };
    // Also if `work` panics: nobody may then be told of a stall that never was.
    let _ends = Ends { ended, watchdog: watchdog.thread().clone() };
    let ticks = async {
        let mut seconds = interval(Duration::from_secs(1));
        loop {
            seconds.tick().await;
            advances.fetch_add(1, Ordering::Relaxed);
        }
    };
    let done = runtime.block_on(async {
        select! {
            biased;
            done = work => done,
            () = ticks => unreachable!("the ticks never end"),
        }
    });
    Ok(done)
}

/// Ends the watch when it is dropped.
struct Ends {
    ended: Arc<AtomicBool>,
    watchdog: Thread,
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        self.watchdog.unpark();
    }
}

fn watch(
    advances: &AtomicU64,
    ended: &AtomicBool,
    waiting: &Waiting,
    stalled_after: Duration,
    on_stall: impl FnOnce(),
) {
    let (mut seen, mut still_for) = (0, Duration::ZERO);
    loop {
        thread::park_timeout(LOOKS_EVERY);
        if ended.load(Ordering::Relaxed) {
            return;
        }
        let now = advances.load(Ordering::Relaxed);
        let stands = now == seen && !waiting.0.load(Ordering::Relaxed);
        still_for = if stands { still_for + LOOKS_EVERY } else { Duration::ZERO };
        seen = now;
        if still_for >= stalled_after {
            return on_stall();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{task::yield_now, time::sleep};

    #[test]
    fn hours_pass_at_once() {
        let five_hours = async { sleep(Duration::from_secs(5 * 3_600)).await };
        run(five_hours, STALLED_AFTER, || panic!("time stood still")).unwrap();
    }

    #[test]
    fn who_waits_for_somebody_outside_does_not_stand_still() {
        let (sends, comes) = std::sync::mpsc::channel();
        let waiting = Waiting::default();
        let waits = async {
            let sender = thread::spawn(move || {
                thread::park_timeout(Duration::from_millis(900));
                sends.send(()).unwrap();
            });
            waiting.during(|| comes.recv()).unwrap();
            sender.join().unwrap();
        };
        run_waiting(waits, Duration::from_millis(300), || panic!("time stood still"), &waiting).unwrap();
    }

    #[test]
    fn a_run_that_panics_is_no_run_that_stands_still() {
        let (stalls, stalled) = std::sync::mpsc::channel();
        let told = move || stalls.send(()).unwrap();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            run::<()>(async { panic!("as it may") }, Duration::from_millis(500), told)
        }));
        assert!(panicked.is_err());
        // The watchdog ends at once, and its end of the channel with it.
        assert!(stalled.recv().is_err(), "it was told of a stall");
    }

    #[test]
    fn a_run_that_never_waits_is_noticed() {
        let noticed = Arc::new(AtomicBool::new(false));
        let (seen, notice) = (Arc::clone(&noticed), Arc::clone(&noticed));
        let spins = async move {
            while !seen.load(Ordering::Relaxed) {
                yield_now().await;
            }
        };
        run(spins, Duration::from_millis(500), move || notice.store(true, Ordering::Relaxed)).unwrap();
        assert!(noticed.load(Ordering::Relaxed));
    }
}
