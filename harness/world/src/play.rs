//! One incident in virtual time, from the first customer to the end: the same services as live, in seconds instead of hours.

use std::{collections::BTreeSet, fmt, io, pin::Pin, sync::Arc, time::Duration};

use chassis::LatentFault;
use diagnosis::{Knowledge, Terms, explanation::RIGHT_FROM, operating::ticket::seed_of, responder};
use evidence::Evidence;
use incident::{EventKind, IncidentRecord, OperatingModel, Remedy, Rules, Run, Story, words::ClockKind};
use tokio::select;

use crate::{
    Mix, ShopOptions, World,
    fingerprint::{Fingerprint, Fingerprinted},
    hands::{Desk, WorldHands},
    observed::{Lines, Observed, limits},
    scenario::{Drawn, Scenario, draw},
    stage::Stage,
    tape,
};

/// When the customers come, in story seconds: 07:45.
pub const STARTS_STORY_S: f64 = -900.0;

/// Page views a second by default. Few, because requests dominate the cost of running an incident.
pub const VIEWS_PER_SECOND: f64 = 5.0;

#[derive(Clone, Debug)]
pub struct PlayOptions {
    pub seed: u64,
    pub level: chassis::Level,
    /// Who restores service.
    pub operating_model: OperatingModel,
    pub repaired: Vec<LatentFault>,
    /// How many customers come, and to which pages. The shop is sized for them.
    pub mix: Mix,
    /// Whether an evidence store records the telemetry. Without one, the incident is the same and costs less to run.
    pub with_evidence: bool,
    /// Whether recorded telemetry enters the fingerprint. Equal fingerprints then mean equal telemetry as well.
    pub fingerprints_evidence: bool,
    /// Where to write telemetry if there is no evidence store.
    pub lines: Option<Lines>,
    pub responder: Responder,
    /// When the customers come, in story seconds.
    pub starts_story_s: f64,
    pub ends_story_s: f64,
}

#[derive(Clone, Debug)]
pub enum Responder {
    /// Waits the assumed minutes of [`stand_in`](crate::stand_in), then uses the scenario's first sequence of right remedies.
    StandIn,
    /// Uses these remedies at fixed intervals after the last of the scenario's own happenings.
    Remedies {
        /// In order. The asset `published` stands for the one that the seed drew.
        remedies: Vec<Remedy>,
        /// From the last happening to the first remedy.
        after: Duration,
        /// From one remedy to the next.
        apart: Duration,
    },
    /// The model responder, with its training. Checks and remedies take their durations in virtual time.
    Model(Arc<Knowledge>),
    /// Runs all checks and makes a [`tape`].
    Recorder(Arc<tape::Recorder>),
    /// Uses each remedy at its story second, while the story runs `speed` times as fast as the shop. The play always runs to its
    /// end, because a restored shop may be lost again.
    Given {
        /// In order of time.
        remedies: Vec<(f64, Remedy)>,
        /// Story seconds for each second of the shop.
        speed: f64,
    },
    /// An outside program, which answers one call.
    Guest(Arc<dyn Guest>),
    Nobody,
}

/// An outside program that responds in a world, over a protocol of its own. It gets a responder's hands and nothing else, so that
/// one responder can replace another.
pub trait Guest: Send + Sync {
    /// Responds to the call, and returns when the program is done.
    fn respond<'a>(&'a self, hands: &'a WorldHands<'a>) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
}

impl fmt::Debug for dyn Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guest")
    }
}

/// An incident that has been played.
pub struct Played {
    pub record: IncidentRecord,
    /// A hash over the record, every visit with its latency, and all telemetry that left the shop.
    pub fingerprint: u64,
    /// What telemetry delivered, if it was recorded.
    pub evidence: Option<Evidence>,
    /// The scenario as the seed drew it.
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
    /// Story seconds per second of the shop. Every responder but [`Given`](Self::Given) acts in the shop's own time.
    pub(crate) fn speed(&self) -> f64 {
        if let Self::Given { speed, .. } = self { *speed } else { 1.0 }
    }
}

/// A play under way, on this thread. [`Boxed`](chassis::Boxed) gives the reason for the box.
pub type Playing<'a> = Pin<Box<dyn Future<Output = io::Result<Played>> + 'a>>;

/// Plays a scenario. Call it in [virtual time](crate::virtual_time::run).
pub fn play<'a>(scenario: &'a Scenario, options: &'a PlayOptions) -> Playing<'a> {
    play_until(scenario, options, Box::pin(std::future::pending()))
}

/// Like [`play`], but ends early when `stopped` resolves. The record then covers what has happened so far, and says that it was
/// aborted. `stopped` must not set a timer, because a timer could change the order of events.
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
