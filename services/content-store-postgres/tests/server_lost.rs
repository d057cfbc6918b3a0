//! A server that is killed, suspended, and comes back: nothing acknowledged is lost, and nobody has to restart the store.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../content-store/tests/promises/mod.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "this test makes drafts only")]
mod promises;
mod server;

use std::sync::atomic::{AtomicUsize, Ordering};

use content_store::storage::{Storage, StorageError};
use content_store_postgres::{PostgresStorage, connections::ANSWER_TIMEOUT};
use futures_util::future::join_all;
use promises::{draft, id};
use server::{PASSWORD, Server, connect};
use tokio::{sync::Mutex, time::Instant};

const ROUNDS: usize = 6;
const PUBLISHERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_of_the_server_loses_no_acknowledged_version() {
    let mut server = Server::start().await;
    let url = server.database().await;
    // As somebody who wants speed may set it up: a commit that the disk does not have yet would be lost with the server.
    let careless = format!("ALTER DATABASE {} SET synchronous_commit = off", url.rsplit('/').next().unwrap());
    connect(&url).await.unwrap().batch_execute(&careless).await.unwrap();
    let storage = PostgresStorage::connect(&url).await.unwrap();
    let mut acknowledged: Vec<(u64, String)> = Vec::new();
    for round in 0..ROUNDS {
        let killed = Mutex::new(server);
        let count = AtomicUsize::new(0);
        let publish = async |publisher: usize| {
            let mut published = Vec::new();
            for number in 0.. {
                let body = format!("round {round}, publisher {publisher}, publish {number}");
                match storage.publish(draft("news", body.clone())).await {
                    Ok(version) => published.push((version.version.version.0, body)),
                    Err(StorageError::Database(_)) => break,
                    Err(error) => panic!("{error:?}"),
                }
                if count.fetch_add(1, Ordering::Relaxed) == PUBLISHERS + round {
                    // The other publishers are somewhere in the middle.
                    killed.lock().await.kill();
                }
            }
            published
        };
        let published = join_all((0..PUBLISHERS).map(publish)).await;
        acknowledged.extend(published.into_iter().flatten());
        server = killed.into_inner();
        assert!(matches!(storage.list().await, Err(StorageError::Database(_))), "the server is gone");
        server.restart().await;
        // The first call after the restart already succeeds: connections are checked before they are used.
        for (version, body) in &acknowledged {
            let read = storage.read(&id("news"), Some(chassis::Version(*version))).await.unwrap();
            assert_eq!(read.body, *body, "round {round}");
        }
    }
    assert!(acknowledged.len() >= ROUNDS * PUBLISHERS, "{}", acknowledged.len());
    let history = storage.history(&id("news"), None, usize::MAX).await.unwrap();
    assert!(history.len() >= acknowledged.len());
    assert_eq!(history[0].version.0, history.len() as u64, "no gap");
}

#[tokio::test]
async fn a_server_that_is_silent_is_given_up_and_used_again() {
    let server = Server::start().await;
    let url = server.database().await;
    let storage = PostgresStorage::connect(&url).await.unwrap();
    storage.publish(draft("news", "one")).await.unwrap();
    server.signal_all("STOP");
    let start = Instant::now();
    let (read, published, ready) =
        tokio::join!(storage.list(), storage.publish(draft("news", "two")), storage.ready());
    assert!(matches!(read, Err(StorageError::Database(_))), "{read:?}");
    assert!(matches!(published, Err(StorageError::Database(_))), "{published:?}");
    assert!(matches!(ready, Err(StorageError::Database(_))), "{ready:?}");
    assert!(start.elapsed() < ANSWER_TIMEOUT * 2, "{:?}", start.elapsed());
    let refused = PostgresStorage::connect(&url).await.err().unwrap().to_string();
    server.signal_all("CONT");
    assert!(refused.contains("cannot keep assets in PostgreSQL at 127.0.0.1:"), "{refused}");
    assert!(!refused.contains(PASSWORD), "{refused}");
    assert_eq!(
        storage.read(&id("news"), None).await.unwrap().body,
        "one",
        "no connection was there to commit"
    );
    storage.publish(draft("news", "three")).await.unwrap();
    storage.ready().await.unwrap();
}
