//! Looks at metrics. Teaches which few numbers tell one incident from another: who fails, where time goes, what is used up.

use std::{collections::BTreeMap, time::Duration};

use evidence::{Function, MetricQuery, UnixTime};

use super::Look;
use crate::{Finding, finding::share_word};

pub use super::probes::SHARE;

/// On which pages visits can fail.
pub const ROUTES: &[&str] = &["none", "one", "some", "all", "unknown"];
/// How many requests there can be, against before.
pub const TRAFFIC: &[&str] = &["none", "fewer", "as-before", "more", "unknown"];
/// How long answers can take.
pub const LATENCY: &[&str] = &["quick", "slow", "very-slow", "no-answers"];
/// How much can be under way.
pub const IN_FLIGHT: &[&str] = &["few", "some", "many"];
/// How calls can end.
pub const CALLS: &[&str] =
    &["well", "connection_error", "timeout", "cancelled", "connection_closed", "status", "other", "no-calls"];
/// Whether permits can be free.
pub const PERMITS: &[&str] = &["free", "busy", "used-up", "unknown"];
/// Why fills can fail.
pub const FILL_ERRORS: &[&str] =
    &["none", "unreadable", "timeout", "connection_error", "refused", "missing", "other"];

const VISITS: &str = "shop.customer.visits";
const SERVED: &str = "http.server.request.duration";
const CALLED: &str = "http.client.request.duration";

/// What a question looks back over, in seconds.
const WINDOW_S: u64 = 120;

/// What is usual, by the minutes before the call: alerts come two minutes after a loss, so that this lies before any trigger.
const BEFORE_S: u64 = 480;

/// The share of visits that failed.
pub fn failed_share(look: &Look<'_>) -> Finding {
    let failed = [("outcome".to_owned(), "failed".to_owned())];
    share(look, VISITS, "customers", &failed, "visits failed")
}

