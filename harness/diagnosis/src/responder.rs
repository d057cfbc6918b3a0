//! The model responder: looks, thinks, acts, and explains. Teaches decision-theoretic troubleshooting (Heckerman, Breese and
//! Rommelse, *Decision-theoretic troubleshooting*, CACM 1995): each next step is chosen by what it is expected to bring per minute.
//!
//! It is an idealised, trained, patient responder: it knows the list of scenarios, takes every probability from counts, never tires
//! and never forgets. It is no measure of people.
//!
//! **Its rule.** Until customers are served again and one explanation has passed [`CERTAIN_FROM`]: if a sequence of remedies has a
//! chance of [`ACT_FROM`] to help, use it; otherwise take the look that is expected to bring the most bits per minute, if it brings
//! [`BITS_MIN`]; if the likeliest explanation needs an asset or a character, take the cheapest look that names one; otherwise
//! try what still has a chance; otherwise give up, and say which way: *not enough evidence*, *nothing I know*, or *not our shop*.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use incident::{EventKind, Level, Remedy, Service};

use crate::{
    Answer, Finding, Hands, Knowledge, Phase,
    belief::Belief,
    checks::{CHECKS, granted},
    knowledge::Case,
    remedies::{self, SETTLES, with_asset},
};

/// The probability from which an explanation is given.
pub const CERTAIN_FROM: f64 = 0.9;

/// The chance to help from which a remedy is used: a wrong one costs minutes, and hides what there was to see.
pub const ACT_FROM: f64 = 0.6;

/// The chance from which a remedy is tried when there is nothing left to look at.
const TRY_FROM: f64 = 0.05;

/// A look that is expected to bring less is not worth its minutes.
pub const BITS_MIN: f64 = 0.02;

/// How probable it is, before anything is known, that the incident is on no list. Assumed.
pub const UNKNOWN_PRIOR: f64 = 0.05;

/// How probable it is that the right remedies restore within [`SETTLES`], and that anything else does. Assumed.
const RIGHT_HELPS: f64 = 0.95;
const WRONG_HELPS: f64 = 0.03;

/// How far an asset is believed to be the right one: compared and found harmful, or merely named by an error line. Assumed.
const COMPARED: f64 = 0.95;
const MENTIONED: f64 = 0.5;

/// Rounds of looks: before any remedy, after one, and when customers are served again.
const ROUNDS: u8 = 3;

/// Says that the evidence did not suffice.
pub const NOT_ENOUGH: &str = "Not enough evidence";

/// Says that the incident is on no list.
pub const NOTHING_KNOWN: &str = "Nothing I know";

/// Says that nobody in the shop can mend it; the cause follows in the record.
pub const NOT_OURS: &str = "Not our shop";

/// Diagnoses one incident, from the call to the answer.
pub async fn respond(hands: &impl Hands, knowledge: &Knowledge, level: Level) {
    Responder::new(hands, knowledge, level).run().await;
}

struct Responder<'a, H> {
    hands: &'a H,
    knowledge: &'a Knowledge,
    granted: Vec<usize>,
    belief: Belief,
    /// Looks taken, by round: the first, after remedies, after they helped. A second look in a round would count twice.
    taken: BTreeSet<(u8, usize)>,
    tried: Vec<Vec<Remedy>>,
    /// Assets that findings name: whether they were compared, the character, and how many findings.
    named: BTreeMap<String, Named>,
}

#[derive(Clone, Debug, Default)]
struct Named {
    is_compared: bool,
    character: Option<String>,
    findings: usize,
}

/// What to do next.
enum Next {
    Explain,
    GiveUp(&'static str),
    Look(usize, String),
    Act(Vec<Remedy>, f64),
}

impl<'a, H: Hands> Responder<'a, H> {
    fn new(hands: &'a H, knowledge: &'a Knowledge, level: Level) -> Self {
        let belief = Belief::uniform(knowledge.cases.len(), UNKNOWN_PRIOR);
        let (taken, tried, named) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        Self { hands, knowledge, granted: granted(level), belief, taken, tried, named }
    }

    async fn run(mut self) {
        let is_served = self.hands.are_customers_served();
        let called = |case: &Case| if case.hurts == is_served { WRONG_HELPS } else { RIGHT_HELPS };
        self.belief.learn(self.knowledge.cases.iter().map(called).chain([0.5]));
        loop {
            let next = self.next();
            self.think(&next);
            match next {
                Next::Explain => return self.explain(),
                Next::GiveUp(why) => return self.give_up(why),
                Next::Look(place, _) => self.look(place).await,
                Next::Act(sequence, _) => self.act(sequence).await,
            }
        }
    }

