//! The customers: an open-loop load. Teaches that visits must not wait for each other, or a slow shop would look less busy and less
//! broken than it is ('coordinated omission').

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chassis::{
    Blocking, Chassis, Clock, Peer, TaskGroup, Wait, rng,
    telemetry::{Telemetry, metrics::counter},
};
use hdrhistogram::Histogram;
use http::uri::Authority;
use incident::{Recorder, Route, Rules, Visits, recorder::LATE_AT_MOST_S};
use opentelemetry::{KeyValue, metrics::Counter};
use parking_lot::Mutex;
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

/// Work that starts this late shows that the process or the machine stood still: suspended, asleep or overloaded.
pub const STOOD_STILL_AFTER: Duration = Duration::from_secs(5);

/// How late a visit may end after the customer's patience in a running process. A later end means that the process was suspended.
const LATE_AT_MOST: Duration = Duration::from_secs(LATE_AT_MOST_S as u64);

/// The longest latency that is counted, in microseconds: patience plus the greatest lateness.
const LATENCY_US_MAX: u64 = (PATIENCE.as_secs() + LATE_AT_MOST.as_secs()) * 1_000_000;

/// The most visits under way at once; a visit beyond fails at once. At thirty a second, three hundred are under way if all wait to
/// the end.
pub const VISITS_MAX: usize = 4_096;

/// Visits to the rarest kind of page that must be served before availability counts as restored. A page that fails every third time
/// serves this many in a row by chance once in 3,000 times.
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

    /// Seconds that availability must stay at its target to count as restored: long enough for `HOLD_VISITS` to the least visited
    /// page. With few customers, a minute without a failed visit happens by chance.
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
    telemetry: Telemetry,
    clock: Clock,
}

