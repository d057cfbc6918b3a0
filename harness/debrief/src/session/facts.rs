//! Each fact of the explanation: when it could be known at each telemetry level, and when a team saw it and said it. For several teams these
//! are two tables on purpose: the recording's minutes are not people's minutes.

use askama::Template;
use incident::Level;
use report::session::{Fact, FactClaimed, Knowable, Known};

use super::{
    charts::levels,
    explanation::{all_facts, question, short, words},
    instead,
    round::Round,
};
use crate::figures::{self, duration, time};

#[derive(Clone, Debug, Template)]
#[template(path = "session-facts.html")]
pub(super) struct Facts {
    finding: String,
    /// The level of the team whose times are shown; none for all teams.
    own: Option<Level>,
    /// One row for each fact; none while it is being computed.
    rows: Vec<Row>,
    instead: Option<String>,
    /// One row for each team, if there are several: when it saw each fact, and when it said it.
    teams: Vec<(String, Vec<[String; 2]>)>,
    shorts: Vec<String>,
    /// The minutes after the call at which the recording made every check.
    looked_at: String,
    called: String,
    /// The event from which the recording's minutes count.
    since: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// The question that the fact answers. The page shows the fact itself only on request.
    question: String,
    words: String,
    /// For each level, when the fact could be known, and by which check.
    cells: Vec<(Level, String, String)>,
    /// When the team saw it, and said it.
    met: [String; 2],
}

impl Row {
    fn is_known_at(&self, wanted: Level) -> bool {
        self.cells.iter().any(|(level, text, _)| *level == wanted && text != NOT)
    }
}

impl Facts {
    pub(super) fn of_team(round: &Round<'_>) -> Option<Self> {
        let mut all = Self::of(round, Some(round.level))?;
        let met = met(round);
        let [saw, said] = [0, 1].map(|which| met.iter().filter(|met| met[which] != NOT).count());
        let knowable = all.rows.iter().filter(|row| row.is_known_at(round.level)).count();
        let of = round.facts.len();
        all.finding = if all.instead.is_some() {
            format!("You saw {saw} of {of} facts and said {said} of {of}")
        } else {
            let level = round.level;
            format!("{knowable} of {of} facts could be known at {level}; you saw {saw} and said {said}")
        };
        all.rows.iter_mut().zip(met).for_each(|(row, met)| row.met = met);
        Some(all)
    }

    pub(super) fn of_all(same: &[&Round<'_>]) -> Option<Self> {
        let first = same.iter().max_by_key(|round| round.facts.len())?;
        let mut all = Self::of(first, None)?;
        let named = all_facts(same);
        let cells = |round: &&Round<'_>| {
            let met = met(round);
            let cell = |fact: &Fact| {
                let place = round.facts.iter().position(|own| own.fact == *fact);
                place.map_or([NOT, NOT].map(str::to_owned), |place| met[place].clone())
            };
            (round.label(), named.iter().map(cell).collect())
        };
        all.teams = same.iter().map(cells).collect();
        // Inadequate telemetry is a fact only at the poorer levels, so each level counts its own facts.
        let known = |level: Level| {
            let own =
                same.iter().find(|round| round.level == level).map_or(&first.facts, |round| &round.facts);
            let is_own = |fact: &Fact| own.iter().any(|other| other.fact == *fact);
            let rows = all.rows.iter().zip(&first.facts);
            let known = rows.filter(|(row, fact)| is_own(&fact.fact) && row.is_known_at(level)).count();
            format!("{known} of {} at {level}", own.len())
        };
        all.finding = if all.instead.is_some() {
            "When each fact could be known".to_owned()
        } else {
            format!("Facts that could be known: {}", figures::list(levels(same).into_iter().map(known)))
        };
        Some(all)
    }

    /// None if nothing is computed for the round.
    fn of(round: &Round<'_>, own: Option<Level>) -> Option<Self> {
        let pending = &round.computed.as_ref()?.knowable;
        let knowable = pending.as_ref().ok();
        let shorts = unnamed(round);
        let row = |knowable: &Knowable, fact: &Fact, short: &String| {
            // `knowable` lists the incident's facts in an order of its own.
            let times = knowable.of.iter().zip(&knowable.facts).find(|(other, _)| *other == fact);
            Row {
                question: if matches!(fact, Fact::Factor(_)) {
                    short.clone()
                } else {
                    question(fact).to_owned()
                },
                words: words(fact),
                cells: times.map_or_else(Vec::new, |(_, times)| times.iter().map(cell).collect()),
                met: Default::default(),
            }
        };
        let minutes = knowable.map_or(&[][..], |knowable| &knowable.looked_at_minutes);
        Some(Self {
            finding: String::new(),
            own,
            rows: knowable.map_or_else(Vec::new, |knowable| {
                let facts = round.facts.iter().zip(&shorts);
                facts.map(|(claimed, short)| row(knowable, &claimed.fact, short)).collect()
            }),
            shorts,
            instead: instead(pending),
            teams: Vec::new(),
            looked_at: figures::list(minutes.iter().map(|minutes| format!("{minutes:.0}"))),
            called: knowable.map_or_else(String::new, called),
            since: if round.played.outcome.lost_s.is_some() { "availability was lost" } else { "the call" },
        })
    }

    fn is_own(&self, level: Level) -> bool {
        self.own == Some(level)
    }
}

/// A neutral name for each fact, which does not give the answer away: `asset`, `factor 2`.
fn unnamed(round: &Round<'_>) -> Vec<String> {
    let mut factors = 0;
    let word = |fact: &FactClaimed| match &fact.fact {
        Fact::Factor(_) => {
            factors += 1;
            format!("factor {factors}")
        }
        other => short(other),
    };
    round.facts.iter().map(word).collect()
}

/// Shown where a fact was never seen or said, or could not be known.
const NOT: &str = "–";

/// When a fact could be known at a level, and by which check.
fn cell((level, known): &(Level, Known)) -> (Level, String, String) {
    let (text, by) = match known {
        Known::After { minutes, by, .. } => {
            (duration(minutes * 60.0), by.as_deref().unwrap_or("several checks together"))
        }
        Known::Beforehand => ("at once".to_owned(), "it is so in nearly all known incidents"),
        Known::Never => (NOT.to_owned(), "by no check in the recording"),
        Known::NobodyCalled => (NOT.to_owned(), "nobody is called"),
    };
    (*level, text, by.to_owned())
}

/// When a team saw and said each fact: minutes from the round's counting start, with the story's time. Only the story's time if the round has
/// no such start.
fn met(round: &Round<'_>) -> Vec<[String; 2]> {
    let words = |at_s: f64| match round.counted_from_s() {
        Some(since_s) => format!("{} ({})", round.minutes_between(since_s, at_s), time(at_s)),
        None => time(at_s),
    };
    let met = |fact: &FactClaimed| [fact.seen_s, fact.said_s].map(|at_s| at_s.map_or(NOT.to_owned(), words));
    round.facts.iter().map(met).collect()
}

fn called(knowable: &Knowable) -> String {
    let at = |at_s: Option<f64>| at_s.map_or("never".to_owned(), time);
    format!(
        "In the recording availability is lost at {}; without alerts a customer calls at {}, and from metrics on an alert comes at {}.",
        at(knowable.lost_s),
        at(knowable.complained_s),
        at(knowable.alerted_s)
    )
}
