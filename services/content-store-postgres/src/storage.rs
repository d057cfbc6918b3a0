//! The storage on PostgreSQL. Teaches that the guard against a lost update must stand where all writers meet: in the database,
//! not in one of the stores.

use std::{io, sync::Arc, time::SystemTime};

use bytes::Bytes;
use chassis::{AssetId, Conditions, Version, logs::cause_chain};
use content_store::{
    asset::{
        ASSETS_MAX, AssetVersion, DEFAULT_CONTENT_TYPE, SeedAsset, VERSIONS_PER_ASSET_MAX, VersionSummary,
    },
    storage::{Draft, Pending, Published, Storage, StorageError},
};
use deadpool_postgres::{Pool, Transaction};
use tokio::{sync::Mutex, time::timeout};
use tokio_postgres::{
    IsolationLevel, Row,
    types::{ToSql, Type},
};

use crate::{
    connections::{ANSWER_TIMEOUT, Place, failed},
    schema,
};

/// What lists show of a version.
const SUMMARY: &str = "asset, version, content_type, octet_length(body)::bigint, published_at";

/// Assets in a PostgreSQL database. Clones share its connections.
#[derive(Clone)]
pub struct PostgresStorage {
    connections: Pool,
    /// Changes of one store wait for each other here, where waiting holds no connection: readers need those.
    turn: Arc<Mutex<()>>,
}

impl PostgresStorage {
    /// Connects to the database at `url`, and makes the tables if there are none.
    ///
    /// # Errors
    ///
    /// When it cannot be reached or used; the message says where, why and what to do, and not the password.
    pub async fn connect(url: &str) -> io::Result<Self> {
        let place = Place::parse(url)?;
        let name = place.name.clone();
        let connections = place.connections()?;
        let made = timeout(ANSWER_TIMEOUT, schema::ensure(&connections)).await.map_err(failed).flatten();
        made.map_err(|error| {
            let cause = cause_chain(&error);
            io::Error::other(format!("cannot keep assets in PostgreSQL at {name}: {cause}; start that server, or choose another database with --postgres"))
        })?;
        Ok(Self { connections, turn: Arc::default() })
    }

    /// Runs `work` on a consistent view.
    fn view<'a, T: Send + 'a>(
        &'a self,
        work: impl for<'t> FnOnce(&'t Transaction<'t>) -> Pending<'t, T> + Send + 'a,
    ) -> Pending<'a, T> {
        answer(async move {
            let mut connection = self.connections.get().await.map_err(failed)?;
            let view = connection.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
            let view = view.read_only(true).start().await.map_err(failed)?;
            let seen = work(&view).await?;
            view.commit().await.map_err(failed)?;
            Ok(seen)
        })
    }

    /// Runs `work` and makes it durable, or undoes all of it if it fails. Writers wait for each other, in all stores.
    fn change<'a, T: Send + 'a>(
        &'a self,
        work: impl for<'t> FnOnce(&'t Transaction<'t>) -> Pending<'t, T> + Send + 'a,
    ) -> Pending<'a, T> {
        answer(async move {
            let _turn = self.turn.lock().await;
            let mut connection = self.connections.get().await.map_err(failed)?;
            // An early return drops the transaction, which undoes it. A commit returns when the server's disk has it. Each
            // statement sees what was committed before it: all of the others' changes, once the lock is held.
            let transaction = connection.build_transaction().isolation_level(IsolationLevel::ReadCommitted);
            let transaction = transaction.start().await.map_err(failed)?;
            schema::lock(&transaction).await?;
            let done = work(&transaction).await?;
            transaction.commit().await.map_err(failed)?;
            Ok(done)
        })
    }
}

