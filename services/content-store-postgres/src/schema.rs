//! The tables, made at the first start. Teaches that several programs start at once, and one of them may be older than the
//! tables.

use content_store::storage::StorageError;
use deadpool_postgres::{Pool, Transaction};
use tokio_postgres::types::Type;

use crate::connections::failed;

/// What this program reads and writes. A database says in `content_store` which one it holds.
pub const SCHEMA_VERSION: i32 = 1;

/// Of all who start at once, one makes the tables. The number means nothing; it has to be the same in all of them.
const MAKERS_LOCK: i64 = 4_117_620_831;

/// `content_store` has one row, which every change locks first: so changes come one after the other, whichever store they
/// come from. A deleted asset stays with its number, so that no number is used twice. Ids sort by their bytes.
const TABLES: &str = r#"
CREATE TABLE content_store (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    schema_version integer NOT NULL,
    seeded_at timestamptz
);
CREATE TABLE content_store_assets (
    id text COLLATE "C" PRIMARY KEY,
    last_version bigint NOT NULL,
    is_there boolean NOT NULL
);
CREATE TABLE content_store_versions (
    asset text COLLATE "C" NOT NULL REFERENCES content_store_assets ON DELETE CASCADE,
    version bigint NOT NULL,
    content_type text NOT NULL,
    published_at timestamptz NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (asset, version)
);
"#;

/// Makes the tables unless they are there, and makes sure that they are those of this program.
pub(crate) async fn ensure(connections: &Pool) -> Result<(), StorageError> {
    let mut connection = connections.get().await.map_err(failed)?;
    let transaction = connection.transaction().await.map_err(failed)?;
    let lock = transaction.query_typed("SELECT pg_advisory_xact_lock($1)", &[(&MAKERS_LOCK, Type::INT8)]);
    lock.await.map_err(failed)?;
    // Asked first, as who may use the tables need not be allowed to make any.
    let found = transaction.query_typed("SELECT to_regclass('content_store') IS NOT NULL", &[]);
    let is_made: bool = found.await.map_err(failed)?[0].get(0);
    if !is_made {
        transaction.batch_execute(TABLES).await.map_err(failed)?;
        let insert = "INSERT INTO content_store (schema_version) VALUES ($1)";
        transaction.query_typed(insert, &[(&SCHEMA_VERSION, Type::INT4)]).await.map_err(failed)?;
    }
    check(&transaction, "").await?;
    transaction.commit().await.map_err(failed)
}

/// Locks the one row until the transaction ends: whoever else changes something waits.
pub(crate) async fn lock(transaction: &Transaction<'_>) -> Result<(), StorageError> {
    check(transaction, "FOR UPDATE").await
}

/// Tables of another program may not be written to; they may have changed while this one ran.
async fn check(transaction: &Transaction<'_>, how: &str) -> Result<(), StorageError> {
    let select = format!("SELECT schema_version FROM content_store {how}");
    let rows = transaction.query_typed(&select, &[]).await.map_err(failed)?;
    let found: Option<i32> = rows.first().map(|row| row.get(0));
    if found == Some(SCHEMA_VERSION) {
        return Ok(());
    }
    let found = found.map_or_else(|| "none".to_owned(), |version| version.to_string());
    let message = format!("its tables have schema version {found}, and this program knows {SCHEMA_VERSION}");
    Err(StorageError::Database(message.into()))
}
