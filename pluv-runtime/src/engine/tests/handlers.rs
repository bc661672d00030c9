//! When handlers run, and what is left of one that fails.

use serde_json::{Value, json};

use super::world::{World, both};

fn said(world: &mut World, client: super::world::Client) -> Vec<String> {
    world
        .frames(client)
        .iter()
        .filter(|frame| frame["type"] == "said")
        .map(|frame| frame["data"]["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn handlers_of_one_connection_run_one_after_another() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        world.send(a, "wait", &json!({ "text": "first" }));
        world.send(a, "say", &json!({ "text": "second" }));
        world.send(a, "say", &json!({ "text": "third" }));
        assert_eq!(world.frames(a), Vec::<Value>::new());
        world.open_gate();
        assert_eq!(said(world, a), ["first", "second", "third"]);
        world.send(a, "say", &json!({ "text": "fourth" }));
        assert_eq!(said(world, a), ["fourth"]);
    });
}

#[test]
fn connections_do_not_wait_for_each_other() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "wait", &json!({ "text": "late" }));
        world.send(b, "say", &json!({ "text": "early" }));
        assert_eq!(said(world, a), ["early"]);
        world.open_gate();
        assert_eq!(said(world, a), ["late"]);
    });
}

#[test]
fn messages_of_the_protocol_do_not_wait_for_a_handler() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "wait", &json!({ "text": "late" }));
        world.send(a, "$updatePresence", &json!({ "presence": { "x": 2 } }));
        world.send(a, "$getOthers", &json!({}));
        assert_eq!(world.names(a), ["$presenceUpdated", "$othersReceived"]);
        assert_eq!(world.names(b), ["$presenceUpdated"]);
        world.open_gate();
        assert_eq!(world.names(b), ["said"]);
    });
}

#[test]
fn what_was_sent_before_leaving_is_still_handled() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        world.send(a, "wait", &json!({ "text": "first" }));
        world.send(a, "say", &json!({ "text": "second" }));
        world.leave(a);
        assert_eq!(world.names(b), ["$exit"]);
        world.open_gate();
        let frames = world.frames(b);
        let names: Vec<_> = frames.iter().map(|frame| frame["type"].clone()).collect();
        assert_eq!(names, ["said", "said", "left"]);
        assert!(frames.iter().all(|frame| frame["user"]["id"] == "u1"));
    });
}

#[test]
fn a_handler_that_fails_leaves_nothing_behind() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        world.send(a, "setX", &json!({ "x": 6, "fail": true }));
        assert_eq!(world.error(a), "you asked for it");
        assert_eq!(world.frames(b), Vec::<Value>::new());
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 1 }));
        assert_eq!(world.log(), Vec::<String>::new());
    });
}

#[test]
fn an_internal_error_is_for_the_log_alone() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "fail", &json!({}));
        assert_eq!(world.error(a), "internal error");
        assert_eq!(world.frames(b), Vec::<Value>::new());
        assert_eq!(world.log(), ["room `the room`, session `s1`, `fail`: the database's address"]);
    });
}

#[test]
fn an_output_that_clients_could_not_read_fails_its_handler() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "breakOutput", &json!({}));
        assert_eq!(world.error(a), "internal error");
        assert_eq!(world.frames(b), Vec::<Value>::new());
        assert!(world.log()[0].contains("give its variant named fields"));
    });
}

#[test]
fn so_much_may_wait_for_a_handler_and_no_more() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "wait", &json!({ "text": "first" }));
        let text = "n".repeat(100_000);
        for _ in 0..10 {
            world.send(a, "echo", &json!({ "text": text }));
        }
        assert_eq!(world.names(a), [""; 0]);
        world.send(a, "echo", &json!({ "text": text }));
        let error = world.error(a);
        assert!(error.contains("events that wait") && error.contains("the limit is 1048576"), "{error}");
        world.send(b, "say", &json!({ "text": "early" }));
        assert_eq!(said(world, b), ["early"], "nobody else waits");
        world.open_gate();
        assert_eq!(said(world, a).len(), 12, "what was taken is handled");
        world.send(a, "say", &json!({ "text": "late" }));
        assert_eq!(said(world, a), ["late"]);
    });
}

#[test]
fn so_much_may_wait_in_a_room_and_no_more() {
    let world: &mut World = &mut World::new(false);
    let text = "n".repeat(100_000);
    let mut refused = 0;
    for number in 0..40 {
        let client = world.join(&format!("u{number}"), &json!({}));
        world.send(client, "wait", &json!({ "text": "first" }));
        for _ in 0..10 {
            world.send(client, "echo", &json!({ "text": text }));
        }
        refused += world.names(client).len();
    }
    // 32 MiB are some 334 of them.
    assert!((60..70).contains(&refused), "{refused}");
}
