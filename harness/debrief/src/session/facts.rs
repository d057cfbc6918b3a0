//! Each fact of the explanation: when it could be known at each telemetry level, and when a team saw it and said it. Two tables on purpose
//! where people are many: what a recording says and what people did have different minutes.

use askama::Template;
use incident::Level;
use report::session::{Fact, FactClaimed, Knowable, Known, Pending};

use super::{
    charts::levels,
    clocks::minutes,
    explanation::{all_facts, question, short, words},
    instead, level_class,
    round::Round,
};
use crate::figures::{self, duration, time};

#[derive(Clone, Debug, Template)]
#[template(path = "session-facts.html")]
pub(super) struct Facts {
    finding: String,
    levels: Vec<Head>,
    /// One row for each fact; none while it is being computed.
    rows: Vec<Row>,
    instead: Option<String>,
    /// Whether one team's times stand beside them.
    is_of_team: bool,
    /// One row for each team, if there are several: when it saw each fact, and when it said it.
    teams: Vec<(String, Vec<(String, String)>)>,
    shorts: Vec<String>,
    /// Minutes after the call at which everything was looked at in the recording.
    looked_at: String,
    called: String,
    /// From when on the recording's minutes are counted.
    since: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
struct Head {
    name: String,
    class: String,
    /// Whether it is the level of the team that reads.
    is_own: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// What it answers: that is shown, and the fact itself only when somebody asks for it.
    question: String,
    words: String,
    cells: Vec<Cell>,
    seen: String,
    said: String,
}

#[derive(Clone, Debug, PartialEq)]
struct Cell {
    text: String,
    by: String,
    level: String,
    is_own: bool,
}

impl Facts {
    pub(super) fn of_team(round: &Round<'_>) -> Option<Self> {
        let mut all = Self::of(round, Some(round.level))?;
        let (seen, said) = (met(round, |fact| fact.seen_s), met(round, |fact| fact.said_s));
        let count = |met: &[String]| met.iter().filter(|met| *met != NOT).count();
        let is_known = |row: &&Row| row.cells.iter().any(|cell| cell.is_own && cell.is_known());
        let knowable = all.rows.iter().filter(is_known).count();
        all.is_of_team = true;
        let (seen_count, said_count, of) = (count(&seen), count(&said), round.facts.len());
        all.finding = if all.instead.is_some() {
            format!("You saw {seen_count} of {of} facts and said {said_count} of {of}")
        } else {
            format!(
                "{knowable} of {of} facts could be known at {}; you saw {seen_count} and said {said_count}",
                round.level
            )
        };
        for (row, (seen, said)) in all.rows.iter_mut().zip(seen.into_iter().zip(said)) {
            (row.seen, row.said) = (seen, said);
        }
        Some(all)
    }

    pub(super) fn of_all(same: &[&Round<'_>]) -> Option<Self> {
        let first = same.iter().max_by_key(|round| round.facts.len())?;
        let mut all = Self::of(first, None)?;
        let named = all_facts(same);
        let cells = |round: &&Round<'_>| {
            let (seen, said) = (met(round, |fact| fact.seen_s), met(round, |fact| fact.said_s));
            let cell = |fact: &Fact| {
                let place = round.facts.iter().position(|own| own.fact == *fact);
                place.map_or_else(
                    || (NOT.to_owned(), NOT.to_owned()),
                    |place| (seen[place].clone(), said[place].clone()),
                )
            };
            (round.label(), named.iter().map(cell).collect())
        };
        all.teams = same.iter().map(cells).collect();
        // Inadequate telemetry is a fact at the poorer levels alone: each level is counted by its own facts.
        let known = |level: &Level| {
            let own =
                same.iter().find(|round| round.level == *level).map_or(&first.facts, |round| &round.facts);
            let is_own = |fact: &Fact| own.iter().any(|other| other.fact == *fact);
            let is_known =
                |row: &Row| row.cells.iter().any(|cell| cell.level == level.name() && cell.is_known());
            let rows = all.rows.iter().zip(&first.facts);
            let known = rows.filter(|(row, fact)| is_own(&fact.fact) && is_known(row)).count();
            format!("{known} of {} at {level}", own.len())
        };
        all.finding = if all.instead.is_some() {
            "When each fact could be known".to_owned()
        } else {
            let played: Vec<String> = levels(same).iter().map(known).collect();
            format!("Facts that could be known: {}", figures::list(&played))
        };
        Some(all)
    }

