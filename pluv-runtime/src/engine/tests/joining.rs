//! The handshake.

use serde_json::{Value, json};

use super::world::both;

#[test]
fn the_first_frame_registers_the_connection() {
    both(|world| {
        let a = world.connect("u1");
        assert_eq!(
            world.frame(a),
            json!({
                "type": "$registered",
                "data": { "sessionId": "s1", "presence": null, "state": null, "timers": { "presence": null } },
                "room": "the room",
                "connectionId": "s1",
                "user": { "id": "u1", "name": "name of u1" },
            })
        );
    });
}

#[test]
fn a_join_is_answered_and_then_told_to_everyone() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.connect("u2");
        assert_eq!(world.names(b), ["$registered"]);
        world.send(b, "$initializeSession", &json!({ "presence": { "x": 2 }, "update": "AAA=" }));
        let joined = json!({
            "type": "$userJoined",
            "data": {
                "connectionId": "s2",
                "user": { "id": "u2", "name": "name of u2" },
                "presence": { "x": 2 },
                "timers": { "presence": null },
            },
            "room": "the room",
            "connectionId": "s2",
            "user": { "id": "u2", "name": "name of u2" },
        });
        let frames = world.frames(b);
        assert_eq!(frames[0]["type"], "$storageReceived");
        assert_eq!(frames[0]["data"], json!({ "changeKind": "empty", "state": "" }));
        assert_eq!(frames[0]["connectionId"], "s2");
        assert_eq!((frames.len(), &frames[1]), (2, &joined));
        assert_eq!(world.frame(a), joined);
    });
}

#[test]
fn the_presence_of_the_handshake_is_shown_to_later_joiners() {
    both(|world| {
        world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        assert_eq!(
            world.others(b),
            json!({
                "s1": {
                    "connectionId": "s1",
                    "presence": { "x": 1 },
                    "room": "the room",
                    "timers": { "presence": null },
                    "user": { "id": "u1", "name": "name of u1" },
                }
            })
        );
    });
}

#[test]
fn others_are_never_the_asker() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        assert_eq!(world.others(a), json!({}));
    });
}

#[test]
fn a_presence_may_be_left_out() {
    both(|world| {
        let a = world.connect("u1");
        world.send(a, "$initializeSession", &json!({}));
        assert_eq!(world.frames(a).last().map(|frame| frame["data"]["presence"].clone()), Some(json!({})));
    });
}

#[test]
fn who_has_not_joined_is_nobody_s_other() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.connect("u2");
        assert_eq!(world.others(a), json!({}));
        world.clear();
        world.leave(b);
        assert_eq!(world.frames(a), Vec::<Value>::new());
    });
}

#[test]
fn a_session_is_initialized_once() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        world.send(a, "$initializeSession", &json!({ "presence": { "x": 2 } }));
        assert_eq!(world.error(a), "`$initializeSession`: this session is initialized already");
        assert_eq!(world.frames(b), Vec::<Value>::new());
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 1 }));
    });
}

#[test]
fn a_refused_handshake_can_be_sent_again() {
    both(|world| {
        let a = world.connect("u1");
        world.clear();
        world.send(a, "$initializeSession", &json!({ "presence": { "x": "left" } }));
        assert_eq!(
            world.error(a),
            "`$initializeSession`: `data.presence.x`: invalid type: string \"left\", expected i64"
        );
        world.send(a, "$initializeSession", &json!({ "presence": { "x": 1 } }));
        assert_eq!(world.names(a), ["$storageReceived", "$userJoined"]);
    });
}

#[test]
fn the_echo_of_an_empty_document_is_no_error() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        world.send(a, "$updateStorage", &json!({ "origin": "$initialized", "update": "AAA=" }));
        assert_eq!(world.frames(a), Vec::<Value>::new());
        world.send(a, "$updateStorage", &json!({ "origin": null, "update": "AAA=" }));
        assert_eq!(world.error(a), "`$updateStorage`: this room has no storage");
    });
}

#[test]
fn a_ping_that_reaches_the_room_is_answered() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        world.send_text(a, r#"{ "data": {}, "type": "$ping" }"#);
        assert_eq!(world.frame(a), json!({ "type": "$pong", "data": {} }));
    });
}

#[test]
fn a_wake_shows_nothing_to_anyone() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({ "x": 2 }));
        world.hibernate();
        assert_eq!(world.frames(a), Vec::<Value>::new());
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 1 }));
        assert_eq!(world.others(a)["s2"]["presence"], json!({ "x": 2 }));
    });
}

#[test]
fn nothing_comes_from_a_connection_that_has_not_joined() {
    both(|world| {
        let ada = world.join("ada", &json!({}));
        let bob = world.connect("bob");
        world.clear();
        for name in ["say", "setX", "nothing"] {
            world.send(bob, name, &json!({ "text": "hi", "x": 1 }));
            assert_eq!(world.error(bob), format!("`{name}`: send `$initializeSession` first"));
        }
        assert_eq!(world.names(ada), [""; 0]);
        world.send(bob, "$initializeSession", &json!({ "presence": { "x": 2 } }));
        assert_eq!(world.frame(ada)["data"]["presence"], json!({ "x": 2 }));
    });
}
