//! What pages show of a round that is over, once the room has been opened again: its worlds are gone, and its records remain. Teaches that
//! what can be derived from a record needs no other place to be kept in.

use diagnosis::Answer;
use incident::{IncidentRecord, Recorder};
use world::scenario::{ScenarioError, draw, scenario};

use crate::{
    catalogue::truth_at,
    clock_views::{ClockView, clock_of},
    played::Played,
    session::{Assigned, Round},
    team_world::{Figures, Seen, is_call},
};

/// One team's round.
#[derive(Clone, Debug)]
pub struct Ended {
    pub figures: Figures,
    pub clock: ClockView,
    /// Whether somebody complained, or an alert went off.
    pub is_called: bool,
    /// What a right explanation says.
    pub truth: Answer,
}

impl Ended {
    pub(crate) fn of(
        record: IncidentRecord,
        played: &Played,
        round: &Round,
        assigned: &Assigned,
    ) -> Result<Self, ScenarioError> {
        let now = played.now;
        let loss_usd = record.outcome.incident_financial_loss_usd.0;
        let scenario = scenario(&assigned.scenario)?;
        let drawn = draw(&scenario, assigned.seed);
        let record = Recorder::resume(record);
        Ok(Self {
            // As the debrief says it: those who still waited at the end are in it.
            figures: Figures { loss_usd, ..Seen::of(&record, now).figures(now, round) },
            clock: clock_of(&record, now, 0.0),
            is_called: record.events().iter().any(|event| is_call(&event.kind)),
            truth: truth_at(assigned.level, &scenario, &drawn),
        })
    }
}
