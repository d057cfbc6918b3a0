//! The repair that a team may spend, what it would have changed, and what each of the sixteen combinations would have. Teaches that of many
//! contributing factors several could each have prevented or shortened the outage, and that 'which one was it' has no answer.

use std::array::from_fn;

use debrief::figures::{fault, percent, thousands};
use experiment::attribution::{ALL, COALITIONS, Game, PLAYERS, bit, smallest_repairs};
use incident::{
    ContributingFactor::{
        self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
    },
    Usd,
};

use super::job::Replayed;

/// Shades of the grid.
const SHADES: f64 = 10.0;

/// A repair that can be spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name.
    pub id: &'static str,
    /// What is done.
    pub title: &'static str,
    /// What that means.
    pub means: &'static str,
}

/// All that can be chosen, in the order of the latent faults.
pub fn choices() -> [Choice; PLAYERS] {
    ContributingFactor::LATENT_FAULTS.map(|factor| {
        let (title, means) = words(factor);
        Choice { id: factor.name(), title, means }
    })
}

/// A latent fault by the name of its repair, as a player of the game.
pub fn player(id: &str) -> Option<usize> {
    ContributingFactor::LATENT_FAULTS.iter().position(|factor| factor.name() == id)
}

/// What a repair does.
fn words(factor: ContributingFactor) -> (&'static str, &'static str) {
    match factor {
        InvalidRendering => (
            "Write text by the rules of its place",
            "The content store refuses what it cannot hand out intact and says why, and every answer and page escapes what \
             editors typed.",
        ),
        PoorErrorHandling => (
            "Take errors for what they are",
            "What can never work is not tried for ever. Waiting, trying again and work in hand have limits, and a page does \
             without a part that is missing.",
        ),
        MissingHealthCheck => (
            "Ask services whether they can work",
            "The cache says so when it can do nothing any more, and the web front asks it, and goes around it.",
        ),
        InadequateTelemetry => (
            "Let out what the services know",
            "Causes, rates, traces and changes leave the services. It tells people more, and does nothing for customers by itself.",
        ),
        _ => ("", ""),
    }
}

/// What a repair would have changed, in a sentence.
pub fn finding(player: usize, as_it_was: &Replayed, repaired: &Replayed) -> String {
    let title = words(ContributingFactor::LATENT_FAULTS[player]).0;
    let (before, after) = (loss(as_it_was), loss(repaired));
    let end = match (repaired.outcome.lost_s, as_it_was.outcome.lost_s) {
        (None, Some(_)) => ": availability would never have been lost",
        _ => "",
    };
    if (before - after).abs() < 1.0 {
        format!(
            "\u{201c}{title}\u{201d} would have changed nothing in the replay: {} both times",
            Usd(before)
        )
    } else if after < before {
        format!("\u{201c}{title}\u{201d} would have saved {} of {}{end}", Usd(before - after), Usd(before))
    } else {
        format!(
            "\u{201c}{title}\u{201d} would have cost {} more than the {} as it was",
            Usd(after - before),
            Usd(before)
        )
    }
}

/// What was lost in a replay, in dollars.
pub fn loss(replayed: &Replayed) -> f64 {
    replayed.outcome.incident_financial_loss_usd.0
}

/// The sixteen combinations, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Sixteen {
    /// What they say, in a sentence.
    pub finding: String,
    /// The heads of the columns: two faults, present or repaired.
    pub columns: Vec<[Mark; 2]>,
    /// The rows, each with its head.
    pub rows: Vec<([Mark; 2], Vec<Cell>)>,
    /// Each fault's share; none if there is nothing to share out.
    pub shares: Option<Vec<Share>>,
    /// What there is to share out.
    pub whole: Usd,
    /// The smallest sets of repairs with which availability is never lost.
    pub sets: Vec<String>,
}

/// A fault, present or repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The fault in a word.
    pub name: &'static str,
    /// Whether it is there.
    pub is_present: bool,
}

/// A combination.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What is lost.
    pub figure: String,
    /// The same in full.
    pub full: String,
    /// How dark it is, from 0 to 10 by its part of the largest loss.
    pub shade: String,
    /// Whether availability was lost.
    pub is_outage: bool,
}

/// A fault's Shapley share.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The fault.
    pub name: String,
    /// Its share in words.
    pub share: String,
    /// In dollars.
    pub usd: String,
    /// How long its bar is, of a hundred.
    pub bar: String,
}

impl Sixteen {
    /// The replays of all combinations, by their number: one bit for each fault that is present.
    pub fn of(replays: &[&Replayed; COALITIONS]) -> Self {
        let losses: [f64; COALITIONS] = from_fn(|present| loss(replays[present]));
        let game = Game::new(losses);
        let largest = losses.iter().copied().fold(0.0, f64::max);
        let pairs = || [(true, true), (true, false), (false, true), (false, false)];
        let marks = |names: [&'static str; 2], (one, other): (bool, bool)| {
            [Mark { name: names[0], is_present: one }, Mark { name: names[1], is_present: other }]
        };
        let cell = |row: (bool, bool), column: (bool, bool)| {
            let present = [row.0, row.1, column.0, column.1];
            let number = (0..PLAYERS).filter(|player| present[*player]).map(bit).sum::<usize>();
            let usd = losses[number];
            let shade = if largest > 0.0 { (usd / largest * SHADES).round() } else { 0.0 };
            Cell {
                figure: thousands(usd),
                full: Usd(usd).to_string(),
                shade: format!("{shade:.0}"),
                is_outage: replays[number].outcome.lost_s.is_some(),
            }
        };
        let row = |row| (marks(["rendering", "errors"], row), pairs().map(|column| cell(row, column)).into());
        let outages = replays.iter().filter(|replay| replay.outcome.lost_s.is_some()).count();
        Self {
            finding: finding_of(outages),
            columns: pairs().map(|column| marks(["health", "telemetry"], column)).into(),
            rows: pairs().map(row).into(),
            shares: game.shares().map(|shares| share_rows(&shares, &game)),
            whole: Usd(game.whole()),
            sets: sets(replays),
        }
    }
}

