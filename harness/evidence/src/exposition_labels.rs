//! The labels of a series for Prometheus. Teaches what they must include: everything that distinguishes series in OTLP.

use std::collections::BTreeMap;

use crate::prometheus_names::allowed;
use crate::series::{MetricId, SeriesKey};
use crate::value::{Attributes, Resource};

/// The attributes that identify a resource. The others appear in `target_info`.
const IDENTITY: [&str; 3] = ["service.name", "service.namespace", "service.instance.id"];

/// Label names that are reserved: an attribute may not use them.
const TAKEN: [&str; 7] = [
    "le",
    "job",
    "instance",
    "otel_scope_name",
    "otel_scope_version",
    "otel_metric_name",
    "otel_metric_unit",
];

/// The label pairs that identify a series, as they stand between the braces, with the name of its metric if needed.
pub(crate) fn labels(key: &SeriesKey, metric: Option<&MetricId>) -> String {
    let mut labels = BTreeMap::new();
    key.attributes.iter().for_each(|(key, value)| add_label(&mut labels, key, value.to_string()));
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

/// The `job` and `instance` of a resource, and the same together with its other attributes.
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

/// A fingerprint of the other attributes, because two hosts without a `service.instance.id` usually differ in one of them. Empty if
/// there are none.
fn fingerprint(attributes: &Attributes) -> String {
    let mut others = attributes.iter().filter(|(key, _)| !IDENTITY.contains(&&***key)).peekable();
    if others.peek().is_none() {
        return String::new();
    }
    // FNV-1a of 64 bits is the same on every machine and in every run, so that a series keeps its name.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for (key, value) in others {
        for byte in format!("{key}\0{value}\0").bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

/// If two keys become the same label name, the label holds both values, in the order of the keys.
fn add_label(labels: &mut BTreeMap<String, String>, key: &str, value: String) {
    let name = match allowed(key, |_| false) {
        name if TAKEN.contains(&name.as_str()) => format!("exported_{name}"),
        name => name,
    };
    labels.entry(name).and_modify(|all| *all = format!("{all};{value}")).or_insert(value);
}

/// To Prometheus, an empty label value means no label.
fn joined(labels: &BTreeMap<String, String>) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let there = labels.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = there.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    pairs.join(",")
}
