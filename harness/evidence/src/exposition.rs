//! Metrics as Prometheus scrapes them: OpenMetrics 1.0 or text 0.0.4. Teaches how OTLP's names become Prometheus's
//! (OpenTelemetry specification, *Prometheus and OpenMetrics Compatibility*), and that what tells two series apart on one
//! side must tell them apart on the other.
//!
//! `job` is `service.name` with its namespace before it, `instance` is `service.instance.id`, or a fingerprint of what
//! else a resource says; all of that is in `target_info`. A scrape should keep these labels (`honor_labels: true`). A
//! series that was told nothing for five minutes is left out, and so is one of an instance that another of its service
//! has followed. If series come to have the same labels all the same, they are one to Prometheus, and what was told last
//! stands. If two metrics come to have one name, the second has a label more that says its own, and if they are of
//! different kinds, its kind is in its name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::exposition_labels::{labels, target};
use crate::metrics::MetricStore;
use crate::prometheus_names::{family_name, sample_names, suffix, unit_words};
use crate::series::{AnyTrack, Family, MetricId, MetricKind, Series, SeriesKey};
use crate::time::UnixTime;

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
    // By job and instance: what a resource says, and when it was told last.
    let mut targets: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for (name, family) in families(store) {
        // By labels: what was told last.
        let mut lines: BTreeMap<String, (&SeriesKey, &Series)> = BTreeMap::new();
        let series = family.parts.iter().enumerate().flat_map(|(place, (id, family))| {
            // Metrics that come to have one name are told apart by the name that they had.
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
    if format == Exposition::OpenMetrics {
        page.text.push_str("# EOF\n");
    }
    page.text
}

/// The families of one name and kind.
struct Named<'a> {
    kind: MetricKind,
    unit: Option<String>,
    parts: Vec<(&'a MetricId, &'a Family)>,
}

/// Families by the names that they have here: own services' get theirs first.
fn families(store: &MetricStore) -> BTreeMap<String, Named<'_>> {
    let mut named: BTreeMap<String, Named<'_>> = BTreeMap::new();
    let mut samples = BTreeSet::from(["target", "target_info"].map(str::to_owned));
    let (own, strangers): (Vec<_>, Vec<_>) =
        store.families.iter().partition(|(_, family)| family.own_series > 0);
    for (id, family) in own.into_iter().chain(strangers) {
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
        let entry = named.entry(name).or_insert_with(|| Named { kind: id.kind, unit, parts: Vec::new() });
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

struct Page {
    format: Exposition,
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, family: &Named<'_>) {
        // OpenMetrics names a counter's family without the suffix that its samples have; the older text with it.
        let suffix = if self.format == Exposition::Text { suffix(family.kind) } else { "" };
        self.line(format_args!("# TYPE {name}{suffix} {}", kind_word(family.kind)));
        let unit = family.unit.as_deref().filter(|unit| name.ends_with(unit));
        if let (Exposition::OpenMetrics, Some(unit)) = (self.format, unit) {
            self.line(format_args!("# UNIT {name} {unit}"));
        }
        let mut descriptions = family.parts.iter().map(|(_, part)| &*part.description);
        if let Some(description) = descriptions.find(|description| !description.is_empty()) {
            let help = description.replace('\\', "\\\\").replace('\n', "\\n");
            let help = if self.format == Exposition::OpenMetrics { help.replace('"', "\\\"") } else { help };
            self.line(format_args!("# HELP {name}{suffix} {help}"));
        }
    }

    fn series(&mut self, name: &str, kind: MetricKind, labels: &str, key: &SeriesKey, series: &Series) {
        match &series.track {
            AnyTrack::Number(track) => {
                let Some((_, value)) = track.last() else { return };
                let (suffix, value) = (suffix(kind), self.number(*value));
                self.line(format_args!("{name}{suffix}{{{labels}}} {value}"));
            }
            AnyTrack::Histogram(track) => {
                let Some((_, counts)) = track.last() else { return };
                let mut up_to = 0_u64;
                let comma = if labels.is_empty() { "" } else { "," };
                let uppers = key.bounds.0.iter().copied().chain([f64::INFINITY]);
                for (upper, count) in uppers.zip(&counts.buckets) {
                    up_to = up_to.saturating_add(*count);
                    let upper = self.number(upper);
                    self.line(format_args!("{name}_bucket{{{labels}{comma}le=\"{upper}\"}} {up_to}"));
                }
                let sum = self.number(counts.sum);
                self.line(format_args!("{name}_sum{{{labels}}} {sum}"));
                self.line(format_args!("{name}_count{{{labels}}} {up_to}"));
            }
        }
    }

    /// What resources say beside their names, one line for each `job` and `instance`.
    fn targets(&mut self, targets: &BTreeMap<String, (u64, String)>) {
        if targets.is_empty() {
            return;
        }
        match self.format {
            Exposition::Text => self.line(format_args!("# TYPE target_info gauge")),
            Exposition::OpenMetrics => self.line(format_args!("# TYPE target info")),
        }
        for (_, labels) in targets.values() {
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
