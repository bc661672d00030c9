use super::round_trips::bytes;
use crate::{
    document::{
        log::{Log, Stored},
        rows::CHUNK,
        rows::{CorruptRange, Corruption},
    },
    testing::Database,
};

/// A snapshot of three parts, and entries in rows of their own at these positions: 0, 7, 14 (three rows), and after it.
fn room() -> Database {
    let host = Database::new();
    Log::new(host.clone()).compact(0, &snapshot()).unwrap();
    for update in [b"one".to_vec(), b"two".to_vec(), long(), b"four".to_vec()] {
        Log::new(host.clone()).append(&update).unwrap();
    }
    host
}

fn snapshot() -> Vec<u8> {
    bytes(2 * CHUNK + 5, 1)
}

fn long() -> Vec<u8> {
    bytes(2 * CHUNK + 5, 2)
}

fn four() -> usize {
    14 + 4 + 2 * CHUNK + 5
}

/// The names of the entries that were read.
fn names(stored: &Stored) -> Vec<&str> {
    let name = |data: &Vec<u8>| match data.as_slice() {
        b"one" => "one",
        b"two" => "two",
        b"four" => "four",
        b"next" => "next",
        data if data == long() => "long",
        data => panic!("{} bytes of what was never written", data.len()),
    };
    stored.entries.iter().map(|entry| name(&entry.data)).collect()
}

/// Damages a room and checks that the rest can be read, that appending goes on, and that what can't be read is kept,
/// byte for byte: if it is set aside and if the next fold has to do it.
fn assert_survives(damage: &str, entries: &[&str], reasons: &[&str]) {
    for by_hand in [true, false] {
        let host = room();
        assert!(host.run(damage) > 0, "{damage}");
        let before = host.number("SELECT COUNT(*) FROM pluv_log") + host.number("SELECT COUNT(*) FROM pluv_snapshot");

        let mut log = Log::new(host.clone());
        let stored = log.read().unwrap();
        assert_eq!(names(&stored), entries, "{damage}");
        assert_eq!(stored.damage.iter().map(|damage| damage.reason.as_str()).collect::<Vec<_>>(), reasons, "{damage}");
        log.append(b"next").unwrap();
        let with_next = [entries, &["next"]].concat();
        assert_eq!(names(&log.read().unwrap()), with_next, "{damage}");

        if by_hand {
            for Corruption { range, reason } in &stored.damage {
                log.quarantine(range, reason).unwrap();
            }
            for mut log in [Log::new(host.clone()), log] {
                let again = log.read().unwrap();
                assert_eq!(again.damage, [], "{damage}");
                assert_eq!(again.snapshot, stored.snapshot);
                assert_eq!(names(&again), with_next, "{damage}");
                log.size().unwrap();
            }
            let left = host.number("SELECT COUNT(*) FROM pluv_log") + host.number("SELECT COUNT(*) FROM pluv_snapshot");
            assert_eq!(left + host.number("SELECT COUNT(*) FROM pluv_damaged"), before + 1, "{damage}");
        } else {
            log.compact(stored.end, b"snapshot").unwrap();
            let again = log.read().unwrap();
            assert_eq!((again.snapshot.as_deref(), names(&again)), (Some(&b"snapshot"[..]), vec!["next"]));
            assert_eq!(again.damage, []);
            assert_eq!(host.number("SELECT COUNT(*) FROM pluv_damaged") > 0, !reasons.is_empty(), "{damage}");
            log.compact(again.end, b"snapshot").unwrap();
        }
    }
}

#[test]
fn a_row_of_the_wrong_type_leaves_the_others() {
    let reason = ["a column is not of its type"];
    let rest = ["one", "long", "four"];
    for value in ["'text'", "12", "1.5"] {
        assert_survives(&format!("UPDATE pluv_log SET data = {value} WHERE start = 7"), &rest, &reason);
    }
    assert_survives("UPDATE pluv_log SET head = 'seven' WHERE start = 7", &rest, &reason);
    assert_survives("UPDATE pluv_log SET crc = x'07' WHERE start = 7", &rest, &reason);
}

#[test]
fn a_row_that_changed_leaves_the_others() {
    let reason = ["the data does not have its checksum"];
    for data in ["substr(data, 1, 6)", "x''", "data || x'00'", "x'03000000747778'"] {
        let damage = format!("UPDATE pluv_log SET data = CAST({data} AS BLOB) WHERE start =");
        assert_survives(&format!("{damage} 0"), &["two", "long", "four"], &reason);
        assert_survives(&format!("{damage} 7"), &["one", "long", "four"], &reason);
        assert_survives(&format!("{damage} {}", four()), &["one", "two", "long"], &reason);
    }
    let data = "data = (SELECT data FROM pluv_log WHERE start = 0)";
    assert_survives(&format!("UPDATE pluv_log SET {data} WHERE start = 7"), &["one", "long", "four"], &reason);
}

#[test]
fn a_long_entry_that_lacks_a_row_leaves_the_others() {
    let rest = ["one", "two", "four"];
    let delete = |row: usize| format!("DELETE FROM pluv_log WHERE start = {}", 14 + row * CHUNK);
    assert_survives(&delete(0), &rest, &["the beginning of its entry is missing"]);
    assert_survives(&delete(1), &rest, &["a part of the entry is missing"]);
    assert_survives(&delete(2), &rest, &["the rest of the entry is missing"]);
}

