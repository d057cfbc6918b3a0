//! The responder's hands in this world: probes and remedies for [`diagnosis`], which cannot see the world itself. Only this file
//! compares an answer with the truth.

use std::{cell::Cell, collections::BTreeSet, future::Future, time::Duration};

use chassis::{CallError, Peer, Wait, rng};
use diagnosis::{
    Answer, Caller, Deed, Deployment, Finding, Hands, NoReply, Page, Probes, Process, Reply,
    cause::Cause,
    checks::{CHECKS, Check},
    experience::Case,
    explanation::agreement,
};
use evidence::{Evidence, UnixTime};
use incident::{EventKind, Remedy, Route, Service};
use rand::RngExt;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    World,
    customers::{PATIENCE, page},
    judge::missing,
    scenario::{
        Drawn, Happening, Scenario, Symptom,
        draw::{Announced, Step, SystemChange},
        happening::Party,
        insert::Insert,
    },
    shop::{CUSTOMERS, seed_assets},
    tape::{ACTED_AT_MINUTES, BEFORE_S, LOOKED_AFTER_MINUTES, LOOKED_AT_MINUTES, Moment, Recorder},
};

/// The responder's name in the network, for probes from inside it.
const RESPONDER: &str = "responder";

/// How often to poll whether the responder is called, or whether customers are served.
const LISTENS_EVERY: Duration = Duration::from_secs(5);

/// How long a port may take to answer.
const PORT_TIMEOUT: Duration = Duration::from_secs(1);

/// The probability that a colleague remembers a deed when asked. Assumed.
const REMEMBERED: f64 = 0.6;

/// One customer in this many who meet a failed page tells the help desk. Assumed.
const COMPLAINS_ONE_IN: u32 = 25;

const MINUTE: Duration = Duration::from_secs(60);

/// The state that play and responder share.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// The number of the current call. A second outage, after the first was restored, is a call of its own.
    pub(crate) call: Cell<u32>,
    pub(crate) is_called: Cell<bool>,
    pub(crate) is_served: Cell<bool>,
    pub(crate) is_done: Cell<bool>,
}

/// Hands in one world. They can look, probe and act; they do not reveal the truth.
pub struct WorldHands<'a> {
    world: &'a World,
    evidence: &'a Evidence,
    desk: &'a Desk,
    noticed: Cell<UnixTime>,
    drawn: &'a Drawn,
    truth: Answer,
    outside: Peer,
    /// In the order of [`Service::ALL`].
    inside: [Peer; 3],
}

impl<'a> WorldHands<'a> {
    pub(crate) fn new(
        world: &'a World,
        evidence: &'a Evidence,
        desk: &'a Desk,
        scenario: &Scenario,
        drawn: &'a Drawn,
    ) -> Self {
        // The responder's own requests emit no telemetry, which would be evidence of nothing.
        let (outside, inside) = (world.outsider(CUSTOMERS), world.outsider(RESPONDER));
        let addresses = world.shop().addresses();
        Self {
            world,
            evidence,
            desk,
            noticed: Cell::new(UnixTime::default()),
            drawn,
            truth: truth(scenario, drawn),
            outside: Peer::new(&outside, addresses.web_front.clone()),
            inside: Service::ALL.map(|service| Peer::new(&inside, addresses.of(service).clone())),
        }
    }

    pub(crate) async fn called(&self) {
        while !self.desk.is_called.get() {
            sleep(LISTENS_EVERY).await;
        }
        self.noticed.set(self.evidence.now());
    }

    /// Waits until a new call follows number `call`, because something else has happened since.
    pub(crate) async fn called_anew(&self, call: u32) {
        while self.desk.call.get() == call {
            sleep(LISTENS_EVERY).await;
        }
    }

