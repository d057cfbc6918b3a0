//! An incident on tape: what every check finds at fixed times while nobody acts, and the aftermath of remedies. Teaches that
//! looking changes nothing: one recording serves every responder at every telemetry level until it acts. A remedy needs a new play.
//!
//! A tape is recorded once with full telemetry; a telemetry level is a mask over it. A remedy makes a branch: a play of the same
//! seed from the beginning, with the remedies at a fixed time. Branches are recorded on demand. Two simplifications follow, and
//! reports name them. Between two recorded moments, a check repeats its last finding. The aftermath of remedies does not depend on
//! the minute in which they are used.

use std::{io, sync::Arc};

use chassis::LatentFault;
use diagnosis::{
    Answer, Finding, Phase,
    checks::{CHECKS, Check},
    experience::{self, Said},
};
use incident::{Remedy, Rules, Run, Story, StoryClock, Timeline, money};
use parking_lot::Mutex;

use crate::{
    Mix,
    hands::truth,
    play::{PlayOptions, Played, Responder, play},
    scenario::{Happens, Scenario},
    stand_in,
};

/// Page views a second on tape, fewer than in a played incident: requests dominate the cost of recording.
pub const VIEWS_PER_SECOND: f64 = 2.0;

/// When all checks run for the baseline, in story seconds: customers have come, and no scenario begins this early.
pub const BEFORE_S: f64 = -630.0;

/// Minutes after the call at which all checks run. Running them takes minutes itself where pages hang.
pub const LOOKED_AT_MINUTES: [f64; 4] = [1.0, 8.0, 18.0, 32.0];

/// Minutes after the call at which a branch uses its first remedy.
pub const ACTED_AT_MINUTES: f64 = 6.0;

/// Minutes after the last remedy at which all checks run.
pub const LOOKED_AFTER_MINUTES: f64 = 3.0;

/// Whether a tape covers everything that the scenario lets happen. A tape follows one call only, until its last moment.
pub fn sees_all(scenario: &Scenario) -> bool {
    let times = || scenario.happens.iter().map(Happens::begins_s);
    let first_s = times().map(|(from_s, _)| from_s).fold(f64::INFINITY, f64::min);
    let last_s = times().map(|(_, to_s)| to_s).fold(f64::NEG_INFINITY, f64::max);
    last_s - first_s <= LOOKED_AT_MINUTES[LOOKED_AT_MINUTES.len() - 1] * 60.0
}

/// The findings of all checks at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When, in story seconds.
    pub at_s: f64,
    /// Whether customers were served.
    pub is_served: bool,
    /// In the order of [`CHECKS`].
    pub findings: Vec<Finding>,
}

/// The recording of an incident in which nobody acts.
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    pub scenario: String,
    pub seed: u64,
    /// When availability was lost, in story seconds.
    pub lost_s: Option<f64>,
    /// When availability recovered without a remedy and stayed at its target until the end, in story seconds.
    pub healed_s: Option<f64>,
    /// When the responder is called where alerts exist, in story seconds; `None` if never.
    pub alerted_s: Option<f64>,
    /// When the responder is called where only customers complain, in story seconds.
    pub complained_s: Option<f64>,
    /// The findings of all checks before anything had happened.
    pub before: Vec<Finding>,
    /// The findings of all checks, in order of time.
    pub moments: Vec<Moment>,
    /// Cumulative trade lost, in dollars, at the end of each minute since the customers came.
    pub loss_usd: Vec<f64>,
    /// The last asset published before the call.
    pub newest_publish: Option<String>,
    pub published: Option<String>,
    pub truth: Answer,
}

/// The aftermath of remedies.
#[derive(Clone, Debug, PartialEq)]
pub struct Aftermath {
    /// Seconds from the last remedy until the responder learned that customers were served; `None` if that did not happen while it
    /// watched.
    pub helped_after_s: Option<f64>,
    /// Seconds from the last remedy until availability was in fact restored.
    pub restored_after_s: Option<f64>,
    /// The findings of all checks, in seconds after the last remedy instead of story seconds.
    pub moments: Vec<Moment>,
}

/// What a recorder does, and what it has observed.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Remedies to use one after the other. If empty, the recorder only looks.
    pub(crate) remedies: Vec<Remedy>,
    pub(crate) heard: Mutex<Heard>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) before: Vec<Finding>,
    pub(crate) moments: Vec<Moment>,
    pub(crate) called_s: Option<f64>,
    pub(crate) last_remedy_s: Option<f64>,
    pub(crate) helped_s: Option<f64>,
}