impl Storage for PostgresStorage {
    fn read(&self, id: &AssetId, version: Option<Version>) -> Pending<'_, AssetVersion> {
        let id = id.clone();
        self.view(move |view| {
            Box::pin(async move {
                let current = current(view, &id).await?.ok_or(StorageError::UnknownAsset)?;
                let select = format!(
                    "SELECT {SUMMARY}, body FROM content_store_versions WHERE asset = $1 AND version = $2"
                );
                let (id, version) = (id.as_str(), to_sql(version.unwrap_or(current)));
                let rows = view.query_typed(&select, &[text(&id), number(&version)]).await.map_err(failed)?;
                let row = rows.first().ok_or(StorageError::UnknownVersion)?;
                let VersionSummary { id, version, content_type, published_at, .. } = summary(row)?;
                let body = Bytes::copy_from_slice(row.try_get(5).map_err(failed)?);
                Ok(AssetVersion { id, version, content_type, body, published_at })
            })
        })
    }

    fn list(&self) -> Pending<'_, Vec<VersionSummary>> {
        self.view(|view| {
            Box::pin(async move {
                let select = format!(
                    "SELECT {SUMMARY} FROM content_store_assets JOIN content_store_versions \
                     ON asset = id AND version = last_version WHERE is_there ORDER BY id"
                );
                view.query_typed(&select, &[]).await.map_err(failed)?.iter().map(summary).collect()
            })
        })
    }

    fn history(
        &self,
        id: &AssetId,
        before: Option<Version>,
        count: usize,
    ) -> Pending<'_, Vec<VersionSummary>> {
        let id = id.clone();
        self.view(move |view| {
            Box::pin(async move {
                current(view, &id).await?.ok_or(StorageError::UnknownAsset)?;
                let select = format!(
                    "SELECT {SUMMARY} FROM content_store_versions WHERE asset = $1 AND version < $2 \
                     ORDER BY version DESC LIMIT $3"
                );
                let (id, before) = (id.as_str(), to_sql(before.unwrap_or(Version(u64::MAX))));
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                let limits = [text(&id), number(&before), number(&count)];
                view.query_typed(&select, &limits).await.map_err(failed)?.iter().map(summary).collect()
            })
        })
    }

    fn publish(&self, draft: Draft) -> Pending<'_, Published> {
        self.change(move |transaction| Box::pin(async move { insert(transaction, &draft).await }))
    }

    fn delete(&self, id: &AssetId, expected: Conditions) -> Pending<'_, ()> {
        let id = id.clone();
        self.change(move |transaction| {
            Box::pin(async move {
                let current = current(transaction, &id).await?.ok_or(StorageError::UnknownAsset)?;
                if !expected.allow(Some(current)) {
                    return Err(StorageError::Conflict { current: Some(current) });
                }
                let update = "UPDATE content_store_assets SET is_there = false WHERE id = $1";
                transaction.query_typed(update, &[text(&id.as_str())]).await.map_err(failed)?;
                let delete = "DELETE FROM content_store_versions WHERE asset = $1";
                transaction.query_typed(delete, &[text(&id.as_str())]).await.map_err(failed)?;
                Ok(())
            })
        })
    }

    fn seed(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, bool> {
        self.change(move |transaction| {
            Box::pin(async move {
                let is_untouched = assets(transaction).await? == 0;
                if is_untouched {
                    fill(transaction, seed, now).await?;
                }
                Ok(is_untouched)
            })
        })
    }

    fn reset(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, ()> {
        self.change(move |transaction| {
            Box::pin(async move {
                // Not TRUNCATE, for which readers would have to wait. Versions go with their assets.
                transaction.batch_execute("DELETE FROM content_store_assets").await.map_err(failed)?;
                fill(transaction, seed, now).await
            })
        })
    }

    fn ready(&self) -> Pending<'_, ()> {
        // The lock that every change begins with is a write of its own.
        self.change(|_| Box::pin(async { Ok(()) }))
    }
}

