//! Availability over the morning, a lane for each kind of page: what was served stands at the bottom, what
//! was degraded on it, what failed above. Teaches to show each route by itself: their mean would hide that
//! some pages never failed.

use std::{collections::BTreeSet, fmt::Write};

use incident::{ContributingFactor, Route, Story, TimeOfDay, Usd};

use crate::{
    figures::{self, fault, list, percent, time},
    plot::{Scale, WIDTH},
};
use report::chain::{Morning, RouteMorning};

/// Where lanes begin and end, and how high they are.
const LANES: (f64, f64) = (64.0, WIDTH - 8.0);
const LANE_HEIGHT: f64 = 34.0;
const LANE_EVERY: f64 = 44.0;
const FIRST_LANE: f64 = 22.0;

const MINUTE_S: i32 = 60;
const HOUR_S: i32 = 3_600;

/// One morning as a plot, with its title and its table.
pub(super) struct Plot {
    /// The finding: what was repaired, and what was lost.
    pub(super) who: String,
    pub(super) lost: String,
    /// The same for those who do not see it.
    pub(super) description: String,
    pub(super) lanes: Vec<Lane>,
    pub(super) ticks: Vec<Tick>,
    pub(super) rules: Vec<Tick>,
    /// The height of lanes and axis.
    pub(super) height: f64,
    /// By the hour: the hour, and each route's availability.
    pub(super) hours: Vec<(String, Vec<String>)>,
}

pub(super) struct Lane {
    pub(super) name: String,
    pub(super) top: f64,
    pub(super) middle: f64,
    pub(super) height: f64,
    pub(super) from: f64,
    pub(super) width: f64,
    pub(super) available: String,
    pub(super) served: String,
    pub(super) line: String,
}

pub(super) struct Tick {
    pub(super) x: f64,
    pub(super) word: String,
    /// On which side of the line the word stands, so that two never meet.
    pub(super) anchor: &'static str,
}

impl Plot {
    pub(super) fn of(morning: &Morning, starts_s: f64, ends_s: f64) -> Self {
        let x = Scale { figures: (starts_s, ends_s), places: LANES };
        let lanes: Vec<Lane> =
            morning.routes.iter().enumerate().map(|(place, route)| Lane::of(route, place, x)).collect();
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a morning")]
        let hours = (0..=ends_s as i32).step_by(HOUR_S as usize);
        let ticks = hours.map(|story_s| Tick {
            x: x.at(story_s.into()),
            word: time(story_s.into()),
            anchor: "middle",
        });
        let rule = |story_s: f64, word: &str, anchor| Tick {
            x: x.at(story_s),
            word: format!("{word} {}", time(story_s)),
            anchor,
        };
        let fell = morning.lost_s.map(|at_s| rule(at_s, "lost", "start"));
        let restored = morning
            .restored_s
            .map(|at_s| rule(at_s, "restored", if at_s > ends_s / 2.0 { "end" } else { "start" }));
        // Two words over each other say nothing: a fall that is over at once is marked once.
        let is_short = morning
            .lost_s
            .zip(morning.restored_s)
            .is_some_and(|(lost, restored)| restored - lost < 0.4 * ends_s);
        let rules = if is_short {
            restored.into_iter().collect()
        } else {
            fell.into_iter().chain(restored).collect()
        };
        let (who, lost) = (who(morning), lost(morning));
        let description = format!("{who}: {lost}. {}", spoken(morning));
        let height = FIRST_LANE + LANE_EVERY * lanes.len() as f64 + 10.0;
        Self { who, lost, description, ticks: ticks.collect(), rules, height, hours: by_hour(morning), lanes }
    }
}

impl Lane {
    fn of(RouteMorning { route, minutes }: &RouteMorning, place: usize, x: Scale) -> Self {
        let top = FIRST_LANE + LANE_EVERY * place as f64;
        let y = Scale { figures: (0.0, 1.0), places: (top + LANE_HEIGHT, top) };
        let (mut available, mut served) = (Vec::new(), Vec::new());
        for (story_s, whole, degraded, failed) in minutes {
            let visits = (whole + degraded + failed) as f64;
            let (from, to) = (x.at(f64::from(*story_s)), x.at(f64::from(story_s + MINUTE_S)));
            available.push((from, to, y.at((whole + degraded) as f64 / visits)));
            served.push((from, to, y.at(*whole as f64 / visits)));
        }
        let from = available.first().map_or(LANES.0, |(from, ..)| *from);
        let to = available.last().map_or(from, |(_, to, _)| *to);
        let line = steps(&available);
        let area = |steps: String| {
            format!("M{from},{bottom}{}L{to},{bottom}Z", steps.replacen('M', "L", 1), bottom = y.at(0.0))
        };
        Self {
            name: route.name().to_owned(),
            top,
            middle: top + LANE_HEIGHT / 2.0 + 4.0,
            height: LANE_HEIGHT,
            from,
            width: to - from,
            served: area(steps(&served)),
            available: area(line.clone()),
            line,
        }
    }
}

