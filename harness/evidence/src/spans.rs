//! Spans, kept by trace. Teaches that a trace is worth keeping whole or not at all, so that eviction takes whole
//! traces.
//!
//! Oldest trace first, by arrival. A trace with a first failure of its kind is *reserved*: it moves to a share of its
//! own, which takes no more when it is full.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::mem::size_of;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::dictionary::Dictionary;
use crate::failures::FirstFailures;
use crate::ids::{SpanId, TraceId};
use crate::limits::{
    FAILURE_TRACES_PERCENT, LINKING_TRACES_MAX, Limits, SPANS_PER_TRACE_MAX, TRACES_PERCENT,
};
use crate::requests::Requests;
use crate::skew::Window;
use crate::span_row::{SpanRow, place, row};
use crate::time::UnixTime;
use crate::usage::{Refusal, SignalUsage};
use crate::value::Resource;

/// A trace's own bytes: itself, its place in the map and its place in the queue.
const TRACE_COST: usize = size_of::<Trace>() + 3 * size_of::<TraceId>();

/// The spans of one trace in the order of arrival.
pub(crate) struct Trace {
    pub(crate) spans: Vec<SpanRow>,
    bytes: usize,
    arrived: UnixTime,
    is_reserved: bool,
}

impl Trace {
    pub(crate) fn start(&self) -> UnixTime {
        self.spans.iter().map(|span| span.start).min().unwrap_or_default()
    }

    pub(crate) fn end(&self) -> UnixTime {
        self.spans.iter().map(|span| span.end).max().unwrap_or_default()
    }

    /// The span that has no parent here and began first.
    pub(crate) fn root(&self) -> Option<&SpanRow> {
        let has_parent = |span: &SpanRow| self.spans.iter().any(|other| Some(other.id) == span.parent);
        let roots = self.spans.iter().filter(|span| span.parent.is_none() || !has_parent(span));
        roots.min_by_key(|span| (span.start, span.id)).or(self.spans.first())
    }
}

/// All traces of one world.
pub(crate) struct SpanStore {
    pub(crate) usage: SignalUsage,
    pub(crate) requests: Requests,
    traces: HashMap<TraceId, Trace>,
    /// By a trace: the traces with links to it.
    linking: HashMap<TraceId, Vec<TraceId>>,
    ordinary: Share,
    reserved: Share,
}

/// Traces that compete for the same bytes, in the order of arrival. An id whose trace has moved away is skipped.
struct Share {
    queue: VecDeque<TraceId>,
    bytes: usize,
    bytes_max: usize,
}

impl SpanStore {
    pub(crate) fn new(limits: &Limits) -> Self {
        let share = |percent| Share { queue: VecDeque::new(), bytes: 0, bytes_max: limits.share(percent) };
        Self {
            usage: SignalUsage::default(),
            requests: Requests::default(),
            traces: HashMap::new(),
            linking: HashMap::new(),
            ordinary: share(TRACES_PERCENT),
            reserved: share(FAILURE_TRACES_PERCENT),
        }
    }

    /// Takes the spans of one request.
    pub(crate) fn take(
        &mut self,
        request: &ExportTraceServiceRequest,
        window: Window,
        words: &mut Dictionary,
        failures: &mut FirstFailures,
    ) {
        for from_resource in &request.resource_spans {
            let resource = words.resource(from_resource.resource.as_ref());
            for from_scope in &from_resource.scope_spans {
                self.usage.received += from_scope.spans.len() as u64;
                let Some(resource) = &resource else {
                    self.usage.refuse(Refusal::TooManyResources, from_scope.spans.len() as u64);
                    continue;
                };
                let scope = words.scope(from_scope.scope.as_ref()).name;
                for span in &from_scope.spans {
                    if let Err(reason) = self.take_span(span, resource, &scope, window, words, failures) {
                        self.usage.refuse(reason, 1);
                    }
                }
            }
        }
        self.evict(window.oldest);
        self.usage.cut += words.take_cut();
    }

    pub(crate) fn get(&self, id: TraceId) -> Option<&Trace> {
        self.traces.get(&id)
    }

    /// The traces that have links to this one.
    pub(crate) fn linking_to(&self, id: TraceId) -> &[TraceId] {
        self.linking.get(&id).map_or(&[], Vec::as_slice)
    }

    /// All traces, in no particular order.
    pub(crate) fn traces(&self) -> impl Iterator<Item = (TraceId, &Trace)> {
        self.traces.iter().map(|(id, trace)| (*id, trace))
    }

    pub(crate) fn reserved(&self) -> u64 {
        let reserved = self.traces.values().filter(|trace| trace.is_reserved);
        reserved.map(|trace| trace.spans.len() as u64).sum()
    }

