//! The store itself: one lock around everything, entry points for telemetry, and queries. Teaches that a query is a function of
//! what is held.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use parking_lot::RwLock;

use crate::alerts::{AlertRules, Alerts};
use crate::dictionary::Dictionary;
use crate::exposition;
use crate::failures::FirstFailures;
use crate::ids::TraceId;
use crate::limits::{Limits, ROWS_PER_ANSWER_MAX, WORDS_PERCENT};
use crate::log_search::{self, ChangeList, LogPage, LogQuery};
use crate::logs::LogStore;
use crate::metric_query::{self, MetricAnswer, MetricInfo, MetricQuery, QueryError};
use crate::metrics::MetricStore;
use crate::refusals::{Taken, Unread};
use crate::requests::{RequestLink, Sort};
use crate::skew::Window;
use crate::spans::SpanStore;
use crate::time::UnixTime;
use crate::trace_search::{self, TraceList, TraceQuery};
use crate::trace_view::{self, TraceView};
use crate::usage::Usage;

/// The evidence of one world. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Evidence {
    inner: Arc<Inner>,
}

struct Inner {
    limits: Limits,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    store: RwLock<Store>,
}

struct Store {
    words: Dictionary,
    failures: FirstFailures,
    logs: LogStore,
    metrics: MetricStore,
    spans: SpanStore,
    alerts: AlertRules,
    requests_refused: BTreeMap<&'static str, u64>,
}

/// What ingestion needs, whatever the signal.
pub(crate) struct Intake<'a> {
    pub(crate) window: Window,
    pub(crate) limits: &'a Limits,
    pub(crate) words: &'a mut Dictionary,
    pub(crate) failures: &'a mut FirstFailures,
}

impl Evidence {
    /// An empty store that reads the time from `clock`.
    pub fn new(limits: Limits, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        let store = RwLock::new(Store::new(&limits));
        Self { inner: Arc::new(Inner { limits, clock: Box::new(clock), store }) }
    }

    /// Drops everything, counters included, as if the world had just begun.
    pub fn clear(&self) {
        *self.inner.store.write() = Store::new(&self.inner.limits);
    }

    pub fn take_logs(&self, request: &ExportLogsServiceRequest) -> Taken {
        self.receive_logs(request, &Unread::default())
    }

    pub fn take_metrics(&self, request: &ExportMetricsServiceRequest) -> Taken {
        self.receive_metrics(request, &Unread::default())
    }

    pub fn take_traces(&self, request: &ExportTraceServiceRequest) -> Taken {
        self.receive_traces(request, &Unread::default())
    }

    /// Ingests the log records of a message, and counts its unreadable parts.
    pub(crate) fn receive_logs(&self, request: &ExportLogsServiceRequest, unread: &Unread) -> Taken {
        let Store { words, failures, logs, .. } = &mut *self.inner.store.write();
        let refusals = logs.take(request, self.intake(words, failures));
        refusals.count(unread, &mut logs.usage)
    }

    /// Ingests the points of a message, and counts its unreadable parts.
    pub(crate) fn receive_metrics(&self, request: &ExportMetricsServiceRequest, unread: &Unread) -> Taken {
        let Store { words, failures, metrics, alerts, .. } = &mut *self.inner.store.write();
        let refusals = metrics.take(request, self.intake(words, failures));
        alerts.judge(metrics);
        refusals.count(unread, &mut metrics.usage)
    }

    /// Ingests the spans of a message, and counts its unreadable parts.
    pub(crate) fn receive_traces(&self, request: &ExportTraceServiceRequest, unread: &Unread) -> Taken {
        let Store { words, failures, spans, .. } = &mut *self.inner.store.write();
        let refusals = spans.take(request, self.intake(words, failures));
        refusals.count(unread, &mut spans.usage)
    }

    pub fn logs(&self, query: &LogQuery) -> LogPage {
        log_search::find(&self.inner.store.read().logs, query)
    }

    /// The changes in `[from, to)`, in order of time.
    pub fn changes(&self, from: UnixTime, to: UnixTime) -> ChangeList {
        log_search::changes(&self.inner.store.read().logs, from, to)
    }

    pub fn metrics(&self) -> Vec<MetricInfo> {
        metric_query::list(&self.inner.store.read().metrics)
    }

    /// Lines of one metric; `None` if the metric is unknown.
    ///
    /// # Errors
    ///
    /// If the query does not fit the metric, or asks for too much.
    pub fn metric(&self, query: &MetricQuery) -> Result<Option<MetricAnswer>, QueryError> {
        metric_query::answer(&self.inner.store.read().metrics, query)
    }

    /// The traces behind a figure: slow or failed requests of a service and a route that ended in `[from, to)`.
    pub fn requests(
        &self,
        sort: Sort,
        service: Option<&str>,
        route: Option<&str>,
        from: UnixTime,
        to: UnixTime,
    ) -> Vec<RequestLink> {
        let store = self.inner.store.read();
        let mut links = store.spans.requests.find(sort, service, route, (from, to));
        links.truncate(ROWS_PER_ANSWER_MAX);
        for link in &mut links {
            link.held = store.spans.get(link.trace_id).is_some();
        }
        links
    }

    pub fn traces(&self, query: &TraceQuery) -> TraceList {
        trace_search::find(&self.inner.store.read().spans, query)
    }

    /// One trace; `None` if it is not held.
    pub fn trace(&self, id: TraceId) -> Option<TraceView> {
        trace_view::view(&self.inner.store.read().spans, id)
    }

    pub fn alerts(&self) -> Alerts {
        self.inner.store.read().alerts.say()
    }

    /// The metrics in Prometheus's text format.
    pub fn exposition(&self) -> String {
        let now = self.now();
        exposition::write(&self.inner.store.read().metrics, now)
    }

    /// Counts of what was received, is held and was dropped.
    pub fn usage(&self) -> Usage {
        let store = self.inner.store.read();
        let (mut logs, metrics, mut spans) =
            (store.logs.usage.clone(), store.metrics.usage.clone(), store.spans.usage.clone());
        logs.reserved = store.logs.reserved();
        spans.reserved = store.spans.reserved();
        let words_bytes = store.words.bytes();
        let requests_refused =
            store.requests_refused.iter().map(|(reason, count)| ((*reason).to_owned(), *count));
        Usage {
            bytes: words_bytes + logs.bytes + metrics.bytes + spans.bytes,
            bytes_max: self.inner.limits.bytes_max,
            words_bytes,
            logs,
            metrics,
            series: store.metrics.series,
            spans,
            traces: store.spans.traces().count(),
            requests_refused: requests_refused.collect(),
        }
    }

    pub fn now(&self) -> UnixTime {
        (self.inner.clock)().into()
    }

    /// Counts a request that the receiver refused as a whole.
    pub(crate) fn count_refused_request(&self, reason: &'static str) {
        *self.inner.store.write().requests_refused.entry(reason).or_default() += 1;
    }

    fn intake<'a>(&'a self, words: &'a mut Dictionary, failures: &'a mut FirstFailures) -> Intake<'a> {
        let limits = &self.inner.limits;
        Intake { window: Window::new(self.now(), limits), limits, words, failures }
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence").field("usage", &self.usage()).finish_non_exhaustive()
    }
}

impl Store {
    fn new(limits: &Limits) -> Self {
        Self {
            words: Dictionary::new(limits.share(WORDS_PERCENT)),
            failures: FirstFailures::default(),
            logs: LogStore::new(limits),
            metrics: MetricStore::new(limits),
            spans: SpanStore::new(limits),
            alerts: AlertRules::default(),
            requests_refused: BTreeMap::new(),
        }
    }
}
