//! Records as OTLP has them, put together by whom they are from.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};

use super::Batch;

/// A record with its scope.
pub(crate) enum Record {
    Span(&'static str, Span),
    Log(&'static str, LogRecord),
}

/// Who sends: the service, its release, which run of which process, and what is `added`, in place of the former where they meet.
pub(crate) fn resource(
    service: &'static str,
    release: &str,
    instance: String,
    added: &[KeyValue],
) -> Resource {
    let mut attributes = vec![
        text_attribute("service.name", service.to_owned()),
        text_attribute("service.version", release.to_owned()),
        text_attribute("service.instance.id", instance),
    ];
    for attribute in added {
        attributes.retain(|other| other.key != attribute.key);
        attributes.push(attribute.clone());
    }
    Resource { attributes, ..Resource::default() }
}

/// Logs and spans of one resource, grouped by scope; nothing of a signal without records.
pub(crate) fn batches(
    records: impl Iterator<Item = Record>,
    resource: &Resource,
) -> impl Iterator<Item = Batch> {
    let mut logs: BTreeMap<&str, Vec<LogRecord>> = BTreeMap::new();
    let mut spans: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for record in records {
        match record {
            Record::Log(scope, log) => logs.entry(scope).or_default().push(log),
            Record::Span(scope, span) => spans.entry(scope).or_default().push(span),
        }
    }
    let logs = (!logs.is_empty()).then(|| {
        let scopes = logs.into_iter().map(|(name, log_records)| ScopeLogs {
            scope: Some(scope(name)),
            log_records,
            ..ScopeLogs::default()
        });
        let resource_logs = ResourceLogs {
            resource: Some(resource.clone()),
            scope_logs: scopes.collect(),
            ..ResourceLogs::default()
        };
        Batch::Logs(ExportLogsServiceRequest { resource_logs: vec![resource_logs] })
    });
    let spans = (!spans.is_empty()).then(|| {
        let scopes = spans.into_iter().map(|(name, spans)| ScopeSpans {
            scope: Some(scope(name)),
            spans,
            ..ScopeSpans::default()
        });
        let resource_spans = ResourceSpans {
            resource: Some(resource.clone()),
            scope_spans: scopes.collect(),
            ..ResourceSpans::default()
        };
        Batch::Traces(ExportTraceServiceRequest { resource_spans: vec![resource_spans] })
    });
    logs.into_iter().chain(spans)
}

fn scope(name: &str) -> InstrumentationScope {
    InstrumentationScope { name: name.to_owned(), ..InstrumentationScope::default() }
}

pub(crate) fn text_attribute(name: &str, text: String) -> KeyValue {
    attribute(name, Value::StringValue(text))
}

pub(crate) fn attribute(name: &str, value: Value) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
