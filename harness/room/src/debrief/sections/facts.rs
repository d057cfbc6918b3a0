//! Each fact of the explanation: when it could be known at each telemetry level, and when a team saw it and said it. Two tables on purpose
//! where people are many: what a recording says and what people did have different minutes.

use askama::Template;
use debrief::figures::{duration, time};
use diagnosis::checks::CHECKS;
use incident::Level;

use super::{level_class, of};
use crate::debrief::{
    asker::{Asker, Wanted},
    clocks::minutes,
    fact::{Fact, Met},
    knowable::{Knowable, called_s},
    lived::Lived,
};

/// The facts with their times.
#[derive(Clone, Debug, Template)]
#[template(path = "debrief-facts.html")]
pub struct Facts {
    /// What it says, in a sentence.
    finding: String,
    /// The levels, poorest first.
    levels: Vec<Head>,
    /// One row for each fact; none while it is being computed.
    rows: Vec<Row>,
    /// What stands in their place.
    instead: Option<String>,
    /// Whether one team's times stand beside them.
    is_of_team: bool,
    /// One row for each team, if there are several: when it saw each fact, and when it said it.
    teams: Vec<(String, Vec<(String, String)>)>,
    /// The names of the facts, for their columns.
    shorts: Vec<String>,
    /// Minutes after the call at which everything was looked at in the recording.
    looked_at: String,
    /// When somebody is called in the recording.
    called: String,
    /// From when on minutes are counted.
    since: &'static str,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
struct Head {
    name: String,
    class: String,
    /// Whether it is the level of the team that reads.
    is_own: bool,
}

/// A fact.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    question: &'static str,
    /// What it says; for a factor its name, with what it means.
    words: String,
    means: Option<&'static str>,
    cells: Vec<Cell>,
    seen: String,
    said: String,
}

/// When it could be known at a level.
#[derive(Clone, Debug, PartialEq)]
struct Cell {
    text: String,
    /// By which look.
    by: String,
    level: String,
    is_own: bool,
}

impl Facts {
    /// Of one team.
    pub fn of_team(lived: &Lived<'_>, asker: &Asker<'_>) -> Self {
        let facts = Fact::all(&lived.truth);
        let (seen, said) = (met(&facts, lived, Fact::seen), met(&facts, lived, Fact::said));
        let mut all =
            Self::of(lived, asker, Some(lived.level), |place| (seen[place].clone(), said[place].clone()));
        let count = |met: &[String]| met.iter().filter(|met| *met != NOT).count();
        let knowable = all.rows.iter().filter(|row| row.cells.iter().any(Cell::is_known_here)).count();
        all.is_of_team = true;
        all.finding = if all.instead.is_some() {
            format!(
                "You saw {} facts and said {}",
                of(count(&seen), facts.len()),
                of(count(&said), facts.len())
            )
        } else {
            format!(
                "{} facts could be known at {}; you saw {} and said {}",
                of(knowable, facts.len()),
                lived.level,
                count(&seen),
                count(&said)
            )
        };
        all
    }

    /// Of all who lived the same.
    pub fn of_all(same: &[&Lived<'_>], asker: &Asker<'_>) -> Option<Self> {
        let first = same.first()?;
        let facts = Fact::all(&first.truth);
        let mut all = Self::of(first, asker, None, |_| (String::new(), String::new()));
        let cells = |lived: &&Lived<'_>| {
            let pairs = met(&facts, lived, Fact::seen).into_iter().zip(met(&facts, lived, Fact::said));
            (super::curves::name(lived), pairs.collect())
        };
        all.teams = same.iter().map(cells).collect();
        let known = |level: Level| {
            let at = |row: &&Row| row.cells.iter().any(|cell| cell.level == level.name() && cell.is_known());
            all.rows.iter().filter(at).count()
        };
        all.finding = if all.instead.is_some() {
            "When each fact could be known".to_owned()
        } else {
            format!(
                "{} facts could be known at {}, {} at {}",
                of(known(Level::Dark), facts.len()),
                Level::Dark,
                known(Level::Changes),
                Level::Changes
            )
        };
        Some(all)
    }

