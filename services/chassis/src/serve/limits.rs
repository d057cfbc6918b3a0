//! How much a listener takes, and how long it waits. Teaches that a limit on connections is worth nothing if the process runs
//! out of descriptors first: what a listener takes is a share of what the process has.

use std::time::Duration;

use rlimit::Resource;

use crate::extract::BODY_TIMEOUT;

/// Connections that a listener serves at once, where descriptors are plenty: far above what a front needs.
pub const CONNECTIONS_MAX: usize = 2_048;

/// Connections above that limit on which health is still answered, so that a full service can be told from a dead one.
pub const CONNECTIONS_RESERVED: usize = 64;

/// Descriptors that a process asks for: at least its share for each of nine listeners, as many as a whole shop has.
pub const DESCRIPTORS_WANTED: u64 = 65_536;

/// Of a process's descriptors, listeners share one part in three. Another is for the other ends of its own connections (in a
/// shop of one process they are its own, too), the rest for files, sockets that listen, and calls to elsewhere.
const DESCRIPTOR_PARTS: u64 = 3;

/// One connection in so many of a listener's share is kept for health.
const RESERVED_PART: usize = 8;

/// The head of a request: ample for our own, small enough for thousands of connections.
pub const HEAD_BYTES_MAX: usize = 32 * 1_024;

/// A client that has not sent its request's head by then is cut off (a slow loris holds connections by never finishing), and so
/// is one that sends no further request.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A client whose request's body is not there by then is cut off: later than whoever reads the body gives up, so that the client is
/// told so first (408), and in any case where nobody reads it.
pub const BODY_CUT_OFF: Duration = BODY_TIMEOUT.saturating_add(ANSWER_GRACE);

/// What a late client has for reading that it was too late.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// A client that reads nothing of its answer for this long is disconnected: it is gone, or holds the connection on purpose.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection of HTTP/2 that has carried a request stays open without one for so long: senders of telemetry keep one, and
/// send every minute at the latest.
pub const CHANNEL_IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// How often the other end of a connection of HTTP/2 is asked whether it is still there, and how long it may take to say so.
pub const CHANNEL_PING_INTERVAL: Duration = Duration::from_secs(20);

/// Requests at once on one connection of HTTP/2. A receiver of telemetry works on a few at a time; the rest wait.
pub const CHANNEL_REQUESTS_MAX: u32 = 64;

/// How long a graceful stop waits for requests under way.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// What one listener takes. The default is for where descriptors are plenty, or play no part, as in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub connections: usize,
    /// Further ones, on which only health is answered.
    pub reserved: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: CONNECTIONS_MAX, reserved: CONNECTIONS_RESERVED }
    }
}

impl Limits {
    /// The share of one of `listeners` in what this process may open. Asks the system for enough descriptors first: many shells
    /// start with 1,024 or 256, which an outage uses up.
    pub fn of_process(listeners: usize) -> Self {
        let descriptors = rlimit::increase_nofile_limit(DESCRIPTORS_WANTED)
            .or_else(|_| Resource::NOFILE.get_soft())
            .unwrap_or(DESCRIPTORS_WANTED);
        Self::share_of(descriptors, listeners)
    }

    fn share_of(descriptors: u64, listeners: usize) -> Self {
        let share = usize::try_from(descriptors / DESCRIPTOR_PARTS).unwrap_or(usize::MAX) / listeners.max(1);
        let reserved = (share / RESERVED_PART).clamp(1, CONNECTIONS_RESERVED);
        Self { connections: share.saturating_sub(reserved).clamp(1, CONNECTIONS_MAX), reserved }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_takes_its_share_of_the_descriptors() {
        let check = |descriptors, listeners, connections, reserved| {
            let limits = Limits::share_of(descriptors, listeners);
            assert_eq!(limits, Limits { connections, reserved }, "{descriptors} for {listeners}");
        };
        check(DESCRIPTORS_WANTED, 9, CONNECTIONS_MAX, CONNECTIONS_RESERVED);
        check(1_024, 2, 149, 21);
        check(256, 9, 8, 1);
        check(256, 1, 75, 10);
        check(16, 9, 1, 1);
    }
}