    fn take_span(
        &mut self,
        span: &Span,
        resource: &Arc<Resource>,
        scope: &Arc<str>,
        window: Window,
        words: &mut Dictionary,
        failures: &mut FirstFailures,
    ) -> Result<(), Refusal> {
        let trace_id = TraceId::from_bytes(&span.trace_id).ok_or(Refusal::NoId)?;
        let id = SpanId::from_bytes(&span.span_id).ok_or(Refusal::NoId)?;
        let known = self.traces.get(&trace_id);
        if known.is_some_and(|trace| trace.spans.iter().any(|other| other.id == id)) {
            self.usage.duplicates += 1;
            return Ok(());
        }
        if known.is_some_and(|trace| trace.spans.len() >= SPANS_PER_TRACE_MAX) {
            return Err(Refusal::TraceFull);
        }
        let (start, end, clamped) = place(span, window).ok_or(Refusal::TooOld)?;
        self.usage.clamped += u64::from(clamped);
        let (row, bytes) = row(span, id, (start, end), resource, scope, words);

        self.requests.note(trace_id, &row);
        let is_first_failure =
            row.has_failed() && failures.is_first(&row.resource.service, "spans", &row.name, row.end);
        self.put(trace_id, row, bytes, window.now);
        if is_first_failure {
            self.reserve(trace_id);
        }
        if self.ordinary.bytes > self.ordinary.bytes_max {
            self.evict(window.oldest);
        }
        Ok(())
    }

    fn put(&mut self, id: TraceId, row: SpanRow, bytes: usize, now: UnixTime) {
        let ordinary = &mut self.ordinary;
        let trace = self.traces.entry(id).or_insert_with(|| {
            ordinary.queue.push_back(id);
            ordinary.bytes += TRACE_COST;
            self.usage.bytes += TRACE_COST;
            Trace { spans: Vec::new(), bytes: TRACE_COST, arrived: now, is_reserved: false }
        });
        for link in row.links.iter().filter(|link| link.trace_id != id) {
            let linking = self.linking.entry(link.trace_id).or_default();
            if linking.len() < LINKING_TRACES_MAX && !linking.contains(&id) {
                linking.push(id);
            }
        }
        trace.spans.push(row);
        trace.bytes += bytes;
        self.usage.held += 1;
        self.usage.bytes += bytes;
        if trace.is_reserved {
            self.reserved.bytes += bytes;
            if self.reserved.bytes > self.reserved.bytes_max {
                // It has outgrown the share: back to the end of the ordinary queue.
                trace.is_reserved = false;
                self.reserved.bytes -= trace.bytes;
                self.ordinary.bytes += trace.bytes;
                self.ordinary.queue.push_back(id);
            }
        } else {
            self.ordinary.bytes += bytes;
        }
    }

    fn reserve(&mut self, id: TraceId) {
        let Some(trace) = self.traces.get_mut(&id) else { return };
        if !trace.is_reserved && self.reserved.bytes + trace.bytes <= self.reserved.bytes_max {
            trace.is_reserved = true;
            self.ordinary.bytes -= trace.bytes;
            self.reserved.bytes += trace.bytes;
            self.reserved.queue.push_back(id);
        }
    }

    fn evict(&mut self, oldest: UnixTime) {
        for is_reserved in [false, true] {
            let share = if is_reserved { &mut self.reserved } else { &mut self.ordinary };
            while let Some(id) = share.queue.front().copied() {
                let trace = self.traces.get(&id).filter(|trace| trace.is_reserved == is_reserved);
                let Some(trace) = trace else {
                    share.queue.pop_front();
                    continue;
                };
                let is_old = trace.arrived < oldest;
                if !is_old && share.bytes <= share.bytes_max {
                    break;
                }
                let (spans, bytes) = (trace.spans.len() as u64, trace.bytes);
                share.queue.pop_front();
                share.bytes -= bytes;
                self.usage.held -= spans;
                self.usage.bytes -= bytes;
                *(if is_old { &mut self.usage.evicted.by_age } else { &mut self.usage.evicted.by_bytes }) +=
                    spans;
                let trace = self.traces.remove(&id);
                for link in trace.iter().flat_map(|trace| &trace.spans).flat_map(|span| &span.links) {
                    if let Entry::Occupied(mut linking) = self.linking.entry(link.trace_id) {
                        linking.get_mut().retain(|other| *other != id);
                        if linking.get().is_empty() {
                            linking.remove();
                        }
                    }
                }
            }
        }
        self.requests.drop_older_than(oldest);
    }
}
