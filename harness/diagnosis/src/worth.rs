//! What a look, a remedy and an answer are worth. Teaches decision-theoretic troubleshooting (Heckerman, Breese and Rommelse,
//! *Decision-theoretic troubleshooting*, CACM 1995): everything has its price in the same minutes, and the best next step is the one after
//! which the least is still to be paid.
//!
//! - **Minutes**: while customers are lost, each counts one; looking in calm counts [a part](Stakes::calm_minute).
//! - **Answers**: a wrong one and none have their prices; part of a right one is worth its part.
//! - **Remedies**: their minutes, by the best chance per minute first; and what can still be found out when they have helped. A remedy
//!   that destroys evidence pays for it there.
//! - **Looks**: their minutes, and all that is cheaper when it is known what they say.
//!
//! What is to be paid is estimated by a plan that takes no further look while customers are lost, and by the best single look before it. As
//! that is a minimum over what may be done, more looks or cheaper ones never cost more. (Two looks ahead were no better on incidents held
//! back from training, and took twenty times as long.)

use crate::{
    pairs::{Pairs, possible},
    terms::Stakes,
};

/// A remedy with a lesser chance is not worth its minutes, as long as there are better ones.
pub const TRY_FROM: f64 = 0.03;

/// What telling explanations apart takes in calm, in minutes, when nothing is known: some three looks. Assumed.
const TELLING_APART_MINUTES: f64 = 6.0;

/// A sequence of remedies that can be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its place on the menu.
    pub place: usize,
    /// Whether an asset must be named for it.
    pub needs_name: bool,
    /// Whether it was tried with the asset that is named now: another one must be named first.
    pub is_tried: bool,
    /// What it takes, handovers and the look whether it helped included.
    pub minutes: f64,
    /// For each hypothesis, how probable it is that it helps, with the right asset.
    pub helps: Vec<f64>,
}

/// A look that can be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Its place among the checks.
    pub place: usize,
    /// What it takes, handovers included.
    pub minutes: f64,
    /// By outcome, then by hypothesis.
    pub says: Vec<Vec<f64>>,
    /// How far the asset can be trusted that it names.
    pub sure: f64,
    /// By outcome, whether it names one.
    pub names: Vec<bool>,
}

/// A look that names an asset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asking {
    /// Its place among the checks.
    pub place: usize,
    /// What it takes, handovers included.
    pub minutes: f64,
    /// What it is assumed to take. The order of a plan follows this, so that what gets cheaper makes no plan dearer.
    pub usual_minutes: f64,
    /// How often it names the asset that does the harm, if a text does.
    pub finds: f64,
}

/// All that counts at one moment, for the hypotheses that are not ruled out.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// For each hypothesis, what a minute costs as long as nothing helps: 1 if customers are hurt and the shop can mend it.
    pub lost: Vec<f64>,
    /// Whether it is something else at a place: no answer.
    pub is_other: Vec<bool>,
    /// How far the asset can be trusted that is named now; 0 if none is.
    pub sure: f64,
    /// How probable it is that the right asset would be named now, if one belongs to the answer; otherwise 1.
    pub named: Vec<f64>,
    /// The same when a look at the texts has been taken.
    pub nameable: Vec<f64>,
    /// What such a look takes, in minutes.
    pub naming_minutes: f64,
    /// The look at the texts that anybody can take, if it has not been taken: what a plan counts on that rolls back a text.
    pub asking: Option<Asking>,
    /// How any two stand to each other.
    pub pairs: Pairs,
    /// The looks.
    pub looks: Vec<Look>,
    /// The remedies.
    pub candidates: Vec<Candidate>,
    /// What is at stake.
    pub stakes: Stakes,
    /// Whether customers are served.
    pub is_served: bool,
}

/// What to do first, and what all of it is expected to cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The number of the first candidate; none if none is worth it.
    pub first: Option<usize>,
    /// The chance that it helps.
    pub chance: f64,
    /// Expected cost, if no further look is taken while customers are lost.
    pub cost: f64,
}

impl Board {
    /// The cheapest answer: of which hypothesis, none if that is no explanation at all; and its cost.
    pub fn answer(&self, belief: &[f64]) -> (Option<usize>, f64) {
        self.answer_after(belief, 0.0)
    }

    fn answer_after(&self, belief: &[f64], looked: f64) -> (Option<usize>, f64) {
        let missed = self.pairs.missed(belief, self.named.iter().map(|named| named.max(looked)));
        let cost = |(given, _)| (given, self.stakes.wrong * missed[given]);
        let answers = possible(belief).filter(|(given, _)| !self.is_other[*given]).map(cost);
        let best = answers.min_by(|one, other| one.1.total_cmp(&other.1));
        match best {
            Some((place, cost)) if cost < self.stakes.none => (Some(place), cost),
            _ => (None, self.stakes.none),
        }
    }

    /// What the rest costs when customers are served: the cheapest answer now, or all looks that tell explanations apart, and then the
    /// answer.
    pub fn settle(&self, belief: &[f64], looked: f64) -> f64 {
        let now = self.answer_after(belief, looked).1;
        let apart = 1.0 - belief.iter().map(|share| share * share).sum::<f64>();
        let mut later = self.stakes.calm_minute * TELLING_APART_MINUTES * apart;
        let right = self.pairs.told_apart(belief);
        for (truth, share) in possible(belief) {
            let right = if self.is_other[truth] { 0.0 } else { right[truth] };
            let answer = |sure: f64| self.stakes.none.min(self.stakes.wrong * (1.0 - right * sure));
            // Whoever has no name for the asset, or one to be doubted, may look for a better one first.
            let (named, nameable) = (self.named[truth].max(looked), self.nameable[truth]);
            let naming = self.stakes.calm_minute * self.naming_minutes;
            later += share * answer(named).min(answer(nameable) + naming);
        }
        now.min(later)
    }

