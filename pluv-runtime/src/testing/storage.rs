//! The storage of a room, for assertions and simulated failures.

use std::fmt;

use yrs::{Doc, Transact as _, Transaction};

use super::database::{Database, Fault};
use crate::{
    Sql,
    document::{Document, Storage as Kind},
};

/// The storage of a room: `SQLite` in memory with the limits of the platform, whose content can be read, and whose calls can
/// be made to fail.
pub struct Storage {
    database: Database,
    open: fn(Database) -> Option<Box<dyn Document>>,
}

/// Opens the document of a database.
pub(super) fn open<S: Kind>(database: Database) -> Option<Box<dyn Document>> {
    S::open(database.into(), usize::MAX)
}

impl Storage {
    pub(super) fn new(database: Database, open: fn(Database) -> Option<Box<dyn Document>>) -> Self {
        Self { database, open }
    }

    /// Returns the whole stored document as a Yjs update.
    ///
    /// # Panics
    /// When the room has no document, or the stored one can't be read.
    #[must_use]
    pub fn update(&self) -> Vec<u8> {
        self.with_document(|document| document.encode_full(0).expect("the stored document can be read"))
    }

    /// Reads the stored document.
    ///
    /// # Panics
    /// When the room has no document, or the stored one can't be read.
    pub fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> T) -> T {
        self.with_document(|document| {
            let doc = document.doc(0).expect("the stored document can be read");
            read(&doc.downcast_ref::<Doc>().expect("it is a document of yrs").transact())
        })
    }

    /// Returns the stored bytes of the document: its snapshot, and the edits since.
    ///
    /// # Panics
    /// When the room has no document, or the stored one can't be read.
    #[must_use]
    pub fn size(&self) -> usize {
        self.with_document(|document| document.usage().expect("the stored document can be read").bytes)
    }

    /// Returns the number of rows in all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let rows = |table: &String| self.database.number(&format!("SELECT COUNT(*) FROM \"{table}\""));
        self.database.tables().iter().map(|table| rows(table).unsigned_abs()).sum()
    }

    /// Lets the next `writes` writing statements fail.
    pub fn fail_writes(&self, writes: u32) {
        self.database.fail_writes(writes);
    }

    /// Fills the storage, or frees space again. In full storage each write fails, and rows can be read and deleted.
    pub fn set_full(&self, is_full: bool) {
        self.database.set_full(is_full);
    }

    /// Lets one statement or commit fail after `calls` more have succeeded. With each number below the
    /// [`calls`](Self::calls) of a scenario, a test covers each point where it can fail.
    pub fn fail_at(&self, calls: u64, fault: Fault) {
        self.database.at(calls, fault);
    }

    /// Returns the number of statements and commits so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.database.calls()
    }

    /// The room's own tables.
    #[must_use]
    pub fn sql(&self) -> Sql {
        Sql::new(self.database.clone().into())
    }

    /// The whole database.
    #[cfg(test)]
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    fn with_document<T>(&self, run: impl FnOnce(&mut dyn Document) -> T) -> T {
        self.database.untroubled(|| {
            let mut document = (self.open)(self.database.clone()).expect("this room has no document");
            run(&mut *document)
        })
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").finish_non_exhaustive()
    }
}
