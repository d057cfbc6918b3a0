//! The measured outcomes of incidents: the scenarios of the library, played with the model responder at three levels and in both operating
//! models, whole and with their latent faults repaired. Teaches that a simulated year can rest on incidents that were measured one by one:
//! anyone who doubts one can play it again.
//!
//! `glyphfall year --measure` writes the file. A line's minutes hold no waits and no handovers: the simulation adds those.

use std::{io, num::NonZeroUsize, sync::Arc};

use diagnosis::{Experience, Knowledge, Terms, operating::Line, responder};
use futures_util::FutureExt;
use incident::{ContributingFactor, LatentFault, Level, OperatingModel};
use serde::{Deserialize, Serialize};
use world::{
    scenario::{Scenario, library},
    tape::sees_all,
};

use crate::{
    compare::{
        list::alerts,
        playback::{Diagnosis, HORIZON_S, Playback, PlaybackHands},
    },
    factors::REPAIRED,
    sweep::{Watch, sweep},
    training::recorded,
};

/// The seed of every scenario, above the seeds that people give by hand, and below those of training. One seed is enough: incidents of a
/// scenario are near-copies, and each further seed takes as long again to play.
pub const SEED: u64 = 900_000_001;

/// The levels at which incidents were played: no telemetry, alerts, and all telemetry.
pub const LEVELS: [Level; 3] = [Level::Dark, Level::Metrics, Level::RICHEST];

/// Minutes after the loss at which the lost trade is stored. It is interpolated linearly between them, and extrapolated after the last.
pub const LOSS_AT_MINUTES: [f64; 11] = [0.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// A hash of the checks, the responder's experience, and the scenarios.
    pub hash: String,
    pub incidents: Vec<Incident>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub scenario: String,
    /// The latent faults that were repaired, of those that contribute to it.
    pub repaired: Vec<LatentFault>,
    /// The latent faults that contribute to it.
    pub factors: Vec<LatentFault>,
    /// Whether somebody in the shop can mend it.
    pub can_be_mended: bool,
    pub is_loss: bool,
    /// Minutes until availability came back by itself, if it did.
    pub healed: Option<f64>,
    /// Dollars of trade lost at [`LOSS_AT_MINUTES`].
    pub loss_usd: Vec<f64>,
    /// By level of [`LEVELS`], then by operating model; `None` where nobody was called.
    handled: Vec<[Option<Handled>; OperatingModel::ALL.len()]>,
}

/// How the model responder handled the incident. Times are minutes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handled {
    /// From the loss to the call.
    pub called: f64,
    /// Work of each line until the remedy that restored; all work if none did.
    pub worked: [f64; Line::ALL.len()],
    /// Whether another team does the remedy.
    pub asks_helpers: bool,
    /// Whether L1 opened its ticket with the lowest priority.
    pub can_wait: bool,
    /// From the end of that work to the restoration; `None` if it was not restored within five hours.
    pub settled: Option<f64>,
    /// Work on an explanation after that.
    pub explained: f64,
}

impl Measured {
    pub fn built_in() -> Self {
        serde_json::from_str(include_str!("../../knowledge/outcomes.json")).expect("a test reads it")
    }

    /// JSON with one incident per line.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string(self).expect("names and figures can be written");
        text.replace("{\"scenario\"", "\n{\"scenario\"") + "\n"
    }
}

impl Incident {
    /// How it was handled; `None` if nobody was called, or if it was not played at this level.
    pub fn handled(&self, level: Level, model: OperatingModel) -> Option<&Handled> {
        let level = LEVELS.iter().position(|known| *known == level)?;
        self.handled[level][model as usize].as_ref()
    }

    /// Dollars of trade lost by this many minutes after the loss.
    pub fn loss_usd_at(&self, minutes: f64) -> f64 {
        let last = LOSS_AT_MINUTES.len() - 1;
        let after = LOSS_AT_MINUTES.partition_point(|at| *at <= minutes).clamp(1, last);
        let (from, to) = (LOSS_AT_MINUTES[after - 1], LOSS_AT_MINUTES[after]);
        let share = (minutes - from) / (to - from);
        self.loss_usd[after - 1] + (self.loss_usd[after] - self.loss_usd[after - 1]) * share
    }
}

