//! The path of one incident through the lines of support: its ticket, the line that holds it, and what gets lost on the way. Teaches that
//! every handover has a queue before it and a gap in knowledge behind it.
//!
//! **Chance.** Every random number depends only on the incident's seed and on its purpose. So the same incident meets the same people at
//! every level, whatever its responder did before. Without a seed, as in replays of training, there is no chance: every duration takes its
//! mean, nothing is sent back, nothing is forgotten, and the incident begins when its call is acknowledged.

use std::{fmt, time::Duration};

use incident::{EventKind, OperatingModel, Remedy, TicketStep};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Line, Parameter, Parameters, helper};
use crate::{
    Hands, Terms,
    checks::{Check, Signal, fnv_1a},
};

/// From this share of kept findings on, a handover counts as one with evidence attached; from `WITH_NOTES` on, as one with notes.
const WITH_EVIDENCE: f64 = 0.99;
const WITH_NOTES: f64 = 0.9;

/// The hour from which the story's seconds count.
const STORY_BEGINS_H: f64 = 8.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Priority {
    /// Most pages fail: it interrupts other work.
    P1,
    /// Some pages fail: it waits for the work at hand.
    P2,
    /// No page is seen to fail: it waits in the queue, and out of hours it waits for the day.
    P3,
}

impl Priority {
    /// The priority for the share of pages that fail, as a look reports it.
    pub fn of(share: &str) -> Self {
        match share {
            "none" => Self::P3,
            "some" => Self::P2,
            _ => Self::P1,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P1 => "P1, most pages fail, worked on at any hour",
            Self::P2 => "P2, some pages fail, worked on at any hour",
            Self::P3 => "P3, no page is seen to fail, worked on by day",
        })
    }
}

/// The seed of an incident's random numbers. It includes the scenario, so that two scenarios with one seed do not meet the same people.
pub fn seed_of(scenario: &str, seed: u64) -> u64 {
    seed ^ fnv_1a([scenario.to_owned()])
}

#[derive(Clone, Debug)]
pub struct Ticket {
    model: OperatingModel,
    parameters: Parameters,
    seed: Option<u64>,
    line: Line,
    is_open: bool,
    is_blind: bool,
}

impl Ticket {
    /// The ticket of an incident on these terms, before anybody was called.
    pub fn new(terms: &Terms) -> Self {
        let Terms { model, parameters, seed, .. } = *terms;
        let is_direct = model == OperatingModel::OpsRunIt && parameters[Parameter::DirectAlert] > 0.0;
        let line = if is_direct { Line::Second } else { Line::called(model) };
        let mut ticket = Self { model, parameters, seed, line, is_open: false, is_blind: false };
        ticket.is_blind =
            model == OperatingModel::OpsRunIt && ticket.happens("blind", parameters[Parameter::Blind]);
        ticket
    }

    pub fn line(&self) -> Line {
        self.line
    }

    /// Whether the delivery team has no live telemetry of its own.
    pub fn is_blind(&self) -> bool {
        self.is_blind
    }

    /// A random number from 0 to 1, always the same for the same purpose in the same incident. `None` without a seed.
    fn drawn(&self, what: &str) -> Option<f64> {
        let seed = self.seed?;
        let hash = fnv_1a(["operating".to_owned(), what.to_owned()]);
        Some(ChaCha8Rng::seed_from_u64(seed ^ hash).random())
    }

    fn happens(&self, what: &str, share: f64) -> bool {
        self.drawn(what).is_some_and(|drawn| drawn < share)
    }

    /// Minutes from 0 to `most`, all equally likely. Without a seed, the mean.
    fn within(&self, what: &str, most: f64) -> f64 {
        most * self.drawn(what).unwrap_or(0.5)
    }

    /// Minutes until somebody finishes other work, which takes `mean` minutes on average. The wait is exponential: at any point of that
    /// work, the mean time left is the same. Without a seed, the mean.
    fn waits(&self, what: &str, mean: f64) -> f64 {
        self.drawn(what).map_or(mean, |drawn| -mean * (1.0 - drawn).ln())
    }

    fn has_hypercare(&self) -> bool {
        self.parameters[Parameter::Hypercare] > 0.0
    }

