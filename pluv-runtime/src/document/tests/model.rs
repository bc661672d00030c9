//! Random steps against the same on a `Vec`.

use super::{random::Random, round_trips::bytes};
use crate::{
    document::{
        log::Log,
        rows::CorruptRange,
        rows::{BLOCK, CHUNK},
        tables::Result,
    },
    testing::{Database, Fault},
};

fn update(random: &mut Random) -> Vec<u8> {
    let length = match random.below(1_000) {
        0 => CHUNK as u64 + random.below(CHUNK as u64 * 2),
        1 | 2 => CHUNK as u64 - 10 + random.below(20),
        3..40 => BLOCK as u64 - 10 + random.below(20),
        40..100 => random.below(6_000),
        _ => random.below(60),
    };
    let seed = random.below(256) as u8;
    bytes(length as usize, seed)
}

/// The updates that should be stored.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    snapshot: Option<Vec<u8>>,
    entries: Vec<Vec<u8>>,
}

/// The updates that are stored, and where each entry ends.
fn read(log: &mut Log) -> Result<(Model, Vec<i64>)> {
    let stored = log.read()?;
    assert_eq!(stored.damage, []);
    let ends = stored.entries.iter().map(|entry| entry.span.end).collect();
    let entries = stored.entries.into_iter().map(|entry| entry.data).collect();
    Ok((Model { snapshot: stored.snapshot, entries }, ends))
}

/// One random step on both, of which the real one may fail.
fn step(random: &mut Random, log: &mut Log, model: &mut Model) -> Result<()> {
    match random.below(100) {
        0..60 => {
            let added = update(random);
            model.entries.push(added.clone());
            log.append(&added).map(drop)
        }
        60..75 => {
            let updates: Vec<_> = (0..random.below(20)).map(|_| update(random)).collect();
            model.entries.extend_from_slice(&updates);
            log.append_all(&updates.iter().map(Vec::as_slice).collect::<Vec<_>>()).map(drop)
        }
        75..80 if log.size()?.needs_compaction() || random.below(5) == 0 => {
            let (stored, ends) = read(log)?;
            assert!(stored == *model);
            // Some more come before the fold, and the fold may stop short.
            let stop = if random.below(3) == 0 { random.below(ends.len() as u64 + 1) as usize } else { ends.len() };
            let mut folded = model.clone();
            let later = update(random);
            folded.entries.push(later.clone());
            *model = folded.clone();
            log.append(&later)?;
            folded.snapshot = Some(update(random));
            folded.entries.drain(..stop);
            *model = folded;
            let up_to = stop.checked_sub(1).map_or(0, |last| ends[last]);
            log.compact(up_to, model.snapshot.as_ref().expect("just set"))
        }
        80..82 if !model.entries.is_empty() => {
            let index = random.below(model.entries.len() as u64) as usize;
            let entry = log.read()?.entries.swap_remove(index);
            assert!(entry.data == model.entries.remove(index));
            log.quarantine(&CorruptRange::Entry(entry.span), "test")
        }
        82 if random.below(20) == 0 => {
            *model = Model::default();
            log.clear()
        }
        _ => {
            assert!(read(log)?.0 == *model);
            Ok(())
        }
    }
}

fn play(seed: u64, steps: u32) {
    let mut random = Random::new(seed);
    let host = Database::new();
    let mut log = Log::new(host.clone());
    let mut model = Model::default();
    for number in 0..steps {
        let before = model.clone();
        let fault = match random.below(30) {
            0 => Some(Fault::Crash),
            1 => Some(Fault::Error),
            2 => Some(Fault::ErrorAfter),
            _ => None,
        };
        if let Some(fault) = fault {
            host.at(random.below(8), fault);
        }
        let result = step(&mut random, &mut log, &mut model);
        host.reopen();
        if fault == Some(Fault::Crash) || random.below(20) == 0 {
            log = Log::new(host.clone());
        }
        if result.is_err() {
            let (found, _) = read(&mut Log::new(host.clone())).unwrap();
            // A step that folds appends first.
            let mut appended = before.clone();
            appended.entries.extend(model.entries.last().cloned());
            let known = [&before, &model, &appended].into_iter().any(|model| found == *model);
            assert!(known, "seed {seed}, step {number}: {fault:?} left something else");
            model = found;
        }
        let mut other = Log::new(host.clone());
        assert_eq!(log.size().unwrap().snapshot, other.size().unwrap().snapshot, "seed {seed}, step {number}");
    }
    assert!(read(&mut log).unwrap().0 == model, "seed {seed}");
    assert!(read(&mut Log::new(host)).unwrap().0 == model, "seed {seed}");
}

#[test]
fn random_steps_and_faults_end_where_the_model_does() {
    for seed in 0..20 {
        play(seed, 250);
    }
}
