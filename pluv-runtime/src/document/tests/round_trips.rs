use crate::{
    document::{
        log::{Log, LogSize, Stored},
        rows::CorruptRange,
        rows::{BLOCK, CHUNK, LARGEST},
    },
    testing::Database,
};

/// Bytes that tell their own order: no two stretches of a megabyte are alike.
pub(super) fn bytes(length: usize, seed: u8) -> Vec<u8> {
    let pattern: Vec<_> =
        (0..4_093u32).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0] ^ seed).collect();
    let mut data = pattern.repeat(length.div_ceil(pattern.len()));
    data.truncate(length);
    data
}

/// The updates of a read that found no damage.
pub(super) fn updates(stored: Stored) -> Vec<Vec<u8>> {
    assert_eq!(stored.damage, []);
    stored.entries.into_iter().map(|entry| entry.data).collect()
}

fn assert_comes_back(length: usize) {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    let (first, long, last) = (bytes(10, 1), bytes(length, 2), bytes(10, 3));
    log.append(&first).unwrap();
    log.append(&long).unwrap();
    let end = log.append(&last).unwrap();
    let expected = vec![first, long, last];
    let stored = log.read().unwrap();
    assert_eq!(stored.end, end);
    assert_eq!(stored.entries.last().unwrap().span.end, end);
    assert!(stored.entries.is_sorted_by(|one, next| one.span.end == next.span.start));
    assert!(updates(stored) == expected, "{length} bytes differ");
    assert!(updates(Log::new(host).read().unwrap()) == expected, "{length} bytes differ after a wake");
}

#[test]
fn an_entry_of_any_length_comes_back() {
    for around in [0, BLOCK, CHUNK, 2 * CHUNK] {
        for length in around.saturating_sub(6)..around + 6 {
            assert_comes_back(length);
        }
    }
    assert_comes_back(5_000_000);
    assert_comes_back(20_000_000);
}

#[test]
fn a_snapshot_of_any_length_comes_back() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    for length in [20_000_000, 0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5_000_000] {
        let snapshot = bytes(length, 9);
        log.compact(0, &snapshot).unwrap();
        let stored = Log::new(host.clone()).read().unwrap();
        assert!(stored.snapshot == Some(snapshot), "{length} bytes differ");
        assert_eq!(updates(stored), Vec::<Vec<u8>>::new());
        assert_eq!(log.size().unwrap(), LogSize { log: 0, snapshot: length as u64 });
    }
}

#[test]
fn more_than_can_ever_be_loaded_is_refused_and_the_log_goes_on() {
    let mut log = Log::new(Database::new());
    log.append(b"one").unwrap();
    let long = vec![0; LARGEST + 1];
    assert!(log.append(&long).is_err());
    assert!(log.append_all(&[b"no", &long]).is_err());
    assert!(log.compact(0, &long).is_err());
    log.append(b"two").unwrap();
    assert_eq!(updates(log.read().unwrap()), [b"one", b"two"]);
}

#[test]
fn updates_that_come_together_stay_entries_of_their_own() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    let sizes = [0, 3, BLOCK, 10, CHUNK, CHUNK - 4, CHUNK - 3, 3, 3_000_000, 7];
    let all: Vec<_> = sizes.iter().enumerate().map(|(index, size)| bytes(*size, index as u8)).collect();
    let slices: Vec<_> = all.iter().map(Vec::as_slice).collect();
    for from in 0..all.len() {
        for to in from..all.len() {
            log.clear().unwrap();
            let start = log.append(b"before").unwrap();
            let end = log.append_all(&slices[from..to]).unwrap();
            assert_eq!(end - start, slices[from..to].iter().map(|update| update.len() as i64 + 4).sum::<i64>());
            log.append(b"after").unwrap();
            let read = updates(Log::new(host.clone()).read().unwrap());
            assert!(read[1..=to - from] == all[from..to], "{from}..{to}");
            assert_eq!((read[0].as_slice(), read[to - from + 1].as_slice()), (&b"before"[..], &b"after"[..]));
        }
    }
}

#[test]
fn a_room_that_never_edits_has_no_table() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    let stored = log.read().unwrap();
    assert_eq!((stored.snapshot, stored.entries, stored.damage, stored.end), (None, vec![], vec![], 0));
    assert_eq!(log.size().unwrap(), LogSize::default());
    log.clear().unwrap();
    log.quarantine(&CorruptRange::SNAPSHOT, "nothing").unwrap();
    assert_eq!(log.append_all(&[]).unwrap(), 0);
    assert_eq!(host.take_written(), 0);
    assert_eq!(host.number("SELECT COUNT(*) FROM sqlite_master"), 0);
}

#[test]
fn clearing_leaves_an_empty_document_that_can_be_edited() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    log.append(&bytes(3_000_000, 1)).unwrap();
    let end = log.append(b"two").unwrap();
    log.compact(end, b"snapshot").unwrap();
    log.append(b"three").unwrap();
    log.clear().unwrap();
    for table in ["pluv_log", "pluv_snapshot", "pluv_damaged"] {
        assert_eq!(host.number(&format!("SELECT COUNT(*) FROM {table}")), 0);
    }
    assert_eq!(log.size().unwrap(), LogSize::default());
    log.append(b"four").unwrap();
    for mut log in [log, Log::new(host)] {
        let stored = log.read().unwrap();
        assert_eq!(stored.snapshot, None);
        assert_eq!(updates(stored), [b"four"]);
    }
}

#[test]
fn a_log_that_wakes_goes_on_where_the_last_one_stopped() {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    let mut expected = Vec::new();
    for round in 0..20u8 {
        for update in 0..round {
            expected.push(vec![round, update]);
            log.append(&[round, update]).unwrap();
        }
        let mut woken = Log::new(host.clone());
        assert_eq!(woken.size().unwrap(), log.size().unwrap());
        assert_eq!(woken.read().unwrap().end, log.read().unwrap().end);
        assert_eq!(updates(woken.read().unwrap()), expected);
        log = woken;
    }
}

#[test]
fn the_weight_says_when_to_fold() {
    let weight = |log, snapshot| LogSize { log, snapshot };
    assert!(!weight(0, 0).needs_compaction());
    assert!(!weight((64 << 10) - 1, 0).needs_compaction());
    assert!(weight(64 << 10, 0).needs_compaction());
    assert!(!weight(200 << 10, 1 << 20).needs_compaction());
    assert!(weight(256 << 10, 1 << 20).needs_compaction());
    assert!(weight(1 << 20, 60 << 20).needs_compaction());
}
