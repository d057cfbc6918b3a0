//! Tries each latent fault from outside. All trials use one asset of their own, which is deleted at the end: a hanging fill ends when its
//! version no longer exists.
//!
//! A fault cannot be tried if the fault before it in the chain is repaired, or if no permit is free. With an operators' token at hand, the
//! services' own switches are read instead, and the finding says so.

mod shown;

use std::{
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context, bail};
use bytes::Bytes;
use chassis::{
    Answer, CallError, Chassis, Clock,
    LatentFault::{self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling},
    Network, Peer, Wait,
    operator::SwitchState,
};
use http::{Method, Request, StatusCode, header};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use tokio::{
    select,
    time::{Instant, sleep},
};

use super::{
    characters::{self, Tried},
    finding::{Finding, State},
};
use crate::{operators::Operator, output::plain, ports::Ports, target::TargetArgs};

/// The first publish, harmless to everybody. A responder should still be able to learn of it from the evidence.
const PLAIN_TEXT: &[u8] = b"probe text";

const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// Within this time a cache with a free permit answers that an asset does not exist: it takes one request to the content store.
const PERMIT_WITHIN: Duration = Duration::from_secs(3);

/// Within this time a repaired cache gives up: three attempts with short pauses.
const GIVES_UP_WITHIN: Duration = Duration::from_secs(4);

/// Within this time a readiness check that watches fills reports a hanging one: it must be older than ten seconds.
const STUCK_TOLD_WITHIN: Duration = Duration::from_secs(14);

/// Within this time telemetry arrives. Services export once a second, and a collector may delay it by some seconds.
const EVIDENCE_WITHIN: Duration = Duration::from_secs(10);

/// The longest time between the arrival of a publish's log line and the arrival of its change event.
const CHANGE_AFTER_LINE: Duration = Duration::from_secs(3);

/// Within this time a cache that the probe made unready is ready again: a fill retries every second.
const READY_AGAIN_WITHIN: Duration = Duration::from_secs(5);

/// Poll interval.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Timeout of a customer's page request, and the interval between customers.
const PATIENCE: Duration = Duration::from_secs(3);
const COMES_EVERY: Duration = Duration::from_millis(250);

const VERIFY_IN_A_WELL_SHOP: &str =
    "Restore the shop ('glyphfall restore'; or roll the asset back and restart the cache), and verify again.";
const BRING_RENDERING_BACK: &str = "Bring invalid-rendering back for a moment and verify again, give the card of an earlier run with --known, or the operators' token (GLYPHFALL_OPERATOR_TOKEN): the services then report their own state.";
const GIVE_A_TOKEN: &str =
    "Set GLYPHFALL_EDITOR_TOKEN to the token that the shop was started with, or printed, and verify again.";
const REPAIR_NEVERTHELESS: &str = "Repair it nevertheless: any fill that hangs, whatever the cause, would go unnoticed. The operators' token (GLYPHFALL_OPERATOR_TOKEN) lets the services report their own state.";
const NAME_THE_ROOM: &str = "Name the port where evidence is asked for (--room-port), and verify again.";

/// The probe: a client outside the shop, with the tokens at hand.
pub(super) struct Prober {
    asset: String,
    store: Peer,
    cache: Peer,
    front: Peer,
    room: Peer,
    /// Empty without the operators' token.
    operators: Vec<Operator>,
    editor_token: Option<String>,
    /// An asset that the home page shows, for trying the page's own rendering.
    shown: Option<String>,
    /// The shown asset and its earlier text, while a trial replaces it.
    earlier: Mutex<Option<(String, String)>>,
    /// Set before the first publish is sent: an interrupted run cannot know whether the publish arrived.
    has_published: AtomicBool,
    /// Whether the probe made the cache report that it is not ready.
    was_not_ready: AtomicBool,
}

/// Home page requests of customers, and how many were served. A trial must notice harm to customers by itself, because health checks will
/// not.
#[derive(Default, Serialize)]
pub(super) struct Customers {
    pub(super) asked: u32,
    pub(super) served: u32,
}