    /// Makes a recording. Without remedies, it runs all checks before anything happens and at fixed times after the call. With
    /// remedies, it uses them, and runs all checks after the last.
    pub(crate) async fn record(&self, recorder: &Recorder) {
        if recorder.remedies.is_empty() {
            self.until(BEFORE_S).await;
            self.noticed.set(self.evidence.now());
            let before = self.look_everywhere().await;
            recorder.heard.lock().before = before.findings;
        }
        self.called().await;
        let called_s = self.story_s();
        recorder.heard.lock().called_s = Some(called_s);
        if recorder.remedies.is_empty() {
            for minutes in LOOKED_AT_MINUTES {
                self.until(called_s + minutes * 60.0).await;
                let moment = self.look_everywhere().await;
                recorder.heard.lock().moments.push(moment);
            }
            return;
        }
        self.until(called_s + ACTED_AT_MINUTES * 60.0).await;
        // A minute for each remedy will do: the reader of the tape adds the real duration. A longer outage would show nothing new.
        let timed: Vec<(Remedy, Duration)> =
            recorder.remedies.iter().map(|remedy| (remedy.clone(), MINUTE)).collect();
        self.apply(&timed, Duration::ZERO).await;
        let last_s = self.story_s();
        recorder.heard.lock().last_remedy_s = Some(last_s);
        while self.story_s() < last_s + LOOKED_AFTER_MINUTES * 60.0 {
            sleep(LISTENS_EVERY).await;
            let helped_s = &mut recorder.heard.lock().helped_s;
            *helped_s = helped_s.or(self.desk.is_served.get().then(|| self.story_s()));
        }
        let moment = self.look_everywhere().await;
        recorder.heard.lock().moments.push(moment);
    }

    /// Runs every check: first those on evidence, which take no time, then the probes.
    async fn look_everywhere(&self) -> Moment {
        let (at_s, is_served) = (self.story_s(), self.desk.is_served.get());
        let mut findings: Vec<Option<Finding>> = vec![None; CHECKS.len()];
        for probes in [false, true] {
            for (check, finding) in CHECKS.iter().zip(&mut findings) {
                if check.is_probe() == probes {
                    *finding = Some(check.look(self).await);
                }
            }
        }
        Moment { at_s, is_served, findings: findings.into_iter().flatten().collect() }
    }

    /// What called the responder: the text of an alert or of a customer's complaint.
    pub fn call(&self) -> String {
        let record = self.world.record();
        let call = record.events().iter().rev().find_map(|event| match &event.kind {
            EventKind::Alerted { text } => Some(format!("alert: {text}")),
            EventKind::CustomerComplaint { text } => Some(format!("a customer complains: {text}")),
            _ => None,
        });
        call.unwrap_or_default()
    }

    /// Waits until customers are served, at most for `patience`.
    pub async fn until_served(&self, patience: Duration) {
        let ends_s = self.story_s() + patience.as_secs_f64();
        while !self.desk.is_served.get() && self.story_s() < ends_s {
            sleep(LISTENS_EVERY).await;
        }
    }

    fn story_s(&self) -> f64 {
        self.world.record().clock().story_at(self.world.at_s())
    }

    async fn until(&self, story_s: f64) {
        sleep(Duration::from_secs_f64((story_s - self.story_s()).max(0.0))).await;
    }
}

impl Probes for WorldHands<'_> {
    fn evidence(&self) -> &Evidence {
        self.evidence
    }

    fn noticed(&self) -> UnixTime {
        self.noticed.get()
    }

    async fn page(&self, caller: Caller, route: Route, number: usize) -> Result<Page, NoReply> {
        let peer = match caller {
            Caller::Outside => &self.outside,
            Caller::Inside => &self.inside[Service::WebFront as usize],
        };
        let Reply { status, body, .. } = ask(peer, &page(route, number), PATIENCE).await?;
        Ok(Page { status, missing_parts: missing(route, &body).count() })
    }

    async fn get(&self, service: Service, path: &str, patience: Duration) -> Result<Reply, NoReply> {
        ask(&self.inside[service as usize], path, patience).await
    }

    async fn is_port_open(&self, service: Service) -> bool {
        let shop = self.world.shop();
        let connecting = shop.visitor().network.connect(RESPONDER, shop.addresses().of(service));
        timeout(PORT_TIMEOUT, connecting).await.is_ok_and(|connected| connected.is_ok())
    }

    async fn process(&self, service: Service) -> Process {
        self.world.shop().process(service).await
    }

    fn deployments(&self) -> Vec<Deployment> {
        let (now, story_s) = (self.evidence.now(), self.story_s());
        let deployment = |(at_s, step): &(f64, Step)| {
            let system = match step {
                Step::Announce(Announced { system, change: SystemChange::Released { .. }, .. }) => system,
                Step::Begin(Happening::Release { .. }) => Service::WebFront.name(),
                _ => return None,
            };
            let time = now.minus(Duration::from_secs_f64(story_s - at_s));
            Some(Deployment { time, system: system.to_owned() })
        };
        self.drawn.steps.iter().filter(|(at_s, _)| *at_s <= story_s).filter_map(deployment).collect()
    }

    fn remembered(&self) -> Vec<Deed> {
        let called_s = self.story_s() - self.evidence.now().seconds_since(self.noticed.get());
        let mut chance = rng(self.world.shop().visitor().seed, "colleagues", "");
        let mut deeds = Vec::new();
        for (at_s, step) in &self.drawn.steps {
            let is_remembered = chance.random_bool(REMEMBERED);
            if let Some(deed) = deed(step).filter(|_| is_remembered && *at_s <= called_s) {
                deeds.push(deed);
            }
        }
        deeds
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a morning")]
    fn complaints(&self, route: Route, minutes: u32) -> u32 {
        let now_s = self.world.at_s() as u32;
        let failed = self.world.record().tally(Some(route), now_s.saturating_sub(60 * minutes), now_s).failed;
        let complained = u32::try_from(failed).unwrap_or(u32::MAX) / COMPLAINS_ONE_IN;
        let seed = self.world.shop().visitor().seed;
        let uniform: f64 = rng(seed, "complaints", &format!("{} {now_s}", route.name())).random();
        let rest = f64::from(u32::try_from(failed).unwrap_or(u32::MAX) % COMPLAINS_ONE_IN);
        complained + u32::from(uniform < rest / f64::from(COMPLAINS_ONE_IN))
    }
}

