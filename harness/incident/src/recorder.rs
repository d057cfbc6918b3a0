//! How a record is written: by appending, while the incident goes on.

use std::collections::BTreeMap;

use crate::availability::{Tally, Timeline, Visits};
use crate::event::{Event, EventKind};
use crate::money::{self, Usd};
use crate::outcome::{lost_at_s, reckon, restored_at_s};
use crate::record::{IncidentRecord, Rules, Run, SCHEMA};
use crate::story::{Story, StoryClock};
use crate::thousandths;
use words::Route;

/// A visit ends no later than this after its customer has lost patience, or counts for nothing: whoever waits longer was stopped
/// together with the process that counts.
pub const LATE_AT_MOST_S: u32 = 2;

/// Collects what happens in one incident.
///
/// Nothing is bounded but by the run itself: an event is a hundred bytes and rare, and visits take one row for each
/// second and route, however many customers there are (five hours are 72,000 rows).
#[derive(Clone, Debug)]
pub struct Recorder {
    run: Run,
    clock: StoryClock,
    events: Vec<Event>,
    visits: BTreeMap<(u32, Route), Visits>,
}

impl Recorder {
    /// Begins when the customers arrive, with the story clock at `starts_story_s` (-900 is 07:45), running at the run's speed.
    pub fn new(run: Run, starts_story_s: f64) -> Self {
        let clock = StoryClock::new(starts_story_s, run.speed);
        let set = EventKind::Clock { speed: run.speed, paused: false };
        let mut recorder = Self { run, clock, events: Vec::new(), visits: BTreeMap::new() };
        recorder.append(0.0, set);
        recorder
    }

    /// Goes on with a record that was broken off. What was derived when it was written is derived anew at its end.
    pub fn resume(record: IncidentRecord) -> Self {
        let IncidentRecord { run, mut events, availability, .. } = record;
        events.retain(|event| {
            !matches!(event.kind, EventKind::AvailabilityLost | EventKind::AvailabilityRestored)
        });
        let clock = StoryClock::from_events(&events);
        let visits = availability.into_iter().map(|row| ((row.at_s, row.route), row)).collect();
        Self { run, clock, events, visits }
    }

    /// Appends an event of the shop's second `at_s`. A `clock` event sets the story clock from then on.
    pub fn push(&mut self, at_s: f64, kind: EventKind) {
        let at_s = match kind {
            EventKind::Clock { speed, paused } => self.clock.change(at_s, speed, paused),
            _ => at_s,
        };
        self.append(at_s, kind);
    }

    /// Appends what somebody other than the run's responder did.
    pub fn push_by(&mut self, at_s: f64, who: &str, kind: EventKind) {
        self.push(at_s, kind);
        if let Some(event) = self.events.last_mut() {
            event.who = Some(who.to_owned());
        }
    }

    /// Tells every outage and every recovery so far. Without this, the end of the record tells the first of each.
    pub fn tell_outages(&mut self) {
        for (lost_s, restored_s) in self.timeline().outages(&self.run.rules) {
            let lost_s = lost_at_s(lost_s, &self.events, &self.run.rules);
            self.append(lost_s, EventKind::AvailabilityLost);
            if let Some(restored_s) = restored_s {
                let restored_s = restored_at_s(restored_s, &self.events, &self.run.rules);
                self.append(restored_s, EventKind::AvailabilityRestored);
            }
        }
    }

    /// Adds visits. Rows of the same second and route add up, so that visits can be given as they end.
    pub fn visits(&mut self, rows: impl IntoIterator<Item = Visits>) {
        for row in rows {
            let sum = self.visits.entry((row.at_s, row.route)).or_insert(Visits {
                served: 0,
                degraded: 0,
                failed: 0,
                ..row
            });
            sum.served += row.served;
            sum.degraded += row.degraded;
            sum.failed += row.failed;
        }
    }

    /// What has happened so far, in the order in which it was told.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    pub fn clock(&self) -> &StoryClock {
        &self.clock
    }

    pub fn rules(&self) -> &Rules {
        &self.run.rules
    }

    pub fn story(&self) -> &Story {
        &self.run.story
    }

    /// The visits so far of the seconds `[from_s, to_s)`, on one route or on all.
    pub fn tally(&self, route: Option<Route>, from_s: u32, to_s: u32) -> Tally {
        let rows = self.visits.range((from_s, Route::Home)..(to_s, Route::Home)).map(|(_, row)| row);
        let mut tally = Tally::default();
        rows.filter(|row| route.is_none_or(|route| route == row.route)).for_each(|row| tally.add(row));
        tally
    }

    pub fn timeline(&self) -> Timeline {
        Timeline::new(self.visits.values())
    }

    /// The visits of the seconds before `to_s`: those whose customers have lost patience by now, if `to_s` lies so far back.
    pub fn timeline_until(&self, to_s: u32) -> Timeline {
        Timeline::new(self.visits.range(..(to_s, Route::Home)).map(|(_, row)| row))
    }

    /// The loss by the shop's second `at_s`, for a counter that people watch. Only seconds whose visits have all ended count, so it
    /// never falls, never grows by more than the story loses in the time, and comes to the record's own figure once the
    /// customers have left. It lags by their patience: a restart that ends what waited for a page makes no jump.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds of a run, at least 0"
    )]
    pub fn loss_by(&self, at_s: f64) -> Usd {
        let ended_s = (at_s as u32).saturating_sub(self.run.rules.customers_wait_s + LATE_AT_MOST_S);
        let timeline = self.timeline_until(ended_s);
        money::loss(&timeline, &self.clock, &self.run.story, self.run.rules.degraded_trade_lost)
    }

    /// Ends the record and reckons its outcome. Loss and restoration of availability enter the events unless somebody has
    /// told them already; events told late are put in their place. An `aborted` event makes the record a partial one.
    pub fn finish(mut self) -> IncidentRecord {
        let timeline = self.timeline();
        let lost = timeline.lost_s(&self.run.rules);
        let restored = lost.and_then(|lost| timeline.restored_s(lost, &self.run.rules));
        let rules = &self.run.rules;
        let lost = lost.map(|at_s| (lost_at_s(at_s, &self.events, rules), EventKind::AvailabilityLost));
        let restored =
            restored.map(|at_s| (restored_at_s(at_s, &self.events, rules), EventKind::AvailabilityRestored));
        for (at_s, kind) in [lost, restored].into_iter().flatten() {
            if !self.events.iter().any(|event| event.kind == kind) {
                self.append(at_s, kind);
            }
        }
        let Self { run, mut events, visits, .. } = self;
        events.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
        let availability: Vec<_> = visits.into_values().collect();
        let outcome = reckon(&run, &events, &availability);
        let complete = !events.iter().any(|event| matches!(event.kind, EventKind::Aborted { .. }));
        IncidentRecord { schema: SCHEMA.to_owned(), run, complete, events, availability, outcome }
    }

    fn append(&mut self, at_s: f64, kind: EventKind) {
        let at_s = thousandths(at_s);
        let story_s = thousandths(self.clock.story_at(at_s));
        self.events.push(Event { at_s, story_s, who: None, kind });
    }
}
