//! Links figures to traces: the slowest and the first failed requests of each half minute, by service and route. Teaches what
//! exemplars are for, and how to derive them when senders attach none.
//!
//! Links are noted as spans arrive, so that a figure leads to a trace id even after the trace itself was evicted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde::{Deserialize, Serialize};

use crate::ids::TraceId;
use crate::limits::{REQUEST_SLOTS_MAX, WORD_BYTES_MAX, strangers_part};
use crate::span_row::SpanRow;
use crate::time::UnixTime;

/// The length of a time slot. A slot covers the requests of one service and route that ended in it.
const SLOT: Duration = Duration::from_secs(30);
/// Links to keep in a slot for each sort: enough to see whether they are alike.
const PER_SLOT: usize = 4;

/// Which requests to find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The slowest.
    Slow,
    /// The first that failed or timed out.
    #[default]
    Failed,
}

/// A request behind a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestLink {
    pub trace_id: TraceId,
    pub service: String,
    pub route: String,
    pub ended: UnixTime,
    pub duration_s: f64,
    pub failed: bool,
    /// Whether it ended in a timeout.
    pub timed_out: bool,
    /// Whether its trace is still held.
    pub held: bool,
}

/// Slow and failed requests by slot of time, service and route.
#[derive(Default)]
pub(crate) struct Requests {
    own: Slots,
    strangers: Slots,
}

type Slots = BTreeMap<(u64, Arc<str>, Arc<str>), Slot>;

#[derive(Default)]
struct Slot {
    slowest: Vec<Noted>,
    failed: Vec<Noted>,
}

#[derive(Clone, Copy)]
struct Noted {
    trace_id: TraceId,
    ended: UnixTime,
    duration_s: f64,
    failed: bool,
    timed_out: bool,
}

impl Requests {
    /// Notes a span if it is a request that a server answered on a route.
    pub(crate) fn note(&mut self, trace_id: TraceId, span: &SpanRow) {
        let Some(route) = span.attributes.text("http.route") else { return };
        if span.kind != SpanKind::Server as u8 || route.len() + span.resource.service.len() > WORD_BYTES_MAX {
            return;
        }
        let key = (slot(span.end), Arc::clone(&span.resource.service), Arc::clone(route));
        let (slots, slots_max) = if span.resource.is_own {
            (&mut self.own, REQUEST_SLOTS_MAX)
        } else {
            (&mut self.strangers, strangers_part(REQUEST_SLOTS_MAX))
        };
        let slot = slots.entry(key).or_default();
        let noted = Noted {
            trace_id,
            ended: span.end,
            duration_s: span.seconds(),
            failed: span.has_failed(),
            timed_out: span.has_timed_out(),
        };
        if (noted.failed || noted.timed_out) && slot.failed.len() < PER_SLOT {
            slot.failed.push(noted);
        }
        let place = slot.slowest.partition_point(|other| other.duration_s >= noted.duration_s);
        if place < PER_SLOT {
            slot.slowest.insert(place, noted);
            slot.slowest.truncate(PER_SLOT);
        }
        if slots.len() > slots_max {
            slots.pop_first();
        }
    }

    /// The matching requests in order: the slowest first, or the earliest failure first.
    pub(crate) fn find(
        &self,
        sort: Sort,
        service: Option<&str>,
        route: Option<&str>,
        (from, to): (UnixTime, UnixTime),
    ) -> Vec<RequestLink> {
        let first: Arc<str> = Arc::from("");
        let first = (slot(from), Arc::clone(&first), first);
        let slots = [&self.own, &self.strangers].into_iter().flat_map(|slots| slots.range(first.clone()..));
        let slots = slots.filter(|(key, _)| key.0 <= slot(to));
        let wanted = slots.filter(|((_, own_service, own_route), _)| {
            service.is_none_or(|wanted| wanted == &**own_service)
                && route.is_none_or(|wanted| wanted == &**own_route)
        });
        let mut found = Vec::new();
        for ((_, service, route), slot) in wanted {
            let noted = if sort == Sort::Slow { &slot.slowest } else { &slot.failed };
            found.extend(noted.iter().filter(|noted| (from..to).contains(&noted.ended)).map(|noted| {
                RequestLink {
                    trace_id: noted.trace_id,
                    service: service.to_string(),
                    route: route.to_string(),
                    ended: noted.ended,
                    duration_s: noted.duration_s,
                    failed: noted.failed,
                    timed_out: noted.timed_out,
                    held: false,
                }
            }));
        }
        match sort {
            Sort::Slow => {
                found.sort_by(|a, b| b.duration_s.total_cmp(&a.duration_s).then(a.ended.cmp(&b.ended)));
            }
            Sort::Failed => found.sort_by_key(|link| (link.ended, link.trace_id)),
        }
        found
    }

    pub(crate) fn drop_older_than(&mut self, oldest: UnixTime) {
        for slots in [&mut self.own, &mut self.strangers] {
            while slots.first_key_value().is_some_and(|(key, _)| key.0 < slot(oldest)) {
                slots.pop_first();
            }
        }
    }
}

fn slot(time: UnixTime) -> u64 {
    time.nanos() / 1_000_000_000 / SLOT.as_secs()
}
