//! Looks at traces. Teaches that one request, followed hop by hop, says where time goes and where failure begins.

use std::collections::{BTreeMap, BTreeSet};

use evidence::{TraceOrder, TraceQuery, TraceSummary};

use super::{
    Look,
    metrics::{FILL_ERRORS, fill_error},
    most_often,
};
use crate::Finding;

pub const WHERE: &[&str] = &["nothing-slow", "web-front", "cache", "content-store", "customers", "no-traces"];
pub const FAILING: &[&str] =
    &["none", "fill", "call-to-store", "store", "cache", "call-to-cache", "front", "other"];
/// How far a failed request gets, compared with a served one.
pub const REACH: &[&str] = &["none-failed", "none-served", "as-far", "less-far", "further"];

/// How far back traces are searched, in seconds.
const BACK_S: u64 = 900;

const TRACES_MAX: usize = 20;

const SLOW_FROM_S: f64 = 1.0;

pub fn slowest(look: &Look<'_>) -> Finding {
    let traces = find(look, TraceQuery { order: TraceOrder::Slowest, ..front(look) });
    let Some(slowest) = traces.first() else { return Finding::new("no-traces", "no trace has ended") };
    if slowest.duration_s < SLOW_FROM_S {
        return Finding::new("nothing-slow", format!("the slowest took {:.2} s", slowest.duration_s));
    }
    let view = look.evidence.trace(slowest.trace_id);
    let path = view.map(|view| view.critical_path).unwrap_or_default();
    let mut waits: BTreeMap<&str, f64> = BTreeMap::new();
    for step in &path {
        *waits.entry(&step.service).or_default() += step.duration_s;
    }
    let longest = waits.into_iter().max_by(|one, other| one.1.total_cmp(&other.1));
    let (service, seconds) = longest.unwrap_or(("web-front", slowest.duration_s));
    let outcome = WHERE.iter().copied().find(|known| *known == service).unwrap_or("web-front");
    Finding::new(outcome, format!("{seconds:.1} s of {:.1} s in {service}", slowest.duration_s))
}

/// The span that fails first in most of the newest failed traces.
pub fn first_failing(look: &Look<'_>) -> Finding {
    let traces =
        find(look, TraceQuery { failed: true, from: Some(look.ago(BACK_S)), ..TraceQuery::default() });
    let outcome = |failure: &str| match failure.split(':').next().unwrap_or_default() {
        name if name.contains("fill attempt") => "fill",
        name if name.starts_with("cache GET /") || name.starts_with("cache POST /") => "cache",
        name if name.starts_with("cache ") => "call-to-store",
        name if name.starts_with("content-store ") => "store",
        name if name.starts_with("web-front GET /") => "front",
        name if name.starts_with("web-front ") => "call-to-cache",
        _ => "other",
    };
    let failures = traces.iter().filter_map(|trace| trace.failure.as_deref());
    let told: Vec<(&'static str, Option<String>)> =
        failures.map(|failure| (outcome(failure), None)).collect();
    let Some((most, count, _)) = most_often(&told) else { return Finding::new("none", "no failed trace") };
    Finding::new(most, format!("{most} in {count} of {} failed traces", traces.len()))
}

pub fn fill_spans(look: &Look<'_>) -> Finding {
    let spans = failed_fills(look);
    let told: Vec<_> = spans.iter().map(|(kind, asset)| (kind.as_str(), Some(asset.clone()))).collect();
    let Some((most, count, only)) = most_often(&told) else {
        return Finding::new(FILL_ERRORS[0], "no attempt failed");
    };
    let text = format!("{most} in {count} of {} failed attempts", spans.len());
    Finding::new(fill_error(most), text).naming(only.filter(|_| most == "unreadable"))
}

/// How many services a failed request reaches, compared with a served one.
pub fn failed_and_served(look: &Look<'_>) -> Finding {
    let failed = find(look, TraceQuery { failed: true, ..front(look) });
    let newest = find(look, front(look));
    let Some(failed) = failed.first() else { return Finding::new("none-failed", "no failed request") };
    let served = newest.iter().filter(|trace| trace.failed_spans == 0);
    let Some(reached) = served.map(|trace| trace.services.len()).max() else {
        return Finding::new("none-served", "no served request");
    };
    let outcome = match failed.services.len().cmp(&reached) {
        std::cmp::Ordering::Less => "less-far",
        std::cmp::Ordering::Equal => "as-far",
        std::cmp::Ordering::Greater => "further",
    };
    Finding::new(outcome, format!("{} services, a served one {reached}", failed.services.len()))
}

/// The assets of failed attempts to fill. If some of them could not be read, only those.
pub(crate) fn named_assets(look: &Look<'_>) -> BTreeSet<String> {
    let spans = failed_fills(look);
    let of = |wanted: fn(&str) -> bool| -> BTreeSet<String> {
        spans.iter().filter(|(kind, _)| wanted(kind)).map(|(_, asset)| asset.clone()).collect()
    };
    let unreadable = of(|kind| kind == "unreadable");
    if unreadable.is_empty() { of(|_| true) } else { unreadable }
}

/// The error type and the asset of each of the newest failed attempts to fill.
fn failed_fills(look: &Look<'_>) -> Vec<(String, String)> {
    let name = Some("fill attempt".to_owned());
    let query = TraceQuery { failed: true, name, from: Some(look.ago(3_600)), ..TraceQuery::default() };
    let mut fills = Vec::new();
    for trace in find(look, query) {
        let spans = look.evidence.trace(trace.trace_id).map(|view| view.spans).unwrap_or_default();
        for span in spans.iter().filter(|span| span.name == "fill attempt" && span.failed) {
            let text =
                |key: &str| span.attributes.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
            if let (Some(kind), Some(asset)) = (text("error.type"), text("shop.asset.id")) {
                fills.push((kind, asset));
            }
        }
    }
    fills
}

fn front(look: &Look<'_>) -> TraceQuery {
    let service = Some("web-front".to_owned());
    TraceQuery { service, from: Some(look.ago(BACK_S)), ..TraceQuery::default() }
}

fn find(look: &Look<'_>, query: TraceQuery) -> Vec<TraceSummary> {
    look.evidence.traces(&TraceQuery { to: Some(look.now), limit: TRACES_MAX, ..query }).traces
}
