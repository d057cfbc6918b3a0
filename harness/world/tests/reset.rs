//! A reset puts everything back, whatever happened, whatever was done about it, and whenever it comes.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{sync::Arc, thread, time::Duration};

use chassis::{LatentFault, Level, Peer, Wait};
use http::StatusCode;
use incident::{Remedy, Route, Run, Service, words::ClockKind};
use tokio::time::sleep;
use world::{
    EditorError, Mix, ShopOptions, World,
    customers::{PATIENCE, any_page},
    judge::{Visit, judge},
    play::STARTS_STORY_S,
    reset::Conditions,
    scenario::{Drawn, Scenario, draw, draw::Step, library},
    virtual_time::{STALLED_AFTER, run},
};

/// This seed also publishes decoys, with unusual characters among them.
const SEED: u64 = 21;

/// Few customers, because requests dominate the cost.
const VIEWS_PER_SECOND: f64 = 1.0;

/// How long an outage lasts before a late reset: longer than anybody waits for a page or a fragment.
const DEEP: Duration = Duration::from_secs(45);

/// When an action scheduled before the reset would happen.
const SCHEDULED_AFTER: Duration = Duration::from_secs(20);

/// The health checks, by service and path.
const HEALTH: [(Service, &str); 4] = [
    (Service::ContentStore, "/healthz"),
    (Service::Cache, "/healthz"),
    (Service::WebFront, "/healthz"),
    (Service::Cache, "/readyz"),
];

/// When a reset comes.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Before,
    RightAfter,
    Deep,
}

fn remedies(asset: &str) -> Vec<Remedy> {
    let each = |remedy: fn(Service) -> Remedy| Service::ALL.iter().map(move |service| remedy(*service));
    let mut all = vec![
        Remedy::RollBack { asset: asset.to_owned() },
        Remedy::FlushCache,
        Remedy::RepairNetwork,
        Remedy::ReplaceDisk,
    ];
    all.extend(each(|service| Remedy::Restart { service }));
    all.extend(each(|service| Remedy::RollBackRelease { service }));
    all.extend(each(|service| Remedy::AddCapacity { service }));
    all
}

/// A scenario in a world that is reset again and again.
struct Stage {
    world: Arc<World>,
    drawn: Drawn,
    at_first: Conditions,
    probes: usize,
}

impl Stage {
    async fn open(scenario: &Scenario) -> Self {
        let shop = ShopOptions::in_virtual_time(SEED).sized_for(VIEWS_PER_SECOND);
        let run = run_of(&shop, scenario);
        let world = World::start(shop, &Mix::of(VIEWS_PER_SECOND), run, STARTS_STORY_S).await.unwrap();
        let (world, drawn) = (Arc::new(world), draw(scenario, SEED));
        let at_first = world.conditions().await.unwrap();
        let stage = Self { world, drawn, at_first, probes: 0 };
        sleep(Duration::from_secs(2)).await;
        stage
    }

    async fn check(&mut self, moment: Moment, remedy: Remedy) {
        let what = format!("{moment:?}, {remedy}");
        let begins = |step: &&Step| !matches!(step, Step::End(_));
        let steps: Vec<Step> =
            self.drawn.steps.iter().map(|(_, step)| step).filter(begins).cloned().collect();
        // Turn switches, and schedule every step for later.
        self.world.shop().turn(LatentFault::PoorErrorHandling, false);
        self.world.shop().set_level(Level::Traces);
        for step in steps.clone() {
            let world = Arc::clone(&self.world);
            self.later(SCHEDULED_AFTER, async move { _ = world.happen(&step).await });
        }
        if !matches!(moment, Moment::Before) {
            self.world.shop().turn(LatentFault::PoorErrorHandling, true);
            for step in &steps {
                match self.world.happen(step).await {
                    // If the disk is full, or the store is down or busy, the editor gets an error.
                    Ok(())
                    | Err(
                        EditorError::Refused {
                            status: StatusCode::INSUFFICIENT_STORAGE | StatusCode::SERVICE_UNAVAILABLE,
                            ..
                        }
                        | EditorError::Unreachable(_),
                    ) => {}
                    Err(error) => panic!("{what}: {step:?}: {error}"),
                }
            }
        }
        match moment {
            Moment::Before => _ = self.world.act(remedy).await,
            // The reset interrupts the remedy, wherever it is.
            Moment::RightAfter => {
                let world = Arc::clone(&self.world);
                self.later(Duration::ZERO, async move { _ = world.act(remedy).await });
                sleep(Duration::from_millis(1)).await;
            }
            Moment::Deep => {
                sleep(DEEP).await;
                _ = self.world.act(remedy).await;
            }
        }
        assert_ne!(self.world.conditions().await.unwrap(), self.at_first, "{what}: nothing was changed");
        let began = self.world.at_s();
        self.world.reset().await.unwrap();
        assert!(self.world.at_s() - began < 0.1, "{what}: a reset takes no time that anybody would notice");
        assert_eq!(self.world.conditions().await.unwrap(), self.at_first, "{what}");
        self.probe(&what).await;
        sleep(SCHEDULED_AFTER).await;
        assert_eq!(self.world.conditions().await.unwrap(), self.at_first, "{what}: it happened all the same");
        self.probe(&what).await;
    }

