//! How a room sends connections away.

use serde_json::{Value, json};

use super::world::{Client, World, both};

fn evict(world: &mut World, client: Client, to: &str, how: &str) {
    world.send(client, "evict", &json!({ "to": to, "text": how }));
}

#[test]
fn a_session_that_is_sent_away_is_gone_at_once_for_all() {
    both(|world| {
        let a = world.join("u1", &json!({ "x": 3 }));
        let b = world.join("u2", &json!({}));
        evict(world, a, "s2", "session");
        assert_eq!((world.closed(b), &*world.close_reason(b)), (Some(4000), "disconnected by the server"));
        assert_eq!(world.closed(a), None);
        // What was said before it was heard by it too.
        assert_eq!(world.names(b), ["said"]);
        let frames = world.frames(a);
        assert_eq!(frames.iter().map(|frame| frame["type"].clone()).collect::<Vec<_>>(), ["said", "$exit", "left"]);
        assert_eq!((&frames[1]["connectionId"], &frames[1]["user"]["id"]), (&json!("s2"), &json!("u2")));
        assert_eq!(world.others(a), json!({}));
    });
}

#[test]
fn who_was_sent_away_is_not_heard_again() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        evict(world, a, "s2", "session");
        world.clear();
        world.send(b, "say", &json!({ "text": "still here" }));
        world.send(b, "$updatePresence", &json!({ "presence": { "x": 1 } }));
        assert_eq!((world.frames(a), world.frames(b)), (Vec::<Value>::new(), Vec::new()));
    });
}

#[test]
fn the_answer_to_the_close_changes_nothing_even_after_sleep() {
    for asleep in [false, true] {
        both(|world| {
            let a = world.join("u1", &json!({}));
            let b = world.join("u2", &json!({}));
            evict(world, a, "s2", "session");
            world.clear();
            if asleep {
                world.leave_asleep(b);
            } else {
                world.leave(b);
            }
            assert_eq!(world.frames(a), Vec::<Value>::new());
        });
    }
}

#[test]
fn a_user_is_sent_away_with_all_tabs() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let tabs = [world.join("u2", &json!({})), world.join("u2", &json!({}))];
        world.clear();
        evict(world, a, "u2", "user");
        assert_eq!(tabs.map(|tab| world.closed(tab)), [Some(4000); 2]);
        assert_eq!(world.names(a), ["said", "$exit", "$exit", "left", "left"]);
    });
}

#[test]
fn everyone_is_sent_away_the_one_who_asked_included() {
    both(|world| {
        let all = [world.join("u1", &json!({})), world.join("u2", &json!({})), world.connect("u3")];
        evict(world, all[0], "", "all");
        assert_eq!(all.map(|client| world.closed(client)), [Some(4000); 3]);
        let later = world.join("u4", &json!({}));
        assert_eq!(world.others(later), json!({}));
    });
}

#[test]
fn a_handler_that_fails_sends_nobody_away() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        evict(world, a, "", "fail");
        assert_eq!(world.error(a), "not this time");
        assert_eq!(world.closed(a), None);
    });
}

#[test]
fn who_may_return_is_told_why_and_closed_with_a_code_that_clients_retry() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        evict(world, a, "s2", "you have another role now");
        assert_eq!((world.closed(b), &*world.close_reason(b)), (Some(1012), "you have another role now"));
    });
}

#[test]
fn nobody_is_meant_by_the_id_of_who_is_not_there() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        evict(world, a, "s9", "session");
        evict(world, a, "u9", "user");
        assert_eq!(world.names(a), ["said", "said"]);
    });
}
