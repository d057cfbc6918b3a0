//! A file on a disk that can lose its power and fill up. Teaches what a durable write is: a write first goes to some memory on its
//! way to the disk. After a loss of power, only what was synced before is certain to be there.

use std::{io, sync::Arc};

use parking_lot::{Mutex, MutexGuard};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use redb::StorageBackend;

/// The unit that a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// The unit in which a file system allocates space.
const BLOCK_BYTES: u64 = 4_096;

/// A file. Clones are the same file.
#[derive(Clone, Debug)]
pub struct File(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// What a reader sees.
    now: Vec<u8>,
    /// The synced content, which survives a loss of power.
    kept: Vec<u8>,
    /// Changes that are not synced yet.
    changes: Vec<Change>,
    /// Which blocks have been written, and so have space allocated on the disk.
    placed: Vec<bool>,
    is_full: bool,
    /// The number of changes after which the power fails, if planned.
    fails_after: Option<u32>,
    /// How often the power has failed. A handle opened before a failure is invalid after it.
    losses: u64,
    chance: ChaCha8Rng,
}

#[derive(Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

impl File {
    /// An empty file; `chance` decides what survives a loss of power.
    pub fn new(chance: ChaCha8Rng) -> Self {
        Self(Arc::new(Mutex::new(State {
            now: Vec::new(),
            kept: Vec::new(),
            changes: Vec::new(),
            placed: Vec::new(),
            is_full: false,
            fails_after: None,
            losses: 0,
            chance,
        })))
    }

    /// Opens the file. The handle is valid until the power fails.
    pub fn open(&self) -> Open {
        Open { file: self.clone(), losses: self.state().losses }
    }

    /// The power fails and comes back. Some of the changes that were not synced survive, and some of those are torn.
    pub fn lose_power(&self) {
        self.state().lose_power();
    }

    /// Lets the power fail later: after so many more changes.
    pub fn lose_power_after(&self, changes: u32) {
        self.state().fails_after = Some(changes);
    }

    /// Fills the disk: from now on it allocates no further block.
    pub fn fill(&self) {
        self.state().is_full = true;
    }

    /// Replaces the disk by one with the same content, with room and without a planned loss of power.
    pub fn mend(&self) {
        let mut state = self.state();
        state.is_full = false;
        state.fails_after = None;
    }

    /// Whether the disk has room and no loss of power is planned.
    pub fn is_well(&self) -> bool {
        let state = self.state();
        !state.is_full && state.fails_after.is_none()
    }

    /// How often the power has failed.
    pub fn losses(&self) -> u64 {
        self.state().losses
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }
}

impl State {
    fn lose_power(&mut self) {
        for change in std::mem::take(&mut self.changes) {
            let (survives, is_torn) = (self.chance.random_bool(0.5), self.chance.random_bool(0.3));
            match change {
                Change::Write { at, bytes } if is_torn => {
                    for (index, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
                        if self.chance.random_bool(0.5) {
                            put(&mut self.kept, at + index * SECTOR_BYTES, sector);
                        }
                    }
                }
                Change::Write { at, bytes } if survives => put(&mut self.kept, at, &bytes),
                Change::Length(length) if survives => self.kept.resize(length, 0),
                Change::Write { .. } | Change::Length(_) => {}
            }
        }
        self.now.clone_from(&self.kept);
        self.fails_after = None;
        self.losses += 1;
    }

    fn changes(&mut self) -> io::Result<()> {
        match &mut self.fails_after {
            Some(0) => {
                self.lose_power();
                Err(no_power())
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Allocates the blocks for these bytes.
    fn place(&mut self, at: u64, count: usize) -> io::Result<()> {
        let blocks = index(at / BLOCK_BYTES)..index((at + count as u64).div_ceil(BLOCK_BYTES));
        if self.placed.len() < blocks.end {
            self.placed.resize(blocks.end, false);
        }
        let is_placed = self.placed[blocks.clone()].iter().all(|placed| *placed);
        if self.is_full && !is_placed {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.placed[blocks].fill(true);
        Ok(())
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if file.len() < at + bytes.len() {
        file.resize(at + bytes.len(), 0);
    }
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

fn index(place: u64) -> usize {
    usize::try_from(place).expect("a file in memory is smaller than memory")
}

fn no_power() -> io::Error {
    io::Error::other("the disk lost its power")
}

/// An open handle of the file, as a database uses it.
#[derive(Debug)]
pub struct Open {
    file: File,
    losses: u64,
}

impl Open {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.file.state();
        if state.losses == self.losses { Ok(state) } else { Err(no_power()) }
    }
}

impl StorageBackend for Open {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state()?.now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        let from = index(offset);
        let found = state.now.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state()?;
        state.changes()?;
        let length = index(len);
        state.now.resize(length, 0);
        let blocks = index(len.div_ceil(BLOCK_BYTES));
        state.placed.resize(blocks, false);
        state.changes.push(Change::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state()?;
        state.changes()?;
        for change in std::mem::take(&mut state.changes) {
            match change {
                Change::Write { at, bytes } => put(&mut state.kept, at, &bytes),
                Change::Length(length) => state.kept.resize(length, 0),
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state()?;
        state.changes()?;
        state.place(offset, data.len())?;
        put(&mut state.now, index(offset), data);
        state.changes.push(Change::Write { at: index(offset), bytes: data.to_vec() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_survives_and_what_was_not_may_be_lost() {
        let mut lost = 0;
        for seed in 0..100 {
            let file = File::new(chassis::rng(seed, "test", "disk"));
            let open = file.open();
            open.write(0, b"kept").unwrap();
            open.sync_data().unwrap();
            open.write(4, b"late").unwrap();
            file.lose_power();
            assert!(open.read(0, &mut [0; 4]).is_err(), "whoever had it open has lost it");
            let (open, mut found) = (file.open(), [0; 4]);
            open.read(0, &mut found).unwrap();
            assert_eq!(&found, b"kept");
            lost += u32::from(open.read(4, &mut found).is_err());
        }
        assert!((20..80).contains(&lost), "{lost} of 100");
    }

    #[test]
    fn a_full_disk_keeps_what_has_a_place_and_takes_nothing_new() {
        let file = File::new(chassis::rng(1, "test", "disk"));
        let open = file.open();
        open.write(0, &[1; 4_096]).unwrap();
        file.fill();
        open.write(10, b"in its place").unwrap();
        assert_eq!(open.write(4_096, b"new").unwrap_err().kind(), io::ErrorKind::StorageFull);
        file.mend();
        open.write(4_096, b"new").unwrap();
    }

    #[test]
    fn the_power_goes_in_the_middle_of_what_comes() {
        let file = File::new(chassis::rng(2, "test", "disk"));
        let open = file.open();
        file.lose_power_after(1);
        open.write(0, b"one").unwrap();
        assert!(open.write(3, b"two").is_err() && open.len().is_err());
        assert!(file.open().write(0, b"again").is_ok());
    }
}
