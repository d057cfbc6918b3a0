//! What happened, drawn as the chain, with what a team claimed of it.

use askama::Template;
use report::session::{Claimed, Fact, FactClaimed, Mistaken, PartPoints};

use super::{
    places::Chain,
    round::Round,
    summary::{of_ten, would_have_restored},
};
use crate::figures::{fault, trimmed};

/// How an explanation is scored, in one sentence. The weights are those of the crate `diagnosis`.
pub(super) const RULE: &str = "Of ten points the cause counts for three, the asset for three, the contributing factors for three (twice those in both, over \
    all in each), the character for a half and the path for a half (by the share of services that stand in both in the same order). Where no asset, character \
    or factor belongs to it, its points go to the cause. It is right from eight on: without one contributing factor nobody gets there. What was said and not \
    shown by its evidence gets a quarter of its points, a claim without evidence none.";

#[derive(Clone, Debug, Template)]
#[template(path = "session-explained.html")]
pub(super) struct Explained {
    finding: String,
    description: String,
    chain: Chain,
    mistaken: Vec<(&'static str, String, String, usize)>,
    score: String,
    /// What each part got, of how many points, and what is missing where it was not shown.
    points: Vec<[String; 3]>,
    rule: &'static str,
    signs: [Sign; 5],
    would_have_restored: String,
    /// Whether it is about a team; the truth alone otherwise.
    is_of_team: bool,
}

/// Which team claimed what: a row for each team, a column for each fact.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrix {
    pub(super) facts: Vec<String>,
    /// Teams, with how they stand to each fact, and the score.
    pub(super) rows: Vec<(String, Vec<Sign>, String)>,
}

impl Explained {
    pub(super) fn of_team(round: &Round<'_>) -> Self {
        Self {
            finding: finding(&round.facts),
            chain: Chain::of(&round.incident, &round.facts),
            mistaken: round.mistaken.iter().map(shown_mistake).collect(),
            score: score(round),
            points: round.points.iter().map(points).collect(),
            is_of_team: true,
            ..Self::truth(round)
        }
    }

    pub(super) fn truth(round: &Round<'_>) -> Self {
        let unclaimed = |fact: &FactClaimed| FactClaimed {
            claimed: Claimed::Missed,
            words: None,
            pins: 0,
            ..fact.clone()
        };
        let facts: Vec<FactClaimed> = round.facts.iter().map(unclaimed).collect();
        Self {
            finding: "What happened".to_owned(),
            description: round.incident.description.trim().to_owned(),
            chain: Chain::of(&round.incident, &facts),
            mistaken: Vec::new(),
            score: String::new(),
            points: Vec::new(),
            rule: RULE,
            signs: Sign::all(),
            would_have_restored: would_have_restored(&round.incident),
            is_of_team: false,
        }
    }
}

impl Matrix {
    pub(super) fn of(same: &[&Round<'_>]) -> Self {
        let facts = all_facts(same);
        let sign = |round: &Round<'_>, fact: &Fact| {
            let own = round.facts.iter().find(|own| own.fact == *fact);
            own.map_or(Sign::NO_PART, |own| Sign::of(own.claimed))
        };
        let row = |round: &&Round<'_>| {
            let score = round.played.outcome.explanation_score;
            let score = score.map_or("no answer".to_owned(), of_ten);
            (round.label(), facts.iter().map(|fact| sign(round, fact)).collect(), score)
        };
        Self { facts: facts.iter().map(short).collect(), rows: same.iter().map(row).collect() }
    }
}

/// The facts of an incident. What contributed at a poor telemetry level may be no part of it at a rich one: those who had most name all.
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

fn score(round: &Round<'_>) -> String {
    let Some(score) = round.played.outcome.explanation_score else {
        return "Nothing was submitted, so nothing was scored.".to_owned();
    };
    let from = round.played.run.rules.explanation_right_from;
    let verdict = if score >= from { "right" } else { "not right" };
    let changed = if round.is_changed {
        " You changed it after submitting; the points are those of what you submitted."
    } else {
        ""
    };
    format!(
        "Your explanation has {} of 10 points. It is right from {} on, so it is {verdict}.{changed}",
        of_ten(score),
        of_ten(from)
    )
}

/// `[asset, 2.3 of 3, said, not shown]`.
fn points(part: &PartPoints) -> [String; 3] {
    let is_shown = part.if_shown - part.got < 0.05;
    let why = if is_shown {
        String::new()
    } else {
        format!("said, not shown: {} if its evidence showed it", trimmed(part.if_shown))
    };
    [part.part.clone(), format!("{} of {}", trimmed(part.got), trimmed(part.of)), why]
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
        Fact::Factor(factor) => fault(*factor),
    }
}

/// How a team stands to a fact, for eyes that see colours, for those that do not, and for ears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) class: &'static str,
    pub(super) mark: &'static str,
    pub(super) words: &'static str,
}

impl Sign {
    /// Where a fact is no part of the incident at a team's level.
    const NO_PART: Self = Self { class: "", mark: "–", words: "no part of it at this level" };

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

    /// All of them, best first.
    pub(super) fn all() -> [Self; 5] {
        [
            Claimed::WithEvidence,
            Claimed::InPart,
            Claimed::SaidNotShown,
            Claimed::WithoutEvidence,
            Claimed::Missed,
        ]
        .map(Self::of)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ShownFact {
    pub(super) short: String,
    pub(super) words: String,
    pub(super) sign: Sign,
    pub(super) claim: Option<String>,
    pub(super) pins: usize,
}

impl ShownFact {
    pub(super) fn of(fact: &FactClaimed) -> Self {
        Self {
            short: short(&fact.fact),
            words: words(&fact.fact),
            sign: Sign::of(fact.claimed),
            claim: fact.words.clone(),
            pins: fact.pins,
        }
    }
}

/// A claim that is not true, ready to be shown: the question, the choice, what the team wrote, and how many pieces of evidence.
fn shown_mistake(mistaken: &Mistaken) -> (&'static str, String, String, usize) {
    let choice = mistaken.choice.clone().unwrap_or_else(|| "not mapped to the catalogue".to_owned());
    (question(&mistaken.about), choice, mistaken.words.clone(), mistaken.pins)
}
