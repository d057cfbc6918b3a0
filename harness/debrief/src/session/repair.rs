//! The repair that a team chooses afterwards, the same incident with and without it, and the sixteen combinations. Teaches that of many
//! contributing factors several could each have prevented or shortened the outage, and that 'which one was it' has no answer.

use askama::Template;
use incident::{
    ContributingFactor::{
        self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
    },
    Tally, Usd,
};
use report::session::{Combinations, Outlook, Pending, Played, outlook_of_repair};

use super::{instead, round::Round};
use crate::{
    chain::prevented_by,
    chart::{Chart, Table},
    figures::{fault, list, percent, time},
    grid::Grid,
    plot::visits::{Band, Lane, Plot},
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
        means: "What can never work is not tried for ever. Waiting, trying again and work in hand have limits, and a page does without a part \
                that is missing.",
    },
    Choice {
        fault: MissingHealthCheck,
        title: "Ask services whether they can work",
        means: "The cache says so when it can do nothing any more, and the web front asks it, and goes around it.",
    },
    Choice {
        fault: InadequateTelemetry,
        title: "Export what the services know",
        means: "Causes, rates, traces and changes leave the services. It tells people more, and does nothing for customers by itself.",
    },
];

#[derive(Clone, Debug, Template)]
#[template(path = "session-repair.html")]
pub(super) struct Repair {
    number: usize,
    choices: [Choice; 4],
    chosen: Option<Choice>,
    may_choose: bool,
    plot: Option<Chart>,
    instead: Option<String>,
    /// When the team argued for it, by whom, and why.
    argued: Option<(String, String)>,
    /// What the team expected of it, and whether that came.
    expected: Option<String>,
    /// None as long as they are not to be seen.
    combinations: Option<Shown>,
    combinations_instead: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Shown {
    finding: String,
    grid: Grid,
    /// For each fault its name, its share, its value, and how long its bar is, of a hundred; the name alone where a replay cannot measure it.
    /// None if there is nothing to share out.
    shares: Option<Vec<[String; 4]>>,
    whole: Usd,
    /// How few repairs prevent the outage, and which.
    prevented: String,
    views: f64,
}

impl Repair {
    /// None where nothing is computed.
    pub(super) fn of(round: &Round<'_>, may_choose: bool) -> Option<Self> {
        let computed = round.computed.as_ref()?;
        let chosen = round.repair.and_then(choice);
        let plot = match (&chosen, &computed.replays) {
            (Some(chosen), Some(Pending::Ready(replays))) => Some(both(chosen, replays)),
            _ => None,
        };
        let combinations = match &computed.combinations {
            Some(Pending::Ready(combinations)) => Some(Shown::of(combinations)),
            _ => None,
        };
        Some(Self {
            number: round.number,
            choices: CHOICES,
            may_choose: may_choose && chosen.is_none(),
            argued: round.argued.as_ref().map(|(at_s, by)| {
                let when = format!("{}, {by}", round.both_times(*at_s));
                let words = round.repair_expected.as_ref().and_then(|expected| expected.words.clone());
                (when, words.unwrap_or_default())
            }),
            expected: round.repair_expected.as_ref().map(|expected| {
                let came = match &computed.replays {
                    Some(Pending::Ready([before, after])) => {
                        let is_lost = after.outcome.lost_s.is_some();
                        let outlook = outlook_of_repair([before.loss_usd(), after.loss_usd()], is_lost);
                        if outlook == expected.outlook { ": so it was" } else { ": it was not so" }
                    }
                    _ => "",
                };
                format!("You expected that {}{came}.", of_repair(expected.outlook))
            }),
            chosen,
            plot,
            instead: computed.replays.as_ref().and_then(instead),
            combinations,
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
    let band = |(name, replay): (&str, &Played)| {
        let marks = [(replay.outcome.lost_s, "lost"), (replay.outcome.restored_s, "restored")];
        Band {
            title: format!("Replayed {name}: {}", Usd(replay.loss_usd())),
            lanes: vec![Lane { name: String::new(), visits: replay.visits.tallies(None), height: 62.0 }],
            marks: marks.into_iter().filter_map(|(at_s, word)| Some((at_s?, word))).collect(),
            ..Band::default()
        }
    };
    let bands: Vec<Band> = names.into_iter().zip(replays).map(band).collect();
    let mut table = Table::new(&["replay", "lost", "restored", "availability", "loss"]);
    for (name, replay) in names.into_iter().zip(replays) {
        let at = |at_s: Option<f64>| at_s.map_or("-".to_owned(), time);
        let all: Tally = replay.visits.spans.iter().map(|span| span.all).sum();
        table = table.with(vec![
            name.to_owned(),
            at(replay.outcome.lost_s),
            at(replay.outcome.restored_s),
            all.availability().map_or("-".to_owned(), percent),
            replay.outcome.incident_financial_loss_usd.to_string(),
        ]);
    }
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

impl Shown {
    fn of(combinations: &Combinations) -> Self {
        let number = |present: [bool; 4]| -> usize {
            present.iter().enumerate().map(|(place, present)| usize::from(*present) << place).sum()
        };
        let outages = combinations.lost.iter().filter(|lost| **lost).count();
        let row = |(factor, share): (ContributingFactor, &Option<(f64, f64)>)| {
            let Some((share, usd)) = share else {
                return [fault(factor), String::new(), String::new(), String::new()];
            };
            let bar = format!("{:.1}", (share * 100.0).clamp(0.0, 100.0));
            [fault(factor), percent(*share), Usd(*usd).to_string(), bar]
        };
        let rows = |shares: &Vec<Option<(f64, f64)>>| {
            ContributingFactor::LATENT_FAULTS.into_iter().zip(shares).map(row).collect()
        };
        let set = |set: &Vec<ContributingFactor>| list(&set.iter().copied().map(fault).collect::<Vec<_>>());
        let sets: Vec<String> =
            combinations.smallest_sets.iter().map(set).filter(|set| set != "none").collect();
        let which = if sets.is_empty() { String::new() } else { format!(": {}", sets.join("; or ")) };
        Self {
            finding: match outages {
                0 => "In none of the sixteen combinations is availability lost".to_owned(),
                1 => "Availability is lost in one of the sixteen combinations".to_owned(),
                16 => "Availability is lost in all sixteen combinations: no repair of these four prevents it"
                    .to_owned(),
                outages => format!("Availability is lost in {outages} of the sixteen combinations"),
            },
            grid: Grid::of(|present| {
                let lost = combinations.lost.get(number(present)).copied().unwrap_or_default();
                let usd = combinations.losses_usd.get(number(present)).copied();
                (usd, if lost { "lost" } else { "held" }.to_owned())
            }),
            shares: combinations.shares.as_ref().map(rows),
            whole: Usd(combinations.whole_usd),
            prevented: format!("{}{which}.", prevented_by(&combinations.smallest_sets)),
            views: combinations.views_per_second,
        }
    }
}

/// The repairs of all who had the same incident: who, what was chosen, what came of it, and where the team's own page is.
pub(super) fn spent(same: &[&Round<'_>], anyway: &str) -> Vec<[String; 4]> {
    let row = |round: &&Round<'_>| {
        let (chosen, came) = match round.repair.and_then(choice) {
            None => ("not spent yet", String::new()),
            Some(chosen) => match round.computed.as_ref().and_then(|computed| computed.replays.as_ref()) {
                Some(Pending::Ready([before, after])) => {
                    let came = if chosen.fault == InadequateTelemetry {
                        "cannot be measured in a replay".to_owned()
                    } else {
                        format!("{} instead of {}", Usd(after.loss_usd()), Usd(before.loss_usd()))
                    };
                    (chosen.title, came)
                }
                pending => (chosen.title, pending.and_then(instead).unwrap_or_default()),
            },
        };
        let page = format!("/desk/debrief/teams/{}{anyway}", round.team);
        let argued = if round.argued.is_some() { ", argued for in the round" } else { "" };
        [round.label(), format!("{chosen}{argued}"), came, page]
    };
    same.iter().map(row).collect()
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
        // Lost with the first two present, twice as much with the third.
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
        let shown = Shown::of(&combinations);
        assert_eq!(shown.finding, "Availability is lost in 4 of the sixteen combinations");
        let either = "Either of two repairs alone prevents it: invalid rendering; or poor error handling.";
        assert_eq!(shown.prevented, either);
        let shares = shown.shares.unwrap();
        assert_eq!(shares[2], ["missing health check", "20.0\u{a0}%", "$160,000", "20.0"]);
        assert_eq!(shares[3], ["inadequate telemetry", "", "", ""], "a replay cannot measure it");
        let first = &shown.grid.rows[0].1[0];
        assert_eq!(
            (first.figure.as_str(), first.shade.as_str(), first.outages.as_str()),
            ("$800k", "10", "lost")
        );
        assert_eq!(shown.grid.rows[0].1[2].figure, "$400k", "without the third");
        assert_eq!(shown.grid.rows[3].1[3].shade, "0");
        let none =
            Combinations { shares: None, lost: vec![true; 16], smallest_sets: Vec::new(), ..combinations };
        let none = Shown::of(&none);
        assert!(
            none.shares.is_none()
                && none.prevented.starts_with("No set")
                && none.finding.contains("all sixteen")
        );
    }
}
