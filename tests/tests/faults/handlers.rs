//! What a panic leaves behind, most often of a handler.

use serde_json::{Value, json};
use tests::{Client, LAB, UPGRADE, faults, fresh, post, refused, request};

use crate::alone;

const NOTES: &str = "/notes";

/// Ada and Bob, who see each other.
async fn pair(room: &str) -> [Client; 2] {
    let mut ada = Client::join(&faults(), LAB, room, "ada", &json!({ "note": "a" })).await;
    let mut bob = Client::join(&faults(), LAB, room, "bob", &json!({ "note": "b" })).await;
    ada.drain().await;
    bob.drain().await;
    [ada, bob]
}

/// Both are there, with what they were, and the room hears them.
async fn goes_on(ada: &mut Client, bob: &mut Client) {
    ada.send("say", &json!({ "text": "and then" })).await;
    for client in [&mut *ada, &mut *bob] {
        let said = client.until("said").await;
        assert_eq!(said["data"]["text"], "and then", "nothing of what panicked is shown");
    }
    for (client, note) in [(&mut *ada, "b"), (&mut *bob, "a")] {
        let others = client.others().await;
        let notes: Vec<_> = others.as_object().into_iter().flat_map(|others| others.values()).collect();
        assert_eq!(notes.len(), 1, "{others}");
        assert_eq!(notes[0]["presence"]["note"], note);
    }
}

#[tokio::test]
async fn the_sender_of_what_panics_is_told_and_all_stay() {
    let _turn = alone().await;
    let [mut ada, mut bob] = pair(&fresh("panic")).await;
    for event in ["panic", "decode", "panic"] {
        ada.send(event, &json!({ "text": "panic" })).await;
        let error = ada.receive().await;
        assert_eq!(error["type"], "$error", "{error}");
        assert_eq!(error["data"], json!({ "message": "internal error" }), "nothing of the panic is told");
        assert_eq!(error["connectionId"], ada.id.as_str());
        goes_on(&mut ada, &mut bob).await;
    }
}

#[tokio::test]
async fn a_request_that_panics_is_answered() {
    let _turn = alone().await;
    let [mut ada, mut bob] = pair(&fresh("procedure")).await;
    ada.send_text(r#"{"type":"crash","data":{},"id":7}"#).await;
    let error = ada.receive().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("$error"), &json!(7)), "{error}");
    goes_on(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn who_waits_for_a_handler_that_panics_is_told_and_comes_back() {
    let _turn = alone().await;
    let room = fresh("later");
    let [mut ada, mut bob] = pair(&room).await;
    ada.send("panicLater", &json!({ "ms": 50, "text": "panic" })).await;
    assert_eq!(ada.receive().await["type"], "$error");
    assert_eq!(ada.closed().await.code, 1012);
    assert_eq!(bob.until("$exit").await["connectionId"], ada.id.as_str());
    let mut ada = Client::join(&faults(), LAB, &room, "ada", &json!({ "note": "a" })).await;
    bob.until("$userJoined").await;
    goes_on(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn who_waits_for_a_handler_in_another_room_comes_back() {
    let _turn = alone().await;
    let [mut ada, mut bob] = pair(&fresh("bystanders")).await;
    let [mut eve, mut mallory] = pair(&fresh("elsewhere")).await;
    ada.send("sayLater", &json!({ "ms": 60_000, "text": "lost" })).await;
    bob.silent().await;
    eve.send("panic", &json!({ "text": "panic" })).await;
    assert_eq!(eve.receive().await["type"], "$error");
    assert_eq!(ada.closed().await.code, 1012);
    assert_eq!(bob.until("$exit").await["connectionId"], ada.id.as_str());
    bob.until("farewell").await;
    bob.silent().await;
    goes_on(&mut eve, &mut mallory).await;
}

#[tokio::test]
async fn memory_that_runs_out_is_as_a_panic() {
    let _turn = alone().await;
    let [mut ada, mut bob] = pair(&fresh("memory")).await;
    ada.send("exhaust", &json!({})).await;
    assert_eq!(ada.receive().await["type"], "$error");
    goes_on(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn a_leaver_is_gone_though_the_hook_panics() {
    let _turn = alone().await;
    let room = fresh("hook");
    let [mut ada, mut bob] = pair(&room).await;
    let leaver = Client::join(&faults(), LAB, &room, "panics", &json!({})).await;
    for client in [&mut ada, &mut bob] {
        client.until("welcome").await;
    }
    let id = leaver.id.clone();
    leaver.leave(1000).await;
    for client in [&mut ada, &mut bob] {
        assert_eq!(client.until("$exit").await["connectionId"], id.as_str());
    }
    goes_on(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn a_room_that_panics_when_it_is_made_refuses_and_harms_no_other() {
    let _turn = alone().await;
    let [mut ada, mut bob] = pair(&fresh("sound")).await;
    let path = format!("/broken/room/{}", fresh("broken"));
    // The panic takes the request along that the room is made for.
    let lost = request(&faults(), "GET", &path, UPGRADE).await;
    assert_eq!(lost.status, 500);
    let url = format!("{}{path}", faults());
    for _ in 0..3 {
        let (message, closed) = refused(&url).await;
        assert_eq!((&*message, closed.code), ("internal error", 3000));
        goes_on(&mut ada, &mut bob).await;
    }
}

/// The text of a room's document, as the worker reads it.
async fn text_of(room: &str) -> String {
    let answer = post(&faults(), &format!("/steer/{room}/notes/read"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_document_is_what_was_stored_of_it() {
    let _turn = alone().await;
    let room = fresh("begun-panic");
    let mut ada = Client::join(&faults(), NOTES, &room, "ada", &json!({})).await;
    ada.send("add", &json!({ "text": ", and more" })).await;
    ada.drain().await;
    ada.send("panic", &json!({})).await;
    assert_eq!(ada.until("$error").await["data"]["message"], "internal error");
    assert_eq!(text_of(&room).await, "begun, and more");
    ada.send("add", &json!({ "text": "!" })).await;
    ada.drain().await;
    assert_eq!(text_of(&room).await, "begun, and more!");
}

#[tokio::test]
async fn who_waits_for_the_document_to_begin_comes_back() {
    let _turn = alone().await;
    let room = fresh("slow");
    let [mut eve, mut mallory] = pair(&fresh("elsewhere")).await;
    let mut waiting = Vec::new();
    for id in ["ada", "bob"] {
        let mut client = Client::open(&faults(), NOTES, &room, id).await;
        client.send("$initializeSession", &json!({ "presence": {}, "update": Value::Null })).await;
        waiting.push(client);
    }
    eve.send("panic", &json!({ "text": "panic" })).await;
    assert_eq!(eve.receive().await["type"], "$error");
    for mut client in waiting {
        assert_eq!(client.closed().await.code, 1012);
    }
    goes_on(&mut eve, &mut mallory).await;
    Client::join(&faults(), NOTES, &room, "ada", &json!({})).await;
}

#[tokio::test]
async fn many_panics_at_once_lose_nobody_who_does_not_wait() {
    let _turn = alone().await;
    let mut rooms = Vec::new();
    for index in 0..5 {
        rooms.push(pair(&fresh(&format!("storm-{index}"))).await);
    }
    for _ in 0..5 {
        for [ada, _] in &mut rooms {
            ada.send("panic", &json!({ "text": "panic" })).await;
        }
        for [ada, bob] in &mut rooms {
            assert_eq!(ada.receive().await["type"], "$error");
            bob.silent().await;
        }
    }
    for [ada, bob] in &mut rooms {
        goes_on(ada, bob).await;
    }
}
