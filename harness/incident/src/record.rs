//! The incident record: everything that happened in one incident, in order, as versioned JSON.
//!
//! A record carries the rules behind its figures, so that nobody has to trust the program that wrote it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use crate::availability::Visits;
use crate::event::Event;
use crate::outcome::{Outcome, tolerable_unavailability_s};
use crate::story::Story;
use crate::words::{ClockKind, OperatingModel, ToleratedIn};
use words::{LatentFault, Level};

/// The record's format. A change that an older reader would misunderstand gets a new number.
pub const SCHEMA: &str = "glyphfall.incident/1";

/// Longest record that is read, in seconds of the shop: 30 days. The timeline takes memory for every second, so a single
/// far-off row in a foreign file could otherwise exhaust it. No rule may ask for more seconds either: they could never be observed.
pub const SECONDS_MAX: u32 = 30 * 24 * 3_600;

/// One incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentRecord {
    /// The format and its version.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// What was run, and by which rules it is reckoned.
    #[serde(flatten)]
    pub run: Run,
    /// False if the run was broken off: everything here is then partial.
    pub complete: bool,
    /// What happened, in order of the shop's time.
    pub events: Vec<Event>,
    /// What customers met: one row for each second and route, in that order.
    pub availability: Vec<Visits>,
    /// What came of it, derived from the rest by [`crate::outcome()`].
    pub outcome: Outcome,
}

/// What was run: all that is known before anything happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Where all randomness of the run comes from.
    pub seed: u64,
    /// The scenario's name.
    pub scenario: String,
    /// The telemetry level at the start.
    pub level: Level,
    /// The operating model.
    pub operating_model: OperatingModel,
    /// What the shop's time was.
    pub clock: ClockKind,
    /// Story minutes per wall-clock minute at the start; later changes are `clock` events.
    pub speed: f64,
    /// Who diagnosed: a team, a person, a program, the model responder, or `demo` for the narrated story.
    pub responder: String,
    /// The version of the program that ran it.
    pub version: String,
    /// The team, in a room.
    pub team: Option<String>,
    /// The scored round, in a room, from 1; 0 for a practice round.
    pub round: Option<u32>,
    /// Which of the balanced orders of scenarios and levels the team was given, in a room.
    pub order: Option<String>,
    /// The story that it is told in.
    pub story: Story,
    /// The latent faults that the shop had at the start.
    pub faults_present: BTreeSet<LatentFault>,
    /// What the figures rest on.
    pub rules: Rules,
}

impl Run {
    /// A run of a shop without latent faults, at speed 1 and under the default rules, in which nobody responds. The caller sets what differs.
    pub fn new(seed: u64, level: Level, clock: ClockKind) -> Self {
        Self {
            seed,
            scenario: String::new(),
            level,
            operating_model: OperatingModel::OpsRunIt,
            clock,
            speed: 1.0,
            responder: "nobody".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            team: None,
            round: None,
            order: None,
            story: Story::default(),
            faults_present: BTreeSet::new(),
            rules: Rules::default(),
        }
    }

    /// The responder's name, for use in a sentence.
    pub fn who(&self) -> &str {
        match self.responder.as_str() {
            "demo" => "the narrated story",
            "operator" => "whoever ran the shop",
            "model responder" => "the model responder",
            other => other,
        }
    }

    /// The responder, seed and clock behind a loss. It stands beside a loss wherever one story has several.
    pub fn response(&self) -> String {
        let clock = match self.clock {
            ClockKind::Virtual => "in virtual time",
            ClockKind::Live => "live",
        };
        format!("response: {}, seed {}, {clock}", self.who(), self.seed)
    }
}

/// What the figures of a record rest on: definitions, and assumptions named as such.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rules {
    /// Share of visits that must be served or degraded.
    pub availability_target: f64,
    /// Availability is lost over a trailing window of this many seconds of the shop.
    pub window_s: u32,
    /// Availability is restored when it stays at the target for this many seconds of the shop. A short demonstration may
    /// hold shorter, and says so here.
    pub hold_s: u32,
    /// A customer gives up after this many seconds of the shop.
    pub customers_wait_s: u32,
    /// Share of its trade that a degraded visit loses.
    pub degraded_trade_lost: f64,
    /// Story seconds of full outage that the availability target tolerates: what it leaves of `tolerated_in`.
    pub tolerable_unavailability_s: f64,
    /// The basis of the effectiveness.
    #[serde(default = "ToleratedIn::unnamed")]
    pub tolerated_in: ToleratedIn,
    /// An explanation with at least this score is right.
    pub explanation_right_from: f64,
    /// Which of the rules are assumptions, neither measured nor told by the field.
    pub assumed: BTreeSet<String>,
}

impl Rules {
    const TARGET: f64 = 0.999;

    fn check(&self) -> Result<(), RecordError> {
        let longest = f64::from(SECONDS_MAX);
        for (rule, found, least, most) in [
            ("availability_target", self.availability_target, 0.0, 1.0),
            ("window_s", self.window_s.into(), 1.0, longest),
            ("hold_s", self.hold_s.into(), 1.0, longest),
            ("customers_wait_s", self.customers_wait_s.into(), 0.0, longest),
            ("degraded_trade_lost", self.degraded_trade_lost, 0.0, 1.0),
        ] {
            if !(least..=most).contains(&found) {
                return Err(RecordError::Rule { rule, found, expected: format!("{least} to {most}") });
            }
        }
        Ok(())
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            availability_target: Self::TARGET,
            window_s: 30,
            hold_s: 60,
            customers_wait_s: 10,
            degraded_trade_lost: 0.1,
            tolerable_unavailability_s: tolerable_unavailability_s(Self::TARGET, ToleratedIn::Week),
            tolerated_in: ToleratedIn::Week,
            explanation_right_from: 1.0,
            assumed: ["customers_wait_s", "degraded_trade_lost", "explanation_right_from"]
                .map(String::from)
                .into(),
        }
    }
}

/// The reason why a text cannot be read as an incident record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The text is not JSON, or does not have the record's shape.
    #[error("not an incident record: {0}")]
    Shape(#[from] serde_json::Error),
    /// The record has another format or version.
    #[error("the format is {found:?}, not {SCHEMA:?}: another version wrote it; read it with that version")]
    Schema { found: String },
    /// The record is longer than [`SECONDS_MAX`].
    #[error("the record goes on to second {found}; at most {SECONDS_MAX} seconds can be read")]
    TooLong { found: u32 },
    /// A rule lies beyond what can be reckoned with.
    #[error("the rule {rule} is {found}; {expected} is read")]
    Rule { rule: &'static str, found: f64, expected: String },
}

impl IncidentRecord {
    /// The record as JSON, on several lines.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a record holds nothing that JSON cannot")
    }

    /// Reads a record.
    ///
    /// # Errors
    ///
    /// If the text is not a record of this version, or too long to be reckoned.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Format {
            schema: String,
        }
        // Read the format first: the error for another version should name that version, not list missing fields.
        let Format { schema: found } = serde_json::from_str(text)?;
        if found != SCHEMA {
            return Err(RecordError::Schema { found });
        }
        let record: Self = serde_json::from_str(text)?;
        match record.availability.iter().map(|row| row.at_s).max() {
            Some(found) if found >= SECONDS_MAX => Err(RecordError::TooLong { found }),
            _ => record.run.rules.check().map(|()| record),
        }
    }
}

/// The record's JSON Schema, derived from the types. `schema/incident-1.json` holds a copy for readers without a compiler.
/// The schema describes records as written: a field without a value is null, never absent.
pub fn json_schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<IncidentRecord>().to_value()
}
