//! Plays a recorded incident back to a responder. Branches of the recording hold the aftermath of remedies. Teaches that one recording
//! serves many diagnoses, each on other terms, without running the incident again.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::Future,
    io,
    time::Duration,
};

use diagnosis::{
    Answer, Finding, Hands, Phase,
    checks::{CHECKS, Check},
    explanation::{RIGHT_FROM, agreement},
    operating::{Line, helper, ticket::Priority},
    remedies::with_asset,
    responder::{NOT_ENOUGH, NOTHING_KNOWN},
    terms::Stakes,
};
use incident::{EventKind, LatentFault, Remedy, Service, TicketStep};
use world::{
    scenario::Scenario,
    tape::{Aftermath, Moment, Tape},
};

use super::placebo::PlaceboFindings;
use crate::training::branched;

/// How long after the loss an incident is followed, in seconds: as long as the story's. A step not reached by then counts as reached there.
pub const HORIZON_S: f64 = 300.0 * 60.0;

/// A recording, and the aftermaths of remedies recorded so far.
pub struct Playback<'a> {
    pub scenario: &'a Scenario,
    pub tape: &'a Tape,
    /// The latent faults that were repaired in the recording.
    repaired: &'a [LatentFault],
    /// Called when virtual time stands still.
    pub stalled: fn(&str),
    branches: RefCell<BTreeMap<Vec<Remedy>, Aftermath>>,
    failed: RefCell<Option<io::Error>>,
}

/// The result of one diagnosis. Times are story seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// When availability was lost; for a false alarm, when the responder was called.
    pub lost_s: f64,
    pub called_s: f64,
    /// When the likeliest explanation first had the right path.
    pub located_s: Option<f64>,
    pub answer: Option<AnswerGiven>,
    pub restored_s: Option<f64>,
    pub wrong_remedies: u32,
    pub checks: u32,
    pub loss_usd: f64,
    /// The stints of work on the incident. The gaps between them are waits and handovers.
    pub worked: Vec<Stint>,
    /// Whether its ticket was opened with the lowest priority.
    pub can_wait: bool,
}

/// A stint of work: one check, or remedies.
#[derive(Clone, Debug, PartialEq)]
pub struct Stint {
    pub line: Line,
    pub from_s: f64,
    pub to_s: f64,
    /// Whether it needs another team.
    pub asks_helpers: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AnswerGiven {
    pub at_s: f64,
    /// Its agreement with the truth, from 0 to 1.
    pub score: f64,
    pub confidence: f64,
    /// The named cause; `None` if the responder said that it does not know.
    pub cause: Option<String>,
}

impl Diagnosis {
    /// When the right explanation was given, before the horizon.
    pub fn explained_right_s(&self) -> Option<f64> {
        let answer = self.answer.as_ref()?;
        (answer.score >= RIGHT_FROM && answer.at_s <= self.lost_s + HORIZON_S).then_some(answer.at_s)
    }

    /// The cost in minutes since the call, by the responder's own stakes. Unless the incident `can_be_mended`, minutes of outage cost nothing.
    pub fn cost_minutes(&self, stakes: &Stakes, can_be_mended: bool) -> f64 {
        let ends_s = self.lost_s + HORIZON_S;
        let answered_s = self.answer.as_ref().map_or(ends_s, |answer| answer.at_s);
        let lost_s =
            if can_be_mended { self.restored_s.unwrap_or(ends_s).max(self.called_s) } else { self.called_s };
        let said = match &self.answer {
            Some(answer) if answer.score >= RIGHT_FROM => 0.0,
            Some(answer) if answer.cause.is_some() => stakes.wrong,
            _ => stakes.none,
        };
        (lost_s - self.called_s) / 60.0 + stakes.calm_minute * (answered_s - lost_s).max(0.0) / 60.0 + said
    }

    pub fn is_explained_right(&self) -> bool {
        self.explained_right_s().is_some()
    }

    pub fn is_explained_wrong(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.cause.is_some() && answer.score < RIGHT_FROM)
    }
}

impl<'a> Playback<'a> {
    pub fn new(
        scenario: &'a Scenario,
        tape: &'a Tape,
        repaired: &'a [LatentFault],
        stalled: fn(&str),
    ) -> Self {
        let (branches, failed) = (RefCell::default(), RefCell::default());
        Self { scenario, tape, repaired, stalled, branches, failed }
    }

