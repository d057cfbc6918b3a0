//! Plays one incident in virtual time on one thread. An experiment keeps only a few numbers of each record: a
//! hundred records would be a gigabyte.

use std::{collections::BTreeMap, io, pin::pin, sync::atomic::Ordering, time::Duration};

use incident::{EventKind, IncidentRecord, Route, StoryClock, Tally, Timeline, Visits, money};
use report::chain::RouteAvailability;
use tokio::{select, time::sleep};
use world::{
    play::{PlayOptions, Played, play},
    scenario::Scenario,
    virtual_time::{self, STALLED_AFTER},
};

use crate::sweep::Watch;

/// The width of a bin of visits, in seconds of the shop. A minute is finer than a page can show of five hours.
pub const BIN_S: u32 = 60;

/// How often, in virtual time, an incident checks the stop flag. On the wall clock this is a few milliseconds.
const LOOKS_EVERY: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq)]
pub struct IncidentResult {
    pub loss_usd: f64,
    /// The trade lost by `so_far` after the loss, as given to [`play_incident`]. The whole loss if no time was given,
    /// or availability was never lost.
    pub loss_so_far_usd: f64,
    /// The trade lost with the model responder. Equals `loss_usd` if availability was never lost: nobody was called.
    pub loss_with_model_usd: f64,
    /// When the scenario's last event began, in story seconds.
    pub begun_s: f64,
    pub lost_s: Option<f64>,
    pub remedies: usize,
    /// When the observation ended, in story seconds: after the second of the last visit.
    pub watched_until_s: f64,
    /// When availability was restored and not lost again.
    pub restored_s: Option<f64>,
    /// Visits in bins of [`BIN_S`] seconds.
    pub routes: Vec<RouteAvailability>,
}

/// Plays one incident in virtual time on this thread; `None` if it was stopped. `so_far` is the time after the
/// loss at which [`IncidentResult::loss_so_far_usd`] is read.
pub fn play_incident(
    scenario: &Scenario,
    options: &PlayOptions,
    so_far: Option<Duration>,
    watch: Watch<'_>,
) -> io::Result<Option<IncidentResult>> {
    let played = play_whole(scenario, options, watch)?;
    Ok(played.map(|Played { record, drawn, .. }| IncidentResult::of(&record, drawn.begun_story_s, so_far)))
}

/// Plays one incident in the same way, and returns the whole record.
pub(crate) fn play_whole(
    scenario: &Scenario,
    options: &PlayOptions,
    watch: Watch<'_>,
) -> io::Result<Option<Played>> {
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
    virtual_time::run(work, STALLED_AFTER, move || stalled(&what))?
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
        let timeline = Timeline::new(&record.availability);
        let restored_s = timeline.outages(&record.run.rules).last().and_then(|(_, restored_s)| *restored_s);
        let mut bins = BTreeMap::<(Route, i32), Tally>::new();
        for row in &record.availability {
            let began_s = clock.story_at(f64::from(row.at_s - row.at_s % BIN_S));
            bins.entry((row.route, whole(began_s))).or_default().add(row);
        }
        let minutes = |route: Route| {
            let seen = bins.iter().filter(|((on, _), visits)| *on == route && visits.visits() > 0);
            seen.map(|((_, story_s), visits)| (*story_s, visits.served, visits.degraded, visits.failed))
                .collect()
        };
        Self {
            loss_usd,
            loss_so_far_usd,
            loss_with_model_usd: loss_usd,
            begun_s,
            lost_s: outcome.lost_s,
            remedies: record.events.iter().filter(|event| matches!(event.kind, EventKind::Remedy(_))).count(),
            watched_until_s: clock.story_at(f64::from(timeline.end_s())),
            restored_s: restored_s.map(|at_s| clock.story_at(f64::from(at_s))),
            routes: Route::ALL.map(|route| RouteAvailability { route, minutes: minutes(route) }).into(),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "story seconds of one morning")]
fn whole(story_s: f64) -> i32 {
    story_s.round() as i32
}
