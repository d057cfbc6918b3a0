//! The customers: an open loop. Teaches that visits must not wait for each other, or a slow shop would look less busy
//! and less broken than it is ('coordinated omission').

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chassis::{Chassis, Peer, TaskGroup, Wait, rng};
use hdrhistogram::Histogram;
use http::uri::Authority;
use incident::{Recorder, Route, Rules, Visits, recorder::LATE_AT_MOST_S};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Meter},
};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use tokio::time::{Instant, sleep_until, timeout};
use web_front::catalogue::{CATEGORIES, PRODUCTS};

use crate::{
    fingerprint::Fingerprint,
    judge::{Visit, judge},
    shop::CUSTOMERS,
};

/// How long a customer waits for a page before they leave.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A process that comes to its work so late was not running, or the machine was not: stopped, asleep, or buried in other work.
pub const STOOD_STILL_AFTER: Duration = Duration::from_secs(5);

/// A customer's patience never ends later than this in a process that runs: who is kept waiting longer was stopped with it.
const LATE_AT_MOST: Duration = Duration::from_secs(LATE_AT_MOST_S as u64);

/// The longest latency that is counted, in microseconds: that of the last who is.
const LATENCY_US_MAX: u64 = (PATIENCE.as_secs() + LATE_AT_MOST.as_secs()) * 1_000_000;

/// Visits under way at once; a visit beyond fails at once. Thirty a second who all wait to the end are three hundred.
pub const VISITS_MAX: usize = 4_096;

/// Visits to the rarest kind of page that must be served before availability counts as restored: a page that fails every third time
/// passes so many by chance once in 3,000 times.
const HOLD_VISITS: f64 = 20.0;

/// How many visits there are, and to which pages.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// Page views a second, on average.
    pub views_per_second: f64,
    /// The share of each kind of page; shares add up to 1.
    pub shares: BTreeMap<Route, f64>,
}

impl Mix {
    /// The story's mix at `views_per_second`.
    pub fn of(views_per_second: f64) -> Self {
        let shares =
            [(Route::Home, 0.30), (Route::Category, 0.25), (Route::Product, 0.35), (Route::Checkout, 0.10)];
        Self { views_per_second, shares: shares.into() }
    }

    /// For how many seconds availability must stay at its target to count as restored, where these customers come: long enough for
    /// `HOLD_VISITS` to the page that they visit least. Where few come, a minute without a failed visit comes by chance.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number of seconds"
    )]
    pub fn hold_s(&self) -> u32 {
        let rarest = self.shares.values().copied().fold(1.0, f64::min) * self.views_per_second;
        Rules::default().hold_s.max((HOLD_VISITS / rarest).ceil() as u32)
    }
}

/// The customers of one shop, arriving until they are sent home.
pub struct Customers {
    arrivals: TaskGroup,
    visits: TaskGroup,
    tally: Arc<Tally>,
    shop: Arc<Peer>,
    mix: Mix,
    seed: u64,
    crowds: Mutex<Vec<TaskGroup>>,
}

/// What the customers' visits are counted in.
struct Tally {
    arrived_at: Instant,
    record: Arc<Mutex<Recorder>>,
    stay_away: AtomicBool,
    waiting: AtomicUsize,
    begun: Mutex<BTreeMap<(u32, Route), u32>>,
    latency_us: Mutex<Histogram<u64>>,
    counted: Counter<u64>,
    fingerprint: Fingerprint,
}

