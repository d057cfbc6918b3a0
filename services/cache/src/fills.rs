//! What happens on a miss: a fill fetches the fragment, detached from the request that caused it.
//!
//! Teaches the middle of the chain. Both twins of the poor error handling stand here: the fill itself decides whether to try
//! again, and `fill_alone` and `shared_fill` decide who waits for whom.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use chassis::{
    AssetId, Chassis,
    LatentFault::{MissingHealthCheck, PoorErrorHandling},
    Peer, Version,
    conditions::tag,
    logs::cause_chain,
    telemetry::context::TraceContext,
};
use futures_util::{FutureExt, future};
use http::HeaderValue;
use opentelemetry::metrics::Meter;
use parking_lot::Mutex;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};
use tracing::{Instrument, Span, field::Empty};

use crate::{
    CacheConfig,
    fragments::{Fragment, Fragments},
    instruments::{self, Instruments},
    permits::{Permit, Permits},
    store::{self, FetchError},
};

/// The pause of a fill that never gives up: a second is polite to the content store, and that is all it is.
pub const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Attempts of a fill that gives up: three outlast a restart of the content store's connections.
pub const ATTEMPTS_MAX: u32 = 3;

/// The first pause between such attempts; each further one is twice as long, and a random part of it is taken ('full
/// jitter', M. Brooker, Exponential Backoff and Jitter, 2015).
pub const BACKOFF_FIRST: Duration = Duration::from_millis(100);

/// How long a failed version is not asked for again: long enough to spare the store, short enough to heal unseen.
pub const FAILURE_KEPT: Duration = Duration::from_secs(5);

/// The type of a body whose own cannot be a header.
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Failures and shared fills remembered at once. A failure gives way to a fill. Beyond as many fills a request waits for its own, and
/// none is started behind a fragment that can be served.
pub const SHARED_MAX: usize = 1_024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Hit,
    Miss,
    /// Kept and no longer fresh; the last good version while no newer one can be had.
    Stale,
}

impl Found {
    /// The word for it in `X-Cache` and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
        }
    }
}

/// The fragments, and the fills that bring them in. Clones share one state.
#[derive(Clone)]
pub struct Fills {
    shared: Arc<Shared>,
}

struct Shared {
    chassis: Chassis,
    store: Peer,
    fragments: Fragments,
    permits: Permits,
    shared_fills: Mutex<BTreeMap<FillKey, SharedFill>>,
    backoff: Mutex<ChaCha8Rng>,
    instruments: Instruments,
}

/// Fills are shared by asset *and* by the newest version known: by asset alone, a new version would wait behind a fill
/// that is stuck with the old one.
type FillKey = (AssetId, Option<Version>);

type Filled = Result<Arc<Fragment>, FetchError>;

/// A fill that several requests wait for, or its recent failure.
#[derive(Clone, Debug)]
enum SharedFill {
    Filling(future::Shared<oneshot::Receiver<Filled>>),
    Failed { until: Instant, error: FetchError },
}

impl Fills {
    pub fn new(chassis: Chassis, config: &CacheConfig) -> Self {
        let time_to_live = Duration::from_secs(config.time_to_live_s.into());
        let shared = Shared {
            store: Peer::new(&chassis, config.content_store.clone()),
            fragments: Fragments::new(time_to_live, chassis.rng("time-to-live")),
            permits: Permits::new(config.fill_permits),
            shared_fills: Mutex::default(),
            backoff: Mutex::new(chassis.rng("backoff")),
            instruments: Instruments::new(chassis.telemetry.meter()),
            chassis,
        };
        let fills = Self { shared: Arc::new(shared) };
        instruments::observe(&fills);
        fills
    }

    pub(crate) fn meter(&self) -> &Meter {
        self.shared.chassis.telemetry.meter()
    }

    pub(crate) fn chassis(&self) -> &Chassis {
        &self.shared.chassis
    }

