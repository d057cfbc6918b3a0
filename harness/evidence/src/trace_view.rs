//! One trace as a waterfall for people, with linked work under its cause. Teaches that a trace is not a tree: detached work belongs
//! to another trace, and a link names its origin.
//!
//! **Order.** Depth first, children by start. A span whose parent is not here is a root. Work that a span caused and did not wait
//! for belongs to *other* traces, whose spans link to it. Those spans stand under it with their own children, as `linked`.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::ids::{SpanId, TraceId};
use crate::limits::ROWS_PER_ANSWER_MAX;
use crate::span_row::SpanRow;
use crate::spans::SpanStore;
use crate::time::UnixTime;
use crate::trace_tree::Tree;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceView {
    pub trace_id: TraceId,
    /// When its first span began.
    pub start: UnixTime,
    /// From the start of its first span to the end of its last, without linked traces.
    pub duration_s: f64,
    /// Whether one of its own spans failed.
    pub failed: bool,
    /// The names of the services that took part, including linked traces, sorted.
    pub services: Vec<String>,
    /// The spans in the order of a waterfall.
    pub spans: Vec<SpanView>,
    /// What the first root waited for, in order of time. The durations add up to the root's.
    pub critical_path: Vec<PathStep>,
    /// Whether spans were left out, because an answer is limited.
    pub truncated: bool,
}

/// Why a span is at its place in the waterfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Its parent is not here, or it has none.
    Root,
    /// Its parent is the nearest less deep span above it.
    Child,
    /// It belongs to another trace, and links to the nearest less deep span above it.
    Linked,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanView {
    /// Its trace, which differs from the view's if the span is linked.
    pub trace_id: TraceId,
    pub span_id: SpanId,
    /// Its parent, held or not.
    pub parent_id: Option<SpanId>,
    /// Steps from the root.
    pub depth: usize,
    /// Why it is at this place.
    pub relation: Relation,
    pub service: String,
    pub scope: String,
    pub name: String,
    /// `internal`, `server`, `client`, `producer`, `consumer` or `unspecified`.
    pub kind: String,
    /// Seconds from the start of the trace.
    pub offset_s: f64,
    pub duration_s: f64,
    /// Its duration minus the time covered by its children.
    pub self_s: f64,
    /// Whether it failed: by its status, or by an HTTP status of 500 and above.
    pub failed: bool,
    /// Whether it ended in a timeout: HTTP status 408 or 504.
    pub timed_out: bool,
    pub status_message: String,
    /// Whether the root waited for it.
    pub critical: bool,
    pub attributes: Map<String, Json>,
    pub events: Vec<SpanEventView>,
    pub links: Vec<LinkView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanEventView {
    /// Seconds from the start of the trace.
    pub offset_s: f64,
    pub name: String,
    pub attributes: Map<String, Json>,
}

/// A link to another span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkView {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub attributes: Map<String, Json>,
}

/// An interval in which the root waited for one span itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathStep {
    pub span_id: SpanId,
    pub service: String,
    pub name: String,
    /// Seconds from the start of the trace.
    pub offset_s: f64,
    pub duration_s: f64,
}

/// The view of one trace; `None` if it is not held.
pub(crate) fn view(store: &SpanStore, id: TraceId) -> Option<TraceView> {
    let trace = store.get(id)?;
    let start = trace.start();
    let tree = Tree::new(store, id, trace);
    let root = tree.roots().first().copied();
    let path = root.map(|root| tree.critical_path(root)).unwrap_or_default();
    let critical: HashSet<SpanId> = path.iter().map(|(span, ..)| span.id).collect();

    let mut walk =
        Walk { store, id, start, critical, seen: HashSet::new(), spans: Vec::new(), truncated: false };
    walk.run(&tree);
    let mut services: Vec<String> = walk.spans.iter().map(|span| span.service.clone()).collect();
    services.sort();
    services.dedup();
    let critical_path = path.into_iter().map(|(span, from, to)| PathStep {
        span_id: span.id,
        service: span.resource.service.to_string(),
        name: span.name.to_string(),
        offset_s: from.seconds_since(start),
        duration_s: to.seconds_since(from),
    });
    Some(TraceView {
        trace_id: id,
        start,
        duration_s: trace.end().seconds_since(start),
        failed: trace.spans.iter().any(SpanRow::has_failed),
        services,
        critical_path: critical_path.collect(),
        spans: walk.spans,
        truncated: walk.truncated,
    })
}

/// Collects spans in the order of the waterfall, across traces that link to each other.
struct Walk<'a> {
    store: &'a SpanStore,
    id: TraceId,
    start: UnixTime,
    critical: HashSet<SpanId>,
    seen: HashSet<(TraceId, SpanId)>,
    spans: Vec<SpanView>,
    truncated: bool,
}

impl<'a> Walk<'a> {
    fn run(&mut self, tree: &Tree<'a>) {
        let id = self.id;
        // Build the tree of a linked trace when the walk first meets it, and keep it for its other spans.
        let mut trees: BTreeMap<TraceId, Tree<'a>> = BTreeMap::new();
        let mut open: Vec<(TraceId, &'a SpanRow, usize, Relation)> =
            tree.roots().iter().rev().map(|root| (id, *root, 0, Relation::Root)).collect();
        while let Some((trace_id, span, depth, relation)) = open.pop() {
            if !self.seen.insert((trace_id, span.id)) {
                continue;
            }
            if self.spans.len() >= ROWS_PER_ANSWER_MAX {
                self.truncated = true;
                return;
            }
            if let (true, Some(trace)) = (trace_id != id, self.store.get(trace_id)) {
                trees.entry(trace_id).or_insert_with(|| Tree::new(self.store, trace_id, trace));
            }
            let own = trees.get(&trace_id).unwrap_or(tree);
            let children =
                own.children(span.id).iter().map(|child| (trace_id, *child, depth + 1, Relation::Child));
            let linked =
                own.linked(span.id).iter().map(|(other, span)| (*other, *span, depth + 1, Relation::Linked));
            let mut below: Vec<_> = children.chain(linked).collect();
            below.sort_by_key(|(trace_id, span, ..)| (span.start, *trace_id, span.id));
            open.extend(below.into_iter().rev());
            let view = self.span(trace_id, span, depth, relation, own.self_seconds(span));
            self.spans.push(view);
        }
    }

    fn span(
        &self,
        trace_id: TraceId,
        span: &SpanRow,
        depth: usize,
        relation: Relation,
        self_s: f64,
    ) -> SpanView {
        let events = span.events.iter().map(|event| SpanEventView {
            offset_s: event.time.seconds_since(self.start),
            name: event.name.to_string(),
            attributes: event.attributes.to_json(),
        });
        let links = span.links.iter().map(|link| LinkView {
            trace_id: link.trace_id,
            span_id: link.span_id,
            attributes: link.attributes.to_json(),
        });
        let kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
        SpanView {
            trace_id,
            span_id: span.id,
            parent_id: span.parent,
            depth,
            relation,
            service: span.resource.service.to_string(),
            scope: span.scope.to_string(),
            name: span.name.to_string(),
            kind: kinds.get(usize::from(span.kind)).unwrap_or(&kinds[0]).to_string(),
            offset_s: span.start.seconds_since(self.start),
            duration_s: span.seconds(),
            self_s,
            failed: span.has_failed(),
            timed_out: span.has_timed_out(),
            status_message: span.status_message.to_string(),
            critical: trace_id == self.id && self.critical.contains(&span.id),
            attributes: span.attributes.to_json(),
            events: events.collect(),
            links: links.collect(),
        }
    }
}
