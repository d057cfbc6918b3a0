//! One incident in virtual time, from the first customer to the end: the same services as live, in seconds instead of hours.

use std::{collections::BTreeSet, io, sync::Arc, time::Duration};

use chassis::LatentFault;
use diagnosis::{Knowledge, Terms, explanation::RIGHT_FROM, responder};
use evidence::Evidence;
use incident::{
    EventKind, IncidentRecord, OperatingModel, Recorder, Remedy, Rules, Run, Story, words::ClockKind,
};
use tokio::{
    select,
    time::{Instant, sleep_until},
};

use crate::{
    Mix, ShopOptions, World, factor,
    fingerprint::{Fingerprint, Fingerprinted},
    hands::{Desk, WorldHands},
    level,
    observed::{Observed, limits},
    scenario::{Drawn, Scenario, draw, draw::PUBLISHED},
    stand_in, tape,
};

/// When the customers come, in story seconds: 07:45.
pub const STARTS_STORY_S: f64 = -900.0;

/// Page views a second, unless told otherwise: few, because what an incident costs to run is its requests.
pub const VIEWS_PER_SECOND: f64 = 5.0;

/// How often a responder looks whether customers are served.
const LOOKS_EVERY: f64 = 5.0;

/// How long a shop that has lost nothing is watched after the last thing that happened.
const QUIET_S: f64 = 1_800.0;

/// For how long a shop must be well that nobody has done anything for: a page visited once in five minutes shows itself.
const UNTOUCHED_HOLD_S: u32 = 1_800;

/// How an incident is played.
#[derive(Clone, Debug)]
pub struct PlayOptions {
    /// Where all chance comes from.
    pub seed: u64,
    /// The telemetry level.
    pub level: chassis::Level,
    /// Who restores service.
    pub operating_model: OperatingModel,
    /// The latent faults that are repaired from the start.
    pub repaired: Vec<LatentFault>,
    /// How many customers come, and to which pages. The shop is sized for them.
    pub mix: Mix,
    /// Whether telemetry is recorded. Without, the incident is the same and costs less to run.
    pub with_evidence: bool,
    /// Whether recorded telemetry enters the fingerprint, which then says that two runs agree in all of it.
    pub fingerprints_evidence: bool,
    /// Who responds.
    pub responder: Responder,
    /// When to stop at the latest, in story seconds.
    pub ends_story_s: f64,
}

/// Who responds.
#[derive(Clone, Debug, PartialEq)]
pub enum Responder {
    /// The table of assumed minutes, and then the scenario's first sequence of right remedies.
    StandIn,
    /// These remedies, so long after the last thing that the scenario lets happen, with so long between them.
    Remedies {
        /// In order; the asset `published` is the one that the seed drew.
        remedies: Vec<Remedy>,
        /// How long after the last thing.
        after: Duration,
        /// Between one and the next.
        apart: Duration,
    },
    /// The model responder, with what it has learned. Looks and remedies take their costs in virtual time.
    Model(Arc<Knowledge>),
    /// Somebody who looks at everything and makes a [`tape`].
    Recorder(Arc<tape::Recorder>),
    /// Nobody.
    Nobody,
}

/// An incident that has been played.
pub struct Played {
    /// The incident record.
    pub record: IncidentRecord,
    /// A hash over the record, every visit with its latency, and all telemetry that left.
    pub fingerprint: u64,
    /// What telemetry delivered, if it was recorded.
    pub evidence: Option<Evidence>,
    /// What the seed made of the scenario.
    pub drawn: Drawn,
}

impl PlayOptions {
    /// The incident as it was on the day, with the stand-in, until 13:00.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            level: chassis::Level::Dark,
            operating_model: OperatingModel::OpsRunIt,
            repaired: Vec::new(),
            mix: Mix::of(VIEWS_PER_SECOND),
            with_evidence: false,
            fingerprints_evidence: false,
            responder: Responder::StandIn,
            ends_story_s: Story::default().ends_s(),
        }
    }
}

