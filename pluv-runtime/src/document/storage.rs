//! A document as the room uses it.

use std::{any::Any, borrow::Cow, fmt::Debug};

use crate::{
    protocol::Millis,
    sql::{Database, SqlError},
    update::{UpdateError, ValidatedUpdate},
};

/// Which document a room has: `storage = Yrs`, or none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no kind of document",
    label = "write `storage = Yrs` in `#[pluv::room(..)]`, or leave it out"
)]
pub trait Storage: 'static {
    /// Whether there is one.
    #[doc(hidden)]
    const EXISTS: bool;

    /// The document, over the object's `SQLite`. Reads and writes nothing yet.
    #[doc(hidden)]
    fn open(sql: Database, limit: usize) -> Option<Box<dyn Document>>;
}

/// The largest document that a room takes unless it says otherwise, in bytes of its encoding: half of what it may say.
///
/// Of the 128 MB that the platform gives an isolate, a room whose text of 9.9 MB was joined, edited, compacted and read back
/// took 76 MB for its wasm memory, and one of 5 MB took 42 (`cargo xtask bench --only edits`). A frame to a newcomer is a
/// JS string besides. What takes more memory for its length than text does is bounded by itself, see `MAX_MEMORY`.
pub(crate) const DEFAULT_LIMIT: usize = 5_000_000;

/// No document.
#[derive(Clone, Copy, Debug)]
pub enum NoStorage {}

impl Storage for NoStorage {
    const EXISTS: bool = false;

    fn open(_: Database, _: usize) -> Option<Box<dyn Document>> {
        None
    }
}

/// The news that each of several updates brought, none being nothing, or the reason why it can't be applied.
pub type StoreResults = Vec<Result<Option<Vec<u8>>, StoreError>>;

/// A document, as the room uses it. Updates are Yjs updates in their first encoding.
#[expect(clippy::missing_errors_doc, reason = "each fails when the storage does, as its error says")]
pub trait Document: Debug {
    /// Returns whether nothing was ever stored. Reads no row of the document.
    fn is_blank(&mut self) -> Result<bool, StoreError>;

    /// Returns whether it has no root types. Loads it.
    fn is_empty(&mut self, now: Millis) -> Result<bool, StoreError>;

    /// Returns how much storage it takes. Reads no row of the document.
    fn usage(&mut self) -> Result<Usage, StoreError>;

    /// Encodes all of it as one update, without pending changes. Loads it.
    fn encode_state(&mut self, now: Millis) -> Result<Vec<u8>, StoreError>;

    /// Validates an update of a client, so that it may be applied and stored; none where it says nothing.
    ///
    /// # Errors
    /// The problem with it.
    fn validate(&self, update: Vec<u8>) -> Result<Option<ValidatedUpdate>, UpdateError>;

    /// Those of some updates that each of `choices` names, as one.
    fn merge<'a>(&self, updates: &[&'a [u8]], choices: &[Vec<usize>]) -> Result<Vec<Cow<'a, [u8]>>, StoreError>;

    /// Applies and stores updates, all at once. Says for each what of it was not known; none is nothing. One that can't
    /// be applied is left out.
    ///
    /// # Errors
    /// When the storage failed: then nothing is stored.
    fn store(&mut self, now: Millis, updates: &[&ValidatedUpdate]) -> Result<StoreResults, StoreError>;

    /// Stores a change that was made in [`doc`](Self::doc).
    fn append(&mut self, now: Millis, update: Vec<u8>) -> Result<(), StoreError>;

    /// Returns whether an update has changes that are neither applied nor pending. Applies nothing. Loads the document.
    fn has_new_changes(&mut self, now: Millis, update: &ValidatedUpdate) -> Result<bool, StoreError>;

    /// Encodes all of it as one update, with pending changes. Loads it.
    fn encode_full(&mut self, now: Millis) -> Result<Vec<u8>, StoreError>;

    /// Returns as updates what a client lacks whose whole document is `update`; `sent_version` is the
    /// [`version`](Self::version) that it was sent. Loads the document.
    fn diff_since(
        &mut self,
        now: Millis,
        update: &ValidatedUpdate,
        sent_version: Option<u64>,
    ) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Returns its state vector. Loads it.
    fn state_vector(&mut self, now: Millis) -> Result<Vec<u8>, StoreError>;

    /// Returns what a client with this state vector lacks: one update, and another one of pending changes. `None` if that is
    /// no state vector. Loads the document.
    fn diff_since_vector(&mut self, now: Millis, vector: &[u8]) -> Result<Option<Vec<Vec<u8>>>, StoreError>;

    /// Returns a number that differs when [`encode_full`](Self::encode_full) does. Loads the document.
    fn version(&mut self, now: Millis) -> Result<u64, StoreError>;

    /// Does what can wait until an update has been sent: compacts the log, unloads an idle document. Returns messages for
    /// the log.
    fn maintain(&mut self, now: Millis) -> Result<Vec<String>, StoreError>;

    /// Returns the value stored under `key` beside the document.
    fn metadata(&mut self, key: &str) -> Result<Option<String>, StoreError>;

    /// Stores `value` under `key`, or deletes what is stored there.
    fn set_metadata(&mut self, key: &str, value: Option<&str>) -> Result<(), StoreError>;

    /// Deletes the document.
    fn clear(&mut self) -> Result<(), StoreError>;

    /// Returns the document itself, a `yrs::Doc`, for the room's own code. Loads it.
    fn doc(&mut self, now: Millis) -> Result<&dyn Any, StoreError>;

    /// Drops all that is loaded, as the storage may have something else.
    fn unload(&mut self);
}

/// The use that a document makes of the object's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Its stored size, in bytes: a snapshot, and the edits since.
    pub bytes: usize,
    /// How many rows were written for it since the room last woke. A row written is what the platform bills the most for.
    pub rows_written: u64,
}

/// The reason why the document was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It would be too big. All are bytes.
    #[error("the document would take {size} bytes: the limit is {limit}")]
    TooBig {
        /// The size that it would have, or more.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// It would take too much memory. All are bytes.
    #[error("the document would take {size} bytes of memory: the limit is {limit}")]
    TooMuchMemory {
        /// The memory that it would take, by an estimate that is rather too high.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// It would have more shared types inside each other than this.
    #[error("the document would have shared types nested too deep: the limit is {limit} inside each other")]
    TooDeep {
        /// The limit.
        limit: u32,
    },
    /// Too much waits for changes that have not come.
    #[error(
        "the update depends on changes that the room never got: only {limit} of such may wait, so send the whole document"
    )]
    TooManyPending {
        /// How many updates may wait.
        limit: usize,
    },
    /// The update can't be taken, for this reason.
    #[error("{0}")]
    Rejected(String),
    /// The update does not apply to the document.
    #[error("the update does not apply to the document")]
    Inapplicable,
    /// The storage failed; for the log.
    #[error("the storage failed: {0}")]
    Failed(String),
}

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        Self::Failed(error.to_string())
    }
}
