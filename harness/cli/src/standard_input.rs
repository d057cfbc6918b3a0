//! A file that may be standard input. Teaches that a program must still react to Ctrl-C while it waits for typed input.

use std::{
    fs,
    io::{self, Read},
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{stop, work::shown};

pub(crate) const STANDARD_INPUT: &str = "-";

/// Size limit for reading all of standard input: far more than any text that a content store accepts, and a bound for endless streams.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Block size for standard input in bytes, and how many blocks may wait in the channel.
const BLOCK_BYTES: u64 = 256 * 1024;
const BLOCKS_AHEAD: usize = 4;

/// How often a read of standard input checks whether the program was told to stop.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

/// Reads a file, or standard input; `None` if the program was told to stop before the end.
pub(crate) fn read_file(file: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    if file.as_os_str() != STANDARD_INPUT {
        return fs::read(file).map(Some).with_context(|| {
            format!(
                "cannot read {}; name a file that is there and that you may read, or - for standard input",
                shown(file)
            )
        });
    }
    let mut bytes = Vec::new();
    let mut input = StandardInput::read_aside()?.take(BYTES_MAX + 1);
    input.read_to_end(&mut bytes).context("cannot read standard input")?;
    if stop::is_told() {
        return Ok(None);
    }
    if bytes.len() as u64 > BYTES_MAX {
        bail!("standard input holds more than {BYTES_MAX} bytes: give a file");
    }
    Ok(Some(bytes))
}

/// Standard input, read on another thread, so that a blocked read does not keep the program from stopping.
pub(crate) struct StandardInput {
    blocks: Receiver<io::Result<Vec<u8>>>,
    rest: io::Cursor<Vec<u8>>,
}

impl StandardInput {
    pub(crate) fn read_aside() -> io::Result<Self> {
        let (send, blocks) = mpsc::sync_channel(BLOCKS_AHEAD);
        let read = move || {
            loop {
                let mut block = Vec::new();
                let read = io::stdin().lock().take(BLOCK_BYTES).read_to_end(&mut block);
                let is_end = read.as_ref().map_or(true, |read| *read == 0);
                if send.send(read.map(|_| block)).is_err() || is_end {
                    return;
                }
            }
        };
        thread::Builder::new().name("standard-input".to_owned()).spawn(read)?;
        Ok(Self { blocks, rest: io::Cursor::default() })
    }
}

impl Read for StandardInput {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.rest.read(into)?;
            if read > 0 || stop::is_told() {
                return Ok(read);
            }
            match self.blocks.recv_timeout(LOOKS_EVERY) {
                Ok(block) => self.rest = io::Cursor::new(block?),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
    }
}
