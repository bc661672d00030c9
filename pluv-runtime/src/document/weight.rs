//! When the log is worth folding.

/// The log is left alone up to here, in bytes: some 1,800 edits of one character, in 17 rows.
const SMALLEST: u64 = 64 << 10;

/// The log is never left longer than this, in bytes, however big the document: some 30,000 edits of one character,
/// which a load has to apply one by one.
const LONGEST: u64 = 1 << 20;

/// The log may grow to the snapshot's size divided by this. A fold writes the snapshot anew, so that a byte of edit
/// pays for four bytes of snapshot, and a load reads at most a quarter more than the document.
const SHARE: u64 = 4;

/// What is stored of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogSize {
    /// From the first byte of the log to its last, so with what has been set aside from between.
    pub(crate) log: u64,
    /// Bytes of the snapshot.
    pub(crate) snapshot: u64,
}

impl LogSize {
    /// Whether the log should be folded. Rows don't count on their own: small updates share them, and a log of one edit
    /// a wake, each in a row of its own, stays under 2,000 rows.
    pub(crate) fn needs_compaction(&self) -> bool {
        self.log >= (self.snapshot / SHARE).clamp(SMALLEST, LONGEST)
    }
}
