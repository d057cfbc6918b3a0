//! Stores spans by trace. Teaches that a partial trace is worth little, so that eviction takes whole traces.
//!
//! The oldest trace by arrival is evicted first. A trace with a first failure of its kind is *reserved*: it moves to a share of its
//! own, which takes no more when it is full. Traces that only strangers contribute to give way beyond a part of the share.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::mem::size_of;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::evidence::Intake;
use crate::ids::{SpanId, TraceId};
use crate::limits::{
    FAILURE_TRACES_PERCENT, LINKING_TRACES_MAX, Limits, SPANS_PER_TRACE_MAX, TRACES_PERCENT, strangers_part,
};
use crate::refusals::{NO_SPAN_ID, NO_TRACE_ID, Refusals, Refused, SPAN_TOO_OLD, TRACE_FULL};
use crate::requests::Requests;
use crate::span_row::{SpanRow, place, row};
use crate::time::UnixTime;
use crate::usage::SignalUsage;
use crate::value::Resource;

/// The bytes of a trace without spans: the struct, its map entry and its queue entry.
const TRACE_COST: usize = size_of::<Trace>() + 3 * size_of::<TraceId>();

/// The spans of one trace in the order of arrival.
pub(crate) struct Trace {
    pub(crate) spans: Vec<SpanRow>,
    bytes: usize,
    arrived: UnixTime,
    /// How many of the spans are strangers'.
    strangers: usize,
    place: Place,
}

/// Which share a trace lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Own,
    Strangers,
    Reserved,
}

impl Trace {
    pub(crate) fn start(&self) -> UnixTime {
        self.spans.iter().map(|span| span.start).min().unwrap_or_default()
    }

    pub(crate) fn end(&self) -> UnixTime {
        self.spans.iter().map(|span| span.end).max().unwrap_or_default()
    }

    /// The earliest span whose parent is not in the trace.
    pub(crate) fn root(&self) -> Option<&SpanRow> {
        let has_parent = |span: &SpanRow| self.spans.iter().any(|other| Some(other.id) == span.parent);
        let roots = self.spans.iter().filter(|span| span.parent.is_none() || !has_parent(span));
        roots.min_by_key(|span| (span.start, span.id)).or(self.spans.first())
    }
}

pub(crate) struct SpanStore {
    pub(crate) usage: SignalUsage,
    pub(crate) requests: Requests,
    traces: HashMap<TraceId, Trace>,
    /// For each trace, the traces that link to it.
    linking: HashMap<TraceId, Vec<TraceId>>,
    /// Indexed by [`Place`].
    shares: [Share; 3],
}

/// Traces that compete for the same bytes, in the order of arrival. The queue may hold ids of traces that have moved to another
/// share.
struct Share {
    queue: VecDeque<TraceId>,
    bytes: usize,
    bytes_max: usize,
}

impl SpanStore {
    pub(crate) fn new(limits: &Limits) -> Self {
        let share = |bytes_max| Share { queue: VecDeque::new(), bytes: 0, bytes_max };
        let ordinary = limits.share(TRACES_PERCENT);
        let reserved = limits.share(FAILURE_TRACES_PERCENT);
        Self {
            usage: SignalUsage::default(),
            requests: Requests::default(),
            traces: HashMap::new(),
            linking: HashMap::new(),
            shares: [share(ordinary), share(strangers_part(ordinary)), share(reserved)],
        }
    }

    pub(crate) fn take(&mut self, request: &ExportTraceServiceRequest, mut by: Intake<'_>) -> Refusals {
        let mut refusals = Refusals::default();
        for (r, from_resource) in request.resource_spans.iter().enumerate() {
            let resource = by.words.resource(from_resource.resource.as_ref(), by.limits);
            for (s, from_scope) in from_resource.scope_spans.iter().enumerate() {
                self.usage.received += from_scope.spans.len() as u64;
                let scope = by.words.scope_name(from_scope.scope.as_ref());
                for (place, span) in from_scope.spans.iter().enumerate() {
                    let taken = self.take_span(span, &resource, &scope, &mut by);
                    if let Err(reason) = taken {
                        let place = || format!("resourceSpans[{r}].scopeSpans[{s}].spans[{place}]");
                        refusals.refuse(reason, 1, place);
                    }
                }
            }
        }
        self.evict_by_age(by.window.oldest);
        self.usage.cut += by.words.take_cut();
        refusals
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
        let reserved = self.traces.values().filter(|trace| trace.place == Place::Reserved);
        reserved.map(|trace| trace.spans.len() as u64).sum()
    }