    fn next(&self) -> Line {
        if self.has_hypercare() { Line::Third } else { self.line.next() }
    }

    fn acknowledged_within(&self) -> f64 {
        let calls = if self.has_hypercare() { Parameter::CalledOut } else { Parameter::Acknowledged };
        self.parameters[calls]
    }

    fn bounced(&self) -> f64 {
        if self.has_hypercare() { 0.0 } else { self.parameters[Parameter::Bounced] }
    }

    /// Expected minutes until a line holds the ticket, if nobody is busy; 0 if it has held it already.
    pub fn minutes_to(&self, to: Line) -> f64 {
        let lines = (to as u32).saturating_sub(self.line as u32);
        let hops = if self.has_hypercare() { lines.min(1) } else { lines };
        f64::from(hops) * self.hop_minutes()
    }

    fn hop_minutes(&self) -> f64 {
        let acknowledged = self.acknowledged_within() / 2.0;
        let again = self.bounced() * (self.parameters[Parameter::Detail] + acknowledged);
        acknowledged + again + self.parameters[Parameter::Understood]
    }

    /// Everything besides the line that a decision depends on. Incidents with equal values get equal decisions.
    pub fn expected(&self) -> [f64; 4] {
        let relayed = if self.is_blind { self.parameters[Parameter::Relayed] } else { 0.0 };
        let hypercare = self.parameters[Parameter::Hypercare];
        [self.hop_minutes(), hypercare, self.helpers_minutes(&[Remedy::ReplaceDisk]), relayed]
    }

    /// Extra minutes of a look: without live telemetry of its own, the delivery team asks application support for it.
    pub fn relayed_minutes(&self, check: &Check) -> f64 {
        let asks = self.is_blind && self.line == Line::Third && check.needs != Signal::Nothing;
        if asks { self.parameters[Parameter::Relayed] } else { 0.0 }
    }

    /// Expected minutes until other teams begin with one of these remedies.
    pub fn helpers_minutes(&self, remedies: &[Remedy]) -> f64 {
        let asks = self.model == OperatingModel::OpsRunIt && remedies.iter().any(|one| helper(one).is_some());
        if asks { self.parameters[Parameter::Helpers] } else { 0.0 }
    }

    /// Waits for other teams to begin with one of these remedies.
    pub async fn ask_helpers(&self, hands: &impl Hands, remedies: &[Remedy]) {
        let mean = self.helpers_minutes(remedies);
        if let Some(team) = remedies.iter().find_map(helper).filter(|_| mean > 0.0) {
            let minutes = self.waits(team, mean);
            pass(hands, minutes).await;
            note(hands, TicketStep::Acknowledged, team, format!("after {minutes:.0} min of its own work"));
        }
    }

    /// Waits until the team that an alert calls has acknowledged it. L1 needs no call.
    pub async fn call_out(&self, hands: &impl Hands) {
        let team = match (self.model, self.line) {
            (OperatingModel::YouBuildIt, _) => "the team on call",
            (OperatingModel::OpsRunIt, Line::First) => return,
            (OperatingModel::OpsRunIt, line) => line.name(),
        };
        if self.seed.is_some() {
            let minutes = self.within("called out", self.parameters[Parameter::CalledOut]);
            pass(hands, minutes).await;
            note(hands, TicketStep::Acknowledged, team, format!("after {minutes:.0} min"));
        }
    }