/// The kinds of pages on which visits failed.
pub fn failed_routes(look: &Look<'_>) -> Finding {
    let by_route =
        |outcome: &[(&str, &str)]| rates(look, VISITS, "customers", outcome, "http.route", look.now);
    let (all, failed) = (by_route(&[]), by_route(&[("outcome", "failed")]));
    if all.values().sum::<f64>() <= 0.0 {
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

/// Visits a second, against before.
pub fn traffic(look: &Look<'_>) -> Finding {
    against_before(look, VISITS, "customers")
}

/// Requests that the front has answered or given up a second, against before.
pub fn front_requests(look: &Look<'_>) -> Finding {
    against_before(look, SERVED, "web-front")
}

/// The share of errors among the front's answers.
pub fn front_errors(look: &Look<'_>) -> Finding {
    errors(look, "web-front")
}

/// The front's latency.
pub fn front_latency(look: &Look<'_>) -> Finding {
    latency(look, "web-front")
}

/// The front's requests in flight.
pub fn front_in_flight(look: &Look<'_>) -> Finding {
    in_flight(look, "web-front")
}

/// How the front's calls end.
pub fn front_calls(look: &Look<'_>) -> Finding {
    calls(look, "web-front")
}

/// How the cache's calls end.
pub fn cache_calls(look: &Look<'_>) -> Finding {
    calls(look, "cache")
}

/// How customers' calls end.
pub fn customer_calls(look: &Look<'_>) -> Finding {
    calls(look, "customers")
}

/// The content store's latency.
pub fn store_latency(look: &Look<'_>) -> Finding {
    latency(look, "content-store")
}

/// The share of errors among the content store's answers.
pub fn store_refuses(look: &Look<'_>) -> Finding {
    errors(look, "content-store")
}

/// The content store's requests in flight.
pub fn store_in_flight(look: &Look<'_>) -> Finding {
    in_flight(look, "content-store")
}

/// The share of requests for fragments that were hits.
pub fn hit_ratio(look: &Look<'_>) -> Finding {
    let hits = [("shop.cache.result".to_owned(), "hit".to_owned())];
    share(look, "shop.cache.requests", "cache", &hits, "requests were hits")
}

/// Whether fill permits are free.
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

/// The share of the cache's entries that are fresh.
pub fn fresh_entries(look: &Look<'_>) -> Finding {
    let (fresh, all) =
        (level(look, "shop.cache.entries.fresh", "cache"), level(look, "shop.cache.entries", "cache"));
    let (Some(fresh), Some(all)) = (fresh, all) else {
        return Finding::new("unknown", "the cache tells nothing");
    };
    Finding::new(share_word(fresh / all.max(1.0)), format!("{fresh} of {all} entries fresh"))
}

/// Why fills fail.
pub fn fill_errors(look: &Look<'_>) -> Finding {
    let kinds = rates(look, "shop.cache.fill.attempts.failed", "cache", &[], "error.type", look.now);
    let most = kinds.iter().filter(|(_, rate)| **rate > 0.0).max_by(|one, other| one.1.total_cmp(other.1));
    let Some((kind, rate)) = most else { return Finding::new("none", "no attempt failed") };
    Finding::new(fill_error(kind), format!("{kind}, {rate:.1} a second"))
}

/// One of [`FILL_ERRORS`].
pub(crate) fn fill_error(kind: &str) -> &'static str {
    FILL_ERRORS.iter().copied().find(|known| *known == kind).unwrap_or("other")
}

fn against_before(look: &Look<'_>, name: &str, service: &str) -> Finding {
    let rate = |at: UnixTime| rates(look, name, service, &[], "service.name", at).values().sum::<f64>();
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

fn errors(look: &Look<'_>, service: &str) -> Finding {
    let kinds = rates(look, SERVED, service, &[], "http.response.status_code", look.now);
    let all: f64 = kinds.values().sum();
    let failed: f64 =
        kinds.iter().filter(|(code, _)| code.starts_with('5')).fold(0.0, |sum, (_, rate)| sum + rate);
    if all <= 0.0 {
        return Finding::new("unknown", "no answers");
    }
    Finding::new(share_word(failed / all), format!("{:.1} % of answers are 5xx", 100.0 * failed / all))
}

fn latency(look: &Look<'_>, service: &str) -> Finding {
    let median = ask(look, SERVED, service, &[], "service.name", Function::Quantile(0.9), look.now);
    let Some(seconds) = median.values().next() else { return Finding::new("no-answers", "no answers") };
    let outcome = match *seconds {
        seconds if seconds < 0.3 => "quick",
        seconds if seconds < 3.0 => "slow",
        _ => "very-slow",
    };
    Finding::new(outcome, format!("nine of ten within {seconds:.2} s"))
}

/// Requests under way, in seconds of the usual traffic: a small shop's many are a large one's few.
fn in_flight(look: &Look<'_>, service: &str) -> Finding {
    let count = level(look, "http.server.active_requests", service).unwrap_or(0.0);
    let before = look.noticed.minus(Duration::from_secs(BEFORE_S));
    let usual: f64 = rates(look, SERVED, service, &[], "service.name", before).values().sum();
    let outcome = match count / usual.max(0.1) {
        seconds if seconds < 1.0 => "few",
        seconds if seconds < 15.0 => "some",
        _ => "many",
    };
    Finding::new(outcome, format!("{count} under way, {usual:.1} a second before"))
}

fn calls(look: &Look<'_>, service: &str) -> Finding {
    let kinds = rates(look, CALLED, service, &[], "error.type", look.now);
    let all: f64 = kinds.values().sum();
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

fn share(look: &Look<'_>, name: &str, service: &str, of: &[(String, String)], what: &str) -> Finding {
    let shares = ask(look, name, service, &[], "service.name", Function::Ratio(of.to_vec()), look.now);
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

fn level(look: &Look<'_>, name: &str, service: &str) -> Option<f64> {
    ask(look, name, service, &[], "service.name", Function::Range, look.now).into_values().next()
}

/// One value for each value of an attribute, at one time; none if the question has no answer.
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
