//! What is computed after the answers are open, each in virtual time: an incident on tape, an incident replayed with a team's own remedies,
//! and the model responder's way. Teaches that what did not happen can still be played.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chassis::LatentFault;
use debrief::incident::{
    looks::{Look, looks},
    morning::Morning,
};
use diagnosis::Knowledge;
use experiment::attribution::{ALL, PLAYERS, bit};
use incident::{EventKind, IncidentRecord, Level, OperatingModel, Outcome, Remedy, Tally, outcome};
use tokio::{select, time::sleep};
use world::{
    Mix,
    play::{PlayOptions, Responder, VIEWS_PER_SECOND, play},
    scenario::scenario,
    tape::{self, Tape},
    virtual_time::{self, STALLED_AFTER},
};

use super::{
    fact::Fact,
    knowable::{Knowable, table},
};

/// How often, in virtual time, a play looks whether it shall stop: some milliseconds of the machine's.
const LOOKS_EVERY: Duration = Duration::from_secs(30);

/// One thing to compute. The same job has always the same result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// An incident that nobody does anything about, with all looks at fixed times.
    Tape {
        /// The scenario.
        scenario: String,
        /// The seed.
        seed: u64,
    },
    /// An incident with given remedies.
    Replay(Replay),
    /// The model responder's way.
    Model {
        /// The scenario.
        scenario: String,
        /// The seed.
        seed: u64,
        /// The telemetry level.
        level: Level,
        /// Who restores service.
        model: OperatingModel,
    },
}

/// An incident with given remedies at given times. Times are kept in whole thousandths, so that equal ones are the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replay {
    scenario: String,
    seed: u64,
    remedies: Vec<(i64, Remedy)>,
    present: usize,
    speed: i64,
    ends: i64,
}

/// What came of a job.
#[derive(Clone, Debug)]
pub enum Product {
    /// The tape.
    Tape(Arc<Taped>),
    /// The incident again.
    Replayed(Arc<Replayed>),
    /// The model responder's way.
    Way(Arc<Way>),
}

/// A tape, and what it says of each fact.
#[derive(Clone, Debug)]
pub struct Taped {
    /// The tape.
    pub tape: Tape,
    /// When each fact could be known, by level.
    pub knowable: Vec<(Fact, Vec<(Level, Knowable)>)>,
}

/// What is kept of a replay.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The figures.
    pub outcome: Outcome,
    /// What customers met, in spans of the story.
    pub tallies: Vec<(f64, f64, Tally)>,
}

/// What is kept of the model responder's way.
#[derive(Clone, Debug)]
pub struct Way {
    /// The figures.
    pub outcome: Outcome,
    /// When it was called, in story seconds.
    pub called_s: Option<f64>,
    /// When it took a look, and when it used a remedy.
    pub looks_s: Vec<f64>,
    /// When it used a remedy, in story seconds, and which.
    pub remedies: Vec<(f64, String)>,
    /// Every step, in its own words.
    pub steps: Vec<Look>,
    /// From which score on an explanation is right.
    pub right_from: f64,
}

/// Whoever asked has gone.
#[derive(Debug)]
pub struct Stopped;

impl Replay {
    /// These remedies, each at its second of the story, with only these latent faults present (one bit for each), told so many times as
    /// fast, until this second of the story.
    pub fn new(
        (scenario, seed): (&str, u64),
        remedies: &[(f64, Remedy)],
        present: usize,
        (speed, ends_s): (f64, f64),
    ) -> Self {
        Self {
            scenario: scenario.to_owned(),
            seed,
            remedies: remedies.iter().map(|(at_s, remedy)| (thousandths(*at_s), remedy.clone())).collect(),
            present,
            speed: thousandths(speed),
            ends: thousandths(ends_s),
        }
    }

    fn options(&self) -> PlayOptions {
        let given = |(at, remedy): &(i64, Remedy)| (whole(*at), remedy.clone());
        let repaired = (0..PLAYERS).filter(|player| self.present & bit(*player) == 0);
        PlayOptions {
            repaired: repaired.map(|player| LatentFault::ALL[player]).collect(),
            mix: Mix::of(VIEWS_PER_SECOND),
            responder: Responder::Given {
                remedies: self.remedies.iter().map(given).collect(),
                speed: whole(self.speed),
            },
            ends_story_s: whole(self.ends),
            ..PlayOptions::new(self.seed)
        }
    }
}