    /// Hands the ticket over to the next line. `found` lists the findings so far, each as `check: finding`; `done` lists what was tried.
    /// Returns for each finding whether the next line knows it.
    pub async fn hand_over(
        &mut self,
        hands: &impl Hands,
        priority: Priority,
        found: &[String],
        done: &[String],
    ) -> Vec<bool> {
        let (from, to) = (self.line.name(), self.next());
        let name = to.name();
        if !self.is_open {
            let list = |what: &str, all: &[String]| match all {
                [] => String::new(),
                all => format!(". {what}: {}", all.join("; ")),
            };
            let text = format!("{priority}{}{}", list("Seen", found), list("Done", done));
            note(hands, TicketStep::Opened, from, text);
            self.is_open = true;
        }
        self.acknowledge(hands, priority, to, "").await;
        if self.happens(&format!("{name} sends it back"), self.bounced()) {
            let minutes = self.parameters[Parameter::Detail];
            note(
                hands,
                TicketStep::Bounced,
                name,
                format!("{from} adds detail, which takes {minutes:.0} min"),
            );
            pass(hands, minutes).await;
            self.acknowledge(hands, priority, to, " again").await;
        }
        pass(hands, self.parameters[Parameter::Understood]).await;
        self.line = to;
        let share = self.parameters[Parameter::Kept];
        let keeps =
            |found: &String| !self.happens(&format!("{name} forgets {}", check_of(found)), 1.0 - share);
        let kept: Vec<bool> = found.iter().map(keeps).collect();
        let lost = found.iter().zip(&kept).filter(|(_, kept)| !**kept).map(|(found, _)| check_of(found));
        let lost: Vec<&str> = lost.collect();
        let how = match share {
            share if share >= WITH_EVIDENCE => "with the evidence attached",
            share if share >= WITH_NOTES => "by notes in the ticket",
            _ => "by word of mouth",
        };
        let lost = if lost.is_empty() {
            "nothing was lost".to_owned()
        } else {
            format!("lost on the way: {}", lost.join(", "))
        };
        note(hands, TicketStep::TakenOver, name, format!("{how}; {lost}"));
        hands.note(EventKind::Escalated { to: name.to_owned() });
        kept
    }

    /// Hands the ticket over without any findings, line by line, until `to` holds it.
    pub async fn reach(&mut self, hands: &impl Hands, to: Line) {
        while self.line < to {
            self.hand_over(hands, Priority::P1, &[], &[]).await;
        }
    }

    /// Waits until a line acknowledges the ticket: for its working hours, for the end of other work, and for the acknowledgement itself.
    async fn acknowledge(&self, hands: &impl Hands, priority: Priority, by: Line, again: &str) {
        let (parameters, name) = (&self.parameters, by.name());
        let begins_s = (parameters[Parameter::DayBegins] - STORY_BEGINS_H) * 3_600.0;
        let (other, busy) = (parameters[Parameter::OtherWork], parameters[Parameter::Busy]);
        let mean = match priority {
            Priority::P1 => 0.0,
            Priority::P2 => other,
            // The mean wait for a line that is busy this share of the time, given that it is busy (M/M/1).
            Priority::P3 => other / (1.0 - busy),
        };
        let night = if priority == Priority::P3 { (begins_s - hands.story_s()).max(0.0) / 60.0 } else { 0.0 };
        let is_busy = mean > 0.0 && self.happens(&format!("{name} is busy{again}"), busy);
        let work = if is_busy { self.waits(&format!("{name} works{again}"), mean) } else { 0.0 };
        let reached = self.within(&format!("{name} acknowledges{again}"), self.acknowledged_within());
        let minutes = night + work + reached;
        pass(hands, minutes).await;
        let of = |minutes: f64, what: &str| match minutes {
            minutes if minutes < 0.5 => String::new(),
            minutes => format!(", {minutes:.0} of them {what}"),
        };
        let why = of(night, "until the day began") + &of(work, "for other work");
        note(hands, TicketStep::Acknowledged, name, format!("after {minutes:.0} min{why}"));
    }
}

fn check_of(found: &str) -> &str {
    found.split_once(':').map_or(found, |(check, _)| check)
}

async fn pass(hands: &impl Hands, minutes: f64) {
    hands.pass(Duration::from_secs_f64(minutes * 60.0)).await;
}

