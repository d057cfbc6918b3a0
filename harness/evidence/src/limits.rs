//! Every limit of the evidence store with its reason. Teaches to decide in one place how much untrusted senders may send.

use std::time::Duration;

/// How much one world's evidence may hold, and what counts as a change.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most bytes of all rows, series and words together, as the store counts them.
    pub bytes_max: usize,
    /// The store drops evidence older than this, and refuses such evidence on arrival.
    pub age_max: Duration,
    /// A log record is a change if its event name begins with one of these prefixes. An empty prefix matches every event.
    pub change_events: Vec<String>,
    /// The names (`service.name`) of the services that this evidence is about. All others are strangers: they may fill a part of
    /// each table, and they evict each other but no evidence of an own service. If the list is empty, nobody is a stranger.
    pub own_services: Vec<String>,
}

impl Default for Limits {
    /// 64 MiB, so that thirty worlds fit into a laptop's memory; six hours, so that five hours of a story fit into virtual time.
    fn default() -> Self {
        let (bytes_max, age_max) = (64 * 1024 * 1024, Duration::from_secs(6 * 60 * 60));
        Self { bytes_max, age_max, change_events: vec![String::new()], own_services: Vec::new() }
    }
}

impl Limits {
    /// The bytes that one kind of evidence may use.
    pub(crate) fn share(&self, percent: usize) -> usize {
        self.bytes_max / 100 * percent
    }

    /// Whether a service is one that this evidence is about.
    pub(crate) fn is_own(&self, service: &str) -> bool {
        self.own_services.is_empty() || self.own_services.iter().any(|own| own == service)
    }

    pub(crate) fn is_change(&self, event: &str) -> bool {
        self.change_events.iter().any(|prefix| event.starts_with(prefix.as_str()))
    }
}

/// How much of a table strangers may fill: a quarter, so that three quarters remain for own services. A guest's tools and a class's
/// experiments fit into a quarter.
pub(crate) const fn strangers_part(max: usize) -> usize {
    max / 4
}

// The shares add up to 100.

/// Ordinary log records.
pub(crate) const LOGS_PERCENT: usize = 25;
/// Ordinary traces.
pub(crate) const TRACES_PERCENT: usize = 30;
/// Points of metrics, and the keys of their series: as many as a busy shop reports in five hours.
pub const METRICS_PERCENT: usize = 25;
/// Words and resources that rows share.
pub(crate) const WORDS_PERCENT: usize = 5;
/// Reserved: changes, so that the record of a trigger outlives the storm that it caused.
pub(crate) const CHANGES_PERCENT: usize = 5;
/// Reserved: log records of first failures.
pub(crate) const FAILURE_LOGS_PERCENT: usize = 5;
/// Reserved: traces of first failures.
pub(crate) const FAILURE_TRACES_PERCENT: usize = 5;

/// A sender's clock may run ahead by this much. A time further ahead is replaced by the store's current time.
pub(crate) const CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);
/// Longer texts are truncated: a stack trace fits, a document does not.
pub(crate) const TEXT_BYTES_MAX: usize = 8 * 1024;
/// Longer texts are not interned: they seldom repeat, so that sharing them costs more than it saves.
pub(crate) const WORD_BYTES_MAX: usize = 96;
/// OpenTelemetry's own default limit for attributes of one span, and for its events and links.
pub(crate) const ATTRIBUTES_MAX: usize = 128;
/// Arrays and maps inside an attribute's value are written out to this depth.
pub(crate) const VALUE_DEPTH_MAX: usize = 8;
/// The most spans in a trace. A page's trace has tens; a sender that never changes its trace id must not grow one without bound.
pub(crate) const SPANS_PER_TRACE_MAX: usize = 1_024;
/// The most traces to show under the one that they link to. A retry storm links thousands to one request.
pub(crate) const LINKING_TRACES_MAX: usize = 64;
/// How many failures of one kind count as first ones. These show what the failure is; the rest only show how frequent it is.
pub(crate) const FIRST_FAILURES: u32 = 8;
/// After this long without a failure of its kind, a failure is a first one again.
pub(crate) const QUIET_PERIOD: Duration = Duration::from_secs(120);
/// The most kinds of failures to count separately. Senders choose their names, so the number needs a limit.
pub(crate) const FAILURE_KINDS_MAX: usize = 1_024;
/// The most names of changes to keep separately, for the same reason.
pub(crate) const CHANGE_NAMES_MAX: usize = 256;
/// The most services and instances that rows share. Rows of further senders carry their sender's description and are charged for
/// it.
pub(crate) const RESOURCES_MAX: usize = 512;
/// The default cardinality limit of OpenTelemetry's SDKs: attribute sets of one metric of one service instance.
pub(crate) const CARDINALITY_MAX: usize = 2_000;
/// The most series of all metrics together. It bounds the work of a scrape and of a sweep.
pub(crate) const SERIES_MAX: usize = 20_000;
/// The most names of metrics. A service has tens.
pub(crate) const METRIC_NAMES_MAX: usize = 1_000;
/// The most buckets of a histogram; OpenTelemetry's default has 16.
pub(crate) const BUCKETS_MAX: usize = 256;
/// Slots of slow and failed requests: twelve routes by half minutes for five and a half hours, about 2 MB.
pub(crate) const REQUEST_SLOTS_MAX: usize = 8_192;

/// The most conditions of one kind in a query: each is tested on every row. A page uses a handful.
pub const CONDITIONS_MAX: usize = 32;
/// The most rows in one answer. The answer says if it left some out.
pub(crate) const ROWS_PER_ANSWER_MAX: usize = 1_000;
/// The most lines of a metric in one answer.
pub(crate) const LINES_PER_ANSWER_MAX: usize = 200;
/// The most series times steps in one answer: about a second of work, during which the store cannot ingest.
pub(crate) const VALUES_PER_ANSWER_MAX: f64 = 5e6;
/// The most points of one line.
pub(crate) const POINTS_PER_LINE_MAX: usize = 2_000;
