//! Runs an incident in order of story time: the scenario's steps, the responder's remedies, and regular checks of whether customers
//! are served.

use std::time::Duration;

use incident::{EventKind, Remedy};
use tokio::time::{Instant, sleep_until};

use crate::{
    World,
    hands::Desk,
    play::{PlayOptions, Responder},
    scenario::{Drawn, Scenario, draw::PUBLISHED},
    stand_in,
};

/// How often to check whether customers are served, in story seconds.
const LOOKS_EVERY: f64 = 5.0;

/// How long to go on watching after the last step when nothing is lost, in story seconds.
const QUIET_S: f64 = 1_800.0;

/// An incident while it is played.
pub(crate) struct Stage<'a> {
    world: &'a World,
    scenario: &'a Scenario,
    options: &'a PlayOptions,
    drawn: &'a Drawn,
    desk: &'a Desk,
    began: Instant,
    /// The responder's pending remedies with their story seconds, earliest first.
    planned: Vec<(f64, Remedy)>,
    /// How many of the scenario's own happenings have begun.
    begun: usize,
    /// How many had begun when the stand-in last made a plan.
    answered: usize,
    /// When the current incident began. An outage after a restored one counts as a new incident.
    since_story_s: f64,
    lost_story_s: Option<f64>,
    noticed_story_s: Option<f64>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(
        world: &'a World,
        scenario: &'a Scenario,
        options: &'a PlayOptions,
        drawn: &'a Drawn,
        desk: &'a Desk,
    ) -> Self {
        let named = |remedy: &Remedy| named(remedy, drawn.published.as_deref());
        let planned = match &options.responder {
            Responder::Remedies { remedies, after, apart } => {
                let begins_s = drawn.begun_story_s + after.as_secs_f64();
                (0_u32..)
                    .zip(remedies)
                    .map(|(place, remedy)| (begins_s + (*apart * place).as_secs_f64(), named(remedy)))
                    .collect()
            }
            Responder::Given { remedies, .. } => {
                remedies.iter().map(|(at_s, remedy)| (*at_s, named(remedy))).collect()
            }
            _ => Vec::new(),
        };
        Self {
            world,
            scenario,
            options,
            drawn,
            desk,
            began: Instant::now(),
            planned,
            begun: 0,
            answered: 0,
            since_story_s: f64::NEG_INFINITY,
            lost_story_s: None,
            noticed_story_s: None,
        }
    }

    /// Plays the incident until nothing is left to wait for.
    pub(crate) async fn run(mut self) {
        let mut steps = self.drawn.steps.iter().peekable();
        let mut look_s = self.options.starts_story_s + LOOKS_EVERY;
        while look_s <= self.options.ends_story_s {
            let step_s = steps.peek().map_or(f64::INFINITY, |(at_s, _)| *at_s);
            let remedy_s = self.planned.first().map_or(f64::INFINITY, |(at_s, _)| *at_s);
            if step_s <= look_s.min(remedy_s) {
                self.until(step_s).await;
                if let Some((_, step)) = steps.next()
                    && let Err(error) = self.world.happen(step).await
                {
                    self.world.note(EventKind::Note { text: format!("it did not happen: {error}") });
                }
                self.begins_anew(step_s);
            } else if remedy_s <= look_s {
                self.until(remedy_s).await;
                let (_, remedy) = self.planned.remove(0);
                if let Err(error) = self.world.act(remedy).await {
                    self.world.note(EventKind::Note { text: format!("the remedy failed: {error}") });
                }
            } else {
                self.until(look_s).await;
                if self.is_over(look_s) {
                    return;
                }
                look_s += LOOKS_EVERY;
            }
        }
    }

    /// Starts a new incident if the scenario strikes after the shop was lost and restored. The responder is then called again.
    fn begins_anew(&mut self, story_s: f64) {
        let begun = self.drawn.begun_until(story_s);
        if begun == std::mem::replace(&mut self.begun, begun) {
            return;
        }
        if self.lost_story_s.is_some_and(|lost_s| self.is_restored(lost_s)) {
            self.since_story_s = story_s;
            (self.lost_story_s, self.noticed_story_s) = (None, None);
            self.desk.call.set(self.desk.call.get() + 1);
            self.desk.is_called.set(false);
            self.desk.is_done.set(false);
        }
    }

    /// Whether all of the scenario's own happenings have begun.
    fn has_all_begun(&self) -> bool {
        self.begun == self.drawn.begins.len()
    }

    /// Checks whether customers are served, and returns whether the incident is over.
    fn is_over(&mut self, story_s: f64) -> bool {
        match self.options.responder {
            Responder::Model(_) | Responder::Recorder(_) | Responder::Guest(_) => {
                return self.is_answered(story_s);
            }
            Responder::Given { .. } => return false,
            Responder::StandIn | Responder::Remedies { .. } | Responder::Nobody => {}
        }
        let Some(lost_s) = self.lost_story_s else {
            if self.is_lost() {
                self.lost_story_s = Some(story_s);
            }
            let last_s = self.drawn.steps.last().map_or(self.options.starts_story_s, |(at_s, _)| *at_s);
            return self.planned.is_empty() && story_s >= last_s + QUIET_S;
        };
        if self.is_restored(lost_s) {
            let is_done = self.planned.is_empty() || matches!(self.options.responder, Responder::StandIn);
            return self.has_all_begun() && is_done;
        }
        if matches!(self.options.responder, Responder::StandIn) {
            self.respond(story_s, lost_s);
        }
        false
    }

    /// Calls the responder, and tells it whether customers are served. Returns whether nothing is left to wait for.
    fn is_answered(&mut self, story_s: f64) -> bool {
        if self.lost_story_s.is_none() && self.is_lost() {
            self.lost_story_s = Some(story_s);
        }
        let is_served = self.lost_story_s.is_none_or(|lost_s| self.is_restored(lost_s));
        // An alarm from outside the shop calls the responder too, right or wrong.
        let is_alarm = |event: &incident::Event| {
            matches!(event.kind, EventKind::Alerted { .. }) && event.story_s >= self.since_story_s
        };
        let is_called = self.world.record().events().iter().any(is_alarm)
            || self.lost_story_s.is_some_and(|lost_s| self.notices(story_s, lost_s));
        self.desk.is_served.set(is_served);
        self.desk.is_called.set(self.desk.is_called.get() || is_called);
        let last_s = self.drawn.steps.last().map_or(self.options.starts_story_s, |(at_s, _)| *at_s);
        if matches!(self.options.responder, Responder::Recorder(_) | Responder::Guest(_))
            && self.desk.is_called.get()
        {
            return self.desk.is_done.get();
        }
        is_served
            && self.has_all_begun()
            && if self.desk.is_called.get() { self.desk.is_done.get() } else { story_s >= last_s + QUIET_S }
    }

    /// Returns true at the one look at which somebody notices the outage, and records the alert or the complaint.
    fn notices(&mut self, story_s: f64, lost_s: f64) -> bool {
        let level = self.options.level;
        let noticed_s =
            lost_s + stand_in::noticed_after(level, &self.scenario.name, self.options.seed).as_secs_f64();
        if self.noticed_story_s.is_some() || story_s < noticed_s {
            return false;
        }
        self.noticed_story_s = Some(story_s);
        self.world.note(if level >= incident::Level::Metrics {
            EventKind::Alerted { text: "availability burns its budget".to_owned() }
        } else {
            EventKind::CustomerComplaint { text: "I cannot get into your shop".to_owned() }
        });
        true
    }

    /// The stand-in: notices the outage, and then plans the remedies that restore.
    fn respond(&mut self, story_s: f64, lost_s: f64) {
        // Something that began after the plan may still keep customers out, so the stand-in plans again once its remedies are used
        // up.
        let is_outrun = self.planned.is_empty() && self.answered < self.begun;
        if !(self.notices(story_s, lost_s) || self.noticed_story_s.is_some() && is_outrun) {
            return;
        }
        self.answered = self.begun;
        let level = self.options.level;
        let mut at_s = story_s + stand_in::diagnosis(level).as_secs_f64();
        for remedy in self.scenario.remedies.right.first().into_iter().flatten() {
            at_s += stand_in::REMEDY_TAKES.as_secs_f64();
            self.planned.push((at_s, named(remedy, self.drawn.published_until(story_s))));
        }
    }

    fn is_lost(&self) -> bool {
        let now_s = self.second();
        let record = self.world.record();
        let rules = record.rules();
        let tally = record.tally(None, now_s.saturating_sub(rules.window_s), now_s);
        tally.availability().is_some_and(|share| share < rules.availability_target)
    }

    /// Whether availability was at its target for the whole hold period. The period ends one customer's patience ago, when all its
    /// visits have ended, and must begin after the loss.
    fn is_restored(&self, lost_story_s: f64) -> bool {
        let now_s = self.second();
        let record = self.world.record();
        let rules = record.rules();
        let to_s = now_s.saturating_sub(rules.customers_wait_s + 1);
        let from_s = to_s.saturating_sub(rules.hold_s);
        let tally = record.tally(None, from_s, to_s);
        f64::from(from_s) + self.options.starts_story_s >= lost_story_s
            && tally.availability().is_some_and(|share| share >= rules.availability_target)
    }

    async fn until(&self, story_s: f64) {
        let at_s = (story_s - self.options.starts_story_s).max(0.0) / self.options.responder.speed();
        sleep_until(self.began + Duration::from_secs_f64(at_s)).await;
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a morning")]
    fn second(&self) -> u32 {
        self.world.at_s() as u32
    }
}

/// The remedy, with the placeholder [`PUBLISHED`] replaced by the asset that was published.
fn named(remedy: &Remedy, published: Option<&str>) -> Remedy {
    match remedy {
        Remedy::RollBack { asset } if asset == PUBLISHED => {
            Remedy::RollBack { asset: published.unwrap_or_default().to_owned() }
        }
        other => other.clone(),
    }
}
