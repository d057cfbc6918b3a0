//! A second world in the same process, beside the one with the faults. Teaches to test isolation by comparison: this world must
//! behave to the bit as it does when it is alone.

use std::time::Duration;

use bytes::Bytes;
use incident::{Remedy, Service};
use tokio::time::{Instant, sleep_until};
use world::{Mix, ShopOptions, World};

use crate::run::run_of;

/// The asset of the story, and the text that an editor pasted into it, with a vertical tab.
const BANNER: &str = "promo-banner";
const VERTICAL_TAB: &str = "Spring in the kitchen\u{b}15 % off all cookware until Sunday";

/// Few customers, because requests dominate the cost.
const VIEWS_PER_SECOND: f64 = 0.5;

/// Fewer permits than the failing fills of the banner take.
const PERMITS: usize = 4;

/// The observations of a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// A hash of every customer's visit.
    pub visits: u64,
    /// The answers to its changes and its conditions at the end, in words.
    pub conditions: String,
}

/// Plays an outage of its own and the recovery, for as long as the other world's plan lasts.
pub async fn play(seed: u64, until: Duration) -> Neighbour {
    let began = Instant::now();
    let mut shop = ShopOptions::in_virtual_time(!seed);
    shop.fill_permits = PERMITS;
    let run = run_of(&shop);
    let world = World::start(shop, &Mix::of(VIEWS_PER_SECOND), run, 0.0).await;
    let world = world.expect("a world in memory starts");
    let at = |share: f64| sleep_until(began + until.mul_f64(share));
    at(0.2).await;
    let published = world.publish(BANNER, Bytes::from_static(VERTICAL_TAB.as_bytes())).await;
    at(0.6).await;
    let rolled_back = world.act(Remedy::RollBack { asset: BANNER.to_owned() }).await;
    at(0.7).await;
    let restarted = world.act(Remedy::Restart { service: Service::Cache }).await;
    at(1.0).await;
    world.empty().await;
    let conditions = world.conditions().await;
    let conditions = format!("{published:?} {rolled_back:?} {restarted:?} {conditions:?}");
    let visits = world.customers().fingerprint();
    world.close().await;
    Neighbour { visits, conditions }
}
