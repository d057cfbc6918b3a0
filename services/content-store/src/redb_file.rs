//! The open database and its file. Teaches that a disk may be full today and have room tomorrow: redb uses a file no more once
//! it has failed, so whoever holds it must close it and open it again, or the store stays down until somebody restarts it.

use std::{
    cell::Cell,
    sync::atomic::{AtomicBool, Ordering},
};

use parking_lot::RwLock;
use redb::{Database, ReadTransaction, ReadableDatabase, TableDefinition, WriteTransaction};

use crate::{asset::ASSET_BYTES_MAX, storage::StorageError};

/// One row at most, and none for long: as many bytes as the largest asset, to see whether there is room for one.
const TRIAL: TableDefinition<(), &[u8]> = TableDefinition::new("trial");

/// How a database is opened again; one in memory has nothing to come back to.
pub(crate) type Open = Box<dyn Fn() -> Result<Database, StorageError> + Send + Sync>;

/// A database that is opened again when its file has failed.
pub(crate) struct DatabaseFile {
    open: Option<Open>,
    state: RwLock<State>,
    /// Whether the last change failed for the file's sake.
    is_failing: AtomicBool,
}

struct State {
    /// None while it cannot be opened.
    database: Option<Database>,
    /// How often it was opened: of several callers that meet the same failure, only the first reopens it.
    opened: u64,
}

impl DatabaseFile {
    pub(crate) fn new(database: Database, open: Option<Open>) -> Self {
        let state = RwLock::new(State { database: Some(database), opened: 1 });
        Self { open, state, is_failing: AtomicBool::new(false) }
    }

    /// Runs `work` on a consistent view: once more if the file had failed under somebody's change, as what is kept can be read.
    pub(crate) fn view<T>(
        &self,
        work: impl Fn(&ReadTransaction) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let view = |database: &Database| work(&database.begin_read()?);
        let (viewed, opened) = self.attempt(view);
        match viewed {
            // With the file to itself, so that no other change fails under it.
            Err(error) if is_of_file(&error) => self.open_again(opened, view),
            viewed => viewed,
        }
    }

    /// Runs `work` and makes it durable, or undoes all of it if it fails. Writers wait for each other. What the file failed under before it
    /// was to be made durable has left nothing, and is tried once more. A commit is not: nobody knows how far it came.
    pub(crate) fn change<T>(
        &self,
        work: impl Fn(&WriteTransaction) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let is_committed = Cell::new(false);
        let change = |database: &Database| {
            // An early return drops the transaction, which undoes it. A commit returns when the disk has it.
            let transaction = database.begin_write()?;
            let done = work(&transaction)?;
            is_committed.set(true);
            transaction.commit()?;
            Ok(done)
        };
        let (mut changed, opened) = self.attempt(change);
        if changed.as_ref().is_err_and(is_of_file) {
            let is_open = self.open_again(opened, |_| Ok(())).is_ok();
            // A disk that was full a moment ago still is.
            let is_full = matches!(changed, Err(StorageError::NoRoom(_)));
            if is_open && !is_full && !is_committed.get() {
                changed = self.attempt(change).0;
            }
        }
        match &changed {
            Ok(_) => self.is_failing.store(false, Ordering::Relaxed),
            Err(error) if is_of_file(error) => self.is_failing.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
        changed
    }

    /// Whether changes can be kept: after one that could not, by trying with as much as the largest asset takes.
    pub(crate) fn ready(&self) -> Result<(), StorageError> {
        if !self.is_failing.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.change(|transaction| {
            transaction.open_table(TRIAL)?.insert((), &*vec![0; ASSET_BYTES_MAX])?;
            Ok(())
        })?;
        // What it took stays with the file, for the next publish.
        self.change(|transaction| {
            transaction.open_table(TRIAL)?.remove(())?;
            Ok(())
        })
    }

    /// The result of `work`, and which opening of the database it ran on.
    fn attempt<T>(
        &self,
        work: impl Fn(&Database) -> Result<T, StorageError>,
    ) -> (Result<T, StorageError>, u64) {
        // Held while the work goes on: a file in use cannot be closed.
        let state = self.state.read();
        (work_on(state.database.as_ref(), work), state.opened)
    }

    /// Opens the database again, if it is still the one that failed or has failed since, and runs `work` on it alone.
    fn open_again<T>(
        &self,
        failed: u64,
        work: impl Fn(&Database) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut state = self.state.write();
        if state.opened != failed {
            match work_on(state.database.as_ref(), &work) {
                Err(error) if is_of_file(&error) => {}
                done => return done,
            }
        }
        if let Some(open) = &self.open {
            // Closed first: nobody else may open the file of a store that runs, itself included.
            state.database = None;
            state.database = Some(open()?);
            state.opened += 1;
        }
        work_on(state.database.as_ref(), work)
    }
}

fn work_on<T>(
    database: Option<&Database>,
    work: impl Fn(&Database) -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    let closed = || Err(StorageError::Database(Box::new(redb::Error::PreviousIo)));
    database.map_or_else(closed, work)
}

/// Whether the file failed, now or before, rather than that the database refused.
fn is_of_file(error: &StorageError) -> bool {
    match error {
        StorageError::NoRoom(_) => true,
        StorageError::Database(error) => {
            matches!(error.downcast_ref(), Some(redb::Error::Io(_) | redb::Error::PreviousIo))
        }
        _ => false,
    }
}
