//! One team's world while a round is under way: shop, customers, evidence, and the scenario's steps by the story's clock. Teaches to run several
//! isolated worlds in one process.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use diagnosis::{Answer, explanation::RIGHT_FROM};
use evidence::{Evidence, Limits};
use incident::{
    Event, EventKind, IncidentRecord, Level, Recorder, Route, Rules, Run, Timeline, words::ClockKind,
};
use parking_lot::{Mutex, MutexGuard};
use world::{
    Mix, ShopOptions, World,
    customers::STOOD_STILL_AFTER,
    observed::limits,
    play::STARTS_STORY_S,
    scenario::{Drawn, Scenario, draw},
    stand_in,
};

use crate::{
    catalogue::truth_at,
    complaints::complaint,
    evidence_kind::EvidenceKind,
    forward::Tee,
    played::{Moment, Played},
    session::{Assigned, Round, Team},
    views::{ClockView, clock_of},
};

/// Page views a second in each world, by default: a tenth of what two cores carry for thirty worlds.
pub const VIEWS_PER_SECOND: f64 = 10.0;

/// Interval between complaints while visits fail, in story seconds. Assumed.
const COMPLAINS_EVERY_STORY_S: f64 = 1_200.0;

/// Most bytes of one world's evidence: they hold half an hour of outage at the richest level, and thirty such worlds fit into a laptop.
const EVIDENCE_BYTES_MAX: usize = 24 * 1_024 * 1_024;

/// The seconds of one point of a curve, and the number of points of a curve.
const POINT_S: u32 = 2;
const POINTS: u32 = 150;

/// The window of the current figures, in the shop's own seconds.
const LATELY_S: u32 = 10;

/// After this many seconds without a failed visit, customers count as back.
const BACK_FROM_S: u32 = 3;

/// An interval in which the process stood still, in the shop's own seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    pub from_s: f64,
    pub to_s: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    #[default]
    Waiting,
    Healthy,
    Lost,
    Restored,
}

/// The figures of the top bar, computed twice a second however many pages show them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    pub now: Moment,
    pub loss_usd: f64,
    /// The share of visits served or degraded, over the latest ten seconds whose outcomes are known.
    pub availability: Option<f64>,
    /// The same for each two seconds, oldest first.
    pub history: Vec<Option<f64>>,
    pub state: State,
    /// When availability was lost, in story seconds.
    pub lost_story_s: Option<f64>,
    /// While availability is lost and customers are served again: for how many more seconds that must hold to count as restored.
    pub must_hold_s: Option<u32>,
    /// The kinds of pages on which visits have failed lately.
    pub failing: Vec<Route>,
    /// Wall-clock seconds until the round is over.
    pub ends_in_s: f64,
}

pub struct TeamWorld {
    pub team: u32,
    pub scenario: Scenario,
    pub drawn: Drawn,
    /// The right explanation of this incident.
    pub truth: Answer,
    seed: u64,
    pub world: World,
    pub evidence: Evidence,
    pub tee: Arc<Tee>,
    figures: Mutex<Figures>,
    complaint_after_s: f64,
    complaints: AtomicUsize,
    acting: AtomicBool,
    heartbeat_s: Mutex<f64>,
    /// How many of the record's events were already searched for alerts and complaints.
    events_read: AtomicUsize,
}

