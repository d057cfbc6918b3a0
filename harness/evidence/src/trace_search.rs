//! Finds traces: the newest, the slowest, the failed. Teaches to select a few significant traces.

use serde::{Deserialize, Serialize};

use crate::ids::TraceId;
use crate::limits::ROWS_PER_ANSWER_MAX;
use crate::span_row::SpanRow;
use crate::spans::{SpanStore, Trace};
use crate::time::UnixTime;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceOrder {
    /// Those that began last.
    #[default]
    Newest,
    /// Those that took longest.
    Slowest,
}

/// Which traces to find. A trace matches if one span has the service, the name, the route and the attributes together.
#[derive(Clone, Debug)]
pub struct TraceQuery {
    pub order: TraceOrder,
    /// Only traces in which a span failed.
    pub failed: bool,
    pub service: Option<String>,
    pub name: Option<String>,
    pub route: Option<String>,
    pub attributes: Vec<(String, String)>,
    /// Only traces that began at this time or later.
    pub from: Option<UnixTime>,
    /// Only traces that began before this time.
    pub to: Option<UnixTime>,
    pub limit: usize,
}

impl Default for TraceQuery {
    fn default() -> Self {
        let (service, name, route, attributes) = (None, None, None, Vec::new());
        let (order, failed, from, to, limit) = (TraceOrder::default(), false, None, None, 20);
        Self { order, failed, service, name, route, attributes, from, to, limit }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceList {
    /// In the order asked for.
    pub traces: Vec<TraceSummary>,
    /// Whether there are more.
    pub truncated: bool,
}

/// One trace in a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceSummary {
    pub trace_id: TraceId,
    /// When its first span began.
    pub start: UnixTime,
    /// From the start of its first span to the end of its last.
    pub duration_s: f64,
    /// The service of its root.
    pub service: String,
    /// The name of its root.
    pub name: String,
    /// `http.route` of its root, if it has one.
    pub route: Option<String>,
    pub services: Vec<String>,
    pub spans: usize,
    pub failed_spans: usize,
    /// Whether a span ended in a timeout.
    pub timed_out: bool,
    /// The service, name and status message of the first failure: of the failed spans without failed children, the one that ended
    /// first.
    pub failure: Option<String>,
}

pub(crate) fn find(store: &SpanStore, query: &TraceQuery) -> TraceList {
    let limit = query.limit.min(ROWS_PER_ANSWER_MAX);
    let mut found: Vec<(UnixTime, f64, TraceId, &Trace)> = Vec::new();
    for (id, trace) in store.traces() {
        let start = trace.start();
        let in_time = query.from.is_none_or(|from| start >= from) && query.to.is_none_or(|to| start < to);
        let failed = !query.failed || trace.spans.iter().any(SpanRow::has_failed);
        if in_time && failed && trace.spans.iter().any(|span| matches(span, query)) {
            found.push((start, trace.end().seconds_since(start), id, trace));
        }
    }
    found.sort_by(|a, b| match query.order {
        TraceOrder::Newest => (b.0, b.2).cmp(&(a.0, a.2)),
        TraceOrder::Slowest => b.1.total_cmp(&a.1).then((b.0, b.2).cmp(&(a.0, a.2))),
    });
    let truncated = found.len() > limit;
    found.truncate(limit);
    let traces =
        found.into_iter().map(|(start, duration_s, id, trace)| summary(id, trace, start, duration_s));
    TraceList { traces: traces.collect(), truncated }
}

fn matches(span: &SpanRow, query: &TraceQuery) -> bool {
    query.service.as_deref().is_none_or(|service| service == &*span.resource.service)
        && query.name.as_deref().is_none_or(|name| name == &*span.name)
        && query
            .route
            .as_deref()
            .is_none_or(|route| span.attributes.get("http.route").is_some_and(|own| own.is(route)))
        && span.attributes.have(&query.attributes)
}

fn summary(trace_id: TraceId, trace: &Trace, start: UnixTime, duration_s: f64) -> TraceSummary {
    let root = trace.root();
    let mut services: Vec<String> =
        trace.spans.iter().map(|span| span.resource.service.to_string()).collect();
    services.sort();
    services.dedup();
    let failed: Vec<&SpanRow> = trace.spans.iter().filter(|span| span.has_failed()).collect();
    // Failures propagate from child to parent, so name a failed span that has no failed children.
    let deepest = failed.iter().filter(|span| !failed.iter().any(|other| other.parent == Some(span.id)));
    let failure = deepest.min_by_key(|span| (span.end, span.id)).map(|span| {
        let message =
            if span.status_message.is_empty() { String::new() } else { format!(": {}", span.status_message) };
        format!("{} {}{message}", span.resource.service, span.name)
    });
    TraceSummary {
        trace_id,
        start,
        duration_s,
        service: root.map(|root| root.resource.service.to_string()).unwrap_or_default(),
        name: root.map(|root| root.name.to_string()).unwrap_or_default(),
        route: root.and_then(|root| root.attributes.text("http.route")).map(ToString::to_string),
        services,
        spans: trace.spans.len(),
        failed_spans: failed.len(),
        timed_out: trace.spans.iter().any(SpanRow::has_timed_out),
        failure,
    }
}
