//! Many small edits, so that the log is folded again and again while they come.

use super::{
    edits,
    room::{FOREVER, Simulated},
    simulation::Simulation,
};
use crate::{document::tests::random::Random, testing::Fault};

const EDITS: u32 = 3_000;

/// Sends many edits of two people, and says how often the log got shorter.
fn folds(rebuilt: bool, crashes: bool) -> u32 {
    let mut random = Random::new(u64::from(rebuilt));
    let mut simulation = Simulation::<Simulated<FOREVER>>::new(rebuilt, 2);
    simulation.known.pace = 500;
    simulation.gather();
    simulation.settle();
    let (mut folds, mut before) = (0, 0);
    for turn in 0..EDITS {
        let number = random.below(2) as usize;
        let edit = if turn % 2 == 0 { edits::edit } else { edits::overwrite };
        simulation.edit(number, false, |doc| edit(doc, &mut random));
        simulation.carry(number);
        if turn % 3 == 0 {
            simulation.commit();
        }
        if turn % 50 == 0 {
            while simulation.people[1 - number].read() {}
        }
        if crashes && turn % 300 == 0 {
            simulation.world.database.at(random.below(40), Fault::Crash);
        }
        if simulation.people[number].line.is_none() {
            simulation.gather();
        }
        let rows = simulation.world.database.number("SELECT COUNT(*) FROM pluv_log");
        folds += u32::from(rows < before);
        before = rows;
    }
    simulation.settle();
    folds
}

#[test]
fn folds_among_many_edits_keep_them_all() {
    for rebuilt in [false, true] {
        let folds = folds(rebuilt, false);
        assert!(folds >= 4, "{folds}");
    }
}

#[test]
fn folds_and_crashes_among_many_edits_keep_all_that_was_shown() {
    let folds = folds(false, true);
    assert!(folds >= 3, "{folds}");
}
