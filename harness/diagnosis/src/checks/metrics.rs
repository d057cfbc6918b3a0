//! Looks at metrics. Teaches which few numbers tell one incident from another: who fails, where time goes, what is used up.

use std::{collections::BTreeMap, time::Duration};

use evidence::{Function, MetricQuery, UnixTime};

use super::Look;
use crate::{Finding, finding::share_word};

pub use super::probes::SHARE;

pub const ROUTES: &[&str] = &["none", "one", "some", "all", "unknown"];
pub const TRAFFIC: &[&str] = &["none", "fewer", "as-before", "more", "unknown"];
pub const LATENCY: &[&str] = &["quick", "slow", "very-slow", "no-answers"];
pub const IN_FLIGHT: &[&str] = &["few", "some", "many"];
pub const CALLS: &[&str] = &[
    "well",
    "connection_refused",
    "connection_reset",
    "connection_timeout",
    "connection_error",
    "timeout",
    "cancelled",
    "status",
    "other",
    "no-calls",
];
pub const PERMITS: &[&str] = &["free", "busy", "used-up", "unknown"];
pub const FILL_ERRORS: &[&str] = &[
    "none",
    "unreadable",
    "timeout",
    "connection_refused",
    "connection_reset",
    "connection_timeout",
    "connection_error",
    "refused",
    "missing",
    "other",
];

pub(super) const VISITS: &str = "shop.customer.visits";
pub(super) const SERVED: &str = "http.server.request.duration";
const CALLED: &str = "http.client.request.duration";

/// The window of a query, in seconds.
const WINDOW_S: u64 = 120;

/// How long before the call the usual values are read, in seconds. Alerts come two minutes after a loss, so this lies before any trigger.
const BEFORE_S: u64 = 480;

pub fn failed_share(look: &Look<'_>) -> Finding {
    share(look, VISITS, "customers", ("outcome", "failed"), "visits failed")
}

pub fn failed_routes(look: &Look<'_>) -> Finding {
    let by_route =
        |outcome: &[(&str, &str)]| rates(look, VISITS, "customers", outcome, "http.route", look.now);
    let (all, failed) = (by_route(&[]), by_route(&[("outcome", "failed")]));
    if total(&all) <= 0.0 {
        return Finding::new("unknown", "no visit has ended");
    }
    let failing: Vec<&String> = all
        .iter()
        .filter(|(route, rate)| failed.get(*route).copied().unwrap_or(0.0) > 0.02 * **rate)
        .map(|(route, _)| route)
        .collect();
    let outcome = match failing.len() {
        0 => "none",
        1 => "one",
        count if count < all.len() => "some",
        _ => "all",
    };
    let names = failing.into_iter().cloned().collect::<Vec<_>>().join(" ");
    Finding::new(outcome, if names.is_empty() { "on none".to_owned() } else { format!("on {names}") })
}

pub fn hit_ratio(look: &Look<'_>) -> Finding {
    share(look, "shop.cache.requests", "cache", ("shop.cache.result", "hit"), "requests were hits")
}

pub fn permits(look: &Look<'_>) -> Finding {
    let used = level(look, "shop.cache.fill.permits.used", "cache");
    let limit = level(look, "shop.cache.fill.permits.limit", "cache");
    let (Some(used), Some(limit)) = (used, limit) else {
        return Finding::new("unknown", "the cache tells nothing");
    };
    let outcome = match used / limit.max(1.0) {
        share if share >= 1.0 => "used-up",
        share if share > 0.5 => "busy",
        _ => "free",
    };
    Finding::new(outcome, format!("{used} of {limit} permits used"))
}

pub fn fresh_entries(look: &Look<'_>) -> Finding {
    let (fresh, all) =
        (level(look, "shop.cache.entries.fresh", "cache"), level(look, "shop.cache.entries", "cache"));
    let (Some(fresh), Some(all)) = (fresh, all) else {
        return Finding::new("unknown", "the cache tells nothing");
    };
    Finding::new(share_word(fresh / all.max(1.0)), format!("{fresh} of {all} entries fresh"))
}

pub fn fill_errors(look: &Look<'_>) -> Finding {
    let kinds = rates(look, "shop.cache.fill.attempts.failed", "cache", &[], "error.type", look.now);
    let most = kinds.iter().filter(|(_, rate)| **rate > 0.0).max_by(|one, other| one.1.total_cmp(other.1));
    let Some((kind, rate)) = most else { return Finding::new("none", "no attempt failed") };
    Finding::new(fill_error(kind), format!("{kind}, {rate:.1} a second"))
}

/// Maps an error type to one of [`FILL_ERRORS`].
pub(crate) fn fill_error(kind: &str) -> &'static str {
    FILL_ERRORS.iter().copied().find(|known| *known == kind).unwrap_or("other")
}

/// Visits or requests per second, compared with before.
pub(super) fn against_before(look: &Look<'_>, name: &str, service: &str) -> Finding {
    let rate = |at: UnixTime| total(&rates(look, name, service, &[], "service.name", at));
    let (now, before) = (rate(look.now), rate(look.noticed.minus(Duration::from_secs(BEFORE_S))));
    let outcome = match now / before {
        ratio if !ratio.is_finite() => "unknown",
        ratio if ratio < 0.02 => "none",
        ratio if ratio < 0.6 => "fewer",
        ratio if ratio < 1.8 => "as-before",
        _ => "more",
    };
    Finding::new(outcome, format!("{now:.1} a second, {before:.1} before"))
}

