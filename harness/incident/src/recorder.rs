//! Writes a record by appending to it while the incident goes on.

use std::collections::BTreeMap;

use crate::availability::{Tally, Timeline, Visits};
use crate::event::{Event, EventKind};
use crate::money::{self, Usd};
use crate::outcome::{lost_at_s, reckon, restored_at_s};
use crate::record::{IncidentRecord, Rules, Run, SCHEMA};
use crate::story::{Story, StoryClock};
use crate::thousandths;
use words::Route;

/// A visit ends within this many seconds after its customer has lost patience, or it does not count: a visit that takes longer was
/// stopped together with the process that counts.
pub const LATE_AT_MOST_S: u32 = 2;

/// Collects what happens in one incident.
///
/// Only the length of the run bounds its memory. Events are rare, and take about a hundred bytes each. Visits take one
/// row for each second and route, however many customers come (72,000 rows in five hours).
#[derive(Clone, Debug)]
pub struct Recorder {
    run: Run,
    clock: StoryClock,
    events: Vec<Event>,
    visits: BTreeMap<(u32, Route), Visits>,
}

impl Recorder {
    /// Begins when the customers arrive. The story clock starts at `starts_story_s` (-900 is 07:45) and runs at the run's speed.
    pub fn new(run: Run, starts_story_s: f64) -> Self {
        let clock = StoryClock::new(starts_story_s, run.speed);
        let set = EventKind::Clock { speed: run.speed, paused: false };
        let mut recorder = Self { run, clock, events: Vec::new(), visits: BTreeMap::new() };
        recorder.append(0.0, set);
        recorder
    }

    /// Continues a record that was broken off. Drops its events of loss and restoration: [`finish`](Self::finish) derives them again.
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

    /// Appends an action of somebody other than the run's responder.
    pub fn push_by(&mut self, at_s: f64, who: &str, kind: EventKind) {
        self.push(at_s, kind);
        if let Some(event) = self.events.last_mut() {
            event.who = Some(who.to_owned());
        }
    }

    /// Appends an event for every loss and every restoration so far. Otherwise [`finish`](Self::finish) appends only the first of each.
    pub fn tell_outages(&mut self) {
        for (at_s, kind) in self.losses_and_restorations() {
            self.append(at_s, kind);
        }
    }

    fn losses_and_restorations(&self) -> Vec<(f64, EventKind)> {
        let (events, rules) = (&self.events, &self.run.rules);
        let of = |(lost_s, restored_s): (u32, Option<u32>)| {
            let lost = (lost_at_s(lost_s, events, rules), EventKind::AvailabilityLost);
            let restored = |at_s| (restored_at_s(at_s, events, rules), EventKind::AvailabilityRestored);
            [Some(lost), restored_s.map(restored)]
        };
        self.timeline().outages(rules).into_iter().flat_map(of).flatten().collect()
    }

    /// Adds visits. Rows of the same second and route add up, so that callers can add visits as they end.
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

    /// The events so far, in the order in which they were appended.
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

    /// The visits of the seconds before `to_s`. If `to_s` lies farther back than the customers' patience, all of them have ended.
    pub fn timeline_until(&self, to_s: u32) -> Timeline {
        Timeline::new(self.visits.range(..(to_s, Route::Home)).map(|(_, row)| row))
    }

    /// The loss until the shop's second `at_s`, for a counter that people watch. It counts only seconds whose visits have all ended. So
    /// it never falls, never grows faster than the story can lose money, and reaches the record's own figure once the customers have
    /// left. It lags by their patience, so a restart that ends many waiting visits at once causes no jump.
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

    /// Ends the record and computes its outcome. Appends the first loss and the first restoration of availability unless the
    /// record has them already, and sorts the events by time. An `aborted` event makes the record partial.
    pub fn finish(mut self) -> IncidentRecord {
        for (at_s, kind) in self.losses_and_restorations().into_iter().take(2) {
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
