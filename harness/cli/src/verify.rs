//! `glyphfall verify`: which links of the chain are broken in a shop that is reached only over HTTP. Teaches that a repair is
//! proven by trying to break it: the same character as in the story, in an asset that no page shows.
//!
//! The probe costs a faulty cache one fill permit for some seconds. At the end the asset is deleted, whatever happened: a
//! fill ends when its version is gone.

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use chassis::{Answer, CallError, Chassis, Clock, Envelope, Network, Peer, Wait};
use clap::Args;
use http::{Method, Request, StatusCode, header};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    Done,
    options::Format,
    output::{self, plain},
    screen, stop,
    target::{Ports, Target},
};

/// What the probe publishes: a vertical tab between two words.
const PROBE_TEXT: &[u8] = b"probe\x0btext";

/// How long the content store may take.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// A cache that gives up does so sooner than this: three attempts with short pauses.
const GIVES_UP_WITHIN: Duration = Duration::from_secs(4);

/// A readiness check that looks at fills reports one that is older than ten seconds.
const STUCK_TOLD_WITHIN: Duration = Duration::from_secs(14);

/// How often what is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What can be asked of `glyphfall verify`.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyOptions {
    #[command(flatten)]
    target: Target,
    /// Port of the incident room, where evidence is asked for
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    room_port: u16,
    /// How the findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Whether a link still leads from the character to the customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Link {
    /// The fault is there.
    Whole,
    /// The fault is repaired.
    Broken,
    /// It could not be told from outside.
    Unknown,
}

/// What was found about one latent fault.
#[derive(Debug, Serialize)]
struct Finding {
    fault: &'static str,
    link: Link,
    because: String,
}

/// Probes, puts everything back, and says what was found. False when some link is whole.
pub(crate) async fn run(options: VerifyOptions) -> anyhow::Result<Done> {
    let prober = Prober::new(&options)?;
    prober.reach().await?;
    output::error_line(&format!(
        "publishing {} and watching what the shop makes of it; about a quarter of a minute",
        prober.asset
    ));
    let found = tokio::select! {
        found = prober.probe() => Some(found),
        () = stop::told() => None,
    };
    let cleared = prober.clear().await;
    let Some(findings) = found.transpose()? else {
        cleared?;
        output::error_line("nothing was found out");
        return Ok(Done::BrokenOff);
    };
    cleared?;
    match options.format {
        Format::Json => screen::line(&json!({ "links": findings }).to_string()),
        Format::Text => {
            for Finding { fault, link, because } in &findings {
                let link = serde_json::to_value(link)?;
                screen::line(&format!("{fault:<22}{}", link.as_str().unwrap_or_default()));
                screen::paragraph(&format!("  {}", plain(because)));
            }
        }
    }
    Ok(findings.iter().all(|finding| finding.link != Link::Whole).into())
}

/// Someone outside the shop, with an editor's token.
struct Prober {
    asset: String,
    store: Peer,
    cache: Peer,
    room: Peer,
    token: String,
}

impl Prober {
    fn new(options: &VerifyOptions) -> anyhow::Result<Self> {
        let Target { target: host, ports, .. } = &options.target;
        let addresses = ports.on(host, None)?;
        let room = Ports { web_front_port: options.room_port, ..ports.clone() }.on(host, None)?.web_front;
        let caller = Chassis::of_caller("verify", Network::Tcp, Clock::real(), 0);
        Ok(Self {
            // A name of its own for each run: numbers of versions go on, and what was cached of one stays.
            asset: format!("probe-{:08x}", rand::random::<u32>()),
            store: Peer::new(&caller, addresses.content_store),
            cache: Peer::new(&caller, addresses.cache),
            room: Peer::new(&caller, room),
            token: options.target.editor_token()?,
        })
    }

    /// Fails before anything is changed if somebody needed does not answer.
    async fn reach(&self) -> anyhow::Result<()> {
        for (name, peer) in [("content store", &self.store), ("cache", &self.cache)] {
            let answer = peer.get("/healthz", Wait::AtMost(STORE_TIMEOUT)).await;
            let told =
                || format!("the {name} at {} does not answer; is this the right --target?", peer.authority());
            let answer = answer.with_context(told)?;
            if answer.status != StatusCode::OK {
                bail!("the health check of the {name} at {} answered {}", peer.authority(), answer.status);
            }
        }
        Ok(())
    }

    async fn probe(&self) -> anyhow::Result<Vec<Finding>> {
        let rendering = self.rendering().await?;
        let is_unreadable = rendering.link == Link::Whole;
        let (handling, health, telemetry) = if is_unreadable {
            // The request that hangs is held open meanwhile: its fill is what a readiness check must report.
            let (handling, health) = tokio::join!(self.error_handling(), self.health());
            let gave_up = handling.link == Link::Broken;
            let health =
                if gave_up { unknown(HEALTH, "no fill hangs that it could report") } else { health? };
            (handling, health, self.telemetry().await)
        } else {
            let why = "the content store lets nothing unreadable through that could tell";
            (unknown(HANDLING, why), unknown(HEALTH, why), unknown(TELEMETRY, why))
        };
        Ok(vec![rendering, handling, health, telemetry])
    }

