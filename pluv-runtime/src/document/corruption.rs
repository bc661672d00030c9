//! What of a document can't be read, and where it is put.

use std::ops::Range;

use super::{
    rows, snapshot,
    sql::{Result, Sql},
};

/// Something in storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CorruptRange {
    /// An entry of the log: its `span`. Its neighbours in the same row stay.
    Entry(Range<i64>),
    /// The rows of the log that start at these positions.
    Rows(Range<i64>),
    /// These parts of the snapshot.
    Snapshot(Range<i64>),
}

impl CorruptRange {
    /// Past every position and part: the largest integer that JavaScript passes on unharmed.
    pub(super) const END: i64 = (1 << 53) - 1;

    /// All of the snapshot.
    pub(crate) const SNAPSHOT: Self = Self::Snapshot(-Self::END..Self::END);
}

/// Something that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Corruption {
    pub(crate) range: CorruptRange,
    pub(crate) reason: String,
}

impl Corruption {
    pub(super) fn new(range: CorruptRange, reason: &str) -> Self {
        Self { range, reason: reason.to_owned() }
    }
}

/// Moves what is at `range` to the table of damaged rows; does nothing where nothing is. The caller has a transaction.
pub(super) fn quarantine(sql: &impl Sql, range: &CorruptRange, reason: &str) -> Result<()> {
    match range {
        CorruptRange::Entry(span) => rows::move_entry(sql, span, reason),
        CorruptRange::Rows(starts) => rows::move_rows(sql, starts, reason),
        CorruptRange::Snapshot(parts) => snapshot::move_parts(sql, parts, reason),
    }
}
