//! Plays a plan, and checks the invariants after each step.

use std::{
    collections::BTreeSet,
    fmt, process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use chassis::{
    Compute, LatentFault, Peer, TaskGroup, TelemetrySink, Wait, rng,
    simulation::{DiskSpeed, link::DOUBLED_WITHIN},
    telemetry::Batch,
};
use content_store::storage::Storage;
use http::StatusCode;
use incident::{Remedy, Route, Service, words::ClockKind};
use parking_lot::Mutex;
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use world::{
    EditorError, Mix, ShopOptions, World,
    customers::{PATIENCE, any_page},
    fingerprint::{Fingerprint, Fingerprinted},
    judge,
    scenario::draw::original,
    virtual_time::{self, STALLED_AFTER},
};

use crate::{
    Failure, Invariant,
    book::{Begun, Book, Wrong},
    file::File,
    machine::Machine,
    neighbour::{self, Neighbour},
    pages, panics,
    plan::{ASSETS, FAULTS, Plan, Twin},
    state::{self, State},
};

/// The disk beneath the content store, an ordinary one.
const DISK: DiskSpeed = DiskSpeed { seek: Duration::from_millis(4), bytes_per_s: 100e6 };

/// The front's workers, and how long a page occupies one. They are enough for a crowd, so that load does not delay the recovery.
const WORKERS: usize = 4;
const PAGE_TIME: Duration = Duration::from_millis(20);

/// How soon after the last fault a repaired shop serves every page whole. It is the sum of the time that a fill waits for a silent
/// store (`STORE_TIMEOUT`), the time that the cache remembers a failed fill (`FAILURE_KEPT`), and the front's next probe of the
/// cache (`PROBE_INTERVAL`, `PROBE_TIMEOUT`).
pub const AVAILABLE_WITHIN: Duration = cache::store::STORE_TIMEOUT
    .saturating_add(cache::fills::FAILURE_KEPT)
    .saturating_add(web_front::upstream::PROBE_INTERVAL)
    .saturating_add(web_front::upstream::PROBE_TIMEOUT);

/// The time that a health check adds to that if it acts: the next round of checks, and a start.
const CHECKED_WITHIN: Duration = Duration::from_secs(6);

/// The greatest age of what the cache shows, while the links are well.
const FRESH_WITHIN: Duration = Duration::from_secs(18);

/// How often to poll for the end of something.
const LOOKED_EVERY: Duration = Duration::from_millis(100);

/// The longest time of a fill while all is well.
const FILLED_WITHIN: Duration = Duration::from_secs(1);

/// How often to poll for a moment without permits in use. A page takes several of these, so that a gap between two pages is seen.
const MOMENT: Duration = Duration::from_millis(10);

/// The product feed, and the share of checks that read it. One feed needs as many fragments as there are products.
const FEED: &str = "/feed.xml";
const FEED_SHARE: f64 = 0.2;

/// The result of a plan.
#[derive(Debug)]
pub struct Played {
    /// The first broken invariant, if any.
    pub failure: Option<Failure>,
    /// A hash of every customer's visit.
    pub visits: u64,
    /// A hash of all telemetry.
    pub telemetry: u64,
    /// A hash of the content before the last reset.
    pub content: u64,
    pub neighbour: Option<Neighbour>,
    pub counts: Counts,
}

/// How much a play covered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub visits: u64,
    pub steps: u64,
    /// Pages that were read.
    pub pages: u64,
    /// Publishes, roll backs and deletes that were acknowledged.
    pub acknowledged: u64,
    pub resets: u64,
    /// How often the disk lost power.
    pub losses: u64,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        let Self { visits, steps, pages, acknowledged, resets, losses } = other;
        self.visits += visits;
        self.steps += steps;
        self.pages += pages;
        self.acknowledged += acknowledged;
        self.resets += resets;
        self.losses += losses;
    }
}