impl Job {
    /// What it is, for people who wait for it.
    pub fn words(&self) -> String {
        match self {
            Self::Tape { .. } => "recording what could be seen, and when".to_owned(),
            Self::Replay(Replay { present: ALL, .. }) => "replaying the incident as it was".to_owned(),
            Self::Replay(replay) => {
                let repaired = PLAYERS - replay.present.count_ones() as usize;
                format!("replaying the incident with {repaired} of {PLAYERS} repaired")
            }
            Self::Model { level, .. } => format!("letting the model responder try at {level}"),
        }
    }

    /// Does it, in virtual time on this thread.
    ///
    /// # Errors
    ///
    /// When a scenario is not known, or a service does not start, in words; nothing at all if it was stopped.
    pub fn run(
        &self,
        knowledge: &Arc<Knowledge>,
        stop: &AtomicBool,
        stalled: impl FnOnce() + Send + 'static,
    ) -> Result<Result<Product, String>, Stopped> {
        let stopped = async {
            while !stop.load(Ordering::Relaxed) {
                sleep(LOOKS_EVERY).await;
            }
        };
        let work = async {
            let mut work = pin!(self.product(knowledge));
            select! {
                biased;
                product = &mut work => Ok(product),
                () = stopped => Err(Stopped),
            }
        };
        virtual_time::run(work, STALLED_AFTER, stalled).unwrap_or_else(|error| Ok(Err(error.to_string())))
    }

    async fn product(&self, knowledge: &Arc<Knowledge>) -> Result<Product, String> {
        let known = |name: &str| scenario(name).map_err(|error| error.to_string());
        match self {
            Self::Tape { scenario, seed } => {
                let tape = tape::record(&known(scenario)?, *seed).await.map_err(|error| error.to_string())?;
                let knowable = table(&tape.truth, &tape, knowledge);
                Ok(Product::Tape(Arc::new(Taped { tape, knowable })))
            }
            Self::Replay(replay) => {
                let played = play(&known(&replay.scenario)?, &replay.options()).await;
                let record = played.map_err(|error| error.to_string())?.record;
                let tallies = Morning::of(&record).tallies(None);
                Ok(Product::Replayed(Arc::new(Replayed { outcome: outcome(&record), tallies })))
            }
            Self::Model { scenario, seed, level, model } => {
                let options = PlayOptions {
                    level: *level,
                    operating_model: *model,
                    mix: Mix::of(tape::VIEWS_PER_SECOND),
                    responder: Responder::Model(Arc::clone(knowledge)),
                    ..PlayOptions::new(*seed)
                };
                let played = play(&known(scenario)?, &options).await.map_err(|error| error.to_string())?;
                Ok(Product::Way(Arc::new(Way::of(&played.record))))
            }
        }
    }
}

impl Way {
    fn of(record: &IncidentRecord) -> Self {
        let times = |wanted: fn(&EventKind) -> bool| -> Vec<f64> {
            record.events.iter().filter(|event| wanted(&event.kind)).map(|event| event.story_s).collect()
        };
        let is_call = |kind: &EventKind| {
            matches!(kind, EventKind::Alerted { .. } | EventKind::CustomerComplaint { .. })
        };
        let remedies = record.events.iter().filter_map(|event| match &event.kind {
            EventKind::Remedy(remedy) => Some((event.story_s, remedy.to_string())),
            _ => None,
        });
        Self {
            outcome: outcome(record),
            called_s: times(is_call).first().copied(),
            looks_s: times(|kind| matches!(kind, EventKind::Check { .. })),
            remedies: remedies.collect(),
            steps: looks(record),
            right_from: record.run.rules.explanation_right_from,
        }
    }

    /// Whether its answer is right; none if there is none.
    pub fn is_right(&self) -> Option<bool> {
        self.outcome.explanation_score.map(|score| score >= self.right_from)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "thousandths of a morning")]
fn thousandths(value: f64) -> i64 {
    (value * 1_000.0).round() as i64
}

fn whole(thousandths: i64) -> f64 {
    thousandths as f64 / 1_000.0
}