/// The title over all mornings: what a single repair keeps up.
pub(super) fn finding(mornings: &[Morning]) -> String {
    let alone: Vec<_> =
        mornings.iter().filter_map(|morning| Some((repaired_alone(morning)?, morning))).collect();
    let kept: Vec<String> = alone
        .iter()
        .filter(|(_, morning)| morning.lost_s.is_none())
        .map(|(repaired, _)| fault(*repaired))
        .collect();
    if mornings.first().is_some_and(|all| all.lost_s.is_none()) {
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

/// The data behind all plots.
pub(super) fn csv(mornings: &[Morning]) -> String {
    let mut rows =
        vec![["repaired", "route", "story_s", "served", "degraded", "failed"].map(String::from).to_vec()];
    for morning in mornings {
        for RouteMorning { route, minutes } in &morning.routes {
            rows.extend(minutes.iter().map(|(story_s, served, degraded, failed)| {
                let figures =
                    [story_s.to_string(), served.to_string(), degraded.to_string(), failed.to_string()];
                [vec![who(morning), route.name().to_owned()], figures.to_vec()].concat()
            }));
        }
    }
    figures::csv_address(&rows)
}

fn lost(morning: &Morning) -> String {
    if morning.loss_usd > 0.0 { format!("{} lost", Usd(morning.loss_usd)) } else { "nothing lost".to_owned() }
}

fn who(morning: &Morning) -> String {
    match (repaired_alone(morning), morning.faults_present.is_empty()) {
        (Some(repaired), _) => format!("Only {} repaired", fault(repaired)),
        (None, true) => "All four repaired".to_owned(),
        (None, false) => "All four present".to_owned(),
    }
}

fn repaired_alone(morning: &Morning) -> Option<ContributingFactor> {
    let absent = |fault: &&ContributingFactor| !morning.faults_present.contains(fault);
    let mut absent = ContributingFactor::LATENT_FAULTS.iter().filter(absent);
    absent.next().filter(|_| absent.next().is_none()).copied()
}

fn spoken(morning: &Morning) -> String {
    let Some(lost_s) = morning.lost_s else { return "Availability was never lost.".to_owned() };
    let restored = morning
        .restored_s
        .map_or("not restored by the end".to_owned(), |at_s| format!("restored at {}", time(at_s)));
    format!("Availability was lost at {} and {restored}.", time(lost_s))
}

fn by_hour(morning: &Morning) -> Vec<(String, Vec<String>)> {
    let starts =
        morning.routes.iter().flat_map(|route| &route.minutes).map(|minute| minute.0.div_euclid(HOUR_S));
    let hours: BTreeSet<i32> = starts.collect();
    let in_hour = |hour: i32, route: &RouteMorning| {
        let minutes = route.minutes.iter().filter(|minute| minute.0.div_euclid(HOUR_S) == hour);
        let (available, visits) =
            minutes.fold((0_u64, 0_u64), |(available, visits), (_, served, degraded, failed)| {
                (available + served + degraded, visits + served + degraded + failed)
            });
        if visits > 0 { percent(available as f64 / visits as f64) } else { "-".to_owned() }
    };
    let row = |hour: i32| {
        (time(f64::from(hour * HOUR_S)), morning.routes.iter().map(|route| in_hour(hour, route)).collect())
    };
    hours.into_iter().map(row).collect()
}

/// A line that goes along each minute.
fn steps(minutes: &[(f64, f64, f64)]) -> String {
    let mut path = String::new();
    let mut last_y = f64::NAN;
    for (place, (from, to, y)) in minutes.iter().enumerate() {
        #[expect(clippy::float_cmp, reason = "both were rounded to a tenth")]
        if *y != last_y {
            let _ = if place == 0 { write!(path, "M{from},{y}") } else { write!(path, "H{from}V{y}") };
            last_y = *y;
        }
        if place + 1 == minutes.len() {
            let _ = write!(path, "H{to}");
        }
    }
    path
}

/// The columns of the tables.
pub(super) fn routes(mornings: &[Morning]) -> Vec<Route> {
    mornings.first().map_or_else(Vec::new, |morning| morning.routes.iter().map(|route| route.route).collect())
}

/// When customers come, and when the story ends, in story seconds.
pub(super) fn horizon(starts: TimeOfDay, ends: TimeOfDay) -> (f64, f64) {
    let story = Story::default();
    (story.story_s(starts), story.story_s(ends))
}