/// Plays a plan in virtual time on this thread.
pub fn play(plan: &Plan) -> Played {
    panics::listen();
    let seed = plan.seed;
    let stalled = move || {
        eprintln!("Time stands still: cargo xtask soak --seed {seed}");
        process::exit(1);
    };
    let work = async {
        let until = plan.ends_at();
        match plan.twin {
            Twin::Neighbour => {
                let (mut played, neighbour) = tokio::join!(Run::of(plan), neighbour::play(plan.seed, until));
                played.neighbour = Some(neighbour);
                played
            }
            _ => Run::of(plan).await,
        }
    };
    virtual_time::run(work, STALLED_AFTER, stalled).expect("there is a thread for the watchdog")
}

/// Plays a plan's neighbour alone.
pub fn play_neighbour(plan: &Plan) -> Neighbour {
    let work = neighbour::play(plan.seed, plan.ends_at());
    virtual_time::run(work, STALLED_AFTER, || process::exit(1)).expect("there is a thread for the watchdog")
}

/// Failures and counts, shared with the tasks that run beside the steps.
#[derive(Clone, Default)]
pub(super) struct Findings(Arc<Mutex<(Option<Failure>, Counts)>>);

impl Findings {
    fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.0.lock().1);
    }

    /// Enters an editor's answer into the book, and reports a contradiction.
    pub(super) fn answered(
        &self,
        book: &Mutex<Book>,
        begun: Begun,
        answer: &Result<u64, EditorError>,
        at_s: f64,
    ) {
        if let Err(what) = book.lock().answered(begun, answer, at_s) {
            self.wrong(Invariant::Content, at_s, what);
        }
        self.count(|counts| counts.acknowledged += u64::from(answer.is_ok()));
    }

    /// Keeps the first failure.
    fn wrong(&self, invariant: Invariant, at_s: f64, what: impl fmt::Display) {
        let what = what.to_string();
        self.0.lock().0.get_or_insert(Failure { invariant, at_s, what });
    }
}

/// Whether the shop is free of faults that customers can meet, and a count of the turns of its switches.
#[derive(Default)]
pub(super) struct Repaired {
    now: AtomicBool,
    turns: AtomicU64,
}

impl Repaired {
    pub(super) fn turn(&self, present: &BTreeSet<LatentFault>) {
        self.turns.fetch_add(1, Ordering::Relaxed);
        self.now.store(present.is_empty(), Ordering::Relaxed);
    }

    /// A number that identifies the current period without faults; `None` if a fault is present. It changes with each turn of a
    /// switch.
    fn since(&self) -> Option<u64> {
        self.now.load(Ordering::Relaxed).then(|| self.turns.load(Ordering::Relaxed))
    }
}

pub(super) struct Run<'a> {
    plan: &'a Plan,
    pub(super) world: Arc<World>,
    pub(super) file: File,
    pub(super) machine: Machine,
    /// The machine's database, without the delays of the simulated disk.
    storage: Arc<dyn Storage>,
    pub(super) book: Arc<Mutex<Book>>,
    pub(super) findings: Findings,
    pub(super) present: BTreeSet<LatentFault>,
    pub(super) repaired: Arc<Repaired>,
    looks: TaskGroup,
    at_first: Option<State>,
    chance: ChaCha8Rng,
    pub(super) is_checked: bool,
}

impl<'a> Run<'a> {
    async fn of(plan: &'a Plan) -> Played {
        let telemetry = Fingerprint::default();
        let file = File::new(rng(plan.seed, "faults", "disk"));
        let machine = Machine::start(file.clone()).expect("an empty file takes a database");
        let storage: Arc<dyn Storage> = Arc::new(machine.clone());
        let mut shop = ShopOptions::in_virtual_time(plan.seed);
        shop.storage = Some(Arc::clone(&storage));
        shop.disk = Some(DISK);
        shop.front = Some(Compute::new(WORKERS, PAGE_TIME));
        shop.fill_permits = plan.permits;
        shop.level = plan.level;
        shop.surroundings.sink =
            Some(Arc::new(Fingerprinted { sink: Nowhere, fingerprint: telemetry.clone() }));
        let present = if plan.is_repaired { BTreeSet::new() } else { BTreeSet::from(FAULTS) };
        shop.repaired = FAULTS.into_iter().filter(|fault| !present.contains(fault)).collect();
        let run = run_of(&shop);
        let world = World::start(shop, &Mix::of(plan.views_per_second), run, 0.0).await;
        let world = Arc::new(world.expect("a world in memory starts"));
        let mut run = Self {
            plan,
            world,
            file,
            machine,
            storage,
            book: Arc::default(),
            findings: Findings::default(),
            present,
            repaired: Arc::default(),
            looks: TaskGroup::default(),
            at_first: None,
            chance: rng(plan.seed, "faults", "looks"),
            is_checked: false,
        };
        run.repaired.turn(&run.present);
        let content = run.until_the_end().await;
        run.looks.kill().await;
        let visits = run.world.customers().fingerprint();
        run.world.close().await;
        let (failure, counts) = std::mem::take(&mut *run.findings.0.lock());
        Played { failure, visits, telemetry: telemetry.value(), content, neighbour: None, counts }
    }

