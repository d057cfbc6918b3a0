//! The expected cost of a look, a remedy and an answer. Teaches decision-theoretic troubleshooting (Heckerman, Breese and Rommelse,
//! *Decision-theoretic troubleshooting*, CACM 1995): every cost is in minutes of outage, and the best next step is the one with the lowest
//! expected remaining cost.
//!
//! - **Minutes**: while customers are lost, a minute costs 1. Once they are served, a minute of looking costs [less](Stakes::calm_minute).
//! - **Answers**: a wrong answer and no answer each have a price. A partly right answer costs less than a wholly wrong one.
//! - **Remedies**: their minutes, in order of the best chance per minute, plus the cost of finding the explanation after one has helped. A
//!   remedy that destroys evidence raises that cost.
//! - **Looks**: their minutes, less what knowing their outcome saves.
//!
//! The remaining cost is estimated from a plan of remedies that takes no further look while customers are lost, and from the best single
//! look before such a plan. The estimate is the minimum over these options, so that adding a look, or making one cheaper, never raises it.
//! (Planning two looks ahead was no better on incidents held back from training, and took twenty times as long.)

use crate::{
    pairs::{MISSED_MIN, Pairs, possible},
    terms::Stakes,
};

/// A plan leaves out remedies with a lower chance of helping.
pub const TRY_FROM: f64 = 0.03;

/// Minutes it takes, once customers are served, to tell the explanations apart when nothing is known: about three looks. Assumed.
const TELLING_APART_MINUTES: f64 = 6.0;

/// Costs that differ by less count as equal.
const ROUNDING: f64 = 1e-6;

/// A sequence of remedies that the responder can use.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its index in the menu.
    pub place: usize,
    pub needs_name: bool,
    /// Whether it was already tried with the asset that is named now. Then a look must name another asset first.
    pub is_tried: bool,
    /// Minutes it takes, including handovers and the look at whether it helped.
    pub minutes: f64,
    /// Per hypothesis: the probability that it helps, given the right asset.
    pub helps: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Its index among the checks.
    pub place: usize,
    /// Minutes it takes, including handovers.
    pub minutes: f64,
    /// The likelihood of each outcome: by outcome, then by hypothesis.
    pub says: Vec<Vec<f64>>,
    /// The probability that the asset that it names is the harmful one.
    pub sure: f64,
    /// By outcome: whether it names an asset.
    pub names: Vec<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asking {
    /// Its index among the checks.
    pub place: usize,
    /// Minutes it takes, including handovers.
    pub minutes: f64,
    /// Minutes it takes at the assumed cost. Plans are ordered by this figure, so that a cheaper look never makes a plan more expensive.
    pub usual_minutes: f64,
    /// The probability that it names the harmful asset, if a text does the harm.
    pub finds: f64,
}

/// Everything that a decision depends on at one moment, for the hypotheses that are not ruled out.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// Per hypothesis: the cost of a minute until a remedy helps. It is 1 if customers are hurt and the shop can fix the cause, and
    /// [less](Stakes::calm_minute) if not.
    pub lost: Vec<f64>,
    /// Per hypothesis: whether it is *something else* at a place, which is no answer.
    pub is_other: Vec<bool>,
    /// The probability that the asset that is named now is the harmful one, if a text does the harm; 0 if none is named.
    pub sure: f64,
    /// Per hypothesis: the probability that an answer given now names the right asset; 1 if no asset belongs to the answer.
    pub named: Vec<f64>,
    /// The same after a look at the texts.
    pub nameable: Vec<f64>,
    /// Minutes that the quickest such look takes.
    pub naming_minutes: f64,
    /// The best look at the texts that needs no telemetry, if one is left. Plans that roll back a text count on it.
    pub asking: Option<Asking>,
    pub pairs: Pairs,
    pub looks: Vec<Look>,
    pub candidates: Vec<Candidate>,
    pub stakes: Stakes,
    pub is_served: bool,
}

/// The remedy to try first, and the expected cost of the whole plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Index of the first candidate; `None` if no remedy is worth trying.
    pub first: Option<usize>,
    pub chance: f64,
    /// Expected cost if the responder takes no further look while customers are lost.
    pub cost: f64,
}

