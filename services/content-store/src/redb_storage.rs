//! The storage on redb, embedded in the process. Teaches what makes a publish survive `kill -9`: body, history and the
//! number of the current version change in one transaction, or not at all.

use std::{
    fmt, fs,
    io::{
        self,
        ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull},
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use chassis::{AssetId, Blocking, Conditions, Version, logs::cause_chain};
use redb::{
    Database, ReadTransaction, ReadableTable, ReadableTableMetadata, StorageBackend, TableDefinition,
    WriteTransaction, backends::InMemoryBackend,
};

use crate::{
    asset::{
        ASSETS_MAX, AssetVersion, DEFAULT_CONTENT_TYPE, SeedAsset, VERSIONS_PER_ASSET_MAX, VersionSummary,
    },
    redb_file::{DatabaseFile, Open},
    storage::{Draft, Pending, Published, Storage, StorageError},
};

/// Pages kept in memory, in bytes. Dozens of stores share one process, and the whole content is smaller than this.
const PAGE_CACHE_BYTES: usize = 4 * 1_048_576;

/// Id to the number last used, and whether the asset still exists. A deleted id stays, so that no number is used twice.
const ASSETS: TableDefinition<&str, (u64, bool)> = TableDefinition::new("assets");

/// Id and number to content type, length in bytes, and time in microseconds since 1970: all that lists need.
const VERSIONS: TableDefinition<(&str, u64), (&str, u64, u64)> = TableDefinition::new("versions");

/// Id and number to the body, apart from the rest, so that a list or a look at the current number reads no bodies.
const BODIES: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("bodies");

/// One row at most: when the store was first seeded, in microseconds since 1970.
const SEEDED_AT: TableDefinition<(), u64> = TableDefinition::new("seeded_at");

/// Assets in a redb database. Clones share it.
#[derive(Clone)]
pub struct RedbStorage {
    file: Arc<DatabaseFile>,
    blocking: Blocking,
    /// Whether somebody was in the middle of a change when the file was left.
    was_cut_off: Arc<AtomicBool>,
}

/// What a storage was found to hold when it was opened, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    folder: PathBuf,
    assets: u64,
    versions: u64,
    was_cut_off: bool,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, assets, versions, was_cut_off } = self;
        let folder = folder.display();
        let count = |count: u64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        if (*assets, *versions) == (0, 0) {
            write!(f, "nothing is kept in {folder} yet")?;
        } else {
            let (assets, verb) = (count(*assets, "asset"), if *assets == 1 { "is" } else { "are" });
            write!(f, "{assets} with {} {verb} kept in {folder}", count(*versions, "version"))?;
        }
        if *was_cut_off {
            f.write_str(
                "; the last process ended without closing it, and nothing that it had answered is lost",
            )?;
        }
        Ok(())
    }
}

impl RedbStorage {
    /// Opens, or makes, the storage in `folder`.
    ///
    /// # Errors
    ///
    /// When it cannot be kept there; the message says where, why and what to do.
    pub fn open_folder(folder: &Path, blocking: Blocking) -> io::Result<Self> {
        let file = folder.join("content-store.redb");
        let cannot = |error: &(dyn std::error::Error + 'static), advice: &str| {
            let (file, cause) = (file.display(), cause_chain(error));
            io::Error::other(format!("cannot keep assets in {file}: {cause}; {advice}"))
        };
        fs::create_dir_all(folder).map_err(|error| cannot(&error, CHOOSE))?;
        Self::open(&file, blocking).map_err(|error| cannot(&error, advice(&error)))
    }