    fn of(
        lived: &Lived<'_>,
        asker: &Asker<'_>,
        own: Option<Level>,
        met: impl Fn(usize) -> (String, String),
    ) -> Self {
        let tape = asker.tape(lived.tape());
        let rows = match &tape {
            Wanted::There(taped) => taped.knowable.clone(),
            _ => Vec::new(),
        };
        let row = |(place, (fact, times)): (usize, (Fact, Vec<(Level, Knowable)>))| {
            let (seen, said) = met(place);
            let cell = |(level, knowable)| Cell::new(level, &knowable, own);
            let means = if let Fact::Factor(factor) = fact { Some(factor.description()) } else { None };
            Row {
                question: fact.question(),
                words: if means.is_some() { fact.short() } else { fact.words() },
                means,
                cells: times.into_iter().map(cell).collect(),
                seen,
                said,
            }
        };
        let head = |level: &Level| Head {
            name: level.to_string(),
            class: level_class(*level),
            is_own: own == Some(*level),
        };
        Self {
            finding: String::new(),
            levels: Level::ALL.iter().map(head).collect(),
            rows: rows.into_iter().enumerate().map(row).collect(),
            instead: tape.instead(),
            is_of_team: false,
            teams: Vec::new(),
            shorts: Fact::all(&lived.truth).iter().map(Fact::short).collect(),
            looked_at: looked_at(),
            called: tape.there().map_or_else(String::new, |taped| called(&taped.tape)),
            since: if lived.outcome.lost_s.is_some() { "availability was lost" } else { "the call" },
        }
    }
}

/// What stands where a team never met a fact.
const NOT: &str = "–";

impl Cell {
    fn new(level: Level, knowable: &Knowable, own: Option<Level>) -> Self {
        let (text, by) = match knowable {
            Knowable::After { minutes, by, .. } => {
                let by = by.map_or_else(|| "several looks together".to_owned(), asks);
                (duration(minutes * 60.0), by)
            }
            Knowable::Beforehand => {
                ("at once".to_owned(), "it is so in nearly all known incidents".to_owned())
            }
            Knowable::Never => (NOT.to_owned(), "by no look in the recording".to_owned()),
            Knowable::NobodyCalled => (NOT.to_owned(), "nobody is called".to_owned()),
        };
        Self { text, by, level: level.to_string(), is_own: own == Some(level) }
    }

    fn is_known(&self) -> bool {
        self.text != NOT
    }

    fn is_known_here(&self) -> bool {
        self.is_own && self.is_known()
    }
}

/// What a look asks.
fn asks(name: &str) -> String {
    let check = CHECKS.iter().find(|check| check.name == name);
    check.map_or_else(|| name.to_owned(), |check| check.asks.to_owned())
}

/// When a team met each fact: minutes since the loss; where nothing was lost since somebody called, and where nobody did since the round
/// began.
fn met(facts: &[Fact], lived: &Lived<'_>, when: fn(&Fact, &Lived<'_>) -> Option<Met>) -> Vec<String> {
    let since_s =
        lived.outcome.lost_s.or(lived.outcome.detected_s).map_or(0.0, |at_s| lived.clocks.wall_s(at_s));
    let words =
        |met: Met| format!("{} ({})", minutes(lived.clocks.wall_s(met.story_s) - since_s), time(met.story_s));
    facts.iter().map(|fact| when(fact, lived).map_or(NOT.to_owned(), words)).collect()
}

fn looked_at() -> String {
    let minutes = world::tape::LOOKED_AT_MINUTES.map(|minutes| format!("{minutes:.0}"));
    debrief::figures::list(&minutes)
}

fn called(tape: &world::tape::Tape) -> String {
    let at = |at_s: Option<f64>| at_s.map_or("never".to_owned(), time);
    format!(
        "In the recording availability is lost at {}; without alerts a customer calls at {}, and from metrics on an alert at {}.",
        at(tape.lost_s),
        at(called_s(tape, Level::Dark)),
        at(called_s(tape, Level::Changes))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::{
        sample::{self, Sample},
        works::Works,
    };

    #[test]
    fn what_is_not_computed_yet_is_said_to_be_coming() {
        let sample = Sample::new();
        let lived = sample.lived();
        let works = Works::default();
        let closed = Facts::of_team(sample::of(&lived, 1, 1), &Asker::new(&works, false));
        assert_eq!(closed.finding, "You saw 3 of 8 facts and said 3 of 8");
        assert!(closed.instead.as_deref().is_some_and(|text| text.contains("once the answers are open")));
        let page = closed.render().unwrap();
        assert!(page.contains("once the answers are open"), "{page}");
    }
}
