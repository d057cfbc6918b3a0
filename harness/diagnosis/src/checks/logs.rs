//! Looks at log lines. Teaches the difference between a line that says that something failed and one that says why.

use std::collections::BTreeSet;

use evidence::{LogEntry, LogQuery, UnixTime};

use super::{Look, most_often};
use crate::Finding;

pub const LINES: &[&str] = &["none", "few", "many"];
pub const CAUSES: &[&str] = &[
    "none",
    "unreadable",
    "timed-out",
    "refused",
    "reset",
    "broken",
    "too-busy",
    "missing",
    "waited-too-long",
    "other",
];
pub const ASSETS: &[&str] = &["none", "one", "few", "many"];
pub const ATTEMPTS: &[&str] = &["none", "once", "several", "endless"];

pub(super) const FILL_FAILED: &str = "could not fill";
pub(super) const FRAGMENT_FAILED: &str = "could not get a fragment";
pub(super) const NOTICE_FAILED: &str = "could not notify the cache";

/// How far back lines are read, in seconds. Only attempts 1, 2, 4, 8, ... are logged, so the newest line may be an hour old.
pub(super) const BACK_S: u64 = 3_600;

/// The most lines that one look reads.
const LINES_MAX: usize = 200;

/// From this number of lines on, the outcome is `many`.
const MANY_FROM: usize = 10;

/// From this attempt on, the outcome is `endless`: nobody would call it a hiccup.
const ENDLESS_FROM: i64 = 32;

pub fn assets_in_errors(look: &Look<'_>) -> Finding {
    let assets = named_assets(look);
    let outcome = match assets.len() {
        0 => "none",
        1 => "one",
        2..=4 => "few",
        _ => "many",
    };
    let text = format!("{} named", assets.len());
    Finding::new(outcome, text).naming(if assets.len() == 1 { assets.into_iter().next() } else { None })
}

/// The highest attempt number of any fill.
pub fn attempts(look: &Look<'_>) -> Finding {
    let lines = read(look, "cache", FILL_FAILED, look.ago(BACK_S));
    let attempt =
        |line: &LogEntry| line.attributes.get("shop.cache.fill.attempt").and_then(serde_json::Value::as_i64);
    let most = lines.iter().filter_map(attempt).max().unwrap_or(0);
    let outcome = match most {
        0 => "none",
        1 => "once",
        most if most < ENDLESS_FROM => "several",
        _ => "endless",
    };
    Finding::new(outcome, format!("at most {most} attempts"))
}

/// The assets in the cache's and the front's error lines. If the cache could not read some of them, only those.
pub(crate) fn named_assets(look: &Look<'_>) -> BTreeSet<String> {
    let lines = read(look, "cache", FILL_FAILED, look.ago(BACK_S));
    let unreadable: BTreeSet<String> =
        lines.iter().filter(|line| cause(line) == "unreadable").filter_map(asset).collect();
    if !unreadable.is_empty() {
        return unreadable;
    }
    let front = read(look, "web-front", FRAGMENT_FAILED, look.ago(900));
    lines.iter().chain(&front).filter_map(asset).collect()
}

/// Counts the lines of the last `seconds` that contain this text.
pub(super) fn counted(look: &Look<'_>, service: &str, text: &str, seconds: u64) -> Finding {
    let count = read(look, service, text, look.ago(seconds)).len();
    let outcome = match count {
        0 => "none",
        count if count < MANY_FROM => "few",
        _ => "many",
    };
    Finding::new(outcome, format!("{count} lines"))
}

fn read(look: &Look<'_>, service: &str, text: &str, from: UnixTime) -> Vec<LogEntry> {
    let text = (!text.is_empty()).then(|| text.to_owned());
    let (service, from, to) = (Some(service.to_owned()), Some(from), Some(look.now));
    look.evidence.logs(&LogQuery { text, service, from, to, limit: LINES_MAX, ..LogQuery::default() }).logs
}

fn asset(line: &LogEntry) -> Option<String> {
    Some(line.attributes.get("shop.asset.id")?.as_str()?.to_owned())
}

/// The cause that a line gives, by its `error.type`.
fn cause(line: &LogEntry) -> &'static str {
    match line.attributes.get("error.type").and_then(serde_json::Value::as_str).unwrap_or_default() {
        "unreadable" => "unreadable",
        "budget_exceeded" => "waited-too-long",
        "404" | "missing" => "missing",
        "503" | "429" => "too-busy",
        "timeout" => "timed-out",
        "connection_refused" => "refused",
        "connection_reset" => "reset",
        "connection_error" | "connection_timeout" | "connection_closed" => "broken",
        _ => "other",
    }
}

/// The cause that most lines of the last `seconds` give.
pub(super) fn caused(look: &Look<'_>, service: &str, text: &str, seconds: u64) -> Finding {
    let lines = read(look, service, text, look.ago(seconds));
    let told: Vec<(&str, Option<String>)> = lines.iter().map(|line| (cause(line), asset(line))).collect();
    let Some((most, count, only)) = most_often(&told) else { return Finding::new("none", "no such line") };
    let about = only.as_ref().map(|asset| format!(", all about {asset}")).unwrap_or_default();
    let asset = only.filter(|_| most == "unreadable" || most == "missing");
    Finding::new(most, format!("{most} in {count} of {} lines{about}", lines.len())).naming(asset)
}
