//! What is computed after the answers are open, each in virtual time: a recording of the incident, the incident replayed with a team's own
//! remedies, and the model responder's attempt. Teaches that what did not happen can still be played.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chassis::LatentFault;
use diagnosis::Knowledge;
use experiment::attribution::{ALL, PLAYERS, bit};
use incident::{Level, OperatingModel, Remedy};
use report::session::{Knowable, Played};
use serde::{Deserialize, Serialize};
use tokio::{select, time::sleep};
use world::{
    Mix,
    play::{PlayOptions, Responder, VIEWS_PER_SECOND, play},
    scenario::{Scenario, scenario},
    tape,
    virtual_time::{self, STALLED_AFTER},
};

use super::knowable::knowable;

/// How often, in virtual time, a play looks whether it shall stop: some milliseconds of the machine's.
const LOOKS_EVERY: Duration = Duration::from_secs(30);

/// One thing to compute. The same job has always the same result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(
    clippy::unsafe_derive_deserialize,
    reason = "it is the macro `pin!` that is unsafe within, and of no field"
)]
pub enum Job {
    /// An incident that nobody does anything about, with all checks at fixed times.
    Record {
        scenario: String,
        seed: u64,
    },
    Replay(Replay),
    /// The model responder's attempt.
    Model {
        scenario: String,
        seed: u64,
        level: Level,
        model: OperatingModel,
    },
}

/// An incident with given remedies at given times. Times are kept in whole thousandths, so that equal ones are the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Replay {
    scenario: String,
    seed: u64,
    remedies: Vec<(i64, Remedy)>,
    present: usize,
    speed: i64,
    ends: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Product {
    #[serde(with = "shared")]
    Knowable(Arc<Knowable>),
    #[serde(with = "shared")]
    Played(Arc<Played>),
}

/// What many pages hold, on disk as it is.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(value: &Arc<T>, to: S) -> Result<S::Ok, S::Error> {
        value.as_ref().serialize(to)
    }

    pub(super) fn deserialize<'a, T: Deserialize<'a>, D: Deserializer<'a>>(
        from: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(from).map(Arc::new)
    }
}

/// The page that asked was closed.
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
    pub fn words(&self) -> String {
        match self {
            Self::Record { .. } => "recording what could be seen, and when".to_owned(),
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
            Self::Record { scenario, seed } => {
                let tape =
                    tape::record(&known(scenario)?, *seed, &[]).await.map_err(|error| error.to_string())?;
                Ok(Product::Knowable(Arc::new(knowable(&tape, knowledge))))
            }
            Self::Replay(replay) => played(&known(&replay.scenario)?, &replay.options()).await,
            Self::Model { scenario, seed, level, model } => {
                let options = PlayOptions {
                    level: *level,
                    operating_model: *model,
                    mix: Mix::of(tape::VIEWS_PER_SECOND),
                    responder: Responder::Model(Arc::clone(knowledge)),
                    ..PlayOptions::new(*seed)
                };
                played(&known(scenario)?, &options).await
            }
        }
    }
}

async fn played(scenario: &Scenario, options: &PlayOptions) -> Result<Product, String> {
    let record = play(scenario, options).await.map_err(|error| error.to_string())?.record;
    Ok(Product::Played(Arc::new(Played::of(&record))))
}

#[expect(clippy::cast_possible_truncation, reason = "thousandths of a morning")]
fn thousandths(value: f64) -> i64 {
    (value * 1_000.0).round() as i64
}

fn whole(thousandths: i64) -> f64 {
    thousandths as f64 / 1_000.0
}