fn finding_of(outages: usize) -> String {
    match outages {
        0 => "In none of the sixteen combinations is availability lost".to_owned(),
        COALITIONS => {
            "Availability is lost in all sixteen combinations: no repair of these four prevents it".to_owned()
        }
        1 => "Availability is lost in one of the sixteen combinations".to_owned(),
        outages => format!("Availability is lost in {outages} of the sixteen combinations"),
    }
}

fn share_rows(shares: &[f64; PLAYERS], game: &Game) -> Vec<Share> {
    let values = game.shapley();
    let row = |(player, factor): (usize, ContributingFactor)| Share {
        name: fault(factor),
        share: percent(shares[player]),
        usd: Usd(values[player]).to_string(),
        bar: format!("{:.1}", (shares[player] * 100.0).clamp(0.0, 100.0)),
    };
    ContributingFactor::LATENT_FAULTS.into_iter().enumerate().map(row).collect()
}

fn sets(replays: &[&Replayed; COALITIONS]) -> Vec<String> {
    let sets = smallest_repairs(|present| replays[present].outcome.lost_s.is_none());
    let words = |repaired: usize| {
        let faults = (0..PLAYERS).filter(|player| repaired & bit(*player) != 0);
        let names: Vec<String> =
            faults.map(|player| fault(ContributingFactor::LATENT_FAULTS[player])).collect();
        if names.is_empty() {
            "nothing has to be repaired".to_owned()
        } else {
            debrief::figures::list(&names)
        }
    };
    sets.into_iter().map(words).collect()
}

/// The combination as it was, and with one repair.
pub fn with_repair(player: usize) -> [usize; 2] {
    [ALL, ALL & !bit(player)]
}

#[cfg(test)]
mod tests {
    use chassis::LatentFault;

    use super::*;
    use crate::debrief::sample::{self, Sample};

    /// What a replay would be that loses so much.
    fn replayed(usd: f64) -> Replayed {
        let sample = Sample::new();
        let lived = sample.lived();
        let mut outcome = sample::of(&lived, 1, 1).outcome.clone();
        outcome.incident_financial_loss_usd = Usd(usd);
        outcome.lost_s = (usd > 0.0).then_some(300.0);
        Replayed { outcome, tallies: Vec::new() }
    }

    #[test]
    fn each_latent_fault_can_be_repaired_once() {
        for (place, choice) in choices().into_iter().enumerate() {
            assert_eq!(player(choice.id), Some(place));
            assert!(!choice.title.is_empty() && choice.means.ends_with('.'), "{choice:?}");
            assert_eq!(LatentFault::ALL[place].name(), choice.id);
        }
        assert_eq!(player("slow-storage"), None);
        assert_eq!(with_repair(1), [0b1111, 0b1101]);
    }

    #[test]
    fn a_repair_is_told_by_what_it_would_have_saved() {
        let check = |before: f64, after: f64, expected: &str| {
            let told = finding(0, &replayed(before), &replayed(after));
            assert!(told.contains(expected), "{told}");
        };
        check(900_000.0, 0.0, "saved $900,000 of $900,000: availability would never have been lost");
        check(900_000.0, 300_000.0, "saved $600,000 of $900,000");
        check(900_000.0, 900_000.2, "changed nothing in the replay: $900,000 both times");
        check(900_000.0, 950_000.0, "cost $50,000 more than the $900,000");
    }

    #[test]
    fn the_sixteen_say_which_repairs_are_enough_and_share_the_loss_out() {
        // Lost with the first two present, twice as much with the third.
        let loss = |present: usize| match present & 0b111 {
            0b011 => 400_000.0,
            0b111 => 800_000.0,
            _ => 0.0,
        };
        let all: [Replayed; COALITIONS] = from_fn(|present| replayed(loss(present)));
        let sixteen = Sixteen::of(&from_fn(|present| &all[present]));
        assert_eq!(sixteen.finding, "Availability is lost in 4 of the sixteen combinations");
        assert_eq!(sixteen.sets, ["invalid rendering", "poor error handling"]);
        let shares = sixteen.shares.unwrap();
        assert_eq!(
            (shares[0].share.clone(), shares[3].share.clone()),
            (shares[1].share.clone(), percent(0.0))
        );
        let first = &sixteen.rows[0].1[0];
        assert_eq!((first.figure.as_str(), first.shade.as_str(), first.is_outage), ("$800k", "10", true));
        assert_eq!(sixteen.rows[3].1[3].shade, "0");
        // Where the four have no part, there is nothing to share out.
        let same = replayed(500_000.0);
        let none = Sixteen::of(&[&same; COALITIONS]);
        assert!(none.shares.is_none() && none.sets.is_empty() && none.finding.contains("all sixteen"));
    }
}
