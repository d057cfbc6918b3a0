//! The explanation of an incident, drawn as its chain, with the claims of a team.

use askama::Template;
use report::session::{Claimed, Fact, FactClaimed};

use super::{
    explanation,
    places::Chain,
    round::Round,
    summary::{self, of_ten},
};
use crate::figures;

#[derive(Clone, Debug, Template)]
#[template(path = "session-explained.html")]
pub(super) struct Explained<'a> {
    round: &'a Round<'a>,
    /// Whether it shows the round's claims; otherwise only the truth.
    is_of_team: bool,
    chain: Chain<'a>,
}

impl<'a> Explained<'a> {
    pub(super) fn of(round: &'a Round<'a>, is_of_team: bool) -> Self {
        Self { round, is_of_team, chain: Chain::of(&round.incident, &round.facts) }
    }
}

/// The facts of an incident. A factor at a poor telemetry level may be none at a rich one, so the list comes from the round with the most facts.
pub(super) fn all_facts(same: &[&Round<'_>]) -> Vec<Fact> {
    let most = same.iter().max_by_key(|round| round.facts.len());
    most.map_or_else(Vec::new, |round| round.facts.iter().map(|claimed| claimed.fact.clone()).collect())
}

fn finding(facts: &[FactClaimed]) -> String {
    let count = |claimed: Claimed| facts.iter().filter(|fact| fact.claimed == claimed).count();
    let with = count(Claimed::WithEvidence) + count(Claimed::InPart);
    let without = match count(Claimed::WithoutEvidence) + count(Claimed::SaidNotShown) {
        0 => String::new(),
        without => format!(", said {without} without showing it"),
    };
    format!("Of {} facts you showed {with}{without}, and missed {}", facts.len(), count(Claimed::Missed))
}

/// A team's result for a fact, for tables of all teams.
pub(super) fn sign(round: &Round<'_>, fact: &Fact) -> Sign {
    let own = round.facts.iter().find(|own| own.fact == *fact);
    own.map_or(Sign::NO_PART, |own| Sign::of(own.claimed))
}

/// The explanation's score, in points of ten.
pub(super) fn points(round: &Round<'_>) -> String {
    round.played.outcome.explanation_score.map_or("no answer".to_owned(), of_ten)
}

fn score(round: &Round<'_>) -> String {
    let Some(score) = round.played.outcome.explanation_score else {
        return "Nothing was handed in, so nothing was scored.".to_owned();
    };
    let from = round.played.run.rules.explanation_right_from;
    let verdict = if score >= from { "right" } else { "not right" };
    let changed = if round.is_changed {
        " You changed it after handing in; the points are those of what you handed in."
    } else {
        ""
    };
    format!(
        "Your explanation has {} of 10 points. It is right from {} on, so it is {verdict}.{changed}",
        of_ten(score),
        of_ten(from)
    )
}

pub(super) fn question(fact: &Fact) -> &'static str {
    match fact {
        Fact::Cause(_) => "What set it off",
        Fact::Asset(_) => "In which asset",
        Fact::Character(_) => "Which character",
        Fact::Path(_) => "Along which services",
        Fact::Factor(_) => "What contributed",
    }
}

pub(super) fn words(fact: &Fact) -> String {
    match fact {
        Fact::Cause(text) | Fact::Asset(text) | Fact::Character(text) => text.clone(),
        Fact::Path(path) => path.iter().map(|service| service.words()).collect::<Vec<_>>().join(" → "),
        Fact::Factor(factor) => factor.description().to_owned(),
    }
}

/// A fact in a few words, for the head of a column.
pub(super) fn short(fact: &Fact) -> String {
    match fact {
        Fact::Cause(_) => "cause".to_owned(),
        Fact::Asset(_) => "asset".to_owned(),
        Fact::Character(_) => "character".to_owned(),
        Fact::Path(_) => "path".to_owned(),
        Fact::Factor(factor) => figures::fault(*factor),
    }
}

/// A team's result for a fact: a class for its colour, a mark for readers who do not see colours, and words for screen readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) class: &'static str,
    pub(super) mark: &'static str,
    pub(super) words: &'static str,
}

impl Sign {
    /// The fact is no part of the incident at the team's level.
    const NO_PART: Self = Self { class: "", mark: "–", words: "no part of it at this level" };

    /// All results of a claim, best first.
    const ALL: [Claimed; 5] = [
        Claimed::WithEvidence,
        Claimed::InPart,
        Claimed::SaidNotShown,
        Claimed::WithoutEvidence,
        Claimed::Missed,
    ];

    pub(super) fn of(claimed: Claimed) -> Self {
        let (class, mark, words) = match claimed {
            Claimed::WithEvidence => ("with-evidence", "●", "said and shown"),
            Claimed::InPart => ("in-part", "◑", "said in part, and shown"),
            Claimed::SaidNotShown => ("without-evidence", "◍", "said, not shown by its evidence"),
            Claimed::WithoutEvidence => ("without-evidence", "◌", "said without evidence"),
            Claimed::Missed => ("missed", "○", "missed"),
        };
        Self { class, mark, words }
    }
}
