//! How a command comes to its end, and the exit codes for it.

/// The exit code of a run whose measure fell short.
pub(crate) const FELL_SHORT: u8 = 1;

/// The exit code of a usage or environment error.
pub(crate) const CANNOT: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Well,
    /// The run ended, and its measure fell short of what it should be.
    FellShort,
    /// The run was stopped before its end; its results so far have been written, marked as partial.
    BrokenOff,
}

impl From<()> for Done {
    fn from((): ()) -> Self {
        Self::Well
    }
}

impl From<bool> for Done {
    fn from(is_well: bool) -> Self {
        if is_well { Self::Well } else { Self::FellShort }
    }
}
