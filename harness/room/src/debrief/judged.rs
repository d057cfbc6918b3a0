//! An explanation beside the truth: what a team claimed with evidence, what without, what it missed, and what it claimed that was not so.
//! Teaches to judge an explanation by its parts and by its reasons, and to keep luck apart.

use std::collections::BTreeSet;

use diagnosis::{Answer, explanation::agreement};
use incident::ContributingFactor;

use super::{fact::Fact, lived::Lived};
use crate::claims::{self, About, Claim};

/// How a team stands to one fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claimed {
    /// It claimed it, and pinned evidence to it.
    WithEvidence,
    /// It claimed a part of it, and pinned evidence to it.
    InPart,
    /// It claimed it without evidence.
    WithoutEvidence,
    /// It did not claim it.
    Missed,
}

/// One fact, and what the team made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The fact.
    pub fact: Fact,
    /// How the team stands to it.
    pub claimed: Claimed,
    /// What the team wrote.
    pub words: Option<String>,
    /// How many pieces of evidence are pinned to it.
    pub pins: usize,
}

/// A claim that is no part of the truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistaken {
    /// The question that it answers.
    pub about: &'static str,
    /// What the team wrote.
    pub words: String,
    /// What it chose in the catalogue; none if nothing.
    pub choice: Option<String>,
    /// How many pieces of evidence are pinned to it.
    pub pins: usize,
}

/// What a team thought before it saw anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Guessed {
    /// The cause; none: no idea.
    pub cause: Option<String>,
    /// How sure it was, in percent.
    pub confidence: u8,
    /// Whether it was right, which without evidence is luck.
    pub is_lucky: bool,
}

impl Claimed {
    /// All of them, best first.
    pub const ALL: [Self; 4] = [Self::WithEvidence, Self::InPart, Self::WithoutEvidence, Self::Missed];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::WithEvidence => "claimed with evidence",
            Self::InPart => "claimed in part, with evidence",
            Self::WithoutEvidence => "claimed without evidence",
            Self::Missed => "missed",
        }
    }

    /// As a sign, for those who do not see colours.
    pub fn sign(self) -> &'static str {
        match self {
            Self::WithEvidence => "●",
            Self::InPart => "◑",
            Self::WithoutEvidence => "◌",
            Self::Missed => "○",
        }
    }

    /// As a class of a style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::WithEvidence => "with-evidence",
            Self::InPart => "in-part",
            Self::WithoutEvidence => "without-evidence",
            Self::Missed => "missed",
        }
    }
}

/// Every fact, and what the team made of it.
pub fn judged(truth: &Answer, all: &[Claim]) -> Vec<Judged> {
    Fact::all(truth).into_iter().map(|fact| judge(fact, all)).collect()
}

fn judge(fact: Fact, all: &[Claim]) -> Judged {
    let about: Vec<&Claim> = all.iter().filter(|claim| claim.about == fact.about()).collect();
    let right = |claim: &&&Claim| claim.choice.as_deref().is_some_and(|choice| fact.is_choice(choice));
    let counts = |claim: &&&Claim| !claim.pins.is_empty() && claim.choice.is_some();
    // Of several answers to one question the last one counts that has evidence; factors are all counted.
    let counting: Vec<&&Claim> = match &fact {
        Fact::Factor(_) => about.iter().filter(counts).collect(),
        _ => about.iter().rfind(counts).into_iter().collect(),
    };
    let with = counting.iter().copied().find(|claim| right(claim)).copied();
    let part = || counting.iter().copied().find(|claim| is_part(&fact, claim)).copied();
    let without = || about.iter().copied().find(|claim| right(&claim) && claim.pins.is_empty());
    let (claimed, claim) = if let Some(claim) = with {
        (Claimed::WithEvidence, Some(claim))
    } else if let Some(claim) = part() {
        (Claimed::InPart, Some(claim))
    } else if let Some(claim) = without() {
        (Claimed::WithoutEvidence, Some(claim))
    } else {
        (Claimed::Missed, None)
    };
    let (words, pins) = (claim.map(|claim| claim.words.clone()), claim.map_or(0, |claim| claim.pins.len()));
    Judged { fact, claimed, words, pins }
}

/// Whether a path goes along some of the services, in order: the score's rule gives that a share.
fn is_part(fact: &Fact, claim: &Claim) -> bool {
    let Fact::Path(path) = fact else { return false };
    let one = |path: Vec<incident::Service>| Answer { path, ..Answer::default() };
    let given = claims::answer(std::slice::from_ref(claim));
    let nothing = Answer { path: path.clone(), ..Answer::default() };
    agreement(&one(given.path), &nothing) > agreement(&one(Vec::new()), &nothing)
}

