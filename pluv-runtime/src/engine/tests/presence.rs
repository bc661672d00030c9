//! Presence.

use serde_json::{Value, json};

use super::world::both;

#[test]
fn an_update_is_a_patch_and_everyone_gets_the_whole() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1, "note": "n" }));
        let b = world.join("u2", &json!({}));
        world.send(a, "$updatePresence", &json!({ "presence": { "x": 5 } }));
        let update = json!({
            "type": "$presenceUpdated",
            "data": { "presence": { "x": 5, "note": "n" }, "timers": { "presence": world.now() } },
            "room": "the room",
            "connectionId": "s1",
            "user": { "id": "u1", "name": "name of u1" },
        });
        assert_eq!(world.frame(a), update);
        assert_eq!(world.frame(b), update);
        let others = world.others(b);
        assert_eq!(others["s1"]["presence"], json!({ "x": 5, "note": "n" }));
        assert_eq!(others["s1"]["timers"], update["data"]["timers"]);
    });
}

#[test]
fn a_patch_of_the_wrong_type_changes_nothing() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        world.send(a, "$updatePresence", &json!({ "presence": { "x": [] } }));
        assert_eq!(world.error(a), "`$updatePresence`: `data.presence.x`: invalid type: sequence, expected i64");
        assert_eq!(world.frames(b), Vec::<Value>::new());
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 1 }));
    });
}

#[test]
fn presence_waits_for_the_handshake() {
    both(|world| {
        let a = world.connect("u1");
        world.clear();
        world.send(a, "$updatePresence", &json!({ "presence": { "x": 1 } }));
        assert_eq!(world.error(a), "`$updatePresence`: send `$initializeSession` first");
    });
}

#[test]
fn fields_that_the_type_does_not_know_are_kept() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        world.send(a, "$updatePresence", &json!({ "presence": { "color": "red" } }));
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 1, "color": "red" }));
    });
}

#[test]
fn a_presence_that_no_attachment_takes_is_stored() {
    both(|world| {
        let note = "é".repeat(20_000);
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        assert_eq!(world.stored(), 0);
        world.send(a, "$updatePresence", &json!({ "presence": { "note": note } }));
        assert_eq!(world.stored(), 1);
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 1, "note": note }));
        world.send(a, "$updatePresence", &json!({ "presence": { "note": "short" } }));
        assert_eq!(world.stored(), 0);
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 1, "note": "short" }));
    });
}

#[test]
fn what_was_stored_goes_with_its_connection() {
    both(|world| {
        let a = world.join("u1", &json!({ "note": "n".repeat(20_000) }));
        let b = world.join("u2", &json!({ "note": "n".repeat(20_000) }));
        assert_eq!(world.stored(), 2);
        world.leave(a);
        assert_eq!(world.stored(), 1);
        world.leave_asleep(b);
        assert_eq!(world.stored(), 0);
    });
}

#[test]
fn a_presence_over_the_limit_is_refused_with_limit_and_size() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        world.send(a, "$updatePresence", &json!({ "presence": { "note": "n".repeat(1_000_000) } }));
        assert_eq!(world.error(a), "`$updatePresence`: `data.presence` would take 1000017 bytes: the limit is 1000000");
        let b = world.join("u2", &json!({}));
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 1 }));
    });
}
