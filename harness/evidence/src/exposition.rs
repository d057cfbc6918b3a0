//! Metrics in Prometheus's text format, 0.0.4. Teaches how OTLP's names become Prometheus's (OpenTelemetry specification,
//! *Prometheus and OpenMetrics Compatibility*), and that two series that differ on one side must differ on the other.
//!
//! `job` is `service.name`, prefixed with its namespace. `instance` is `service.instance.id`, or a fingerprint of the other
//! resource attributes. `target_info` carries these other attributes. A scrape should keep these labels (`honor_labels: true`). A
//! series is left out after five minutes without a point, or once another instance of its service has replaced its instance. Series
//! that end up with the same labels are one to Prometheus, and the most recent value counts. If two metrics end up with one name,
//! the second gets an additional label with its original name. If their kinds differ, the second gets its kind in its name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::exposition_labels::{labels, target};
use crate::metrics::MetricStore;
use crate::prometheus_names::{family_name, sample_names, suffix, unit_words};
use crate::series::{AnyTrack, Family, MetricId, MetricKind, Series, SeriesKey};
use crate::time::UnixTime;

/// How long a series stays after its last point; the default of OpenTelemetry's collector.
const EXPIRES_AFTER: Duration = Duration::from_secs(300);

pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn write(store: &MetricStore, now: UnixTime) -> String {
    let mut page = Page(String::new());
    let oldest = now.minus(EXPIRES_AFTER);
    // By job and instance: the turn of the last point, and the resource's labels.
    let mut targets: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for (name, family) in families(store) {
        // By labels: the series with the last point.
        let mut lines: BTreeMap<String, (&SeriesKey, &Series)> = BTreeMap::new();
        let series = family.parts.iter().enumerate().flat_map(|(place, (id, family))| {
            // If several metrics have one name here, the original name distinguishes all but the first.
            let name = (place > 0).then_some(*id);
            let followed = family.followed();
            let there = family.series.iter().filter(move |(key, _)| !followed.contains_key(&*key.resource));
            there.map(move |(key, series)| (name, key, series))
        });
        for (name, key, series) in series.filter(|(.., series)| series.last_time() >= Some(oldest)) {
            let shown = lines.entry(labels(key, name)).or_insert((key, series));
            if shown.1.turn < series.turn {
                *shown = (key, series);
            }
            let (identity, labels) = target(&key.resource);
            let shown = targets.entry(identity).or_default();
            if shown.0 <= series.turn {
                *shown = (series.turn, labels);
            }
        }
        if !lines.is_empty() {
            page.family(&name, &family);
        }
        for (labels, (key, series)) in lines {
            page.series(&name, family.kind, &labels, key, series);
        }
    }
    page.targets(&targets);
    page.0
}

/// The families of one name and kind.
struct Named<'a> {
    kind: MetricKind,
    parts: Vec<(&'a MetricId, &'a Family)>,
}

/// Families by their names in Prometheus. Own services choose first.
fn families(store: &MetricStore) -> BTreeMap<String, Named<'_>> {
    let mut named: BTreeMap<String, Named<'_>> = BTreeMap::new();
    let mut samples = BTreeSet::from(["target", "target_info"].map(str::to_owned));
    for (id, family) in store.own_first() {
        let unit = unit_words(&id.unit, id.kind);
        let mut name = family_name(&id.name, unit.as_deref(), id.kind);
        let is_free = |name: &str| match named.get(name) {
            Some(known) => known.kind == id.kind,
            None => sample_names(name, id.kind).iter().all(|sample| !samples.contains(sample)),
        };
        while !is_free(&name) {
            write!(name, "_{}", kind_word(id.kind)).expect("a String takes every write");
        }
        samples.extend(sample_names(&name, id.kind));
        let entry = named.entry(name).or_insert_with(|| Named { kind: id.kind, parts: Vec::new() });
        entry.parts.push((id, family));
    }
    named
}

fn kind_word(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Gauge => "gauge",
        MetricKind::Counter => "counter",
        MetricKind::Histogram => "histogram",
    }
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, family: &Named<'_>) {
        let suffix = suffix(family.kind);
        self.line(format_args!("# TYPE {name}{suffix} {}", kind_word(family.kind)));
        let mut descriptions = family.parts.iter().map(|(_, part)| &*part.description);
        if let Some(description) = descriptions.find(|description| !description.is_empty()) {
            let help = description.replace('\\', "\\\\").replace('\n', "\\n");
            self.line(format_args!("# HELP {name}{suffix} {help}"));
        }
    }

    fn series(&mut self, name: &str, kind: MetricKind, labels: &str, key: &SeriesKey, series: &Series) {
        match &series.track {
            AnyTrack::Number(track) => {
                let Some((_, value)) = track.last() else { return };
                let (suffix, value) = (suffix(kind), number(*value));
                self.line(format_args!("{name}{suffix}{{{labels}}} {value}"));
            }
            AnyTrack::Histogram(track) => {
                let Some((_, counts)) = track.last() else { return };
                let mut up_to = 0_u64;
                let comma = if labels.is_empty() { "" } else { "," };
                let uppers = key.bounds.0.iter().map(|bound| bound.0).chain([f64::INFINITY]);
                for (upper, count) in uppers.zip(&counts.buckets) {
                    up_to = up_to.saturating_add(*count);
                    let upper = number(upper);
                    self.line(format_args!("{name}_bucket{{{labels}{comma}le=\"{upper}\"}} {up_to}"));
                }
                let sum = number(counts.sum);
                self.line(format_args!("{name}_sum{{{labels}}} {sum}"));
                self.line(format_args!("{name}_count{{{labels}}} {up_to}"));
            }
        }
    }

    /// The resource attributes, one line for each `job` and `instance`.
    fn targets(&mut self, targets: &BTreeMap<String, (u64, String)>) {
        if targets.is_empty() {
            return;
        }
        self.line(format_args!("# TYPE target_info gauge"));
        for (_, labels) in targets.values() {
            self.line(format_args!("target_info{{{labels}}} 1"));
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a String takes every write");
    }
}

fn number(value: f64) -> String {
    if value == f64::INFINITY { "+Inf".to_owned() } else { value.to_string() }
}
