//! What of a document can't be read, and where it is put.

use std::ops::Range;

use super::{
    rows, snapshot,
    sql::{Result, Sql},
};

/// Something in storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An entry of the log: its `span`. Its neighbours in the same row stay.
    Entry(Range<i64>),
    /// The rows of the log that start at these positions.
    Rows(Range<i64>),
    /// These parts of the snapshot.
    Snapshot(Range<i64>),
}

impl Place {
    /// Past every position and part: the largest integer that JavaScript passes on unharmed.
    pub(super) const END: i64 = (1 << 53) - 1;

    /// All of the snapshot.
    pub(crate) const SNAPSHOT: Self = Self::Snapshot(-Self::END..Self::END);
}

/// Something that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) place: Place,
    pub(crate) reason: String,
}

impl Damage {
    pub(super) fn new(place: Place, reason: &str) -> Self {
        Self { place, reason: reason.to_owned() }
    }
}

/// Moves what is at `place` to the table of damaged rows; does nothing where nothing is. The caller has a transaction.
pub(super) fn move_aside(sql: &impl Sql, place: &Place, reason: &str) -> Result<()> {
    match place {
        Place::Entry(span) => rows::move_entry(sql, span, reason),
        Place::Rows(starts) => rows::move_rows(sql, starts, reason),
        Place::Snapshot(parts) => snapshot::move_parts(sql, parts, reason),
    }
}
