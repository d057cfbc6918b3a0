//! Attribution: divides a loss among four faults that only do harm together. Teaches why 'which one was it'
//! has no answer, and what can be said instead.
//!
//! The losses of the sixteen combinations are a *game* in the sense of cooperative game theory. The players
//! are the faults. The value of a coalition is the loss when exactly these faults are present. No fault
//! causes the loss without faults, so every figure here counts from that loss.
//!
//! # Bounds known beforehand
//!
//! A fault is *necessary* if nothing is lost without it. Let a game of `n` players be monotone (one more
//! fault never lowers the loss), with `k` necessary players. The Shapley value lets the players arrive in
//! random order, and credits each with the loss that its arrival adds:
//!
//! - Any two necessary players have the same share: neither adds anything before the other has arrived, so
//!   they are symmetric.
//! - A necessary player has at least `1/n`: whenever it arrives last it adds the whole loss, because nothing
//!   was lost without it.
//! - It has at most `1/k`, because `k` players have the same share, and no share is negative.
//! - Any other player has at most `1/(k + 1)`, and no more than a necessary one. It adds only if all `k` have
//!   arrived before it, in one of `k + 1` orders, and it never adds more than the whole.
//! - It has at least 0, because the game is monotone.
//!
//! The bounds do not depend on the amounts. Once the necessary faults are known, so are the bounds, before
//! anything is run.

use chassis::rng;
use rand::RngExt;
use report::{Interval, chain::RESAMPLES};

pub const PLAYERS: usize = 4;

pub const COALITIONS: usize = 1 << PLAYERS;

pub const ALL: usize = COALITIONS - 1;

/// The share outside an interval on each side, so that 95 % lie inside.
const TAIL: f64 = 0.025;

/// Losses closer than this count as equal: records round them to the cent.
const SAME_USD: f64 = 0.01;

/// Losses by combination. A combination is a number with one bit for each fault that is present.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Game([f64; COALITIONS]);

impl Game {
    pub fn new(losses: [f64; COALITIONS]) -> Self {
        Self(losses)
    }

    /// The mean of several games; `None` without games.
    pub fn mean(games: &[Self]) -> Option<Self> {
        let count = games.len() as f64;
        let mean = |coalition: usize| games.iter().map(|game| game.0[coalition]).sum::<f64>() / count;
        (!games.is_empty()).then(|| Self(std::array::from_fn(mean)))
    }

    /// The loss when exactly these faults are present.
    pub fn loss(&self, coalition: usize) -> f64 {
        self.0[coalition]
    }

    /// The loss with all faults, less the loss without any: the amount to divide.
    pub fn whole(&self) -> f64 {
        self.0[ALL] - self.0[0]
    }

    /// The saving if only this fault is repaired.
    pub fn saving_alone(&self, player: usize) -> f64 {
        self.0[ALL] - self.0[ALL & !bit(player)]
    }

    /// The loss that this fault adds if only it is present.
    pub fn loss_alone(&self, player: usize) -> f64 {
        self.0[bit(player)] - self.0[0]
    }

    /// The exact Shapley value of each fault: the loss that its arrival adds, averaged over all orders. The
    /// values add up to [`whole`](Self::whole). Shapley, A value for n-person games, 1953.
    pub fn shapley(&self) -> [f64; PLAYERS] {
        std::array::from_fn(|player| {
            let others = (0..COALITIONS).filter(|coalition| coalition & bit(player) == 0);
            others
                .map(|others| weight(others, PLAYERS) * (self.0[others | bit(player)] - self.0[others]))
                .sum()
        })
    }

    /// The Shapley values as shares of the whole; `None` if the whole is 0.
    pub fn shares(&self) -> Option<[f64; PLAYERS]> {
        let whole = self.whole();
        (whole.abs() > SAME_USD).then(|| self.shapley().map(|value| value / whole))
    }

    /// The interaction of two faults beside the other faults of `present`: the loss that both add together, less the losses that each adds
    /// alone. Positive: each does more harm with the other, and repairing both saves less than the sum of the two single savings.
    pub fn together(&self, one: usize, other: usize, present: usize) -> f64 {
        let (one, other) = (bit(one), bit(other));
        let others = present & !(one | other);
        self.0[others | one | other] - self.0[others | one] - self.0[others | other] + self.0[others]
    }

    /// The same, averaged over the combinations of other faults: the Shapley interaction index of Grabisch and Roubens, An axiomatic
    /// approach to the concept of interaction among players in cooperative games, International Journal of Game Theory 28, 1999.
    pub fn interaction(&self, one: usize, other: usize) -> f64 {
        let rest = (0..COALITIONS).filter(|coalition| coalition & (bit(one) | bit(other)) == 0);
        // The pair counts as one player, so there is one fewer.
        rest.map(|others| weight(others, PLAYERS - 1) * self.together(one, other, others)).sum()
    }

