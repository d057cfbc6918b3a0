//! An explanation fact by fact: what a team claimed with evidence or without, what it missed, what it claimed wrongly, and when it saw and said
//! each fact. Teaches to judge an explanation by its parts and by its reasons, and that seeing something and saying it are two moments: telemetry
//! or training can shorten the time between them.

use diagnosis::{Answer, explanation::agreement};
use incident::{ContributingFactor, EventKind, Explanation, IncidentRecord, Level};
use report::session::{Claimed, Fact, FactClaimed, Guess, Mistaken};

use crate::{
    catalogue::{self, Kind, is_same_at},
    claims::{self, About, Claim, Pin, is_named, lacks, scored},
    played::Played,
};

pub fn facts(truth: &Answer) -> Vec<Fact> {
    let named = [truth.asset.clone().map(Fact::Asset), truth.character.clone().map(Fact::Character)];
    let path = (!truth.path.is_empty()).then(|| Fact::Path(truth.path.clone()));
    let factors = truth.factors.iter().copied().map(Fact::Factor);
    let cause = Fact::Cause(truth.cause.clone());
    std::iter::once(cause).chain(named.into_iter().flatten()).chain(path).chain(factors).collect()
}

/// Compares every fact with the team's claims. `begun_s` is when the incident began, in story seconds.
pub fn claimed(truth: &Answer, played: &Played, record: &IncidentRecord, begun_s: f64) -> Vec<FactClaimed> {
    let times = |judged: FactClaimed| FactClaimed {
        seen_s: seen_s(&judged.fact, played, record, begun_s),
        said_s: said_s(&judged.fact, record, played.level),
        ..judged
    };
    let (pins, level, claims) = (&played.pins, played.level, played.explanation());
    facts(truth).into_iter().map(|fact| times(judge(fact, &claims, pins, level))).collect()
}

fn about(fact: &Fact) -> About {
    match fact {
        Fact::Cause(_) => About::Cause,
        Fact::Asset(_) => About::Asset,
        Fact::Character(_) => About::Character,
        Fact::Path(_) => About::Path,
        Fact::Factor(_) => About::Factor,
    }
}

/// Whether a claim chose this fact in the catalogue.
fn is_right(fact: &Fact, claim: &Claim, level: Level) -> bool {
    let Some(choice) = claim.choice.as_deref().filter(|_| claim.about == about(fact)) else { return false };
    match fact {
        Fact::Cause(text) => catalogue::cause(choice).is_some_and(|cause| is_same_at(level, &cause, text)),
        Fact::Asset(text) | Fact::Character(text) => choice == text,
        Fact::Path(path) => choice.split(',').map(str::trim).eq(path.iter().map(|service| service.name())),
        Fact::Factor(factor) => catalogue::factor(choice) == Some(*factor),
    }
}

/// Whether a claimed path is right in part, so that the score gives it a share of the points.
fn is_part(fact: &Fact, claim: &Claim) -> bool {
    let Fact::Path(path) = fact else { return false };
    let one = |path: Vec<incident::Service>| Answer { path, ..Answer::default() };
    let given = claims::answer_of([claim]);
    let truth = one(path.clone());
    agreement(&one(given.path), &truth) > agreement(&one(Vec::new()), &truth)
}

fn judge(fact: Fact, all: &[Claim], pins: &[Pin], level: Level) -> FactClaimed {
    // Of several claims about one part, the last one with a choice and with evidence counts; factors all count.
    let counting = claims::counting(all);
    let find = |is: &dyn Fn(&Claim) -> bool| counting.iter().copied().find(|claim| is(claim));
    let unshown = || all.iter().find(|claim| claim.pins.is_empty() && is_right(&fact, claim, level));
    let (claimed, claim) = if let Some(claim) = find(&|claim| is_right(&fact, claim, level)) {
        let is_shown = lacks(claim, pins).is_none();
        (if is_shown { Claimed::WithEvidence } else { Claimed::SaidNotShown }, Some(claim))
    } else if let Some(claim) = find(&|claim| claim.about == about(&fact) && is_part(&fact, claim)) {
        (Claimed::InPart, Some(claim))
    } else if let Some(claim) = unshown() {
        (Claimed::WithoutEvidence, Some(claim))
    } else {
        (Claimed::Missed, None)
    };
    let (words, pins) = claim.map_or((None, 0), |claim| (Some(claim.words.clone()), claim.pins.len()));
    FactClaimed { fact, claimed, words, pins, seen_s: None, said_s: None }
}

