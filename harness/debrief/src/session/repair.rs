//! The repair that a team chooses afterwards, the same incident with and without it, and the sixteen combinations. Teaches that several
//! contributing factors could each have prevented or shortened the outage, and that 'which one was it' has no answer.

use askama::Template;
use incident::{
    ContributingFactor::{
        self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
    },
    Tally, Usd,
};
use report::session::{Combinations, Outlook, Played, outlook_of_repair};

use super::{instead, repair, round::Round};
use crate::{
    chain::prevented_by,
    chart::{Chart, Table},
    figures::{fault, list, percent, time},
    grid::Grid,
    plot::visits::{Band, Lane, Plot, marks},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub fault: ContributingFactor,
    pub title: &'static str,
    pub means: &'static str,
}

/// All repairs, in the order of the latent faults.
pub const CHOICES: [Choice; 4] = [
    Choice {
        fault: InvalidRendering,
        title: "Write text by the rules of its place",
        means: "The content store refuses what it cannot hand out intact and says why, and every answer and page escapes what editors typed.",
    },
    Choice {
        fault: PoorErrorHandling,
        title: "Tell errors that will pass from those that will not",
        means: "A request that can never succeed is not retried for ever. Waiting, retries and work under way have limits, and a page does \
                without a part that is missing.",
    },
    Choice {
        fault: MissingHealthCheck,
        title: "Ask services whether they can work",
        means: "The cache reports that it can no longer work; the web front asks it, and goes around it.",
    },
    Choice {
        fault: InadequateTelemetry,
        title: "Export what the services know",
        means: "Causes, rates, traces and changes leave the services. It tells people more, and does nothing for customers by itself.",
    },
];

#[derive(Clone, Debug, Template)]
#[template(path = "session-repair.html")]
pub(super) struct Repair<'a> {
    round: &'a Round<'a>,
    chosen: Option<Choice>,
    may_choose: bool,
    plot: Option<Chart>,
    instead: Option<String>,
    /// What the team expected of the repair, and whether it was right.
    expected: Option<String>,
    /// None while they must stay hidden, or are not computed.
    combinations: Option<&'a Combinations>,
    combinations_instead: Option<String>,
}

impl<'a> Repair<'a> {
    /// None if nothing is computed for the round.
    pub(super) fn of(round: &'a Round<'a>, may_choose: bool) -> Option<Self> {
        let computed = round.computed.as_ref()?;
        let chosen = round.repair.and_then(choice);
        let replays = match &computed.replays {
            Some(Ok(replays)) => Some(replays),
            _ => None,
        };
        Some(Self {
            round,
            may_choose: may_choose && chosen.is_none(),
            plot: chosen.as_ref().zip(replays).map(|(chosen, replays)| both(chosen, replays)),
            expected: round.repair_expected.as_ref().map(|expected| {
                let came = replays.map_or("", |replays| {
                    let is_so = outlook_of_repair(replays) == expected.outlook;
                    if is_so { ": so it was" } else { ": it was not so" }
                });
                format!("You expected that {}{came}.", of_repair(expected.outlook))
            }),
            chosen,
            instead: computed.replays.as_ref().and_then(instead),
            combinations: match &computed.combinations {
                Some(Ok(combinations)) => Some(combinations),
                _ => None,
            },
            combinations_instead: computed.combinations.as_ref().and_then(instead),
        })
    }
}

fn of_repair(outlook: Outlook) -> &'static str {
    match outlook {
        Outlook::Back => "it prevents the outage",
        Outlook::Better => "less is lost",
        Outlook::Same => "it changes nothing",
        Outlook::Worse => "more is lost",
    }
}

fn choice(repair: ContributingFactor) -> Option<Choice> {
    CHOICES.into_iter().find(|choice| choice.fault == repair)
}

