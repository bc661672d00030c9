//! The event log of a room.

use serde_json::{Value, json};

use super::world::both;

#[test]
fn the_life_of_a_room_is_a_line_for_each_thing() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        world.send(a, "say", &json!({ "text": "hello" }));
        world.send(a, "fail", &json!({}));
        world.send_text(a, "no frame");
        world.send(a, "evict", &json!({ "to": "s2", "text": "session" }));
        world.leave(a);
        let lines = world.event_log();
        let of = |name: &str| -> Vec<_> { lines.iter().filter(|line| line["pluv"] == name).cloned().collect() };
        for name in ["connect", "join", "leave"] {
            let sessions: Vec<_> = of(name).iter().map(|line| line["session"].clone()).collect();
            assert_eq!(sessions.len(), 2, "{name}: {sessions:?}");
        }
        assert_eq!(of("refused"), [json!({ "pluv": "refused", "session": "s1", "room": "the room" })]);
        assert_eq!(of("evict"), [json!({ "pluv": "evict", "session": "s2", "code": 4000, "room": "the room" })]);
        let left: Vec<_> = of("leave").iter().map(|line| line["code"].clone()).collect();
        assert_eq!(left, [json!(4000), Value::Null], "with the code where the room has closed the connection");
        let say = json!({
            "pluv": "event", "session": "s1", "name": "say", "millis": 0, "failed": false, "room": "the room",
        });
        assert_eq!(of("event")[0], say);
        assert_eq!(of("event")[1]["failed"], true);
        assert_eq!(of("hook")[0]["name"], "on_user_connected");
        assert_eq!(world.closed(b), Some(4000));
    });
}

#[test]
fn no_line_has_what_someone_sent() {
    both(|world| {
        let a = world.join("user-id", &json!({ "note": "presence" }));
        world.send(a, "say", &json!({ "text": "message" }));
        world.send(a, "an event that clients make up", &json!({ "text": "data" }));
        world.send_text(a, "a frame that is none");
        world.send(a, "echo", &json!({ "text": 5 }));
        world.leave(a);
        let text = Value::from(world.event_log()).to_string();
        for secret in ["user-id", "name of", "presence", "message", "make up", "data", "none"] {
            assert!(!text.contains(secret), "`{secret}` is in {text}");
        }
    });
}