async fn insert(transaction: &Transaction<'_>, draft: &Draft) -> Result<Published, StorageError> {
    let id = draft.id.as_str();
    let current = current(transaction, &draft.id).await?;
    if !draft.expected.allow(current) {
        return Err(StorageError::Conflict { current });
    }
    let select = "SELECT last_version FROM content_store_assets WHERE id = $1";
    let last = transaction.query_typed(select, &[text(&id)]).await.map_err(failed)?;
    let last: Option<i64> = last.first().map(|row| row.try_get(0)).transpose().map_err(failed)?;
    if last.is_none() && assets(transaction).await? >= ASSETS_MAX {
        return Err(StorageError::TooManyAssets);
    }
    let version = last.unwrap_or(0) + 1;
    if version.unsigned_abs() > VERSIONS_PER_ASSET_MAX {
        return Err(StorageError::TooManyVersions);
    }
    let upsert = "INSERT INTO content_store_assets VALUES ($1, $2, true) \
        ON CONFLICT (id) DO UPDATE SET last_version = excluded.last_version, is_there = true";
    transaction.query_typed(upsert, &[text(&id), number(&version)]).await.map_err(failed)?;
    // Where no type is named and there is a version before, its type stays.
    let insert = format!(
        "INSERT INTO content_store_versions (asset, version, content_type, published_at, body) VALUES ($1, $2, \
         coalesce($3, (SELECT content_type FROM content_store_versions WHERE asset = $1 AND version = $2 - 1), $4), \
         $5, $6) RETURNING {SUMMARY}"
    );
    let row: [Parameter<'_>; 6] = [
        text(&id),
        number(&version),
        text(&draft.content_type),
        text(&DEFAULT_CONTENT_TYPE),
        (&draft.published_at, Type::TIMESTAMPTZ),
        (&&*draft.body, Type::BYTEA),
    ];
    let rows = transaction.query_typed(&insert, &row).await.map_err(failed)?;
    Ok(Published { version: summary(&rows[0])?, is_new: current.is_none() })
}

async fn fill(
    transaction: &Transaction<'_>,
    seed: Vec<SeedAsset>,
    now: SystemTime,
) -> Result<(), StorageError> {
    let update = "UPDATE content_store SET seeded_at = coalesce(seeded_at, $1) RETURNING seeded_at";
    let rows = transaction.query_typed(update, &[(&now, Type::TIMESTAMPTZ)]).await.map_err(failed)?;
    let published_at = rows[0].try_get(0).map_err(failed)?;
    for SeedAsset { id, content_type, body } in seed {
        let content_type = Some(content_type);
        insert(
            transaction,
            &Draft { id, content_type, body, expected: Conditions::is_absent(), published_at },
        )
        .await?;
    }
    Ok(())
}

/// The current version of an asset that exists.
async fn current(transaction: &Transaction<'_>, id: &AssetId) -> Result<Option<Version>, StorageError> {
    let select = "SELECT last_version FROM content_store_assets WHERE id = $1 AND is_there";
    let rows = transaction.query_typed(select, &[text(&id.as_str())]).await.map_err(failed)?;
    rows.first().map(|row| row.try_get(0).map(from_sql)).transpose().map_err(failed)
}

/// How many ids were ever used.
async fn assets(transaction: &Transaction<'_>) -> Result<u64, StorageError> {
    let rows = transaction.query_typed("SELECT count(*) FROM content_store_assets", &[]).await;
    rows.map_err(failed)?[0].try_get(0).map(i64::unsigned_abs).map_err(failed)
}

fn summary(row: &Row) -> Result<VersionSummary, StorageError> {
    let read = || {
        let id: &str = row.try_get(0)?;
        Ok(VersionSummary {
            id: id.parse().expect("an id is checked before it is stored"),
            version: from_sql(row.try_get(1)?),
            content_type: row.try_get(2)?,
            bytes: row.try_get::<_, i64>(3)?.unsigned_abs(),
            published_at: row.try_get(4)?,
        })
    };
    read().map_err(|error: tokio_postgres::Error| failed(error))
}

/// A value and its type: statements whose types are known are sent, planned and answered in one go.
type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

fn text(value: &(impl ToSql + Sync)) -> Parameter<'_> {
    (value, Type::TEXT)
}

fn number(value: &i64) -> Parameter<'_> {
    (value, Type::INT8)
}

/// SQL's numbers have a sign. What does not fit was never given to a version, and finds none.
fn to_sql(version: Version) -> i64 {
    i64::try_from(version.0).unwrap_or(i64::MAX)
}

fn from_sql(version: i64) -> Version {
    Version(version.unsigned_abs())
}

/// The work, with an end to the waiting for it.
fn answer<'a, T: Send + 'a>(
    work: impl Future<Output = Result<T, StorageError>> + Send + 'a,
) -> Pending<'a, T> {
    Box::pin(async move { timeout(ANSWER_TIMEOUT, work).await.map_err(failed)? })
}
