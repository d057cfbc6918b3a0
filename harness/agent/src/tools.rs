//! The calls that a program can make: one table of tools, each with its parameters. A description says what a call does, what it costs, its
//! limits and an example. Teaches that models read an interface's descriptions before anything else, and that these must tell nothing about
//! the incident.

use std::{ops::Not, sync::Arc};

use incident::{Level, Service};
use rmcp::{
    handler::server::common::schema_for_type,
    model::{JsonObject, Tool, ToolAnnotations},
};
use room::evidence_kind::EvidenceKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The longest wait in one call: a program that waits longer should look in between.
pub const WAIT_MINUTES_MAX: f64 = 60.0;

/// The most remedies in one sequence. No right sequence of the library is longer than three.
pub const STEPS_MAX: usize = 6;

/// One call: a tool's name and its parameters.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "name", content = "parameters", rename_all = "snake_case")]
pub enum Call {
    Situation(Nothing),
    ListChecks(Nothing),
    Catalogue(Nothing),
    Check(Check),
    Logs(Logs),
    Metrics(Metrics),
    Traces(Traces),
    Changes(Changes),
    Remedy(Remedies),
    Hypothesis(Hypothesis),
    Explain(Explain),
    Wait(Wait),
    Finish(Finish),
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The name of a check, as `list_checks` gives it.
    pub name: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// Only lines that hold this text.
    pub text: Option<String>,
    /// Only of this service: `web-front`, `cache` or `content-store`.
    pub service: Option<String>,
    /// Only from this severity on: `info`, `warn` or `error`.
    pub severity: Option<String>,
    /// From when: before now as in `-15m`, or seconds since 1970.
    pub from: Option<String>,
    /// Until when; now if left out.
    pub to: Option<String>,
    /// Most lines: 1 to 200; 50 if left out.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// The metric. Left out: a list of the metrics that there are, with their labels.
    pub name: Option<String>,
    /// `range` (as it is; the usual one), `sum`, `rate`, `quantile` (with `q`) or `ratio` (with `of`).
    pub function: Option<String>,
    /// Which quantile, from 0 to 1.
    pub q: Option<f64>,
    /// For `ratio`: the part, as in `outcome=failed`.
    pub of: Option<String>,
    /// Only of this service.
    pub service: Option<String>,
    /// Only where this label has this value, as in `http.route=/checkout`.
    pub attribute: Option<String>,
    /// A line for each value of this label.
    pub by: Option<String>,
    /// From when, as in `-15m`; five minutes ago if left out.
    pub from: Option<String>,
    /// Until when; now if left out.
    pub to: Option<String>,
    /// Time from one point to the next, as in `30s`.
    pub step: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traces {
    /// The id of one trace: all its spans. Leave the other parameters out then.
    pub id: Option<String>,
    /// Only failed ones.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub failed: bool,
    /// The slowest first, in place of the newest.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub slowest: bool,
    /// Only those in which this service took part.
    pub service: Option<String>,
    /// Only those with a span of this name.
    pub name: Option<String>,
    /// Only of this route, as in `/checkout`.
    pub route: Option<String>,
    /// From when, as in `-15m`.
    pub from: Option<String>,
    /// Until when; now if left out.
    pub to: Option<String>,
    /// Most traces: 1 to 50; 10 if left out.
    #[schemars(range(min = 1, max = 50))]
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// From when, as in `-60m`.
    pub from: Option<String>,
    /// Until when; now if left out.
    pub to: Option<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remedies {
    /// What is done, in order.
    #[schemars(length(min = 1, max = 6))]
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The id of a remedy, as `situation` gives it.
    pub remedy: String,
    /// For `roll-back`: the text that goes back to its version before.
    pub asset: Option<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// In your own words: 1 to 500 characters. Name the service, the text or the place.
    #[schemars(length(min = 1, max = 500))]
    pub text: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// What set it off: the id of a cause of the catalogue.
    pub cause: String,
    /// The text that did it, if a text did: one of the `texts` of `situation`.
    pub asset: Option<String>,
    /// The character or bytes that did it, if one did: `U+00E9`, `0x93`, or several with blanks between them.
    pub character: Option<String>,
    /// The services along which it reached customers, in order, as in `["content-store", "cache", "web-front"]`; empty if none.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub path: Vec<Service>,
    /// What contributed: ids of factors of the catalogue. Without a right one no explanation is right.
    #[serde(default)]
    pub factors: Vec<String>,
    /// How sure you are, from 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub confidence: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// For so many minutes: more than 0, at most 60.
    #[schemars(range(min = 0.0, max = 60.0))]
    pub minutes: f64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// Tokens that you read for this incident, if you count them.
    pub input_tokens: Option<u64>,
    /// Tokens that you wrote.
    pub output_tokens: Option<u64>,
    /// What that cost, in dollars.
    #[schemars(range(min = 0.0))]
    pub usd: Option<f64>,
}

struct Known {
    name: &'static str,
    description: &'static str,
    /// The kind of evidence that it reads, if any.
    reads: Option<EvidenceKind>,
    schema: fn() -> Arc<JsonObject>,
}

/// The tools, in the order in which they are used.
const TOOLS: [Known; 13] = [
    Known {
        name: "situation",
        description: "What is known when you are called: the ticket, the clock, the shop's services and texts, the remedies with what each takes, and \
                      what you have left to spend. Takes no time. Call it first. Example: {}",
        reads: None,
        schema: schema_for_type::<Nothing>,
    },
    Known {
        name: "list_checks",
        description: "The checks that you can take at this telemetry level: for each its name, what it asks, the minutes it takes, and the outcomes it \
                      can have. Takes no time. Example: {}",
        reads: None,
        schema: schema_for_type::<Nothing>,
    },
    Known {
        name: "catalogue",
        description: "What an explanation is chosen from: causes, contributing factors (each with the question that tells whether it belongs to an \
                      incident) and services, with their ids. The list is the same for every incident; most of it happens in none. Takes no time. \
                      Example: {}",
        reads: None,
        schema: schema_for_type::<Nothing>,
    },
    Known {
        name: "check",
        description: "Takes one look, which takes the minutes that list_checks says. Answers with one of the check's outcomes, what was seen, and the \
                      text or character that it points at, if it does. The shop changes while you look: the same check may say something else later. \
                      Example: {\"name\": \"pages-outside\"}",
        reads: None,
        schema: schema_for_type::<Check>,
    },
    Known {
        name: "logs",
        description: "Log lines that the services wrote, newest last, up to now. Takes 5 minutes at level dark, where they are free text, and 3 above. \
                      An answer larger than 64 KiB is refused: ask for less. Example: {\"service\": \"cache\", \"severity\": \"warn\", \
                      \"from\": \"-15m\", \"limit\": 20}",
        reads: Some(EvidenceKind::Logs),
        schema: schema_for_type::<Logs>,
    },
    Known {
        name: "metrics",
        description: "Figures over time, up to now. Without a name: which metrics there are. Takes 1 minute. An answer larger than 64 KiB is refused: \
                      ask for less. Example: {\"name\": \"http.server.request.duration\", \"function\": \"rate\", \"service\": \"web-front\", \
                      \"from\": \"-15m\"}",
        reads: Some(EvidenceKind::Metrics),
        schema: schema_for_type::<Metrics>,
    },
    Known {
        name: "traces",
        description: "Requests on their way through the services, up to now; with an id, all spans of one. Takes 3 minutes. An answer larger than \
                      64 KiB is refused: ask for less. Example: {\"failed\": true, \"limit\": 5}",
        reads: Some(EvidenceKind::Traces),
        schema: schema_for_type::<Traces>,
    },
    Known {
        name: "changes",
        description: "What was published, released, started and stopped, up to now. Takes 1 minute. Example: {\"from\": \"-60m\"}",
        reads: Some(EvidenceKind::Changes),
        schema: schema_for_type::<Changes>,
    },
    Known {
        name: "remedy",
        description: "Acts on the shop: one remedy or several, in order. Takes the minutes that situation says for each, and then three minutes in \
                      which it can take effect. The answer does not say whether it helped: look again. Up to 6 steps. Example: {\"steps\": \
                      [{\"remedy\": \"restart-cache\"}]}, or {\"steps\": [{\"remedy\": \"roll-back\", \"asset\": \"site-footer\"}]}",
        reads: None,
        schema: schema_for_type::<Remedies>,
    },
    Known {
        name: "hypothesis",
        description: "Writes down what you think so far, for the record. The first that names the right place counts as the time at which you located \
                      it. Takes no time. Example: {\"text\": \"The cache waits for the content store.\"}",
        reads: None,
        schema: schema_for_type::<Hypothesis>,
    },
    Known {
        name: "explain",
        description: "Hands in an explanation, chosen from the catalogue. The last one counts, with its time; hand in once you are sure, before or \
                      after a remedy. A wrong one is worse than none. Takes no time, and does not say whether it is right. Example: {\"cause\": \
                      \"<an id of the catalogue's causes>\", \"path\": [\"cache\", \"web-front\"], \"factors\": \
                      [\"<an id of the catalogue's factors>\"], \"confidence\": 0.8}",
        reads: None,
        schema: schema_for_type::<Explain>,
    },
    Known {
        name: "wait",
        description: "Lets time pass without doing anything: more than 0 and at most 60 minutes. Example: {\"minutes\": 5}",
        reads: None,
        schema: schema_for_type::<Wait>,
    },
    Known {
        name: "finish",
        description: "Ends your work on the incident: nothing can be called after it. Call it once customers are served and you have explained, or \
                      once you can do no more. You may report what you spent. Example: {\"input_tokens\": 52000, \"output_tokens\": 3100}",
        reads: None,
        schema: schema_for_type::<Finish>,
    },
];

/// The tools that a telemetry level grants.
fn at(level: Level) -> impl Iterator<Item = &'static Known> {
    TOOLS.iter().filter(move |tool| tool.reads.is_none_or(|kind| kind.is_open_at(level)))
}

/// The same tools, as the protocol lists them.
pub fn list(level: Level) -> Vec<Tool> {
    let tool = |known: &Known| {
        let changes = matches!(known.name, "remedy" | "explain" | "finish" | "hypothesis");
        Tool::new(known.name, known.description, (known.schema)())
            .annotate(ToolAnnotations::new().read_only(!changes).open_world(false))
    };
    at(level).map(tool).collect()
}

/// Why a call could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// There is no such tool.
    Unknown(String),
    /// Its parameters are invalid.
    Wrong(String),
}