    fn later(&self, after: Duration, what: impl Future<Output: Send> + Send + 'static) {
        self.world.doings().spawn(async move {
            sleep(after).await;
            what.await;
        });
    }

    /// Probes the shop as a customer and as operations, and counts the cache's permits.
    async fn probe(&mut self, what: &str) {
        let (customer, shop) = (self.world.outsider(world::shop::CUSTOMERS), self.world.shop());
        for route in Route::ALL {
            let front = Peer::new(&customer, shop.addresses().web_front.clone());
            let answer = front.get(&any_page(route), Wait::AtMost(PATIENCE)).await;
            let answer = answer.unwrap_or_else(|error| panic!("{what}: {route}: {error}"));
            assert_eq!(judge(route, answer.status, &answer.body), Visit::Served, "{what}: {route}");
        }
        let operations = self.world.outsider("operations");
        for (service, path) in HEALTH {
            let peer = Peer::new(&operations, shop.addresses().of(service).clone());
            let answer = peer.get(path, Wait::AtMost(Duration::from_secs(1))).await;
            let status = answer.map(|answer| answer.status);
            assert_eq!(status.ok(), Some(StatusCode::OK), "{what}: {service:?} {path}");
        }
        // A customer's page may be filling the cache right now. In a healthy shop no fill takes this long.
        sleep(Duration::from_millis(200)).await;
        assert_eq!(shop.permits_used(), 0, "{what}: permits are held");
        self.probes += Route::ALL.len() + HEALTH.len() + 1;
    }
}

/// How many probes a scenario's resets took.
async fn reset_at_every_moment(scenario: &Scenario) -> usize {
    let mut stage = Stage::open(scenario).await;
    let asset = stage.drawn.published.clone().unwrap_or_else(|| "promo-banner".to_owned());
    for moment in [Moment::Before, Moment::RightAfter, Moment::Deep] {
        for remedy in remedies(&asset) {
            stage.check(moment, remedy).await;
        }
    }
    stage.probes
}

fn run_of(shop: &ShopOptions, scenario: &Scenario) -> Run {
    Run {
        scenario: scenario.name.clone(),
        responder: "test".to_owned(),
        faults_present: shop.faults_present().into_iter().collect(),
        ..Run::new(shop.surroundings.seed, shop.level, ClockKind::Virtual)
    }
}

#[test]
fn after_a_reset_every_shop_is_well_whatever_happened_and_was_done() {
    let library = library();
    let halves = [0, 1].map(|half| {
        let scenarios: Vec<_> = library.iter().skip(half).step_by(2).cloned().collect();
        thread::spawn(move || {
            let probes = scenarios.into_iter().map(|scenario| {
                let stalled = || panic!("time stands still");
                run(reset_at_every_moment(&scenario), STALLED_AFTER, stalled).unwrap()
            });
            probes.sum::<usize>()
        })
    });
    let probes: usize = halves.into_iter().map(|half| half.join().unwrap()).sum();
    let resets = library.len() * 3 * remedies("any").len();
    println!("{} scenarios, {resets} resets, {probes} probes, all well", library.len());
}
