//! An incident on tape: what every check says at fixed times while nobody acts, and what comes of remedies. Teaches that who only
//! looks changes nothing, so that one recording serves every responder who looks, at every telemetry level; what acts is played anew.
//!
//! A tape is recorded once with all telemetry; what a level grants is a mask over it. A remedy makes a branch, which is recorded when
//! somebody uses it: the same seed from the beginning, with the remedies at a fixed time. Two simplifications follow, and reports name
//! them: between two moments a look says what it said at the last one, and what remedies do does not depend on the minute in which they
//! are used.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chassis::LatentFault;
use diagnosis::{
    Answer, Finding, Phase,
    checks::{CHECKS, Check},
    experience::{self, Said},
};
use incident::{Remedy, Rules, Run, Story, StoryClock, Timeline, money};

use crate::{
    Mix,
    hands::truth,
    play::{PlayOptions, Played, Responder, play},
    scenario::Scenario,
    stand_in,
};

/// Page views a second on tape, fewer than when an incident is played: what costs time is requests.
pub const VIEWS_PER_SECOND: f64 = 2.0;

/// When a look is taken before anything has happened, in story seconds: customers have come, and no scenario begins so early.
pub const BEFORE_S: f64 = -630.0;

/// Minutes after the call at which everything is looked at. A look at everything takes minutes itself where pages hang.
pub const LOOKED_AT_MINUTES: [f64; 4] = [1.0, 8.0, 18.0, 32.0];

/// Minutes after the call at which remedies begin, in a branch.
pub const ACTED_AT_MINUTES: f64 = 6.0;

/// Minutes after the last remedy at which everything is looked at.
pub const LOOKED_AFTER_MINUTES: f64 = 3.0;

/// Whether a tape, which hears one call, sees everything that the scenario lets happen.
pub fn sees_all(scenario: &Scenario) -> bool {
    let times = || scenario.happens.iter().map(|happens| happens.between.story_s());
    let first_s = times().map(|(from_s, _)| from_s).fold(f64::INFINITY, f64::min);
    let last_s = times().map(|(_, to_s)| to_s).fold(f64::NEG_INFINITY, f64::max);
    last_s - first_s <= LOOKED_AT_MINUTES[LOOKED_AT_MINUTES.len() - 1] * 60.0
}

/// What every check said at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When, in story seconds.
    pub at_s: f64,
    /// Whether customers were served.
    pub is_served: bool,
    /// By the place of a check in [`CHECKS`].
    pub findings: Vec<Finding>,
}

/// An incident that nobody does anything about.
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// When availability was lost, in story seconds.
    pub lost_s: Option<f64>,
    /// When it was back by itself, and stayed, as long as anybody watched.
    pub healed_s: Option<f64>,
    /// When somebody is called where alerts exist; none if nobody ever is.
    pub alerted_s: Option<f64>,
    /// When somebody is called where only customers complain.
    pub complained_s: Option<f64>,
    /// What every check said before anything had happened.
    pub before: Vec<Finding>,
    /// What every check said, in order of time.
    pub moments: Vec<Moment>,
    /// Trade lost from the beginning until the end of each minute since the customers came, in dollars.
    pub loss_usd: Vec<f64>,
    /// The asset that was published last before the call.
    pub newest_publish: Option<String>,
    /// The asset that the scenario publishes.
    pub published: Option<String>,
    /// The expected answer.
    pub truth: Answer,
}

/// What came of remedies.
#[derive(Clone, Debug, PartialEq)]
pub struct Aftermath {
    /// Seconds from the last remedy until customers were told to be served; none if they were not, as long as anybody looked.
    pub helped_after_s: Option<f64>,
    /// Seconds from the last remedy until availability was in fact restored.
    pub restored_after_s: Option<f64>,
    /// What every check said, with seconds after the last remedy in place of story seconds.
    pub moments: Vec<Moment>,
}

/// What a recorder does, and what it has heard.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Remedies to be used one after the other; none: it only looks.
    remedies: Vec<Remedy>,
    heard: Mutex<Heard>,
}

/// What was heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) before: Vec<Finding>,
    pub(crate) moments: Vec<Moment>,
    pub(crate) called_s: Option<f64>,
    pub(crate) last_remedy_s: Option<f64>,
    pub(crate) helped_s: Option<f64>,
}

impl PartialEq for Recorder {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Recorder {
    pub(crate) fn remedies(&self) -> &[Remedy] {
        &self.remedies
    }

    pub(crate) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records an incident that nobody does anything about, in a shop with these latent faults repaired. Call it in
/// [virtual time](crate::virtual_time::run).
///
/// # Errors
///
/// When a service does not start.
pub async fn record(scenario: &Scenario, seed: u64, repaired: &[LatentFault]) -> io::Result<Tape> {
    let recorder = Arc::new(Recorder::default());
    let Played { record, drawn, .. } = play(scenario, &options(seed, repaired, &recorder)).await?;
    let Heard { before, moments, called_s, .. } = recorder.heard().clone();
    let lost_s = record.outcome.lost_s;
    let complaint = stand_in::noticed_after(incident::Level::Dark, &scenario.name, seed).as_secs_f64();
    // Who is called by somebody else's alarm is called by it at every level.
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

/// Records what comes of remedies, used one after the other.
///
/// # Errors
///
/// When a service does not start.
pub async fn branch(
    scenario: &Scenario,
    seed: u64,
    repaired: &[LatentFault],
    remedies: &[Remedy],
) -> io::Result<Aftermath> {
    let recorder = Arc::new(Recorder { remedies: remedies.to_vec(), ..Recorder::default() });
    let Played { record, .. } = play(scenario, &options(seed, repaired, &recorder)).await?;
    let Heard { moments, last_remedy_s, helped_s, .. } = recorder.heard().clone();
    let last_s = last_remedy_s.unwrap_or_default();
    let restored_s = record.outcome.restored_s.filter(|_| helped_s.is_some());
    Ok(Aftermath {
        helped_after_s: helped_s.map(|at_s| at_s - last_s),
        restored_after_s: restored_s.map(|at_s| (at_s - last_s).max(0.0)),
        moments: moments.into_iter().map(|moment| Moment { at_s: moment.at_s - last_s, ..moment }).collect(),
    })
}

/// What is kept of a moment in training; `published` is the asset that did the harm, if one did.
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

/// The loss until the end of each minute.
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

impl Tape {
    /// Trade lost until so many story seconds. After the tape's end it goes on being lost as in its last ten minutes.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "minutes of a morning")]
    pub fn loss_usd_at(&self, story_s: f64) -> f64 {
        const LAST: usize = 10;
        let minutes = ((story_s - crate::play::STARTS_STORY_S) / 60.0).max(0.0);
        let at = |minute: usize| if minute == 0 { 0.0 } else { self.loss_usd[minute - 1] };
        let end = self.loss_usd.len();
        if minutes >= end as f64 {
            let rate = (at(end) - at(end.saturating_sub(LAST))) / LAST.min(end).max(1) as f64;
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
