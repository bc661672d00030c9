//! Connections that go without a word.

use serde_json::{Value, json};

use super::world::{Client, World, both};
use crate::engine::Input;

const IDLE: u64 = 90_000;

/// Some clients ping each ten seconds for so long; the alarm comes when it is due.
fn live(world: &mut World, clients: &[Client], millis: u64) {
    world.pace = 0;
    let end = world.now() + millis;
    while world.now() < end {
        for client in clients {
            world.ping(*client);
        }
        world.wait(10_000);
        if world.alarm().is_some_and(|due| due <= world.now()) {
            world.fire_alarm();
        }
    }
}

/// The names of what a client got but for the answers to its pings.
fn names(world: &mut World, client: Client) -> Vec<String> {
    world.names(client).into_iter().filter(|name| name != "$pong").collect()
}

#[test]
fn an_alarm_is_there_as_long_as_anyone_is() {
    both(|world| {
        assert_eq!(world.alarm(), None);
        let a = world.connect("u1");
        assert_eq!(world.alarm(), Some(world.now() + IDLE));
        let due = world.alarm();
        let b = world.join("u2", &json!({}));
        world.send(b, "say", &json!({ "text": "hi" }));
        assert_eq!(world.alarm(), due, "it is not set anew for each that comes, or each message");
        world.leave(b);
        assert_eq!(world.alarm(), due);
        world.leave(a);
        assert_eq!(world.alarm(), None);
        let c = world.join("u3", &json!({}));
        assert_eq!(world.alarm(), Some(world.now() - world.pace + IDLE));
        world.leave_asleep(c);
        assert_eq!(world.alarm(), None);
    });
}

#[test]
fn who_is_silent_goes_and_the_others_are_told_once() {
    both(|world| {
        let [a, b] = ["u1", "u2"].map(|user| world.join(user, &json!({})));
        world.clear();
        live(world, &[b], IDLE + 10_000);
        assert!(world.needs_pings(), "it is suspected");
        assert_eq!(names(world, b), [""; 0], "nobody is closed before the room has listened");
        live(world, &[b], IDLE + 20_000);
        assert_eq!(world.closed(a), Some(1012));
        let frames: Vec<_> = world.frames(b).into_iter().filter(|frame| frame["type"] != "$pong").collect();
        let seen: Vec<_> = frames.iter().map(|frame| (frame["type"].clone(), frame["data"].clone())).collect();
        assert_eq!(seen[0], (json!("$exit"), json!({ "sessionId": "s1" })));
        assert_eq!(seen[1], (json!("$syncStateReceived"), json!({ "connectionIds": ["s2"] })));
        assert_eq!(seen[2], (json!("left"), json!({ "x": null })));
        assert_eq!(seen.len(), 3);
        assert!(frames.iter().all(|frame| frame["connectionId"] == "s1"));
        assert!(!world.needs_pings());
        world.leave(a);
        assert_eq!(world.frames(b), Vec::<Value>::new(), "its close event comes late, and says nothing new");
        assert_eq!(world.others(b), json!({}));
    });
}

#[test]
fn many_who_are_silent_go_at_once_and_the_truth_is_told_once() {
    both(|world| {
        let silent = ["u1", "u1", "u2"].map(|user| world.join(user, &json!({})));
        let b = world.join("u3", &json!({}));
        world.clear();
        live(world, &[b], 3 * IDLE);
        let mut names = names(world, b);
        names.sort();
        assert_eq!(names, ["$exit", "$exit", "$exit", "$syncStateReceived", "left", "left", "left"]);
        assert!(silent.iter().all(|client| world.closed(*client) == Some(1012)));
    });
}

#[test]
fn who_never_said_a_word_goes_unseen() {
    both(|world| {
        let a = world.connect("u1");
        let b = world.join("u2", &json!({}));
        live(world, &[b], 3 * IDLE);
        assert_eq!(world.closed(a), Some(1012));
        assert_eq!(names(world, b), [""; 0]);
    });
}

#[test]
fn a_room_whose_last_connection_was_silent_is_empty() {
    both(|world| {
        let a = world.join("u1", &json!({ "note": "n".repeat(20_000) }));
        assert_eq!(world.stored(), 1);
        live(world, &[], 3 * IDLE);
        assert_eq!(world.closed(a), Some(1012));
        assert_eq!((world.alarm(), world.stored(), world.needs_pings()), (None, 0, false));
    });
}

#[test]
fn who_pings_once_a_minute_stays() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.clear();
        for _ in 0..20 {
            world.ping(a);
            live(world, &[b], 60_000);
        }
        assert_eq!((world.closed(a), names(world, b)), (None, vec![]));
    });
}

