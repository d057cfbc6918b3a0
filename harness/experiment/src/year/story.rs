//! The distribution of the story's time to restore: its incident with a central line at `dark`, in many worlds and with many draws of people.
//! Teaches that one incident has a distribution of times to restore, and that neither the world nor the people alone make it.
//!
//! A seed makes a world: one recording. The people answer a ticket sooner or later, send it back, or forget details. Their behaviour is drawn
//! many times, and every world gets the same draws.

use std::{io, num::NonZeroUsize};

use diagnosis::{
    Knowledge, Terms,
    operating::{Line, parameters::TABLE, ticket::seed_of},
    responder,
};
use futures_util::FutureExt;
use incident::{Level, OperatingModel, Story};
use report::year::{Cell, Table, YearReport};
use world::{
    scenario::{STORY, Scenario, scenario},
    tape::Tape,
};

use crate::{
    compare::{
        playback::{Diagnosis, HORIZON_S, Playback, PlaybackHands},
        statistics::{average, quantile},
    },
    sweep::{Watch, sweep},
    training::recorded,
};

/// The default number of worlds.
pub const SEEDS: NonZeroUsize = NonZeroUsize::new(24).expect("twenty-four is not zero");
const PEOPLE: usize = 50;
/// How long a morning is followed after the loss, in minutes.
const MINUTES_MAX: f64 = HORIZON_S / 60.0;

/// Where the minutes go, in the order in which they come.
const PARTS: [&str; 5] = [
    "until a complaint calls L1",
    "L1 looks and acts",
    "L2 looks and acts",
    "L3 looks and acts",
    "tickets wait, are handed over and come back",
];

/// Records the incident with these seeds, and lets many draws of people restore each recording. `None` if it was stopped.
pub fn story(
    seed: u64,
    seeds: NonZeroUsize,
    threads: NonZeroUsize,
    watch: Watch<'_>,
) -> io::Result<Option<YearReport>> {
    let (scenario, knowledge) =
        (scenario(STORY).expect("the library holds the story"), Knowledge::built_in());
    let numbers: Vec<u64> = (0..seeds.get() as u64).map(|step| seed + step).collect();
    let told = sweep(&numbers, threads, watch, |number| {
        morning(&scenario, *number, seed, &knowledge, watch).map(Some)
    })?;
    let told: Option<Vec<_>> = told.into_iter().collect();
    Ok(told.map(|told| report(seed, seeds, &told)))
}

/// Records one world, and returns its diagnosis by each draw of people.
fn morning(
    scenario: &Scenario,
    seed: u64,
    people_from: u64,
    knowledge: &Knowledge,
    watch: Watch<'_>,
) -> io::Result<Vec<Diagnosis>> {
    let tape = recorded(scenario, seed, &[], watch.stalled)?;
    let playback = Playback::new(scenario, &tape, &[], watch.stalled);
    let restored = |people: usize| {
        let hands = PlaybackHands::new(&playback, false, None, true)?;
        let who = seed_of(&format!("people {people}"), people_from);
        let terms = Terms { seed: Some(who), ..Terms::at(Level::Dark, OperatingModel::OpsRunIt) };
        responder::respond(&hands, knowledge, &terms).now_or_never().expect("hands on a playback never wait");
        Some(hands.diagnosis())
    };
    let told = (0..PEOPLE).filter_map(restored).collect();
    playback.finish()?;
    Ok(told)
}

/// Minutes from the loss to the restoration.
fn minutes(told: &Diagnosis) -> Option<f64> {
    told.restored_s.map(|restored_s| (restored_s - told.lost_s) / 60.0)
}

/// Minutes of each of [`PARTS`], up to the restoration or the end of the five hours.
fn parts(told: &Diagnosis) -> [f64; PARTS.len()] {
    let until_s = told.restored_s.unwrap_or(told.lost_s + HORIZON_S);
    let mut parts = [(told.called_s - told.lost_s) / 60.0, 0.0, 0.0, 0.0, 0.0];
    for stint in &told.worked {
        parts[1 + stint.line as usize] += (stint.to_s.min(until_s) - stint.from_s).max(0.0) / 60.0;
    }
    parts[1 + Line::ALL.len()] = (until_s - told.lost_s) / 60.0 - parts.iter().sum::<f64>();
    parts
}