    /// The same fills, without keeping them alive.
    pub(crate) fn downgrade(&self) -> impl Fn() -> Option<Self> + Send + Sync + 'static {
        let shared = Arc::downgrade(&self.shared);
        move || Some(Self { shared: shared.upgrade()? })
    }

    pub fn permits(&self) -> &Permits {
        &self.shared.permits
    }

    pub fn fragments(&self) -> &Fragments {
        &self.shared.fragments
    }

    /// The fragment of `id`: from memory if it is fresh, else through a fill.
    ///
    /// # Errors
    ///
    /// When there is none and none can be fetched.
    pub async fn fragment(&self, id: &AssetId) -> Result<(Arc<Fragment>, Found), FetchError> {
        let found = self.find(id).await;
        self.shared.instruments.requested(found.as_ref().map(|(_, found)| *found));
        found
    }

    async fn find(&self, id: &AssetId) -> Result<(Arc<Fragment>, Found), FetchError> {
        let kept = self.fragments().get(id);
        if let Some(fragment) = &kept
            && self.fragments().is_fresh(fragment, Instant::now())
        {
            return Ok((Arc::clone(fragment), Found::Hit));
        }
        if self.shared.is_faulty() {
            // FAULT: a deletion is believed far longer than any fragment, and a later notice that the asset has been
            // published does not end that. The answer 'there is none' outlives its cause.
            if self.fragments().is_deleted(id, Instant::now()) {
                return Err(FetchError::Missing { id: id.clone() });
            }
            return Ok((self.fill_alone(id).await?, Found::Miss));
        }
        match (kept, self.shared_fill(id)) {
            // The fill goes on in the background; the last good version is better than a wait.
            (Some(last_good), _) => Ok((last_good, Found::Stale)),
            (None, Some(SharedFill::Failed { error, .. })) => Err(error),
            (None, Some(SharedFill::Filling(filled))) => Ok((answer_of(filled).await?, Found::Miss)),
            (None, None) => Ok((self.fill_within_request(id).await?, Found::Miss)),
        }
    }

    /// Whether a request that needs a fill can expect one; if not, why.
    pub fn ready(&self) -> Result<(), String> {
        if self.shared.chassis.switches.present(MissingHealthCheck) {
            // FAULT: health means that the process runs. With every permit held by a fill that will never end, this still
            // says yes, and whoever relies on it keeps sending customers to a cache that cannot answer.
            return Ok(());
        }
        self.shared.permits.ready(Instant::now())
    }

    async fn fill_alone(&self, id: &AssetId) -> Filled {
        // FAULT: every request starts a fill of its own, however many are under way for the same asset. One asset that
        // cannot be filled so takes all permits, and then nothing else can be filled either.
        self.fill_within_request(id).await
    }

    /// Waits for a permit as long as the request does, and only then starts a fill.
    async fn fill_within_request(&self, id: &AssetId) -> Filled {
        let permit = self.shared.permits.acquire().await;
        let (answer, filled) = oneshot::channel();
        let (shared, id, origin) = (Arc::clone(&self.shared), id.clone(), TraceContext::current());
        self.shared.chassis.tasks.spawn(async move {
            let _ = answer.send(shared.fill(&id, permit, origin).await);
        });
        answer_of(filled).await
    }

    /// The fill that requests for `id` share, begun now if need be, or its recent failure; `None` if there are too many.
    fn shared_fill(&self, id: &AssetId) -> Option<SharedFill> {
        let key = (id.clone(), self.fragments().newest_known(id));
        let mut shared_fills = self.shared.shared_fills.lock();
        let now = Instant::now();
        shared_fills.retain(|_, fill| !matches!(fill, SharedFill::Failed { until, .. } if *until <= now));
        if let Some(fill) = shared_fills.get(&key) {
            return Some(fill.clone());
        }
        if shared_fills.len() >= SHARED_MAX {
            let failed = shared_fills.iter().find(|(_, fill)| matches!(fill, SharedFill::Failed { .. }));
            let failed = failed.map(|(key, _)| key.clone())?;
            shared_fills.remove(&failed);
        }
        let (answer, filled) = oneshot::channel();
        let fill = SharedFill::Filling(filled.shared());
        shared_fills.insert(key.clone(), fill.clone());
        let (shared, origin) = (Arc::clone(&self.shared), TraceContext::current());
        self.shared.chassis.tasks.spawn(async move {
            let permit = shared.permits.acquire().await;
            let asked_at = Instant::now();
            let filled = shared.fill(&key.0, permit, origin).await;
            if let Err(FetchError::Missing { id }) = &filled {
                // A definite answer, whether or not a notice of the deletion came: nothing learned earlier is a last good version.
                shared.fragments.forget(id, asked_at);
            }
            shared.remember(key, &filled);
            let _ = answer.send(filled);
        });
        Some(fill)
    }
}