pub fn mistaken(truth: &Answer, all: &[Claim], level: Level) -> Vec<Mistaken> {
    let judged: Vec<FactClaimed> =
        facts(truth).into_iter().map(|fact| judge(fact, all, &[], level)).collect();
    let is_true = |claim: &Claim| {
        judged.iter().any(|judged| {
            let in_part = judged.claimed == Claimed::InPart && claim.about == about(&judged.fact);
            is_right(&judged.fact, claim, level) || in_part && is_part(&judged.fact, claim)
        })
    };
    let mistake = |claim: &Claim| Mistaken {
        about: example(claim.about),
        words: claim.words.clone(),
        choice: claim.choice.as_deref().map(|choice| chosen(claim.about, choice)),
        pins: claim.pins.len(),
    };
    all.iter().filter(|claim| !is_true(claim)).map(mistake).collect()
}

/// An empty fact of the kind that a claim is about.
fn example(about: About) -> Fact {
    match about {
        About::Cause => Fact::Cause(String::new()),
        About::Asset => Fact::Asset(String::new()),
        About::Character => Fact::Character(String::new()),
        About::Path => Fact::Path(Vec::new()),
        About::Factor => Fact::Factor(ContributingFactor::ALL[0]),
    }
}

fn chosen(about: About, choice: &str) -> String {
    let words = match about {
        About::Cause => catalogue::cause(choice),
        About::Factor => catalogue::factor(choice).map(|factor| factor.description().to_owned()),
        About::Path => Some(choice.replace(',', " → ").replace('-', " ")),
        About::Asset | About::Character => None,
    };
    words.unwrap_or_else(|| choice.to_owned())
}

pub fn guess(truth: &Answer, played: &Played) -> Option<Guess> {
    let guess = played.guess.as_ref()?;
    let is_right = guess.kind.is_some() && guess.kind == truth.parts.map(Kind::of);
    let kind = guess.kind.map(|kind| kind.words().to_owned());
    Some(Guess { kind, confidence_percent: guess.confidence, is_right })
}

/// Whether the current claims would have another score than the last submission.
pub fn is_changed(truth: &Answer, played: &Played, score: Option<f64>) -> bool {
    let stands = scored(&played.explanation(), &played.pins, truth, played.level).score;
    score.is_some_and(|score| (score - stands).abs() > 1e-3)
}

/// When the team first saw a fact, in story seconds. An asset or a character: at the first look, after the incident began, whose answer named it.
/// Any other fact, which no log line states: when the team pinned the first evidence behind its own right claim.
fn seen_s(fact: &Fact, played: &Played, record: &IncidentRecord, begun_s: f64) -> Option<f64> {
    if let Fact::Asset(text) | Fact::Character(text) = fact {
        let looks = played.looks.iter().filter(|look| look.when.story_s >= begun_s);
        let named = looks.filter(|look| is_named(text, &look.named));
        return named.map(|look| look.when.story_s).min_by(f64::total_cmp);
    }
    let right: Vec<&Claim> =
        played.claims.iter().filter(|claim| is_right(fact, claim, played.level)).collect();
    let behind = played.pins.iter().filter(|pin| right.iter().any(|claim| claim.pins.contains(&pin.id)));
    let times = behind.filter_map(|pin| Some(record.run.story.story_s(pin.story.parse().ok()?)));
    times.min_by(f64::total_cmp)
}

/// When the team first submitted a fact, with evidence, in story seconds.
fn said_s(fact: &Fact, record: &IncidentRecord, level: Level) -> Option<f64> {
    record.events.iter().find_map(|event| match &event.kind {
        EventKind::Explained { explanation, .. } if is_in(fact, explanation, level) => Some(event.story_s),
        _ => None,
    })
}