    /// Carries out all steps, ends all faults, and resets. Returns the hash of the content before the reset.
    async fn until_the_end(&mut self) -> u64 {
        let began = Instant::now();
        match State::of(&self.world, &*self.storage).await {
            Ok(state) => self.at_first = Some(state),
            Err(error) => self.wrong(Invariant::Reset, error),
        }
        for step in &self.plan.steps {
            sleep_until(began + step.at).await;
            self.carry_out(&step.doing).await;
            self.check().await;
            self.findings.count(|counts| counts.steps += 1);
            if self.has_failed() {
                return 0;
            }
        }
        self.recover().await;
        self.check().await;
        let content = state::content(&*self.storage).await.unwrap_or_default();
        if self.has_failed() {
            return content;
        }
        self.reset().await;
        self.check().await;
        self.world.empty().await;
        let (begun, ended) = {
            let record = self.world.record();
            let until = u32::MAX;
            (self.world.customers().begun(None, 0, until), record.tally(None, 0, until).visits())
        };
        if u64::from(begun) != ended {
            self.wrong(Invariant::Counted, format!("{begun} visits began and {ended} ended"));
        }
        self.findings.count(|counts| {
            counts.visits = ended;
            counts.losses = self.file.losses();
        });
        content
    }

    fn has_failed(&self) -> bool {
        self.findings.0.lock().0.is_some()
    }

    pub(super) fn wrong(&self, invariant: Invariant, what: impl fmt::Display) {
        self.findings.wrong(invariant, self.world.at_s(), what);
    }

    /// Checks the invariants that hold after each step.
    async fn check(&mut self) {
        for panic in panics::take() {
            self.wrong(Invariant::NoPanic, panic);
        }
        let used = self.world.shop().permits_used();
        if used > self.plan.permits {
            self.wrong(Invariant::Permits, format!("{used} of {} permits are used", self.plan.permits));
        }
        let book = self.book.lock().clone();
        match book.check(&*self.storage).await {
            Ok(()) => {}
            Err(Wrong::Unreadable(_)) if !self.file.is_well() => {}
            Err(Wrong::Unreadable(what) | Wrong::Content(what)) => self.wrong(Invariant::Content, what),
        }
        if self.repaired.since().is_some() {
            let route = *Route::ALL.choose(&mut self.chance).expect("there are pages");
            self.look(any_page(route));
            if self.chance.random_bool(FEED_SHARE) {
                self.look(FEED.to_owned());
            }
        }
    }

    /// Visits a page and parses it, in a task of its own.
    fn look(&self, path: String) {
        let (world, findings, repaired) =
            (Arc::clone(&self.world), self.findings.clone(), Arc::clone(&self.repaired));
        let since = repaired.since();
        self.looks.spawn(async move {
            let inspector = world.outsider("inspector");
            let front = Peer::new(&inspector, world.shop().addresses().web_front.clone());
            let Ok(answer) = front.get(&path, Wait::AtMost(PATIENCE)).await else { return };
            if since.is_none() || repaired.since() != since {
                return;
            }
            findings.count(|counts| counts.pages += 1);
            let is_feed = path == FEED && answer.status == StatusCode::OK;
            let read = if is_feed { pages::read_feed(&answer.body) } else { pages::read(&answer.body) };
            if let Err(why) = read {
                findings.wrong(Invariant::Parses, world.at_s(), format!("{path}: {why}"));
            }
        });
    }

