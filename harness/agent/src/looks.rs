//! Questions to the evidence, as the room's page asks them. Teaches that two doors to one store are one store: what a level does not grant has
//! not left the shop, whoever asks.

use axum::body::Body;
use diagnosis::{
    Probes,
    checks::{CHECKS, Signal},
};
use http::Request;
use incident::Level;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use world::hands::WorldHands;

use crate::tools::Call;

/// The largest answer, in bytes: more fills what a model can read, and tells it less.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// Lines and traces of an answer, unless told otherwise, and at most.
const LINES: u32 = 50;
const LINES_MAX: u32 = 200;
const TRACES: u32 = 10;
const TRACES_MAX: u32 = 50;

/// The characters of a question that the record keeps.
const SHORT_CHARACTERS_MAX: usize = 200;

/// A question to the evidence store.
pub(crate) struct Question {
    address: String,
    /// What it takes.
    pub(crate) minutes: u32,
}

/// The question that a call asks.
pub(crate) fn question(call: &Call, level: Level) -> Question {
    let limit =
        |asked: Option<u32>, usual: u32, most: u32| Some(asked.unwrap_or(usual).clamp(1, most).to_string());
    let flag = |is: bool| is.then(|| "true".to_owned());
    let (path, parameters, signal) = match call {
        Call::Logs(logs) => {
            let parameters = vec![
                ("text", logs.text.clone()),
                ("service", logs.service.clone()),
                ("severity", logs.severity.clone()),
                ("from", logs.from.clone()),
                ("to", logs.to.clone()),
                ("limit", limit(logs.limit, LINES, LINES_MAX)),
            ];
            ("/evidence/logs".to_owned(), parameters, Signal::Logs)
        }
        Call::Metrics(metrics) if metrics.name.is_none() => {
            ("/evidence/metrics".to_owned(), Vec::new(), Signal::Metrics)
        }
        Call::Metrics(metrics) => {
            let parameters = vec![
                ("name", metrics.name.clone()),
                ("function", metrics.function.clone()),
                ("q", metrics.q.map(|q| q.to_string())),
                ("of", metrics.of.clone()),
                ("service", metrics.service.clone()),
                ("attribute", metrics.attribute.clone()),
                ("by", metrics.by.clone()),
                ("from", metrics.from.clone()),
                ("to", metrics.to.clone()),
                ("step", metrics.step.clone()),
            ];
            ("/evidence/metrics/query".to_owned(), parameters, Signal::Metrics)
        }
        Call::Traces(traces) => {
            if let Some(id) = &traces.id {
                let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
                (format!("/evidence/traces/{id}"), Vec::new(), Signal::Traces)
            } else {
                let parameters = vec![
                    ("failed", flag(traces.failed)),
                    ("slowest", flag(traces.slowest)),
                    ("service", traces.service.clone()),
                    ("name", traces.name.clone()),
                    ("route", traces.route.clone()),
                    ("from", traces.from.clone()),
                    ("to", traces.to.clone()),
                    ("limit", limit(traces.limit, TRACES, TRACES_MAX)),
                ];
                ("/evidence/traces".to_owned(), parameters, Signal::Traces)
            }
        }
        Call::Changes(changes) => {
            let parameters = vec![("from", changes.from.clone()), ("to", changes.to.clone())];
            ("/evidence/changes".to_owned(), parameters, Signal::Changes)
        }
        _ => unreachable!("no other call asks the evidence"),
    };
    let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let pairs: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC)))
        .collect();
    let address = if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) };
    Question { address, minutes: minutes(signal, level) }
}

/// What reading a signal takes: as long as the quickest check that reads it; free text as long as a check that reads lines.
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
    /// As the record keeps it.
    pub(crate) fn in_short(&self) -> String {
        self.address.trim_start_matches("/evidence/").chars().take(SHORT_CHARACTERS_MAX).collect()
    }

    /// Asks it, as of now.
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
    use crate::tools::{Logs, Metrics, Traces};

    #[test]
    fn a_call_becomes_the_question_that_a_page_asks() {
        let asked = |call: &Call| question(call, Level::Traces);
        let logs = Logs { text: Some("a & b".into()), limit: Some(9_999), ..Logs::default() };
        assert_eq!(asked(&Call::Logs(logs)).address, "/evidence/logs?text=a%20%26%20b&limit=200");
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