/// Builds the report. `told` holds the diagnoses by world, then by draw of the people.
fn report(seed: u64, seeds: NonZeroUsize, told: &[Vec<Diagnosis>]) -> YearReport {
    let each = || told.iter().flatten();
    let parts: Vec<[f64; PARTS.len()]> = each().map(parts).collect();
    let all: Vec<Option<f64>> = each().map(minutes).collect();
    let sorted = sorted(all.iter().copied());
    let share = |count: usize| 100.0 * count as f64 / all.len().max(1) as f64;
    let is_in_time = |told: &&Diagnosis| told.restored_s.is_some_and(|at_s| at_s <= Tape::ends_s());
    let in_time = share(each().filter(is_in_time).count());
    let never = share(all.iter().filter(|minutes| minutes.is_none()).count());
    let worlds = told.iter().map(|world| median(world.iter()));
    let people = (0..PEOPLE).map(|who| median(told.iter().map(|world| &world[who])));
    let lost = told.iter().map(|world| world.first().map_or(0.0, |told| told.lost_s));
    let time = |story_s: f64| Story::default().time_at(story_s).to_string();
    let (first, last) = (lost.clone().fold(f64::INFINITY, f64::min), lost.fold(0.0, f64::max));
    let figure = |mean: f64| Cell::Figure { mean, band: None, digits: 0 };
    let at = |decile: u32| within(&sorted, f64::from(decile) / 10.0);
    let half = match at(5) {
        Some(minutes) => format!("half of all within {minutes:.0} minutes"),
        None => format!("no more than half within {MINUTES_MAX:.0} minutes"),
    };
    let mut deciles = Table::new(
        format!("{in_time:.0} % are restored by 13:00, {half}"),
        &format!(
            "{} mornings: {seeds} recordings of the world, with {PEOPLE} draws of the people each. Availability is lost between {} and {}; {never:.0} % are not restored \
             within {MINUTES_MAX:.0} minutes of it. The worlds\u{2019} medians lie between {}, the people\u{2019}s between {}.",
            all.len(),
            time(first),
            time(last),
            ends(worlds),
            ends(people)
        ),
        &["share of mornings, %", "restored within, min"],
    );
    let cell = |minutes: Option<f64>| minutes.map_or_else(|| Cell::Text(words(minutes)), figure);
    deciles =
        (0..=10).fold(deciles, |table, decile| table.with((decile * 10).to_string(), [cell(at(decile))]));
    let part = |place: usize| average(&parts.iter().map(|parts| parts[place]).collect::<Vec<_>>());
    let where_to = PARTS.iter().enumerate().map(|(place, what)| (*what, part(place)));
    let (what, most) =
        where_to.clone().max_by(|one, other| one.1.total_cmp(&other.1)).expect("there are parts");
    let about = "The mean of all mornings; those that are not restored count as five hours.";
    let parts = Table::new(
        format!("Most of it: {what}, {most:.0} minutes"),
        about,
        &["from the loss to restored", "min"],
    );
    let parts = where_to.fold(parts, |table, (what, mean)| table.with(what, [figure(mean)]));
    let about = "The table of the operating models, as it is. Countermeasures stand at 0: nobody takes them.";
    let columns = ["assumption", "value", "range", "from"];
    let assumed = Table::new("What was assumed of the lines of support".to_owned(), about, &columns);
    let assumed =
        TABLE.iter().filter(|about| !about.parameter.is_of_the_team()).fold(assumed, |table, about| {
            let [low, high] = about.range;
            let cells = [about.value.to_string(), format!("{low}-{high}"), about.source.to_owned()];
            table.with(format!("{}, {}", about.name, about.unit), cells.map(Cell::Text))
        });
    YearReport {
        seed,
        seeds: seeds.get(),
        title: "The story\u{2019}s clock: when a central line at dark restores the shop".to_owned(),
        kicker: format!("{STORY} · virtual time · {PEOPLE} draws of the people"),
        finding: finding(at(5), at(9), never, in_time),
        mornings: all,
        tables: vec![deciles, parts, assumed],
        rests_on: "The world: each seed is one recording of the incident, in which nobody acts; what a remedy does is recorded when somebody uses it. \
                   The people: how soon a ticket is answered, whether it comes back, what is forgotten, whether L3 has telemetry; the same ones in \
                   every world. Nothing was fitted to the five hours from 08:00 to 13:00."
            .to_owned(),
        assumed: vec!["The minutes of the model responder\u{2019}s looks and remedies, and the complaint that calls L1.".to_owned()],
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: format!("glyphfall year --story --seed {seed} --seeds {seeds}"),
    }
}

