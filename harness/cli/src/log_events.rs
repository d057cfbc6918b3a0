//! An incident record as OpenTelemetry log events, in OTLP's JSON. Any log backend can then show what people did beside the services' own
//! logs. Teaches that a record needs no format of its own to be read elsewhere: names, times and attributes are enough.

use std::time::{SystemTime, UNIX_EPOCH};

use incident::{EventKind, IncidentRecord};
use serde_json::{Map, Value, json};

/// OTLP's numbers for INFO, WARN and ERROR.
const SEVERITIES: [(u8, &str); 3] = [(9, "INFO"), (13, "WARN"), (17, "ERROR")];

/// One OTLP log request with the whole record. Each event is named `incident.` plus its kind, and its fields are attributes below that
/// name; the last event is the outcome. A record keeps no date and log backends refuse old events, so its end is set to `ended`.
pub(crate) fn export(record: &IncidentRecord, ended: SystemTime) -> Value {
    let ends_s = record.events.last().map_or(0.0, |event| event.at_s);
    let ended_s = ended.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let unix_s = |at_s: f64| ended_s - ends_s + at_s;
    let mut records: Vec<Value> = record
        .events
        .iter()
        .map(|event| {
            let mut fields = object(event);
            let kind = fields.remove("kind").and_then(|kind| Some(kind.as_str()?.to_owned()));
            let name = format!("incident.{}", kind.unwrap_or_default());
            let time = [fields.remove("story_s"), fields.remove("at_s")];
            let mut attributes = attributes(&name, fields);
            attributes.extend(
                time.into_iter()
                    .zip(["story_s", "at_s"])
                    .filter_map(|(value, key)| Some(attribute(&format!("incident.{key}"), &value?))),
            );
            log_record(&name, unix_s(event.at_s), severity(&event.kind), &event.kind.to_string(), &attributes)
        })
        .collect();
    let outcome = attributes("incident.outcome", object(&record.outcome));
    records.push(log_record("incident.outcome", ended_s, SEVERITIES[0], "what came of it", &outcome));
    let resource = [("service.name", json!("glyphfall")), ("service.version", json!(record.run.version))];
    let resource = resource.iter().map(|(key, value)| attribute(key, value));
    let resource: Vec<Value> = resource.chain(attributes("incident.run", object(&record.run))).collect();
    json!({ "resourceLogs": [{
        "resource": { "attributes": resource },
        "scopeLogs": [{ "scope": { "name": record.schema }, "logRecords": records }],
    }] })
}

fn severity(kind: &EventKind) -> (u8, &'static str) {
    match kind {
        EventKind::AvailabilityLost => SEVERITIES[2],
        EventKind::Alerted { .. } | EventKind::CustomerComplaint { .. } | EventKind::Aborted { .. } => {
            SEVERITIES[1]
        }
        _ => SEVERITIES[0],
    }
}

fn log_record(
    name: &str,
    unix_s: f64,
    (number, text): (u8, &str),
    body: &str,
    attributes: &[Value],
) -> Value {
    let nanoseconds = format!("{:.0}", (unix_s * 1e3).round() * 1e6);
    json!({
        "timeUnixNano": nanoseconds, "observedTimeUnixNano": nanoseconds, "eventName": name,
        "severityNumber": number, "severityText": text, "body": { "stringValue": body }, "attributes": attributes,
    })
}

fn object(value: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(value).expect("a record holds nothing that JSON cannot") {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn attributes(name: &str, fields: Map<String, Value>) -> Vec<Value> {
    let given = fields.into_iter().filter(|(_, value)| !value.is_null());
    given.map(|(key, value)| attribute(&format!("{name}.{key}"), &value)).collect()
}

fn attribute(key: &str, value: &Value) -> Value {
    json!({ "key": key, "value": any_value(value) })
}

/// OTLP's `AnyValue`; its JSON writes integers of 64 bits as strings.
fn any_value(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(value) => json!({ "boolValue": value }),
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::String(text) => json!({ "stringValue": text }),
        Value::Array(values) => {
            json!({ "arrayValue": { "values": values.iter().map(any_value).collect::<Vec<_>>() } })
        }
        Value::Object(fields) => {
            let values: Vec<Value> = fields.iter().map(|(key, value)| attribute(key, value)).collect();
            json!({ "kvlistValue": { "values": values } })
        }
    }
}
