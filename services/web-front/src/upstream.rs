//! Where fragments come from: the cache, or the content store when the cache is ejected. Teaches what a health check is for:
//! somebody must ask, and act on the answer.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chassis::{
    Answer, CallError, Chassis, Envelope,
    LatentFault::MissingHealthCheck,
    Peer, Switches, Wait,
    logs::cause_chain,
    telemetry::metrics::{counter, gauge},
};
use http::StatusCode;
use opentelemetry::metrics::Counter;
use tokio::time::{MissedTickBehavior, interval};

use crate::WebFrontConfig;

/// How often the cache is asked whether it is ready: a few page views are lost before the third answer, not hundreds.
pub const PROBE_INTERVAL: Duration = Duration::from_secs(2);

/// How long that answer may take: it needs no fill.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// Failures in a row that eject the cache: one may be a restart, three are a state.
pub const PROBE_FAILURES_MAX: u32 = 3;

#[derive(Debug, thiserror::Error)]
pub enum FragmentError {
    #[error("no answer")]
    Call(#[from] CallError),
    /// The other side answered with something else than a fragment.
    #[error("{status}: {detail}")]
    Refused { status: StatusCode, detail: String },
    /// The content store answered with something that is no envelope.
    #[error("the answer could not be read")]
    Unreadable(#[from] serde_json::Error),
    #[error("it took longer than {0:?}")]
    TooLate(Duration),
}

impl FragmentError {
    /// A short name for it, as `error.type` in telemetry.
    pub fn kind(&self) -> Cow<'static, str> {
        match self {
            Self::Call(error) => error.kind().into(),
            Self::Refused { status, .. } => status.as_str().to_owned().into(),
            Self::Unreadable(_) => "unreadable".into(),
            Self::TooLate(_) => "budget_exceeded".into(),
        }
    }
}

/// The cache and the content store, as the web front sees them.
#[derive(Debug)]
pub struct Upstream {
    cache: Peer,
    content_store: Peer,
    ejected: AtomicBool,
    switches: Switches,
    /// Counts the parts that pages went without.
    pub parts_left_out: Counter<u64>,
    /// How long a page waits for a fragment, if a release says so.
    pub fragment_timeout: Option<Duration>,
}

impl Upstream {
    pub fn start(chassis: &Chassis, config: &WebFrontConfig) -> Arc<Self> {
        let meter = chassis.telemetry.meter();
        let about = "Parts that pages went without";
        let upstream = Arc::new(Self {
            cache: Peer::new(chassis, config.cache.clone()),
            content_store: Peer::new(chassis, config.content_store.clone()),
            ejected: AtomicBool::new(false),
            parts_left_out: counter(meter, "shop.page.parts.left_out", "{part}", about),
            switches: chassis.switches.clone(),
            fragment_timeout: config.fragment_timeout_ms.map(Duration::from_millis),
        });
        let (alive, about) = (Arc::downgrade(&upstream), "Whether pages come without the cache");
        let look = move || Some(f64::from(alive.upgrade()?.is_ejected()));
        gauge(meter, "shop.upstream.ejected", "1", about, look);
        chassis.tasks.spawn(Arc::clone(&upstream).probe());
        upstream
    }

    /// The text of an asset, however long it takes.
    ///
    /// # Errors
    ///
    /// When whoever is asked does not have it.
    pub async fn fragment(&self, asset: &str) -> Result<String, FragmentError> {
        if !self.is_ejected() {
            match self.cache.get(&format!("/fragments/{asset}"), Wait::Forever).await {
                // Whoever was waiting for the cache when it was ejected need not wait any longer.
                Err(_) if self.is_ejected() => {}
                answered => return Ok(text(&accepted(answered?)?.body)),
            }
        }
        let answer = self.content_store.get(&format!("/assets/{asset}"), Wait::Forever).await?;
        Ok(serde_json::from_slice::<Envelope>(&accepted(answer)?.body)?.body)
    }

    fn is_ejected(&self) -> bool {
        self.ejected.load(Ordering::Relaxed) && !self.switches.present(MissingHealthCheck)
    }

    async fn probe(self: Arc<Self>) {
        let mut failures = 0;
        let mut rounds = interval(PROBE_INTERVAL);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            if self.switches.present(MissingHealthCheck) {
                // FAULT: nobody asks the cache whether it can work. As long as its port is open, every page waits for it.
                failures = 0;
                self.ejected.store(false, Ordering::Relaxed);
                continue;
            }
            let answer = self.cache.get("/readyz", Wait::AtMost(PROBE_TIMEOUT)).await;
            let failure = answer.map_err(FragmentError::from).and_then(accepted).err();
            failures = if failure.is_some() { failures + 1 } else { 0 };
            let eject = failures >= PROBE_FAILURES_MAX;
            if self.ejected.swap(eject, Ordering::Relaxed) != eject {
                tracing::warn!(
                    shop.upstream = "cache",
                    shop.upstream.ejected = eject,
                    exception.message = failure.as_ref().map(|error| cause_chain(error)),
                    "changed where pages come from"
                );
            }
            if failures == PROBE_FAILURES_MAX {
                self.cache.close_connections();
            }
        }
    }
}

/// The answer, if it is what was asked for.
fn accepted(answer: Answer) -> Result<Answer, FragmentError> {
    match answer.status {
        StatusCode::OK => Ok(answer),
        status => Err(FragmentError::Refused { status, detail: text(&answer.body) }),
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}