/// Claims that are no part of the truth.
pub fn mistaken(truth: &Answer, all: &[Claim]) -> Vec<Mistaken> {
    let facts = Fact::all(truth);
    let judged: Vec<Judged> = facts.iter().map(|fact| judge(fact.clone(), all)).collect();
    let fits = |claim: &&Claim| {
        let is_right = |fact: &Fact| {
            fact.about() == claim.about
                && claim.choice.as_deref().is_some_and(|choice| fact.is_choice(choice))
        };
        let is_partly = |judged: &Judged| {
            judged.claimed == Claimed::InPart
                && judged.fact.about() == claim.about
                && is_part(&judged.fact, claim)
        };
        !facts.iter().any(is_right) && !judged.iter().any(is_partly)
    };
    let mistake = |claim: &Claim| Mistaken {
        about: question(claim.about),
        words: claim.words.clone(),
        choice: claim.choice.as_deref().map(|choice| chosen(claim.about, choice)),
        pins: claim.pins.len(),
    };
    all.iter().filter(fits).map(mistake).collect()
}

fn question(about: About) -> &'static str {
    match about {
        About::Cause => Fact::Cause(String::new()).question(),
        About::Asset => Fact::Asset(String::new()).question(),
        About::Character => Fact::Character(String::new()).question(),
        About::Path => Fact::Path(Vec::new()).question(),
        About::Factor => Fact::Factor(ContributingFactor::ALL[0]).question(),
    }
}

/// A choice of the catalogue in words.
fn chosen(about: About, choice: &str) -> String {
    let words = match about {
        About::Cause => claims::cause(choice),
        About::Factor => claims::factor(choice).map(|factor| factor.description().to_owned()),
        About::Path => Some(choice.replace(',', " → ").replace('-', " ")),
        About::Asset | About::Character => None,
    };
    words.unwrap_or_else(|| choice.to_owned())
}

/// The guess of a team.
pub fn guessed(lived: &Lived<'_>) -> Option<Guessed> {
    let guess = lived.played.guess.as_ref()?;
    let cause = guess.cause.as_deref().and_then(claims::cause);
    let is_lucky = cause.as_ref().is_some_and(|cause| *cause == lived.truth.cause);
    Some(Guessed { cause, confidence: guess.confidence, is_lucky })
}

/// Whether the claims as they stand would have another score than those that were submitted last.
pub fn is_changed(lived: &Lived<'_>) -> bool {
    let stands = agreement(&claims::answer(&lived.played.claims), &lived.truth);
    lived.outcome.explanation_score.is_some_and(|score| (score - stands).abs() > 1e-3)
}

/// The factors that a team claimed with evidence and that belong to it.
pub fn named_factors(judged: &[Judged]) -> BTreeSet<ContributingFactor> {
    let named = judged.iter().filter(|judged| judged.claimed == Claimed::WithEvidence);
    named
        .filter_map(|judged| if let Fact::Factor(factor) = judged.fact { Some(factor) } else { None })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::sample::{self, Sample};

    fn of_one() -> (Vec<Judged>, Vec<Mistaken>) {
        let sample = Sample::new();
        let lived = sample.lived();
        let one = sample::of(&lived, 1, 1);
        (judged(&one.truth, &one.played.claims), mistaken(&one.truth, &one.played.claims))
    }

    #[test]
    fn each_fact_is_claimed_with_evidence_or_without_or_missed() {
        let (judged, mistaken) = of_one();
        let claimed: Vec<Claimed> = judged.iter().map(|judged| judged.claimed).collect();
        assert_eq!(
            claimed[..4],
            [Claimed::WithEvidence, Claimed::WithEvidence, Claimed::Missed, Claimed::InPart]
        );
        let factors: Vec<_> =
            judged[4..].iter().map(|judged| (judged.fact.short(), judged.claimed)).collect();
        assert!(
            factors.contains(&("poor error handling".to_owned(), Claimed::WithoutEvidence)),
            "{factors:?}"
        );
        assert_eq!(named_factors(&judged), [ContributingFactor::InvalidRendering].into());
        assert_eq!(mistaken.len(), 1, "{mistaken:?}");
        assert_eq!(mistaken[0].choice.as_deref(), Some(ContributingFactor::SlowStorage.description()));
    }

    #[test]
    fn a_later_answer_with_evidence_takes_the_place_of_an_earlier_one() {
        let sample = Sample::new();
        let lived = sample.lived();
        let one = sample::of(&lived, 1, 1);
        let mut all = one.played.claims.clone();
        let mut other = all.iter().find(|claim| claim.about == About::Asset).unwrap().clone();
        other.choice = Some("site-footer".to_owned());
        all.push(other);
        let asset = |all: &[Claim]| judged(&one.truth, all)[1].claimed;
        assert_eq!(asset(&one.played.claims), Claimed::WithEvidence);
        assert_eq!(asset(&all), Claimed::Missed);
        all.last_mut().unwrap().pins.clear();
        assert_eq!(asset(&all), Claimed::WithEvidence);
    }

    #[test]
    fn a_right_guess_is_luck() {
        let sample = Sample::new();
        let lived = sample.lived();
        let guess = guessed(sample::of(&lived, 2, 1)).unwrap();
        assert!(guess.is_lucky && guess.confidence == 20);
        assert!(!guessed(sample::of(&lived, 1, 1)).unwrap().is_lucky);
    }
}
