//! Delivers a world's telemetry directly to its evidence store: the same structures as over the network, without the network.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use chassis::{TelemetrySink, clock::nanoseconds, telemetry::Batch};
use evidence::{Evidence, Limits};
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
};
use parking_lot::Mutex;
use serde::Serialize;

use crate::{
    elsewhere::OPERATIONS,
    scenario::draw::{Announced, SystemChange},
    shop::CUSTOMERS,
};

/// The telemetry name of the pipelines, which report releases and settings.
const PIPELINE: &str = "pipeline";

/// Prefixes of the event names that count as changes in a shop: what was published, started, released or configured.
const CHANGE_EVENTS: [&str; 2] = ["shop.asset.", "service."];

/// The services that report about a shop: its own, its customers, its health checks and its pipelines. Other senders to the same
/// evidence store cannot displace their telemetry.
const OWN_SERVICES: [&str; 6] = ["web-front", "cache", "content-store", CUSTOMERS, OPERATIONS, PIPELINE];

/// The limits of one world's evidence.
pub fn limits() -> Limits {
    Limits {
        change_events: CHANGE_EVENTS.map(str::to_owned).into(),
        own_services: OWN_SERVICES.map(str::to_owned).into(),
        ..Limits::default()
    }
}

/// An evidence store as a telemetry sink.
pub struct Observed(pub Evidence);

impl TelemetrySink for Observed {
    fn take(&self, batch: Batch) {
        match batch {
            Batch::Logs(logs) => self.0.take_logs(&logs),
            Batch::Traces(traces) => self.0.take_traces(&traces),
            Batch::Metrics(metrics) => self.0.take_metrics(&metrics),
        };
    }
}

/// Telemetry as lines of OTLP JSON, one batch a line, separated by signal. Clones share the lines.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<[String; SIGNALS.len()]>>);

/// The signals, as their files are named.
const SIGNALS: [&str; 3] = ["logs", "metrics", "traces"];

impl Lines {
    /// The lines of each signal so far.
    pub fn by_signal(&self) -> Vec<(&'static str, String)> {
        let lines = self.0.lock();
        SIGNALS.into_iter().zip(lines.iter().cloned()).collect()
    }

    fn add(&self, signal: usize, batch: &impl Serialize) {
        let mut lines = self.0.lock();
        lines[signal] += &serde_json::to_string(batch).expect("a batch holds nothing that JSON cannot");
        lines[signal].push('\n');
    }
}

impl TelemetrySink for Lines {
    fn take(&self, batch: Batch) {
        match batch {
            Batch::Logs(logs) => self.add(0, &logs),
            Batch::Metrics(metrics) => self.add(1, &metrics),
            Batch::Traces(traces) => self.add(2, &traces),
        }
    }
}

/// The path from the shop to its telemetry sink. It crosses the same network as all other traffic, and can be lost there.
pub(crate) struct OnItsWay {
    sink: Arc<dyn TelemetrySink>,
    lost: AtomicBool,
}

impl OnItsWay {
    pub(crate) fn new(sink: Arc<dyn TelemetrySink>) -> Self {
        Self { sink, lost: AtomicBool::new(false) }
    }

    pub(crate) fn lose(&self, lost: bool) {
        self.lost.store(lost, Ordering::Relaxed);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

impl TelemetrySink for OnItsWay {
    fn take(&self, batch: Batch) {
        if !self.is_lost() {
            self.sink.take(batch);
        }
    }

    fn dropped(&self) -> u64 {
        self.sink.dropped()
    }

    fn resource_attributes(&self) -> &[KeyValue] {
        self.sink.resource_attributes()
    }
}

/// OTLP's severity number for INFO.
const INFO: i32 = 9;

/// Reports a change that happened at `at`, as pipelines report releases and settings of the shop's services and of other systems.
/// Most entries of a change feed have nothing to do with the incident.
pub(crate) fn announce(sink: &dyn TelemetrySink, announced: &Announced, at: SystemTime) {
    let Announced { system, change, .. } = announced;
    let (event, key, value, body) = match change {
        SystemChange::Released { version } => {
            ("service.released", "service.version", version, format!("released {system} {version}"))
        }
        SystemChange::Configured { setting } => {
            ("service.configured", "setting.key", setting, format!("changed {setting} of {system}"))
        }
    };
    let nanos = nanoseconds(at);
    let record = LogRecord {
        time_unix_nano: nanos,
        observed_time_unix_nano: nanos,
        severity_number: INFO,
        severity_text: "INFO".to_owned(),
        event_name: event.to_owned(),
        body: Some(text(&body)),
        attributes: vec![attribute("system.name", system), attribute(key, value)],
        ..LogRecord::default()
    };
    let resource = Resource { attributes: vec![attribute("service.name", PIPELINE)], ..Resource::default() };
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
    let resource_logs =
        vec![ResourceLogs { resource: Some(resource), scope_logs, ..ResourceLogs::default() }];
    sink.take(Batch::Logs(ExportLogsServiceRequest { resource_logs }));
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(text(value)), ..KeyValue::default() }
}

fn text(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use evidence::limits::METRICS_PERCENT;

    use crate::{
        Mix,
        play::{PlayOptions, Responder, play},
        scenario::scenario,
        virtual_time::{STALLED_AFTER, run},
    };

    /// The usual values are read until the end, as in a long outage. Two of the story's hours show whether all fit.
    #[test]
    fn metrics_of_a_whole_story_fit() {
        let options = PlayOptions {
            level: chassis::Level::RICHEST,
            with_evidence: true,
            mix: Mix::of(2.0),
            responder: Responder::Nobody,
            ..PlayOptions::new(7)
        };
        let story_s = options.ends_story_s - options.starts_story_s;
        let options = PlayOptions { ends_story_s: options.starts_story_s + 7_200.0, ..options };
        let scenario = scenario("slow-link").expect("the library has it");
        let played = run(play(&scenario, &options), STALLED_AFTER, || panic!("time stood still"));
        let evidence = played.expect("it does not stall").expect("it is played").evidence;
        let usage = evidence.expect("there is a store").usage();
        let share = usage.bytes_max / 100 * METRICS_PERCENT;
        let whole = usage.metrics.bytes as f64 / 7_200.0 * story_s;
        assert!(whole < share as f64, "{whole} bytes of {share}: {:?}", usage.metrics);
        assert_eq!(usage.metrics.evicted.by_bytes, 0);
    }
}
