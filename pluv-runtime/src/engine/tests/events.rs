//! The receivers of events.

use serde_json::{Value, json};

use super::world::both;

#[test]
fn a_broadcast_reaches_everyone_and_names_its_cause() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "say", &json!({ "text": "hi" }));
        let frame = json!({
            "type": "said",
            "data": { "text": "hi" },
            "room": "the room",
            "connectionId": "s1",
            "user": { "id": "u1", "name": "name of u1" },
        });
        assert_eq!(world.frame(a), frame);
        assert_eq!(world.frame(b), frame);
    });
}

#[test]
fn the_others_are_everyone_but_the_cause() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let tab = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "sayOthers", &json!({ "text": "hi" }));
        assert_eq!(world.frames(a), Vec::<Value>::new());
        assert_eq!(world.names(tab), ["said"]);
        assert_eq!(world.names(b), ["said"]);
    });
}

#[test]
fn a_reply_reaches_the_cause_alone() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "echo", &json!({ "text": "hi" }));
        assert_eq!(world.frame(a)["data"], json!({ "text": "hi" }));
        assert_eq!(world.frames(b), Vec::<Value>::new());
    });
}

#[test]
fn a_message_to_a_session_reaches_it_alone() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        let c = world.join("u3", &json!({}));
        world.send(a, "whisper", &json!({ "to": "s2", "text": "hi" }));
        let frame = world.frame(b);
        assert_eq!((&frame["data"]["text"], &frame["connectionId"]), (&json!("hi"), &json!("s1")));
        world.send(a, "whisper", &json!({ "to": "s9", "text": "hi" }));
        for client in [a, b, c] {
            assert_eq!(world.frames(client), Vec::<Value>::new());
        }
    });
}

#[test]
fn a_handler_sees_its_room() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 4 }));
        world.join("u2", &json!({}));
        world.connect("u3");
        world.clear();
        world.send(a, "look", &json!({}));
        assert_eq!(
            world.frame(a)["data"],
            json!({ "sessions": ["u1", "u2"], "x": 4, "room": "the room", "now": world.now(), "name": "name of u1" })
        );
    });
}

#[test]
fn a_handler_sets_the_presence_of_its_cause() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        world.send(a, "setX", &json!({ "x": 6 }));
        assert_eq!(world.names(b), ["$presenceUpdated"]);
        let frames = world.frames(a);
        assert_eq!(frames[0]["data"], json!({ "presence": { "x": 6 }, "timers": { "presence": world.now() } }));
        assert_eq!(frames[1]["data"], json!({ "text": "Some(6)" }), "a handler reads what it has set");
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 6 }));
    });
}

#[test]
fn an_event_without_a_handler_is_an_error_to_its_sender() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "sya", &json!({ "text": "hi" }));
        assert_eq!(world.error(a), "this room has no event `sya`: it takes `say`, `sayOthers`");
        assert_eq!(world.frames(b), Vec::<Value>::new());
    });
}

#[test]
fn a_hook_may_stop_an_event() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "say", &json!({ "text": "forbidden" }));
        assert_eq!(world.error(a), "not in this room");
        assert_eq!(world.frames(b), Vec::<Value>::new());
    });
}

#[test]
fn the_hook_of_a_joiner_runs_after_everyone_was_told() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.connect("greeted");
        world.clear();
        world.send(b, "$initializeSession", &json!({}));
        assert_eq!(world.names(a), ["$userJoined", "joined"]);
        assert_eq!(world.names(b), ["$storageReceived", "$userJoined", "joined"]);
    });
}

#[test]
fn a_procedure_answers_its_caller_with_the_id_of_the_request() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send_text(a, r#"{"type":"sum","data":{"numbers":[1,2]},"id":"q1"}"#);
        let frame = world.frame(a);
        assert_eq!((&frame["type"], &frame["data"], &frame["id"]), (&json!("sumResult"), &json!(3), &json!("q1")));
        world.send_text(a, r#"{"type":"sum","data":{"numbers":[1,2]}}"#);
        assert_eq!(world.frame(a).get("id"), None);
        world.send_text(a, r#"{"type":"sum","data":{},"id":8}"#);
        let frame = world.frame(a);
        assert_eq!(
            (&frame["type"], &frame["data"]["message"], &frame["id"]),
            (&json!("$error"), &json!("give me `numbers`"), &json!(8))
        );
        assert_eq!(world.frames(b), Vec::<Value>::new());
    });
}
