//! Draws a trace for a terminal of 80 columns. Teaches how to read a trace: the time went where a bar is long and the bars below it
//! are not.
//!
//! A heavy bar is on the critical path. `!` marks a span that failed or timed out, and `~` a span of another trace that links to
//! the span above it. Texts come from senders, so control characters are escaped and never reach the terminal.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::trace_view::{Relation, SpanView, TraceView};

/// The default width of a terminal.
const COLUMNS: usize = 80;
const NAME_COLUMNS: usize = 36;
const BAR_COLUMNS: usize = 24;
/// Deeper spans are not indented further, to leave room for their names.
const INDENT_MAX: usize = 8;

/// Prefixes of attributes that describe where a span came from rather than what it did. They are left out.
const PLAIN: [&str; 9] =
    ["server.", "client.", "network.", "user_agent.", "url.", "thread.", "code.", "telemetry.", "otel."];

/// Draws a trace; every line ends with a newline and has no more than 80 columns.
pub fn draw(trace: &TraceView) -> String {
    let mut text = String::new();
    let outcome = if trace.failed { ", failed" } else { "" };
    let (spans, services) = (count(trace.spans.len(), "span"), count(trace.services.len(), "service"));
    line(&mut text, &format!("trace {}", trace.trace_id));
    line(
        &mut text,
        &format!("{}  {}  {spans} in {services}{outcome}", trace.start, seconds(trace.duration_s)),
    );
    text.push('\n');
    // Linked work may continue after the trace itself has ended, so the bars cover all of it.
    let ends = trace.spans.iter().map(|span| span.offset_s + span.duration_s);
    let start = trace.spans.iter().map(|span| span.offset_s).fold(0.0, f64::min);
    let whole = ends.fold(trace.duration_s, f64::max) - start;
    for span in &trace.spans {
        draw_span(&mut text, span, start, whole);
    }
    if trace.truncated {
        line(&mut text, "... and more spans than fit into one view");
    }
    if !trace.critical_path.is_empty() {
        draw_critical_path(&mut text, trace);
    }
    text
}

fn draw_span(text: &mut String, span: &SpanView, start: f64, whole: f64) {
    let indent = "  ".repeat(span.depth.min(INDENT_MAX));
    let mark = match (span.failed || span.timed_out, span.relation) {
        (true, _) => "!",
        (_, Relation::Linked) => "~",
        _ => " ",
    };
    let link = if span.relation == Relation::Linked { "~ " } else { "" };
    let name = fit(&plain(&format!("{indent}{link}{}  {}", span.service, span.name)), NAME_COLUMNS);
    let offset = seconds(span.offset_s);
    let bar = bar((span.offset_s - start) / whole, span.duration_s / whole, span.critical);
    line(text, &format!("{name:<NAME_COLUMNS$}{mark}{offset:>8} {bar} {:>8}", seconds(span.duration_s)));

    let indent = format!("{indent}    ");
    if span.timed_out {
        line(text, &format!("{indent}! timed out"));
    }
    if span.failed && !span.status_message.is_empty() {
        line(text, &format!("{indent}! {}", span.status_message));
    }
    let telling = span.attributes.iter().filter(|(key, _)| !PLAIN.iter().any(|plain| key.starts_with(plain)));
    let mut attributes = String::new();
    for (key, value) in telling {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let pair = plain(&format!("{key}={}", shown(&value)));
        let room = COLUMNS - indent.len();
        if attributes.chars().count() + 1 + pair.chars().count() <= room {
            let space = if attributes.is_empty() { "" } else { " " };
            write!(attributes, "{space}{pair}").expect("a String takes every write");
        }
    }
    if !attributes.is_empty() {
        line(text, &format!("{indent}{attributes}"));
    }
    for event in &span.events {
        let message = event.attributes.get("exception.message").and_then(Json::as_str).unwrap_or_default();
        let event = format!("{indent}* {} {} {message}", seconds(event.offset_s), event.name);
        line(text, event.trim_end());
    }
}

/// The spans that the root waited for longest.
fn draw_critical_path(text: &mut String, trace: &TraceView) {
    const SHOWN: usize = 5;
    let mut by_span: Vec<(&str, &str, f64)> = Vec::new();
    for step in &trace.critical_path {
        match by_span.iter_mut().find(|(service, name, _)| *service == step.service && *name == step.name) {
            Some((.., time)) => *time += step.duration_s,
            None => by_span.push((&step.service, &step.name, step.duration_s)),
        }
    }
    let whole: f64 = by_span.iter().map(|(.., time)| time).sum();
    by_span.sort_by(|a, b| b.2.total_cmp(&a.2));
    text.push_str("\nwaited for\n");
    for (service, name, time) in by_span.into_iter().take(SHOWN) {
        let share = if whole > 0.0 { 100.0 * time / whole } else { 0.0 };
        line(text, &format!("{:>8} {share:>4.0} %  {service}  {}", seconds(time), name));
    }
}

/// A bar over these shares of the whole, at least one column wide.
fn bar(offset: f64, length: f64, heavy: bool) -> String {
    let column = |share: f64| {
        if share.is_finite() { (share * BAR_COLUMNS as f64).clamp(0.0, BAR_COLUMNS as f64) } else { 0.0 }
    };
    let first = (to_column(column(offset))).min(BAR_COLUMNS - 1);
    let last = to_column(column(offset + length).ceil()).clamp(first + 1, BAR_COLUMNS);
    let stroke = if heavy { "█" } else { "─" };
    format!("{}{}{}", " ".repeat(first), stroke.repeat(last - first), " ".repeat(BAR_COLUMNS - last))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between zero and the columns of a bar"
)]
fn to_column(position: f64) -> usize {
    position as usize
}

/// A duration with three significant digits and a unit.
fn seconds(seconds: f64) -> String {
    let magnitude = seconds.abs();
    if magnitude >= 100.0 {
        format!("{seconds:.0} s")
    } else if magnitude >= 1.0 {
        format!("{seconds:.2} s")
    } else if magnitude >= 0.1 {
        format!("{:.0} ms", seconds * 1e3)
    } else if magnitude >= 0.001 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{:.0} µs", seconds * 1e6)
    }
}

fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The value, in quotes if it has spaces.
fn shown(value: &str) -> String {
    if value.contains(' ') { format!("\"{value}\"") } else { value.to_owned() }
}

/// Escapes what cannot be printed: control characters, and marks that change the direction of text.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => plain.push(c),
            c => plain.extend(c.escape_debug()),
        }
    }
    plain
}

/// Truncates to so many columns, with an ellipsis.
fn fit(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns - 1).chain(['…']).collect()
}

/// The only function that writes to the drawing, so that every sender's text is escaped here.
fn line(text: &mut String, line: &str) {
    writeln!(text, "{}", fit(&plain(line), COLUMNS)).expect("a String takes every write");
}