    /// The necessary faults: without any one of them, nothing is lost. If the whole is 0, no fault is necessary.
    pub fn necessary(&self) -> [bool; PLAYERS] {
        let is_nothing = |coalition: usize| (self.0[coalition] - self.0[0]).abs() < SAME_USD;
        std::array::from_fn(|player| {
            let without = |coalition: &usize| coalition & bit(player) == 0;
            self.whole() > SAME_USD && (0..COALITIONS).filter(without).all(is_nothing)
        })
    }

    /// The largest decrease of the loss when one more fault is present. It is 0 in a monotone game, and the
    /// [`bounds`] hold only for such games.
    pub fn decrease_max(&self) -> f64 {
        let pairs = (0..COALITIONS).flat_map(|coalition| (0..PLAYERS).map(move |player| (coalition, player)));
        pairs
            .map(|(coalition, player)| self.0[coalition] - self.0[coalition | bit(player)])
            .fold(0.0, f64::max)
    }
}

/// Bounds on each fault's share, valid in every monotone game with these necessary faults.
pub fn bounds(necessary: [bool; PLAYERS]) -> [Interval; PLAYERS] {
    let count = necessary.iter().filter(|necessary| **necessary).count() as f64;
    necessary.map(|is_necessary| {
        if is_necessary {
            Interval { low: 1.0 / PLAYERS as f64, high: 1.0 / count }
        } else {
            Interval { low: 0.0, high: 1.0 / (count + 1.0) }
        }
    })
}

/// The minimal sets of repairs that prevent an outage, smallest first. A set is a number with one bit for
/// each repaired fault. `prevents` takes the faults that remain.
pub fn smallest_repairs(prevents: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut sets: Vec<usize> = (0..COALITIONS).collect();
    sets.sort_by_key(|repaired| repaired.count_ones());
    let mut smallest: Vec<usize> = Vec::new();
    for repaired in sets {
        let holds_smaller = smallest.iter().any(|smaller| smaller & repaired == *smaller);
        if !holds_smaller && prevents(ALL & !repaired) {
            smallest.push(repaired);
        }
    }
    smallest
}

/// The bootstrap: the mean games of [`RESAMPLES`] draws with replacement, each of as many seeds as the sample.
/// Empty for fewer than two seeds, because one seed says nothing about others.
pub fn resampled(games: &[Game], seed: u64) -> Vec<Game> {
    if games.len() < 2 {
        return Vec::new();
    }
    let mut chance = rng(seed, "experiment", "bootstrap");
    let mut draw = || games.iter().map(|_| games[chance.random_range(0..games.len())]).collect::<Vec<_>>();
    (0..RESAMPLES).filter_map(|_| Game::mean(&draw())).collect()
}

/// The percentile interval that holds 95 % of the resampled figures; `None` if there are no figures.
pub fn interval(resampled: &[Game], figure: impl Fn(&Game) -> Option<f64>) -> Option<Interval> {
    let mut figures: Vec<f64> = resampled.iter().filter_map(figure).collect();
    figures.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    let at = |quantile: f64| {
        figures.get((quantile * (figures.len().saturating_sub(1)) as f64).round() as usize).copied()
    };
    Some(Interval { low: at(TAIL)?, high: at(1.0 - TAIL)? })
}

pub fn bit(player: usize) -> usize {
    1 << player
}

