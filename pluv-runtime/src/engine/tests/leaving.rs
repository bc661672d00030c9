//! How connections go.

use serde_json::{Value, json};

use super::world::both;

#[test]
fn the_others_are_told_once() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 3 }));
        let b = world.join("u2", &json!({}));
        world.leave(a);
        let frames = world.frames(b);
        assert_eq!(
            frames[0],
            json!({
                "type": "$exit",
                "data": { "sessionId": "s1" },
                "room": "the room",
                "connectionId": "s1",
                "user": { "id": "u1", "name": "name of u1" },
            })
        );
        world.leave(a);
        assert_eq!(world.frames(b), Vec::<Value>::new());
        assert_eq!(world.others(b), json!({}));
    });
}

#[test]
fn who_left_while_the_room_slept_is_told_too() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 3 }));
        let b = world.join("u2", &json!({}));
        let c = world.join("u3", &json!({}));
        world.leave_asleep(a);
        for client in [b, c] {
            let frames = world.frames(client);
            assert_eq!((&frames[0]["type"], &frames[0]["connectionId"]), (&json!("$exit"), &json!("s1")));
            assert_eq!((&frames[1]["type"], &frames[1]["data"]), (&json!("left"), &json!({ "x": 3 })));
            assert_eq!(frames.len(), 2);
        }
        assert_eq!(world.others(b).as_object().map(serde_json::Map::len), Some(1));
    });
}

#[test]
fn who_left_before_the_handshake_is_not_told() {
    both(|world| {
        let b = world.join("u2", &json!({}));
        let a = world.connect("u1");
        world.leave_asleep(a);
        assert_eq!(world.frames(b), Vec::<Value>::new());
    });
}

#[test]
fn the_hook_of_a_leaver_runs_after_the_others_were_told() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 3 }));
        let b = world.join("u2", &json!({}));
        world.leave(a);
        let frames = world.frames(b);
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[1]["type"], "left");
        assert_eq!(frames[1]["data"], json!({ "x": 3 }));
        assert_eq!(frames[1]["connectionId"], "s1");
        assert_eq!(frames[1]["user"]["id"], "u1");
    });
}

#[test]
fn a_number_is_not_confused_with_that_of_a_leaver() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.leave_asleep(b);
        let c = world.join("u3", &json!({}));
        world.send(a, "say", &json!({ "text": "hi" }));
        assert_eq!(world.names(c), ["said"]);
        assert_eq!(
            world.others(a).as_object().map(|others| others.keys().cloned().collect()),
            Some(vec!["s3".to_owned()])
        );
    });
}