impl Hands for WorldHands<'_> {
    fn minutes(&self) -> f64 {
        self.evidence.now().seconds_since(self.noticed.get()) / 60.0
    }

    fn story_s(&self) -> f64 {
        self.story_s()
    }

    fn pass(&self, time: Duration) -> impl Future<Output = ()> {
        sleep(time)
    }

    async fn look(&self, check: &'static Check, takes: Duration) -> Finding {
        sleep(takes).await;
        check.look(self).await
    }

    async fn apply(&self, remedies: &[(Remedy, Duration)], settles: Duration) {
        for (remedy, takes) in remedies {
            sleep(*takes).await;
            // Whether customers were served before the remedy says nothing about its effect.
            self.desk.is_served.set(false);
            if let Err(error) = self.world.act(remedy.clone()).await {
                self.note(EventKind::Note { text: format!("the remedy failed: {error}") });
            }
        }
        sleep(settles).await;
    }

    fn note(&self, kind: EventKind) {
        self.world.note(kind);
    }

    fn suppose(&self, text: String, leading: Option<&[Service]>) {
        let locates = leading.is_some_and(|path| path == self.truth.path);
        self.world.note(EventKind::Hypothesis { text, locates });
    }

    fn explain(&self, answer: Answer, _confidence: f64) {
        let score = Some((agreement(&answer, &self.truth) * 1e3).round() / 1e3);
        self.world.note(EventKind::Explained { explanation: answer.explanation(), score });
    }
}

/// What a colleague can remember of a step; `None` if no person did it.
fn deed(step: &Step) -> Option<Deed> {
    let Step::Begin(happening) = step else {
        return matches!(step, Step::Publish { .. }).then_some(Deed::Published);
    };
    match happening {
        Happening::Publish { .. } | Happening::Delete { .. } => Some(Deed::Published),
        Happening::Release { .. } => Some(Deed::Released),
        Happening::Stop { .. } | Happening::Suspend { .. } | Happening::HealthCheck { .. } => {
            Some(Deed::Operated)
        }
        Happening::Uploads { .. } | Happening::Surge { .. } => Some(Deed::Invited),
        _ => None,
    }
}

