use super::round_trips::{bytes, updates};
use crate::{
    document::{
        log::{Log, LogSize},
        rows::BLOCK,
    },
    testing::Database,
};

#[test]
fn what_came_after_the_read_stays() {
    for size in [0, 5, BLOCK / 2, 5_000, 3_000_000] {
        let host = Database::new();
        let mut log = Log::new(host.clone());
        log.append(b"old").unwrap();
        log.append(&bytes(size, 1)).unwrap();
        let stored = log.read().unwrap();
        // In the same row as the old ones, where it fits.
        log.append(b"new").unwrap();
        log.append(&bytes(size, 2)).unwrap();
        log.compact(stored.end, b"snapshot").unwrap();
        log.append(b"newer").unwrap();
        for mut log in [Log::new(host.clone()), log] {
            let stored = log.read().unwrap();
            assert_eq!(stored.snapshot.as_deref(), Some(&b"snapshot"[..]));
            assert!(updates(stored) == [b"new".to_vec(), bytes(size, 2), b"newer".to_vec()], "{size}");
            assert_eq!(log.size().unwrap(), LogSize { log: 7 + 4 + size as u64 + 9, snapshot: 8 });
        }
    }
}

#[test]
fn a_fold_may_stop_at_any_entry() {
    let sizes = [10, 20, 5_000, 30, 2_000_000, 40, 50];
    for stop in 0..=sizes.len() {
        let host = Database::new();
        let mut log = Log::new(host.clone());
        let all: Vec<_> = sizes.iter().map(|size| bytes(*size, 7)).collect();
        let mut ends = vec![0];
        ends.extend(all.iter().map(|update| log.append(update).unwrap()));
        log.compact(ends[stop], b"snapshot").unwrap();
        log.append(b"next").unwrap();
        let read = updates(log.read().unwrap());
        assert!(read[..read.len() - 1] == all[stop..], "{stop}");
        assert_eq!(read.last().map(Vec::as_slice), Some(&b"next"[..]));
        assert_eq!(Log::new(host).size().unwrap(), log.size().unwrap());
    }
}

#[test]
fn a_fold_that_would_cut_an_entry_is_refused() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    log.append(b"one").unwrap();
    log.append(&bytes(2_000_000, 1)).unwrap();
    let before = host.dump();
    for up_to in [1, 6, 8, 1_000_000, 2_000_000] {
        assert!(log.compact(up_to, b"snapshot").is_err(), "{up_to}");
    }
    assert!(host.dump() == before);
}

#[test]
fn a_position_is_not_given_out_twice() {
    let mut log = Log::new(Database::new());
    let first = log.append(b"one").unwrap();
    log.compact(first, b"snapshot").unwrap();
    assert_eq!(log.append(b"two").unwrap(), first + 7);
    log.clear().unwrap();
    assert_eq!(log.append(b"three").unwrap(), first + 16);
    // A fold that was on its way meets nothing of what is new.
    log.compact(first + 7, b"snapshot").unwrap();
    assert_eq!(updates(log.read().unwrap()), [b"three"]);
}

#[test]
fn a_smaller_snapshot_leaves_nothing_of_the_larger() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    log.compact(0, &bytes(5_000_000, 1)).unwrap();
    assert_eq!(host.number("SELECT COUNT(*) FROM pluv_snapshot"), 5);
    log.compact(0, b"small").unwrap();
    assert_eq!(host.number("SELECT COUNT(*) FROM pluv_snapshot"), 1);
    assert_eq!(log.read().unwrap().snapshot.as_deref(), Some(&b"small"[..]));
}