    /// What is kept in this folder.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn found(&self, folder: &Path) -> Result<Found, StorageError> {
        let (assets, versions) = self.file.view(|view| {
            let mut assets = 0;
            for row in view.open_table(ASSETS)?.iter()? {
                let (_, state) = row?;
                assets += u64::from(state.value().1);
            }
            Ok((assets, view.open_table(VERSIONS)?.len()?))
        })?;
        let was_cut_off = self.was_cut_off.load(Ordering::Relaxed);
        Ok(Found { folder: folder.to_owned(), assets, versions, was_cut_off })
    }

    /// Opens the database in `file`, and makes it if there is none. What a crash left half done is rolled back.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, is no database, or is open elsewhere.
    pub fn open(file: &Path, blocking: Blocking) -> Result<Self, StorageError> {
        let file = file.to_owned();
        Self::reopening(blocking, move |builder| Ok(builder.create(&file)?))
    }

    /// Opens the database on what `backend` gives, which is asked for it again after each of its failures.
    pub fn on<B: StorageBackend>(
        backend: impl Fn() -> B + Send + Sync + 'static,
        blocking: Blocking,
    ) -> Result<Self, StorageError> {
        Self::reopening(blocking, move |builder| Ok(builder.create_with_backend(backend())?))
    }

    /// A database in memory, empty, gone when it is dropped.
    pub fn in_memory(blocking: Blocking) -> Result<Self, StorageError> {
        let database = prepared(builder(&Arc::default()).create_with_backend(InMemoryBackend::new())?)?;
        Ok(Self { file: Arc::new(DatabaseFile::new(database, None)), blocking, was_cut_off: Arc::default() })
    }

    fn reopening(
        blocking: Blocking,
        open: impl Fn(redb::Builder) -> Result<Database, StorageError> + Send + Sync + 'static,
    ) -> Result<Self, StorageError> {
        let was_cut_off = Arc::new(AtomicBool::new(false));
        let cut_off = Arc::clone(&was_cut_off);
        let open: Open = Box::new(move || open(builder(&cut_off)));
        let database = prepared(open()?)?;
        Ok(Self { file: Arc::new(DatabaseFile::new(database, Some(open))), blocking, was_cut_off })
    }

    /// Runs `work` on a consistent view.
    fn view<T, W>(&self, work: W) -> Pending<'_, T>
    where
        T: Send + 'static,
        W: Fn(&ReadTransaction) -> Result<T, StorageError> + Send + 'static,
    {
        let file = Arc::clone(&self.file);
        Box::pin(self.blocking.run(move || file.view(work)))
    }

    /// Runs `work` and makes it durable, or undoes all of it if it fails.
    fn change<T, W>(&self, work: W) -> Pending<'_, T>
    where
        T: Send + 'static,
        W: Fn(&WriteTransaction) -> Result<T, StorageError> + Send + 'static,
    {
        let file = Arc::clone(&self.file);
        Box::pin(self.blocking.run(move || file.change(work)))
    }
}

/// What to do about a folder in which nothing can be kept.
const CHOOSE: &str =
    "choose a folder that you may write to with --data, and stop any other store that uses it";

/// What to do about a file that cannot be opened.
fn advice(error: &StorageError) -> &'static str {
    let StorageError::Database(error) = error else { return CHOOSE };
    match error.downcast_ref() {
        Some(redb::Error::UpgradeRequired(_)) => {
            "an earlier version of the store wrote it: go on in that version, or choose an empty folder with --data and publish again"
        }
        Some(error) if is_foreign(error) => {
            "it is no file of a store, or damaged: put it aside, or choose another folder with --data, and publish again"
        }
        _ => CHOOSE,
    }
}

