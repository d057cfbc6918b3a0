//! What telemetry costs: requests a second at saturation, at the richest level over the poorest and over none.
//!
//! Whole runs on loopback, the variants in turn, so that a machine that drifts slows all of them. Prints the median of each and
//! the ratios; `cargo bench --package glyphfall-world`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chassis::{Chassis, Clock, Level, Network, Peer, TaskGroup, Wait, run::raise_descriptor_limit};
use evidence::Evidence;
use http::uri::Authority;
use tokio::time::sleep;
use world::{
    Addresses, Shop, ShopOptions,
    observed::{Observed, limits},
};

/// Clients that each wait for an answer before they ask again.
const CLIENTS: usize = 32;
const WARM_UP: Duration = Duration::from_millis(500);
const MEASURED: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;

/// The variants, by name: no telemetry at all, or a level.
const VARIANTS: [(&str, Option<Level>); 4] = [
    ("none", None),
    ("dark", Some(Level::Dark)),
    ("metrics", Some(Level::Metrics)),
    ("changes", Some(Level::Changes)),
];

#[expect(clippy::print_stdout, reason = "a benchmark's report")]
fn main() {
    raise_descriptor_limit();
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs this can run threads");
    for (what, path, of) in [
        ("the cache's hit path", "/fragments/site-footer", cache as fn(&Addresses) -> Authority),
        ("product pages", "/p/oak-board", web_front as fn(&Addresses) -> Authority),
    ] {
        let mut rates = vec![Vec::new(); VARIANTS.len()];
        for _ in 0..ROUNDS {
            for ((_, level), rates) in VARIANTS.iter().zip(&mut rates) {
                rates.push(runtime.block_on(requests_a_second(*level, path, of)));
            }
        }
        let medians = rates.iter_mut().map(|rates| median(rates)).collect::<Vec<_>>();
        println!("{what}, {CLIENTS} clients, median of {ROUNDS} runs of {MEASURED:?}:");
        for ((name, _), rate) in VARIANTS.iter().zip(&medians) {
            println!(
                "  {name:<8} {rate:>8.0} requests/s  {:.2} of none  {:.2} of dark",
                rate / medians[0],
                rate / medians[1]
            );
        }
    }
}

fn cache(addresses: &Addresses) -> Authority {
    addresses.cache.clone()
}

fn web_front(addresses: &Addresses) -> Authority {
    addresses.web_front.clone()
}

async fn requests_a_second(level: Option<Level>, path: &'static str, of: fn(&Addresses) -> Authority) -> f64 {
    let mut options = ShopOptions::live(Addresses::free(), 1);
    if let Some(level) = level {
        let clock = Clock::real();
        let evidence = Evidence::new(limits(), move || clock.wall());
        options.level = level;
        options.surroundings.sink = Some(Arc::new(Observed(evidence)));
    }
    let shop = Shop::start(options).await.expect("free ports can be taken");
    let answered = Arc::new(AtomicU64::new(0));
    let caller = Chassis::of_caller("clients", Network::Tcp, Clock::real(), 1);
    let clients = TaskGroup::new(tracing::Dispatch::none());
    let peer = Arc::new(Peer::new(&caller, of(shop.addresses())));
    for _ in 0..CLIENTS {
        let (peer, answered) = (Arc::clone(&peer), Arc::clone(&answered));
        clients.spawn(async move {
            while let Ok(answer) = peer.get(path, Wait::Forever).await {
                assert!(answer.status.is_success(), "{}", answer.status);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    sleep(WARM_UP).await;
    let (before, clock) = (answered.load(Ordering::Relaxed), Clock::real());
    sleep(MEASURED).await;
    let rate = (answered.load(Ordering::Relaxed) - before) as f64 / clock.elapsed().as_secs_f64();
    clients.kill().await;
    shop.stop().await;
    rate
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