/// The finding in a sentence: half and nine of ten of the mornings, as far as they are restored while they are followed, and the shares in percent
/// that never are, and that are by 13:00.
fn finding(half: Option<f64>, nine_of_ten: Option<f64>, never: f64, in_time: f64) -> String {
    let first = match half {
        Some(minutes) => format!("Half of the mornings are restored within {minutes:.0} minutes of the loss"),
        None => {
            format!(
                "No more than half of the mornings are restored within {MINUTES_MAX:.0} minutes of the loss"
            )
        }
    };
    let then = match (half, nine_of_ten) {
        (_, Some(minutes)) => format!(", nine of ten within {minutes:.0}"),
        (Some(_), None) => format!(", {never:.0} % not within {MINUTES_MAX:.0}"),
        (None, None) => String::new(),
    };
    format!("{first}{then}, and {in_time:.0} % by 13:00, when the outage ended that really happened.")
}

/// The minutes within which this share is restored; `None` if some of that share is not restored while it is followed.
fn within(sorted: &[f64], share: f64) -> Option<f64> {
    // Between a morning that was restored and one that was not, interpolation gives infinity, or no number at all.
    Some(quantile(sorted, share)).filter(|minutes| minutes.is_finite())
}

fn words(minutes: Option<f64>) -> String {
    minutes.map_or_else(|| format!("more than {MINUTES_MAX:.0}"), |minutes| format!("{minutes:.0}"))
}

/// The sorted minutes. A morning that was not restored comes last.
fn sorted(minutes: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
    let mut sorted: Vec<f64> = minutes.map(|minutes| minutes.unwrap_or(f64::INFINITY)).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median<'a>(told: impl Iterator<Item = &'a Diagnosis>) -> Option<f64> {
    within(&sorted(told.map(minutes)), 0.5)
}

fn ends(medians: impl Iterator<Item = Option<f64>>) -> String {
    let sorted = sorted(medians);
    format!("{} and {}", words(within(&sorted, 0.0)), words(within(&sorted, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report on one world whose mornings are restored after these minutes.
    fn of_mornings(minutes: impl Fn(usize) -> Option<f64>) -> YearReport {
        let morning = |who| Diagnosis {
            restored_s: minutes(who).map(|minutes| minutes * 60.0),
            ..Diagnosis::default()
        };
        report(1, NonZeroUsize::MIN, &[(0..PEOPLE).map(morning).collect()])
    }

    #[test]
    fn what_is_never_restored_has_no_time() {
        let check = |never: usize, expected: &str| {
            let report = of_mornings(|who| (who >= never).then_some(60.0));
            assert!(report.finding.starts_with(expected), "{never}: {}", report.finding);
            let last = &report.tables[0].rows[10].1[0];
            assert_eq!(last.text() == "more than 300", never > 0, "{never}: {last:?}");
            let about = &report.tables[0].about;
            assert!(about.contains(&format!("{:.0} % are not restored", never as f64 * 2.0)), "{about}");
        };
        check(
            0,
            "Half of the mornings are restored within 60 minutes of the loss, nine of ten within 60, and",
        );
        check(
            4,
            "Half of the mornings are restored within 60 minutes of the loss, nine of ten within 60, and",
        );
        check(
            10,
            "Half of the mornings are restored within 60 minutes of the loss, 20 % not within 300, and",
        );
        check(40, "No more than half of the mornings are restored within 300 minutes of the loss, and");
    }
}
