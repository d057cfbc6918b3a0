//! One incident in virtual time, from the first customer to the end: the same services as live, in seconds instead of hours.

use std::{collections::BTreeSet, io, pin::Pin, sync::Arc, time::Duration};

use chassis::LatentFault;
use diagnosis::{Knowledge, Terms, explanation::RIGHT_FROM, operating::ticket::seed_of, responder};
use evidence::Evidence;
use incident::{EventKind, IncidentRecord, OperatingModel, Remedy, Rules, Run, Story, words::ClockKind};
use tokio::select;

use crate::{
    Mix, ShopOptions, World,
    fingerprint::{Fingerprint, Fingerprinted},
    guest::Guest,
    hands::{Desk, WorldHands},
    observed::{Lines, Observed, limits},
    scenario::{Drawn, Scenario, draw},
    stage::Stage,
    tape,
};

/// When the customers come, in story seconds: 07:45.
pub const STARTS_STORY_S: f64 = -900.0;

/// Page views a second, unless told otherwise: few, because what an incident costs to run is its requests.
pub const VIEWS_PER_SECOND: f64 = 5.0;

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
    /// Where telemetry is written down in place of an evidence store.
    pub lines: Option<Lines>,
    /// Who responds.
    pub responder: Responder,
    /// When the customers come, in story seconds.
    pub starts_story_s: f64,
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
    /// These remedies, each at its second of the story, which is told so many times as fast. Nothing ends it before its time: what
    /// comes back may be lost again.
    Given {
        /// In order of time.
        remedies: Vec<(f64, Remedy)>,
        /// Story seconds for each second of the shop.
        speed: f64,
    },
    /// Somebody from outside, who answers one call.
    Guest(Arc<dyn Guest>),
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
            lines: None,
            responder: Responder::StandIn,
            starts_story_s: STARTS_STORY_S,
            ends_story_s: Story::default().ends_s(),
        }
    }
}

impl Responder {
    /// Story seconds for each second of the shop. Who looks and waits for themselves does so in the shop's own minutes.
    pub(crate) fn speed(&self) -> f64 {
        if let Self::Given { speed, .. } = self { *speed } else { 1.0 }
    }
}

/// A play under way, on this thread. Boxed for the reason that [`Boxed`](chassis::Boxed) has.
pub type Playing<'a> = Pin<Box<dyn Future<Output = io::Result<Played>> + 'a>>;

/// Plays a scenario. Call it in [virtual time](crate::virtual_time::run).
///
/// # Errors
///
/// When a service does not start, which in memory means that it is broken.
pub fn play<'a>(scenario: &'a Scenario, options: &'a PlayOptions) -> Playing<'a> {
    play_until(scenario, options, Box::pin(std::future::pending()))
}

/// The same until somebody stops it: the record is of what has happened by then, and says that it was aborted. `stopped` must set no
/// timer, which could change the order of what happens.
///
/// # Errors
///
/// When a service does not start, which in memory means that it is broken.
pub fn play_until<'a>(
    scenario: &'a Scenario,
    options: &'a PlayOptions,
    stopped: Pin<Box<dyn Future<Output = ()> + 'a>>,
) -> Playing<'a> {
    Box::pin(async move {
        let fingerprint = Fingerprint::default();
        let mut shop = ShopOptions::in_virtual_time(options.seed).sized_for(options.mix.views_per_second);
        shop.repaired.clone_from(&options.repaired);
        shop.level = options.level;
        let clock = shop.surroundings.clock.clone();
        let looks =
            matches!(options.responder, Responder::Model(_) | Responder::Recorder(_) | Responder::Guest(_));
        let evidence =
            (options.with_evidence || looks).then(|| Evidence::new(limits(), move || clock.wall()));
        if let Some(evidence) = &evidence {
            let sink = Observed(evidence.clone());
            shop.surroundings.sink = Some(if options.fingerprints_evidence {
                Arc::new(Fingerprinted { sink, fingerprint: fingerprint.clone() })
            } else {
                Arc::new(sink)
            });
        } else if let Some(lines) = &options.lines {
            shop.surroundings.sink = Some(Arc::new(lines.clone()));
        }
        let run = run_of(scenario, options, &shop);
        let world = World::start(shop, &options.mix, run, options.starts_story_s).await?;
        let drawn = draw(scenario, options.seed);
        let desk = Desk::default();
        let stage = Stage::new(&world, scenario, options, &drawn, &desk);
        let responds = async {
            if let Some(evidence) = evidence.as_ref().filter(|_| looks) {
                let hands = WorldHands::new(&world, evidence, &desk, scenario, &drawn);
                match &options.responder {
                    Responder::Model(knowledge) => loop {
                        hands.called().await;
                        let call = desk.call.get();
                        let terms = Terms::at(options.level, options.operating_model);
                        let terms = Terms { seed: Some(seed_of(&scenario.name, options.seed)), ..terms };
                        responder::respond(&hands, knowledge, &terms).await;
                        desk.is_done.set(desk.call.get() == call);
                        hands.called_anew(call).await;
                    },
                    Responder::Recorder(recorder) => hands.record(recorder).await,
                    Responder::Guest(guest) => {
                        hands.called().await;
                        guest.respond(&hands).await;
                    }
                    Responder::StandIn
                    | Responder::Remedies { .. }
                    | Responder::Given { .. }
                    | Responder::Nobody => {}
                }
                desk.is_done.set(true);
            }
            std::future::pending::<()>().await;
        };
        select! {
            biased;
            () = stage.run() => {}
            () = responds => {}
            () = stopped => world.note(EventKind::Aborted { text: "stopped before the end".to_owned() }),
        }
        let visits = world.customers().fingerprint();
        let record = world.finish().await;
        fingerprint.add(&visits.to_le_bytes());
        fingerprint.add(record.to_json().as_bytes());
        Ok(Played { record, fingerprint: fingerprint.value(), evidence, drawn })
    })
}

fn run_of(scenario: &Scenario, options: &PlayOptions, shop: &ShopOptions) -> Run {
    let faults_present: BTreeSet<_> = shop.faults_present().into_iter().collect();
    Run {
        scenario: scenario.name.clone(),
        operating_model: options.operating_model,
        speed: options.responder.speed(),
        responder: match options.responder {
            Responder::StandIn => "stand-in (assumed)",
            Responder::Remedies { .. } | Responder::Given { .. } => "given remedies",
            Responder::Model(_) => "model responder",
            Responder::Recorder(_) => "recorder",
            Responder::Guest(_) => "program",
            Responder::Nobody => "nobody",
        }
        .to_owned(),
        faults_present,
        rules: Rules { explanation_right_from: RIGHT_FROM, hold_s: options.mix.hold_s(), ..Rules::default() },
        ..Run::new(options.seed, options.level, ClockKind::Virtual)
    }
}