impl Board {
    /// The cheapest answer, by its hypothesis, and its cost. `None`: giving no explanation is cheaper.
    pub fn answer(&self, belief: &[f64]) -> (Option<usize>, f64) {
        self.answer_after(belief, 0.0)
    }

    fn answer_after(&self, belief: &[f64], looked: f64) -> (Option<usize>, f64) {
        let cost = |(given, _)| {
            let right = self.pairs.right(given, belief);
            // An answer that is so likely to be wrong costs more than no answer, even if it misses the least possible.
            let is_too_dear = self.stakes.wrong * MISSED_MIN * (1.0 - right) > self.stakes.none + ROUNDING;
            let missed = || self.pairs.missed(given, belief, right, self.named[given].max(looked));
            (!is_too_dear).then(|| (given, self.stakes.wrong * missed()))
        };
        let answers = possible(belief).filter(|(given, _)| !self.is_other[*given]).filter_map(cost);
        let best = answers.min_by(|one, other| one.1.total_cmp(&other.1));
        match best {
            Some((place, cost)) if cost < self.stakes.none => (Some(place), cost),
            _ => (None, self.stakes.none),
        }
    }

    /// Expected remaining cost once customers are served. The responder either gives the cheapest answer now, or first takes all looks that
    /// tell explanations apart. The cheaper of the two counts.
    pub fn settle(&self, belief: &[f64], looked: f64) -> f64 {
        let now = self.answer_after(belief, looked).1;
        let apart = 1.0 - belief.iter().map(|share| share * share).sum::<f64>();
        let mut later = self.stakes.calm_minute * TELLING_APART_MINUTES * apart;
        let right = self.pairs.told_apart(belief);
        for (truth, share) in possible(belief) {
            let right = if self.is_other[truth] { 0.0 } else { right[truth] };
            let answer = |sure: f64| self.stakes.none.min(self.stakes.wrong * (1.0 - right * sure));
            // If no asset is named, or only an unreliable one, the responder may first look for a better name.
            let (named, nameable) = (self.named[truth].max(looked), self.nameable[truth]);
            let naming = self.stakes.calm_minute * self.naming_minutes;
            later += share * answer(named).min(answer(nameable) + naming);
        }
        now.min(later)
    }

    /// Expected cost of stopping while customers may be lost.
    pub fn stop(&self, belief: &[f64]) -> f64 {
        let lost: f64 =
            belief.iter().zip(&self.lost).filter(|(_, lost)| **lost >= 1.0).map(|(share, _)| share).sum();
        self.answer(belief).1 + lost * self.stakes.last_resort
    }

    /// The probability that the remedy acts on the right asset. `looked`: the probability that an asset named by a look is the right one; 0
    /// if no look has named one.
    fn aims(&self, candidate: &Candidate, looked: f64) -> f64 {
        match candidate {
            Candidate { needs_name: false, .. } => 1.0,
            Candidate { is_tried: true, .. } if looked > 0.0 => looked,
            _ if self.asks(candidate, looked).is_some() => self.asking.map_or(0.0, |asking| asking.finds),
            Candidate { is_tried: true, .. } => 0.0,
            _ => self.sure.max(looked),
        }
    }

    /// The look that must come before the remedy, because the remedy needs an asset and none is named.
    fn asks(&self, candidate: &Candidate, looked: f64) -> Option<Asking> {
        let is_named = looked > 0.0 || self.sure > 0.0 && !candidate.is_tried;
        self.asking.filter(|_| candidate.needs_name && !is_named)
    }

    /// The same look for a candidate, as an index among the checks.
    pub fn asks_first(&self, candidate: usize) -> Option<usize> {
        self.asks(&self.candidates[candidate], 0.0).map(|asking| asking.place)
    }

    /// The probability that a remedy helps. `looked`: the probability that an asset named by a look is the right one; 0 if no look has
    /// named one.
    pub fn chance(&self, belief: &[f64], candidate: &Candidate, looked: f64) -> f64 {
        let helps: f64 = belief.iter().zip(&candidate.helps).map(|(share, helps)| share * helps).sum();
        helps * self.aims(candidate, looked)
    }

