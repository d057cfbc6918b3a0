//! Formats pinned evidence as a few lines for people, where programs get JSON. Teaches that people must be able to read the evidence that their
//! claims rest on.

use evidence::{Change, Line, LogEntry, MetricAnswer, SpanView};
use serde_json::{Map, Value};

/// Prefixes of attributes that say where something came from, rather than what it was about. A team's page leaves out the same ones.
const PLAIN: [&str; 9] =
    ["server.", "client.", "network.", "user_agent.", "url.", "thread.", "code.", "telemetry.", "otel."];

/// Most attributes in a label, and the longest value there, in characters.
const TELLING_MAX: usize = 3;
const VALUE_CHARACTERS_MAX: usize = 40;

/// The attributes that distinguish an item from others of its kind, as in ` (id=promo-banner, version=2, attempt=64)`. The shop's own come first.
pub(super) fn telling(attributes: &Map<String, Value>) -> String {
    let is_short = |value: &&str| value.chars().count() <= VALUE_CHARACTERS_MAX;
    let is_plain = |key: &str| PLAIN.iter().any(|start| key.starts_with(start));
    let mut pairs: Vec<(&String, String)> =
        attributes.iter().map(|(key, value)| (key, plain(value))).collect();
    pairs.retain(|(key, value)| !is_plain(key) && is_short(&value.as_str()));
    pairs.sort_by_key(|(key, _)| !key.starts_with("shop."));
    let short =
        |(key, value): &(&String, String)| format!("{}={value}", key.rsplit('.').next().unwrap_or_default());
    let pairs: Vec<String> = pairs.iter().take(TELLING_MAX).map(short).collect();
    if pairs.is_empty() { String::new() } else { format!(" ({})", pairs.join(", ")) }
}

pub(super) fn log_line(entry: &LogEntry) -> String {
    let mut lines = vec![format!("{} {}", entry.severity, entry.service), entry.body.clone()];
    lines.extend(entry.event.iter().map(|event| format!("event: {event}")));
    lines.extend(each(&entry.attributes));
    lines.extend(entry.trace_id.map(|trace| format!("trace: {trace}")));
    lines.join("\n")
}

pub(super) fn change(change: &Change) -> String {
    let version = change.version.as_ref().map_or(String::new(), |version| format!(", version {version}"));
    let mut lines = vec![format!("{} {}{version}", change.what, change.which), change.service.clone()];
    lines.push(change.body.clone());
    lines.extend(each(&change.attributes));
    lines.join("\n")
}

pub(super) fn step(span: &SpanView) -> String {
    let SpanView { service, name, duration_s, self_s, offset_s, .. } = span;
    let mut lines = vec![
        format!("{service}: {name}, {}", if span.failed { "failed" } else { "answered" }),
        format!(
            "took {duration_s:.3} s, of which its own {self_s:.3} s; began {offset_s:.3} s into its trace"
        ),
    ];
    lines.extend((!span.status_message.is_empty()).then(|| span.status_message.clone()));
    lines.extend(each(&span.attributes));
    for event in &span.events {
        lines.push(format!("{} after {:.3} s", event.name, event.offset_s));
        lines.extend(each(&event.attributes));
    }
    lines.push(format!("trace: {}", span.trace_id));
    lines.join("\n")
}

/// Each line of a chart by its first, last, smallest and largest value. `asked` is the query, and `between` the times on the story's clock.
pub(super) fn chart(answer: &MetricAnswer, asked: &str, between: &str) -> String {
    let unit = if answer.unit.is_empty() { String::new() } else { format!(", in {}", answer.unit) };
    let mut lines = vec![format!("{}{unit}, {between}", answer.name), format!("asked: {asked}")];
    lines.extend(answer.lines.iter().map(curve));
    if answer.lines.is_empty() {
        lines.push("no value in this time".to_owned());
    }
    lines.join("\n")
}

fn curve(Line { labels, points }: &Line) -> String {
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let name = if labels.is_empty() { "all together".to_owned() } else { labels.join(", ") };
    let values = || points.iter().map(|(_, value)| *value);
    match (values().next(), values().next_back()) {
        (Some(first), Some(last)) => {
            let (least, most) = (values().fold(first, f64::min), values().fold(first, f64::max));
            let [first, last, least, most] = [first, last, least, most].map(number);
            format!("{name}: first {first}, last {last}, least {least}, most {most}")
        }
        _ => format!("{name}: no value in this time"),
    }
}

/// Rounds to three decimal places.
fn number(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn each(attributes: &Map<String, Value>) -> impl Iterator<Item = String> {
    attributes.iter().map(|(key, value)| format!("{key}: {}", plain(value)))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use evidence::{MetricKind, UnixTime};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_carries_what_tells_one_attempt_from_the_next() {
        let attributes = json!({
            "code.line": 3, "error.type": "unreadable", "exception.message": "x".repeat(80), "shop.asset.id": "promo-banner",
            "shop.asset.version": 2, "shop.cache.fill.attempt": 64,
        });
        assert_eq!(telling(attributes.as_object().unwrap()), " (id=promo-banner, version=2, attempt=64)");
        assert_eq!(telling(&Map::new()), "");
    }

    #[test]
    fn a_chart_reads_in_a_few_lines() {
        let points = [0.0, 7.0, 4.123_6].map(|value| (UnixTime::default(), value)).into();
        let line = Line { labels: [("service.name".to_owned(), "cache".to_owned())].into(), points };
        let (name, unit) = ("shop.cache.fill.permits.used".to_owned(), "{permit}".to_owned());
        let answer =
            MetricAnswer { name, unit, kind: MetricKind::Gauge, lines: vec![line], truncated: false };
        assert_eq!(
            chart(&answer, "function=range", "08:03 to 08:21"),
            "shop.cache.fill.permits.used, in {permit}, 08:03 to 08:21\nasked: function=range\n\
             service.name=cache: first 0, last 4.124, least 0, most 7"
        );
    }
}