/// Whether what lies there is no sound file of a store. That it does not begin as one, redb says as an error of reading.
fn is_foreign(error: &redb::Error) -> bool {
    match error {
        redb::Error::Corrupted(_) => true,
        redb::Error::Io(error) => error.kind() == io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// `was_cut_off` is told when a file has to be repaired.
fn builder(was_cut_off: &Arc<AtomicBool>) -> redb::Builder {
    let (mut builder, was_cut_off) = (Database::builder(), Arc::clone(was_cut_off));
    builder.set_cache_size(PAGE_CACHE_BYTES);
    builder.set_repair_callback(move |_| was_cut_off.store(true, Ordering::Relaxed));
    builder
}

/// Makes the tables, so that no reader ever meets a missing one.
fn prepared(database: Database) -> Result<Database, StorageError> {
    let transaction = database.begin_write()?;
    transaction.open_table(ASSETS)?;
    transaction.open_table(VERSIONS)?;
    transaction.open_table(BODIES)?;
    transaction.open_table(SEEDED_AT)?;
    transaction.commit()?;
    Ok(database)
}

impl Storage for RedbStorage {
    fn read(&self, id: &AssetId, version: Option<Version>) -> Pending<'_, AssetVersion> {
        let id = id.clone();
        self.view(move |view| {
            let current = current(&view.open_table(ASSETS)?, &id)?.ok_or(StorageError::UnknownAsset)?;
            let VersionSummary { id, version, content_type, published_at, .. } =
                summary(&view.open_table(VERSIONS)?, &id, version.unwrap_or(current))?;
            let bodies = view.open_table(BODIES)?;
            let body = bodies.get((id.as_str(), version.0))?.ok_or(StorageError::UnknownVersion)?;
            let body = Bytes::copy_from_slice(body.value());
            Ok(AssetVersion { id, version, content_type, body, published_at })
        })
    }

    fn list(&self) -> Pending<'_, Vec<VersionSummary>> {
        self.view(|view| {
            let versions = view.open_table(VERSIONS)?;
            let mut list = Vec::new();
            for row in view.open_table(ASSETS)?.iter()? {
                let (id, state) = row?;
                if let (last, true) = state.value() {
                    list.push(summary(&versions, &stored_id(id.value()), Version(last))?);
                }
            }
            Ok(list)
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
            current(&view.open_table(ASSETS)?, &id)?.ok_or(StorageError::UnknownAsset)?;
            let versions = view.open_table(VERSIONS)?;
            let older = (id.as_str(), 0)..(id.as_str(), before.map_or(u64::MAX, |before| before.0));
            let newest_first = versions.range(older)?.rev().take(count);
            let mut history = Vec::new();
            for row in newest_first {
                let (key, row) = row?;
                history.push(summary_of(&id, key.value().1, row.value()));
            }
            Ok(history)
        })
    }

    fn publish(&self, draft: Draft) -> Pending<'_, Published> {
        self.change(move |transaction| insert(transaction, &draft))
    }

    fn delete(&self, id: &AssetId, expected: Conditions) -> Pending<'_, ()> {
        let id = id.clone();
        self.change(move |transaction| {
            let mut assets = transaction.open_table(ASSETS)?;
            let last = current(&assets, &id)?.ok_or(StorageError::UnknownAsset)?;
            if !expected.allow(Some(last)) {
                return Err(StorageError::Conflict { current: Some(last) });
            }
            assets.insert(id.as_str(), (last.0, false))?;
            let all = (id.as_str(), 0)..=(id.as_str(), last.0);
            transaction.open_table(VERSIONS)?.retain_in(all.clone(), |_, _| false)?;
            transaction.open_table(BODIES)?.retain_in(all, |_, _| false)?;
            Ok(())
        })
    }

    fn seed(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, bool> {
        Box::pin(async move {
            // A store that holds something starts on a disk that takes nothing more.
            if !self.view(|view| Ok(view.open_table(ASSETS)?.is_empty()?)).await? {
                return Ok(false);
            }
            let filled = self.change(move |transaction| {
                let is_untouched = transaction.open_table(ASSETS)?.is_empty()?;
                if is_untouched {
                    fill(transaction, &seed, now)?;
                }
                Ok(is_untouched)
            });
            filled.await
        })
    }

    fn reset(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, ()> {
        let reset = move |transaction: &WriteTransaction| {
            transaction.open_table(ASSETS)?.retain(|_, _| false)?;
            transaction.open_table(VERSIONS)?.retain(|_, _| false)?;
            transaction.open_table(BODIES)?.retain(|_, _| false)?;
            fill(transaction, &seed, now)
        };
        let again = reset.clone();
        Box::pin(async move {
            match self.change(reset).await {
                // The file failed, and is open again. However far it came, the same comes of it once more.
                Err(StorageError::Database(_)) => self.change(again).await,
                done => done,
            }
        })
    }

    fn ready(&self) -> Pending<'_, ()> {
        let file = Arc::clone(&self.file);
        Box::pin(self.blocking.run(move || file.ready()))
    }
}