pub struct Opening<'a> {
    pub team: &'a Team,
    /// Its number, and the round.
    pub round: (usize, &'a Round),
    pub assigned: &'a Assigned,
    /// After a restart of the room: what the team did, and its record, if one was saved.
    pub before: Option<(&'a Played, Option<IncidentRecord>)>,
    pub views: f64,
}

impl TeamWorld {
    /// Opens a team's shop and lets the customers come. After a restart (`before`), it replays all steps and remedies at once, and pauses the
    /// world.
    pub async fn open(opening: Opening<'_>) -> io::Result<Self> {
        let Opening { team, round: (number, round), assigned, before, views } = opening;
        let scenario = assigned.scenario().map_err(io::Error::other)?;
        let mut shop = ShopOptions::live_in_memory(assigned.seed).sized_for(views);
        shop.level = before.as_ref().map_or(assigned.level, |(played, _)| played.level);
        shop.base_path = format!("/s/{}", team.shop_key);
        let clock = shop.surroundings.clock.clone();
        let limits = Limits { bytes_max: EVIDENCE_BYTES_MAX, ..limits() };
        let evidence = Evidence::new(limits, move || clock.wall());
        let tee = Arc::new(Tee::new(evidence.clone()));
        tee.forward(team.forward.as_deref())?;
        shop.surroundings.sink = Some(Arc::<Tee>::clone(&tee));
        let mut run = run_of(&shop, &scenario, round, assigned);
        run.team = Some(team.name.clone());
        run.round = u32::try_from(number).ok();
        run.order = Some(format!("team {}, round {number}", team.number));
        let mix = Mix::of(views);
        run.rules.hold_s = mix.hold_s();
        let world = match &before {
            None => World::start(shop, &mix, run, STARTS_STORY_S).await?,
            Some((played, _)) => {
                let ago = Duration::from_secs_f64(played.now.at_s);
                World::go_on(shop, &mix, Recorder::new(run, STARTS_STORY_S), ago).await?
            }
        };
        let drawn = draw(&scenario, assigned.seed);
        let complaint = stand_in::noticed_after(Level::Dark, &scenario.name, assigned.seed);
        let team_world = Self {
            team: team.number,
            complaint_after_s: complaint.as_secs_f64(),
            complaints: AtomicUsize::new(0),
            seed: assigned.seed,
            truth: truth_at(assigned.level, &scenario, &drawn),
            acting: AtomicBool::new(false),
            heartbeat_s: Mutex::new(world.at_s()),
            scenario,
            drawn,
            figures: Mutex::default(),
            events_read: AtomicUsize::new(0),
            world,
            evidence,
            tee,
        };
        if let Some((played, record)) = before {
            let record = record.map(|record| until(record, played.now.at_s));
            let events = record.as_ref().map_or(&[][..], |record| record.events.as_slice());
            team_world.replay(played, events).await;
            if let Some(record) = record {
                team_world.events_read.store(record.events.len(), Ordering::Relaxed);
                *team_world.world.record() = Recorder::resume(record);
            }
            team_world.world.pause(true);
        }
        Ok(team_world)
    }

    /// Repeats the scenario's steps and the team's remedies, in order, without waiting.
    async fn replay(&self, played: &Played, events: &[Event]) {
        self.world.customers().stay_away(true);
        let mut remedies = events.iter().filter_map(|event| match &event.kind {
            EventKind::Remedy(remedy) => Some((event.story_s, remedy.clone())),
            _ => None,
        });
        let mut next = remedies.next();
        for (story_s, step) in self.drawn.steps.iter().take(played.steps_done) {
            while let Some((_, remedy)) = next.take_if(|(used_s, _)| *used_s < *story_s) {
                // A remedy that fails now leaves the shop as it is: the team sees that.
                let _ = self.world.act(remedy).await;
                next = remedies.next();
            }
            let _ = self.world.happen(step).await;
        }
        for (_, remedy) in next.into_iter().chain(remedies) {
            let _ = self.world.act(remedy).await;
        }
    }

    /// Reserves the world for one remedy; false while another one is being carried out. The caller ends the reservation with
    /// [`acted`](Self::acted).
    pub fn may_act(&self) -> bool {
        !self.acting.swap(true, Ordering::AcqRel)
    }

    pub fn is_acting(&self) -> bool {
        self.acting.load(Ordering::Acquire)
    }

    pub fn acted(&self) {
        self.acting.store(false, Ordering::Release);
    }

    /// Records that the process is alive. Returns the gap if it stood still since the last heartbeat.
    pub fn heartbeat(&self) -> Option<Gap> {
        let now_s = self.world.at_s();
        let mut last_s = self.heartbeat_s.lock();
        let from_s = std::mem::replace(&mut *last_s, now_s);
        (now_s - from_s > STOOD_STILL_AFTER.as_secs_f64()).then_some(Gap { from_s, to_s: now_s })
    }

    /// The time by both clocks, limited to `STOOD_STILL_AFTER` beyond the last heartbeat: a longer gap is cut out once it is noticed.
    pub fn now(&self) -> Moment {
        let heartbeat_s = *self.heartbeat_s.lock();
        let at_s = self.world.at_s().min(heartbeat_s + STOOD_STILL_AFTER.as_secs_f64());
        Moment { at_s, story_s: self.world.record().clock().story_at(at_s) }
    }

    pub fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock()
    }

    /// The figures while the story's clock stands still: only `now` advances, although visits under way still end.
    pub fn figures_stand_still(&self) -> Figures {
        let now = self.now();
        let mut figures = self.figures();
        figures.now = now;
        figures.clone()
    }

    pub fn compute_figures(&self, round: &Round) -> Figures {
        let now = self.now();
        let figures = figures_of(&self.world.record(), now, round);
        *self.figures() = figures.clone();
        figures
    }

    /// The alerts and complaints since the last call of this method.
    pub fn calls(&self) -> Vec<EventKind> {
        let record = self.world.record();
        let read = self.events_read.swap(record.events().len(), Ordering::Relaxed);
        let new = record.events().iter().skip(read).map(|event| event.kind.clone());
        new.filter(is_call).collect()
    }

    /// Whether an alert or a complaint has reached the team.
    pub fn is_called(&self) -> bool {
        self.world.record().events().iter().any(|event| is_call(&event.kind))
    }

    /// The alert or complaint that calls the team now, if one is due: an alert that is `firing`, where the level opens alerts, or else a customer's
    /// complaint. While visits fail, further complaints follow at intervals.
    pub fn call(&self, figures: &Figures, level: Level, firing: bool) -> Option<EventKind> {
        let lost_s = figures.lost_story_s?;
        let is_complaint = |event: &&Event| matches!(event.kind, EventKind::CustomerComplaint { .. });
        let complained_s = self.world.record().events().iter().rfind(is_complaint).map(|event| event.story_s);
        let due_s = match complained_s {
            Some(last_s) if figures.state == State::Lost && !figures.failing.is_empty() => {
                last_s + COMPLAINS_EVERY_STORY_S
            }
            None if !self.is_called() => {
                if EvidenceKind::Alerts.is_open_at(level) && firing {
                    let text = "customers' visits fail and use up the error budget".to_owned();
                    return Some(EventKind::Alerted { text });
                }
                lost_s + self.complaint_after_s
            }
            _ => return None,
        };
        (figures.now.story_s >= due_s).then(|| {
            let number = self.complaints.fetch_add(1, Ordering::Relaxed);
            let text = complaint(&figures.failing, self.seed, &self.scenario.name, number).to_owned();
            EventKind::CustomerComplaint { text }
        })
    }

    /// The moment of a timestamp in the evidence, by both clocks.
    pub fn moment_at(&self, unix_s: f64) -> Moment {
        let at_s = (unix_s - self.arrived_unix_s()).max(0.0);
        Moment { at_s, story_s: self.world.record().clock().story_at(at_s) }
    }

    pub fn shown(&self) -> Shown {
        let (now, arrived_unix_s) = (self.now(), self.arrived_unix_s());
        // One lock after the other: within one expression, the first would be held until the last is released.
        let figures = self.figures().clone();
        let clock = clock_of(&self.world.record(), now, arrived_unix_s);
        Shown { figures, clock, is_called: self.is_called(), hints: Some(self.scenario.hints.len()) }
    }

    pub fn record(&self) -> IncidentRecord {
        self.world.record().clone().finish()
    }

    pub async fn close(&self) {
        self.world.empty().await;
        self.world.close().await;
    }

    /// When the customers arrived, in seconds since 1970. A timestamp of the evidence minus this is the shop's own second.
    pub fn arrived_unix_s(&self) -> f64 {
        let wall = self.world.shop().visitor().clock.wall();
        let since = wall.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        since.as_secs_f64() - self.world.at_s()
    }

    /// The scenario's next step, if it is due, and the number of steps done including it.
    pub fn due(&self, steps_done: usize, now: Moment) -> Option<(usize, world::scenario::draw::Step)> {
        let (at_s, step) = self.drawn.steps.get(steps_done)?;
        (*at_s <= now.story_s).then(|| (steps_done + 1, step.clone()))
    }

    /// The assets of the shop, in alphabetical order.
    pub fn assets() -> Vec<String> {
        let mut assets: Vec<String> =
            world::shop::seed_assets().iter().map(|asset| asset.id.to_string()).collect();
        assets.sort();
        assets
    }
}

