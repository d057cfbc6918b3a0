//! What leaves a service at which level. This is the dial that the whole tool is about, in one place.
//!
//! | leaves | dark | logs | metrics | traces | changes |
//! |---|---|---|---|---|---|
//! | log lines: time, severity, free text | yes | yes | yes | yes | yes |
//! | their cause, asset, version, upstream, scope and trace | | yes | yes | yes | yes |
//! | metrics | | | yes | yes | yes |
//! | spans | | | | yes | yes |
//! | publishes, restarts and releases as events | | | | | yes |

use words::Level;

/// A kind of telemetry, in the order in which levels add them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    LogText,
    LogDetail,
    Metric,
    /// What was done for one request, hop by hop.
    Span,
    Change,
}

pub fn leaves(level: Level, kind: Kind) -> bool {
    // FAULT: at the poorest level all the instrumentation runs and only free text leaves. Everything that would tell the
    // cause was known where it occurred, and was thrown away at the door.
    let adds = match level {
        Level::Dark => Kind::LogText,
        Level::Logs => Kind::LogDetail,
        Level::Metrics => Kind::Metric,
        Level::Traces => Kind::Span,
        Level::Changes => Kind::Change,
    };
    kind <= adds
}