fn note(hands: &impl Hands, step: TicketStep, by: &str, text: String) {
    hands.note(EventKind::Ticket { step, by: by.to_owned(), text });
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use futures_util::FutureExt;
    use incident::Service;

    use super::*;
    use crate::{Answer, Finding, checks::CHECKS};

    /// Hands that record a ticket's steps, and let time pass.
    struct Desk {
        story_s: Cell<f64>,
        log: RefCell<Vec<String>>,
    }

    impl Hands for Desk {
        fn minutes(&self) -> f64 {
            0.0
        }
        fn story_s(&self) -> f64 {
            self.story_s.get()
        }
        async fn pass(&self, time: Duration) {
            self.story_s.set(self.story_s.get() + time.as_secs_f64());
        }
        async fn look(&self, check: &'static Check, _: Duration) -> Finding {
            Finding::new(check.outcomes[0], "")
        }
        async fn apply(&self, _: &[(Remedy, Duration)], _: Duration) {}
        fn note(&self, kind: EventKind) {
            self.log.borrow_mut().push(kind.to_string());
        }
        fn suppose(&self, _: String, _: Option<&[Service]>) {}
        fn explain(&self, _: Answer, _: f64) {}
    }

    fn terms(seed: u64, changed: &[(Parameter, f64)]) -> Terms {
        let parameters =
            changed.iter().fold(Parameters::default(), |all, (one, value)| all.with(*one, *value));
        let terms = Terms::with(Vec::new(), OperatingModel::OpsRunIt);
        Terms { parameters, seed: Some(seed), ..terms }
    }

    /// Hands over at 08:00. Returns the minutes, the log, and which of ten findings were kept.
    fn handed_over(terms: &Terms, priority: Priority) -> (f64, Vec<String>, Vec<bool>) {
        let desk = Desk { story_s: Cell::default(), log: RefCell::default() };
        let found: Vec<String> = (0..10).map(|number| format!("look-{number}: all")).collect();
        let mut ticket = Ticket::new(terms);
        let done = ["restart the cache (in vain)".to_owned()];
        let kept = ticket.hand_over(&desk, priority, &found, &done);
        let kept = kept.now_or_never().expect("a desk never waits");
        assert_eq!(ticket.line(), if ticket.has_hypercare() { Line::Third } else { Line::Second });
        (desk.story_s.get() / 60.0, desk.log.into_inner(), kept)
    }

    fn mean(of: impl Fn(u64) -> f64) -> f64 {
        (0..2_000).map(of).sum::<f64>() / 2_000.0
    }

    #[test]
    fn the_log_says_who_had_it_when_and_what_was_lost() {
        let changed = [(Parameter::Bounced, 1.0), (Parameter::Kept, 0.0)];
        let (_, log, _) = handed_over(&terms(1, &changed), Priority::P2);
        let begins = [
            "ticket opened by L1: P2, some pages fail, worked on at any hour. Seen: look-0: all; ",
            "ticket acknowledged by L2: after ",
            "ticket sent back by L2: L1 adds detail, which takes 15 min",
            "ticket acknowledged by L2: after ",
            "ticket taken over by L2: by word of mouth; lost on the way: look-0, look-1, ",
            "escalated to L2",
        ];
        assert_eq!(log.len(), begins.len(), "{log:#?}");
        assert!(log.iter().zip(begins).all(|(line, begins)| line.starts_with(begins)), "{log:#?}");
        assert!(log[0].ends_with("Done: restart the cache (in vain)"), "{log:#?}");
    }

    #[test]
    fn the_same_incident_meets_the_same_people() {
        let once = handed_over(&terms(4, &[]), Priority::P2);
        assert_eq!(once, handed_over(&terms(4, &[]), Priority::P2));
        assert_ne!(once.0.to_bits(), handed_over(&terms(5, &[]), Priority::P2).0.to_bits());
    }

    #[test]
    fn a_handover_costs_on_average_what_is_expected_of_it() {
        let expected = Ticket::new(&terms(0, &[])).minutes_to(Line::Second);
        let drawn = mean(|seed| handed_over(&terms(seed, &[]), Priority::P1).0);
        assert!((drawn - expected).abs() < 0.5, "{drawn} drawn, {expected} expected");
        let without = Terms { seed: None, ..terms(0, &[(Parameter::Bounced, 0.0)]) };
        let (minutes, _, kept) = handed_over(&without, Priority::P1);
        assert!((minutes - Ticket::new(&without).minutes_to(Line::Second)).abs() < 1e-9);
        assert!(kept.iter().all(|kept| *kept));
    }

    #[test]
    fn a_ticket_that_is_sent_back_takes_longer() {
        let minutes = |share: f64| handed_over(&terms(3, &[(Parameter::Bounced, share)]), Priority::P1).0;
        let more = minutes(1.0) - minutes(0.0);
        assert!((15.0..=35.0).contains(&more), "writing it up, and reaching L2 again: {more}");
    }

    #[test]
    fn out_of_hours_only_the_first_two_priorities_are_worked_on() {
        let at = |priority| (0..50).map(move |seed| handed_over(&terms(seed, &[]), priority).0);
        assert!(at(Priority::P1).all(|minutes| minutes < 65.0), "no other work comes first");
        assert!(at(Priority::P3).all(|minutes| minutes > 60.0), "not before nine");
        let (_, log, _) = handed_over(&terms(1, &[]), Priority::P3);
        assert!(log[1].contains("60 of them until the day began"), "{log:#?}");
        let by_day =
            terms(1, &[(Parameter::DayBegins, 8.0), (Parameter::Busy, 0.0), (Parameter::Bounced, 0.0)]);
        assert!(handed_over(&by_day, Priority::P3).0 < 26.0);
    }

    #[test]
    fn a_busy_line_lets_wait_who_may_not_interrupt() {
        let wait = |priority, busy: f64| {
            mean(|seed| {
                handed_over(&terms(seed, &[(Parameter::Busy, busy), (Parameter::Bounced, 0.0)]), priority).0
            })
        };
        let more = wait(Priority::P2, 0.5) - wait(Priority::P1, 0.5);
        assert!(
            (more - 7.5).abs() < 1.0,
            "half of the time, a piece of work of a quarter of an hour: {more}"
        );
        assert!(wait(Priority::P2, 0.8) > wait(Priority::P2, 0.2) + 5.0);
    }

    #[test]
    fn what_is_kept_depends_on_how_it_is_handed_over() {
        for (share, how) in [(0.48, "by word of mouth"), (0.97, "by notes"), (0.998, "with the evidence")] {
            let changed = [(Parameter::Kept, share)];
            let kept = mean(|seed| {
                let (_, log, kept) = handed_over(&terms(seed, &changed), Priority::P1);
                assert!(log.iter().any(|line| line.contains(how)), "{how}: {log:#?}");
                kept.iter().filter(|kept| **kept).count() as f64 / kept.len() as f64
            });
            assert!((kept - share).abs() < 0.01, "{kept} for {share}");
        }
    }

    #[test]
    fn a_team_without_telemetry_asks_for_each_look_and_helpers_have_their_own_work() {
        let [metrics, probe] = [Signal::Metrics, Signal::Nothing]
            .map(|needs| CHECKS.iter().find(|check| check.needs == needs).unwrap());
        let mut ticket = Ticket::new(&terms(1, &[(Parameter::Blind, 1.0)]));
        assert!(ticket.relayed_minutes(metrics) == 0.0, "L1 has its dashboards");
        ticket.line = Line::Third;
        assert!(ticket.relayed_minutes(metrics) > 0.0 && ticket.relayed_minutes(probe) == 0.0);
        let built = Terms { model: OperatingModel::YouBuildIt, ..terms(1, &[(Parameter::Blind, 1.0)]) };
        let built = Ticket::new(&built);
        assert!(
            built.relayed_minutes(metrics) == 0.0 && built.helpers_minutes(&[Remedy::ReplaceDisk]) == 0.0
        );
        assert!(ticket.helpers_minutes(&[Remedy::ReplaceDisk]) > 0.0);
        assert!(ticket.helpers_minutes(&[Remedy::FlushCache]) == 0.0);
    }

    #[test]
    fn countermeasures_shorten_the_way() {
        let usual = Ticket::new(&terms(1, &[]));
        let direct = Ticket::new(&terms(1, &[(Parameter::DirectAlert, 1.0)]));
        assert_eq!((usual.line(), direct.line()), (Line::First, Line::Second));
        let hypercare = terms(1, &[(Parameter::Hypercare, 1.0), (Parameter::Bounced, 1.0)]);
        assert!(Ticket::new(&hypercare).minutes_to(Line::Third) < usual.minutes_to(Line::Second));
        assert!(handed_over(&hypercare, Priority::P1).0 < 10.0);
    }
}
