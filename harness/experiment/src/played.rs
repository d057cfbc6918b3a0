//! One incident, played in virtual time on one thread, and what an experiment keeps of it. Of a record only a
//! few numbers are kept: a hundred records would be a gigabyte.

use std::{collections::BTreeMap, io, pin::pin, sync::atomic::Ordering, time::Duration};

use incident::{EventKind, IncidentRecord, Route, StoryClock, Tally, Timeline, Visits, money};
use tokio::{select, time::sleep};
use world::{
    play::{PlayOptions, Played, play},
    scenario::Scenario,
    virtual_time::{self, STALLED_AFTER},
};

use crate::sweep::Watch;

/// The width of the bins that visits are kept in. A minute is finer than five hours on a page can show.
pub const BIN_S: u32 = 60;

/// How often, in virtual time, an incident looks whether it shall stop: some milliseconds of the machine's.
const LOOKS_EVERY: Duration = Duration::from_secs(30);

/// What is kept of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentResult {
    /// The trade lost, in dollars.
    pub loss_usd: f64,
    /// The trade that had been lost when the time given to [`play_incident`] was over; all of it if it never was.
    pub loss_so_far_usd: f64,
    /// The trade lost with the model responder; where availability was never lost, nobody was called.
    pub loss_with_model_usd: f64,
    /// When the last thing began that the scenario lets happen, in story seconds.
    pub begun_s: f64,
    pub lost_s: Option<f64>,
    /// How many remedies were tried.
    pub remedies: usize,
    /// When the last visit had begun: nobody watched any more.
    pub watched_until_s: f64,
    /// When availability was restored and not lost again.
    pub restored_s: Option<f64>,
    /// Visits by bin and route, in that order; bins in which nobody came on a route are left out.
    pub bins: Vec<Bin>,
}

/// The visits of [`BIN_S`] seconds on one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// When it begins, in whole story seconds.
    pub story_s: i32,
    pub route: Route,
    pub visits: Tally,
}

/// Plays one incident in virtual time on this thread; none if it was stopped. `so_far` is the time after the
/// loss at which [`IncidentResult::loss_so_far_usd`] is read.
///
/// # Errors
///
/// When a service does not start.
pub fn play_incident(
    scenario: &Scenario,
    options: &PlayOptions,
    so_far: Option<Duration>,
    watch: Watch<'_>,
) -> io::Result<Option<IncidentResult>> {
    let what = format!("{} with seed {}", scenario.name, options.seed);
    let stalled = watch.stalled;
    let stopped = async {
        while !watch.stop.load(Ordering::Relaxed) {
            sleep(LOOKS_EVERY).await;
        }
    };
    let work = async {
        let mut played = pin!(play(scenario, options));
        select! {
            biased;
            played = &mut played => played.map(Some),
            () = stopped => Ok(None),
        }
    };
    let played = virtual_time::run(work, STALLED_AFTER, move || stalled(&what))??;
    Ok(played.map(|Played { record, drawn, .. }| IncidentResult::of(&record, drawn.begun_story_s, so_far)))
}

impl IncidentResult {
    fn of(record: &IncidentRecord, begun_s: f64, so_far: Option<Duration>) -> Self {
        let outcome = &record.outcome;
        let clock = StoryClock::from_events(&record.events);
        let loss_usd = outcome.incident_financial_loss_usd.0;
        let until_s = outcome.lost_s.zip(so_far).map(|(lost_s, so_far)| lost_s + so_far.as_secs_f64());
        let loss_so_far_usd = until_s.map_or(loss_usd, |until_s| {
            let before = |row: &&Visits| clock.story_at(f64::from(row.at_s)) < until_s;
            let timeline = Timeline::new(record.availability.iter().filter(before));
            money::loss(&timeline, &clock, &record.run.story, record.run.rules.degraded_trade_lost)
                .to_cents()
                .0
        });
        let mut bins = BTreeMap::<(i32, Route), Tally>::new();
        for row in &record.availability {
            let began_s = clock.story_at(f64::from(row.at_s - row.at_s % BIN_S));
            bins.entry((whole(began_s), row.route)).or_default().add(row);
        }
        let bins = bins.into_iter().map(|((story_s, route), visits)| Bin { story_s, route, visits });
        Self {
            loss_usd,
            loss_so_far_usd,
            loss_with_model_usd: loss_usd,
            begun_s,
            lost_s: outcome.lost_s,
            remedies: record.events.iter().filter(|event| matches!(event.kind, EventKind::Remedy(_))).count(),
            watched_until_s: clock.story_at(f64::from(Timeline::new(&record.availability).end_s())),
            restored_s: restored_for_good_s(record, &clock),
            bins: bins.filter(|bin| bin.visits.visits() > 0).collect(),
        }
    }
}

/// When availability was restored and not lost again, in story seconds.
fn restored_for_good_s(record: &IncidentRecord, clock: &StoryClock) -> Option<f64> {
    let (timeline, rules) = (Timeline::new(&record.availability), &record.run.rules);
    let mut lost_s = timeline.lost_s(rules)?;
    loop {
        let restored_s = timeline.restored_s(lost_s, rules)?;
        match timeline.lost_again_s(restored_s, rules) {
            Some(again_s) => lost_s = again_s,
            None => return Some(clock.story_at(f64::from(restored_s))),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "story seconds of one morning")]
fn whole(story_s: f64) -> i32 {
    story_s.round() as i32
}