/// What a repair would have changed, in a sentence.
fn finding(choice: &Choice, [before, after]: [f64; 2], lost: [bool; 2]) -> String {
    let title = choice.title;
    if choice.fault == InadequateTelemetry {
        return format!(
            "\u{201c}{title}\u{201d} cannot be measured in a replay: it tells people more, and in a replay they do what they did"
        );
    }
    let end = if lost == [true, false] { ": availability would never have been lost" } else { "" };
    if (before - after).abs() < 1.0 {
        let before = Usd(before);
        format!("\u{201c}{title}\u{201d} would have changed nothing in the replay: {before} both times")
    } else if after < before {
        format!("\u{201c}{title}\u{201d} would have saved {} of {}{end}", Usd(before - after), Usd(before))
    } else {
        let more = Usd(after - before);
        format!("\u{201c}{title}\u{201d} would have cost {more} more than the {} as it was", Usd(before))
    }
}

/// The incident as it was, and with the repair, on one axis.
fn both(choice: &Choice, replays: &[Played; 2]) -> Chart {
    let names = ["as it was", "with the repair"];
    let band = |(name, replay): (&str, &Played)| Band {
        title: format!("Replayed {name}: {}", Usd(replay.loss_usd())),
        lanes: vec![Lane { name: String::new(), visits: replay.visits.tallies(None), height: 62.0 }],
        marks: marks([(replay.outcome.lost_s, "lost"), (replay.outcome.restored_s, "restored")]),
        ..Band::default()
    };
    let bands: Vec<Band> = names.into_iter().zip(replays).map(band).collect();
    let row = |(name, replay): (&str, &Played)| {
        let [lost, restored] =
            [replay.outcome.lost_s, replay.outcome.restored_s].map(|at_s| at_s.map_or("-".to_owned(), time));
        let all: Tally = replay.visits.spans.iter().map(|span| span.all).sum();
        let available = all.availability().map_or("-".to_owned(), percent);
        let loss = replay.outcome.incident_financial_loss_usd.to_string();
        [name.to_owned(), lost, restored, available, loss]
    };
    let columns = ["replay", "lost", "restored", "availability", "loss"];
    let table = Table::of(&columns, names.into_iter().zip(replays).map(row));
    let [one, other] = replays.each_ref().map(|replay| replay.visits.watched);
    let plot = Plot {
        bands: &bands,
        watched: (one.0.min(other.0), one.1.max(other.1)),
        minutes: None,
        description: "Availability over the story in both replays. The table holds the figures.",
    };
    Chart {
        depth: 4,
        title: finding(
            choice,
            replays.each_ref().map(Played::loss_usd),
            replays.each_ref().map(|replay| replay.outcome.lost_s.is_some()),
        ),
        subtitle: "The identical incident twice in virtual time, with your own remedies at your own times of the story. Your own round ran \
                   live, with other visits: it is compared with neither."
            .to_owned(),
        plots: plot.both().into(),
        table,
        ..Chart::default()
    }
}

/// A sentence on the number of combinations in which availability is lost.
fn lost_in(combinations: &Combinations) -> String {
    match combinations.lost.iter().filter(|lost| **lost).count() {
        0 => "In none of the sixteen combinations is availability lost".to_owned(),
        1 => "Availability is lost in one of the sixteen combinations".to_owned(),
        16 => {
            "Availability is lost in all sixteen combinations: no repair of these four prevents it".to_owned()
        }
        outages => format!("Availability is lost in {outages} of the sixteen combinations"),
    }
}

fn grid(combinations: &Combinations) -> Grid {
    Grid::of(|present| {
        let number: usize =
            present.iter().enumerate().map(|(place, present)| usize::from(*present) << place).sum();
        let lost = combinations.lost.get(number).copied().unwrap_or_default();
        let usd = combinations.losses_usd.get(number).copied();
        (usd, if lost { "lost" } else { "held" }.to_owned())
    })
}

/// The smallest sets of repairs that prevent the outage.
fn prevented(combinations: &Combinations) -> String {
    let sets = combinations.smallest_sets.iter().filter(|set| !set.is_empty());
    let sets: Vec<String> = sets.map(|set| list(set.iter().copied().map(fault))).collect();
    let which = if sets.is_empty() { String::new() } else { format!(": {}", sets.join("; or ")) };
    format!("{}{which}.", prevented_by(&combinations.smallest_sets))
}