    /// Resets the world, and checks that it is in its initial state.
    pub(super) async fn reset(&mut self) {
        self.file.mend();
        *self.book.lock() = Book::default();
        if let Err(error) = self.world.reset().await {
            return self.wrong(Invariant::Reset, format!("it failed: {error}"));
        }
        // Requests that were under way during the reset have written into that first new book. Start another.
        *self.book.lock() = Book::default();
        self.present = if self.plan.is_repaired { BTreeSet::new() } else { BTreeSet::from(FAULTS) };
        self.repaired.turn(&self.present);
        self.is_checked = false;
        self.findings.count(|counts| counts.resets += 1);
        let now = match State::of(&self.world, &*self.storage).await {
            Ok(now) => now,
            Err(error) => return self.wrong(Invariant::Reset, error),
        };
        let used = self.world.shop().permits_used();
        if let Some(first) = self.at_first.as_ref().filter(|first| **first != now) {
            self.wrong(Invariant::Reset, now.difference(first));
        }
        if used > self.plan.permits {
            self.wrong(Invariant::Permits, format!("{used} permits are used after a reset"));
        }
    }

    /// Ends all faults, then checks that the shop recovers by itself.
    async fn recover(&mut self) {
        let world = Arc::clone(&self.world);
        let shop = world.shop();
        shop.visitor().network.links().restore();
        self.file.mend();
        shop.storage().replace();
        world.customers().disperse().await;
        for fault in FAULTS {
            shop.turn(fault, false);
        }
        self.present.clear();
        self.repaired.turn(&self.present);
        self.act(Remedy::RollBackRelease { service: Service::WebFront }).await;
        for service in [Service::ContentStore, Service::Cache] {
            if shop.process(service).await == diagnosis::Process::Gone {
                self.act(Remedy::Restart { service }).await;
            }
        }
        let mut mended = Instant::now();
        // Wait for the pending deletes. Requests that may be duplicated get extra time to arrive.
        while self.book.lock().is_deleting() {
            sleep(LOOKED_EVERY).await;
            mended = Instant::now();
        }
        if self.book.lock().is_doubled {
            sleep(DOUBLED_WITHIN * 2).await;
        }
        // Publish missing assets again, as an editor would: pages need them.
        let gone = self.gone().await;
        for asset in gone {
            // The database notices a loss of power only when a change fails. The editor then tries once more.
            let mut published = self.world.publish(asset, original(asset)).await;
            if matches!(&published, Err(EditorError::Refused { status, .. }) if status.is_server_error()) {
                published = self.world.publish(asset, original(asset)).await;
            }
            if let Err(error) = published {
                self.wrong(
                    Invariant::Available,
                    format!("{asset} cannot be published after the last fault: {error}"),
                );
            }
        }
        let within = AVAILABLE_WITHIN + if self.is_checked { CHECKED_WITHIN } else { Duration::ZERO };
        sleep_until(mended + within).await;
        self.is_whole("after the last fault").await;
        sleep_until(mended + within.max(FRESH_WITHIN)).await;
        self.is_fresh().await;
        self.is_at_rest().await;
    }