/// Every scenario, whole and with each combination of its latent faults repaired.
fn jobs() -> Vec<(Scenario, Vec<LatentFault>)> {
    let of = |scenario: Scenario| {
        let mut own = contributing(&scenario);
        // The fourth fault, `inadequate-telemetry`, needs no play of its own: the richest level repairs it.
        own.retain(|fault| REPAIRED.contains(fault));
        (0..1_usize << own.len()).map(move |set| {
            let is_in = |(place, _): &(usize, &LatentFault)| set & (1 << place) != 0;
            (scenario.clone(), own.iter().enumerate().filter(is_in).map(|(_, fault)| *fault).collect())
        })
    };
    library().into_iter().filter(sees_all).flat_map(of).collect()
}

fn contributing(scenario: &Scenario) -> Vec<LatentFault> {
    let faults = LatentFault::ALL.into_iter().zip(ContributingFactor::LATENT_FAULTS);
    faults.filter(|(_, factor)| scenario.truth.factors.contains(factor)).map(|(fault, _)| fault).collect()
}

pub fn recordings() -> usize {
    jobs().len()
}

/// Plays all jobs; `None` if it was stopped.
pub fn measure(threads: NonZeroUsize, watch: Watch<'_>) -> io::Result<Option<Measured>> {
    let knowledge = Arc::new(Knowledge::built_in());
    let played = sweep(&jobs(), threads, watch, |(scenario, repaired)| {
        incident(scenario, repaired, &knowledge, watch).map(Some)
    })?;
    let incidents: Option<Vec<Incident>> = played.into_iter().collect();
    Ok(incidents.map(|incidents| Measured { hash: hash(), incidents }))
}

/// Records one incident and has it diagnosed.
fn incident(
    scenario: &Scenario,
    repaired: &[LatentFault],
    knowledge: &Knowledge,
    watch: Watch<'_>,
) -> io::Result<Incident> {
    let tape = recorded(scenario, SEED, repaired, watch.stalled)?;
    let playback = Playback::new(scenario, &tape, repaired, watch.stalled);
    let handle = |level: Level, model: OperatingModel| {
        let hands = PlaybackHands::new(&playback, alerts(level), None, true)?;
        let terms = Terms { seed: None, ..Terms::at(level, model) };
        responder::respond(&hands, knowledge, &terms).now_or_never().expect("hands on a playback never wait");
        Some(Handled::of(&hands.diagnosis()))
    };
    let handled = LEVELS.map(|level| OperatingModel::ALL.map(|model| handle(level, model)));
    playback.finish()?;
    let at =
        |minutes: &f64| tape.lost_s.map_or(0.0, |lost_s| tape.loss_usd_at(lost_s + minutes * 60.0).round());
    Ok(Incident {
        scenario: scenario.name.clone(),
        repaired: repaired.to_vec(),
        factors: contributing(scenario),
        can_be_mended: !scenario.control,
        is_loss: tape.lost_s.is_some(),
        healed: tape.healed_s.zip(tape.lost_s).map(|(healed_s, lost_s)| tenths((healed_s - lost_s) / 60.0)),
        loss_usd: LOSS_AT_MINUTES.iter().map(at).collect(),
        handled: handled.into(),
    })
}