impl Prober {
    pub(super) fn new(target: &TargetArgs, room_port: u16, shown: Option<String>) -> anyhow::Result<Self> {
        let TargetArgs { target: host, ports, .. } = target;
        let addresses = ports.on(host, None)?;
        let room = Ports { web_front_port: room_port, ..ports.clone() }.on(host, None)?.web_front;
        let caller = Chassis::of_caller("verify", Network::tcp(0), Clock::real(), 0);
        Ok(Self {
            // A new name for each run: version numbers continue, and caches may keep entries of an earlier asset.
            asset: format!("probe-{:08x}", rand::random::<u32>()),
            store: Peer::new(&caller, addresses.content_store.clone()),
            cache: Peer::new(&caller, addresses.cache.clone()),
            front: Peer::new(&caller, addresses.web_front),
            room: Peer::new(&caller, room),
            operators: Operator::of_services(target).unwrap_or_default(),
            editor_token: target.editor_token().ok().map(|token| token.value),
            shown,
            earlier: Mutex::default(),
            has_published: AtomicBool::new(false),
            was_not_ready: AtomicBool::new(false),
        })
    }

    pub(super) fn asset(&self) -> &str {
        &self.asset
    }

    /// Simulates customers, one after the other, until the future is dropped.
    pub(super) async fn customers_come(&self, customers: &mut Customers) -> Infallible {
        loop {
            let answer = self.front.get("/", Wait::AtMost(PATIENCE)).await;
            customers.asked += 1;
            customers.served += u32::from(answer.is_ok_and(|answer| answer.status == StatusCode::OK));
            sleep(COMES_EVERY).await;
        }
    }

    /// Fails before any change if a required service does not answer.
    pub(super) async fn reach(&self) -> anyhow::Result<()> {
        for (name, peer) in [("content store", &self.store), ("cache", &self.cache)] {
            let answer = peer.get("/healthz", Wait::AtMost(STORE_TIMEOUT)).await;
            let told =
                || format!("the {name} at {} does not answer; is this the right --target?", peer.authority());
            let answer = answer.with_context(told)?;
            if answer.status != StatusCode::OK {
                bail!(
                    "the health check of the {name} at {} answered {}: start the shop, or name where it runs with --target",
                    peer.authority(),
                    answer.status
                );
            }
        }
        Ok(())
    }

    pub(super) async fn probe(&self) -> anyhow::Result<Vec<Finding>> {
        let switches = self.switches().await.unwrap_or_default();
        let has_permit = self.has_free_permit().await?;
        if let Some(why) = self.publish(PLAIN_TEXT).await?.err() {
            let unknown = |fault| or_by_switch(&switches, fault, why, GIVE_A_TOKEN);
            let health =
                if has_permit { unknown(MissingHealthCheck) } else { self.starved(&switches).await? };
            return Ok(vec![
                unknown(InvalidRendering),
                unknown(PoorErrorHandling),
                health,
                unknown(InadequateTelemetry),
            ]);
        }
        // A service logs the version that it answers with. At a level whose log lines name assets, this request puts the probe's name into
        // the evidence.
        self.store.get(&self.path(), Wait::AtMost(STORE_TIMEOUT)).await?;
        let mut rendering = self.rendering().await?;
        let is_unreadable = rendering.state == State::Present;
        if let Some(asset) = self.shown.as_deref().filter(|_| !is_unreadable) {
            let page = self.shown(asset).await?;
            rendering = Finding {
                found: format!("{} {}", rendering.found, page.found),
                classes: rendering.classes,
                ..page
            };
        }
        let behind = async {
            if !has_permit {
                let why = "the cache has no free permit: it fills nothing, so nothing can be tried";
                let handling = or_by_switch(&switches, PoorErrorHandling, why, VERIFY_IN_A_WELL_SHOP);
                return anyhow::Ok((handling, self.starved(&switches).await?));
            }
            if is_unreadable {
                return self.held(&switches).await;
            }
            let why = "the content store sent no unreadable answer, so there is nothing to try";
            let unknown = |fault| or_by_switch(&switches, fault, why, BRING_RENDERING_BACK);
            Ok((unknown(PoorErrorHandling), unknown(MissingHealthCheck)))
        };
        let (behind, telemetry) = tokio::join!(behind, self.telemetry(&switches));
        let (handling, health) = behind?;
        Ok(vec![rendering, handling, health, telemetry])
    }