    /// The aftermath of these remedies, if it is known, or is recorded now because `records` is set.
    fn branch(&self, remedies: &[Remedy], records: bool) -> Option<Aftermath> {
        if let Some(known) = self.branches.borrow().get(remedies) {
            return Some(known.clone());
        }
        if !records {
            return None;
        }
        match branched(self.scenario, self.tape.seed, self.repaired, remedies, self.stalled) {
            Ok(aftermath) => {
                self.branches.borrow_mut().insert(remedies.to_vec(), aftermath.clone());
                Some(aftermath)
            }
            Err(error) => {
                *self.failed.borrow_mut() = Some(error);
                None
            }
        }
    }

    /// The first of the scenario's right sequences that is a subsequence of the used remedies.
    fn right_among(&self, used: &[Remedy]) -> Option<Vec<Remedy>> {
        let published = self.tape.published.as_deref();
        let right = self.scenario.remedies.right.iter().filter_map(|right| with_asset(right, published));
        right.into_iter().find(|right| {
            let mut used = used.iter();
            right.iter().all(|remedy| used.any(|other| other == remedy))
        })
    }

    /// Returns the number of recorded branches.
    ///
    /// # Errors
    ///
    /// If a branch could not be recorded.
    pub fn finish(self) -> io::Result<usize> {
        let recorded = self.branches.borrow().len();
        self.failed.into_inner().map_or(Ok(recorded), Err)
    }
}

pub struct PlaybackHands<'a> {
    playback: &'a Playback<'a>,
    /// The findings that the added checks show instead, and the number of the incident.
    placebo: Option<(&'a PlaceboFindings, usize)>,
    records: bool,
    now_s: Cell<f64>,
    tried: RefCell<Vec<Vec<Remedy>>>,
    acted: RefCell<Option<(f64, Aftermath)>>,
    line: Cell<Line>,
    /// The diagnosis so far.
    told: RefCell<Diagnosis>,
}

impl<'a> PlaybackHands<'a> {
    /// For a responder that an alert (`has_alerts`) or a complaint calls; `None` if nobody is called. `records` says whether to record the
    /// aftermath of failed remedies.
    pub fn new(
        playback: &'a Playback<'a>,
        has_alerts: bool,
        placebo: Option<(&'a PlaceboFindings, usize)>,
        records: bool,
    ) -> Option<Self> {
        let tape = playback.tape;
        let called_s = if has_alerts { tape.alerted_s } else { tape.complained_s }?;
        let told = Diagnosis { lost_s: tape.lost_s.unwrap_or(called_s), called_s, ..Diagnosis::default() };
        Some(Self {
            playback,
            placebo,
            records,
            now_s: Cell::new(called_s),
            tried: RefCell::default(),
            acted: RefCell::default(),
            line: Cell::new(Line::First),
            told: RefCell::new(told),
        })
    }

    pub fn diagnosis(self) -> Diagnosis {
        let told = self.told.into_inner();
        let ends_s = told.lost_s + HORIZON_S;
        let acted = self.acted.into_inner();
        let by_remedies_s = acted.and_then(|(at_s, aftermath)| Some(at_s + aftermath.restored_after_s?));
        let [by_remedies_s, by_itself_s] =
            [by_remedies_s, self.playback.tape.healed_s].map(|at_s| at_s.filter(|at_s| *at_s <= ends_s));
        let restored_s = by_remedies_s.into_iter().chain(by_itself_s).reduce(f64::min);
        let tried = u32::try_from(self.tried.into_inner().len()).unwrap_or(u32::MAX);
        Diagnosis {
            restored_s,
            wrong_remedies: tried - u32::from(by_remedies_s.is_some()),
            loss_usd: self.playback.tape.loss_usd_at(restored_s.unwrap_or(ends_s)),
            ..told
        }
    }

    /// The finding of a check: the placebo's if there is one, otherwise the one recorded at the last moment before now.
    fn finding(&self, check: usize, phase: Phase) -> Finding {
        let now_s = self.now_s.get();
        let last = |moments: &[Moment], at_s: f64| {
            let moment = moments.iter().rfind(|moment| moment.at_s <= at_s).or(moments.first());
            moment.map(|moment| moment.findings[check].clone())
        };
        let own = || match &*self.acted.borrow() {
            Some((acted_s, aftermath)) => last(&aftermath.moments, now_s - acted_s),
            None => last(&self.playback.tape.moments, now_s),
        };
        let placebo = self.placebo.and_then(|(placebo, number)| placebo.finding(number, check, phase));
        let shown = placebo.or_else(own);
        shown.expect("a tape has moments, and each of them shows every check")
    }

    /// The line that holds the incident works on it for this time.
    fn works(&self, time: Duration, asks_helpers: bool) {
        let (line, from_s) = (self.line.get(), self.now_s.get());
        let to_s = from_s + time.as_secs_f64();
        self.now_s.set(to_s);
        self.told.borrow_mut().worked.push(Stint { line, from_s, to_s, asks_helpers });
    }

    /// The phase of a check that begins now.
    fn phase(&self) -> Phase {
        match &*self.acted.borrow() {
            Some((_, aftermath)) if aftermath.helped_after_s.is_some() => Phase::Served,
            None if self.tried.borrow().is_empty() => Phase::of(self.minutes()),
            _ => Phase::AfterRemedy,
        }
    }
}

impl Hands for PlaybackHands<'_> {
    fn minutes(&self) -> f64 {
        (self.now_s.get() - self.told.borrow().called_s) / 60.0
    }

