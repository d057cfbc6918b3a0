//! The clock of a world: teaches that 'now' is a value, so that five hours can pass in seconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Tells the time of one world.
///
/// Both kinds stand on tokio's clock. In virtual time the runtime is paused and tokio's instants move only when
/// nothing is left to compute; the wall time is then counted from a fixed epoch, so that two runs agree to the bit.
#[derive(Clone, Debug)]
pub struct Clock {
    epoch: SystemTime,
    origin: Instant,
    is_virtual: bool,
}

impl Clock {
    /// The machine's time, read once at start and carried on by the monotonic clock.
    pub fn real() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place where the machine's time comes in")]
        let epoch = SystemTime::now();
        Self { epoch, origin: Instant::now(), is_virtual: false }
    }

    /// A clock that shows `epoch` now and moves with the runtime's paused time.
    pub fn virtual_from(epoch: SystemTime) -> Self {
        Self { epoch, origin: Instant::now(), is_virtual: true }
    }

    /// The time of day, for people and for telemetry.
    pub fn wall(&self) -> SystemTime {
        self.epoch + self.elapsed()
    }

    pub fn elapsed(&self) -> Duration {
        self.now().duration_since(self.origin)
    }

    /// The monotonic instant that durations are measured with.
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// Whether time is virtual: nothing may then depend on threads or on the machine's time.
    pub fn is_virtual(&self) -> bool {
        self.is_virtual
    }
}

/// A time of day as OTLP counts it, since 1970.
pub fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
