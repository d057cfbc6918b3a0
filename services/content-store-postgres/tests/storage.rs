//! The storage on a real PostgreSQL: what every storage promises, and what several stores on one database promise.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../content-store/tests/promises/mod.rs"]
mod promises;
mod server;

use std::{ops::Deref, sync::Arc};

use chassis::Conditions;
use content_store::{
    asset::{ASSETS_MAX, VERSIONS_PER_ASSET_MAX},
    storage::{Draft, Storage, StorageError},
};
use content_store_postgres::{PostgresStorage, connections::CONNECTIONS_MAX, schema::SCHEMA_VERSION};
use futures_util::future::join_all;
use promises::{draft, id, now, promises, update};
use server::{PASSWORD, Server, connect};

/// A storage, and the server that must run as long.
struct TestStorage {
    storage: PostgresStorage,
    url: String,
    server: Arc<Server>,
}

impl Deref for TestStorage {
    type Target = PostgresStorage;

    fn deref(&self) -> &PostgresStorage {
        &self.storage
    }
}

async fn new() -> TestStorage {
    let server = Server::shared().await;
    let url = server.database().await;
    let storage = PostgresStorage::connect(&url).await.unwrap();
    TestStorage { storage, url, server }
}

/// Filled past the storage: twenty thousand durable publishes would take minutes.
async fn full() -> TestStorage {
    let kept = new().await;
    let fill = format!(
        "INSERT INTO content_store_assets SELECT 'asset-' || n, CASE n WHEN 1 THEN {VERSIONS_PER_ASSET_MAX} ELSE 1 END, true
             FROM generate_series(1, {ASSETS_MAX}) n;
         INSERT INTO content_store_versions SELECT id, n, 'text/plain', now(), 'x'
             FROM content_store_assets, generate_series(1, last_version) n;"
    );
    connect(&kept.url).await.unwrap().batch_execute(&fill).await.unwrap();
    kept
}

promises!(
    new,
    a_version_is_kept_as_it_was_published,
    what_is_not_there_is_told_apart,
    the_history_is_read_in_pieces,
    concurrent_publishes_get_consecutive_versions,
    of_two_updates_of_one_version_one_wins,
    a_refused_publish_leaves_nothing_behind,
    a_deleted_asset_never_uses_a_number_again,
    a_delete_happens_only_under_its_conditions,
    a_reset_brings_back_what_was_at_first,
);
promises!(full, limits_refuse_and_keep_what_is_there);

const WRITERS_PER_STORE: usize = 4;
const ADDITIONS: usize = 25;

/// Adds one to the number that the asset holds, as often as it is to; says how often somebody else was first.
async fn add(storage: &PostgresStorage) -> usize {
    let mut conflicts = 0;
    for _ in 0..ADDITIONS {
        loop {
            let read = storage.read(&id("sum"), None).await.unwrap();
            let sum: usize = str::from_utf8(&read.body).unwrap().parse().unwrap();
            match storage.publish(update("sum", read.version.0, (sum + 1).to_string())).await {
                Ok(_) => break,
                Err(StorageError::Conflict { .. }) => conflicts += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    conflicts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_two_stores_lose_no_update() {
    let one = new().await;
    let other = PostgresStorage::connect(&one.url).await.unwrap();
    one.publish(draft("sum", "0")).await.unwrap();
    let writers = [&one.storage, &other].into_iter().cycle().take(2 * WRITERS_PER_STORE);
    let conflicts: usize = join_all(writers.map(add)).await.into_iter().sum();
    assert!(conflicts > 0, "they never met");
    let updates = 2 * WRITERS_PER_STORE * ADDITIONS;
    assert_eq!(one.read(&id("sum"), None).await.unwrap().body, updates.to_string());
    let history = other.history(&id("sum"), None, usize::MAX).await.unwrap();
    let versions: Vec<_> = history.iter().map(|version| version.version.0).collect();
    assert_eq!(versions, (1..=updates as u64 + 1).rev().collect::<Vec<_>>(), "no gap");
}

#[tokio::test]
async fn of_many_who_make_an_asset_in_two_stores_one_does() {
    let one = new().await;
    let other = PostgresStorage::connect(&one.url).await.unwrap();
    let make = |storage: &PostgresStorage, body: String| {
        let storage = storage.clone();
        async move { storage.publish(Draft { expected: Conditions::is_absent(), ..draft("news", body) }).await }
    };
    let makers = (0..10).map(|number| make(if number % 2 == 0 { &one } else { &other }, number.to_string()));
    let made: Vec<_> = join_all(makers).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
}

#[tokio::test]
async fn changes_that_wait_leave_connections_to_readers() {
    let kept = new().await;
    kept.publish(draft("news", "one")).await.unwrap();
    let mut blocker = connect(&kept.url).await.unwrap();
    let lock = blocker.transaction().await.unwrap();
    lock.batch_execute("SELECT * FROM content_store FOR UPDATE").await.unwrap();
    let mut changes =
        std::pin::pin!(join_all((0..2 * CONNECTIONS_MAX).map(|_| kept.publish(draft("news", "two")))));
    let reader = async {
        for _ in 0..10 {
            assert_eq!(kept.read(&id("news"), None).await.unwrap().body, "one");
        }
    };
    tokio::select! {
        _ = &mut changes => panic!("they did not wait"),
        () = reader => {}
    }
    lock.rollback().await.unwrap();
    assert!(changes.await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn all_who_start_at_once_find_the_tables_made() {
    let server = Server::shared().await;
    let url = server.database().await;
    let started = join_all((0..6).map(|_| PostgresStorage::connect(&url))).await;
    for storage in started {
        storage.unwrap().publish(draft("news", "text")).await.unwrap();
    }
    let later = PostgresStorage::connect(&url).await.unwrap();
    assert_eq!(later.read(&id("news"), None).await.unwrap().version.0, 6);
    assert!(!later.seed(Vec::new(), now()).await.unwrap());
}

#[tokio::test]
async fn schemas_keep_the_content_of_teams_apart() {
    let server = Server::shared().await;
    let url = server.database().await;
    let client = connect(&url).await.unwrap();
    let mut teams = Vec::new();
    for team in ["team1", "team2"] {
        client.batch_execute(&format!("CREATE SCHEMA {team}")).await.unwrap();
        let url = format!("{url}?options=-c%20search_path%3D{team}");
        teams.push(PostgresStorage::connect(&url).await.unwrap());
    }
    teams[0].publish(draft("news", "of one")).await.unwrap();
    assert!(teams[1].list().await.unwrap().is_empty());
    teams[1].publish(draft("news", "of two")).await.unwrap();
    teams[1].reset(Vec::new(), now()).await.unwrap();
    assert_eq!(teams[0].read(&id("news"), None).await.unwrap().body, "of one");
}

#[tokio::test]
async fn tables_of_another_program_are_left_alone() {
    let kept = new().await;
    let newer = SCHEMA_VERSION + 1;
    let change = format!("UPDATE content_store SET schema_version = {newer}");
    connect(&kept.url).await.unwrap().batch_execute(&change).await.unwrap();
    let refused = kept.publish(draft("news", "text")).await.unwrap_err();
    let StorageError::Database(cause) = refused else { panic!("{refused:?}") };
    assert!(cause.to_string().contains(&format!("schema version {newer}")), "{cause}");
    let refused = PostgresStorage::connect(&kept.url).await.err().unwrap().to_string();
    assert!(refused.contains(&format!("schema version {newer}")), "{refused}");
    assert!(refused.contains("127.0.0.1:") && !refused.contains(PASSWORD), "{refused}");
    assert!(kept.server.log().contains("ready to accept connections"));
}