    fn story_s(&self) -> f64 {
        self.now_s.get()
    }

    async fn pass(&self, time: Duration) {
        self.now_s.set(self.now_s.get() + time.as_secs_f64());
    }

    fn look(&self, check: &'static Check, takes: Duration) -> impl Future<Output = Finding> {
        let phase = self.phase();
        self.works(takes, false);
        self.told.borrow_mut().checks += 1;
        let place = CHECKS.iter().position(|known| known.name == check.name);
        std::future::ready(self.finding(place.expect("the table has every check"), phase))
    }

    /// Picks the recorded aftermath for all remedies used so far. If they contain a right sequence, it counts as if it had been used alone:
    /// a test plays each right and each wrong sequence. Otherwise the aftermath of all of them together counts, because the next suspect
    /// shows only after the first has been rolled back. If that is not recorded, the aftermath of the last sequence counts. If that is not
    /// recorded either, the evidence stays as it was. Once remedies have restored service, later ones change nothing, and count as wrong.
    async fn apply(&self, remedies: &[(Remedy, Duration)], settles: Duration) {
        let asks_helpers = remedies.iter().any(|(remedy, _)| helper(remedy).is_some());
        self.works(remedies.iter().map(|(_, takes)| *takes).sum(), asks_helpers);
        let last: Vec<Remedy> = remedies.iter().map(|(remedy, _)| remedy.clone()).collect();
        self.tried.borrow_mut().push(last.clone());
        let used: Vec<Remedy> = self.tried.borrow().concat();
        let is_restored =
            self.acted.borrow().as_ref().is_some_and(|(_, aftermath)| aftermath.restored_after_s.is_some());
        let aftermath = if is_restored {
            None
        } else if let Some(right) = self.playback.right_among(&used) {
            self.playback.branch(&right, true)
        } else {
            self.playback.branch(&used, self.records).or_else(|| self.playback.branch(&last, false))
        };
        if let Some(aftermath) = aftermath {
            *self.acted.borrow_mut() = Some((self.now_s.get(), aftermath));
        }
        self.works(settles, false);
    }

    fn note(&self, kind: EventKind) {
        match kind {
            EventKind::Escalated { to } => {
                let line = Line::ALL.into_iter().find(|line| line.name() == to);
                self.line.set(line.unwrap_or(self.line.get()));
            }
            EventKind::Ticket { step: TicketStep::Opened, text, .. } => {
                self.told.borrow_mut().can_wait = text.starts_with(&Priority::P3.to_string());
            }
            _ => {}
        }
    }

    fn suppose(&self, _: String, leading: Option<&[Service]>) {
        if leading.is_some_and(|path| path == self.playback.tape.truth.path) {
            self.told.borrow_mut().located_s.get_or_insert(self.now_s.get());
        }
    }

    fn explain(&self, answer: Answer, confidence: f64) {
        let score = agreement(&answer, &self.playback.tape.truth);
        let knows = ![NOT_ENOUGH, NOTHING_KNOWN].contains(&answer.cause.as_str());
        let cause = knows.then_some(answer.cause);
        self.told.borrow_mut().answer =
            Some(AnswerGiven { at_s: self.now_s.get(), score, confidence, cause });
    }
}
