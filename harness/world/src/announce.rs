//! What pipelines tell of changes: releases and settings, of the shop's services and of all others. Teaches that a change feed is mostly
//! about what has nothing to do with the incident.

use std::time::SystemTime;

use chassis::TelemetrySink;
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
};

use crate::scenario::draw::{Announced, SystemChange};

/// Who tells of them.
pub(crate) const PIPELINE: &str = "pipeline";

/// OTLP's severity number of information.
const INFO: i32 = 9;

/// Tells of a change that was at `at`.
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
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
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
    sink.logs(ExportLogsServiceRequest { resource_logs });
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(text(value)), ..KeyValue::default() }
}

fn text(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.to_owned())) }
}
