//! Any failure leaves what was before or what was to be.

use super::round_trips::bytes;
use crate::{
    document::{log::Log, rows::CHUNK, rows::CorruptRange, tables::Result},
    testing::{Database, Fault},
};

type Step = fn(&mut Log) -> Result<()>;

/// All that can be read, with what was set aside by its number of rows.
type State = (Option<Vec<u8>>, Vec<Vec<u8>>, i64);

fn state(log: &mut Log, host: &Database) -> State {
    let stored = log.read().unwrap();
    assert_eq!(stored.damage, []);
    let has_tables = host.number("SELECT COUNT(*) FROM sqlite_master WHERE name = 'pluv_damaged'") > 0;
    let damaged = if has_tables { host.number("SELECT COUNT(*) FROM pluv_damaged") } else { 0 };
    (stored.snapshot, stored.entries.into_iter().map(|entry| entry.data).collect(), damaged)
}

/// Lets a step fail at each of its calls in turn, each way, on a log that is awake or has just woken up.
fn assert_all_or_nothing(prepare: Step, step: Step) {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    prepare(&mut log).unwrap();
    let before = state(&mut log, &host);
    step(&mut log).unwrap();
    let after = state(&mut log, &host);
    for fault in [Fault::Crash, Fault::Error, Fault::ErrorAfter] {
        for woken in [false, true] {
            let failures = (0..).take_while(|call| fails(prepare, step, fault, *call, woken, &before, &after)).count();
            assert!(failures > 0);
        }
    }
}

/// Lets a step fail at one call, and returns whether there was such a call.
fn fails(prepare: Step, step: Step, fault: Fault, call: u64, woken: bool, before: &State, after: &State) -> bool {
    let host = Database::new();
    let mut log = Log::new(host.clone());
    prepare(&mut log).unwrap();
    if woken {
        log = Log::new(host.clone());
    }
    host.at(call, fault);
    let result = step(&mut log);
    host.reopen();

    let found = state(&mut Log::new(host.clone()), &host);
    match (&result, fault) {
        (Ok(()), _) => assert!(found == *after),
        (Err(_), Fault::ErrorAfter) => assert!(found == *before || found == *after, "{call}: half done"),
        (Err(_), _) => assert!(found == *before, "{fault:?} at {call}: half done"),
    }

    // The same log goes on, unless its room is gone.
    let mut log = if fault == Fault::Crash { Log::new(host.clone()) } else { log };
    let (snapshot, mut entries, damaged) = found;
    assert_eq!(log.size().unwrap().snapshot, snapshot.as_ref().map_or(0, Vec::len) as u64);
    let next = log.append(b"next").unwrap();
    entries.push(b"next".to_vec());
    assert!(state(&mut log, &host) == (snapshot, entries, damaged), "{fault:?} at {call}");
    assert_eq!(log.append(b"more").unwrap(), next + 8);
    log.compact(next, b"snapshot of all").unwrap();
    let folded = (Some(b"snapshot of all".to_vec()), vec![b"more".to_vec()], damaged);
    assert!(state(&mut Log::new(host.clone()), &host) == folded, "{fault:?} at {call}");
    result.is_err()
}

/// A room that never edited.
const NOTHING: Step = |_| Ok(());

/// Two entries in a row and one in a row of its own.
fn a_note(log: &mut Log) -> Result<()> {
    log.compact(0, b"snapshot")?;
    log.append(&bytes(5_000, 2))?;
    log.append(b"one")?;
    log.append(b"two")?;
    Ok(())
}

/// A snapshot and an entry of two rows each.
fn a_document(log: &mut Log) -> Result<()> {
    log.compact(0, &bytes(CHUNK + 1, 1))?;
    log.append(b"one")?;
    log.append(&bytes(CHUNK + 9, 2))?;
    log.append(b"two")?;
    log.append(b"three")?;
    Ok(())
}

#[test]
fn a_first_append_is_there_or_not() {
    assert_all_or_nothing(NOTHING, |log| log.append(b"one").map(drop));
}

#[test]
fn a_first_append_of_several_rows_is_there_or_not() {
    assert_all_or_nothing(NOTHING, |log| log.append(&bytes(CHUNK, 1)).map(drop));
}

#[test]
fn an_append_to_a_row_is_there_or_not() {
    assert_all_or_nothing(a_note, |log| log.append(b"four").map(drop));
}

#[test]
fn an_append_of_several_rows_is_there_or_not() {
    assert_all_or_nothing(a_note, |log| log.append(&bytes(CHUNK, 3)).map(drop));
}

#[test]
fn updates_that_come_together_are_all_there_or_none() {
    assert_all_or_nothing(a_note, |log| log.append_all(&[b"four", &bytes(CHUNK, 3), b"five"]).map(drop));
}

#[test]
fn a_fold_leaves_the_old_or_the_new() {
    // More parts than before, fewer, and the first ones.
    assert_all_or_nothing(a_document, |log| {
        let end = log.read()?.end;
        log.compact(end, &bytes(2 * CHUNK + 1, 5))
    });
    assert_all_or_nothing(a_document, |log| {
        let end = log.read()?.end;
        log.compact(end, b"new")
    });
    assert_all_or_nothing(NOTHING, |log| log.compact(0, &bytes(CHUNK + 1, 5)));
}

#[test]
fn a_fold_of_a_part_of_the_log_leaves_the_old_or_the_new() {
    // It stops between two entries of a row.
    assert_all_or_nothing(a_note, |log| {
        let up_to = log.read()?.entries[1].span.end;
        log.compact(up_to, b"new")
    });
}

#[test]
fn setting_aside_moves_or_leaves() {
    assert_all_or_nothing(a_note, |log| {
        let entry = log.read()?.entries[1].span.clone();
        log.quarantine(&CorruptRange::Entry(entry), "test")
    });
    assert_all_or_nothing(a_document, |log| log.quarantine(&CorruptRange::SNAPSHOT, "test"));
}

#[test]
fn clearing_leaves_all_or_nothing() {
    assert_all_or_nothing(a_note, Log::clear);
}
