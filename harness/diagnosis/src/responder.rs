//! The model responder: looks, thinks, acts, and explains. Teaches decision-theoretic troubleshooting (Heckerman, Breese and
//! Rommelse, *Decision-theoretic troubleshooting*, CACM 1995): each next step is chosen by what it is expected to bring.
//!
//! It is an idealised, trained, patient responder: it knows the list of scenarios, takes every probability from counts, never tires
//! and never forgets. It is no measure of people.
//!
//! **Its rule.** While customers are not served, it [plans](crate::plan) remedies; if one of the most telling looks is expected to save
//! more minutes than it costs, it takes that look first. Once customers are served it looks on, most bits per minute first, until one
//! explanation is [certain](Terms::certain_from) and everything that belongs to it has a name. When nothing is left to do or to look at it
//! gives up, and says which way: *not enough evidence*, *nothing I know*, or *not our shop*.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use incident::{EventKind, Remedy, Service};

use crate::{
    Answer, Finding, Hands, Knowledge, Phase,
    belief::Belief,
    checks::CHECKS,
    experience::Case,
    operating::Line,
    plan::{Candidate, Plan, plan},
    remedies::{SETTLES, with_asset},
    terms::{Chooses, Terms, UNKNOWN_PRIOR},
};

/// A look that is expected to bring less is not worth its minutes.
pub const BITS_MIN: f64 = 0.02;

/// So many of the most telling looks are weighed against acting at once. What the others could save is less than what telling
/// them apart would cost.
const WEIGHED: usize = 5;

/// How probable it is that a responder is called while customers are served, in a scenario that hurts; and the other way round.
/// Assumed.
const CALLED_OTHERWISE: f64 = 0.03;

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
pub async fn respond(hands: &impl Hands, knowledge: &Knowledge, terms: &Terms) {
    Responder::new(hands, knowledge, terms).run().await;
}

/// What is believed when the call comes: each scenario by its odds, all alike without any, and that few are called for nothing.
pub fn when_called(knowledge: &Knowledge, odds: Option<&[f64]>, is_served: bool) -> Belief {
    let alike = vec![1.0; knowledge.cases.len()];
    let mut belief = Belief::of(odds.unwrap_or(&alike), UNKNOWN_PRIOR);
    let called =
        |case: &Case| if case.hurts == is_served { CALLED_OTHERWISE } else { 1.0 - CALLED_OTHERWISE };
    belief.learn(knowledge.cases.iter().map(called).chain([0.5]));
    belief
}

struct Responder<'a, H> {
    hands: &'a H,
    knowledge: &'a Knowledge,
    terms: &'a Terms,
    line: Line,
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
    Act(Candidate, f64),
}

impl<'a, H: Hands> Responder<'a, H> {
    fn new(hands: &'a H, knowledge: &'a Knowledge, terms: &'a Terms) -> Self {
        let belief = when_called(knowledge, terms.odds.as_deref(), hands.are_customers_served());
        let (taken, tried, named) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        Self { hands, knowledge, terms, line: Line::called(terms.model), belief, taken, tried, named }
    }

    async fn run(mut self) {
        loop {
            let next = self.next();
            self.think(&next);
            match next {
                Next::Explain => return self.explain(),
                Next::GiveUp(why) => return self.give_up(why),
                Next::Look(place, _) => self.look(place).await,
                Next::Act(candidate, _) => self.act(candidate).await,
            }
        }
    }

    fn next(&self) -> Next {
        let is_served = self.hands.are_customers_served();
        let (leading, share) = self.belief.leading()[0];
        let is_certain = share >= self.terms.certain_from;
        let case = self.knowledge.cases.get(leading);
        match case {
            None if is_certain => return Next::GiveUp(NOTHING_KNOWN),
            Some(case) if is_certain && (is_served || !case.is_ours) && self.has_names(case) => {
                return Next::Explain;
            }
            _ => {}
        }
        if !is_served && let Some(next) = self.restore(is_certain) {
            return next;
        }
        if !is_certain && let Some(look) = self.looks().into_iter().next() {
            return look.into();
        }
        if let Some(case) = case
            && !self.has_names(case)
            && let Some(look) = self.naming_look()
        {
            return look;
        }
        match case {
            // What can still be said, is: a cause without its asset is part of an explanation.
            Some(_) if is_certain => Next::Explain,
            None => Next::GiveUp(NOTHING_KNOWN),
            Some(_) => Next::GiveUp(NOT_ENOUGH),
        }
    }