#[test]
fn a_long_entry_with_a_row_that_changed_leaves_the_others() {
    let (rest, changed) = (["one", "two", "four"], "the data does not have its checksum");
    let (unfinished, headless) = ("the rest of the entry is missing", "the beginning of its entry is missing");
    let damage = |row: usize| format!("UPDATE pluv_log SET data = x'00' WHERE start = {}", 14 + row * CHUNK);
    assert_survives(&damage(0), &rest, &[changed, headless]);
    assert_survives(&damage(1), &rest, &[unfinished, changed, headless]);
    assert_survives(&damage(2), &rest, &[unfinished, changed]);
}

#[test]
fn a_row_that_is_gone_takes_only_its_entries() {
    assert_survives("DELETE FROM pluv_log WHERE start = 7", &["one", "long", "four"], &[]);
}

#[test]
fn rows_that_hold_no_whole_entries_leave_the_others() {
    let insert = "INSERT INTO pluv_log SELECT 10000000, 10000000,";
    let all = ["one", "two", "long", "four"];
    assert_survives(&format!("{insert} 0, x''"), &all, &["it does not hold whole entries"]);
    // CRC-32 of the bytes, from Python's zlib.
    assert_survives(&format!("{insert} 1489118142, x'0100'"), &all, &["it does not hold whole entries"]);
    assert_survives(&format!("{insert} 4294967295, x'ffffffff'"), &all, &["an entry is longer than any can be"]);
}

#[test]
fn a_snapshot_that_lacks_a_part_is_reported_and_the_log_read() {
    let all = ["one", "two", "long", "four"];
    assert_survives("DELETE FROM pluv_snapshot WHERE part = 0", &all, &["a part is missing"]);
    assert_survives("DELETE FROM pluv_snapshot WHERE part = 1", &all, &["a part is missing"]);
    assert_survives("DELETE FROM pluv_snapshot WHERE part = 2", &all, &["its last parts are missing"]);
}

#[test]
fn a_snapshot_that_changed_is_reported_and_the_log_read() {
    let all = ["one", "two", "long", "four"];
    let damages = [
        ("data = zeroblob(length(data)) WHERE part = 1", "the data does not have its checksum"),
        ("data = substr(data, 2) WHERE part = 1", "its last parts are missing"),
        ("data = zeroblob(6) WHERE part = 2", "it is longer than it says"),
        ("data = 'text' WHERE part = 2", "a column is not of its type"),
        ("crc = 7 WHERE part = 1", "its parts are of different snapshots"),
        ("length = length + 1 WHERE part = 2", "its parts are of different snapshots"),
        ("length = 1000000000000", "it is longer than any can be"),
        ("length = -1", "it is longer than any can be"),
        ("part = -1 WHERE part = 1", "a part is missing"),
    ];
    for (damage, reason) in damages {
        assert_survives(&format!("UPDATE pluv_snapshot SET {damage}"), &all, &[reason]);
    }
}

#[test]
fn a_part_too_many_leaves_the_snapshot() {
    for part in [3, 4, 1000] {
        let host = room();
        host.run(&format!(
            "INSERT INTO pluv_snapshot SELECT {part}, length, crc, data FROM pluv_snapshot WHERE part = 2"
        ));
        let mut log = Log::new(host);
        let stored = log.read().unwrap();
        assert!(stored.snapshot == Some(snapshot()));
        let [Corruption { range, reason }] = stored.damage.as_slice() else { panic!("{:?}", stored.damage) };
        assert_eq!(reason, "a part more than the snapshot has");
        log.quarantine(range, reason).unwrap();
        let stored = log.read().unwrap();
        assert!(stored.snapshot == Some(snapshot()) && stored.damage.is_empty());
    }
}

#[test]
fn an_entry_is_set_aside_alone_wherever_it_lies() {
    let updates = [bytes(10, 1), bytes(20, 2), bytes(30, 3), bytes(2_500_000, 4), bytes(40, 5), bytes(3_990, 6)];
    for index in 0..updates.len() {
        let host = Database::new();
        let mut log = Log::new(host.clone());
        for update in &updates {
            log.append(update).unwrap();
        }
        let span = log.read().unwrap().entries[index].span.clone();
        log.quarantine(&CorruptRange::Entry(span), "yrs can't read it").unwrap();
        log.append(b"next").unwrap();
        let mut expected = updates.to_vec();
        expected.remove(index);
        expected.push(b"next".to_vec());
        for mut log in [Log::new(host.clone()), log] {
            let stored = log.read().unwrap();
            assert_eq!(stored.damage, []);
            assert!(stored.entries.iter().map(|entry| &entry.data).eq(&expected), "{index}");
        }
        let kept = host.number("SELECT SUM(length(data)) FROM pluv_damaged");
        assert_eq!(kept, updates[index].len() as i64 + 4);
        assert_eq!(
            host.number("SELECT COUNT(*) FROM pluv_damaged WHERE reason = 'yrs can''t read it'"),
            [1, 1, 1, 3, 1, 1][index]
        );
    }
}

#[test]
fn a_snapshot_that_its_reader_refuses_can_be_set_aside() {
    let host = room();
    let mut log = Log::new(host.clone());
    log.quarantine(&CorruptRange::SNAPSHOT, "yrs can't read it").unwrap();
    let stored = log.read().unwrap();
    assert_eq!((stored.snapshot.is_none(), names(&stored).len()), (true, 4));
    assert_eq!(host.number("SELECT COUNT(*) FROM pluv_damaged WHERE source = 'snapshot'"), 3);
}

#[test]
fn a_position_that_was_set_aside_is_not_given_out_again() {
    let mut log = Log::new(Database::new());
    log.append(b"one").unwrap();
    let end = log.append(b"two").unwrap();
    log.quarantine(&CorruptRange::Entry(7..14), "test").unwrap();
    log.append(b"three").unwrap();
    log.compact(end, b"snapshot").unwrap();
    assert_eq!(log.read().unwrap().entries[0].data, b"three");
}
