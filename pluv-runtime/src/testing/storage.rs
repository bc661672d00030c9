//! What a room has stored, as a test looks at it.

use std::fmt;

use yrs::{Doc, Transact as _, Transaction};

use super::database::{Database, Fault};
use crate::document::{Document, Storage as Kind};

/// The storage of a room: what is in it, and how it fails.
///
/// It is `SQLite`, in memory, and as strict as the platform's.
pub struct Storage {
    database: Database,
    open: fn(Database) -> Option<Box<dyn Document>>,
}

/// The document over a database, as a room opens it.
pub(super) fn open<S: Kind>(database: Database) -> Option<Box<dyn Document>> {
    S::open(database, usize::MAX)
}

impl Storage {
    pub(super) fn new(database: Database, open: fn(Database) -> Option<Box<dyn Document>>) -> Self {
        Self { database, open }
    }

    /// The whole document as it is stored, as a Yjs update.
    ///
    /// # Panics
    /// When the room has no document, or what is stored can't be read.
    #[must_use]
    pub fn update(&self) -> Vec<u8> {
        self.look(|document| document.encode_full(0).expect("what is stored can be read"))
    }

    /// Reads the document as it is stored.
    ///
    /// # Panics
    /// When the room has no document, or what is stored can't be read.
    pub fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> T) -> T {
        self.look(|document| {
            let doc = document.doc(0).expect("what is stored can be read");
            read(&doc.downcast_ref::<Doc>().expect("it is a document of yrs").transact())
        })
    }

    /// How many bytes of the document are stored: a snapshot, and the edits since.
    ///
    /// # Panics
    /// When the room has no document, or what is stored can't be read.
    #[must_use]
    pub fn size(&self) -> usize {
        self.look(|document| document.usage().expect("what is stored can be read").bytes)
    }

    /// How many rows are stored, in all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let rows = |table: &String| self.database.number(&format!("SELECT COUNT(*) FROM \"{table}\""));
        self.database.tables().iter().map(|table| rows(table).unsigned_abs()).sum()
    }

    /// Lets the next `writes` statements that write fail.
    pub fn fail_writes(&self, writes: u32) {
        self.database.fail_writes(writes);
    }

    /// Leaves no space, or again enough: meanwhile each write fails. What is there can be read and deleted.
    pub fn set_full(&self, is_full: bool) {
        self.database.set_full(is_full);
    }

    /// Lets one statement or commit fail, after `calls` more have gone well. With each number in turn, as long as
    /// [`calls`](Self::calls) grows beyond it, a test sees a scenario fail at each point where it can.
    pub fn fail_at(&self, calls: u64, fault: Fault) {
        self.database.at(calls, fault);
    }

    /// How many statements and commits there were.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.database.calls()
    }

    fn look<T>(&self, look: impl FnOnce(&mut dyn Document) -> T) -> T {
        self.database.untroubled(|| {
            let mut document = (self.open)(self.database.clone()).expect("this room has no document");
            look(&mut *document)
        })
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").finish_non_exhaustive()
    }
}