    /// The next step towards customers being served; none if no remedy has a chance.
    fn restore(&self, is_certain: bool) -> Option<Next> {
        let candidates = self.candidates();
        let Plan { first, chance, minutes } = plan(&self.belief, &candidates);
        let first = &candidates[first?];
        if !is_certain {
            let looks = self.looks();
            if self.terms.chooses == Chooses::InOrder
                && let Some(look) = looks.first()
            {
                return Some(look.clone().into());
            }
            let weighed =
                looks.into_iter().take(WEIGHED).map(|look| (self.minutes_after(&look, &candidates), look));
            let best = weighed.min_by(|(one, _), (other, _)| one.total_cmp(other));
            if let Some((after, look)) = best.filter(|(after, _)| *after < minutes) {
                let why = format!(
                    "{:.2} bits for {:.0} min; {after:.0} min to go instead of {minutes:.0}",
                    look.bits, look.minutes
                );
                return Some(Next::Look(look.place, why));
            }
        }
        if first.needs_name {
            return self.naming_look();
        }
        Some(Next::Act(first.clone(), chance))
    }

    /// Minutes until customers are served that are expected if this look is taken first.
    fn minutes_after(&self, look: &Look, candidates: &[Candidate]) -> f64 {
        let likelihoods = self.knowledge.likelihoods(look.place, self.phase().0);
        let outcomes = 0..CHECKS[look.place].outcomes.len();
        let after = outcomes.map(|outcome| {
            let rows = || likelihoods.rows.iter().map(|row| row[outcome]);
            let mut belief = self.belief.clone();
            belief.learn(rows());
            let probability = self.belief.chance(&rows().collect::<Vec<_>>());
            probability * plan(&belief, candidates).minutes
        });
        look.minutes + after.sum::<f64>()
    }

    /// The looks that are worth taking, best first.
    fn looks(&self) -> Vec<Look> {
        let (phase, round) = self.phase();
        let open = self.terms.checks.iter().filter(|place| !self.taken.contains(&(round, **place)));
        let looks = open.map(|place| {
            let bits = self.belief.information(self.knowledge.likelihoods(*place, phase));
            Look { place: *place, bits, minutes: self.look_minutes(*place) }
        });
        if self.terms.chooses == Chooses::InOrder {
            return looks.take(1).collect();
        }
        let mut looks: Vec<Look> = looks.filter(|look| look.bits >= BITS_MIN).collect();
        looks.sort_by(|one, other| {
            (other.bits / other.minutes)
                .total_cmp(&(one.bits / one.minutes))
                .then(one.place.cmp(&other.place))
        });
        looks
    }

    /// The cheapest look that names a character, and so an asset.
    fn naming_look(&self) -> Option<Next> {
        let place = self.naming_place()?;
        Some(Next::Look(place, "it can name the asset and the character".to_owned()))
    }

    fn naming_place(&self) -> Option<usize> {
        let (_, round) = self.phase();
        let open = self.terms.checks.iter().copied().filter(|place| !self.taken.contains(&(round, *place)));
        open.filter(|place| self.knowledge.naming.contains(place))
            .min_by(|one, other| self.look_minutes(*one).total_cmp(&self.look_minutes(*other)))
    }

    /// What a look costs now, handovers included.
    fn look_minutes(&self, place: usize) -> f64 {
        let handovers = self.line.handovers(Line::of_check(&CHECKS[place]));
        self.terms.costs.checks[place] + handovers.as_secs_f64() / 60.0
    }

    /// The sequences that have not been tried.
    fn candidates(&self) -> Vec<Candidate> {
        let suspect = self.suspect();
        let asset = suspect.map(|(asset, _)| asset.as_str());
        let is_right =
            suspect.map_or(COMPARED, |(_, named)| if named.is_compared { COMPARED } else { MENTIONED });
        let naming_minutes = self.naming_place().map(|place| self.look_minutes(place));
        let candidate = |(place, template): (usize, &Vec<Remedy>)| {
            let named = with_asset(template, asset);
            let needs_name = named.is_none();
            let look_minutes = if needs_name { naming_minutes? } else { 0.0 };
            let sequence = named.unwrap_or_else(|| template.clone());
            let naming = needs_name || sequence != *template;
            let chance = |helps: &f64| if naming { helps * is_right } else { *helps };
            let (each, handovers) = self.remedy_minutes(&sequence);
            Some(Candidate {
                place,
                needs_name,
                minutes: look_minutes + handovers + each.iter().sum::<f64>() + SETTLES.as_secs_f64() / 60.0,
                helps: self.knowledge.helps(place).iter().map(chance).collect(),
                sequence,
            })
        };
        let all = self.knowledge.menu.iter().enumerate().filter_map(candidate);
        all.filter(|candidate| !self.tried.contains(&candidate.sequence)).collect()
    }