    fn next(&self) -> Next {
        let is_served = self.hands.are_customers_served();
        let (leading, share) = self.belief.leading()[0];
        let case = self.knowledge.cases.get(leading);
        if share >= CERTAIN_FROM {
            match case {
                None => return Next::GiveUp(NOTHING_KNOWN),
                Some(case) if (is_served || !case.is_ours) && self.has_names(case) => return Next::Explain,
                Some(_) => {}
            }
        }
        let best = if is_served { None } else { self.best_sequence() };
        if let Some((sequence, chance)) = best.clone().filter(|(_, chance)| *chance >= ACT_FROM) {
            return Next::Act(sequence, chance);
        }
        if share < CERTAIN_FROM
            && let Some(look) = self.best_look()
        {
            return look;
        }
        if let Some(case) = case
            && !self.has_names(case)
            && let Some(look) = self.naming_look()
        {
            return look;
        }
        match (best, case) {
            (Some((sequence, chance)), _) if chance >= TRY_FROM => Next::Act(sequence, chance),
            // What can still be said, is: a cause without its asset is part of an explanation.
            (_, Some(_)) if share >= CERTAIN_FROM => Next::Explain,
            (_, None) => Next::GiveUp(NOTHING_KNOWN),
            _ => Next::GiveUp(NOT_ENOUGH),
        }
    }

    /// The look that is expected to bring the most bits per minute.
    fn best_look(&self) -> Option<Next> {
        let (phase, round) = self.phase();
        let mut best: Option<(f64, usize, f64)> = None;
        for place in self.granted.iter().filter(|place| !self.taken.contains(&(round, **place))) {
            let check = &CHECKS[*place];
            let bits = self.belief.information(&self.knowledge.likelihoods(check, phase));
            let per_minute = bits / f64::from(check.cost_minutes);
            if bits >= BITS_MIN && best.is_none_or(|(most, ..)| per_minute > most) {
                best = Some((per_minute, *place, bits));
            }
        }
        best.map(|(_, place, bits)| {
            let minutes = CHECKS[place].cost_minutes;
            Next::Look(place, format!("{bits:.2} bits for {minutes} min, the most per minute"))
        })
    }

    /// The cheapest look that names a character, and so an asset.
    fn naming_look(&self) -> Option<Next> {
        let (_, round) = self.phase();
        let open = self.granted.iter().filter(|place| !self.taken.contains(&(round, **place)));
        let place = open
            .filter(|place| CHECKS[**place].names_characters())
            .min_by_key(|place| CHECKS[**place].cost_minutes);
        place.map(|place| Next::Look(*place, "it can name the asset and the character".to_owned()))
    }

    /// The sequence of remedies that most probably helps, and its chance.
    fn best_sequence(&self) -> Option<(Vec<Remedy>, f64)> {
        let suspect = self.suspect();
        let asset = suspect.map(|(asset, _)| asset.as_str());
        let sequences: BTreeSet<&Vec<Remedy>> =
            self.knowledge.cases.iter().flat_map(|case| &case.right).collect();
        let mut best: Option<(Vec<Remedy>, f64)> = None;
        for template in sequences {
            let Some(sequence) = with_asset(template, asset) else { continue };
            if self.tried.contains(&sequence) {
                continue;
            }
            let chances = self.chances(template, sequence == *template);
            let chance = self.belief.shares().iter().zip(chances).map(|(share, chance)| share * chance).sum();
            if best.as_ref().is_none_or(|(_, most)| chance > *most) {
                best = Some((sequence, chance));
            }
        }
        best
    }

    /// For each explanation, how probable it is that a sequence helps.
    fn chances(&self, template: &[Remedy], names_no_asset: bool) -> Vec<f64> {
        let asset = match self.suspect() {
            _ if names_no_asset => 1.0,
            Some((_, Named { is_compared: true, .. })) => COMPARED,
            _ => MENTIONED,
        };
        let helps = |case: &Case| case.right.iter().any(|right| right == template);
        let chance = |case: &Case| if helps(case) { RIGHT_HELPS * asset } else { WRONG_HELPS };
        self.knowledge.cases.iter().map(chance).chain([WRONG_HELPS]).collect()
    }

