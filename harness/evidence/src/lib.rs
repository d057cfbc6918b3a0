//! The evidence store of one world: takes what telemetry delivers by OTLP, keeps what fits, and answers questions. It
//! teaches what an observability backend is made of, and that everything in it has an end: rows, words, series,
//! answers.
//!
//! It knows nothing of the shop. Services in the same process and senders from anywhere come in by the same three
//! doors, [`Evidence::take_logs`], [`Evidence::take_metrics`] and [`Evidence::take_traces`]. Time comes from the clock
//! that the owner hands in, because worlds run in virtual time.
//!
//! # Layout
//!
//! - [`limits`]: every limit with its reason
//! - [`time`], [`ids`], `value`, `dictionary`, `skew`: what rows are made of
//! - `failures`, `logs`; `span_row`, `spans`, `requests`; `track`, `points`, `series`, `metrics`, `room`: what is kept, and what
//!   has to leave
//! - [`usage`], `refusals`: what was taken, held and dropped, in figures; what is told of it
//! - [`log_search`], [`trace_search`], [`trace_view`], `trace_tree`, [`metric_query`]: questions and answers
//! - [`alerts`]: burn rates of what customers meet
//! - `prometheus_names`, `exposition_labels`, [`exposition`], `accept`: the metrics, for Prometheus
//! - `problem`: what is wrong with a request
//! - [`receiver`]: OTLP over HTTP and gRPC
//! - [`api`]: the questions over HTTP
//! - [`waterfall`]: a trace, drawn for a terminal

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

pub mod exposition;

mod accept;

mod evidence;

mod problem;

pub mod receiver;

pub mod api;

pub mod waterfall;

pub use alerts::{Alert, AlertEvent, Alerts};
pub use evidence::Evidence;
pub use exposition::Exposition;
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
