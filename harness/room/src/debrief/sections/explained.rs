//! What happened, drawn as the chain, with what a team claimed of it.

use askama::Template;

use super::told::would_have_restored;
use crate::{
    debrief::{
        chain::Chain,
        fact::Fact,
        judged::{Claimed, Judged, Mistaken, is_changed, judged, mistaken},
        lived::Lived,
    },
    rounds::QUESTION,
};

/// How an explanation is scored, in one sentence. The weights are those of [`diagnosis::explanation`].
pub const RULE: &str = "Of ten tenths, four are for the cause, three for the asset, one for the character, one for the path (by the share of services that \
    stand in both in the same order) and one for the factors (twice those in both, over all in each); where no asset or character belongs to it, its \
    part goes to the cause; what no evidence is pinned to counts for nothing.";

/// The chain with a team's claims.
#[derive(Clone, Debug, Template)]
#[template(path = "debrief-explained.html")]
pub struct Explained {
    /// What the team made of it, in a sentence.
    finding: String,
    /// The whole truth, for people.
    description: String,
    chain: Chain,
    mistaken: Vec<Mistaken>,
    /// The score, in words.
    score: String,
    rule: &'static str,
    /// What the signs mean.
    signs: [Claimed; 4],
    would_have_restored: String,
    /// The question asked after an early restoration, and the answer.
    asked: Option<(&'static str, Option<String>)>,
    /// Hypotheses in the team's words: when, what, and whether it was struck.
    hypotheses: Vec<(String, String, bool)>,
    /// Whether it is about a team; the truth alone otherwise.
    is_of_team: bool,
}

/// Which team claimed what: a row for each team, a column for each fact.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// The facts.
    pub facts: Vec<String>,
    /// Teams, with how they stand to each fact, and the score.
    pub rows: Vec<(String, Vec<Claimed>, String)>,
}

impl Explained {
    /// Of one team.
    pub fn of_team(lived: &Lived<'_>) -> Self {
        let judged = judged(&lived.truth, &lived.played.claims);
        let mut explained = Self::of(lived, judged.clone());
        explained.finding = finding(&judged);
        explained.mistaken = mistaken(&lived.truth, &lived.played.claims);
        explained.score = score(lived);
        explained.asked = lived.played.asked.then(|| (QUESTION, lived.played.answer.clone()));
        let hypotheses = lived.played.hypotheses.iter();
        explained.hypotheses =
            hypotheses.map(|one| (one.story.clone(), one.text.clone(), one.struck)).collect();
        explained.is_of_team = true;
        explained
    }

    /// The truth alone.
    pub fn truth(lived: &Lived<'_>) -> Self {
        let judged = judged(&lived.truth, &[]);
        Self { finding: "What happened".to_owned(), ..Self::of(lived, judged) }
    }

    fn of(lived: &Lived<'_>, judged: Vec<Judged>) -> Self {
        Self {
            finding: String::new(),
            description: lived.scenario.description.trim().to_owned(),
            chain: Chain::of(lived, judged),
            mistaken: Vec::new(),
            score: String::new(),
            rule: RULE,
            signs: Claimed::ALL,
            would_have_restored: would_have_restored(lived),
            asked: None,
            hypotheses: Vec::new(),
            is_of_team: false,
        }
    }
}

impl Matrix {
    /// Of all who lived the same.
    pub fn of(same: &[&Lived<'_>]) -> Self {
        let row = |lived: &&Lived<'_>| {
            let judged = judged(&lived.truth, &lived.played.claims);
            let score = lived
                .outcome
                .explanation_score
                .map_or("not submitted".to_owned(), |score| format!("{score:.2}"));
            (super::curves::name(lived), judged.iter().map(|judged| judged.claimed).collect(), score)
        };
        let facts = same.first().map(|lived| Fact::all(&lived.truth).iter().map(Fact::short).collect());
        Self { facts: facts.unwrap_or_default(), rows: same.iter().map(row).collect() }
    }
}

fn finding(judged: &[Judged]) -> String {
    let count = |claimed: Claimed| judged.iter().filter(|judged| judged.claimed == claimed).count();
    let (with, without) =
        (count(Claimed::WithEvidence) + count(Claimed::InPart), count(Claimed::WithoutEvidence));
    format!(
        "Of {} facts you claimed {with} with evidence{}, and missed {}",
        judged.len(),
        if without > 0 { format!(" and {without} without") } else { String::new() },
        count(Claimed::Missed)
    )
}

fn score(lived: &Lived<'_>) -> String {
    let Some(score) = lived.outcome.explanation_score else {
        return "Nothing was submitted, so nothing was scored.".to_owned();
    };
    let from = lived.record.run.rules.explanation_right_from;
    let verdict = if score >= from { "right" } else { "not right" };
    let changed = if is_changed(lived) {
        " The claims were changed after they had been submitted last; the score is that of what was submitted."
    } else {
        ""
    };
    format!(
        "Your explanation scores {score:.2} of 1. It is right from {from:.1} on, so it is {verdict}.{changed}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::sample::{self, Sample};

    #[test]
    fn an_explanation_is_told_by_its_parts() {
        let sample = Sample::new();
        let lived = sample.lived();
        let explained = Explained::of_team(sample::of(&lived, 1, 1));
        assert_eq!(explained.finding, "Of 8 facts you claimed 4 with evidence and 1 without, and missed 3");
        assert!(explained.score.starts_with("Your explanation scores 0.80 of 1"), "{}", explained.score);
        let page = explained.render().unwrap();
        assert!(page.contains("somebody saved a &#60;bad&#62; sign") && !page.contains("<bad>"), "{page}");
        assert!(page.contains("the disk") && page.contains("Nobody asked the cache"), "{page}");
        let matrix = Matrix::of(&[sample::of(&lived, 1, 1), sample::of(&lived, 2, 1)]);
        assert_eq!((matrix.facts.len(), matrix.rows[1].2.as_str()), (8, "not submitted"));
        assert!(matrix.rows[1].1.iter().all(|claimed| *claimed == Claimed::Missed));
    }
}