impl Customers {
    /// They begin to arrive at a web front now: on each route as a Poisson process of its own. Their seconds are counted from
    /// `arrived_at`, which lies before now where others came before them.
    pub fn arrive(
        visitor: &Chassis,
        web_front: &Authority,
        mix: &Mix,
        record: Arc<Mutex<Recorder>>,
        arrived_at: Instant,
    ) -> Self {
        let dispatch = visitor.tasks.dispatch();
        let (arrivals, visits) = (TaskGroup::new(dispatch.clone()), TaskGroup::new(dispatch.clone()));
        // One without bounds begins with two microseconds, and what is clamped into it does not make it larger.
        let latency_us = Histogram::new_with_max(LATENCY_US_MAX, 3).expect("the bounds and digits are valid");
        visitor.telemetry.run_in(&arrivals, visitor.blocking, visitor.settings.metrics_interval);
        let tally = Arc::new(Tally {
            arrived_at,
            record,
            stay_away: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            begun: Mutex::default(),
            latency_us: Mutex::new(latency_us),
            counted: visits_counter(visitor.telemetry.meter()),
            fingerprint: Fingerprint::default(),
        });
        let shop = Arc::new(Peer::new(visitor, web_front.clone()));
        let (mix, crowds) = (mix.clone(), Mutex::default());
        let customers = Self { arrivals, visits, tally, shop, mix, seed: visitor.seed, crowds };
        customers.come(&customers.arrivals, visitor.clock.now(), 1.0, "");
        customers
    }

    /// From now on so many times as many come, until [`disperse`](Self::disperse). Those who come anyway are not shifted.
    pub fn crowd(&self, times: f64) {
        let mut crowds = self.crowds.lock().unwrap_or_else(PoisonError::into_inner);
        let crowd = TaskGroup::new(self.arrivals.dispatch().clone());
        self.come(&crowd, Instant::now(), times - 1.0, &format!("crowd-{}-", crowds.len()));
        crowds.push(crowd);
    }

    /// From now on nobody comes, or they come again. Nobody's visit is shifted by it.
    pub fn stay_away(&self, away: bool) {
        self.tally.stay_away.store(away, Ordering::Relaxed);
    }

    /// No more than usual come.
    pub async fn disperse(&self) {
        let crowds = std::mem::take(&mut *self.crowds.lock().unwrap_or_else(PoisonError::into_inner));
        for crowd in crowds {
            crowd.kill().await;
        }
    }

    /// As many come as at first.
    pub(crate) async fn reset(&self) {
        // Every field, so that whoever adds one decides here what becomes of it.
        let Self { arrivals: _, visits: _, tally: _, shop: _, mix: _, seed: _, crowds: _ } = self;
        self.disperse().await;
    }

