//! Who diagnoses until somebody really does: a table of minutes. **Assumed**, all of it, and marked so wherever its figures show.
//!
//! It looks at nothing. It waits as long as the table says, then does what restores the scenario. It is there so that time to
//! restore depends on the telemetry level at all, and telemetry can have a share of a loss.

use std::time::Duration;

use incident::Level;
use rand::RngExt;

/// From the loss to the first complaint, on average; exponential, and drawn by the seed. Assumed.
pub const COMPLAINT_AFTER: Duration = Duration::from_secs(6 * 60);

/// From the loss to the alert, where there are alerts. Assumed: the shorter window of the two-window method.
pub const ALERT_AFTER: Duration = Duration::from_secs(2 * 60);

/// From noticing to knowing, at `dark`. Assumed: the story's own morning, 08:00 to 13:00, without the first minutes.
pub const DIAGNOSIS_AT_DARK: Duration = Duration::from_secs(290 * 60);

/// What one remedy takes, with the decision. Assumed.
pub const REMEDY_TAKES: Duration = Duration::from_secs(5 * 60);

/// How long knowing takes at a level: the time at `dark`, shortened as the time to locate and fix was in Zhou et al., IEEE TSE
/// 47(2), 2021: 45 hours with basic logs, 35 with visual logs, 20 with visual traces. No source was found for `metrics` and
/// `changes`: they are taken for the step before them.
pub fn diagnosis(level: Level) -> Duration {
    let hours = match level {
        Level::Dark => 45,
        Level::Logs | Level::Metrics => 35,
        Level::Traces | Level::Changes => 20,
    };
    DIAGNOSIS_AT_DARK * hours / 45
}

/// How long after the loss somebody notices: by the first complaint, or by the alert where there is one and it comes first.
pub fn noticed_after(level: Level, scenario: &str, seed: u64) -> Duration {
    let uniform: f64 = chassis::rng(seed, "complaint", scenario).random();
    let complaint = COMPLAINT_AFTER.mul_f64(-(1.0 - uniform).ln());
    if level >= Level::Metrics { complaint.min(ALERT_AFTER) } else { complaint }
}