    async fn look(&mut self, place: usize) {
        let (phase, round) = self.phase();
        let check = &CHECKS[place];
        self.taken.insert((round, place));
        self.hands
            .note(EventKind::Check { name: check.name.to_owned(), cost_story_s: check.cost().as_secs_f64() });
        self.hands.pass(check.cost()).await;
        let Finding { outcome, text, asset, character } = check.look(self.hands).await;
        self.hands
            .note(EventKind::Finding { check: check.name.to_owned(), text: format!("{outcome} ({text})") });
        if let Some(asset) = asset {
            let named = self.named.entry(asset).or_default();
            named.findings += 1;
            named.is_compared |= check.names_characters();
            named.character = character.or(named.character.take());
        }
        if check.is_about_the_past() && outcome != "no-answer" {
            self.taken.extend((0..ROUNDS).map(|round| (round, place)));
        }
        let outcome = check.place(outcome).expect("a check says one of its outcomes");
        let likelihoods = self.knowledge.likelihoods(check, phase);
        self.belief.learn(likelihoods.iter().map(|row| row[outcome]));
    }

    async fn act(&mut self, sequence: Vec<Remedy>) {
        let template: Vec<Remedy> = sequence.iter().map(unnamed).collect();
        let chances = self.chances(&template, template == sequence);
        for remedy in &sequence {
            self.hands.pass(remedies::cost(remedy)).await;
            if let Err(error) = self.hands.act(remedy.clone()).await {
                self.hands.note(EventKind::Note { text: format!("the remedy failed: {error}") });
            }
        }
        self.tried.push(sequence);
        let mut waited = Duration::ZERO;
        while waited < SETTLES && !self.hands.are_customers_served() {
            self.hands.pass(SETTLES / 12).await;
            waited += SETTLES / 12;
        }
        let helped = self.hands.are_customers_served();
        self.belief.learn(chances.into_iter().map(|chance| if helped { chance } else { 1.0 - chance }));
    }

    /// The asset that most speaks for: compared ones before those that are merely named.
    fn suspect(&self) -> Option<(&String, &Named)> {
        self.named.iter().max_by_key(|(_, named)| (named.is_compared, named.findings))
    }

    fn has_names(&self, case: &Case) -> bool {
        let named = self.suspect().map(|(_, named)| named);
        (!case.has_asset || named.is_some_and(|named| named.is_compared))
            && (!case.has_character || named.is_some_and(|named| named.character.is_some()))
    }

    fn phase(&self) -> (Phase, u8) {
        if self.hands.are_customers_served() {
            return (Phase::Served, 2);
        }
        if !self.tried.is_empty() {
            return (Phase::AfterRemedy, 1);
        }
        let minutes = self.hands.evidence().now().seconds_since(self.hands.noticed()) / 60.0;
        (Phase::of(minutes), 0)
    }

    /// Writes down the leading explanations, what comes next, and why.
    fn think(&self, next: &Next) {
        let leading = self.belief.leading();
        let name = |place: usize| self.knowledge.cases.get(place).map_or("something else", |case| &case.name);
        let shown = leading.iter().take(3).filter(|(_, share)| *share >= 0.005);
        let shares: Vec<String> =
            shown.map(|(place, share)| format!("{} {:.0} %", name(*place), share * 100.0)).collect();
        let why = match next {
            Next::Explain => "explain".to_owned(),
            Next::GiveUp(why) => format!("give up: {}", why.to_lowercase()),
            Next::Look(place, why) => format!("{}: {} {why}", CHECKS[*place].name, CHECKS[*place].asks),
            Next::Act(sequence, chance) => {
                let steps: Vec<String> = sequence.iter().map(ToString::to_string).collect();
                format!("{}: it helps with {:.0} %", steps.join(", then "), chance * 100.0)
            }
        };
        let likeliest = self.knowledge.cases.get(leading[0].0).filter(|_| leading[0].1 >= 0.5);
        let path: Option<&[Service]> = likeliest.map(|case| case.path.as_slice());
        self.hands.suppose(format!("{}; next {why}", shares.join(", ")), path);
    }

    fn explain(&self) {
        let (place, _) = self.belief.leading()[0];
        let Some(case) = self.knowledge.cases.get(place) else { return self.give_up(NOTHING_KNOWN) };
        if !case.is_ours {
            self.hands.note(EventKind::Note { text: format!("{NOT_OURS}.") });
        }
        let suspect = self.suspect().filter(|_| case.has_asset);
        self.hands.explain(Answer {
            cause: case.cause.clone(),
            asset: suspect.map(|(asset, _)| asset.clone()),
            character: suspect.filter(|_| case.has_character).and_then(|(_, named)| named.character.clone()),
            path: case.path.clone(),
            factors: case.factors.clone(),
        });
    }

    fn give_up(&self, why: &'static str) {
        self.hands.explain(Answer { cause: why.to_owned(), ..Answer::default() });
    }
}

/// The remedy as the list of scenarios has it, without the asset's name.
fn unnamed(remedy: &Remedy) -> Remedy {
    match remedy {
        Remedy::RollBack { .. } => Remedy::RollBack { asset: remedies::PUBLISHED.to_owned() },
        other => other.clone(),
    }
}