    fn take_span(
        &mut self,
        span: &Span,
        resource: &Arc<Resource>,
        scope: &Arc<str>,
        by: &mut Intake<'_>,
    ) -> Result<(), Refused> {
        let trace_id = TraceId::from_bytes(&span.trace_id).ok_or(NO_TRACE_ID)?;
        let id = SpanId::from_bytes(&span.span_id).ok_or(NO_SPAN_ID)?;
        if let Some(known) = self.traces.get(&trace_id) {
            if known.spans.iter().any(|other| other.id == id) {
                self.usage.duplicates += 1;
                return Ok(());
            }
            let of_strangers = strangers_part(SPANS_PER_TRACE_MAX);
            let is_full = known.spans.len() >= SPANS_PER_TRACE_MAX;
            if is_full || (!resource.is_own && known.strangers >= of_strangers) {
                return Err(TRACE_FULL);
            }
        }
        let (start, end, clamped) = place(span, by.window).ok_or(SPAN_TOO_OLD)?;
        self.usage.clamped += u64::from(clamped);
        let (row, bytes) = row(span, id, (start, end), resource, scope, by.words);

        self.requests.note(trace_id, &row);
        let is_first_failure = resource.is_own
            && row.has_failed()
            && by.failures.is_first(&row.resource.service, "spans", &row.name, row.end);
        self.put(trace_id, row, bytes, by.window.now);
        if is_first_failure {
            self.reserve(trace_id);
        }
        self.evict_by_bytes();
        Ok(())
    }

    fn put(&mut self, id: TraceId, row: SpanRow, bytes: usize, now: UnixTime) {
        let is_own = row.resource.is_own;
        let linking_max = if is_own { LINKING_TRACES_MAX } else { strangers_part(LINKING_TRACES_MAX) };
        for link in row.links.iter().filter(|link| link.trace_id != id) {
            let linking = self.linking.entry(link.trace_id).or_default();
            if linking.len() < linking_max && !linking.contains(&id) {
                linking.push(id);
            }
        }
        let place = if is_own { Place::Own } else { Place::Strangers };
        let shares = &mut self.shares;
        let trace = self.traces.entry(id).or_insert_with(|| {
            let share = &mut shares[place as usize];
            share.queue.push_back(id);
            share.bytes += TRACE_COST;
            self.usage.bytes += TRACE_COST;
            Trace { spans: Vec::new(), strangers: 0, bytes: TRACE_COST, arrived: now, place }
        });
        trace.spans.push(row);
        trace.strangers += usize::from(!is_own);
        trace.bytes += bytes;
        shares[trace.place as usize].bytes += bytes;
        self.usage.held += 1;
        self.usage.bytes += bytes;
        let reserved = &self.shares[Place::Reserved as usize];
        if trace.place == Place::Reserved && reserved.bytes > reserved.bytes_max {
            // It has outgrown the reserved share: move it to the end of the ordinary queue.
            self.move_to(id, Place::Own);
        } else if trace.place == Place::Strangers && is_own {
            self.move_to(id, Place::Own);
        }
    }

    fn reserve(&mut self, id: TraceId) {
        let Some(trace) = self.traces.get(&id) else { return };
        let share = &self.shares[Place::Reserved as usize];
        if trace.place != Place::Reserved && share.bytes + trace.bytes <= share.bytes_max {
            self.move_to(id, Place::Reserved);
        }
    }

    fn move_to(&mut self, id: TraceId, place: Place) {
        let Some(trace) = self.traces.get_mut(&id) else { return };
        self.shares[trace.place as usize].bytes -= trace.bytes;
        trace.place = place;
        self.shares[place as usize].bytes += trace.bytes;
        self.shares[place as usize].queue.push_back(id);
    }

    fn evict_by_age(&mut self, oldest: UnixTime) {
        for place in [Place::Own, Place::Strangers, Place::Reserved] {
            while self.front(place).is_some_and(|trace| trace.arrived < oldest) {
                let spans = self.drop_front(place);
                self.usage.evicted.by_age += spans;
            }
        }
        self.requests.drop_older_than(oldest);
    }

    fn evict_by_bytes(&mut self) {
        loop {
            let [own, strangers, reserved] = &self.shares;
            let place = if own.bytes + strangers.bytes > own.bytes_max {
                let is_strangers = strangers.bytes > strangers.bytes_max || own.bytes == 0;
                if is_strangers { Place::Strangers } else { Place::Own }
            } else if reserved.bytes > reserved.bytes_max {
                Place::Reserved
            } else {
                return;
            };
            let spans = self.drop_front(place);
            self.usage.evicted.by_bytes += spans;
        }
    }

    /// The next trace to evict. Skips ids whose trace has moved to another share.
    fn front(&mut self, place: Place) -> Option<&Trace> {
        let queue = &mut self.shares[place as usize].queue;
        let is_here = |id: &TraceId| self.traces.get(id).is_some_and(|trace| trace.place == place);
        while queue.front().is_some_and(|id| !is_here(id)) {
            queue.pop_front();
        }
        self.traces.get(queue.front()?)
    }

    /// Evicts that trace. Returns how many spans it had.
    fn drop_front(&mut self, place: Place) -> u64 {
        if self.front(place).is_none() {
            return 0;
        }
        let share = &mut self.shares[place as usize];
        let dropped = share.queue.pop_front().and_then(|id| Some((id, self.traces.remove(&id)?)));
        let Some((id, trace)) = dropped else { return 0 };
        share.bytes -= trace.bytes;
        let spans = trace.spans.len() as u64;
        self.usage.held -= spans;
        self.usage.bytes -= trace.bytes;
        for link in trace.spans.iter().flat_map(|span| &span.links) {
            if let Entry::Occupied(mut linking) = self.linking.entry(link.trace_id) {
                linking.get_mut().retain(|other| *other != id);
                if linking.get().is_empty() {
                    linking.remove();
                }
            }
        }
        spans
    }
}
