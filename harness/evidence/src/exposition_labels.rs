//! The labels that a series has for Prometheus. Teaches what has to be in them: everything by which OTLP tells series
//! apart.

use std::collections::BTreeMap;

use crate::prometheus_names::allowed;
use crate::series::{MetricId, SeriesKey};
use crate::value::{Attributes, Resource};

/// The attributes that identify a resource among those of its service; the others stand in `target_info`.
const IDENTITY: [&str; 3] = ["service.name", "service.namespace", "service.instance.id"];

/// Labels that are not for an attribute to have.
const TAKEN: [&str; 7] = [
    "le",
    "job",
    "instance",
    "otel_scope_name",
    "otel_scope_version",
    "otel_metric_name",
    "otel_metric_unit",
];

/// Everything that identifies a series, between the braces; with the name of its metric if that is needed.
pub(crate) fn labels(key: &SeriesKey, metric: Option<&MetricId>) -> String {
    let mut labels = from_attributes(&key.attributes);
    add_identity(&mut labels, &key.resource);
    labels.insert("otel_scope_name".to_owned(), key.scope.name.to_string());
    labels.insert("otel_scope_version".to_owned(), key.scope.version.to_string());
    for (name, value) in key.scope.attributes.iter() {
        add_label(&mut labels, &format!("otel_scope_{name}"), value.to_string());
    }
    if let Some(metric) = metric {
        labels.insert("otel_metric_name".to_owned(), metric.name.to_string());
        labels.insert("otel_metric_unit".to_owned(), metric.unit.to_string());
    }
    joined(&labels)
}

/// The `job` and `instance` of a resource, and these with all else that it says.
pub(crate) fn target(resource: &Resource) -> (String, String) {
    let mut identity = BTreeMap::new();
    add_identity(&mut identity, resource);
    let mut labels = BTreeMap::new();
    let others = resource.attributes.iter().filter(|(key, _)| !IDENTITY.contains(&&***key));
    others.for_each(|(key, value)| add_label(&mut labels, key, value.to_string()));
    labels.extend(identity.clone());
    (joined(&identity), joined(&labels))
}

fn add_identity(labels: &mut BTreeMap<String, String>, resource: &Resource) {
    let namespace = resource.attributes.text("service.namespace").map(|namespace| format!("{namespace}/"));
    labels.insert("job".to_owned(), format!("{}{}", namespace.unwrap_or_default(), resource.service));
    let instance = resource.instance.as_deref().map(str::to_owned);
    labels.insert("instance".to_owned(), instance.unwrap_or_else(|| fingerprint(&resource.attributes)));
}

/// Two hosts that give no `service.instance.id` differ in something else that they say; nothing if they say nothing else.
fn fingerprint(attributes: &Attributes) -> String {
    let mut others = attributes.iter().filter(|(key, _)| !IDENTITY.contains(&&***key)).peekable();
    if others.peek().is_none() {
        return String::new();
    }
    // FNV-1a of 64 bits: the same on every machine and in every run, so that a series keeps its name.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for (key, value) in others {
        for byte in format!("{key}\0{value}\0").bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

fn from_attributes(attributes: &Attributes) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    attributes.iter().for_each(|(key, value)| add_label(&mut labels, key, value.to_string()));
    labels
}

/// Keys that become one are one label with both values, in the order of the keys.
fn add_label(labels: &mut BTreeMap<String, String>, key: &str, value: String) {
    let name = match allowed(key, |_| false) {
        name if TAKEN.contains(&name.as_str()) => format!("exported_{name}"),
        name => name,
    };
    labels.entry(name).and_modify(|all| *all = format!("{all};{value}")).or_insert(value);
}

/// A label with an empty value is to Prometheus one that is not there.
fn joined(labels: &BTreeMap<String, String>) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let there = labels.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = there.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    pairs.join(",")
}