/// The share of 5xx among a service's answers.
pub(super) fn errors(look: &Look<'_>, service: &str) -> Finding {
    let kinds = rates(look, SERVED, service, &[], "http.response.status_code", look.now);
    let all = total(&kinds);
    let failed: f64 =
        kinds.iter().filter(|(code, _)| code.starts_with('5')).fold(0.0, |sum, (_, rate)| sum + rate);
    if all <= 0.0 {
        return Finding::new("unknown", "no answers");
    }
    Finding::new(share_word(failed / all), format!("{:.1} % of answers are 5xx", 100.0 * failed / all))
}

pub(super) fn latency(look: &Look<'_>, service: &str) -> Finding {
    let median = ask(look, SERVED, service, &[], "service.name", Function::Quantile(0.9), look.now);
    let Some(seconds) = median.values().next() else { return Finding::new("no-answers", "no answers") };
    let outcome = match *seconds {
        seconds if seconds < 0.3 => "quick",
        seconds if seconds < 3.0 => "slow",
        _ => "very-slow",
    };
    Finding::new(outcome, format!("nine of ten within {seconds:.2} s"))
}

/// Requests in flight, in seconds of the usual traffic: many for a small shop are few for a large one.
pub(super) fn in_flight(look: &Look<'_>, service: &str) -> Finding {
    let count = level(look, "http.server.active_requests", service).unwrap_or(0.0);
    let before = look.noticed.minus(Duration::from_secs(BEFORE_S));
    let usual = total(&rates(look, SERVED, service, &[], "service.name", before));
    let outcome = match count / usual.max(0.1) {
        seconds if seconds < 1.0 => "few",
        seconds if seconds < 15.0 => "some",
        _ => "many",
    };
    Finding::new(outcome, format!("{count} under way, {usual:.1} a second before"))
}

/// How a service's outgoing calls end.
pub(super) fn calls(look: &Look<'_>, service: &str) -> Finding {
    let kinds = rates(look, CALLED, service, &[], "error.type", look.now);
    let all = total(&kinds);
    if all <= 0.0 {
        return Finding::new("no-calls", "no call has ended");
    }
    let failed = kinds.iter().filter(|(kind, rate)| !kind.is_empty() && **rate > 0.02 * all);
    let Some((kind, rate)) = failed.max_by(|one, other| one.1.total_cmp(other.1)) else {
        return Finding::new("well", "calls end well");
    };
    let outcome = if kind.starts_with(|first: char| first.is_ascii_digit()) {
        "status"
    } else {
        CALLS.iter().copied().find(|known| known == kind).unwrap_or("other")
    };
    Finding::new(outcome, format!("{:.0} % end with {kind}", 100.0 * rate / all))
}

fn share(look: &Look<'_>, name: &str, service: &str, (key, value): (&str, &str), what: &str) -> Finding {
    let ratio = Function::Ratio(vec![(key.to_owned(), value.to_owned())]);
    let shares = ask(look, name, service, &[], "service.name", ratio, look.now);
    let Some(share) = shares.values().next() else { return Finding::new("unknown", "nothing is counted") };
    Finding::new(share_word(*share), format!("{:.1} % of {what}", 100.0 * share))
}

fn rates(
    look: &Look<'_>,
    name: &str,
    service: &str,
    attributes: &[(&str, &str)],
    by: &str,
    at: UnixTime,
) -> BTreeMap<String, f64> {
    ask(look, name, service, attributes, by, Function::Rate, at)
}

/// All rates together, and 0 if nothing is counted: the standard library's sum of nothing is -0.0.
fn total(rates: &BTreeMap<String, f64>) -> f64 {
    rates.values().fold(0.0, |sum, rate| sum + rate)
}

fn level(look: &Look<'_>, name: &str, service: &str) -> Option<f64> {
    ask(look, name, service, &[], "service.name", Function::Range, look.now).into_values().next()
}

/// Queries a metric at one time. Returns one value for each value of the attribute `by`, or nothing if the query has no answer.
fn ask(
    look: &Look<'_>,
    name: &str,
    service: &str,
    attributes: &[(&str, &str)],
    by: &str,
    function: Function,
    at: UnixTime,
) -> BTreeMap<String, f64> {
    let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let query = MetricQuery {
        name: name.to_owned(),
        function,
        service: Some(service.to_owned()),
        attributes,
        by: Some(vec![by.to_owned()]),
        from: at,
        to: at,
        step: Duration::from_secs(1),
        window: Duration::from_secs(WINDOW_S),
    };
    let answer = look.evidence.metric(&query).ok().flatten();
    let lines = answer.map(|answer| answer.lines).unwrap_or_default();
    let value = |line: evidence::Line| {
        Some((line.labels.into_values().next().unwrap_or_default(), line.points.first()?.1))
    };
    lines.into_iter().filter_map(value).collect()
}
