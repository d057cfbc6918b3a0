//! The model responder: looks, thinks, acts, and explains. Teaches that a diagnosis is a series of decisions, and that the expected cost
//! can justify each of them.
//!
//! It is an idealised, trained, patient responder: it takes every probability from counts, never tires, and forgets only where one line of
//! support hands over to the next. It is no measure of people.
//!
//! **Its rule.** Every step is the one with the lowest expected remaining cost, by [stated costs](crate::terms::Stakes): a look, a remedy,
//! or an answer ([`worth`](crate::worth)). While customers are lost and a remedy has a chance, it does not stop. Only a look tells it
//! whether a remedy helped. It takes only looks that proved useful in replayed training incidents ([`replay`](crate::replay)), so that a
//! level that adds nothing does not change its behaviour.
//!
//! - `learned`: what it knows, and what remains of that after a handover. `weighed`: its options. `thoughts`: the words for its choice.

mod learned;
mod weighed;
mod thoughts;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use incident::{EventKind, Remedy};

use crate::{
    Answer, Finding, Hands, Knowledge, Phase,
    belief::Belief,
    cause::Kind,
    checks::{CHECKS, Check, Signal, probes::UNKNOWN},
    operating::{Line, Ticket},
    remedies::{PUBLISHED, SETTLES, with_asset},
    terms::{Chooses, Terms},
    worth::{Look, Plan},
};
use learned::{Learned, Named};

/// A step must lower the expected cost by at least this, in minutes.
const SAVES_MIN: f64 = 0.01;

/// Once customers are served, a look must yield at least this much information per minute, in nats. Assumed.
const TELLS_FROM: f64 = 0.01;

/// While customers are lost and a remedy has at least this chance, the responder may not stop.
pub const CHANCE_FROM: f64 = 0.01;

/// From this probability on, customers count as served; below `LOST_BELOW` they count as lost. In between the responder looks again.
const SERVED_FROM: f64 = 0.95;
const LOST_BELOW: f64 = 0.5;

/// The most looks in a row at whether customers are served.
const WATCHES_MAX: u32 = 3;

/// The factor on an asset's odds of having done the harm, once rolling it back has not helped.
const ROLLED_BACK: f64 = 0.1;

pub const NOT_ENOUGH: &str = "Not enough evidence";

pub const NOTHING_KNOWN: &str = "Nothing I know";

/// Says that nobody in the shop can fix it; the cause follows in the record.
pub const NOT_OURS: &str = "Not our shop";