impl Handled {
    fn of(diagnosis: &Diagnosis) -> Self {
        let until_s = diagnosis.restored_s.unwrap_or(diagnosis.lost_s + HORIZON_S);
        let mut handled = Self {
            called: tenths((diagnosis.called_s - diagnosis.lost_s) / 60.0),
            worked: [0.0; Line::ALL.len()],
            asks_helpers: false,
            can_wait: diagnosis.can_wait,
            settled: None,
            explained: 0.0,
        };
        let mut last_s = diagnosis.called_s;
        for stint in &diagnosis.worked {
            let before_s = stint.to_s.min(until_s).max(stint.from_s);
            handled.worked[stint.line as usize] += (before_s - stint.from_s) / 60.0;
            handled.explained += (stint.to_s - before_s) / 60.0;
            if before_s > stint.from_s {
                last_s = before_s;
                handled.asks_helpers |= stint.asks_helpers;
            }
        }
        handled.worked = handled.worked.map(tenths);
        handled.explained = tenths(handled.explained);
        handled.settled =
            diagnosis.restored_s.map(|restored_s| tenths((restored_s - last_s).max(0.0) / 60.0));
        handled
    }
}

fn tenths(minutes: f64) -> f64 {
    (minutes * 10.0).round() / 10.0
}

fn hash() -> String {
    let scenarios = library().into_iter().map(|scenario| format!("{scenario:?}"));
    let parts: Vec<String> = scenarios.chain([Experience::built_in().to_json()]).collect();
    diagnosis::experience::hash(parts.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::compare::playback::Stint;

    #[test]
    fn the_built_in_outcomes_fit_the_library_and_what_the_responder_has_learned() {
        let built_in = Measured::built_in();
        assert_eq!(built_in.hash, hash(), "the outcomes are stale: run `glyphfall year --measure`");
        let made = built_in.incidents.iter().map(|row| (row.scenario.clone(), row.repaired.clone()));
        assert!(jobs().into_iter().map(|(scenario, repaired)| (scenario.name, repaired)).eq(made));
        assert_eq!(serde_json::from_str::<Measured>(&built_in.to_json()).unwrap(), built_in);
        let lines = built_in.incidents.iter().flat_map(|row| &row.handled).flatten().flatten();
        assert!(lines.map(|handled| handled.worked[2]).all(|minutes| minutes == 0.0), "a year has no L3");
        let story = built_in.incidents.iter().find(|row| row.is_loss).unwrap();
        let (end, later) = (story.loss_usd_at(300.0), story.loss_usd_at(420.0));
        assert!((later - end - (end - story.loss_usd_at(180.0))).abs() < 1e-6, "the loss goes on as at last");
    }

    /// Replays the story twice: whole, and with faults repaired.
    #[test]
    fn a_row_is_what_a_replay_finds() {
        let (stop, built_in, knowledge) =
            (AtomicBool::new(false), Measured::built_in(), Knowledge::built_in());
        let watch = Watch { stop: &stop, done: &|| (), stalled: |what| panic!("{what} stands still") };
        let mut rows = built_in.incidents.iter().filter(|row| row.scenario == world::scenario::STORY);
        for row in [rows.next().unwrap(), rows.next_back().unwrap()] {
            let scenario = world::scenario::scenario(&row.scenario).unwrap();
            let again = incident(&scenario, &row.repaired, &knowledge, watch).unwrap();
            assert_eq!(*row, again, "run `glyphfall year --measure`");
        }
    }

    #[test]
    fn minutes_are_those_of_the_line_that_worked_and_end_with_the_restoration() {
        let stint = |line, from_s, to_s, asks_helpers| Stint { line, from_s, to_s, asks_helpers };
        let handled = Handled::of(&Diagnosis {
            called_s: 120.0,
            restored_s: Some(2_460.0),
            worked: vec![
                stint(Line::First, 120.0, 240.0, false),
                stint(Line::Third, 1_440.0, 2_400.0, true),
                stint(Line::Third, 2_400.0, 2_580.0, true),
                stint(Line::Third, 2_580.0, 2_640.0, true),
            ],
            can_wait: true,
            ..Diagnosis::default()
        });
        let expected = Handled {
            called: 2.0,
            worked: [2.0, 0.0, 17.0],
            asks_helpers: true,
            can_wait: true,
            settled: Some(0.0),
            explained: 3.0,
        };
        assert_eq!(handled, expected);
    }
}
