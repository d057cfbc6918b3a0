//! Queries to the evidence, the same as those of the room's page. Teaches that two interfaces to one store show the same data: signals that
//! a level does not grant never left the shop, whoever asks for them.

use axum::body::Body;
use diagnosis::{
    Probes,
    checks::{CHECKS, Signal},
};
use http::Request;
use incident::Level;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};
use world::hands::WorldHands;

use crate::tools::{Call, Logs, Traces};

/// The largest answer, in bytes. A larger one would fill a model's context, and tell it less.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// The number of lines and traces in an answer: by default, and at most.
const LINES: u32 = 50;
const LINES_MAX: u32 = 200;
const TRACES: u32 = 10;
const TRACES_MAX: u32 = 50;

/// The most characters of a query that the record keeps.
const SHORT_CHARACTERS_MAX: usize = 200;

/// A question to the evidence store.
pub(crate) struct Question {
    address: String,
    /// The story minutes that it takes.
    pub(crate) minutes: u32,
}

pub(crate) fn question(call: &Call, level: Level) -> Question {
    let limit = |asked: Option<u32>, usual: u32, most: u32| Some(asked.unwrap_or(usual).clamp(1, most));
    let (address, signal) = match call {
        Call::Logs(logs) => {
            let logs = Logs { limit: limit(logs.limit, LINES, LINES_MAX), ..logs.clone() };
            (address("/evidence/logs", &logs), Signal::Logs)
        }
        Call::Metrics(metrics) if metrics.name.is_none() => ("/evidence/metrics".to_owned(), Signal::Metrics),
        Call::Metrics(metrics) => (address("/evidence/metrics/query", metrics), Signal::Metrics),
        Call::Traces(Traces { id: Some(id), .. }) => {
            (format!("/evidence/traces/{}", utf8_percent_encode(id, NON_ALPHANUMERIC)), Signal::Traces)
        }
        Call::Traces(traces) => {
            let traces = Traces { limit: limit(traces.limit, TRACES, TRACES_MAX), ..traces.clone() };
            (address("/evidence/traces", &traces), Signal::Traces)
        }
        Call::Changes(changes) => (address("/evidence/changes", changes), Signal::Changes),
        _ => unreachable!("no other call asks the evidence"),
    };
    Question { address, minutes: minutes(signal, level) }
}

/// The path, with the parameters that are set.
fn address(path: &str, parameters: &impl Serialize) -> String {
    let query = serde_urlencoded::to_string(parameters).expect("parameters are plain values");
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Minutes to read a signal: as many as the quickest check that reads it. Free text takes as long as the quickest check that reads lines.
fn minutes(signal: Signal, level: Level) -> u32 {
    let reads = |check: &&diagnosis::checks::Check| {
        if signal == Signal::Logs && !Signal::Logs.is_granted(level) {
            check.name.starts_with("lines-")
        } else {
            check.needs == signal
        }
    };
    CHECKS.iter().filter(reads).map(|check| check.cost_minutes).min().unwrap_or(1)
}

impl Question {
    /// The short form that the record keeps.
    pub(crate) fn in_short(&self) -> String {
        self.address.trim_start_matches("/evidence/").chars().take(SHORT_CHARACTERS_MAX).collect()
    }

    /// Runs the query as of now.
    pub(crate) fn ask(&self, hands: &WorldHands<'_>) -> Result<Value, String> {
        let request = Request::get(&self.address).body(Body::empty());
        let request = request.map_err(|_| "The question is too long; ask for less at once.".to_owned())?;
        let too_large = |_| {
            let kib = ANSWER_BYTES_MAX / 1_024;
            format!(
                "The answer is larger than {kib} KiB. Ask for less: a smaller limit, one service, a shorter time."
            )
        };
        let answer = evidence::api::answered(hands.evidence().clone(), request, ANSWER_BYTES_MAX)
            .map_err(too_large)?;
        let found: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status().is_success() {
            return Ok(json!({ "found": found }));
        }
        let why = found["detail"].as_str().unwrap_or("The question cannot be answered.");
        Err(match found["parameter"].as_str() {
            Some(parameter) => format!("{parameter}: {why}"),
            None => why.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::Metrics;

    #[test]
    fn a_call_becomes_the_question_that_a_page_asks() {
        let asked = |call: &Call| question(call, Level::Traces);
        let logs = Logs { text: Some("a & b".into()), limit: Some(9_999), ..Logs::default() };
        assert_eq!(asked(&Call::Logs(logs)).address, "/evidence/logs?text=a+%26+b&limit=200");
        assert_eq!(asked(&Call::Metrics(Metrics::default())).address, "/evidence/metrics");
        let one = Traces { id: Some("../logs".into()), ..Traces::default() };
        assert_eq!(asked(&Call::Traces(one)).address, "/evidence/traces/%2E%2E%2Flogs");
    }

    #[test]
    fn a_question_takes_what_the_table_says() {
        assert_eq!((minutes(Signal::Logs, Level::Dark), minutes(Signal::Logs, Level::Logs)), (5, 3));
        let at = |signal| minutes(signal, Level::RICHEST);
        assert_eq!((at(Signal::Metrics), at(Signal::Traces), at(Signal::Changes)), (1, 3, 1));
    }
}
