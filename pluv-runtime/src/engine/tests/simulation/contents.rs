//! The contents of a document, to compare.

use yrs::{
    Array as _, GetString as _, IdSet, Map as _, Transact as _, Update, types::ToJson as _,
    updates::decoder::Decode as _,
};

use crate::{
    document::{Storage as _, Yrs},
    testing::{Database, TestDocument},
};

/// Everything that was ever inserted and deleted, whatever of it waits for something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) insertions: IdSet,
    pub(super) deletions: IdSet,
}

impl Contents {
    pub(super) fn of(update: &[u8]) -> Self {
        let update = Update::decode_v1(update).expect("an update can be read");
        Self { insertions: update.insertions(true), deletions: update.delete_set().clone() }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.insertions.merge_with(other.insertions);
        self.deletions.merge_with(other.deletions);
    }

    /// The part that is not in `other`.
    pub(super) fn beyond(&self, other: &Self) -> Self {
        Self { insertions: self.insertions.diff(&other.insertions), deletions: self.deletions.diff(&other.deletions) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.insertions.is_empty() && self.deletions.is_empty()
    }
}

/// The stored contents, as a room reads them that has just woken up. Without counting or faults.
pub(super) fn stored(database: &Database) -> Vec<u8> {
    database.untroubled(|| {
        let mut document = Yrs::open(database.clone().into(), usize::MAX).expect("a room with a document has one");
        document.encode_full(0).expect("what is stored can be read")
    })
}

/// Whether nothing of a document is stored.
pub(super) fn is_blank(database: &Database) -> bool {
    rows(database, "pluv_log") + rows(database, "pluv_snapshot") == 0
}

/// Whether something was found damaged.
pub(super) fn is_damaged(database: &Database) -> bool {
    rows(database, "pluv_damaged") > 0
}

/// How many things the room has noted to do.
pub(super) fn notes(database: &Database) -> i64 {
    match rows(database, "pluv_meta") {
        0 => 0,
        // The version of the tables is one.
        rows => rows - 1,
    }
}

fn rows(database: &Database, table: &str) -> i64 {
    match database.number(&format!("SELECT COUNT(*) FROM sqlite_master WHERE name = '{table}'")) {
        0 => 0,
        _ => database.number(&format!("SELECT COUNT(*) FROM {table}")),
    }
}

/// The values that a document shows.
pub(super) fn values(document: &TestDocument) -> String {
    let doc = &document.doc;
    let (text, map, array) = (doc.get_or_insert_text("t"), doc.get_or_insert_map("m"), doc.get_or_insert_array("a"));
    let transaction = doc.transact();
    let mut map: Vec<_> =
        map.iter(&transaction).map(|(key, value)| format!("{key}: {:?}", value.to_json(&transaction))).collect();
    map.sort_unstable();
    let array: Vec<_> = array.iter(&transaction).map(|value| value.to_json(&transaction).to_string()).collect();
    format!("{:?} {map:?} {array:?}", text.get_string(&transaction))
}
