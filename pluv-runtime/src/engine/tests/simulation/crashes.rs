//! Failures at every call to the storage in turn.

use serde_json::json;

use super::{
    edits,
    room::{FOREVER, Simulated, script},
    simulation::Simulation,
};
use crate::{engine::tests::world::TestRoom, testing::Fault};

/// The ways to fail, each in a room that is awake or is rebuilt between the steps.
const WAYS: [(bool, Fault); 4] =
    [(false, Fault::Crash), (true, Fault::Crash), (false, Fault::Error), (false, Fault::ErrorAfter)];

/// Lets a scenario of two people fail at each of its calls in turn, in each of these ways.
fn at_every_call<R: TestRoom>(
    ways: &[(bool, Fault)],
    prepare: impl Fn(&mut Simulation<R>),
    scenario: impl Fn(&mut Simulation<R>),
) {
    for (rebuilt, fault) in ways {
        let calls = (0..).take_while(|call| fails(*rebuilt, *fault, *call, &prepare, &scenario)).count();
        assert!(calls > 3, "{calls}");
    }
}

/// Plays a scenario with a failure at one call, and returns whether there was such a call.
fn fails<R: TestRoom>(
    rebuilt: bool,
    fault: Fault,
    call: u64,
    prepare: impl Fn(&mut Simulation<R>),
    scenario: impl Fn(&mut Simulation<R>),
) -> bool {
    let _replay = Replay { rebuilt, fault, call };
    let mut simulation = Simulation::new(rebuilt, 2);
    prepare(&mut simulation);
    simulation.world.database.at(call, fault);
    scenario(&mut simulation);
    let has_failed = simulation.is_troubled();
    simulation.settle();
    simulation.gather();
    simulation.settle();
    has_failed
}

/// Says where a check fails.
struct Replay {
    rebuilt: bool,
    fault: Fault,
    call: u64,
}

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed at call {} by {:?}, rebuilt {}", self.call, self.fault, self.rebuilt);
        }
    }
}

fn join<R: TestRoom>(simulation: &mut Simulation<R>) {
    simulation.gather();
    simulation.settle();
}

/// One edit at once, three as a group, and one of the room's own.
fn edit_together<R: TestRoom>(simulation: &mut Simulation<R>) {
    for number in [0, 0, 1, 0] {
        simulation.gather();
        simulation.send_edit(number);
    }
    simulation.commit();
    simulation.gather();
    if let Some(line) = &mut simulation.people[1].line {
        line.send("stamp", &json!({}));
    }
    simulation.carry(1);
    simulation.commit();
}

/// Edits of which one fills the log, so that it is folded when it is safe.
fn fold<R: TestRoom>(simulation: &mut Simulation<R>) {
    simulation.gather();
    // What waits when the log is folded must not be lost with it.
    simulation.edit(1, true, edits::insert_mark);
    simulation.send_edit(1);
    simulation.edit(0, false, edits::paste);
    simulation.carry(0);
    simulation.commit();
    simulation.gather();
    simulation.edit(0, false, edits::unpaste);
    simulation.carry(0);
    simulation.commit();
    simulation.commit();
    simulation.people[1].release();
    simulation.carry(1);
}

/// All leave, the room's code is told, and some time later the document is deleted.
fn leave<R: TestRoom>(simulation: &mut Simulation<R>) {
    simulation.send_edit(0);
    simulation.send_edit(1);
    simulation.leave(0);
    simulation.leave_asleep(1);
    for _ in 0..4 {
        if simulation.world.alarm().is_some() {
            simulation.ring(0);
            simulation.commit();
        }
    }
}

#[test]
fn a_failure_while_two_join_leaves_one_document_that_is_begun_once() {
    at_every_call::<Simulated<FOREVER>>(&WAYS, |_| {}, Simulation::gather);
    at_every_call::<Simulated<FOREVER>>(
        &WAYS,
        |simulation| {
            let begins = simulation.people[0].stock.document.all();
            script(|script| script.begins = Some(begins));
        },
        Simulation::gather,
    );
}

#[test]
fn a_failure_among_edits_loses_none_that_was_shown() {
    at_every_call::<Simulated<FOREVER>>(&WAYS, join, edit_together);
}

#[test]
fn a_failure_of_a_fold_leaves_the_document_as_it_was() {
    at_every_call::<Simulated<FOREVER>>(&WAYS, join, fold);
}

#[test]
fn a_failure_of_a_deletion_deletes_nothing_that_the_rooms_code_was_not_given() {
    at_every_call::<Simulated<0>>(&WAYS, join, leave);
    at_every_call::<Simulated<60_000>>(&WAYS, join, leave);
}

#[test]
fn a_crash_anywhere_in_the_life_of_a_room_leaves_it_whole() {
    at_every_call::<Simulated<60_000>>(
        &WAYS[..1],
        |_| {},
        |simulation| {
            simulation.gather();
            edit_together(simulation);
            fold(simulation);
            simulation.gather();
            leave(simulation);
        },
    );
}
