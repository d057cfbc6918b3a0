//! Looks at log lines. Teaches the difference between a line that says that something failed and one that says why.

use std::collections::{BTreeMap, BTreeSet};

use evidence::{LogEntry, LogQuery, UnixTime};

use super::Look;
use crate::Finding;

/// How many lines there can be.
pub const LINES: &[&str] = &["none", "few", "many"];
/// The causes that lines can name.
pub const CAUSES: &[&str] =
    &["none", "unreadable", "timed-out", "broken", "too-busy", "missing", "waited-too-long", "other"];
/// How many assets lines can name.
pub const ASSETS: &[&str] = &["none", "one", "few", "many"];
/// How often a fill can have been tried.
pub const ATTEMPTS: &[&str] = &["none", "once", "several", "endless"];

const FILL_FAILED: &str = "could not fill";
const FRAGMENT_FAILED: &str = "could not get a fragment";
const NOTICE_FAILED: &str = "could not notify the cache";

/// How far back lines are read, in seconds. Attempts are told at 1, 2, 4, 8, ...: the newest may be an hour old.
const BACK_S: u64 = 3_600;

/// Lines read at most.
const LINES_MAX: usize = 200;

/// From here on, more lines than anybody would call a few.
const MANY_FROM: usize = 10;

/// From this attempt on, nobody would call it a hiccup.
const ENDLESS_FROM: i64 = 32;

/// The front's lines about fragments, of the last five minutes.
pub fn lines_front(look: &Look<'_>) -> Finding {
    counted(look, "web-front", FRAGMENT_FAILED, 300)
}

/// The cache's lines about fills, of the last hour: they become rare.
pub fn lines_cache(look: &Look<'_>) -> Finding {
    counted(look, "cache", FILL_FAILED, BACK_S)
}

/// What the store writes, of the last minute.
pub fn lines_store(look: &Look<'_>) -> Finding {
    counted(look, "content-store", "", 60)
}

/// The store's lines about notices, since an hour before the call.
pub fn lines_notices(look: &Look<'_>) -> Finding {
    counted(look, "content-store", NOTICE_FAILED, BACK_S)
}

/// Why the front could not get its newest fragments.
pub fn causes_front(look: &Look<'_>) -> Finding {
    caused(&read(look, "web-front", FRAGMENT_FAILED, look.ago(900)))
}

/// Why the cache could not fill.
pub fn causes_cache(look: &Look<'_>) -> Finding {
    caused(&read(look, "cache", FILL_FAILED, look.ago(BACK_S)))
}

/// How many assets are named in lines about failures.
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

/// How often the most often tried fill has been tried.
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

/// The assets in the cache's error lines, and in the front's; those that could not be read before all others.
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

fn counted(look: &Look<'_>, service: &str, text: &str, seconds: u64) -> Finding {
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

/// What a line says about its cause, by its `error.type`.
fn cause(line: &LogEntry) -> &'static str {
    match line.attributes.get("error.type").and_then(serde_json::Value::as_str).unwrap_or_default() {
        "unreadable" => "unreadable",
        "budget_exceeded" => "waited-too-long",
        "404" | "missing" => "missing",
        "503" | "429" => "too-busy",
        "timeout" => "timed-out",
        "connection_error" | "connection_closed" => "broken",
        _ => "other",
    }
}

/// The cause that most lines name.
fn caused(lines: &[LogEntry]) -> Finding {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for line in lines {
        *counts.entry(cause(line)).or_default() += 1;
    }
    let Some((most, count)) = counts.into_iter().max_by_key(|(_, count)| *count) else {
        return Finding::new("none", "no such line");
    };
    let assets: BTreeSet<String> =
        lines.iter().filter(|line| cause(line) == most).filter_map(asset).collect();
    let only = if assets.len() == 1 { assets.iter().next().cloned() } else { None };
    let about = only.as_ref().map(|asset| format!(", all about {asset}")).unwrap_or_default();
    let asset = if most == "unreadable" || most == "missing" { only } else { None };
    Finding::new(most, format!("{most} in {count} of {} lines{about}", lines.len())).naming(asset)
}