/// Plays a scenario. Call it in [virtual time](crate::virtual_time::run).
///
/// # Errors
///
/// When a service does not start, which in memory means that it is broken.
pub async fn play(scenario: &Scenario, options: &PlayOptions) -> io::Result<Played> {
    let fingerprint = Fingerprint::default();
    let mut shop = ShopOptions::in_virtual_time(options.seed).sized_for(options.mix.views_per_second);
    shop.repaired.clone_from(&options.repaired);
    shop.level = options.level;
    let clock = shop.surroundings.clock.clone();
    let looks = matches!(options.responder, Responder::Model(_) | Responder::Recorder(_));
    let evidence = (options.with_evidence || looks).then(|| Evidence::new(limits(), move || clock.wall()));
    if let Some(evidence) = &evidence {
        let sink = Observed(evidence.clone());
        shop.surroundings.sink = Some(if options.fingerprints_evidence {
            Arc::new(Fingerprinted { sink, fingerprint: fingerprint.clone() })
        } else {
            Arc::new(sink)
        });
    }
    let run = run_of(scenario, options, &shop);
    let world = World::start(shop, &options.mix, run, STARTS_STORY_S).await?;
    let drawn = draw(scenario, options.seed);
    let desk = Desk::default();
    let stage = Stage::new(&world, scenario, options, &drawn, &desk);
    match evidence.as_ref().filter(|_| looks) {
        None => stage.run().await,
        Some(evidence) => {
            let hands = WorldHands::new(&world, evidence, &desk, scenario, &drawn);
            let respond = async {
                match &options.responder {
                    Responder::Model(knowledge) => {
                        hands.called().await;
                        let terms = Terms::at(level(options.level), options.operating_model);
                        responder::respond(&hands, knowledge, &terms).await;
                    }
                    Responder::Recorder(recorder) => hands.record(recorder).await,
                    Responder::StandIn | Responder::Remedies { .. } | Responder::Nobody => {}
                }
                desk.is_done.set(true);
                std::future::pending::<()>().await;
            };
            select! {
                biased;
                () = stage.run() => {}
                () = respond => {}
            }
        }
    }
    let visits = world.customers().fingerprint();
    let record = world.finish().await;
    fingerprint.add(&visits.to_le_bytes());
    fingerprint.add(record.to_json().as_bytes());
    Ok(Played { record, fingerprint: fingerprint.value(), evidence, drawn })
}

fn run_of(scenario: &Scenario, options: &PlayOptions, shop: &ShopOptions) -> Run {
    let faults_present: BTreeSet<_> = shop.faults_present().into_iter().map(factor).collect();
    Run {
        seed: options.seed,
        scenario: scenario.name.clone(),
        level: level(options.level),
        operating_model: options.operating_model,
        clock: ClockKind::Virtual,
        speed: 1.0,
        responder: match options.responder {
            Responder::StandIn => "stand-in (assumed)",
            Responder::Remedies { .. } => "given remedies",
            Responder::Model(_) => "model responder",
            Responder::Recorder(_) => "recorder",
            Responder::Nobody => "nobody",
        }
        .to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        team: None,
        round: None,
        order: None,
        story: Story::default(),
        faults_present,
        rules: Rules { explanation_right_from: RIGHT_FROM, ..Rules::default() },
    }
}

/// An incident while it is played.
struct Stage<'a> {
    world: &'a World,
    scenario: &'a Scenario,
    options: &'a PlayOptions,
    drawn: &'a Drawn,
    desk: &'a Desk,
    began: Instant,
    /// What the responder will do, in story seconds, next first.
    planned: Vec<(f64, Remedy)>,
    right: Vec<Remedy>,
    lost_story_s: Option<f64>,
    noticed_story_s: Option<f64>,
}

impl<'a> Stage<'a> {
    fn new(
        world: &'a World,
        scenario: &'a Scenario,
        options: &'a PlayOptions,
        drawn: &'a Drawn,
        desk: &'a Desk,
    ) -> Self {
        let named = |remedy: &Remedy| match remedy {
            Remedy::RollBack { asset } if asset == PUBLISHED => {
                Remedy::RollBack { asset: drawn.published.clone().unwrap_or_default() }
            }
            other => other.clone(),
        };
        let right = scenario.remedies.right.first().into_iter().flatten().map(named).collect();
        let planned = match &options.responder {
            Responder::Remedies { remedies, after, apart } => {
                let begins_s = drawn.begun_story_s + after.as_secs_f64();
                (0_u32..)
                    .zip(remedies)
                    .map(|(place, remedy)| (begins_s + (*apart * place).as_secs_f64(), named(remedy)))
                    .collect()
            }
            _ => Vec::new(),
        };
        let (lost_story_s, noticed_story_s) = (None, None);
        Self {
            world,
            scenario,
            options,
            drawn,
            desk,
            began: Instant::now(),
            planned,
            right,
            lost_story_s,
            noticed_story_s,
        }
    }

