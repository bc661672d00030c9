//! The document and its log, on a database that fails wherever it can.

#![expect(clippy::unwrap_used, reason = "where it panics is what a test has to say")]

mod checksums;
mod compaction;
mod corruption;
mod costs;
mod crashes;
mod document;
mod hostile;
mod memory;
mod model;
pub(crate) mod random;
mod round_trips;
mod versions;