/// The counters of the customers' visits.
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
    /// Starts the arrivals at a web front now, as an independent Poisson process for each route. Seconds count from `arrived_at`,
    /// which lies in the past if other customers came before these.
    pub fn arrive(
        visitor: &Chassis,
        web_front: &Authority,
        mix: &Mix,
        record: Arc<Mutex<Recorder>>,
        arrived_at: Instant,
    ) -> Self {
        let dispatch = visitor.tasks.dispatch();
        let (arrivals, visits) = (TaskGroup::new(dispatch.clone()), TaskGroup::new(dispatch.clone()));
        // Set a bound: an unbounded histogram starts with a range of two microseconds, and a saturating record never grows it.
        let latency_us = Histogram::new_with_max(LATENCY_US_MAX, 3).expect("the bounds and digits are valid");
        visitor.telemetry.run_in(&arrivals, visitor.settings.metrics_interval);
        // A request that hangs never shows in a server's metrics. Its customer's outcome does.
        let about = "Visits of customers that have ended, by route and outcome";
        let tally = Arc::new(Tally {
            arrived_at,
            record,
            stay_away: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            begun: Mutex::default(),
            latency_us: Mutex::new(latency_us),
            counted: counter(visitor.telemetry.meter(), "shop.customer.visits", "{visit}", about),
            fingerprint: Fingerprint::default(),
        });
        let shop = Arc::new(Peer::new(visitor, web_front.clone()));
        let (mix, crowds) = (mix.clone(), Mutex::default());
        let (telemetry, clock) = (visitor.telemetry.clone(), visitor.clock.clone());
        let customers =
            Self { arrivals, visits, tally, shop, mix, seed: visitor.seed, crowds, telemetry, clock };
        customers.come(&customers.arrivals, visitor.clock.now(), 1.0, "");
        customers
    }

    /// Multiplies the arrivals by `times`, until [`disperse`](Self::disperse). The ordinary arrivals keep their times.
    pub fn crowd(&self, times: f64) {
        let mut crowds = self.crowds.lock();
        let crowd = TaskGroup::new(self.arrivals.dispatch().clone());
        self.come(&crowd, Instant::now(), times - 1.0, &format!("crowd-{}-", crowds.len()));
        crowds.push(crowd);
    }

    /// Stops the arrivals, or lets them go on. Later arrivals keep their times.
    pub fn stay_away(&self, away: bool) {
        self.tally.stay_away.store(away, Ordering::Relaxed);
    }

    /// Ends all crowds, so that only the usual customers come.
    pub async fn disperse(&self) {
        let crowds = std::mem::take(&mut *self.crowds.lock());
        for crowd in crowds {
            crowd.kill().await;
        }
    }

    /// Returns to the initial number of customers.
    pub(crate) async fn reset(&self) {
        // Name every field, so that a new field does not compile until somebody decides here what becomes of it.
        let Self {
            arrivals: _,
            visits: _,
            tally: _,
            shop: _,
            mix: _,
            seed: _,
            crowds: _,
            telemetry: _,
            clock: _,
        } = self;
        self.disperse().await;
    }

    pub(crate) fn crowds(&self) -> usize {
        self.crowds.lock().len()
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
        let begun = self.tally.begun.lock();
        let rows = begun.range((from_s, Route::Home)..(to_s, Route::Home));
        rows.filter(|((_, on), _)| route.is_none_or(|route| route == *on)).map(|(_, count)| count).sum()
    }

    /// Latencies of all visits so far in microseconds, from the moment each was meant to start.
    pub fn latency_us(&self) -> Histogram<u64> {
        self.tally.latency_us.lock().clone()
    }

    /// A hash over every visit that has ended: when, where, how it went and how long it took.
    pub fn fingerprint(&self) -> u64 {
        self.tally.fingerprint.value()
    }

    /// Stops the arrivals, waits for the visits under way, at most as long as customers wait, and reports the last of them.
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
        // The export ended with the arrivals.
        let telemetry = self.telemetry.clone();
        Blocking::under(&self.clock).run(move || telemetry.flush(true)).await;
    }
}

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
            // Skip visits that were due while the process stood still: they would say nothing about the shop.
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
        *self.begun.lock().entry((at_s, route)).or_default() += 1;
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
        // Discard a visit that was under way while the process stood still: it says nothing about the shop either.
        if intended.elapsed() > PATIENCE + LATE_AT_MOST {
            let mut begun = self.begun.lock();
            begun.entry((at_s, route)).and_modify(|count| *count = count.saturating_sub(1));
            return;
        }
        self.count(route, visit, intended);
    }

    fn count(&self, route: Route, visit: Visit, intended: Instant) {
        let latency_us = u64::try_from(intended.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.latency_us.lock().saturating_record(latency_us);
        let at_s = self.second_of(intended);
        let is = |wanted| u32::from(visit == wanted);
        let row = Visits {
            at_s,
            route,
            served: is(Visit::Served),
            degraded: is(Visit::Degraded),
            failed: is(Visit::Failed),
        };
        self.record.lock().visits([row]);
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

/// A page of this kind, for a caller that needs any.
pub fn any_page(route: Route) -> String {
    page(route, 0)
}

/// The page of this kind with this number. Numbers wrap around after the last page.
pub(crate) fn page(route: Route, number: usize) -> String {
    match route {
        Route::Home => "/".to_owned(),
        Route::Category => format!("/c/{}", CATEGORIES[number % CATEGORIES.len()].slug),
        Route::Product => format!("/p/{}", PRODUCTS[number % PRODUCTS.len()].slug),
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

#[cfg(test)]
mod tests {
    use chassis::Level;
    use evidence::{Evidence, Function, MetricQuery, UnixTime};
    use incident::{Run, words::ClockKind};

    use super::*;
    use crate::{
        ShopOptions, World,
        observed::{Observed, limits},
        virtual_time::{STALLED_AFTER, run},
    };

    #[test]
    fn the_last_visits_leave_as_telemetry_too() {
        let playing = async {
            let mut shop = ShopOptions::in_virtual_time(1);
            shop.level = Level::Metrics;
            let (clock, now) = (shop.surroundings.clock.clone(), shop.surroundings.clock.clone());
            let evidence = Evidence::new(limits(), move || clock.wall());
            shop.surroundings.sink = Some(Arc::new(Observed(evidence.clone())));
            let about = Run::new(1, Level::Metrics, ClockKind::Virtual);
            let world = World::start(shop, &Mix::of(30.0), about, 0.0).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5_300)).await;
            (world.finish().await, evidence, now.wall())
        };
        let (record, evidence, now) = run(playing, STALLED_AFTER, || panic!("time stood still")).unwrap();
        let visits: u32 = record.availability.iter().map(|row| row.served + row.degraded + row.failed).sum();
        let now = UnixTime::from(now);
        let total = evidence.metric(&MetricQuery {
            name: "shop.customer.visits".to_owned(),
            function: Function::Range,
            service: None,
            attributes: Vec::new(),
            by: Some(Vec::new()),
            from: now,
            to: now,
            step: Duration::from_secs(1),
            window: Duration::from_secs(1),
        });
        let told = total.unwrap().unwrap().lines[0].points[0].1;
        assert!((told - f64::from(visits)).abs() < 0.5, "{told} of {visits} visits");
    }
}