/// The share of all orders of `players` in which exactly the players of `before` arrive before a given other one.
fn weight(before: usize, players: usize) -> f64 {
    let factorial = |number: usize| (1..=number).product::<usize>() as f64;
    let before = before.count_ones() as usize;
    factorial(before) * factorial(players - before - 1) / factorial(players)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const R: usize = 1;
    const E: usize = 2;
    const H: usize = 4;
    const T: usize = 8;

    fn game(loss: impl Fn(usize) -> f64) -> Game {
        Game::new(std::array::from_fn(loss))
    }

    fn has(coalition: usize, faults: usize) -> bool {
        coalition & faults == faults
    }

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
    }

    #[test]
    fn known_games_have_known_values() {
        let check = |name: &str, game: Game, expected: [f64; PLAYERS]| {
            let values = game.shapley();
            assert!(values.iter().zip(expected).all(|(one, other)| near(*one, other)), "{name}: {values:?}");
        };
        let price = |coalition: usize| {
            (0..PLAYERS).filter(|p| coalition & bit(*p) != 0).map(|p| 10.0 * p as f64).sum()
        };
        check("additive", game(price), [0.0, 10.0, 20.0, 30.0]);
        check("unanimity", game(|c| f64::from(u8::from(c == ALL)) * 100.0), [25.0; 4]);
        check("dictator", game(|c| f64::from(u8::from(has(c, E))) * 100.0), [0.0, 100.0, 0.0, 0.0]);
        check(
            "two are necessary and enough",
            game(|c| f64::from(u8::from(has(c, R | E))) * 100.0),
            [50.0, 50.0, 0.0, 0.0],
        );
        // R and E together lose 100; H and T each double that.
        let doubled = |c: usize| {
            let doubles = i32::from(has(c, H)) + i32::from(has(c, T));
            if has(c, R | E) { 100.0 * 2.0_f64.powi(doubles) } else { 0.0 }
        };
        check(
            "two are necessary, two make it worse",
            game(doubled),
            [425.0 / 3.0, 425.0 / 3.0, 175.0 / 3.0, 175.0 / 3.0],
        );
        check(
            "what is lost without any is nobody's",
            game(|c| 7.0 + f64::from(u8::from(c == ALL)) * 4.0),
            [1.0; 4],
        );
        assert_eq!(game(doubled).necessary(), [true, true, false, false]);
        assert_eq!(game(|_| 5.0).necessary(), [false; 4]);
        assert_eq!(game(|_| 5.0).shares(), None);
    }

    #[test]
    fn savings_and_interactions_say_who_needs_whom() {
        let both = game(|c| f64::from(u8::from(has(c, R | E))) * 100.0);
        assert!(
            near(both.saving_alone(0), 100.0)
                && near(both.loss_alone(0), 0.0)
                && near(both.saving_alone(2), 0.0)
        );
        let check = |one, other, expected: f64| {
            let (shapley, all_else_present) = (both.interaction(one, other), both.together(one, other, ALL));
            assert!(near(shapley, expected) && near(all_else_present, expected), "{one} and {other}");
        };
        check(0, 1, 100.0);
        check(0, 2, 0.0);
        let either = game(|c| f64::from(u8::from(c & (R | E) != 0)) * 100.0);
        assert!(near(either.interaction(0, 1), -100.0));
        assert!(near(both.decrease_max(), 0.0) && near(game(|c| -(c as f64)).decrease_max(), 8.0));
    }

    #[test]
    fn smallest_sets_hold_no_smaller_ones() {
        let check = |prevents: fn(usize) -> bool, expected: &[usize]| {
            assert_eq!(smallest_repairs(prevents), expected);
        };
        check(|present| !has(present, R | E), &[R, E]);
        check(|present| !has(present, R) && !has(present, H | T), &[R | H, R | T]);
        check(|present| present == 0, &[ALL]);
        check(|_| false, &[]);
        check(|_| true, &[0]);
    }

    #[test]
    fn intervals_hold_the_mean_and_repeat() {
        let games: Vec<Game> = (0..5_u8)
            .map(|seed| game(|c| if c == ALL { 90.0 + f64::from(seed) * 5.0 } else { 0.0 }))
            .collect();
        let whole = |games: &[Game]| interval(games, |game| Some(game.whole()));
        let Interval { low, high } = whole(&resampled(&games, 1)).unwrap();
        assert!((90.0..100.0).contains(&low) && (100.1..=110.0).contains(&high), "{low} to {high}");
        assert_eq!(resampled(&games, 1), resampled(&games, 1));
        assert_eq!(whole(&resampled(&games[..1], 1)), None);
    }

    #[test]
    fn bounds_follow_from_who_is_necessary() {
        let check = |necessary: [bool; 4], expected: [[f64; 2]; 4]| {
            assert_eq!(bounds(necessary).map(<[f64; 2]>::from), expected, "{necessary:?}");
        };
        check([false; 4], [[0.0, 1.0]; 4]);
        check([true, true, false, false], [[0.25, 0.5], [0.25, 0.5], [0.0, 1.0 / 3.0], [0.0, 1.0 / 3.0]]);
        check(
            [true, true, true, false],
            [[0.25, 1.0 / 3.0], [0.25, 1.0 / 3.0], [0.25, 1.0 / 3.0], [0.0, 0.25]],
        );
        check([true; 4], [[0.25, 0.25]; 4]);
    }

    proptest! {
        #[test]
        fn values_add_up_are_symmetric_and_leave_out_who_adds_nothing(
            losses in prop::array::uniform16(-1e6..1e6_f64),
        ) {
            let any = Game::new(losses);
            prop_assert!((any.shapley().iter().sum::<f64>() - any.whole()).abs() < 1e-6);
            // Make R and E symmetric, and let T add nothing.
            let swap = |c: usize| (c & H) + usize::from(has(c, R)) * E + usize::from(has(c, E)) * R;
            let same = game(|c| losses[c & !T] + losses[swap(c)]);
            let [r, e, _, t] = same.shapley();
            prop_assert!((r - e).abs() < 1e-6 && t.abs() < 1e-6, "{r} {e} {t}");
        }

        #[test]
        fn every_monotone_game_keeps_the_bounds(
            steps in prop::array::uniform16(0.0..1e6_f64), necessary in prop::array::uniform4(any::<bool>()),
        ) {
            let must = (0..PLAYERS).filter(|p| necessary[*p]).map(bit).sum::<usize>();
            let parts = |c: usize| (0..COALITIONS).filter(move |part| has(c, *part));
            let within = |c: usize| parts(c).map(|part| steps[part]).sum::<f64>();
            let monotone = game(|c| if c != 0 && has(c, must) { within(c) } else { 0.0 });
            prop_assert!(monotone.decrease_max() <= 0.0);
            let Some(shares) = monotone.shares() else { return Ok(()) };
            for (share, Interval { low, high }) in shares.iter().zip(bounds(necessary)) {
                prop_assert!((low - 1e-9..=high + 1e-9).contains(share), "{shares:?} {necessary:?}");
            }
        }
    }
}