/// Whether a submitted explanation states a fact.
fn is_in(fact: &Fact, answer: &Explanation, level: Level) -> bool {
    match fact {
        Fact::Cause(text) => {
            let said = answer.trigger.rsplit_once(": ").map_or(answer.trigger.as_str(), |(said, _)| said);
            is_same_at(level, said, text)
        }
        Fact::Asset(text) | Fact::Character(text) => {
            let about = answer.trigger.rsplit_once(": ").map_or("", |(_, about)| about);
            about.split(", ").any(|named| named == text)
        }
        Fact::Path(path) => {
            path.iter().map(|service| service.name()).eq(answer.path.iter().map(String::as_str))
        }
        Fact::Factor(factor) => answer.factors.contains(factor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::sample::{self, Sample};

    #[test]
    fn each_fact_is_claimed_with_evidence_or_without_or_missed() {
        let one = Sample::new().round(1, 1);
        let claimed: Vec<Claimed> = one.facts.iter().map(|fact| fact.claimed).collect();
        assert_eq!(
            claimed[..4],
            [Claimed::WithEvidence, Claimed::WithEvidence, Claimed::Missed, Claimed::InPart]
        );
        let factor =
            |wanted| one.facts.iter().find(|fact| fact.fact == Fact::Factor(wanted)).unwrap().claimed;
        assert_eq!(factor(ContributingFactor::PoorErrorHandling), Claimed::WithoutEvidence);
        assert_eq!(factor(ContributingFactor::InvalidRendering), Claimed::WithEvidence);
        assert_eq!(one.mistaken.len(), 1, "{:?}", one.mistaken);
        assert_eq!(
            one.mistaken[0].choice.as_deref(),
            Some(ContributingFactor::InsufficientCapacity.description())
        );
    }

    #[test]
    fn a_later_answer_with_evidence_takes_the_place_of_an_earlier_one() {
        let sample = Sample::new();
        let asset = Fact::Asset("promo-banner".to_owned());
        let mut all = sample.session.teams[0].played[1].claims.clone();
        let pins = sample.session.teams[0].played[1].pins.clone();
        let claimed = |all: &[Claim]| judge(asset.clone(), all, &pins, Level::Logs).claimed;
        assert_eq!(claimed(&all), Claimed::WithEvidence);
        let mut other = all.iter().find(|claim| claim.about == About::Asset).unwrap().clone();
        other.choice = Some("site-footer".to_owned());
        all.push(other);
        assert_eq!(claimed(&all), Claimed::Missed);
        all.last_mut().unwrap().pins.clear();
        assert_eq!(claimed(&all), Claimed::WithEvidence);
    }

    #[test]
    fn what_the_evidence_does_not_show_is_said_and_not_shown() {
        let sample = Sample::new();
        let played = &sample.session.teams[0].played[1];
        let mut pins = played.pins.clone();
        let asset = Fact::Asset("promo-banner".to_owned());
        assert_eq!(judge(asset.clone(), &played.claims, &pins, Level::Logs).claimed, Claimed::WithEvidence);
        for pin in &mut pins {
            pin.named.clear();
        }
        assert_eq!(judge(asset, &played.claims, &pins, Level::Logs).claimed, Claimed::SaidNotShown);
    }

    #[test]
    fn a_right_guess_is_luck() {
        let guess = |team| Sample::new().round(team, 1).guess.unwrap();
        assert!(guess(2).is_right && guess(2).confidence_percent == Some(20));
        assert!(!guess(1).is_right);
    }

    #[test]
    fn a_team_saw_what_a_look_named_and_said_what_it_submitted() {
        let one = Sample::new().round(1, 1);
        let [cause, asset, character, path] = &one.facts[..4] else { panic!("{:?}", one.facts) };
        assert!(matches!(path.fact, Fact::Path(_)) && one.facts.len() == 8);
        // An earlier look, before the incident began, named the asset too. It does not count.
        assert_eq!(asset.seen_s, Some(sample::SAW_ASSET_S));
        assert_eq!((character.seen_s, character.said_s), (None, None));
        assert_eq!((asset.said_s, cause.said_s), (Some(sample::EXPLAINED_S), Some(sample::EXPLAINED_S)));
        // The evidence behind the claim was pinned earlier.
        assert_eq!(cause.seen_s, Some(sample::PINNED_S));
        assert!(Sample::new().round(2, 1).facts.iter().all(|fact| fact.said_s.is_none()));
    }

    #[test]
    fn bytes_are_named_one_by_one_too() {
        let named = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        assert!(is_named("0x93 0x94", &named(&["0x93", "0x94"])));
        assert!(!is_named("0x93 0x94", &named(&["0x93"])));
        assert!(is_named("U+000B", &named(&["U+000B"])));
    }
}
