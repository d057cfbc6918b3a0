//! Hands a program's calls from the protocol to the world, one at a time, and their answers back. Teaches that two clocks may meet in one place
//! only: the protocol lives on the wall clock, the world in virtual time.

use std::{
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    time::Duration,
};

use incident::Level;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{sync::oneshot, time::Instant};

use crate::{guest::Ask, tools::Call};

/// Calls that may wait for those before: a client that sends more at once does not read its answers.
pub const WAITING_MAX: usize = 16;

const OVER: &str = "The incident is over: nothing can be called any more.";

/// The way into one world.
pub struct Desk {
    level: Level,
    /// None once the incident is over.
    asks: Mutex<Option<SyncSender<Ask>>>,
    /// When the last answer was given; none before the first call.
    answered: Mutex<Option<Instant>>,
    spent: Mutex<Spent>,
}

/// Where the time went, by the wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Until a program called something.
    pub program: Duration,
    /// Until the world answered.
    pub world: Duration,
}

impl Desk {
    /// A desk, and where its calls come out.
    pub fn new(level: Level) -> (Self, Receiver<Ask>) {
        let (sends, asks) = sync_channel(WAITING_MAX);
        let (answered, spent) = (Mutex::default(), Mutex::default());
        (Self { level, asks: Mutex::new(Some(sends)), answered, spent }, asks)
    }

    pub fn level(&self) -> Level {
        self.level
    }

    /// The world's answer to a call, or why there is none.
    pub async fn ask(&self, call: Call) -> Result<Value, String> {
        let is_last = matches!(call, Call::Finish(_));
        let began = Instant::now();
        let thought = self.answered.lock().map_or(Duration::ZERO, |answered| began - answered);
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
        *self.answered.lock() = Some(now);
        let mut spent = self.spent.lock();
        spent.program += thought;
        spent.world += now - began;
        drop(spent);
        if is_last && answer.is_ok() {
            self.close();
        }
        answer
    }

    /// Takes no more calls: the world learns that nobody is there.
    pub fn close(&self) {
        self.asks.lock().take();
    }

    pub fn is_over(&self) -> bool {
        self.asks.lock().is_none()
    }

    pub fn spent(&self) -> Spent {
        *self.spent.lock()
    }
}
