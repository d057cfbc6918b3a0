//! Evidence as lines that people read, one for each thing.

use evidence::{Alert, AlertEvent, Change, LogEntry, TraceSummary, alerts::Urgency};
use serde_json::{Map, Value};

pub(super) fn log_line(entry: &LogEntry) -> String {
    let trace = entry.trace_id.as_ref().map_or(String::new(), |id| format!(" trace={id}"));
    let LogEntry { time, severity, service, body, .. } = entry;
    format!("{time} {severity:>5} {service}: {body} {}{trace}", attributes(&entry.attributes))
        .trim_end()
        .to_owned()
}

pub(super) fn change_line(change: &Change) -> String {
    let version = change.version.as_ref().map_or(String::new(), |version| format!(" version {version}"));
    let who = change.attributes.get("shop.actor").and_then(|who| who.as_str());
    let who = who.map_or(String::new(), |who| format!(" by {who}"));
    format!("{} {} {}{version}{who}", change.time, change.what, change.which)
}

pub(super) fn trace_line(trace: &TraceSummary) -> String {
    let failure = trace.failure.as_deref().map_or(String::new(), |failure| format!("  failed: {failure}"));
    let name = format!("{} {}", trace.service, trace.name);
    let timed_out = if trace.timed_out { "  timed out" } else { "" };
    format!("{}  {:>8.3} s  {name}{timed_out}{failure}", trace.trace_id, trace.duration_s)
}

pub(super) fn alert_line(alert: &Alert) -> String {
    let Alert { rule, firing, since, threshold, long_s, short_s, .. } = alert;
    let urgency = match alert.urgency {
        Urgency::Page => "page",
        Urgency::Ticket => "ticket",
    };
    let state = match (firing, since) {
        (true, Some(since)) => format!("FIRING since {since}"),
        (true, None) => "FIRING".to_owned(),
        (false, Some(since)) => format!("resolved at {since}"),
        (false, None) => "never fired".to_owned(),
    };
    let rate = |rate: Option<f64>| rate.map_or("nobody came".to_owned(), |rate| format!("{rate:.1}"));
    let (long, short) = (rate(alert.burn_rate_long), rate(alert.burn_rate_short));
    format!(
        "{rule:<10} {urgency:<6} {state}; burn rate {long} in {long_s} s, {short} in {short_s} s; fires at {threshold}"
    )
}

pub(super) fn event_line(event: &AlertEvent) -> String {
    format!("{} {} {}", event.time, event.rule, if event.firing { "fires" } else { "is resolved" })
}

fn attributes(attributes: &Map<String, Value>) -> String {
    let pairs = attributes.iter().map(|(name, value)| match value {
        Value::String(text) if !text.contains(char::is_whitespace) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    pairs.collect::<Vec<_>>().join(" ")
}