/// What pages show of a team's world. It comes from the record if the room was opened again after the round.
#[derive(Clone, Debug)]
pub struct Shown {
    pub figures: Figures,
    pub clock: ClockView,
    /// Whether a complaint or an alert has reached the team.
    pub is_called: bool,
    /// The number of hints; none if no shop is running.
    pub hints: Option<usize>,
}

impl Shown {
    pub(crate) fn of(record: IncidentRecord, played: &Played, round: &Round) -> Self {
        let now = played.now;
        let loss_usd = record.outcome.incident_financial_loss_usd.0;
        let record = Recorder::resume(record);
        Self {
            // The same loss as in the debrief: it includes the visits that still waited at the end.
            figures: Figures { loss_usd, ..figures_of(&record, now, round) },
            clock: clock_of(&record, now, 0.0),
            is_called: record.events().iter().any(|event| is_call(&event.kind)),
            hints: None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a morning")]
fn figures_of(record: &Recorder, now: Moment, round: &Round) -> Figures {
    let (rules, timeline) = (record.rules(), record.timeline());
    // A visit counts when it has ended: seconds younger than a customer's patience are not yet known.
    let known_s = (now.at_s as u32).saturating_sub(rules.customers_wait_s);
    let lately_s = known_s.saturating_sub(LATELY_S);
    let fails = |route: &Route| record.tally(Some(*route), lately_s, known_s).failed > 0;
    let share = |from_s: u32, to_s: u32| timeline.tally(from_s, to_s).availability();
    let first_s = known_s.saturating_sub(POINT_S * POINTS) / POINT_S * POINT_S;
    let points = (first_s..known_s).step_by(POINT_S as usize);
    let lost = timeline.lost_s(rules);
    let restored = lost.and_then(|lost| timeline.restored_s(lost, rules));
    let again = restored.and_then(|restored| timeline.lost_again_s(restored, rules));
    let state = match (lost, restored, again) {
        (None, ..) => State::Healthy,
        (Some(_), Some(_), None) => State::Restored,
        _ => State::Lost,
    };
    let ended_s = (now.story_s - STARTS_STORY_S) / round.speed;
    Figures {
        now,
        loss_usd: record.loss_by(now.at_s).0,
        availability: share(lately_s, known_s),
        must_hold_s: if state == State::Lost { must_hold_s(&timeline, known_s, rules) } else { None },
        failing: Route::ALL.iter().copied().filter(fails).collect(),
        history: points.map(|at_s| share(at_s, at_s + POINT_S)).collect(),
        state,
        lost_story_s: lost.map(|lost| record.clock().story_at(f64::from(lost))),
        ends_in_s: (round.minutes * 60.0 - ended_s).max(0.0),
    }
}

/// For how many more seconds service must hold to count as restored; none if customers are not served at `known_s`.
fn must_hold_s(timeline: &Timeline, known_s: u32, rules: &Rules) -> Option<u32> {
    let at = |at_s: u32| timeline.tally(at_s, at_s + 1);
    let served_s = (0..known_s).rev().take_while(|at_s| at(*at_s).failed == 0).count();
    let served_s = u32::try_from(served_s).unwrap_or(u32::MAX);
    let is_back =
        served_s >= BACK_FROM_S && timeline.tally(known_s.saturating_sub(served_s), known_s).visits() > 0;
    is_back.then(|| rules.hold_s.saturating_sub(served_s))
}

fn is_call(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Alerted { .. } | EventKind::CustomerComplaint { .. })
}

/// The record up to a second of the shop: the file may be newer than the session's.
fn until(mut record: IncidentRecord, at_s: f64) -> IncidentRecord {
    record.events.retain(|event| event.at_s <= at_s);
    record.availability.retain(|row| f64::from(row.at_s) <= at_s);
    record
}

fn run_of(shop: &ShopOptions, scenario: &Scenario, round: &Round, assigned: &Assigned) -> Run {
    Run {
        scenario: scenario.name.clone(),
        operating_model: round.operating_model,
        speed: round.speed,
        responder: "a team".to_owned(),
        faults_present: shop.faults_present().into_iter().collect(),
        rules: Rules { explanation_right_from: RIGHT_FROM, ..Rules::default() },
        ..Run::new(assigned.seed, assigned.level, ClockKind::Live)
    }
}

#[cfg(test)]
mod tests {
    use incident::Visits;

    use super::*;

    #[test]
    fn who_is_back_and_not_yet_restored_is_told_how_long_it_must_hold() {
        let rules = Rules::default();
        let until = |failed_until_s: u32, to_s: u32| {
            let rows: Vec<Visits> = (0..to_s)
                .map(|at_s| {
                    let failed = u32::from(at_s < failed_until_s);
                    Visits { at_s, route: Route::Home, served: 1 - failed, degraded: 0, failed }
                })
                .collect();
            must_hold_s(&Timeline::new(&rows), to_s, &rules)
        };
        assert_eq!(until(100, 101), None, "one served second is chance");
        assert_eq!(until(100, 137), Some(rules.hold_s - 37));
        assert_eq!(until(100, 300), Some(0));
        assert_eq!(until(100, 100), None);
    }
}