    async fn rendering(&self) -> anyhow::Result<Finding> {
        let answer = self.change(Method::PUT, Bytes::from_static(PROBE_TEXT)).await?;
        match answer.status {
            StatusCode::UNPROCESSABLE_ENTITY => {
                let because = "the content store refuses to publish U+000B".to_owned();
                return Ok(Finding { fault: RENDERING, link: Link::Broken, because });
            }
            StatusCode::UNAUTHORIZED => bail!(
                "the content store does not take this editor's token; GLYPHFALL_EDITOR_TOKEN holds the right one"
            ),
            status if !status.is_success() => {
                bail!(
                    "the content store answered {status}: {}",
                    plain(&String::from_utf8_lossy(&answer.body))
                )
            }
            _ => {}
        }
        let envelope = self.store.get(&self.path(), Wait::AtMost(STORE_TIMEOUT)).await?;
        let read = serde_json::from_slice::<Envelope>(&envelope.body);
        let (link, because) = match read {
            Ok(envelope) if envelope.body.as_bytes() == PROBE_TEXT => {
                (Link::Broken, "U+000B comes back as it was published, in JSON that can be read".to_owned())
            }
            Ok(_) => {
                (Link::Broken, "U+000B was published; the JSON can be read, without the character".to_owned())
            }
            Err(error) => {
                (Link::Whole, format!("the content store published U+000B and answers broken JSON: {error}"))
            }
        };
        Ok(Finding { fault: RENDERING, link, because })
    }

    /// Asks for the fragment that cannot be made, for as long as a readiness check takes to notice if it must.
    async fn error_handling(&self) -> Finding {
        let began = Instant::now();
        let path = format!("/fragments/{}", self.asset);
        let answer = self.cache.get(&path, Wait::AtMost(STUCK_TOLD_WITHIN)).await;
        let (link, because) = match answer {
            Ok(answer) if began.elapsed() <= GIVES_UP_WITHIN => {
                (Link::Broken, format!("the cache gives up and says so: {}", answer.status))
            }
            Ok(answer) => (
                Link::Whole,
                format!("the cache answered {} only after {:.0?}", answer.status, began.elapsed()),
            ),
            Err(CallError::TimedOut { after, .. }) => (
                Link::Whole,
                format!("the cache goes on trying what can never be read; no answer in {after:?}"),
            ),
            Err(error) => (Link::Unknown, format!("the call to the cache failed: {error}")),
        };
        Finding { fault: HANDLING, link, because }
    }

    async fn health(&self) -> anyhow::Result<Finding> {
        let until = Instant::now() + STUCK_TOLD_WITHIN;
        let mut last = StatusCode::OK;
        while Instant::now() < until {
            let answer = self.cache.get("/readyz", Wait::AtMost(STORE_TIMEOUT)).await;
            last = answer.context("the cache's readiness check does not answer")?.status;
            if last == StatusCode::SERVICE_UNAVAILABLE {
                let because = "the cache says that it is not ready while a fill hangs".to_owned();
                return Ok(Finding { fault: HEALTH, link: Link::Broken, because });
            }
            sleep(LOOK_EVERY).await;
        }
        let because = format!("a fill hangs, and the cache's readiness check answers {last}");
        Ok(Finding { fault: HEALTH, link: Link::Whole, because })
    }

    /// Whether the cause can be found: a log line of the cache that names the asset.
    async fn telemetry(&self) -> Finding {
        let path = format!("/evidence/logs?service=cache&attribute=shop.asset.id={}", self.asset);
        let (link, because) = match self.room.get(&path, Wait::AtMost(STORE_TIMEOUT)).await {
            Ok(answer) if answer.status == StatusCode::OK => {
                let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                if page["logs"].as_array().is_some_and(|logs| !logs.is_empty()) {
                    (Link::Broken, "the evidence names the asset that cannot be filled".to_owned())
                } else {
                    (Link::Whole, "nothing in the evidence names the asset that cannot be filled".to_owned())
                }
            }
            Ok(answer) => (Link::Unknown, format!("the evidence store answered {}", answer.status)),
            Err(error) => (Link::Unknown, format!("no evidence store could be asked: {error}")),
        };
        Finding { fault: TELEMETRY, link, because }
    }

    /// Takes the asset away again, if it was published.
    async fn clear(&self) -> anyhow::Result<()> {
        let answer = self.change(Method::DELETE, Bytes::new()).await;
        let answer =
            answer.with_context(|| format!("{} could not be deleted: delete it by hand", self.asset))?;
        if !answer.status.is_success()
            && ![StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED].contains(&answer.status)
        {
            bail!("{} could not be deleted ({}): delete it by hand", self.asset, answer.status);
        }
        Ok(())
    }

    async fn change(&self, method: Method, body: Bytes) -> anyhow::Result<Answer> {
        let request = Request::builder().method(method).uri(self.path());
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token)).body(body);
        let request = request.context("the editor's token cannot be sent")?;
        Ok(self.store.send(request, Wait::AtMost(STORE_TIMEOUT)).await?)
    }

    fn path(&self) -> String {
        format!("/assets/{}", self.asset)
    }
}

const RENDERING: &str = "invalid-rendering";
const HANDLING: &str = "poor-error-handling";
const HEALTH: &str = "missing-health-check";
const TELEMETRY: &str = "inadequate-telemetry";

fn unknown(fault: &'static str, why: &str) -> Finding {
    Finding { fault, link: Link::Unknown, because: why.to_owned() }
}
