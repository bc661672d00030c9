//! The memory that documents take of a worker.

use super::hostile::{KINDS, Kind, Structs};
use crate::{
    document::{Document, Storage as _, StoreError, Yrs},
    properties::{allocated, alone, max_allocated},
    testing::Database,
};

/// The memory that the platform gives an isolate, in bytes. Here pointers are twice as long as in a worker.
const MEMORY: usize = 128_000_000;

/// The largest document that a room may ask for.
const LIMIT: usize = 10_000_000;

#[test]
fn a_hostile_document_is_refused_before_it_takes_more_memory_than_there_is() {
    let test = "document::tests::memory::a_hostile_document_is_refused_before_it_takes_more_memory_than_there_is";
    alone(test, MEMORY, KINDS.iter().map(|(name, _)| *name), |kind| {
        let (_, kind) = KINDS.iter().find(|(name, _)| *name == kind).unwrap();
        grow(*kind);
    });
}

/// Lets a document grow until it is refused; then folds it, hands it out, reads it back, and edits it.
fn grow(kind: Kind) {
    let host = Database::new();
    let before = allocated();
    let mut document = Yrs::open(host.clone().into(), LIMIT).unwrap();
    let mut structs = Structs::new();
    let mut stored = 0;
    for len in [300_000, 30_000, 3_000] {
        loop {
            let mut next = structs.clone();
            if store(&mut *document, next.update(kind, len)).is_err() {
                break;
            }
            structs = next;
            stored += len;
            document.maintain(0).unwrap();
        }
    }
    assert!(stored > 100_000, "only {stored} bytes were taken");
    let state = document.encode_state(0).unwrap();
    let state = state.len();
    let mut document = Yrs::open(host.into(), LIMIT).unwrap();
    assert_eq!(document.encode_state(0).unwrap().len(), state);
    let held = allocated() - before;
    let _ = store(&mut *document, vec![1, 1, 9, 0, 4, 1, 1, b'b', 1, b'x', 0]);
    document.maintain(0).unwrap();
    println!(
        "up to {:.0} MB, at rest {:.1} MB, for {:.1} MB stored and {:.1} MB handed out",
        (max_allocated() - before) as f64 / 1e6,
        held as f64 / 1e6,
        stored as f64 / 1e6,
        state as f64 / 1e6
    );
}

fn store(document: &mut dyn Document, update: Vec<u8>) -> Result<(), StoreError> {
    let admitted = document.validate(update).unwrap().unwrap();
    document.store(0, &[&admitted])?.remove(0).map(drop)
}