/// Reads a call to one of the level's tools.
pub fn read(level: Level, name: &str, arguments: Option<JsonObject>) -> Result<Call, Unread> {
    let Some(known) = at(level).find(|known| known.name == name) else {
        let names: Vec<&str> = at(level).map(|known| known.name).collect();
        return Err(Unread::Unknown(format!(
            "There is no such tool at this telemetry level. The tools are {}.",
            names.join(", ")
        )));
    };
    let call = json!({ "name": known.name, "parameters": arguments.unwrap_or_default() });
    serde_json::from_value(call).map_err(|error| {
        Unread::Wrong(format!(
            "The parameters cannot be read: {error}. The tool's input schema says what they are."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_an_example_that_it_can_read() {
        for tool in &TOOLS {
            let (_, example) = tool.description.split_once("Example: ").expect("an example");
            let example = example.split(", or {").next().unwrap_or_default();
            let example =
                serde_json::from_str(example).unwrap_or_else(|error| panic!("{}: {error}", tool.name));
            read(Level::RICHEST, tool.name, Some(example))
                .unwrap_or_else(|why| panic!("{}: {why:?}", tool.name));
        }
    }

    #[test]
    fn a_level_lists_what_it_grants_and_says_so() {
        let names = |level| list(level).into_iter().map(|tool| tool.name.to_string()).collect::<Vec<_>>();
        assert!(
            names(Level::Dark).contains(&"logs".to_owned())
                && !names(Level::Logs).contains(&"metrics".to_owned())
        );
        assert_eq!(names(Level::Changes).len(), TOOLS.len());
        let refused = read(Level::Logs, "traces", None).unwrap_err();
        assert!(
            matches!(&refused, Unread::Unknown(why) if why.contains("situation, list_checks")),
            "{refused:?}"
        );
        let wrong = serde_json::from_value(serde_json::json!({ "minutes": "soon" })).unwrap();
        let refused = read(Level::Dark, "wait", Some(wrong)).unwrap_err();
        assert!(matches!(&refused, Unread::Wrong(why) if why.contains("expected f64")), "{refused:?}");
    }
}
