//! Failures, and events at bad moments.

use super::{
    room::{FOREVER, Simulated, script},
    simulation::Simulation,
};
use crate::{engine::tests::world::TestRoom, testing::Fault};

/// More calls than any step of these scenarios makes of the storage.
const CALLS: u64 = 12;

/// Plays a scenario in a room that these people have joined, awake or rebuilt between the steps.
fn rooms<R: TestRoom>(people: u64, scenario: impl Fn(&mut Simulation<R>)) {
    for rebuilt in [false, true] {
        let mut simulation = Simulation::new(rebuilt, people);
        for number in 0..people as usize {
            simulation.connect(number);
        }
        simulation.settle();
        scenario(&mut simulation);
        simulation.settle();
    }
}

#[test]
fn edits_that_wait_when_the_last_one_leaves_are_given_to_the_rooms_code() {
    rooms::<Simulated<0>>(1, |simulation| {
        for _ in 0..3 {
            simulation.send_edit(0);
        }
        assert!(simulation.world.is_committing());
        simulation.lose(0);
        simulation.commit();
        assert!(simulation.known.is_deleted());
    });
}

#[test]
fn what_was_edited_while_the_room_was_being_deleted_is_given_to_the_rooms_code_too() {
    fn scenario<const AFTER: u64>() {
        rooms::<Simulated<AFTER>>(1, |simulation| {
            script(|script| script.waits = true);
            simulation.lose(0);
            simulation.ring(0);
            simulation.join(0);
            simulation.send_edit(0);
            simulation.lose(0);
            simulation.open();
        });
    }
    scenario::<0>();
    scenario::<60_000>();
}

#[test]
fn who_comes_and_goes_while_the_room_is_being_deleted_begins_its_time_anew() {
    rooms::<Simulated<60_000>>(1, |simulation| {
        simulation.lose(0);
        script(|script| script.waits = true);
        simulation.ring(0);
        simulation.connect(0);
        simulation.lose(0);
        simulation.open();
        assert!(!simulation.known.is_deleted());
        assert_eq!(simulation.world.alarm(), Some(simulation.world.now() + 60_000));
    });
}

#[test]
fn a_document_that_begins_when_all_have_left_is_deleted() {
    let mut simulation = Simulation::<Simulated<0>>::new(false, 1);
    let begins = simulation.people[0].stock.document.all();
    script(|script| {
        script.begins = Some(begins);
        script.waits = true;
    });
    simulation.join(0);
    simulation.lose(0);
    simulation.open();
    assert_eq!(script(|script| script.asked), 1);
    assert!(simulation.known.is_deleted());
}

#[test]
fn an_alarm_that_can_not_read_what_it_is_for_comes_again() {
    rooms::<Simulated<FOREVER>>(1, |simulation| {
        simulation.send_edit(0);
        simulation.commit();
        simulation.hibernate();
        simulation.world.database.at(0, Fault::Error);
        simulation.ring(0);
        let told = script(|script| script.told);
        assert!(simulation.world.alarm().is_some());
        simulation.ring(0);
        assert_eq!(script(|script| script.told), told + 1);
    });
}

#[test]
fn an_alarm_that_a_crash_has_lost_is_set_by_the_next_change() {
    rooms::<Simulated<FOREVER>>(1, |simulation| {
        simulation.send_edit(0);
        simulation.crash();
        simulation.world.set_alarm(None);
        simulation.join(0);
        simulation.send_edit(0);
        assert!(simulation.world.alarm().is_some());
    });
}

#[test]
fn a_deletion_that_could_not_be_called_off_does_not_ring_for_ever() {
    for call in 0..CALLS {
        rooms::<Simulated<60_000>>(1, |simulation| {
            simulation.lose(0);
            simulation.hibernate();
            simulation.world.database.at(call, Fault::Error);
            simulation.connect(0);
            simulation.world.database.reopen();
            simulation.ring(60_000);
            simulation.ring(0);
            assert!(simulation.world.only_looks());
            assert!(!simulation.known.is_deleted());
        });
    }
}

#[test]
fn who_could_not_be_given_what_it_missed_comes_back() {
    for call in 0..CALLS {
        rooms::<Simulated<FOREVER>>(2, |simulation| {
            simulation.lose(1);
            simulation.connect(1);
            simulation.people[1].read();
            simulation.carry(1);
            while simulation.people[1].read() {}
            simulation.hibernate();
            simulation.world.database.at(call, Fault::Error);
            simulation.carry(1);
            simulation.world.database.reopen();
            while simulation.people[1].read() {}
            simulation.send_edit(0);
            simulation.commit();
            let is_shown = simulation.people[1].line.as_ref().is_none_or(|line| !line.inbox.is_empty());
            assert!(is_shown, "it is there, and is shown nothing");
        });
    }
}