    /// What it costs to stop while customers may be lost.
    pub fn stop(&self, belief: &[f64]) -> f64 {
        let lost: f64 =
            belief.iter().zip(&self.lost).filter(|(_, lost)| **lost >= 1.0).map(|(share, _)| share).sum();
        self.answer(belief).1 + lost * self.stakes.last_resort
    }

    /// How far a remedy would be about the right asset, if a look had named one that can be trusted so far.
    fn aims(&self, candidate: &Candidate, looked: f64) -> f64 {
        match candidate {
            Candidate { needs_name: false, .. } => 1.0,
            Candidate { is_tried: true, .. } if looked > 0.0 => looked,
            _ if self.asks(candidate, looked).is_some() => self.asking.map_or(0.0, |asking| asking.finds),
            Candidate { is_tried: true, .. } => 0.0,
            _ => self.sure.max(looked),
        }
    }

    /// The look that must be taken before a remedy, as no asset is named.
    fn asks(&self, candidate: &Candidate, looked: f64) -> Option<Asking> {
        let is_named = looked > 0.0 || self.sure > 0.0 && !candidate.is_tried;
        self.asking.filter(|_| candidate.needs_name && !is_named)
    }

    /// The look that must be taken before a remedy, as no asset is named: its place among the checks.
    pub fn asks_first(&self, candidate: usize) -> Option<usize> {
        self.asks(&self.candidates[candidate], 0.0).map(|asking| asking.place)
    }

    /// The chance that a remedy helps, if a look had named an asset that can be trusted so far.
    pub fn chance(&self, belief: &[f64], candidate: &Candidate, looked: f64) -> f64 {
        let helps: f64 = belief.iter().zip(&candidate.helps).map(|(share, helps)| share * helps).sum();
        helps * self.aims(candidate, looked)
    }

    /// The best order of remedies, greedily: the best chance per minute first, then the same again after it has failed, until stopping
    /// is cheaper. `looked`: how far an asset can be trusted that a look has named meanwhile; 0 if none has.
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

    /// What a minute costs now.
    pub fn minute(&self, belief: &[f64]) -> f64 {
        if self.is_served {
            return self.stakes.calm_minute;
        }
        belief.iter().zip(&self.lost).map(|(share, lost)| share * lost).sum()
    }

    /// What is to be paid if no look is taken.
    pub fn without_looks(&self, belief: &[f64]) -> f64 {
        self.base(belief, 0.0)
    }

    /// What is to be paid if this look is taken first: its minutes, and the mean of what is to be paid after it, by what it says and how far
    /// an asset can be trusted that it names.
    pub fn with_look(&self, belief: &[f64], look: &Look) -> f64 {
        let mut cost = look.minutes * self.minute(belief);
        for (says, names) in look.says.iter().zip(&look.names) {
            let joint: Vec<f64> = belief.iter().zip(says).map(|(share, says)| share * says).collect();
            let probability: f64 = joint.iter().sum();
            if probability > 1e-12 {
                let belief: Vec<f64> = joint.into_iter().map(|share| share / probability).collect();
                cost += probability * self.base(&belief, if *names { look.sure } else { 0.0 });
            }
        }
        cost
    }

    /// How much a look is expected to tell about what happened, in natural units (Shannon's mutual information).
    pub fn tells(&self, belief: &[f64], look: &Look) -> f64 {
        let of = |says: &Vec<f64>| -> f64 {
            let all: f64 = belief.iter().zip(says).map(|(share, says)| share * says).sum();
            let terms = belief.iter().zip(says).filter(|(share, says)| **share > 0.0 && **says > 0.0);
            terms.map(|(share, says)| share * says * (says / all).ln()).sum()
        };
        look.says.iter().map(of).sum()
    }

    /// What is to be paid at best.
    pub fn value(&self, belief: &[f64]) -> f64 {
        let looks = self.looks.iter().map(|look| self.with_look(belief, look));
        looks.fold(self.without_looks(belief), f64::min)
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

    /// Two hypotheses that have nothing in common as answers, and are this alike once customers are served.
    fn pairs(alike: f64) -> Pairs {
        let with = |other: f64| [vec![1.0, other], vec![other, 1.0]];
        Pairs::new(&with(0.0), &with(alike))
    }

    /// Two hypotheses that nothing tells apart once customers are served, and these remedies.
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
        // When one has helped, nothing is left to be told apart.
        assert!((both.cost - (5.0 + 0.75 * 60.0)).abs() < 1e-9, "{both:?}");
        let alone = board(vec![quick]).plan(&belief, 0.0);
        assert!((alone.cost - (5.0 + 0.75 * STAKES.last_resort)).abs() < 1e-9, "{alone:?}");
        assert_eq!(board(vec![candidate(0, 5.0, [0.02; 2])]).plan(&belief, 0.0).first, None);
        assert_eq!(board(vec![slow]).plan(&belief, 0.0).first, Some(0));
    }

    #[test]
    fn a_remedy_pays_for_the_evidence_that_it_destroys() {
        // It helps whatever happened. Afterwards the two look the same: the explanation is lost, unless somebody looks first.
        let mut board = board(vec![candidate(0, 6.0, [1.0, 1.0])]);
        let belief = [0.5, 0.5];
        assert!((board.plan(&belief, 0.0).cost - (6.0 + STAKES.none)).abs() < 2.0);
        let says = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
        let look = Look { place: 0, minutes: 1.0, says, sure: 0.0, names: vec![false; 2] };
        assert!((board.with_look(&belief, &look) - 7.0).abs() < 1e-9);
        // Where they can be told apart afterwards, acting at once is as good.
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
