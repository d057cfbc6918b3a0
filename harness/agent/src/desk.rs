//! Passes a program's calls from the protocol to the world, one at a time, and returns the answers. Teaches that two clocks may meet in one
//! place only: the protocol runs on the wall clock, the world in virtual time.

use std::{
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    time::Duration,
};

use incident::Level;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{sync::oneshot, time::Instant};

use crate::{guest::Ask, tools::Call};

/// The most calls that may wait in the queue: a client that sends more at once does not read its answers.
pub const WAITING_MAX: usize = 16;

const OVER: &str = "The incident is over: nothing can be called any more.";

/// The queue of calls into one world.
pub struct Desk {
    level: Level,
    /// `None` once the incident is over.
    asks: Mutex<Option<SyncSender<Ask>>>,
    /// The time of the last answer (`None` before the first call), and the time spent until then.
    answered: Mutex<(Option<Instant>, Spent)>,
}

/// The time spent, by the wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Spent by the program before its calls.
    pub program: Duration,
    /// Spent by the world before its answers.
    pub world: Duration,
}

impl Desk {
    /// A desk, and the receiving end of its queue.
    pub fn new(level: Level) -> (Self, Receiver<Ask>) {
        let (sends, asks) = sync_channel(WAITING_MAX);
        (Self { level, asks: Mutex::new(Some(sends)), answered: Mutex::default() }, asks)
    }

    pub fn level(&self) -> Level {
        self.level
    }

    /// Sends a call to the world. Returns its answer, or the reason why there is none.
    pub async fn ask(&self, call: Call) -> Result<Value, String> {
        let is_last = matches!(call, Call::Finish(_));
        let began = Instant::now();
        let thought = self.answered.lock().0.map_or(Duration::ZERO, |answered| began - answered);
        let (reply, answer) = oneshot::channel();
        let sends = self.asks.lock().clone().ok_or(OVER)?;
        sends.try_send(Ask { call, thought, reply }).map_err(|error| match error {
            TrySendError::Full(_) => {
                format!("{WAITING_MAX} of your calls are waiting already; wait for their answers.")
            }
            TrySendError::Disconnected(_) => OVER.to_owned(),
        })?;
        let answer = answer.await.unwrap_or_else(|_| Err(OVER.to_owned()));
        let now = Instant::now();
        let mut answered = self.answered.lock();
        answered.0 = Some(now);
        answered.1.program += thought;
        answered.1.world += now - began;
        drop(answered);
        if is_last && answer.is_ok() {
            self.close();
        }
        answer
    }

    /// Takes no more calls. The world then learns that the program is gone.
    pub fn close(&self) {
        self.asks.lock().take();
    }

    pub fn is_over(&self) -> bool {
        self.asks.lock().is_none()
    }

    pub fn spent(&self) -> Spent {
        self.answered.lock().1
    }
}
