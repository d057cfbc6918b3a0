//! What the cache hears of changes, over a network in memory and in virtual time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, routing::post};
use chassis::{Network, TaskGroup, serve::serve};
use common::{Shop, chassis, config};
use content_store::ContentStoreConfig;
use http::{StatusCode, uri::Authority};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

const CACHE: Authority = Authority::from_static("cache:8081");

/// A shop whose cache answers `statuses` in turn, then 204; and the notices that it got, with their times.
async fn shop_with_cache(
    statuses: &'static [u16],
) -> (Shop, mpsc::UnboundedReceiver<(Duration, Value)>, TaskGroup) {
    let network = Network::in_memory(Duration::ZERO, 0);
    let (notices, received) = mpsc::unbounded_channel();
    let count = Arc::new(AtomicU32::new(0));
    let start = Instant::now();
    let router = Router::new().route(
        "/notifications",
        post(async move |Json(notice): Json<Value>| {
            notices.send((start.elapsed(), notice)).unwrap();
            let status = statuses.get(count.fetch_add(1, Ordering::Relaxed) as usize).copied();
            if status == Some(0) {
                std::future::pending::<()>().await;
            }
            StatusCode::from_u16(status.unwrap_or(204)).unwrap()
        }),
    );
    let cache = chassis(network.clone(), &[]);
    let tasks = cache.tasks.clone();
    let listener = network.bind(&CACHE).await.unwrap();
    tasks.spawn(serve(listener, router.into(), cache, CancellationToken::new()));
    let config = ContentStoreConfig { cache: Some(CACHE), ..config() };
    let shop = Shop::start(config, chassis(network, &[])).await;
    (shop, received, tasks)
}

#[tokio::test(start_paused = true)]
async fn every_change_is_told() {
    let (shop, mut received, _cache) = shop_with_cache(&[]).await;
    shop.edit("PUT /assets/footer", "Two").await;
    assert_eq!(received.recv().await.unwrap().1, json!({ "id": "footer", "version": 2 }));
    shop.edit("POST /assets/footer/rollback", "").await;
    assert_eq!(received.recv().await.unwrap().1, json!({ "id": "footer", "version": 3 }));
    shop.edit("DELETE /assets/footer", "").await;
    assert_eq!(received.recv().await.unwrap().1, json!({ "id": "footer", "version": null }));
    shop.edit("DELETE /assets/footer", "").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(received.try_recv().is_err(), "nothing changed, so nothing is told");
}

#[tokio::test(start_paused = true)]
async fn a_notice_is_tried_three_times() {
    let (shop, mut received, _cache) = shop_with_cache(&[503, 503, 503]).await;
    shop.edit("PUT /assets/footer", "Two").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut attempts = Vec::new();
    while let Ok((_, notice)) = received.try_recv() {
        attempts.push(notice);
    }
    assert_eq!(attempts, vec![json!({ "id": "footer", "version": 2 }); 3]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_cache_delays_no_publish() {
    let (shop, mut received, cache) = shop_with_cache(&[0, 0]).await;
    let start = Instant::now();
    assert_eq!(shop.edit("PUT /assets/footer", "Two").await.status, 200);
    assert_eq!(start.elapsed(), Duration::ZERO);
    let (first, _) = received.recv().await.unwrap();
    let (second, _) = received.recv().await.unwrap();
    assert!((2.0..3.0).contains(&(second.as_secs_f64() - first.as_secs_f64())), "{first:?} {second:?}");
    received.recv().await.unwrap();

    cache.kill().await;
    let start = Instant::now();
    assert_eq!(shop.edit("PUT /assets/footer", "Three").await.status, 200);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn notices_under_way_are_bounded() {
    let (shop, mut received, _cache) = shop_with_cache(&[0; 300]).await;
    for _ in 0..100 {
        assert_eq!(shop.edit("PUT /assets/footer", "text").await.status, 200);
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut attempts = 0;
    while received.try_recv().is_ok() {
        attempts += 1;
    }
    assert_eq!(attempts, 64 * 3);
}