    /// Orders the remedies greedily. The best chance per minute comes first; then the belief is updated for its failure and the next one is
    /// chosen, until stopping is cheaper. `looked`: the probability that an asset named by a look is the right one; 0 if no look has named
    /// one.
    pub fn plan(&self, belief: &[f64], looked: f64) -> Plan {
        let candidates = &self.candidates;
        let mut belief = belief.to_vec();
        let mut open: Vec<usize> = (0..candidates.len()).collect();
        let (mut still_lost, mut spent) = (1.0, 0.0);
        let mut first: Option<(usize, f64)> = None;
        let mut best = Plan { first: None, chance: 0.0, cost: self.stop(&belief) };
        loop {
            let chance = |place: usize| self.chance(&belief, &candidates[place], looked);
            let worth =
                open.iter().map(|place| (*place, chance(*place))).filter(|(_, chance)| *chance >= TRY_FROM);
            let asks = |place: usize| self.asks(&candidates[place], looked);
            let usual_minutes = |place: usize| {
                candidates[place].minutes + asks(place).map_or(0.0, |asking| asking.usual_minutes)
            };
            let per_minute = |(place, chance): &(usize, f64)| chance / usual_minutes(*place);
            let next = worth
                .max_by(|one, other| per_minute(one).total_cmp(&per_minute(other)).then(other.0.cmp(&one.0)));
            let Some((place, chance)) = next else { return best };
            let Candidate { minutes, helps, .. } = &candidates[place];
            let aims = self.aims(&candidates[place], looked);
            first = first.or(Some((place, chance)));
            let minutes = minutes + asks(place).map_or(0.0, |asking| asking.minutes);
            spent += still_lost * minutes * self.minute(&belief);
            if spent >= best.cost {
                return best;
            }
            let after = |helped: bool| -> Vec<f64> {
                let all = if helped { chance } else { 1.0 - chance };
                let of = |(share, helps): (&f64, &f64)| {
                    let helps = helps * aims;
                    share * if helped { helps } else { 1.0 - helps } / all.max(f64::MIN_POSITIVE)
                };
                belief.iter().zip(helps).map(of).collect()
            };
            spent += still_lost * chance * self.settle(&after(true), looked);
            still_lost *= 1.0 - chance;
            belief = after(false);
            open.retain(|other| *other != place);
            let cost = spent + still_lost * self.stop(&belief);
            if cost < best.cost
                && let Some((place, chance)) = first
            {
                best = Plan { first: Some(place), chance, cost };
            }
            if still_lost < 1e-3 {
                return best;
            }
        }
    }

    pub fn minute(&self, belief: &[f64]) -> f64 {
        if self.is_served {
            return self.stakes.calm_minute;
        }
        belief.iter().zip(&self.lost).map(|(share, lost)| share * lost).sum()
    }

    /// Expected remaining cost if this look is taken first: its minutes, plus the mean over its outcomes of the cost that remains after
    /// each. An outcome that names an asset counts with the probability that the name is right. Returns infinity as soon as the cost
    /// exceeds `most`, because the exact figure no longer matters.
    pub fn with_look(&self, belief: &[f64], look: &Look, most: f64) -> f64 {
        let mut cost = look.minutes * self.minute(belief);
        for (says, names) in look.says.iter().zip(&look.names) {
            if cost > most {
                return f64::INFINITY;
            }
            let joint: Vec<f64> = belief.iter().zip(says).map(|(share, says)| share * says).collect();
            let probability: f64 = joint.iter().sum();
            if probability > 1e-12 {
                let belief: Vec<f64> = joint.into_iter().map(|share| share / probability).collect();
                cost += probability * self.base(&belief, if *names { look.sure } else { 0.0 });
            }
        }
        cost
    }

    /// Expected information of a look about what happened, in nats (Shannon's mutual information).
    pub fn tells(&self, belief: &[f64], look: &Look) -> f64 {
        let of = |says: &Vec<f64>| -> f64 {
            let all: f64 = belief.iter().zip(says).map(|(share, says)| share * says).sum();
            let terms = belief.iter().zip(says).filter(|(share, says)| **share > 0.0 && **says > 0.0);
            terms.map(|(share, says)| share * says * (says / all).ln()).sum()
        };
        look.says.iter().map(of).sum()
    }