#[test]
fn who_pings_stays_though_the_platform_knows_nothing_of_its_pings() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        for _ in 0..20 {
            world.ping(a);
            world.forget_ping(a);
            live(world, &[], 60_000);
        }
        assert_eq!(world.closed(a), None);
    });
}

#[test]
fn who_says_something_stays_though_it_never_pings() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        for _ in 0..20 {
            live(world, &[], IDLE - 20_000);
            world.send(a, "say", &json!({ "text": "hi" }));
            assert!(!world.needs_pings(), "what it says is enough");
        }
        assert_eq!(world.closed(a), None);
    });
}

#[test]
fn an_alarm_that_comes_twice_or_late_or_too_early_changes_nothing() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.clear();
        world.pace = 0;
        let due = world.alarm().expect("there is an alarm");
        world.fire_alarm_at(due - 50_000);
        assert_eq!((world.needs_pings(), world.alarm().is_some()), (false, true));
        world.wait(200_000);
        world.ping(b);
        world.fire_alarm();
        world.fire_alarm_at(world.now());
        assert!(world.needs_pings());
        assert_eq!(names(world, b), [""; 0]);
        world.wait(200_000);
        world.ping(b);
        world.fire_alarm();
        world.fire_alarm_at(world.now());
        assert_eq!(world.closed(a), Some(1012));
        assert_eq!(names(world, b), ["$exit", "$syncStateReceived", "left"]);
        assert_eq!(world.closed(b), None);
    });
}

#[test]
fn an_alarm_that_the_platform_has_dropped_is_set_again_when_the_room_wakes() {
    for rebuilt in [false, true] {
        let mut world: World = World::new(rebuilt);
        let a = world.join("u1", &json!({}));
        world.set_alarm(None);
        world.hibernate();
        world.send(a, "say", &json!({ "text": "hi" }));
        assert_eq!(world.alarm(), Some(world.now() + IDLE));
    }
}

#[test]
fn an_alarm_that_could_not_be_set_is_set_with_the_next_message() {
    let mut world: World = World::new(false);
    let a = world.join("u1", &json!({}));
    world.set_alarm(None);
    world.input(Input::AlarmFailed);
    world.send(a, "say", &json!({ "text": "hi" }));
    assert_eq!(world.alarm(), Some(world.now() + IDLE));
}

#[test]
fn a_wake_by_a_message_leaves_the_alarm_as_it_is() {
    let mut world: World = World::new(true);
    let a = world.join("u1", &json!({}));
    let due = world.alarm();
    for _ in 0..5 {
        world.send(a, "say", &json!({ "text": "hi" }));
        assert_eq!(world.alarm(), due);
    }
}

#[test]
fn sessions_that_a_crash_left_behind_are_forgotten() {
    both(|world| {
        let note = json!({ "note": "n".repeat(20_000) });
        let a = world.join("u1", &note);
        world.join("u2", &note);
        assert_eq!(world.stored(), 2);
        world.lose_silently(a);
        world.hibernate();
        world.fire_alarm();
        assert_eq!(world.stored(), 1);
    });
}

#[test]
fn an_alarm_in_a_room_that_a_deploy_has_emptied_is_the_last() {
    both(|world| {
        world.join("u1", &json!({ "note": "n".repeat(20_000) }));
        world.crash();
        assert!(world.alarm().is_some());
        world.fire_alarm();
        assert_eq!((world.alarm(), world.stored()), (None, 0));
    });
}

#[test]
fn a_handler_can_have_the_silent_looked_for() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.pace = 0;
        for is_gone in [false, true] {
            world.wait(IDLE);
            world.send(b, "collect", &json!({}));
            assert_eq!(world.closed(a).is_some(), is_gone);
        }
        world.send(b, "collect", &json!({}));
        assert_eq!(names(world, b), ["$exit", "$syncStateReceived", "left"]);
    });
}

#[test]
fn a_clock_that_is_set_forward_or_back_closes_nobody_who_is_there() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        world.pace = 0;
        world.wait(10_000_000);
        world.fire_alarm();
        world.ping(a);
        live(world, &[a], IDLE);
        world.set_back(5_000_000);
        world.fire_alarm_at(world.now());
        live(world, &[a], 3 * IDLE);
        assert_eq!(world.closed(a), None);
        assert!(!world.needs_pings());
        live(world, &[], 3 * IDLE);
        assert_eq!(world.closed(a), Some(1012), "it was silent since");
    });
}

#[test]
fn who_reads_nothing_of_much_is_closed_unless_it_was_heard() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.clear();
        for _ in 0..2 {
            world.wait(10_000);
            world.ping(b);
            for client in [a, b] {
                world.unread(client);
            }
        }
        assert_eq!((world.closed(a), world.closed(b)), (Some(1013), None));
        assert_eq!(names(world, b), ["$exit", "left"]);
    });
}
