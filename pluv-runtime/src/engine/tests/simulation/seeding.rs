//! Every order in which people can come to a room whose document is to begin.

use yrs::{Map as _, Transact as _};

use super::{
    contents::Contents,
    room::{FOREVER, Simulated, script},
    simulation::Simulation,
};
use crate::testing::TestDocument;

/// The answer of the room's code to the question for the initial document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Nothing,
    Document,
    Failure,
}

/// The next event: the next thing that a person does, or the room's code answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Client(usize),
    Answer,
}

/// Visits every order of the answer and of what people do, each of whom does so many things. Of people who do the same
/// the first one begins.
fn orders(steps: &[usize], order: &mut Vec<Event>, visit: &mut impl FnMut(&[Event])) {
    let done = |event| order.iter().filter(|other| **other == event).count();
    let people = (0..steps.len()).filter(|person| {
        let is_next = *person == 0 || steps[person - 1] != steps[*person] || done(Event::Client(person - 1)) > 0;
        is_next && done(Event::Client(*person)) < steps[*person]
    });
    let answer = (done(Event::Answer) == 0).then_some(Event::Answer);
    let next: Vec<_> = people.map(Event::Client).chain(answer).collect();
    if next.is_empty() {
        return visit(order);
    }
    for event in next {
        order.push(event);
        orders(steps, order, visit);
        order.pop();
    }
}

/// Plays every order in which these people connect, initialise and, where there is a third thing to do, leave, in a room
/// that is awake or is rebuilt between the steps.
fn play(steps: &[usize], answer: Answer, ways: &[bool]) {
    let mut count = 0;
    orders(steps, &mut Vec::new(), &mut |order| {
        count += 1;
        for rebuilt in ways.iter().copied() {
            let result = std::panic::catch_unwind(|| play_order(steps.len(), order, answer, rebuilt));
            assert!(result.is_ok(), "{answer:?}, rebuilt {rebuilt}: {order:?}");
        }
    });
    assert!(count > 1);
}

fn play_order(people: usize, order: &[Event], answer: Answer, rebuilt: bool) {
    let mut simulation = Simulation::<Simulated<FOREVER>>::new(rebuilt, people as u64);
    let begins = TestDocument::new(1);
    begins.doc.get_or_insert_map("m").insert(&mut begins.doc.transact_mut(), "by", "room");
    let begins = begins.all();
    script(|script| {
        script.waits = true;
        script.fails = answer == Answer::Failure;
        script.begins = (answer == Answer::Document).then(|| begins.clone());
    });
    let mut done = vec![0; people];
    for event in order {
        let Event::Client(person) = *event else {
            simulation.open();
            continue;
        };
        done[person] += 1;
        match done[person] {
            1 => simulation.connect(person),
            2 => {
                simulation.people[person].read();
                simulation.carry(person);
            }
            _ => simulation.lose(person),
        }
    }
    let asked = script(|script| script.asked);
    if answer == Answer::Failure {
        assert!(asked >= 1);
        assert!(simulation.known.is_deleted(), "nobody begins what the room's code could not");
        assert!(simulation.people.iter().all(|person| person.line.is_none()), "all are to come back");
    } else if !rebuilt || answer == Answer::Document {
        assert_eq!(asked, 1, "however many join, one call is made");
    }
    script(|script| script.fails = false);
    simulation.gather();
    simulation.settle();
    assert_eq!(simulation.known.authors(), 1, "one document begins the room's");
    if answer == Answer::Document {
        simulation.known.check_is(&Contents::of(&begins));
    }
}

#[test]
fn one_document_begins_the_room_in_whatever_order_three_join() {
    for answer in [Answer::Nothing, Answer::Document, Answer::Failure] {
        play(&[2, 2, 2], answer, &[false, true]);
    }
}

#[test]
fn one_document_begins_the_room_in_whatever_order_two_join_and_leave() {
    for answer in [Answer::Nothing, Answer::Document, Answer::Failure] {
        play(&[3, 2], answer, &[false, true]);
    }
    play(&[3, 3], Answer::Nothing, &[false, true]);
}

#[test]
fn one_document_begins_the_room_in_whatever_order_three_join_of_whom_one_leaves() {
    play(&[3, 2, 2], Answer::Nothing, &[false]);
}