/// The parts of a scenario's cause: those of its last happening that is a cause of its own. A false alarm takes precedence.
fn cause_of(scenario: &Scenario) -> Cause {
    use diagnosis::cause::{Class, Kind, Place};
    let place_of = |service: Service| match service {
        Service::ContentStore => Place::ContentStore,
        Service::Cache => Place::Cache,
        Service::WebFront => Place::WebFront,
    };
    let link = |from: Party| match from {
        Party::Customers => Place::Outside,
        Party::WebFront => Place::FrontToCache,
        Party::Cache | Party::ContentStore => Place::CacheToStore,
    };
    let of = |happening: &Happening| -> Option<Cause> {
        let cause = match happening {
            Happening::Monitor { .. } => Cause::new(Kind::FalseAlarm, Place::Outside),
            Happening::Release { fragment_timeout_ms: Some(_), .. } => {
                Cause::new(Kind::Setting, Place::WebFront)
            }
            Happening::Release { checkout_notes: Some(_), .. } => Cause::new(Kind::Release, Place::WebFront),
            // A release without settings changes nothing. The others make another cause worse, or harder to see or to undo.
            Happening::Release { .. }
            | Happening::FullDisk {}
            | Happening::HealthCheck { .. }
            | Happening::LostTelemetry {} => return None,
            Happening::Delete { .. } => Cause::new(Kind::Remembered, Place::Cache),
            Happening::Stop { service } => Cause::new(Kind::Stopped, place_of(*service)),
            Happening::Suspend { service } => Cause::new(Kind::Suspended, place_of(*service)),
            Happening::Link { from, resets, .. } => {
                let kind = if *resets > 0.0 { Kind::BrokenLink } else { Kind::SlowLink };
                Cause::new(kind, link(*from))
            }
            Happening::Certificate { from, .. } => Cause::new(Kind::Certificate, link(*from)),
            Happening::Disk { .. } => Cause::new(Kind::SlowDisk, Place::ContentStore),
            Happening::Uploads { .. } => Cause::new(Kind::Uploads, Place::ContentStore),
            Happening::Surge { .. } => Cause::new(Kind::Surge, Place::WebFront),
            Happening::Publish { insert, replace, .. } => {
                let class = insert
                    .iter()
                    .chain(replace.iter().map(|(_, new)| new))
                    .map(|insert| Class::of(insert.bytes()));
                Cause { class: class.max(), ..Cause::new(Kind::Text, Place::Texts) }
            }
        };
        Some(cause)
    };
    let causes = scenario.happens.iter().filter_map(|happens| of(&happens.what));
    // A false alarm stays one, whatever was published.
    causes
        .max_by_key(|cause| cause.kind == Kind::FalseAlarm)
        .unwrap_or_else(|| Cause::new(Kind::Other, Place::Outside))
}

/// A scenario as the responder's books describe it.
pub fn case(scenario: &Scenario) -> Case {
    let published = scenario.happens.iter().find_map(|happens| match &happens.what {
        Happening::Publish { insert, .. } => Some(insert),
        _ => None,
    });
    Case {
        name: scenario.name.clone(),
        cause: scenario.truth.trigger.clone(),
        path: scenario.truth.path.clone(),
        factors: scenario.truth.factors.clone(),
        is_ours: !scenario.control,
        hurts: scenario.symptom != Symptom::Nothing,
        parts: cause_of(scenario),
        has_asset: published.is_some() && !scenario.control,
        has_character: published.is_some_and(|inserts| inserts.iter().any(is_special)),
        right: scenario.remedies.right.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
    }
}

pub fn truth(scenario: &Scenario, drawn: &Drawn) -> Answer {
    let Case { cause, parts, path, factors, has_asset, .. } = case(scenario);
    let asset = drawn.published.clone().filter(|_| has_asset);
    let character = asset.as_deref().and_then(|asset| character(scenario, drawn, asset));
    Answer { cause, parts: Some(parts), asset, character, path, factors }
}

/// The special character that the seed picked, as the scenario's file writes it.
fn character(scenario: &Scenario, drawn: &Drawn, asset: &str) -> Option<String> {
    let original = seed_assets().into_iter().find(|seed| seed.id.as_str() == asset)?.body;
    let edited = drawn.steps.iter().find_map(|(_, step)| match step {
        Step::Publish { asset: edited, body } if edited == asset => Some(body),
        _ => None,
    })?;
    let begins = original.iter().zip(edited).take_while(|(one, other)| one == other).count();
    let inserted = &edited[begins..begins + edited.len().saturating_sub(original.len())];
    let inserts = scenario.happens.iter().filter_map(|happens| match &happens.what {
        Happening::Publish { insert, .. } => Some(insert),
        _ => None,
    });
    let is_it = |insert: &&Insert| is_special(insert) && insert.bytes() == inserted;
    inserts.flatten().find(is_it).map(|insert| insert.written().to_owned())
}

fn is_special(insert: &Insert) -> bool {
    insert.written().starts_with("U+") || insert.written().starts_with("0x")
}

async fn ask(peer: &Peer, path: &str, patience: Duration) -> Result<Reply, NoReply> {
    let began = Instant::now();
    match peer.get(path, Wait::AtMost(patience)).await {
        Ok(answer) => {
            let (status, body) = (answer.status.as_u16(), answer.body.to_vec());
            Ok(Reply { status, elapsed: began.elapsed(), body })
        }
        Err(CallError::TimedOut { .. }) => Err(NoReply::TimedOut),
        Err(_) => Err(NoReply::Broken),
    }
}
