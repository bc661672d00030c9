//! Handlers and hooks: their effects and their order.

use serde_json::{Value, json};
use tests::{Client, LAB, connect, connect_rejected, fixture, fresh, lab, texts, together};

fn names(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter_map(|frame| frame["type"].as_str()).collect()
}

#[tokio::test]
async fn a_broadcast_reaches_everyone_and_names_its_sender() {
    let room = fresh("broadcast");
    let [mut ada, mut tab, mut bob] = together(&room, ["ada", "ada", "bob"]).await;
    ada.send("say", &json!({ "text": "hi" })).await;
    let frame = json!({
        "type": "said",
        "data": { "text": "hi" },
        "room": room,
        "connectionId": ada.id,
        "user": { "id": "ada" },
    });
    for client in [&mut ada, &mut tab, &mut bob] {
        assert_eq!(client.only("said").await, frame);
    }
}

#[tokio::test]
async fn broadcast_others_reaches_everyone_but_the_sender() {
    let [mut ada, mut tab, mut bob] = together(&fresh("others"), ["ada", "ada", "bob"]).await;
    ada.send("sayOthers", &json!({ "text": "hi" })).await;
    ada.silent().await;
    for client in [&mut tab, &mut bob] {
        assert_eq!(client.only("said").await["connectionId"], ada.id.as_str());
    }
}

#[tokio::test]
async fn a_message_to_a_session_reaches_that_session_only() {
    let [mut ada, mut tab, mut bob] = together(&fresh("whisper"), ["ada", "ada", "bob"]).await;
    let elsewhere = lab(&fresh("whisper"), "cy", "").await;
    for to in ["nobody", "", &elsewhere.id] {
        ada.send("WHISPER", &json!({ "to": to, "text": "lost" })).await;
    }
    ada.send("WHISPER", &json!({ "to": bob.id, "text": "hi" })).await;
    ada.silent().await;
    tab.silent().await;
    let said = bob.only("said").await;
    assert_eq!((&said["connectionId"], &said["data"]), (&json!(ada.id), &json!({ "text": "hi" })));
}

#[tokio::test]
async fn a_handler_lists_the_joined_users_and_replies_to_the_sender_only() {
    let room = fresh("users");
    let [mut ada, mut bob] = together(&room, ["ada", "bob"]).await;
    let _before_its_handshake = Client::open(&fixture(), LAB, &room, "cy").await;
    bob.send("users", &json!({})).await;
    let seen = bob.only("seen").await;
    assert_eq!(seen["data"], json!({ "users": ["ada", "bob"], "room": room }));
    assert_eq!(seen["connectionId"], bob.id.as_str());
    ada.silent().await;
}

#[tokio::test]
async fn a_handler_sets_the_presence_of_the_sender() {
    let [mut ada, mut tab, mut bob] = together(&fresh("presence"), ["ada", "ada", "bob"]).await;
    let session = ada.id.clone();
    ada.send("setNote", &json!({ "text": "set" })).await;
    for client in [&mut ada, &mut tab, &mut bob] {
        let updated = client.only("$presenceUpdated").await;
        assert_eq!((&updated["connectionId"], &updated["user"]), (&json!(session), &json!({ "id": "ada" })));
        assert_eq!(updated["data"]["presence"], json!({ "note": "set" }));
        assert!(updated["data"]["timers"]["presence"].is_u64(), "a change has a time: {updated}");
    }
    let others = bob.others().await;
    for session in [&ada.id, &tab.id] {
        assert_eq!(others[session]["presence"], json!({ "note": "set" }));
    }
}