/// Records an incident in which nobody acts, in a shop with these latent faults repaired. Call it in virtual time
/// ([`virtual_time::run`](crate::virtual_time::run)).
pub async fn record(scenario: &Scenario, seed: u64, repaired: &[LatentFault]) -> io::Result<Tape> {
    let recorder = Arc::new(Recorder::default());
    let Played { record, drawn, .. } = play(scenario, &options(seed, repaired, &recorder)).await?;
    let Heard { before, moments, called_s, .. } = recorder.heard.lock().clone();
    let lost_s = record.outcome.lost_s;
    let complaint = stand_in::noticed_after(incident::Level::Dark, &scenario.name, seed).as_secs_f64();
    // An alarm from outside the shop calls the responder at every level.
    let complained_s = lost_s.map(|lost_s| lost_s + complaint).or(called_s);
    let before_call = |published: &&(f64, String)| called_s.is_some_and(|called_s| published.0 <= called_s);
    let published = drawn.published_assets();
    Ok(Tape {
        scenario: scenario.name.clone(),
        seed,
        lost_s,
        healed_s: record.outcome.restored_s.filter(|_| record.outcome.fixed),
        alerted_s: called_s,
        complained_s,
        before,
        moments,
        loss_usd: losses(&record),
        newest_publish: published.iter().rfind(before_call).map(|(_, asset)| asset.clone()),
        truth: truth(scenario, &drawn),
        published: drawn.published,
    })
}

/// Records the aftermath of remedies, used one after the other.
pub async fn branch(
    scenario: &Scenario,
    seed: u64,
    repaired: &[LatentFault],
    remedies: &[Remedy],
) -> io::Result<Aftermath> {
    let recorder = Arc::new(Recorder { remedies: remedies.to_vec(), ..Recorder::default() });
    let Played { record, .. } = play(scenario, &options(seed, repaired, &recorder)).await?;
    let Heard { moments, last_remedy_s, helped_s, .. } = recorder.heard.lock().clone();
    let last_s = last_remedy_s.unwrap_or_default();
    let restored_s = record.outcome.restored_s.filter(|_| helped_s.is_some());
    Ok(Aftermath {
        helped_after_s: helped_s.map(|at_s| at_s - last_s),
        restored_after_s: restored_s.map(|at_s| (at_s - last_s).max(0.0)),
        moments: moments.into_iter().map(|moment| Moment { at_s: moment.at_s - last_s, ..moment }).collect(),
    })
}

/// What training keeps of a moment. `published` is the asset that did the harm, if one did.
pub fn kept(moment: &Moment, phase: Phase, published: Option<&str>) -> experience::Moment {
    let said = |(check, finding): (&Check, &Finding)| {
        let names = finding.asset.as_deref().map(|asset| Some(asset) == published);
        Some(Said { outcome: check.place(finding.outcome)?, names })
    };
    experience::Moment::new(phase, CHECKS.iter().zip(&moment.findings).map(said))
}

fn options(seed: u64, repaired: &[LatentFault], recorder: &Arc<Recorder>) -> PlayOptions {
    PlayOptions {
        level: chassis::Level::RICHEST,
        repaired: repaired.to_vec(),
        mix: Mix::of(VIEWS_PER_SECOND),
        responder: Responder::Recorder(Arc::clone(recorder)),
        ..PlayOptions::new(seed)
    }
}

/// The cumulative loss in dollars at the end of each minute.
fn losses(record: &incident::IncidentRecord) -> Vec<f64> {
    let Run { story, rules: Rules { degraded_trade_lost, .. }, .. } = &record.run;
    let clock = StoryClock::from_events(&record.events);
    let end_s = Timeline::new(&record.availability).end_s();
    let until = |minute: u32| {
        let visits = record.availability.iter().filter(|row| row.at_s < minute * 60);
        money::loss(&Timeline::new(visits), &clock, story, *degraded_trade_lost).0
    };
    (1..=end_s / 60).map(until).collect()
}

/// After a tape's end, trade is lost at the average rate of this many last minutes.
pub const LAST_MINUTES: usize = 10;

impl Tape {
    /// Cumulative trade lost until `story_s`, in dollars. After the tape's end it grows at the average rate of the [`LAST_MINUTES`].
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "minutes of a morning")]
    pub fn loss_usd_at(&self, story_s: f64) -> f64 {
        let minutes = ((story_s - crate::play::STARTS_STORY_S) / 60.0).max(0.0);
        let at = |minute: usize| if minute == 0 { 0.0 } else { self.loss_usd[minute - 1] };
        let end = self.loss_usd.len();
        if minutes >= end as f64 {
            let rate = (at(end) - at(end.saturating_sub(LAST_MINUTES))) / LAST_MINUTES.min(end).max(1) as f64;
            return at(end) + rate * (minutes - end as f64);
        }
        let (whole, part) = (minutes.floor() as usize, minutes.fract());
        at(whole) + (at(whole + 1) - at(whole)) * part
    }

    /// When the story ends, in story seconds.
    pub fn ends_s() -> f64 {
        Story::default().ends_s()
    }
}
