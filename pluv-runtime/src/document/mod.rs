//! A room's document: kept as a log of updates in the object's `SQLite`, compacted into a snapshot from time to time.
//!
//! The room itself knows a [`Document`] alone, so that a room without one carries no code of Yjs.

mod loaded;
mod log;
mod rows;
mod storage;
mod tables;
mod yrs_document;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use self::{loaded::has_changed, storage::DEFAULT_LIMIT};
pub use self::{
    storage::{Document, NoStorage, Storage, StoreError, StoreResults, Usage},
    yrs_document::Yrs,
};