    /// The assets that do not exist any longer.
    async fn gone(&self) -> Vec<&'static str> {
        let mut gone = Vec::new();
        for asset in ASSETS {
            let id = asset.parse().expect("an asset's id is plain");
            if self.storage.history(&id, None, 1).await.is_err() {
                gone.push(asset);
            }
        }
        gone
    }

    /// Checks that every page comes whole and can be parsed.
    async fn is_whole(&self, when: &str) {
        let inspector = self.world.outsider("inspector");
        let front = Peer::new(&inspector, self.world.shop().addresses().web_front.clone());
        for route in Route::ALL {
            let path = any_page(route);
            let answer = match front.get(&path, Wait::AtMost(PATIENCE)).await {
                Ok(answer) if answer.status == StatusCode::OK => answer,
                Ok(answer) => {
                    self.wrong(Invariant::Available, format!("{path} answers {} {when}", answer.status));
                    continue;
                }
                Err(error) => {
                    self.wrong(Invariant::Available, format!("{path} {when}: {error}"));
                    continue;
                }
            };
            if let Err(why) = pages::read(&answer.body) {
                self.wrong(Invariant::Parses, format!("{path}: {why}"));
            }
            let missing: Vec<_> = judge::missing(route, &answer.body).map(|part| part.name).collect();
            if !missing.is_empty() {
                self.wrong(
                    Invariant::Available,
                    format!("{path} comes without {} {when}", missing.join(", ")),
                );
            }
        }
        let answer = front.get(FEED, Wait::AtMost(PATIENCE)).await;
        match answer.map(|answer| pages::read_feed(&answer.body)) {
            Ok(Ok(())) => {}
            Ok(Err(why)) => self.wrong(Invariant::Parses, why),
            Err(error) => self.wrong(Invariant::Available, format!("the feed {when}: {error}")),
        }
    }

    /// Checks that the cache shows the store's current version of each asset.
    async fn is_fresh(&self) {
        let inspector = self.world.outsider("inspector");
        let cache = Peer::new(&inspector, self.world.shop().addresses().cache.clone());
        let path = |asset: &str| format!("/fragments/{asset}");
        // The first request for a stale fragment still gets the old version, and triggers the fill.
        for asset in ASSETS {
            let _ = cache.get(&path(asset), Wait::AtMost(PATIENCE)).await;
        }
        sleep(FILLED_WITHIN).await;
        for asset in ASSETS {
            let id = asset.parse().expect("an asset's id is plain");
            let kept = match self.storage.read(&id, None).await {
                Ok(kept) => kept,
                Err(error) => return self.wrong(Invariant::Content, format!("{asset}: {error}")),
            };
            let shown = match cache.get(&path(asset), Wait::AtMost(PATIENCE)).await {
                Ok(shown) => shown,
                Err(error) => return self.wrong(Invariant::Fresh, format!("{asset}: {error}")),
            };
            let text = String::from_utf8_lossy(&kept.body);
            if shown.status != StatusCode::OK || shown.body != text.as_bytes() {
                let shown = format!("{}: \"{}\"", shown.status, shown.body.escape_ascii());
                let (kept, text) = (kept.version, text.escape_default());
                self.wrong(
                    Invariant::Fresh,
                    format!("the cache shows {asset} as {shown}; version {kept} says \"{text}\""),
                );
            }
        }
    }

    /// Checks that nothing that has ended holds a permit, and that the health checks pass.
    async fn is_at_rest(&self) {
        self.world.customers().stay_away(true);
        sleep(PATIENCE).await;
        // A monitor may go on requesting pages, so permits are in use for moments. Only a longer use is a leak.
        let freed = async {
            while self.world.shop().permits_used() > 0 {
                sleep(MOMENT).await;
            }
        };
        if timeout(PATIENCE, freed).await.is_err() {
            let used = self.world.shop().permits_used();
            self.wrong(
                Invariant::Permits,
                format!("{used} permits are held, and for {PATIENCE:?} there was no moment without any"),
            );
        }
        for health in self.world.shop().health().await {
            if health.status != Some(StatusCode::OK) {
                self.wrong(Invariant::Available, format!("after the last fault: {health:?}"));
            }
        }
        self.world.customers().stay_away(false);
    }
}

/// A sink that discards telemetry; its wrapper hashes all of it.
struct Nowhere;

impl TelemetrySink for Nowhere {
    fn take(&self, _: Batch) {}
}

/// The head of a record, before anything happens.
pub(crate) fn run_of(shop: &ShopOptions) -> incident::Run {
    incident::Run {
        scenario: "faults".to_owned(),
        faults_present: shop.faults_present().into_iter().collect(),
        ..incident::Run::new(shop.surroundings.seed, shop.level, ClockKind::Virtual)
    }
}
