//! Jobs that run in virtual time after the answers are open: a recording of the incident, a replay of the incident with a team's own remedies, and
//! the model responder's attempt. Teaches that a simulation can also play what did not happen.

use std::sync::Arc;

use chassis::LatentFault;
use diagnosis::Knowledge;
use experiment::attribution::{ALL, PLAYERS, bit};
use incident::{Level, OperatingModel, Remedy};
use report::session::{Knowable, Played};
use serde::{Deserialize, Serialize};
use world::{
    Mix,
    play::{PlayOptions, Responder, VIEWS_PER_SECOND, play},
    scenario::{Scenario, scenario},
    tape,
    virtual_time::{self, STALLED_AFTER},
};

use super::knowable::knowable;
use crate::session::Assigned;

/// One computation. The same job always has the same result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Job {
    /// Records the incident while nobody acts, with all checks at fixed times.
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

/// An incident with given remedies at given times. Times and speed are whole thousandths, so that equal replays compare as equal.
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
#[expect(
    clippy::large_enum_variant,
    reason = "most of what is kept is of the larger kind, and all of it lies in one map"
)]
pub enum Product {
    Knowable(Knowable),
    Played(Played),
}

impl Replay {
    /// Replays these remedies, each at its second of the story. Only the latent faults in `present` are there (one bit for each). The story runs
    /// `speed` times as fast as the wall clock, and ends at second `ends_s` of the story.
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

    /// Runs the job in virtual time, on this thread. `own` is what is played of files, whose text the session keeps.
    ///
    /// # Errors
    ///
    /// If a scenario is unknown, or a service does not start; the error is a text for people.
    pub fn run(
        &self,
        knowledge: &Arc<Knowledge>,
        own: &[Assigned],
        stalled: impl FnOnce() + Send + 'static,
    ) -> Result<Product, String> {
        virtual_time::run(self.product(knowledge, own), STALLED_AFTER, stalled)
            .unwrap_or_else(|error| Err(error.to_string()))
    }

    async fn product(&self, knowledge: &Arc<Knowledge>, own: &[Assigned]) -> Result<Product, String> {
        let known = |name: &str| {
            let own = own.iter().find(|assigned| assigned.scenario == name);
            own.map_or_else(|| scenario(name), Assigned::scenario).map_err(|error| error.to_string())
        };
        match self {
            Self::Record { scenario, seed } => {
                let tape =
                    tape::record(&known(scenario)?, *seed, &[]).await.map_err(|error| error.to_string())?;
                Ok(Product::Knowable(knowable(&tape, knowledge)))
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
    Ok(Product::Played(Played::of(&record)))
}

#[expect(clippy::cast_possible_truncation, reason = "thousandths of a morning")]
fn thousandths(value: f64) -> i64 {
    (value * 1_000.0).round() as i64
}

fn whole(thousandths: i64) -> f64 {
    thousandths as f64 / 1_000.0
}
