//! Metrics as Prometheus scrapes them: OpenMetrics 1.0 or text 0.0.4. Teaches how OTLP's names become Prometheus's
//! (OpenTelemetry specification, *Prometheus and OpenMetrics Compatibility*).
//!
//! `job` is `service.name` with its namespace before it, `instance` is `service.instance.id`; what else a resource says
//! is in `target_info`. A scrape should keep these labels (`honor_labels: true`). A series that was told nothing for
//! five minutes is left out. If two metrics come to have one name, the first by its own name stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::metrics::MetricStore;
use crate::prometheus_names::{allowed, family_name, suffix, unit_words};
use crate::series::{AnyTrack, Family, MetricKind, Series, SeriesKey};
use crate::time::UnixTime;
use crate::value::{Attributes, Resource};

/// After this long without a point a series is left out; the default of OpenTelemetry's collector.
const EXPIRES_AFTER: Duration = Duration::from_secs(300);

/// The two ways to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Exposition {
    /// The one that an `Accept` header asks for; text if it asks for neither.
    pub fn accepted(accept: Option<&str>) -> Self {
        let wants = accept.is_some_and(|accept| accept.contains("application/openmetrics-text"));
        if wants { Self::OpenMetrics } else { Self::Text }
    }

    /// The content type to answer with.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

pub(crate) fn write(store: &MetricStore, format: Exposition, now: UnixTime) -> String {
    let mut page = Page { format, text: String::new() };
    let oldest = now.minus(EXPIRES_AFTER);
    let mut resources: BTreeSet<&Resource> = BTreeSet::new();
    let mut names: BTreeSet<String> = BTreeSet::from(["target".to_owned(), "target_info".to_owned()]);
    for (name, family) in &store.families {
        let unit = unit_words(&family.unit, family.kind);
        let name = family_name(name, unit.as_deref(), family.kind);
        if !names.insert(name.clone()) {
            continue;
        }
        let current = family.series.iter().filter(|(_, series)| series.last_time() >= Some(oldest));
        let current: Vec<(&SeriesKey, &Series)> = current.collect();
        if !current.is_empty() {
            page.family(&name, unit.as_deref(), family);
        }
        for (key, series) in current {
            resources.insert(&*key.resource);
            page.series(&name, family.kind, &labels(key), series);
        }
    }
    page.targets(&resources);
    if format == Exposition::OpenMetrics {
        page.text.push_str("# EOF\n");
    }
    page.text
}

struct Page {
    format: Exposition,
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, unit: Option<&str>, family: &Family) {
        let kind = match family.kind {
            MetricKind::Gauge => "gauge",
            MetricKind::Counter => "counter",
            MetricKind::Histogram => "histogram",
        };
        // OpenMetrics names a counter's family without the suffix that its samples have; the older text with it.
        let suffix = if self.format == Exposition::Text { suffix(family.kind) } else { "" };
        self.line(format_args!("# TYPE {name}{suffix} {kind}"));
        if let (Exposition::OpenMetrics, Some(unit)) = (self.format, unit.filter(|unit| name.ends_with(unit)))
        {
            self.line(format_args!("# UNIT {name} {unit}"));
        }
        if !family.description.is_empty() {
            let help = family.description.replace('\\', "\\\\").replace('\n', "\\n");
            let help = if self.format == Exposition::OpenMetrics { help.replace('"', "\\\"") } else { help };
            self.line(format_args!("# HELP {name}{suffix} {help}"));
        }
    }

    fn series(&mut self, name: &str, kind: MetricKind, labels: &str, series: &Series) {
        match &series.track {
            AnyTrack::Number(track) => {
                let Some((_, value)) = track.last() else { return };
                let (suffix, value) = (suffix(kind), self.number(*value));
                self.line(format_args!("{name}{suffix}{{{labels}}} {value}"));
            }
            AnyTrack::Histogram { bounds, track } => {
                let Some((_, counts)) = track.last() else { return };
                let mut up_to = 0_u64;
                let uppers = bounds.iter().copied().chain([f64::INFINITY]);
                for (upper, count) in uppers.zip(&counts.buckets) {
                    up_to = up_to.saturating_add(*count);
                    let upper = self.number(upper);
                    self.line(format_args!("{name}_bucket{{{labels},le=\"{upper}\"}} {up_to}"));
                }
                let sum = self.number(counts.sum);
                self.line(format_args!("{name}_sum{{{labels}}} {sum}"));
                self.line(format_args!("{name}_count{{{labels}}} {up_to}"));
            }
        }
    }

    /// What resources say beside their names. One for each `job` and `instance`.
    fn targets(&mut self, resources: &BTreeSet<&Resource>) {
        if resources.is_empty() {
            return;
        }
        match self.format {
            Exposition::Text => self.line(format_args!("# TYPE target_info gauge")),
            Exposition::OpenMetrics => self.line(format_args!("# TYPE target info")),
        }
        let mut seen = BTreeSet::new();
        for resource in resources {
            let (job, instance) = job_and_instance(resource);
            if !seen.insert((job.clone(), instance.clone())) {
                continue;
            }
            let identity = ["service.name", "service.namespace", "service.instance.id"];
            let others = resource.attributes.iter().filter(|(key, _)| !identity.contains(&&***key));
            let mut labels: BTreeMap<String, String> = BTreeMap::new();
            others.for_each(|(key, value)| add_label(&mut labels, key, value.to_string()));
            labels.insert("job".to_owned(), job);
            labels.insert("instance".to_owned(), instance);
            let labels = joined(&labels);
            self.line(format_args!("target_info{{{labels}}} 1"));
        }
    }

    /// OpenMetrics wants bounds to be floats, the older text has them short.
    fn number(&self, value: f64) -> String {
        match self.format {
            _ if value == f64::INFINITY => "+Inf".to_owned(),
            Exposition::Text => value.to_string(),
            Exposition::OpenMetrics => format!("{value:?}"),
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a String takes every write");
    }
}

fn job_and_instance(resource: &Resource) -> (String, String) {
    let namespace = resource.attributes.text("service.namespace").map(|namespace| format!("{namespace}/"));
    let job = format!("{}{}", namespace.unwrap_or_default(), resource.service);
    (job, resource.instance.as_deref().unwrap_or_default().to_owned())
}

/// Everything that tells a series from others, between the braces.
fn labels(key: &SeriesKey) -> String {
    let mut labels = from_attributes(&key.attributes);
    let (job, instance) = job_and_instance(&key.resource);
    labels.insert("job".to_owned(), job);
    labels.insert("instance".to_owned(), instance);
    labels.insert("otel_scope_name".to_owned(), key.scope.name.to_string());
    labels.insert("otel_scope_version".to_owned(), key.scope.version.to_string());
    joined(&labels)
}

fn from_attributes(attributes: &Attributes) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    attributes.iter().for_each(|(key, value)| add_label(&mut labels, key, value.to_string()));
    labels
}

/// Keys that become one are one label with both values, in the order of the keys.
fn add_label(labels: &mut BTreeMap<String, String>, key: &str, value: String) {
    let name = match allowed(key, |_| false) {
        // A histogram's own label.
        name if name == "le" => "exported_le".to_owned(),
        name => name,
    };
    labels.entry(name).and_modify(|all| *all = format!("{all};{value}")).or_insert(value);
}

fn joined(labels: &BTreeMap<String, String>) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_the_one_asked_for() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Exposition::accepted(Some(prometheus)), Exposition::OpenMetrics);
        assert_eq!(Exposition::accepted(Some("text/plain")), Exposition::Text);
        assert_eq!(Exposition::accepted(None), Exposition::Text);
    }
}