    /// Whether the cache still starts fills for assets that it does not hold.
    async fn has_free_permit(&self) -> anyhow::Result<bool> {
        // A new name each time: the cache may remember that an asset does not exist.
        let path = format!("/fragments/{}-none-{:08x}", self.asset, rand::random::<u32>());
        match self.cache.get(&path, Wait::AtMost(PERMIT_WITHIN)).await {
            Ok(_) => Ok(true),
            Err(CallError::TimedOut { .. }) => Ok(false),
            Err(error) => {
                Err(error).context("the call to the cache failed: see whether it still runs, and begin again")
            }
        }
    }

    /// Publishes each class of special characters, and finally once more an unreadable text, if there was one.
    async fn rendering(&self) -> anyhow::Result<Finding> {
        let (mut tried, mut unreadable) = (Vec::new(), None);
        for (group, text) in characters::texts() {
            let published = self.publish_as(&self.asset, &text).await?;
            let read = if published.status.is_success() {
                Some(self.store.get(&self.path(), Wait::AtMost(STORE_TIMEOUT)).await?)
            } else {
                None
            };
            let class = Tried::new(group, &text, &published, read.as_ref());
            // A text that was not published cannot be fetched, so it cannot make a fill hang.
            if class.is_broken() && read.is_some() {
                unreadable = unreadable.or(Some(text));
            }
            tried.push(class);
        }
        if let Some(text) = unreadable {
            self.publish_as(&self.asset, &text).await?;
        }
        Ok(characters::finding(tried))
    }

    /// Tries error handling and readiness with a request for an unreadable asset. The request is held open for as long as a readiness check
    /// may take to notice.
    async fn held(&self, switches: &[SwitchState]) -> anyhow::Result<(Finding, Finding)> {
        let (began, path, mut last) = (Instant::now(), format!("/fragments/{}", self.asset), StatusCode::OK);
        let (answer, not_ready_after) = select! {
            biased;
            answer = self.cache.get(&path, Wait::Forever) => (Some(answer), None),
            after = self.until_not_ready(&mut last) => (None, after?),
        };
        let after = began.elapsed();
        self.was_not_ready.store(not_ready_after.is_some(), Ordering::Relaxed);
        let handling = match answer {
            Some(Ok(Answer { status, .. })) if after <= GIVES_UP_WITHIN => {
                let found = format!("The cache gives up on what it cannot read, and answers {status}.");
                let why = "no fill hangs, so there is nothing for the cache to report";
                let health = or_by_switch(switches, MissingHealthCheck, why, REPAIR_NEVERTHELESS);
                return Ok((Finding::repaired(PoorErrorHandling, found), health));
            }
            Some(Err(error)) => {
                return Err(error)
                    .context("the call to the cache failed: see whether it still runs, and begin again");
            }
            _ if !self.has_free_permit().await? => {
                let why = "the cache ran out of free permits during the trial";
                let unknown = |fault| or_by_switch(switches, fault, why, VERIFY_IN_A_WELL_SHOP);
                return Ok((unknown(PoorErrorHandling), unknown(MissingHealthCheck)));
            }
            Some(Ok(Answer { status, .. })) => {
                format!("The cache answered {status} only after {} s.", after.as_secs())
            }
            None => "The cache keeps retrying what can never be read, and does not answer the requests that wait for it."
                .to_owned(),
        };
        let health = match not_ready_after {
            Some(after) => Finding::repaired(
                MissingHealthCheck,
                format!("A fill hangs, and the cache says after {} s that it is not ready.", after.as_secs()),
            ),
            None => Finding::present(
                MissingHealthCheck,
                format!("A fill hangs, and the cache's readiness check answers {last} all the same."),
            ),
        };
        Ok((Finding::present(PoorErrorHandling, handling), health))
    }