    async fn run(mut self) {
        let mut steps = self.drawn.steps.iter().peekable();
        let mut look_s = STARTS_STORY_S + LOOKS_EVERY;
        while look_s <= self.options.ends_story_s {
            let step_s = steps.peek().map_or(f64::INFINITY, |(at_s, _)| *at_s);
            let remedy_s = self.planned.first().map_or(f64::INFINITY, |(at_s, _)| *at_s);
            if step_s <= look_s.min(remedy_s) {
                self.until(step_s).await;
                if let Some((_, step)) = steps.next()
                    && let Err(error) = self.world.happen(step).await
                {
                    self.note(EventKind::Note { text: format!("it did not happen: {error}") });
                }
            } else if remedy_s <= look_s {
                self.until(remedy_s).await;
                let (_, remedy) = self.planned.remove(0);
                if let Err(error) = self.world.act(remedy).await {
                    self.note(EventKind::Note { text: format!("the remedy failed: {error}") });
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

    /// Looks at the customers; says whether the incident is over.
    fn is_over(&mut self, story_s: f64) -> bool {
        if matches!(self.options.responder, Responder::Model(_) | Responder::Recorder(_)) {
            return self.is_answered(story_s);
        }
        let Some(lost_s) = self.lost_story_s else {
            if self.is_lost() {
                self.lost_story_s = Some(story_s);
            }
            let last_s = self.drawn.steps.last().map_or(STARTS_STORY_S, |(at_s, _)| *at_s);
            return self.planned.is_empty() && story_s >= last_s + QUIET_S;
        };
        if self.is_restored(lost_s) {
            return self.planned.is_empty() || self.options.responder == Responder::StandIn;
        }
        if self.options.responder == Responder::StandIn {
            self.respond(story_s, lost_s);
        }
        false
    }

    /// Calls the responder, tells them whether customers are served; says whether there is nothing more to wait for.
    fn is_answered(&mut self, story_s: f64) -> bool {
        if self.lost_story_s.is_none() && self.is_lost() {
            self.lost_story_s = Some(story_s);
        }
        let is_served = self.lost_story_s.is_none_or(|lost_s| self.is_restored(lost_s));
        // An alarm of somebody else's calls too, right or wrong.
        let is_alarm = |event: &incident::Event| matches!(event.kind, EventKind::Alerted { .. });
        let is_called = self.record().events().iter().any(is_alarm)
            || self.lost_story_s.is_some_and(|lost_s| self.notices(story_s, lost_s));
        self.desk.is_served.set(is_served);
        self.desk.is_called.set(self.desk.is_called.get() || is_called);
        let last_s = self.drawn.steps.last().map_or(STARTS_STORY_S, |(at_s, _)| *at_s);
        if matches!(self.options.responder, Responder::Recorder(_)) && self.desk.is_called.get() {
            return self.desk.is_done.get();
        }
        is_served
            && if self.desk.is_called.get() { self.desk.is_done.get() } else { story_s >= last_s + QUIET_S }
    }

    /// Whether somebody notices right now that customers are not served.
    fn notices(&mut self, story_s: f64, lost_s: f64) -> bool {
        let level = level(self.options.level);
        let noticed_s =
            lost_s + stand_in::noticed_after(level, &self.scenario.name, self.options.seed).as_secs_f64();
        if self.noticed_story_s.is_some() || story_s < noticed_s {
            return false;
        }
        self.noticed_story_s = Some(story_s);
        self.note(if level >= incident::Level::Metrics {
            EventKind::Alerted { text: "availability burns its budget".to_owned() }
        } else {
            EventKind::CustomerComplaint { text: "I cannot get into your shop".to_owned() }
        });
        true
    }

    /// The stand-in: notices, and then plans what restores.
    fn respond(&mut self, story_s: f64, lost_s: f64) {
        if !self.notices(story_s, lost_s) {
            return;
        }
        let level = level(self.options.level);
        let mut at_s = story_s + stand_in::diagnosis(level).as_secs_f64();
        for remedy in std::mem::take(&mut self.right) {
            at_s += stand_in::REMEDY_TAKES.as_secs_f64();
            self.planned.push((at_s, remedy));
        }
    }

    fn is_lost(&self) -> bool {
        let rules = Rules::default();
        let now_s = self.second();
        let tally = self.record().tally(None, now_s.saturating_sub(rules.window_s), now_s);
        tally.availability().is_some_and(|share| share < rules.availability_target)
    }

    /// Whether the whole hold that ended a customer's patience ago, and lies after the loss, was at the target. A shop for
    /// which nobody has done anything yet is distrusted for longer: where few customers come, and the fault is on a page
    /// that they seldom visit, a minute without a failed visit comes by chance.
    fn is_restored(&self, lost_story_s: f64) -> bool {
        let rules = Rules::default();
        let acted = self.record().events().iter().any(|event| matches!(event.kind, EventKind::Remedy(_)));
        let hold_s = if acted { rules.hold_s } else { UNTOUCHED_HOLD_S };
        let to_s = self.second().saturating_sub(rules.customers_wait_s + 1);
        let from_s = to_s.saturating_sub(hold_s);
        let tally = self.record().tally(None, from_s, to_s);
        f64::from(from_s) + STARTS_STORY_S >= lost_story_s
            && tally.availability().is_some_and(|share| share >= rules.availability_target)
    }

    async fn until(&self, story_s: f64) {
        sleep_until(self.began + Duration::from_secs_f64((story_s - STARTS_STORY_S).max(0.0))).await;
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Recorder> {
        self.world.record()
    }

    fn note(&self, kind: EventKind) {
        self.world.note(kind);
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a morning")]
    fn second(&self) -> u32 {
        self.world.at_s() as u32
    }
}
