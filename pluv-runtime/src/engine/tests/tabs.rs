//! One user with several connections.

use serde_json::json;

use super::world::both;

#[test]
fn a_new_tab_is_given_the_newest_presence_of_its_user() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        world.send(a, "$updatePresence", &json!({ "presence": { "x": 7 } }));
        let changed = world.now();
        let tab = world.connect("u1");
        let registered = world.frames(tab).remove(0);
        assert_eq!(registered["data"]["presence"], json!({ "x": 7 }));
        assert_eq!(registered["data"]["timers"], json!({ "presence": changed }));
    });
}

#[test]
fn the_tabs_of_a_user_have_one_presence() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let tab = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        world.send(tab, "$updatePresence", &json!({ "presence": { "x": 8 } }));
        assert_eq!(world.frame(b)["connectionId"], "s2");
        let others = world.others(b);
        assert_eq!(others["s1"]["presence"], json!({ "x": 8 }));
        assert_eq!(others["s2"]["presence"], json!({ "x": 8 }));
        // The other tab is an other, and what it patches is the user's.
        assert_eq!(world.others(a)["s2"]["presence"], json!({ "x": 8 }));
        world.send(a, "$updatePresence", &json!({ "presence": { "note": "n" } }));
        assert_eq!(world.others(b)["s2"]["presence"], json!({ "x": 8, "note": "n" }));
    });
}

#[test]
fn an_older_presence_in_a_handshake_does_not_undo_a_newer_one() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let tab = world.connect("u1");
        world.send(a, "$updatePresence", &json!({ "presence": { "x": 2 } }));
        world.clear();
        world.send(tab, "$initializeSession", &json!({ "presence": { "x": 1 } }));
        let joined = world.frame(a);
        assert_eq!(joined["type"], "$userJoined");
        assert_eq!(joined["data"]["presence"], json!({ "x": 2 }));
    });
}

#[test]
fn each_tab_joins_and_leaves_for_itself() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        let tab = world.connect("u1");
        world.clear();
        world.send(tab, "$initializeSession", &json!({ "presence": { "x": 1 } }));
        assert_eq!(world.frame(b)["data"]["connectionId"], "s3");
        world.leave(a);
        let frames = world.frames(b);
        assert_eq!((&frames[0]["type"], &frames[0]["data"]), (&json!("$exit"), &json!({ "sessionId": "s1" })));
        // The user is still there, with the presence that the tab that left had set.
        assert_eq!(world.others(b)["s3"]["presence"], json!({ "x": 1 }));
    });
}

#[test]
fn a_presence_outlives_the_tab_that_set_it() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        world.send(a, "$updatePresence", &json!({ "presence": { "x": 9 } }));
        world.leave_asleep(a);
        assert_eq!(world.others(b)["s2"]["presence"], json!({ "x": 9 }));
    });
}

#[test]
fn a_user_who_left_with_every_tab_comes_back_as_new() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 9 }));
        world.leave(a);
        let again = world.connect("u1");
        assert_eq!(world.frame(again)["data"]["presence"], json!(null));
    });
}