    /// Checks the readiness of a cache without a free permit. No trial is needed: the readiness check alone answers it.
    async fn starved(&self, switches: &[SwitchState]) -> anyhow::Result<Finding> {
        let mut last = StatusCode::OK;
        if self.until_not_ready(&mut last).await?.is_some() {
            let found = "No permit of the cache is free, and it says that it is not ready.";
            return Ok(Finding::repaired(MissingHealthCheck, found));
        }
        if self.has_free_permit().await? {
            let why = "a permit of the cache came free while it was watched";
            return Ok(or_by_switch(switches, MissingHealthCheck, why, VERIFY_IN_A_WELL_SHOP));
        }
        let found =
            format!("No permit of the cache is free, and its readiness check answers {last} all the same.");
        Ok(Finding::present(MissingHealthCheck, found))
    }

    /// The time until the cache reported that it is not ready; `None` if it did not within the bound. `last` is its last answer.
    async fn until_not_ready(&self, last: &mut StatusCode) -> anyhow::Result<Option<Duration>> {
        let began = Instant::now();
        while began.elapsed() < STUCK_TOLD_WITHIN {
            *last = self.readiness().await?;
            if *last == StatusCode::SERVICE_UNAVAILABLE {
                return Ok(Some(began.elapsed()));
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(None)
    }

    async fn readiness(&self) -> anyhow::Result<StatusCode> {
        let answer = self.cache.get("/readyz", Wait::AtMost(STORE_TIMEOUT)).await;
        Ok(answer.context("the cache's readiness check does not answer: give the cache a /readyz that says whether it can work")?.status)
    }

    /// Checks whether the evidence shows the publish as a change. That is what leads a responder to the cause, and what the richest level
    /// adds.
    async fn telemetry(&self, switches: &[SwitchState]) -> Finding {
        let (began, mut line_at) = (Instant::now(), None);
        while began.elapsed() < EVIDENCE_WITHIN
            && line_at.is_none_or(|at: Instant| at.elapsed() < CHANGE_AFTER_LINE)
        {
            let changes = self.ask("/evidence/changes?from=-2m", "changes").await;
            let lines = format!("/evidence/logs?from=-2m&attribute=shop.asset.id={}", self.asset);
            let (changes, lines) = match (changes, self.ask(&lines, "logs").await) {
                (Ok(changes), Ok(lines)) => (changes, lines),
                (Err(why), _) | (_, Err(why)) => {
                    return or_by_switch(switches, InadequateTelemetry, &why, NAME_THE_ROOM);
                }
            };
            if changes.iter().any(|change| change["attributes"]["shop.asset.id"] == *self.asset) {
                let found = "The evidence shows a responder what was published.";
                return Finding::repaired(InadequateTelemetry, found);
            }
            line_at = line_at.or_else(|| (!lines.is_empty()).then(Instant::now));
            sleep(LOOK_EVERY).await;
        }
        let found = if line_at.is_some() {
            "Log lines name the asset, but no event says that it was published: a responder sees no change."
        } else {
            "An asset was published, and nothing in the evidence names it."
        };
        Finding::present(InadequateTelemetry, found)
    }

    async fn ask(&self, path: &str, list: &str) -> Result<Vec<Value>, String> {
        let room = self.room.authority();
        match self.room.get(path, Wait::AtMost(STORE_TIMEOUT)).await {
            Ok(answer) if answer.status == StatusCode::OK => {
                let answer: Option<Value> = serde_json::from_slice(&answer.body).ok();
                let list = answer.and_then(|answer| answer.get(list)?.as_array().cloned());
                list.ok_or_else(|| format!("the server at {room} is not an evidence store"))
            }
            Ok(answer) => Err(format!("the evidence store at {room} answered {}", answer.status)),
            Err(_) => Err(format!("no evidence store answers at {room}")),
        }
    }

    /// The services' own switches; `None` without the operators' token, or if a service does not accept it.
    async fn switches(&self) -> Option<Vec<SwitchState>> {
        let mut states = Vec::new();
        for operator in &self.operators {
            states.push(operator.ask("/switches").await.ok()?);
        }
        Some(states)
    }

    /// Publishes a harmless version of the probe. The inner error is the reason why nothing can be published.
    async fn publish(&self, text: &[u8]) -> anyhow::Result<Result<(), &'static str>> {
        if self.editor_token.is_none() {
            return Ok(Err("nothing can be published without an editor's token"));
        }
        let answer = self.publish_as(&self.asset, text).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => Ok(Err("the content store does not take this editor's token")),
            status if status.is_success() => Ok(Ok(())),
            status => bail!(
                "the content store answered {status}: {}",
                plain(&String::from_utf8_lossy(&answer.body))
            ),
        }
    }

