//! How each latent fault is tried from outside. Everything is done to one asset of its own, which is deleted at the end: a fill ends
//! when its version is gone.
//!
//! What cannot be tried, because the fault before it is repaired or no permit is free, the services' own switches may tell: they
//! are asked if an operators' token is at hand, and what comes of it is called so.

mod shown;

use std::{
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
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use self::shown::Earlier;
use super::{
    characters::{self, Tried},
    finding::{Finding, State},
};
use crate::{operators::Operator, output::plain, ports::Ports, target::TargetArgs};

/// What is published first: nothing in it can harm anybody. Who responds should learn of it all the same.
const PLAIN_TEXT: &[u8] = b"probe text";

/// How long the content store may take.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// A cache with a free permit says sooner than this that there is no such asset: that is one question to the content store.
const PERMIT_WITHIN: Duration = Duration::from_secs(3);

/// A cache that gives up does so sooner than this: three attempts with short pauses.
const GIVES_UP_WITHIN: Duration = Duration::from_secs(4);

/// A readiness check that looks at fills reports one that is older than ten seconds.
const STUCK_TOLD_WITHIN: Duration = Duration::from_secs(14);

/// Telemetry leaves once a second, and a collector on its way may hold it back for some seconds more.
const EVIDENCE_WITHIN: Duration = Duration::from_secs(10);

/// A change is on its way for no longer than this after the log line of the same publish has arrived.
const CHANGE_AFTER_LINE: Duration = Duration::from_secs(3);

/// A cache that was not ready because of the probe is ready again sooner than this: a fill tries again every second.
const READY_AGAIN_WITHIN: Duration = Duration::from_secs(5);

/// How often what is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

const VERIFY_IN_A_WELL_SHOP: &str =
    "Restore the shop ('glyphfall restore'; or roll the asset back and restart the cache), and verify again.";
const BRING_RENDERING_BACK: &str = "Bring invalid-rendering back for a moment and verify again, give the card of an earlier run with --known, or the operators' token (GLYPHFALL_OPERATOR_TOKEN): the services then say themselves.";
const GIVE_A_TOKEN: &str =
    "Set GLYPHFALL_EDITOR_TOKEN to the token that the shop was started with, or printed, and verify again.";
const NAME_THE_ROOM: &str = "Name the port where evidence is asked for (--room-port), and verify again.";

/// Someone outside the shop, with whatever tokens are at hand.
pub(super) struct Prober {
    asset: String,
    store: Peer,
    cache: Peer,
    front: Peer,
    room: Peer,
    /// None without the operators' token.
    operators: Vec<Operator>,
    editor_token: Option<String>,
    /// An asset that the home page shows, on which its rendering may be tried.
    shown: Option<String>,
    /// What that asset was, while it is another.
    earlier: Mutex<Option<Earlier>>,
    /// Set before the first publish is sent: a run that is stopped cannot know whether it arrived.
    has_published: AtomicBool,
    /// Whether the cache said because of the probe that it is not ready.
    was_not_ready: AtomicBool,
}

/// What came of holding a request for the unreadable asset open.
struct Held {
    /// The answer, and after how long; none if there was none for as long as it was held.
    answer: Option<(Result<StatusCode, CallError>, Duration)>,
    ready: Readiness,
}

enum Readiness {
    /// That it is not ready, after this long.
    NotReady(Duration),
    /// This, all the while.
    Says(StatusCode),
}

impl Prober {
    pub(super) fn new(target: &TargetArgs, room_port: u16, shown: Option<String>) -> anyhow::Result<Self> {
        let TargetArgs { target: host, ports, .. } = target;
        let addresses = ports.on(host, None)?;
        let room = Ports { web_front_port: room_port, ..ports.clone() }.on(host, None)?.web_front;
        let caller = Chassis::of_caller("verify", Network::Tcp, Clock::real(), 0);
        Ok(Self {
            // A name of its own for each run: numbers of versions go on, and what was cached of one stays.
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

    /// Where customers come.
    pub(super) fn front(&self) -> &Peer {
        &self.front
    }

    /// Fails before anything is changed if somebody needed does not answer.
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
        // Who answers with a version logs which: at a level that tells of assets, the probe is named from here on.
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
            let why = "the content store answers nothing that cannot be read, so there is nothing to try";
            let unknown = |fault| or_by_switch(&switches, fault, why, BRING_RENDERING_BACK);
            Ok((unknown(PoorErrorHandling), unknown(MissingHealthCheck)))
        };
        let (behind, telemetry) = tokio::join!(behind, self.telemetry(&switches));
        let (handling, health) = behind?;
        Ok(vec![rendering, handling, health, telemetry])
    }

    /// Whether the cache still fills what it does not have.
    async fn has_free_permit(&self) -> anyhow::Result<bool> {
        // A name of its own each time: that an asset is missing may be remembered.
        let path = format!("/fragments/{}-none-{:08x}", self.asset, rand::random::<u32>());
        match self.cache.get(&path, Wait::AtMost(PERMIT_WITHIN)).await {
            Ok(_) => Ok(true),
            Err(CallError::TimedOut { .. }) => Ok(false),
            Err(error) => {
                Err(error).context("the call to the cache failed: see whether it still runs, and begin again")
            }
        }
    }

    /// Publishes each class of special characters; last once more what cannot be read, if anything.
    async fn rendering(&self) -> anyhow::Result<Finding> {
        let (mut tried, mut unreadable) = (Vec::new(), None);
        for (group, text) in characters::texts() {
            let published = self.publish_or_not(&text).await?;
            let read = if published.status.is_success() {
                Some(self.store.get(&self.path(), Wait::AtMost(STORE_TIMEOUT)).await?)
            } else {
                None
            };
            let class = Tried::new(group, &text, &published, read.as_ref());
            // What was not published can be read by nobody, and hangs nothing.
            if class.is_broken() && read.is_some() {
                unreadable = unreadable.or(Some(text));
            }
            tried.push(class);
        }
        if let Some(text) = unreadable {
            self.publish_or_not(&text).await?;
        }
        Ok(characters::finding(tried))
    }

    /// Error handling and readiness, by a request for what can never be read.
    async fn held(&self, switches: &[SwitchState]) -> anyhow::Result<(Finding, Finding)> {
        let Held { answer, ready } = self.hold().await?;
        let ran_out = || {
            let why = "no permit of the cache was free any longer while it was tried";
            let unknown = |fault| or_by_switch(switches, fault, why, VERIFY_IN_A_WELL_SHOP);
            (unknown(PoorErrorHandling), unknown(MissingHealthCheck))
        };
        let handling = match answer {
            Some((Ok(status), after)) if after <= GIVES_UP_WITHIN => {
                let found = format!("The cache gives up on what it cannot read, and answers {status}.");
                let why = "no fill hangs, so there is nothing for the cache to report";
                let health = or_by_switch(
                    switches,
                    MissingHealthCheck,
                    why,
                    "Repair it nevertheless: any fill that hangs, whatever the cause, would go unnoticed. The operators' token (GLYPHFALL_OPERATOR_TOKEN) lets the services say themselves.",
                );
                return Ok((Finding::repaired(PoorErrorHandling, found), health));
            }
            Some((Err(error), _)) => {
                return Err(error)
                    .context("the call to the cache failed: see whether it still runs, and begin again");
            }
            _ if !self.has_free_permit().await? => return Ok(ran_out()),
            Some((Ok(status), after)) => {
                let found = format!("The cache answered {status} only after {} s.", after.as_secs());
                Finding::present(PoorErrorHandling, found)
            }
            None => Finding::present(
                PoorErrorHandling,
                "The cache goes on trying what can never be read, and answers nobody who waits for it.",
            ),
        };
        let health = match ready {
            Readiness::NotReady(after) => Finding::repaired(
                MissingHealthCheck,
                format!("A fill hangs, and the cache says after {} s that it is not ready.", after.as_secs()),
            ),
            Readiness::Says(status) => Finding::present(
                MissingHealthCheck,
                format!("A fill hangs, and the cache's readiness check answers {status} all the same."),
            ),
        };
        Ok((handling, health))
    }

    /// Asks for the unreadable fragment, and waits as long as a readiness check may take to notice.
    async fn hold(&self) -> anyhow::Result<Held> {
        let began = Instant::now();
        let path = format!("/fragments/{}", self.asset);
        let mut answer = std::pin::pin!(self.cache.get(&path, Wait::Forever));
        let mut last = StatusCode::OK;
        while began.elapsed() < STUCK_TOLD_WITHIN {
            if let Ok(answer) = timeout(LOOK_EVERY, &mut answer).await {
                let answer = answer.map(|answer| answer.status);
                return Ok(Held { answer: Some((answer, began.elapsed())), ready: Readiness::Says(last) });
            }
            last = self.readiness().await?;
            if last == StatusCode::SERVICE_UNAVAILABLE {
                self.was_not_ready.store(true, Ordering::Relaxed);
                return Ok(Held { answer: None, ready: Readiness::NotReady(began.elapsed()) });
            }
        }
        Ok(Held { answer: None, ready: Readiness::Says(last) })
    }

    /// Readiness of a cache without a free permit: it need not be tried, only asked.
    async fn starved(&self, switches: &[SwitchState]) -> anyhow::Result<Finding> {
        let began = Instant::now();
        let mut last = StatusCode::OK;
        while began.elapsed() < STUCK_TOLD_WITHIN {
            last = self.readiness().await?;
            if last == StatusCode::SERVICE_UNAVAILABLE {
                let found = "No permit of the cache is free, and it says that it is not ready.";
                return Ok(Finding::repaired(MissingHealthCheck, found));
            }
            sleep(LOOK_EVERY).await;
        }
        if self.has_free_permit().await? {
            let why = "a permit of the cache came free while it was watched";
            return Ok(or_by_switch(switches, MissingHealthCheck, why, VERIFY_IN_A_WELL_SHOP));
        }
        let found =
            format!("No permit of the cache is free, and its readiness check answers {last} all the same.");
        Ok(Finding::present(MissingHealthCheck, found))
    }

    async fn readiness(&self) -> anyhow::Result<StatusCode> {
        let answer = self.cache.get("/readyz", Wait::AtMost(STORE_TIMEOUT)).await;
        Ok(answer.context("the cache's readiness check does not answer: give the cache a /readyz that says whether it can work")?.status)
    }

    /// Whether the evidence tells of the publish: of all telemetry that is what leads to a cause, and what the richest level adds.
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

    /// A list of the evidence store.
    async fn ask(&self, path: &str, list: &str) -> Result<Vec<Value>, String> {
        let room = self.room.authority();
        match self.room.get(path, Wait::AtMost(STORE_TIMEOUT)).await {
            Ok(answer) if answer.status == StatusCode::OK => {
                let answer: Option<Value> = serde_json::from_slice(&answer.body).ok();
                let list = answer.and_then(|answer| answer.get(list)?.as_array().cloned());
                list.ok_or_else(|| format!("what answers at {room} is no evidence store"))
            }
            Ok(answer) => Err(format!("the evidence store at {room} answered {}", answer.status)),
            Err(_) => Err(format!("no evidence store answers at {room}")),
        }
    }

    /// What the services say of themselves; none without the operators' token, or if one does not answer to it.
    async fn switches(&self) -> Option<Vec<SwitchState>> {
        let mut states = Vec::new();
        for operator in &self.operators {
            states.push(operator.ask("/switches").await.ok()?);
        }
        Some(states)
    }

    /// Publishes a harmless version of the probe; or why nothing can be published.
    async fn publish(&self, text: &[u8]) -> anyhow::Result<Result<(), &'static str>> {
        if self.editor_token.is_none() {
            return Ok(Err("nothing can be published without an editor's token"));
        }
        let answer = self.publish_or_not(text).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => Ok(Err("the content store does not take this editor's token")),
            status if status.is_success() => Ok(Ok(())),
            status => bail!(
                "the content store answered {status}: {}",
                plain(&String::from_utf8_lossy(&answer.body))
            ),
        }
    }

    /// The content store's answer to a publish, whatever it is.
    async fn publish_or_not(&self, text: &[u8]) -> anyhow::Result<Answer> {
        let token = self
            .editor_token
            .as_ref()
            .context("nobody publishes without an editor's token: set GLYPHFALL_EDITOR_TOKEN")?;
        self.has_published.store(true, Ordering::Relaxed);
        self.change(Method::PUT, &self.path(), Bytes::copy_from_slice(text), token).await
    }

    /// Takes the asset away again, if it was published, and waits until the cache is ready as it was.
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

/// What the services say of a fault that cannot be tried, if they say anything: it is present if one of them has it.
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