    /// The lowest expected remaining cost: with the best single look first, or without one.
    pub fn value(&self, belief: &[f64]) -> f64 {
        let least = |most: f64, look| most.min(self.with_look(belief, look, most));
        self.looks.iter().fold(self.base(belief, 0.0), least)
    }

    fn base(&self, belief: &[f64], looked: f64) -> f64 {
        if self.is_served {
            return self.settle(belief, looked);
        }
        self.plan(belief, looked).cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::STAKES;

    fn candidate(place: usize, minutes: f64, helps: [f64; 2]) -> Candidate {
        Candidate { place, needs_name: false, is_tried: false, minutes, helps: helps.into() }
    }

    /// Two hypotheses whose answers have nothing in common. `alike`: how similar they look once customers are served.
    fn pairs(alike: f64) -> Pairs {
        let with = |other: f64| [vec![1.0, other], vec![other, 1.0]];
        Pairs::new(&with(0.0), &with(alike))
    }

    /// Two hypotheses that no look tells apart once customers are served, with these remedies.
    fn board(candidates: Vec<Candidate>) -> Board {
        Board {
            lost: vec![1.0; 2],
            is_other: vec![false; 2],
            sure: 0.0,
            named: vec![1.0; 2],
            nameable: vec![1.0; 2],
            naming_minutes: 0.0,
            asking: None,
            pairs: pairs(1.0),
            looks: Vec::new(),
            candidates,
            stakes: STAKES,
            is_served: false,
        }
    }

    #[test]
    fn the_best_chance_per_minute_comes_first() {
        let (quick, slow) = (candidate(0, 5.0, [1.0, 0.0]), candidate(1, 60.0, [0.0, 1.0]));
        let belief = [0.25, 0.75];
        let both = board(vec![quick.clone(), slow.clone()]).plan(&belief, 0.0);
        assert_eq!((both.first, both.chance), (Some(0), 0.25));
        // After one remedy has helped, only one hypothesis is left.
        assert!((both.cost - (5.0 + 0.75 * 60.0)).abs() < 1e-9, "{both:?}");
        let alone = board(vec![quick]).plan(&belief, 0.0);
        assert!((alone.cost - (5.0 + 0.75 * STAKES.last_resort)).abs() < 1e-9, "{alone:?}");
        assert_eq!(board(vec![candidate(0, 5.0, [0.02; 2])]).plan(&belief, 0.0).first, None);
        assert_eq!(board(vec![slow]).plan(&belief, 0.0).first, Some(0));
    }

    #[test]
    fn a_remedy_pays_for_the_evidence_that_it_destroys() {
        // The remedy helps under both hypotheses. Afterwards they look the same: the explanation is lost, unless a look comes first.
        let mut board = board(vec![candidate(0, 6.0, [1.0, 1.0])]);
        let belief = [0.5, 0.5];
        assert!((board.plan(&belief, 0.0).cost - (6.0 + STAKES.none)).abs() < 2.0);
        let says = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
        let look = Look { place: 0, minutes: 1.0, says, sure: 0.0, names: vec![false; 2] };
        assert!((board.with_look(&belief, &look, f64::INFINITY) - 7.0).abs() < 1e-9);
        // If looks can tell them apart afterwards, acting at once is about as good.
        board.pairs = pairs(0.0);
        assert!(board.plan(&belief, 0.0).cost < 8.0);
    }

    #[test]
    fn an_answer_is_given_from_the_probability_that_its_price_says() {
        let mut board = board(Vec::new());
        let from = crate::terms::CERTAIN_FROM;
        assert_eq!(board.answer(&[from + 0.01, 1.0 - from - 0.01]).0, Some(0));
        assert_eq!(board.answer(&[from - 0.01, 1.0 - from + 0.01]).0, None);
        board.named[0] = 0.5;
        assert_eq!(board.answer(&[from + 0.01, 1.0 - from - 0.01]).0, None, "the asset may be the wrong one");
    }
}