    /// None where nothing is computed.
    fn of(round: &Round<'_>, own: Option<Level>) -> Option<Self> {
        let pending = &round.computed.as_ref()?.knowable;
        let knowable = if let Pending::Ready(knowable) = pending { Some(knowable) } else { None };
        let shorts = unnamed(round);
        // What could be known is listed for the facts of the incident, in an order of its own.
        let times_of = |knowable: &Knowable, fact: &Fact| {
            let place = knowable.of.iter().position(|other| other == fact)?;
            knowable.facts.get(place).cloned()
        };
        let row = |knowable: &Knowable, fact: &FactClaimed, short: &String| Row {
            question: if matches!(fact.fact, Fact::Factor(_)) {
                short.clone()
            } else {
                question(&fact.fact).to_owned()
            },
            words: words(&fact.fact),
            cells: times_of(knowable, &fact.fact)
                .unwrap_or_default()
                .iter()
                .map(|(level, known)| Cell::new(*level, known, own))
                .collect(),
            seen: String::new(),
            said: String::new(),
        };
        let facts = || round.facts.iter().zip(&shorts);
        let head = |level: &Level| Head {
            name: level.to_string(),
            class: level_class(*level),
            is_own: own == Some(*level),
        };
        let minutes = knowable.map_or(&[][..], |knowable| &knowable.looked_at_minutes);
        let minutes: Vec<String> = minutes.iter().map(|minutes| format!("{minutes:.0}")).collect();
        Some(Self {
            finding: String::new(),
            levels: Level::ALL.iter().map(head).collect(),
            rows: knowable.map_or_else(Vec::new, |knowable| {
                facts().map(|(fact, short)| row(knowable, fact, short)).collect()
            }),
            shorts: shorts.clone(),
            instead: instead(pending),
            is_of_team: false,
            teams: Vec::new(),
            looked_at: figures::list(&minutes),
            called: knowable.map_or_else(String::new, called),
            since: if round.played.outcome.lost_s.is_some() { "availability was lost" } else { "the call" },
        })
    }
}

/// The facts in a word each, none of which gives the answer: `asset`, `factor 2`.
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

/// What stands where a team never met a fact.
const NOT: &str = "–";

impl Cell {
    fn new(level: Level, known: &Known, own: Option<Level>) -> Self {
        let (text, by) = match known {
            Known::After { minutes, by, .. } => {
                (duration(minutes * 60.0), by.clone().unwrap_or_else(|| "several checks together".to_owned()))
            }
            Known::Beforehand => ("at once".to_owned(), "it is so in nearly all known incidents".to_owned()),
            Known::Never => (NOT.to_owned(), "by no check in the recording".to_owned()),
            Known::NobodyCalled => (NOT.to_owned(), "nobody is called".to_owned()),
        };
        Self { text, by, level: level.to_string(), is_own: own == Some(level) }
    }

    fn is_known(&self) -> bool {
        self.text != NOT
    }
}

/// When a team met each fact, in minutes from the one beginning that counts for the round, with the story's time; that alone where there is none.
fn met(round: &Round<'_>, when: fn(&FactClaimed) -> Option<f64>) -> Vec<String> {
    let since_s = round.counted_from_s().map(|at_s| round.clocks.wall_s(at_s));
    let words = |at_s: f64| match since_s {
        Some(since_s) => format!("{} ({})", minutes(round.clocks.wall_s(at_s) - since_s), time(at_s)),
        None => time(at_s),
    };
    round.facts.iter().map(|fact| when(fact).map_or(NOT.to_owned(), words)).collect()
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
