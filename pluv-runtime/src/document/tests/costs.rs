//! The rows that the platform charges for, and those that a wake must not read.

use super::round_trips::{bytes, updates};
use crate::{
    document::{log::Log, rows::CorruptRange},
    testing::Database,
};

/// Version, `pluv_meta` and three tables.
const TABLES: u64 = 1 + 4 * 2;

#[test]
fn an_append_is_one_row_and_one_call() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    log.append(&bytes(30, 1)).unwrap();
    assert_eq!(host.take_written(), 1 + TABLES);
    for _ in 0..1_000 {
        let calls = host.calls();
        log.append(&bytes(30, 1)).unwrap();
        assert_eq!((host.take_written(), host.calls() - calls), (1, 1));
    }
    assert_eq!(host.number("SELECT COUNT(*) FROM pluv_log"), 9);
}

#[test]
fn updates_that_come_together_are_one_row() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    log.append(b"tables").unwrap();
    host.take_written();
    let update = bytes(100, 1);
    for count in [2, 8, 64, 1_000, 10_000] {
        log.append_all(&vec![update.as_slice(); count]).unwrap();
        assert_eq!(host.take_written(), 1, "{count}");
    }
    log.append(&bytes(20_000_000, 1)).unwrap();
    assert_eq!(host.take_written(), 20);
    assert_eq!(updates(log.read().unwrap()).len(), 1 + 2 + 8 + 64 + 1_000 + 10_000 + 1);
}

#[test]
fn a_thousand_edits_and_their_fold_are_little_more_than_a_thousand_rows() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    log.compact(0, &bytes(5_000_000, 1)).unwrap();
    host.take_written();
    for _ in 0..1_000 {
        log.append(&bytes(30, 2)).unwrap();
    }
    let stored = log.read().unwrap();
    log.compact(stored.end, &bytes(5_030_000, 3)).unwrap();
    // 9 rows of the log deleted, 5 parts of the snapshot replaced.
    assert_eq!(host.take_written(), 1_000 + 9 + 5);
}

#[test]
fn reads_write_nothing() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    log.append(&bytes(3_000_000, 1)).unwrap();
    log.compact(0, b"snapshot").unwrap();
    host.run("UPDATE pluv_log SET data = 'damaged' WHERE start > 0");
    host.take_written();
    let before = host.dump();
    let mut woken = Log::new(host.clone());
    assert_ne!(woken.read().unwrap().damage, []);
    woken.size().unwrap();
    assert_eq!(host.take_written(), 0);
    assert!(host.dump() == before);
}

#[test]
fn an_edit_after_a_wake_reads_no_row_of_the_document() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    log.compact(0, &bytes(5_000_000, 1)).unwrap();
    for _ in 0..5_000 {
        log.append(&bytes(50, 2)).unwrap();
    }
    let mut woken = Log::new(host.clone());
    host.take_read();
    let calls = host.calls();
    woken.append(b"one").unwrap();
    // Is there a table, which version, where are the ends: a row each. Then the write.
    assert_eq!((host.calls() - calls, host.take_read()), (4, 3));
    assert_eq!(woken.size().unwrap(), Log::new(host).size().unwrap());
}

#[test]
fn nothing_but_a_read_goes_through_the_rows() {
    let scanned = |rows: usize| {
        let host = Database::new();
        let ends: Vec<_> = (0..rows).map(|_| Log::new(host.clone()).append(b"one").unwrap()).collect();
        let mut log = Log::new(host.clone());
        host.take_scanned();
        log.append(b"two").unwrap();
        log.size().unwrap();
        log.quarantine(&CorruptRange::Entry(ends[10]..ends[11]), "test").unwrap();
        log.quarantine(&CorruptRange::Rows(ends[20]..ends[20] + 1), "test").unwrap();
        log.append(b"three").unwrap();
        log.compact(ends[30], b"snapshot").unwrap();
        log.quarantine(&CorruptRange::SNAPSHOT, "test").unwrap();
        log.append(b"four").unwrap();
        host.take_scanned()
    };
    // What is left is the look for the tables.
    assert!(scanned(100) < 10, "{}", scanned(100));
    assert_eq!(scanned(100), scanned(1_000));
}