fn insert(transaction: &WriteTransaction, draft: &Draft) -> Result<Published, StorageError> {
    let mut assets = transaction.open_table(ASSETS)?;
    let mut versions = transaction.open_table(VERSIONS)?;
    let current = current(&assets, &draft.id)?;
    if !draft.expected.allow(current) {
        return Err(StorageError::Conflict { current });
    }
    let last = assets.get(draft.id.as_str())?.map(|state| state.value().0);
    if last.is_none() && assets.len()? >= ASSETS_MAX {
        return Err(StorageError::TooManyAssets);
    }
    let version = last.unwrap_or(0) + 1;
    if version > VERSIONS_PER_ASSET_MAX {
        return Err(StorageError::TooManyVersions);
    }
    let content_type = match (&draft.content_type, current) {
        (Some(content_type), _) => content_type.clone(),
        (None, Some(current)) => summary(&versions, &draft.id, current)?.content_type,
        (None, None) => DEFAULT_CONTENT_TYPE.to_owned(),
    };
    let row = (content_type.as_str(), draft.body.len() as u64, to_micros(draft.published_at));
    let key = (draft.id.as_str(), version);
    versions.insert(key, row)?;
    transaction.open_table(BODIES)?.insert(key, &*draft.body)?;
    assets.insert(draft.id.as_str(), (version, true))?;
    Ok(Published { version: summary_of(&draft.id, version, row), is_new: current.is_none() })
}

fn fill(transaction: &WriteTransaction, seed: &[SeedAsset], now: SystemTime) -> Result<(), StorageError> {
    let mut seeded_at = transaction.open_table(SEEDED_AT)?;
    let first = seeded_at.get(())?.map(|micros| micros.value());
    let published_at = first.map_or(now, from_micros);
    if first.is_none() {
        seeded_at.insert((), to_micros(now))?;
    }
    for SeedAsset { id, content_type, body } in seed.iter().cloned() {
        let content_type = Some(content_type);
        insert(
            transaction,
            &Draft { id, content_type, body, expected: Conditions::is_absent(), published_at },
        )?;
    }
    Ok(())
}

type Row<'a> = (&'a str, u64, u64);

fn current(
    assets: &impl ReadableTable<&'static str, (u64, bool)>,
    id: &AssetId,
) -> Result<Option<Version>, StorageError> {
    let state = assets.get(id.as_str())?.map(|state| state.value());
    Ok(state.and_then(|(last, exists)| exists.then_some(Version(last))))
}

fn summary(
    versions: &impl ReadableTable<(&'static str, u64), Row<'static>>,
    id: &AssetId,
    version: Version,
) -> Result<VersionSummary, StorageError> {
    let row = versions.get((id.as_str(), version.0))?.ok_or(StorageError::UnknownVersion)?;
    Ok(summary_of(id, version.0, row.value()))
}

fn summary_of(id: &AssetId, version: u64, (content_type, bytes, micros): Row<'_>) -> VersionSummary {
    let published_at = from_micros(micros);
    let content_type = content_type.to_owned();
    VersionSummary { id: id.clone(), version: Version(version), content_type, bytes, published_at }
}

fn stored_id(id: &str) -> AssetId {
    id.parse().expect("an id is checked before it is stored")
}

fn to_micros(time: SystemTime) -> u64 {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_micros()).expect("64 bits of microseconds last half a million years")
}

fn from_micros(micros: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

/// Each step of a transaction has an error type of its own in redb; all of them mean that the database failed.
macro_rules! database_errors {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for StorageError {
            fn from(error: redb::$error) -> Self {
                failed(error.into())
            }
        }
    )*};
}

database_errors!(DatabaseError, TransactionError, TableError, StorageError, CommitError);

fn failed(error: redb::Error) -> StorageError {
    match &error {
        redb::Error::Io(io) if matches!(io.kind(), StorageFull | QuotaExceeded | FileTooLarge) => {
            StorageError::NoRoom(Box::new(error))
        }
        _ => StorageError::Database(Box::new(error)),
    }
}