    /// Publishes a text and returns the content store's answer, whatever its status.
    async fn publish_as(&self, asset: &str, text: &[u8]) -> anyhow::Result<Answer> {
        let token = self.editor_token.as_ref();
        let token =
            token.context("nobody publishes without an editor's token: set GLYPHFALL_EDITOR_TOKEN")?;
        self.has_published.store(true, Ordering::Relaxed);
        self.change(Method::PUT, &format!("/assets/{asset}"), Bytes::copy_from_slice(text), token).await
    }

    /// Deletes the asset, if it was published, and waits until the cache is ready as before.
    pub(super) async fn clear(&self) -> anyhow::Result<()> {
        let Some(token) = self.editor_token.as_ref().filter(|_| self.has_published.load(Ordering::Relaxed))
        else {
            return Ok(());
        };
        let earlier = self.show_earlier().await;
        let answer = self.change(Method::DELETE, &self.path(), Bytes::new(), token).await;
        let answer =
            answer.with_context(|| format!("{} could not be deleted: delete it by hand", self.asset))?;
        if !answer.status.is_success()
            && ![StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED].contains(&answer.status)
        {
            bail!("{} could not be deleted ({}): delete it by hand", self.asset, answer.status);
        }
        let began = Instant::now();
        while self.was_not_ready.load(Ordering::Relaxed)
            && began.elapsed() < READY_AGAIN_WITHIN
            && self.readiness().await? != StatusCode::OK
        {
            sleep(LOOK_EVERY).await;
        }
        earlier
    }

    async fn change(&self, method: Method, path: &str, body: Bytes, token: &str) -> anyhow::Result<Answer> {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}")).body(body);
        let request =
            request.context("the editor's token cannot be sent: copy it again from where it was printed")?;
        Ok(self.store.send(request, Wait::AtMost(STORE_TIMEOUT)).await?)
    }

    fn path(&self) -> String {
        format!("/assets/{}", self.asset)
    }
}

/// The finding for a fault that cannot be tried, taken from the services' switches if there are any. The fault is present if one service
/// has it.
fn or_by_switch(switches: &[SwitchState], fault: LatentFault, why: &str, next: &str) -> Finding {
    let mut capital = why.to_owned();
    if let Some(first) = capital.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if switches.is_empty() {
        return Finding::unknown(fault, format!("{capital}."), next);
    }
    let has_it = |state: &SwitchState| state.faults_present.iter().flatten().any(|known| *known == fault);
    if switches.iter().any(has_it) {
        Finding::present(fault, format!("{capital}. It was not tried: a switch of the services says so."))
    } else {
        Finding::repaired(fault, format!("{capital}. It was not tried: the switches of the services say so."))
    }
}
