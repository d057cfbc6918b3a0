//! A placeholder for a responder: a table of minutes. **Assumed**, all of it, and marked so wherever its figures show.
//!
//! It runs no checks. It waits as long as the table says, then uses the remedies that restore the scenario. It makes the time to
//! restore depend on the telemetry level, so that missing telemetry has a share of the loss.

use std::time::Duration;

use incident::Level;
use rand::RngExt;

/// Mean time from the loss to the first complaint. The seed draws it from an exponential distribution. Assumed.
pub const COMPLAINT_AFTER: Duration = Duration::from_secs(6 * 60);

/// From the loss to the alert, where there are alerts. Assumed: the shorter window of the two-window method.
pub const ALERT_AFTER: Duration = Duration::from_secs(2 * 60);

/// From noticing the outage to knowing its cause, at `dark`. Assumed: the story's own morning, 08:00 to 13:00, without the first
/// minutes.
pub const DIAGNOSIS_AT_DARK: Duration = Duration::from_secs(290 * 60);

/// How long one remedy takes, including the decision. Assumed.
pub const REMEDY_TAKES: Duration = Duration::from_secs(5 * 60);

/// How long the diagnosis takes at a level. The time at `dark` shrinks in the proportions that Zhou et al., IEEE TSE 47(2), 2021,
/// report for locating and fixing: 45 hours with basic logs, 35 with visual logs, 20 with visual traces. No source was found for
/// `metrics` and `changes`: each gets the time of the level before it.
pub fn diagnosis(level: Level) -> Duration {
    let hours = match level {
        Level::Dark => 45,
        Level::Logs | Level::Metrics => 35,
        Level::Traces | Level::Changes => 20,
    };
    DIAGNOSIS_AT_DARK * hours / 45
}

/// How long after the loss somebody notices: through the first complaint, or through an alert that comes earlier.
pub fn noticed_after(level: Level, scenario: &str, seed: u64) -> Duration {
    let uniform: f64 = chassis::rng(seed, "complaint", scenario).random();
    let complaint = COMPLAINT_AFTER.mul_f64(-(1.0 - uniform).ln());
    if level >= Level::Metrics { complaint.min(ALERT_AFTER) } else { complaint }
}