/// For each fault its name, its share of the loss, the share in dollars, and the length of its bar from 0 to 100. Only the name if a replay
/// cannot measure the fault. None if there is no loss to share out.
fn shares(combinations: &Combinations) -> Option<Vec<[String; 4]>> {
    let row = |(factor, share): (ContributingFactor, &Option<(f64, f64)>)| {
        let Some((share, usd)) = share else {
            return [fault(factor), String::new(), String::new(), String::new()];
        };
        let bar = format!("{:.1}", (share * 100.0).clamp(0.0, 100.0));
        [fault(factor), percent(*share), Usd(*usd).to_string(), bar]
    };
    let shares = combinations.shares.as_ref()?;
    Some(ContributingFactor::LATENT_FAULTS.into_iter().zip(shares).map(row).collect())
}

/// The repair that a team chose, and its result.
pub(super) fn spent(round: &Round<'_>) -> (&'static str, String) {
    let Some(chosen) = round.repair.and_then(choice) else { return ("not spent yet", String::new()) };
    let came = match round.computed.as_ref().and_then(|computed| computed.replays.as_ref()) {
        Some(Ok(_)) if chosen.fault == InadequateTelemetry => "cannot be measured in a replay".to_owned(),
        Some(Ok([before, after])) => {
            format!("{} instead of {}", Usd(after.loss_usd()), Usd(before.loss_usd()))
        }
        pending => pending.and_then(instead).unwrap_or_default(),
    };
    (chosen.title, came)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_latent_fault_can_be_repaired() {
        assert_eq!(CHOICES.map(|choice| choice.fault), ContributingFactor::LATENT_FAULTS);
    }

    #[test]
    fn a_repair_is_told_by_what_it_would_have_saved() {
        let check = |before: f64, after: f64, expected: &str| {
            let told = finding(&CHOICES[0], [before, after], [before > 0.0, after > 0.0]);
            assert!(told.contains(expected), "{told}");
        };
        check(900_000.0, 0.0, "saved $900,000 of $900,000: availability would never have been lost");
        check(900_000.0, 300_000.0, "saved $600,000 of $900,000");
        check(900_000.0, 900_000.2, "changed nothing in the replay: $900,000 both times");
        let telemetry = finding(&CHOICES[3], [900_000.0, 900_000.0], [true, true]);
        assert!(telemetry.contains("cannot be measured in a replay"), "{telemetry}");
        check(900_000.0, 950_000.0, "cost $50,000 more than the $900,000");
    }

    #[test]
    fn the_sixteen_say_which_repairs_are_enough_and_share_the_loss_out() {
        // A loss if the first two faults are present, and twice the loss with the third.
        let loss = |present: usize| match present & 0b111 {
            0b011 => 400_000.0,
            0b111 => 800_000.0,
            _ => 0.0,
        };
        let combinations = Combinations {
            losses_usd: (0..16).map(loss).collect(),
            lost: (0..16).map(|present| loss(present) > 0.0).collect(),
            shares: Some(vec![Some((0.4, 320_000.0)), Some((0.4, 320_000.0)), Some((0.2, 160_000.0)), None]),
            whole_usd: 800_000.0,
            smallest_sets: vec![vec![InvalidRendering], vec![PoorErrorHandling]],
            views_per_second: 1.0,
        };
        assert_eq!(lost_in(&combinations), "Availability is lost in 4 of the sixteen combinations");
        let either = "Either of two repairs alone prevents it: invalid rendering; or poor error handling.";
        assert_eq!(prevented(&combinations), either);
        let shares = shares(&combinations).unwrap();
        assert_eq!(shares[2], ["missing health check", "20.0\u{a0}%", "$160,000", "20.0"]);
        assert_eq!(shares[3], ["inadequate telemetry", "", "", ""], "a replay cannot measure it");
        let grid = grid(&combinations);
        let first = &grid.rows[0].1[0];
        assert_eq!(
            (first.figure.as_str(), first.shade.as_str(), first.outages.as_str()),
            ("$800k", "10", "lost")
        );
        assert_eq!(grid.rows[0].1[2].figure, "$400k", "without the third");
        assert_eq!(grid.rows[3].1[3].shade, "0");
        let none =
            Combinations { shares: None, lost: vec![true; 16], smallest_sets: Vec::new(), ..combinations };
        assert!(super::shares(&none).is_none() && prevented(&none).starts_with("No set"));
        assert!(lost_in(&none).contains("all sixteen"));
    }
}