    /// What each remedy of a sequence takes, and the handovers before them.
    fn remedy_minutes(&self, sequence: &[Remedy]) -> (Vec<f64>, f64) {
        let each = sequence.iter().map(|remedy| self.terms.costs.remedy(remedy)).collect();
        let line = sequence.iter().map(Line::of_remedy).max().unwrap_or(self.line);
        (each, self.line.handovers(line).as_secs_f64() / 60.0)
    }

    async fn look(&mut self, place: usize) {
        let (phase, round) = self.phase();
        let check = &CHECKS[place];
        self.taken.insert((round, place));
        self.hand_over(Line::of_check(check)).await;
        let takes = minutes(self.terms.costs.checks[place]);
        self.hands.note(EventKind::Check { name: check.name.to_owned(), cost_story_s: takes.as_secs_f64() });
        let Finding { outcome, text, asset, character } = self.hands.look(check, takes).await;
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
        let likelihoods = self.knowledge.likelihoods(place, phase);
        self.belief.learn(likelihoods.rows.iter().map(|row| row[outcome]));
    }

    async fn act(&mut self, candidate: Candidate) {
        let Candidate { sequence, helps, .. } = candidate;
        self.hand_over(sequence.iter().map(Line::of_remedy).max().unwrap_or(self.line)).await;
        let (each, _) = self.remedy_minutes(&sequence);
        let timed: Vec<(Remedy, Duration)> =
            sequence.iter().cloned().zip(each.into_iter().map(minutes)).collect();
        let helped = self.hands.apply(&timed, SETTLES).await;
        self.tried.push(sequence);
        self.belief.learn(helps.into_iter().map(|chance| if helped { chance } else { 1.0 - chance }));
    }

    async fn hand_over(&mut self, to: Line) {
        if to > self.line {
            self.hands.note(EventKind::Escalated { to: to.name().to_owned() });
            self.hands.pass(self.line.handovers(to)).await;
            self.line = to;
        }
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
        (Phase::of(self.hands.minutes()), 0)
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
            Next::Act(Candidate { sequence, .. }, chance) => {
                let steps: Vec<String> = sequence.iter().map(ToString::to_string).collect();
                format!("{}: it helps with {:.0} %", steps.join(", then "), chance * 100.0)
            }
        };
        let likeliest = self.knowledge.cases.get(leading[0].0).filter(|_| leading[0].1 >= 0.5);
        let path: Option<&[Service]> = likeliest.map(|case| case.path.as_slice());
        self.hands.suppose(format!("{}; next {why}", shares.join(", ")), path);
    }

    fn explain(&self) {
        let (place, share) = self.belief.leading()[0];
        let Some(case) = self.knowledge.cases.get(place) else { return self.give_up(NOTHING_KNOWN) };
        if !case.is_ours {
            self.hands.note(EventKind::Note { text: format!("{NOT_OURS}.") });
        }
        let suspect = self.suspect().filter(|_| case.has_asset);
        let answer = Answer {
            cause: case.cause.clone(),
            asset: suspect.map(|(asset, _)| asset.clone()),
            character: suspect.filter(|_| case.has_character).and_then(|(_, named)| named.character.clone()),
            path: case.path.clone(),
            factors: case.factors.clone(),
        };
        self.hands.explain(answer, share);
    }

    fn give_up(&self, why: &'static str) {
        let (_, share) = self.belief.leading()[0];
        self.hands.explain(Answer { cause: why.to_owned(), ..Answer::default() }, share);
    }
}

/// A look that could be taken.
#[derive(Clone, Debug)]
struct Look {
    place: usize,
    bits: f64,
    minutes: f64,
}

impl From<Look> for Next {
    fn from(Look { place, bits, minutes }: Look) -> Self {
        Self::Look(place, format!("{bits:.2} bits for {minutes:.0} min"))
    }
}

fn minutes(minutes: f64) -> Duration {
    Duration::from_secs_f64(minutes * 60.0)
}
