//! Availability over the story in a few combinations, a lane for each kind of page. Teaches to show each route by itself: a mean over routes
//! would hide that some pages never failed.

use std::collections::BTreeSet;

use incident::{ContributingFactor, Tally, Usd};
use report::chain::{Availability, ChainReport, RouteAvailability};

use crate::{
    chart::Table,
    figures::{fault, list, percent, time},
    plot::{
        WIDTH,
        visits::{Band, LANE, Lane, Plot, marks},
    },
};

const MINUTE_S: i32 = 60;
const HOUR_S: i32 = 3_600;

pub(super) fn plot(combination: &Availability, report: &ChainReport) -> String {
    let lane = |RouteAvailability { route, minutes }: &RouteAvailability| Lane {
        name: route.name().to_owned(),
        visits: minutes
            .iter()
            .map(|minute| (f64::from(minute.0), f64::from(minute.0 + MINUTE_S), tally(minute)))
            .collect(),
        height: LANE,
    };
    let band = Band {
        lanes: combination.routes.iter().map(lane).collect(),
        marks: marks([(combination.lost_s, "lost"), (combination.restored_s, "restored")]),
        ..Band::default()
    };
    let story = incident::Story::default();
    let (title, lost) = (repaired(combination), lost(combination));
    let plot = Plot {
        bands: &[band],
        watched: (story.story_s(report.starts), story.story_s(report.ends)),
        minutes: None,
        description: &format!("{title}: {lost}. {}", spoken(combination)),
    };
    plot.svg(WIDTH)
}

/// The title over all panels: which single repairs keep every page up.
pub(super) fn finding(combinations: &[Availability]) -> String {
    let alone: Vec<_> =
        combinations.iter().filter_map(|one| Some((fault(repaired_alone(one)?), one.lost_s))).collect();
    let kept: Vec<_> =
        alone.iter().filter(|(_, lost_s)| lost_s.is_none()).map(|(repaired, _)| repaired).collect();
    if combinations.first().is_some_and(|all| all.lost_s.is_none()) {
        "No page was ever lost".to_owned()
    } else if kept.is_empty() {
        "No single repair keeps every page up".to_owned()
    } else {
        format!(
            "Repaired alone, {} of {} faults keep every page up: {}",
            kept.len(),
            alone.len(),
            list(&kept)
        )
    }
}

pub(super) fn csv(combinations: &[Availability]) -> String {
    let mut table = Table::new(&["repaired", "route", "story_s", "served", "degraded", "failed"]);
    for combination in combinations {
        for RouteAvailability { route, minutes } in &combination.routes {
            table.rows.extend(minutes.iter().map(|(story_s, served, degraded, failed)| {
                let counts = [*served, *degraded, *failed].map(|count| count.to_string());
                let what = [repaired(combination), route.name().to_owned(), story_s.to_string()];
                [what, counts].concat()
            }));
        }
    }
    table.csv()
}

pub(super) fn lost(combination: &Availability) -> String {
    match combination.loss_usd {
        usd if usd > 0.0 => format!("{} lost", Usd(usd)),
        _ => "nothing lost".to_owned(),
    }
}

pub(super) fn repaired(combination: &Availability) -> String {
    match (repaired_alone(combination), combination.faults_present.is_empty()) {
        (Some(repaired), _) => format!("Only {} repaired", fault(repaired)),
        (None, true) => "All four repaired".to_owned(),
        (None, false) => "All four present".to_owned(),
    }
}

fn repaired_alone(combination: &Availability) -> Option<ContributingFactor> {
    let absent = |fault: &&ContributingFactor| !combination.faults_present.contains(fault);
    let mut absent = ContributingFactor::LATENT_FAULTS.iter().filter(absent);
    absent.next().filter(|_| absent.next().is_none()).copied()
}

fn spoken(combination: &Availability) -> String {
    let Some(lost_s) = combination.lost_s else { return "Availability was never lost.".to_owned() };
    let restored = combination
        .restored_s
        .map_or("not restored by the end".to_owned(), |at_s| format!("restored at {}", time(at_s)));
    format!("Availability was lost at {} and {restored}.", time(lost_s))
}

fn tally(&(_, served, degraded, failed): &(i32, u64, u64, u64)) -> Tally {
    Tally { served, degraded, failed }
}

/// Availability of each kind of page by the hour.
pub(super) fn by_hour(combination: &Availability) -> Table {
    let hour_of = |minute: &(i32, u64, u64, u64)| minute.0.div_euclid(HOUR_S);
    let hours: BTreeSet<i32> =
        combination.routes.iter().flat_map(|route| &route.minutes).map(hour_of).collect();
    let cell = |hour: i32, route: &RouteAvailability| {
        let minutes = route.minutes.iter().filter(|minute| hour_of(minute) == hour);
        minutes.map(tally).sum::<Tally>().availability().map_or("-".to_owned(), percent)
    };
    let mut table = Table::new(&["from"]);
    table.columns.extend(combination.routes.iter().map(|route| route.route.to_string()));
    for hour in hours {
        let cells = combination.routes.iter().map(|route| cell(hour, route));
        table.rows.push([time(f64::from(hour * HOUR_S))].into_iter().chain(cells).collect());
    }
    table
}
