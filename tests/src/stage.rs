//! A world in virtual time, and its customers' experience.

use std::time::Duration;

use chassis::LatentFault;
use incident::{Remedy, Route, Run, Service, words::ClockKind};
use tokio::time::sleep;
use world::{EditorError, Mix, ShopOptions, World};

/// The asset of the story.
pub const BANNER: &str = "promo-banner";

/// The editor's pasted text, with a vertical tab from a word processor.
pub const VERTICAL_TAB: &str = "Spring in the kitchen\u{b}15 % off all cookware until Sunday";

/// Restarting the cache.
pub const RESTART_CACHE: Remedy = Remedy::Restart { service: Service::Cache };

/// A shop with its customers on the paused clock of the current runtime.
pub struct Stage {
    /// The world itself.
    pub world: World,
}

impl Stage {
    /// A shop with these faults repaired, and thirty page views a second.
    ///
    /// # Panics
    ///
    /// When the world cannot be built, which in memory means that it is broken.
    pub async fn with_repaired(repaired: &[LatentFault], seed: u64) -> Self {
        let mut shop = ShopOptions::in_virtual_time(seed);
        shop.repaired = repaired.to_vec();
        Self::of(shop).await
    }

    /// A shop with any options, and thirty page views a second.
    ///
    /// # Panics
    ///
    /// When the world cannot be built.
    pub async fn of(shop: ShopOptions) -> Self {
        let run = run_of(&shop, ClockKind::Virtual);
        let world = World::start(shop, &Mix::of(30.0), run, 0.0).await.expect("a world in memory starts");
        Self { world }
    }

    /// As [`with_repaired`](Self::with_repaired), after half a minute of normal operation and the publish that triggers the faults.
    ///
    /// # Panics
    ///
    /// When the publish is refused.
    pub async fn in_outage(repaired: &[LatentFault], seed: u64) -> Self {
        let stage = Self::with_repaired(repaired, seed).await;
        stage.pass(30).await;
        stage.publish().await.expect("the faulty store publishes anything");
        stage.pass(60).await;
        stage
    }

    /// Advances virtual time by seconds.
    pub async fn pass(&self, seconds: u64) {
        sleep(Duration::from_secs(seconds)).await;
    }

    /// The trigger.
    ///
    /// # Errors
    ///
    /// When the store refuses.
    pub async fn publish(&self) -> Result<u64, EditorError> {
        self.world.publish(BANNER, VERTICAL_TAB).await
    }

    /// Rolls the banner back.
    ///
    /// # Panics
    ///
    /// When the store refuses.
    pub async fn roll_back(&self) {
        self.act(Remedy::RollBack { asset: BANNER.into() }).await;
    }

    /// Carries out a remedy.
    ///
    /// # Panics
    ///
    /// When it cannot be carried out.
    pub async fn act(&self, remedy: Remedy) {
        self.world.act(remedy).await.expect("the remedy can be carried out");
    }

    /// The share of the visits of the next `seconds` that are served or degraded, in percent, on these routes, or on all if the list is
    /// empty. Waits until each visit has ended.
    ///
    /// # Panics
    ///
    /// When there was no visit.
    pub async fn served_percent(&self, routes: &[Route], seconds: u32) -> f64 {
        let now_s = self.second() + 1;
        self.pass(u64::from(seconds) + 12).await;
        let shares = if routes.is_empty() { &Route::ALL } else { routes };
        let record = self.world.record();
        let tallies = shares.iter().map(|route| record.tally(Some(*route), now_s, now_s + seconds));
        let (available, visits) = tallies.fold((0, 0), |(available, visits), tally| {
            (available + tally.served + tally.degraded, visits + tally.visits())
        });
        assert!(visits > 0, "nobody came");
        100.0 * available as f64 / visits as f64
    }

    /// The share of visits served or degraded in seconds `[from_s, to_s)`, in percent, on one route or on all.
    pub fn past_percent(&self, route: Option<Route>, from_s: u32, to_s: u32) -> f64 {
        let tally = self.world.record().tally(route, from_s, to_s);
        100.0 * tally.availability().unwrap_or(1.0)
    }

    /// The current second since the customers' arrival.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a test")]
    pub fn second(&self) -> u32 {
        self.world.at_s() as u32
    }

    /// Whether every health check answers 200.
    pub async fn is_green(&self) -> bool {
        self.world.shop().health().await.iter().all(|health| health.status == Some(http::StatusCode::OK))
    }
}

/// The header of a test's record.
pub fn run_of(shop: &ShopOptions, clock: ClockKind) -> Run {
    Run {
        scenario: "special-character".into(),
        responder: "test".into(),
        faults_present: shop.faults_present().into_iter().collect(),
        ..Run::new(shop.surroundings.seed, shop.level, clock)
    }
}
