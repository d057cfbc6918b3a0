//! One incident with a program on call, from the first customer to the end, in virtual time.

use std::{io, sync::Arc, time::Duration};

use diagnosis::explanation::RIGHT_FROM;
use incident::{IncidentRecord, OperatingModel};
use parking_lot::Mutex;
use report::compare::ProgramIncident;
use world::{
    Mix,
    hands::truth,
    play::{PlayOptions, Responder, play},
    scenario::{Scenario, draw},
    tape::VIEWS_PER_SECOND,
    virtual_time::{self, STALLED_AFTER, Waiting},
};

use crate::{
    desk::Desk,
    guest::OnCall,
    session::{Ended, Terms, Told},
};

/// An incident that waits for a program.
pub struct Prepared {
    scenario: Scenario,
    options: PlayOptions,
    on_call: Arc<OnCall>,
    desk: Arc<Desk>,
    waiting: Waiting,
}

/// The result of an incident.
pub struct Outcome {
    pub record: IncidentRecord,
    pub told: Told,
}

/// Prepares an incident in which the world waits at most `silent_max` for each call. It has the settings of a recorded tape, and runs at
/// its rate.
pub fn prepared(scenario: &Scenario, seed: u64, terms: Terms, silent_max: Duration) -> Prepared {
    let (desk, asks) = Desk::new(terms.level);
    let waiting = Waiting::default();
    let on_call = Arc::new(OnCall {
        terms,
        truth: truth(scenario, &draw(scenario, seed)),
        silent_max,
        asks: Mutex::new(Some(asks)),
        waiting: waiting.clone(),
        told: Mutex::default(),
    });
    let options = PlayOptions {
        level: terms.level,
        operating_model: OperatingModel::YouBuildIt,
        mix: Mix::of(VIEWS_PER_SECOND),
        responder: Responder::Guest(Arc::<OnCall>::clone(&on_call)),
        ..PlayOptions::new(seed)
    };
    Prepared { scenario: scenario.clone(), options, on_call, desk: Arc::new(desk), waiting }
}

impl Prepared {
    pub fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk)
    }

    /// Plays the incident on this thread, to the end.
    pub fn play(self, stalled: fn(&str)) -> io::Result<Outcome> {
        let what = format!("{} with seed {}", self.scenario.name, self.options.seed);
        let playing = play(&self.scenario, &self.options);
        let played = virtual_time::run_waiting(playing, STALLED_AFTER, move || stalled(&what), &self.waiting);
        let told = self.on_call.over();
        self.desk.close();
        Ok(Outcome { record: played??.record, told })
    }
}

impl Outcome {
    /// The result in the form that a comparison keeps; `None` if nobody was called. If the shop comes back before the program has acted,
    /// nobody restored it. The same holds for the model responder.
    pub fn told(&self) -> Option<ProgramIncident> {
        let Told { called_s, calls, looks, tried, located_s, given, used_up, cost, ended } = &self.told;
        let (called_s, run, outcome) = ((*called_s)?, &self.record.run, &self.record.outcome);
        let restored_s = outcome.restored_s.filter(|_| outcome.fixed && *tried > 0);
        let given = given.as_ref();
        Some(ProgramIncident {
            scenario: run.scenario.clone(),
            seed: run.seed,
            level: run.level,
            called_s,
            lost_s: outcome.lost_s.unwrap_or(called_s),
            located_s: *located_s,
            explained_s: given.map(|given| given.at_s),
            cause: given.map(|given| given.answer.cause.clone()),
            score: given.map(|given| given.score),
            confidence: given.map(|given| given.confidence),
            restored_s,
            wrong_remedies: tried - u32::from(restored_s.is_some()),
            looks: *looks,
            calls: *calls,
            used_up: used_up.map(str::to_owned),
            finished: *ended == Some(Ended::Finished),
            input_tokens: cost.input_tokens,
            output_tokens: cost.output_tokens,
            usd: cost.usd,
        })
    }

    /// Whether the last explanation that was handed in is right; `None` if there is none.
    pub fn is_right(&self) -> Option<bool> {
        self.told.given.as_ref().map(|given| given.score >= RIGHT_FROM)
    }
}
