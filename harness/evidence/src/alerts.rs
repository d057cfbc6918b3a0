//! Alerts on failed visits. Teaches burn rates with two windows (*The Site Reliability Workbook*, chapter 5, 'Alerting on SLOs').
//!
//! The error budget is what the availability target leaves: for 99.9 %, one visit in a thousand. A burn rate of 1 uses it up evenly
//! over its period. An alert fires when the burn rate reaches its threshold over a *long* window, so that it matters, and over a
//! *short* one of a twelfth, so that it is still going on. It is resolved when the short window is below the threshold again. The
//! workbook's windows suit a budget of thirty days; incidents here take minutes, so each hour becomes a minute:
//!
//! | rule | burn rate | long window | short window | in the workbook |
//! |---|---|---|---|---|
//! | `fast-burn` (page) | 14.4 | 1 min | 5 s | 1 h, 5 min |
//! | `slow-burn` (page) | 6 | 6 min | 30 s | 6 h, 30 min |
//! | `leak` (ticket) | 1 | 72 min | 6 min | 3 d, 6 h |
//!
//! The rules judge visits as customers count them: a request that hangs is in no server's metrics. Without visits nothing is known,
//! and the state stays. The rules run each time visits arrive, so visits should arrive every second or two.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::metric_query::increase;
use crate::metrics::MetricStore;
use crate::time::UnixTime;

/// The counter of visits, with the attributes `http.route` and `outcome`.
pub const VISITS: &str = "shop.customer.visits";
/// The attribute that says how a visit ended.
pub const OUTCOME: &str = "outcome";
/// The outcome that uses up the budget. `served` and `degraded` do not.
pub const FAILED: &str = "failed";
/// The target share of visits that are served or degraded.
pub const AVAILABILITY_TARGET: f64 = 0.999;

/// The most transitions to keep: more than an incident has, and bounded if a world flaps for ever.
const HISTORY_MAX: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// It needs a person now.
    Page,
    /// It needs a person in working hours.
    Ticket,
}

struct Rule {
    name: &'static str,
    urgency: Urgency,
    burn_rate: f64,
    long: Duration,
    short: Duration,
}

const RULES: [Rule; 3] = [
    rule("fast-burn", Urgency::Page, 14.4, 60),
    rule("slow-burn", Urgency::Page, 6.0, 360),
    rule("leak", Urgency::Ticket, 1.0, 4_320),
];

const fn rule(name: &'static str, urgency: Urgency, burn_rate: f64, long_s: u64) -> Rule {
    Rule {
        name,
        urgency,
        burn_rate,
        long: Duration::from_secs(long_s),
        short: Duration::from_secs(long_s / 12),
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alerts {
    pub rules: Vec<Alert>,
    /// When rules fired and were resolved, oldest first.
    pub history: Vec<AlertEvent>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub rule: String,
    pub urgency: Urgency,
    pub firing: bool,
    /// Since when it has been firing or resolved; `None` if it never fired.
    pub since: Option<UnixTime>,
    /// The burn rate at which it fires.
    pub threshold: f64,
    /// The burn rate over the long window; `None` without visits.
    pub burn_rate_long: Option<f64>,
    /// The burn rate over the short window; `None` without visits.
    pub burn_rate_short: Option<f64>,
    pub long_s: f64,
    pub short_s: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertEvent {
    pub time: UnixTime,
    pub rule: String,
    /// Whether it fired. If not, it was resolved.
    pub firing: bool,
}

/// The state of one world's rules, and their history.
#[derive(Default)]
pub(crate) struct AlertRules {
    states: [State; 3],
    history: VecDeque<AlertEvent>,
    judged: UnixTime,
}

#[derive(Clone, Copy, Default)]
struct State {
    firing: bool,
    since: Option<UnixTime>,
    long: Option<f64>,
    short: Option<f64>,
}

impl AlertRules {
    /// Evaluates the rules if visits have arrived since the last evaluation.
    pub(crate) fn judge(&mut self, metrics: &MetricStore) {
        let Some(time) = last_visits(metrics).filter(|time| *time > self.judged) else { return };
        self.judged = time;
        for (rule, state) in RULES.iter().zip(&mut self.states) {
            state.long = burn_rate(metrics, time, rule.long);
            state.short = burn_rate(metrics, time, rule.short);
            let burns = |rate: Option<f64>| rate.map(|rate| rate >= rule.burn_rate);
            let firing = match (state.firing, burns(state.long), burns(state.short)) {
                (false, Some(true), Some(true)) => true,
                (true, _, Some(false)) => false,
                (firing, ..) => firing,
            };
            if firing != state.firing {
                (state.firing, state.since) = (firing, Some(time));
                self.history.push_back(AlertEvent { time, rule: rule.name.to_owned(), firing });
                if self.history.len() > HISTORY_MAX {
                    self.history.pop_front();
                }
            }
        }
    }

    pub(crate) fn say(&self) -> Alerts {
        let rules = RULES.iter().zip(&self.states).map(|(rule, state)| Alert {
            rule: rule.name.to_owned(),
            urgency: rule.urgency,
            firing: state.firing,
            since: state.since,
            threshold: rule.burn_rate,
            burn_rate_long: state.long,
            burn_rate_short: state.short,
            long_s: rule.long.as_secs_f64(),
            short_s: rule.short.as_secs_f64(),
        });
        Alerts { rules: rules.collect(), history: self.history.iter().cloned().collect() }
    }
}

/// When visits were last reported: by own services, if they report any.
fn last_visits(metrics: &MetricStore) -> Option<UnixTime> {
    let (_, family) = metrics.family(VISITS, |_| true)?;
    let told = family.series.iter().filter(|(key, _)| key.resource.is_own || family.own_series == 0);
    told.filter_map(|(_, series)| series.last_time()).max()
}

/// The share of failed visits, divided by the share that the target allows.
fn burn_rate(metrics: &MetricStore, now: UnixTime, window: Duration) -> Option<f64> {
    let visits = |outcome: &[(String, String)]| increase(metrics, VISITS, outcome, now.minus(window), now);
    let all = visits(&[]).filter(|all| *all > 0.0)?;
    let failed = visits(&[(OUTCOME.to_owned(), FAILED.to_owned())]).unwrap_or(0.0);
    Some(failed / all / (1.0 - AVAILABILITY_TARGET))
}