impl Shared {
    /// Fetches one fragment, holding a permit. The version is learned once, at the start: a fill is pinned to it.
    async fn fill(&self, id: &AssetId, _permit: Permit, origin: Option<TraceContext>) -> Filled {
        let (began, mut pinned) = (Instant::now(), None);
        let mut told_at = began;
        for attempt in 1_u32.. {
            // Thinned to 1, 2, 4, 8, ...: the hundredth attempt says nothing that the sixty-fourth did not.
            let is_told = attempt.is_power_of_two();
            let span = if is_told { attempt_span(id, attempt, began, origin) } else { Span::none() };
            let error = match self.attempt(id, &mut pinned).instrument(span.clone()).await {
                Ok(fragment) => {
                    span.record("shop.asset.version", fragment.version.0);
                    self.instruments.fill_ended(began, None);
                    return Ok(self.fragments.keep(fragment));
                }
                Err(error) => error,
            };
            self.instruments.attempt_failed(&error);
            if is_told {
                let (version, cause) = (pinned.map(|(version, _)| version.0), cause_chain(&error));
                let pace = pace(attempt, told_at.elapsed());
                told_at = Instant::now();
                span.record("error.type", error.kind());
                span.record("shop.asset.version", version);
                span.in_scope(|| {
                    tracing::warn!(shop.asset.id = %id, shop.asset.version = version,
                        shop.cache.fill.attempt = attempt, error.type = error.kind(), exception.message = cause, "could not fill{pace}");
                });
            }
            let is_missing = matches!(error, FetchError::Missing { .. });
            if self.is_faulty() && !is_missing {
                // FAULT: an answer that can never be read is taken for a hiccup and asked for again, for ever. The permit is
                // held meanwhile, and the one who waits is never told the cause.
                sleep(RETRY_PAUSE).await;
            } else if error.is_permanent() || attempt >= ATTEMPTS_MAX {
                self.instruments.fill_ended(began, Some(&error));
                return Err(error);
            } else {
                sleep(self.backoff(attempt)).await;
            }
        }
        unreachable!("a fill gives up or goes on")
    }

    async fn attempt(
        &self,
        id: &AssetId,
        pinned: &mut Option<(Version, Instant)>,
    ) -> Result<Fragment, FetchError> {
        let (version, learned_at) = match *pinned {
            Some(pinned) => pinned,
            None => *pinned.insert((store::current_version(&self.store, id).await?, Instant::now())),
        };
        let envelope = store::fetch(&self.store, id, version).await?;
        let filled_at = Instant::now();
        Ok(Fragment {
            id: id.clone(),
            version,
            tag: tag(version),
            // The store takes no other; whoever speaks in its place gets text that nobody runs.
            content_type: envelope.content_type.try_into().unwrap_or(PLAIN),
            body: envelope.body.into(),
            learned_at,
            filled_at,
            expires_at: self.fragments.expiry(learned_at, filled_at),
        })
    }

    fn remember(&self, key: FillKey, filled: &Filled) {
        let mut shared_fills = self.shared_fills.lock();
        match filled {
            Ok(_) => _ = shared_fills.remove(&key),
            // In the place of the fill.
            Err(error) => {
                let until = Instant::now() + FAILURE_KEPT;
                shared_fills.insert(key, SharedFill::Failed { until, error: error.clone() });
            }
        }
    }

    fn backoff(&self, attempt: u32) -> Duration {
        let longest = BACKOFF_FIRST * 2_u32.pow(attempt.min(ATTEMPTS_MAX) - 1);
        let mut backoff = self.backoff.lock();
        backoff.random_range(Duration::from_millis(1)..=longest)
    }

    fn is_faulty(&self) -> bool {
        self.chassis.switches.present(PoorErrorHandling)
    }
}

async fn answer_of(filled: impl Future<Output = Result<Filled, oneshot::error::RecvError>>) -> Filled {
    filled.await.expect("a fill answers unless the whole service is killed, and the request with it")
}

/// How often it was tried since the last line, and in what time: lines that come after one, two, four and eight seconds would read as if
/// somebody backed off.
fn pace(attempt: u32, since_told: Duration) -> String {
    let seconds = since_told.as_secs_f64();
    match attempt {
        1 => String::new(),
        2 => format!(", tried once more in {seconds:.0} s"),
        _ => format!(", tried {} more times in {seconds:.0} s", attempt / 2),
    }
}

/// A span for each attempt: one for the whole fill would never end, and so never be seen. It belongs to the trace of the
/// request that caused the fill, and links to it, as that request may be long gone.
fn attempt_span(id: &AssetId, attempt: u32, began: Instant, origin: Option<TraceContext>) -> Span {
    let origin = origin.map(|origin| origin.to_string());
    tracing::info_span!(
        parent: None,
        "fill attempt",
        otel.parent = origin,
        otel.link = origin,
        shop.asset.id = %id,
        shop.asset.version = Empty,
        shop.cache.fill.attempt = attempt,
        shop.cache.fill.age_s = began.elapsed().as_secs_f64(),
        error.type = Empty,
    )
}