    /// How many crowds there are.
    pub(crate) fn crowds(&self) -> usize {
        self.crowds.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn come(&self, arrivals: &TaskGroup, from: Instant, times: f64, label: &str) {
        for (route, share) in &self.mix.shares {
            let rate = self.mix.views_per_second * share * times;
            if rate > 0.0 {
                let chance = rng(self.seed, CUSTOMERS, &format!("{label}{}", route.name()));
                let stream = Stream { route: *route, rate, from, chance };
                arrivals.spawn(stream.run(
                    Arc::clone(&self.shop),
                    self.visits.clone(),
                    Arc::clone(&self.tally),
                ));
            }
        }
    }

    /// Visits that have begun and not ended.
    pub fn waiting(&self) -> usize {
        self.tally.waiting.load(Ordering::Relaxed)
    }

    /// Visits that began in the seconds `[from_s, to_s)`, on one route or on all, whether they have ended or not.
    pub fn begun(&self, route: Option<Route>, from_s: u32, to_s: u32) -> u32 {
        let begun = self.tally.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = begun.range((from_s, Route::Home)..(to_s, Route::Home));
        rows.filter(|((_, on), _)| route.is_none_or(|route| route == *on)).map(|(_, count)| count).sum()
    }

    /// Latencies of all visits so far in microseconds, from the moment each was meant to start.
    pub fn latency_us(&self) -> Histogram<u64> {
        self.tally.latency_us.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A hash over every visit that has ended: when, where, how it went and how long it took.
    pub fn fingerprint(&self) -> u64 {
        self.tally.fingerprint.value()
    }

    /// No more arrive; those who wait are waited for, at most as long as they do.
    pub async fn leave(&self) {
        self.arrivals.kill().await;
        self.disperse().await;
        let all_left = async {
            while self.waiting() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = timeout(PATIENCE + Duration::from_secs(1), all_left).await;
        self.visits.kill().await;
    }
}

/// Arrivals on one route.
struct Stream {
    route: Route,
    rate: f64,
    from: Instant,
    chance: ChaCha8Rng,
}

impl Stream {
    async fn run(mut self, shop: Arc<Peer>, visits: TaskGroup, tally: Arc<Tally>) {
        let mut intended = self.from;
        loop {
            // The gaps of a Poisson process are exponential; 1 - x keeps the logarithm finite.
            let gap_s = -(1.0 - self.chance.random::<f64>()).ln() / self.rate;
            intended += Duration::from_secs_f64(gap_s);
            let path = self.path();
            sleep_until(intended).await;
            // Who would have come while the process stood still did not: their visits would say nothing of the shop.
            if intended.elapsed() > STOOD_STILL_AFTER {
                continue;
            }
            if tally.stay_away.load(Ordering::Relaxed) {
                continue;
            }
            let visit = Arc::clone(&tally).visit(Arc::clone(&shop), self.route, path, intended);
            visits.spawn(visit);
        }
    }

    fn path(&mut self) -> String {
        let any = "there is at least one category and product";
        match self.route {
            Route::Home => "/".to_owned(),
            Route::Category => format!("/c/{}", CATEGORIES.choose(&mut self.chance).expect(any).slug),
            Route::Product => format!("/p/{}", PRODUCTS.choose(&mut self.chance).expect(any).slug),
            Route::Checkout => "/checkout".to_owned(),
        }
    }
}

impl Tally {
    async fn visit(self: Arc<Self>, shop: Arc<Peer>, route: Route, path: String, intended: Instant) {
        let at_s = self.second_of(intended);
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner).entry((at_s, route)).or_default() += 1;
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let visit = if waiting < VISITS_MAX {
            let patience = PATIENCE.saturating_sub(intended.elapsed());
            match shop.get(&path, Wait::AtMost(patience)).await {
                Ok(answer) => judge(route, answer.status, &answer.body),
                Err(_) => Visit::Failed,
            }
        } else {
            Visit::Failed
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        // Whoever was on their way while the process stood still says nothing of the shop, as those who would have come then.
        if intended.elapsed() > PATIENCE + LATE_AT_MOST {
            let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
            begun.entry((at_s, route)).and_modify(|count| *count = count.saturating_sub(1));
            return;
        }
        self.count(route, visit, intended);
    }

    fn count(&self, route: Route, visit: Visit, intended: Instant) {
        let latency_us = u64::try_from(intended.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.latency_us.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(latency_us);
        let at_s = self.second_of(intended);
        let is = |wanted| u32::from(visit == wanted);
        let row = Visits {
            at_s,
            route,
            served: is(Visit::Served),
            degraded: is(Visit::Degraded),
            failed: is(Visit::Failed),
        };
        self.record.lock().unwrap_or_else(PoisonError::into_inner).visits([row]);
        let outcome = match visit {
            Visit::Served => "served",
            Visit::Degraded => "degraded",
            Visit::Failed => "failed",
        };
        let began_us = intended.duration_since(self.arrived_at).as_micros();
        self.fingerprint.add(format!("{began_us} {route} {outcome} {latency_us}\n").as_bytes());
        self.counted
            .add(1, &[KeyValue::new("http.route", http_route(route)), KeyValue::new("outcome", outcome)]);
    }

    fn second_of(&self, intended: Instant) -> u32 {
        u32::try_from(intended.duration_since(self.arrived_at).as_secs()).unwrap_or(u32::MAX)
    }
}

/// A request that hangs never shows in a server's metrics; what its customer met does.
fn visits_counter(meter: &Meter) -> Counter<u64> {
    meter
        .u64_counter("shop.customer.visits")
        .with_unit("{visit}")
        .with_description("Visits of customers that have ended, by route and outcome")
        .build()
}

/// A page of each kind, for somebody who tries one.
pub fn any_page(route: Route) -> String {
    match route {
        Route::Home => "/".to_owned(),
        Route::Category => format!("/c/{}", CATEGORIES[0].slug),
        Route::Product => format!("/p/{}", PRODUCTS[0].slug),
        Route::Checkout => "/checkout".to_owned(),
    }
}

fn http_route(route: Route) -> &'static str {
    match route {
        Route::Home => "/",
        Route::Category => "/c/{category}",
        Route::Product => "/p/{product}",
        Route::Checkout => "/checkout",
    }
}