/// Diagnoses one incident, from the call to the answer.
pub async fn respond(hands: &impl Hands, knowledge: &Knowledge, terms: &Terms) {
    Responder::new(hands, knowledge, terms).run().await;
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Next {
    Explain(usize),
    /// Give no explanation, for this reason.
    GiveUp(&'static str),
    /// Take a look: its index, the expected cost with it, and without it.
    Look(usize, f64, f64),
    /// Use the sequence with this menu index; the chance that it helps.
    Act(usize, f64),
}

struct Responder<'a, H> {
    hands: &'a H,
    knowledge: &'a Knowledge,
    terms: &'a Terms,
    /// The checks that may be taken, by index.
    checks: Vec<usize>,
    ticket: Ticket,
    /// What was learned, in order. Everything below is derived from it.
    learned: Vec<Learned>,
    belief: Belief,
    is_served: bool,
    /// Looks taken and their outcomes, by round: while customers are lost, and once they are served again. A remedy that did not help
    /// starts no new round. It has changed nothing, so a second look at the same outage would count twice.
    taken: BTreeMap<(u8, usize), usize>,
    said: Vec<(u8, usize)>,
    /// Looks that named an asset whose rollback did not help. Asked again, they name the next one.
    again: BTreeSet<usize>,
    tried: Vec<Vec<Remedy>>,
    /// Assets that findings name, in the order in which they were named.
    named: Vec<Named>,
    /// Everything that a decision depends on, besides the phase, the line and `is_served`. It is the key under which decisions are cached.
    history: Vec<u64>,
}

/// The expected remaining cost on these terms, with these probabilities of the hypotheses. Also the hypothesis of the answer that the
/// responder would give now, if any is worth giving. For questions about the rule itself.
pub fn expected_cost(
    hands: &impl Hands,
    knowledge: &Knowledge,
    terms: &Terms,
    shares: &[f64],
    is_served: bool,
) -> (f64, Option<usize>) {
    let mut responder = Responder::new(hands, knowledge, terms);
    responder.belief = Belief::of(shares.to_vec());
    responder.is_served = is_served;
    let (board, belief, places) = responder.board();
    (board.value(&belief), board.answer(&belief).0.map(|place| places[place]))
}

impl<'a, H: Hands> Responder<'a, H> {
    fn new(hands: &'a H, knowledge: &'a Knowledge, terms: &'a Terms) -> Self {
        let chosen =
            |place: &&usize| terms.chooses == Chooses::InOrder || !knowledge.left_aside.contains(place);
        let checks: Vec<usize> = terms.checks.iter().filter(chosen).copied().collect();
        let ticket = Ticket::new(terms);
        let Terms { costs, odds, stakes, .. } = terms;
        let mut hasher = DefaultHasher::new();
        format!("{checks:?} {costs:?} {odds:?} {stakes:?} {:?} {}", ticket.expected(), terms.lookers())
            .hash(&mut hasher);
        Self {
            hands,
            knowledge,
            terms,
            checks,
            ticket,
            learned: Vec::new(),
            belief: knowledge.belief(terms.odds.as_deref()),
            is_served: false,
            taken: BTreeMap::new(),
            said: Vec::new(),
            again: BTreeSet::new(),
            tried: Vec::new(),
            named: Vec::new(),
            history: vec![hasher.finish()],
        }
    }

    async fn run(mut self) {
        self.ticket.call_out(self.hands).await;
        loop {
            let next = self.next();
            self.think(next);
            if self.line_for(next) > self.ticket.line() {
                // The next line then decides anew.
                self.hand_over().await;
                continue;
            }
            match next {
                Next::Explain(hypothesis) => return self.explain(hypothesis),
                Next::GiveUp(why) => return self.give_up(why),
                Next::Look(place, ..) => self.look(place).await,
                Next::Act(place, chance) => self.act(place, chance).await,
            }
        }
    }

    fn line_for(&self, next: Next) -> Line {
        match next {
            Next::Look(place, ..) => Line::of_check(&CHECKS[place]),
            Next::Act(place, _) => self.line_of(&self.knowledge.menu[place]),
            Next::Explain(_) | Next::GiveUp(_) => self.ticket.line(),
        }
    }

    /// The next step. Equal histories have equal next steps, so decisions are cached.
    fn next(&self) -> Next {
        if self.terms.chooses == Chooses::InOrder {
            return self.in_order();
        }
        let now = [self.phase() as u64, self.ticket.line() as u64, u64::from(self.is_served)];
        let key: Vec<u64> = now.into_iter().chain(self.history.iter().copied()).collect();
        let kept = || self.knowledge.memo.lock();
        if let Some(next) = kept().get(&key) {
            return *next;
        }
        let next = self.by_worth();
        let mut memo = kept();
        if memo.len() >= MEMO_MAX {
            memo.clear();
        }
        memo.insert(key, next);
        next
    }

    fn by_worth(&self) -> Next {
        let (board, belief, places) = self.board();
        // Of equally cheap looks, the one with the lowest index. Looks that cost more than `most` do not count.
        let cheapest = |most: f64, is_open: &dyn Fn(&Look) -> bool| {
            let cheaper = |best: Option<(f64, usize)>, look: &Look| {
                let (most, place) = best.unwrap_or((most, usize::MAX));
                let cost = board.with_look(&belief, look, most);
                if cost < most || cost <= most && look.place < place {
                    Some((cost, look.place))
                } else {
                    best
                }
            };
            board.looks.iter().filter(|look| is_open(look)).fold(None, cheaper)
        };
        let (answer, answer_cost) = board.answer(&belief);
        let answer =
            answer.map_or_else(|| self.no_answer(&belief, &places), |place| Next::Explain(places[place]));
        if self.is_served {
            // Looks tell the remaining explanations apart, as long as one yields enough information.
            let later = board.settle(&belief, 0.0);
            if later >= answer_cost - SAVES_MIN {
                return answer;
            }
            let names = |look: &Look| {
                look.names.contains(&true) && board.with_look(&belief, look, later) < later - SAVES_MIN
            };
            let tells = |look: &Look| board.tells(&belief, look) >= TELLS_FROM * look.minutes || names(look);
            return cheapest(f64::INFINITY, &tells)
                .map_or(answer, |(with, place)| Next::Look(place, with, answer_cost));
        }
        let Plan { first, chance, cost } = board.plan(&belief, 0.0);
        // A look with a higher expected cost than the plan saves nothing. Without a remedy to try, the plan costs as much as stopping, and
        // an answer costs no more.
        let look = cheapest(cost, &|_| true);
        let taking = |instead: f64| {
            look.filter(|(with, _)| *with < instead - SAVES_MIN)
                .map(|(with, place)| Next::Look(place, with, instead))
        };
        if let Some(look) = taking(cost) {
            return look;
        }
        let likeliest = || {
            let chance = |place: usize| board.chance(&belief, &board.candidates[place], 0.0);
            let per_minute = |place: usize| chance(place) / board.candidates[place].minutes;
            let open = (0..board.candidates.len()).filter(|place| chance(*place) >= CHANCE_FROM);
            let best = open
                .max_by(|one, other| per_minute(*one).total_cmp(&per_minute(*other)).then(other.cmp(one)));
            // If the answer is that nobody in the shop can fix it, the responder says so and tries no remedy.
            let is_ours = |answer: &Next| !matches!(answer, Next::Explain(place) if !self.knowledge.can_be_mended(*place));
            best.filter(|_| is_ours(&answer)).map(|place| (place, chance(place)))
        };
        match first.map(|first| (first, chance)).or_else(likeliest) {
            Some((place, chance)) => match self.unseen().or_else(|| board.asks_first(place)) {
                Some(first) => Next::Look(first, cost, cost),
                None => Next::Act(board.candidates[place].place, chance),
            },
            None => taking(answer_cost).unwrap_or_else(|| self.seen_from_inside().unwrap_or(answer)),
        }
    }

    /// The look at whether customers are served, if none was taken yet: nobody changes a shop before that.
    fn unseen(&self) -> Option<usize> {
        (self.tried.is_empty() && self.seen().is_none()).then(|| self.watch())
    }

    /// Before it stops without having fixed anything, the responder opens pages from beside the shop: an explanation by which nobody in the
    /// shop can do anything is the most convenient one.
    fn seen_from_inside(&self) -> Option<Next> {
        let place = CHECKS.iter().position(Check::tells_whether_ours)?;
        let minutes = self.look_minutes(place);
        self.is_open(place).then_some(Next::Look(place, minutes, minutes))
    }

    /// Takes the next look on the list until an explanation is worth giving, and remedies by the same plan.
    fn in_order(&self) -> Next {
        let (board, belief, places) = self.board();
        let (answer, cost) = board.answer(&belief);
        let round = self.round();
        let open = self.checks.iter().find(|place| !self.taken.contains_key(&(round, **place)));
        if answer.is_none()
            && let Some(place) = open
        {
            return Next::Look(*place, cost, cost);
        }
        let Plan { first, chance, .. } = board.plan(&belief, 0.0);
        if let Some(first) = first.filter(|_| !self.is_served) {
            return match board.asks_first(first) {
                Some(asking) => Next::Look(asking, cost, cost),
                None => Next::Act(board.candidates[first].place, chance),
            };
        }
        answer.map_or_else(|| self.no_answer(&belief, &places), |place| Next::Explain(places[place]))
    }

    fn no_answer(&self, belief: &[f64], places: &[usize]) -> Next {
        let other = |place: &usize| self.knowledge.hypotheses[*place].cause.kind == Kind::Other;
        let others: f64 =
            places.iter().zip(belief).filter(|(place, _)| other(place)).map(|(_, share)| share).sum();
        Next::GiveUp(if others >= 0.5 { NOTHING_KNOWN } else { NOT_ENOUGH })
    }

    async fn look(&mut self, place: usize) {
        let (phase, round) = (self.phase(), self.round());
        let (said, finding) = self.ask(place).await;
        self.learn(Learned::Look { place, phase, round, said, finding });
    }

    /// Takes a look. Returns the index of its outcome, and the whole finding.
    async fn ask(&self, place: usize) -> (usize, Finding) {
        let check = &CHECKS[place];
        let takes = minutes(self.terms.look_minutes(place) + self.ticket.relayed_minutes(check));
        let name = check.name.to_owned();
        self.hands.note(EventKind::Check { name: name.clone(), cost_story_s: takes.as_secs_f64() });
        let finding = self.hands.look(check, takes).await;
        let Finding { outcome, text, .. } = &finding;
        self.hands.note(EventKind::Finding { check: name, text: format!("{outcome} ({text})") });
        (check.place(outcome).expect("a check says one of its outcomes"), finding)
    }

    async fn act(&mut self, place: usize, chance: f64) {
        let suspect = self.suspect().map(|(named, _)| named.asset.clone());
        let template = &self.knowledge.menu[place];
        let sequence = with_asset(template, suspect.as_deref())
            .expect("a remedy that needs a name is used when there is one");
        let rolls_back =
            template.iter().any(|remedy| matches!(remedy, Remedy::RollBack { asset } if asset == PUBLISHED));
        let sure = self.suspect().map_or(1.0, |(_, probability)| if rolls_back { probability } else { 1.0 });
        self.ticket.ask_helpers(self.hands, &sequence).await;
        let takes = sequence.iter().map(|remedy| minutes(self.terms.costs.remedy(remedy)));
        let timed: Vec<(Remedy, Duration)> = sequence.iter().cloned().zip(takes).collect();
        self.hands.apply(&timed, SETTLES).await;
        let helped = self.has_helped(chance).await;
        self.is_served = helped;
        let class = self.suspect().and_then(|(named, _)| named.class).filter(|_| rolls_back);
        let helps = self.knowledge.helps[place].iter().enumerate();
        let helps = helps.map(|(place, helps)| helps * sure * self.knowledge.hypotheses[place].fits(class));
        let says = helps.map(|helps| [1.0 - helps, helps]).collect();
        let rolled_back = suspect.filter(|_| rolls_back);
        self.learn(Learned::Tried { place, sequence, rolled_back, says, helped });
    }

    /// Looks whether customers are served, until that is nearly certain: one look may miss what only few customers meet.
    async fn has_helped(&self, chance: f64) -> bool {
        let mut served = chance.clamp(0.02, 0.98);
        let mut place = self.watch();
        for _ in 0..WATCHES_MAX {
            let (said, finding) = self.ask(place).await;
            if finding.outcome == UNKNOWN {
                place = anybodys_watch();
                continue;
            }
            let says = |phase: Phase| -> f64 {
                let table = self.knowledge.table(place, phase, None);
                let shares = self.belief.shares().iter();
                shares.zip(table.column(said)).map(|(share, says)| share * says).sum()
            };
            let (if_served, if_lost) =
                (says(Phase::Served) * served, says(Phase::AfterRemedy) * (1.0 - served));
            served = if_served / (if_served + if_lost);
            if !(LOST_BELOW..SERVED_FROM).contains(&served) {
                break;
            }
        }
        served >= LOST_BELOW
    }

    /// The outcome of the last look at whether customers are served that gave an answer.
    fn seen(&self) -> Option<&'static str> {
        self.watched().rfind(|(_, outcome)| *outcome != UNKNOWN).map(|(_, outcome)| outcome)
    }

    /// This round's looks at whether customers are served, with their outcomes.
    fn watched(&self) -> impl DoubleEndedIterator<Item = (usize, &'static str)> {
        let here = |key: &&(u8, usize)| key.0 == self.round() && CHECKS[key.1].tells_whether_served();
        self.said.iter().filter(here).map(|key| (key.1, CHECKS[key.1].outcomes[self.taken[key]]))
    }

    /// The cheapest look at whether customers are served. Opening pages is always possible. Telemetry that has answered `unknown` does not
    /// count.
    fn watch(&self) -> usize {
        let can = |place: &usize| {
            let check = &CHECKS[*place];
            let is_silent = self.watched().any(|(watched, outcome)| watched == *place && outcome == UNKNOWN);
            check.tells_whether_served()
                && (check.needs == Signal::Nothing || self.terms.checks.contains(place) && !is_silent)
        };
        let cost = |place: &usize| self.terms.costs.checks[*place];
        let looks = (0..CHECKS.len()).filter(can);
        looks.min_by(|one, other| cost(one).total_cmp(&cost(other))).expect("anybody can open pages")
    }

    fn round(&self) -> u8 {
        u8::from(self.is_served)
    }

    fn phase(&self) -> Phase {
        match (self.is_served, self.tried.is_empty()) {
            (true, _) => Phase::Served,
            (false, false) => Phase::AfterRemedy,
            (false, true) => Phase::of(self.hands.minutes()),
        }
    }

    fn explain(&self, hypothesis: usize) {
        // The same answer may be right under other hypotheses too.
        let (board, belief, places) = self.board();
        let given = places.iter().position(|place| *place == hypothesis).expect("it was chosen on the board");
        let right = board.pairs.right(given, &belief);
        let has_asset = self.knowledge.has_asset(hypothesis);
        if !self.knowledge.can_be_mended(hypothesis) {
            self.hands.note(EventKind::Note { text: format!("{NOT_OURS}.") });
        }
        let suspect = self.suspect().filter(|_| has_asset);
        let sure = suspect.as_ref().map_or(1.0, |(_, probability)| *probability);
        let answer = Answer {
            asset: suspect.as_ref().map(|(named, _)| named.asset.clone()),
            character: suspect.and_then(|(named, _)| named.character.clone()),
            ..self.knowledge.answer(hypothesis)
        };
        self.hands.explain(answer, right * sure);
    }

    fn give_up(&self, why: &'static str) {
        let share = self.belief.shares().iter().copied().fold(0.0, f64::max);
        self.hands.explain(Answer { cause: why.to_owned(), ..Answer::default() }, share);
    }
}

/// The most decisions that are cached. A full cache is emptied.
const MEMO_MAX: usize = 200_000;

/// The look at whether customers are served that needs no telemetry.
fn anybodys_watch() -> usize {
    let is_it = |check: &Check| check.tells_whether_served() && check.needs == Signal::Nothing;
    CHECKS.iter().position(is_it).expect("anybody can open pages")
}

fn minutes(minutes: f64) -> Duration {
    Duration::from_secs_f64(minutes * 60.0)
}
