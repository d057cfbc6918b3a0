//! The evidence store of one world: it ingests telemetry over OTLP, keeps what fits, and answers queries. It teaches what an
//! observability backend is made of, and that everything in it is bounded: rows, words, series, answers.
//!
//! It knows nothing of the shop. Services in the same process and remote senders use the same three entry points,
//! [`Evidence::take_logs`], [`Evidence::take_metrics`] and [`Evidence::take_traces`]. The owner supplies the clock, because worlds
//! run in virtual time.
//!
//! # Layout
//!
//! - [`limits`]: every limit with its reason
//! - [`time`], [`ids`], `value`, `dictionary`, `skew`: the parts of a row
//! - `failures`, `logs`; `span_row`, `spans`, `requests`; `track`, `points`, `series`, `metrics`, `room`: storage and eviction
//! - [`usage`], `refusals`: counts of what was received, held, refused and dropped; what a sender learns of refusals
//! - [`log_search`], [`trace_search`], [`trace_view`], `trace_tree`, [`metric_query`]: queries and answers
//! - [`alerts`]: burn rates of failed visits
//! - `prometheus_names`, `exposition_labels`, `exposition`: the metrics, for Prometheus
//! - `problem`: error responses
//! - [`receiver`]: OTLP over HTTP and gRPC
//! - [`api`]: the queries over HTTP
//! - [`waterfall`]: a trace, drawn for a terminal

/// Serializes a type as its displayed text, and parses it back.
macro_rules! as_text {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text: String = serde::Deserialize::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
use as_text;

pub mod limits;
pub mod time;
pub mod ids;
mod value;
mod dictionary;
mod skew;
pub mod usage;
mod refusals;
mod failures;
mod logs;
mod span_row;
mod spans;
mod requests;
mod track;
mod points;
mod series;
mod metrics;
mod room;
pub mod log_search;
pub mod trace_search;
mod trace_tree;
pub mod trace_view;
pub mod metric_query;
pub mod alerts;
mod prometheus_names;
mod exposition_labels;
mod exposition;
mod evidence;
mod problem;
pub mod receiver;
pub mod api;
pub mod waterfall;

pub use alerts::{Alert, AlertEvent, Alerts};
pub use evidence::Evidence;
pub use ids::{SpanId, TraceId};
pub use limits::Limits;
pub use log_search::{Change, ChangeList, LogEntry, LogPage, LogQuery, Severity};
pub use metric_query::{Function, Line, MetricAnswer, MetricInfo, MetricQuery, QueryError};
pub use refusals::Taken;
pub use requests::{RequestLink, Sort};
pub use series::MetricKind;
pub use time::UnixTime;
pub use trace_search::{TraceList, TraceOrder, TraceQuery, TraceSummary};
pub use trace_view::{Relation, SpanView, TraceView};
pub use usage::{Refusal, Usage};