#[tokio::test]
async fn events_of_other_connections_run_while_a_handler_waits() {
    let [mut ada, mut bob] = together(&fresh("waits"), ["ada", "bob"]).await;
    ada.send("sayLater", &json!({ "ms": 10_000, "text": "late" })).await;
    ada.send("say", &json!({ "text": "after" })).await;
    ada.send("$updatePresence", &json!({ "presence": { "note": "meanwhile" } })).await;
    ada.send("$getOthers", &json!({})).await;
    ada.send_text(r#"{"type":"$ping","data":{}}"#).await;
    assert_eq!(names(&ada.drain().await), ["$presenceUpdated", "$othersReceived"]);
    bob.send("say", &json!({ "text": "early" })).await;
    assert_eq!(names(&bob.drain().await), ["$presenceUpdated", "said"]);
    for text in ["early", "late", "after"] {
        assert_eq!(ada.until("said").await["data"]["text"], text);
    }
    for text in ["late", "after"] {
        assert_eq!(bob.until("said").await["data"]["text"], text);
    }
    ada.silent().await;
    bob.silent().await;
}

#[tokio::test]
async fn events_of_one_connection_run_one_after_another() {
    let [mut ada, mut bob] = together(&fresh("order"), ["ada", "bob"]).await;
    for (ms, text) in [(60, "1"), (0, "2"), (30, "3"), (1, "4")] {
        ada.send("sayLater", &json!({ "ms": ms, "text": text })).await;
        ada.send("say", &json!({ "text": format!("{text}, said") })).await;
    }
    for text in ["1", "1, said", "2", "2, said", "3", "3, said", "4", "4, said"] {
        assert_eq!(bob.until("said").await["data"]["text"], text);
    }
    bob.silent().await;
}

#[tokio::test]
async fn handlers_of_many_connections_run_concurrently() {
    let mut clients = together(&fresh("parallel"), ["a", "b", "c", "d", "e", "f", "g", "h"]).await;
    clients[0].send("sayLater", &json!({ "ms": 10_000, "text": "late" })).await;
    clients[0].silent().await;
    for client in &mut clients[1..] {
        client.send("sayLater", &json!({ "ms": 1, "text": "soon" })).await;
    }
    for _ in 1..8 {
        assert_eq!(clients[0].until("said").await["data"]["text"], "soon", "they do not wait for each other");
    }
    assert_eq!(clients[0].until("said").await["data"]["text"], "late");
}

#[tokio::test]
async fn events_sent_before_a_close_are_handled() {
    let [mut ada, mut bob] = together(&fresh("leaves"), ["ada", "bob"]).await;
    ada.send("sayLater", &json!({ "ms": 5_000, "text": "late" })).await;
    ada.send("say", &json!({ "text": "after" })).await;
    let session = ada.id.clone();
    ada.leave(1000).await;
    for name in ["$exit", "said", "said", "farewell"] {
        let frame = bob.receive().await;
        assert_eq!((&frame["type"], &frame["connectionId"]), (&json!(name), &json!(session)));
    }
    bob.silent().await;
}

#[tokio::test]
async fn a_handler_that_fails_sends_only_internal_error() {
    let [mut ada, mut bob] = together(&fresh("fails"), ["ada", "bob"]).await;
    ada.send("failLater", &json!({ "text": "the password of the database" })).await;
    let error = ada.receive().await;
    assert_eq!((&error["type"], &error["data"]), (&json!("$error"), &json!({ "message": "internal error" })));
    ada.silent().await;
    bob.silent().await;
    assert_eq!(bob.others().await[&ada.id]["presence"], json!({ "note": "" }));
    ada.send("say", &json!({ "text": "goes on" })).await;
    ada.only("said").await;
}

#[tokio::test]
async fn a_procedure_answers_its_caller_with_the_id_of_the_request() {
    let [mut ada, mut bob] = together(&fresh("procedure"), ["ada", "bob"]).await;
    for id in ["\"q1\"", "7", "-1.5", "\"\"", r#""\u00e9""#] {
        ada.send_text(&format!(r#"{{"type":"sum","data":{{"numbers":[1,2,-5]}},"id":{id}}}"#)).await;
        let answer = ada.only("sumResult").await;
        assert_eq!(answer["data"], -2);
        assert_eq!(answer["id"], serde_json::from_str::<Value>(id).expect("it is JSON"));
        assert_eq!(answer["connectionId"], ada.id.as_str());
    }
    ada.send("sum", &json!({ "numbers": [4] })).await;
    let answer = ada.only("sumResult").await;
    assert_eq!((&answer["data"], answer.get("id")), (&json!(4), None));
    bob.silent().await;
}

#[tokio::test]
async fn an_error_of_a_procedure_has_the_id_of_the_request() {
    let [mut ada, mut bob] = together(&fresh("errors"), ["ada", "bob"]).await;
    let requests = [
        (r#"{"type":"sum","data":{"numbers":[]},"id":"q1"}"#, "there is nothing to add"),
        (r#"{"type":"sum","data":{},"id":"q1"}"#, "`sum`: `data`: missing field `numbers`"),
        (r#"{"type":"smu","data":{},"id":"q1"}"#, "this room has no event `smu`"),
        (r#"{"type":"sum","data":{"numbers":[1],"x":"forbidden"},"id":"q1"}"#, "not in this room"),
    ];
    for (request, expected) in requests {
        ada.send_text(request).await;
        let error = ada.only("$error").await;
        assert_eq!(error["id"], "q1");
        let message = error["data"]["message"].as_str().expect("an error has a message");
        assert!(message.starts_with(expected), "{message}");
    }
    bob.silent().await;
}

#[tokio::test]
async fn a_procedure_can_name_its_answer() {
    let [mut ada, mut bob] = together(&fresh("counted"), ["ada", "bob"]).await;
    ada.send("count", &json!({})).await;
    assert_eq!(ada.only("counted").await["data"], 2);
    bob.silent().await;
}

#[tokio::test]
async fn the_message_hook_can_reject_an_event() {
    let [mut ada, mut bob] = together(&fresh("stop"), ["ada", "bob"]).await;
    ada.send("say", &json!({ "text": "forbidden" })).await;
    assert_eq!(ada.error().await, "not in this room");
    bob.silent().await;
}

#[tokio::test]
async fn connection_hooks_run_after_the_join_and_the_exit_were_announced() {
    let room = fresh("hooks");
    let mut ada = lab(&room, "ada", "").await;
    let mut bob = Client::open(&fixture(), LAB, &room, "bob").await;
    bob.send("$initializeSession", &json!({ "presence": { "note": "of bob" } })).await;
    assert_eq!(names(&bob.drain().await), ["$storageReceived", "$userJoined", "welcome"]);
    let frames = ada.drain().await;
    assert_eq!(names(&frames), ["$userJoined", "welcome"]);
    assert_eq!(frames[1]["data"], json!({ "id": "hello bob" }));
    let session = bob.id.clone();
    bob.leave(1000).await;
    let frames = ada.drain().await;
    assert_eq!(names(&frames), ["$exit", "farewell"]);
    assert_eq!(frames[1]["data"], json!({ "id": "bob", "note": "of bob" }));
    assert_eq!((&frames[1]["connectionId"], &frames[1]["user"]), (&json!(session), &json!({ "id": "bob" })));
}

#[tokio::test]
async fn a_connection_before_its_handshake_sees_the_others_and_is_not_shown() {
    let room = fresh("before");
    let mut ada = lab(&room, "ada", "here").await;
    let mut bob = Client::open(&fixture(), LAB, &room, "bob").await;
    assert_eq!(bob.others().await[&ada.id]["presence"], json!({ "note": "here" }));
    bob.send("$updatePresence", &json!({ "presence": { "note": "too soon" } })).await;
    assert_eq!(bob.error().await, "`$updatePresence`: send `$initializeSession` first");
    ada.silent().await;
    assert_eq!(ada.others().await, json!({}));
    bob.initialize(&json!({ "note": "now" })).await;
    assert_eq!(ada.others().await[&bob.id]["presence"], json!({ "note": "now" }));
}

#[tokio::test]
async fn a_room_can_relay_unknown_events() {
    let url = format!("{}/relay/room/{}", fixture(), fresh("relay"));
    let (mut a, mut b) = (connect(&url).await, connect(&url).await);
    for client in [&mut a, &mut b] {
        client.register().await;
        client.initialize(&json!({})).await;
    }
    a.drain().await;
    let data = json!({ "any": ["thing", { "at": null }], "text": "\u{0}\"é😀" });
    for name in ["cursor", "ŽLUŤ \"x\"", "a.b", " "] {
        a.send(name, &data).await;
        for client in [&mut a, &mut b] {
            let frame = client.only(name).await;
            assert_eq!(frame["data"], data);
        }
    }
    a.send_text(r#"{"type":"bare"}"#).await;
    let frame = a.only("bare").await;
    assert_eq!((&frame["data"], &frame["connectionId"], &frame["user"]), (&json!({}), &json!(a.id), &Value::Null));
}

#[tokio::test]
async fn a_broadcast_does_not_reach_other_rooms() {
    let name = fresh("apart");
    let [mut ada] = together(&name, ["ada"]).await;
    let [mut bob] = together(&format!("{name}x"), ["bob"]).await;
    let mut plain = connect(&format!("{}/plain/room/{name}", fixture())).await;
    plain.register().await;
    ada.send("say", &json!({ "text": "hi" })).await;
    assert_eq!(texts(&ada.drain().await), ["hi"]);
    bob.silent().await;
    plain.silent().await;
    assert_eq!(bob.others().await, json!({}));
}

#[tokio::test]
async fn a_room_whose_create_fails_closes_connections_without_the_reason() {
    let (message, closed) = connect_rejected(&format!("{}/unmade/room/{}", fixture(), fresh("unmade"))).await;
    assert_eq!((&*message, closed.code, &*closed.reason), ("internal error", 3000, "internal error"));
}

#[tokio::test]
async fn events_before_the_handshake_have_no_effect() {
    let room = fresh("early");
    let [mut ada] = together(&room, ["ada"]).await;
    let mut early = Client::open(&fixture(), LAB, &room, "early").await;
    for (name, data) in [("say", json!({ "text": "early" })), ("setNote", json!({ "text": "early" }))] {
        early.send(name, &data).await;
        let error = early.only("$error").await;
        assert_eq!(error["data"]["message"], format!("`{name}`: send `$initializeSession` first"));
    }
    ada.silent().await;
    early.initialize(&json!({ "note": "mine" })).await;
    assert_eq!(ada.until("$userJoined").await["data"]["presence"], json!({ "note": "mine" }));
}
