//! Rooms and connections after a panic, mostly of a handler.

use serde_json::{Value, json};
use tests::{Client, LAB, UPGRADE, connect_rejected, faults, fresh, post, request};

use crate::exclusive;

const NOTES: &str = "/notes";

/// Joins Ada and Bob, and reads everything up to now.
async fn pair(room: &str) -> [Client; 2] {
    let mut ada = Client::join(&faults(), LAB, room, "ada", &json!({ "note": "a" })).await;
    let mut bob = Client::join(&faults(), LAB, room, "bob", &json!({ "note": "b" })).await;
    ada.drain().await;
    bob.drain().await;
    [ada, bob]
}

/// Asserts that both are connected with their state, and that the room handles their events.
async fn assert_both_work(ada: &mut Client, bob: &mut Client) {
    ada.send("say", &json!({ "text": "and then" })).await;
    for client in [&mut *ada, &mut *bob] {
        let said = client.until("said").await;
        assert_eq!(said["data"]["text"], "and then", "nothing of the event that panicked is shown");
    }
    for (client, note) in [(&mut *ada, "b"), (&mut *bob, "a")] {
        let others = client.others().await;
        let notes: Vec<_> = others.as_object().into_iter().flat_map(|others| others.values()).collect();
        assert_eq!(notes.len(), 1, "{others}");
        assert_eq!(notes[0]["presence"]["note"], note);
    }
}

#[tokio::test]
async fn the_sender_of_an_event_that_panics_gets_an_error_and_all_stay() {
    let _guard = exclusive().await;
    let [mut ada, mut bob] = pair(&fresh("panic")).await;
    for event in ["panic", "decode", "panic"] {
        ada.send(event, &json!({ "text": "panic" })).await;
        let error = ada.receive().await;
        assert_eq!(error["type"], "$error", "{error}");
        assert_eq!(error["data"], json!({ "message": "internal error" }), "the panic's message is not shown");
        assert_eq!(error["connectionId"], ada.id.as_str());
        assert_both_work(&mut ada, &mut bob).await;
    }
}

#[tokio::test]
async fn a_procedure_that_panics_is_answered_with_an_error() {
    let _guard = exclusive().await;
    let [mut ada, mut bob] = pair(&fresh("procedure")).await;
    ada.send_text(r#"{"type":"crash","data":{},"id":7}"#).await;
    let error = ada.receive().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("$error"), &json!(7)), "{error}");
    assert_both_work(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn a_client_with_a_pending_handler_reconnects_after_a_panic() {
    let _guard = exclusive().await;
    let room = fresh("later");
    let [mut ada, mut bob] = pair(&room).await;
    ada.send("panicLater", &json!({ "ms": 50, "text": "panic" })).await;
    assert_eq!(ada.receive().await["type"], "$error");
    assert_eq!(ada.closed().await.code, 1012);
    assert_eq!(bob.until("$exit").await["connectionId"], ada.id.as_str());
    let mut ada = Client::join(&faults(), LAB, &room, "ada", &json!({ "note": "a" })).await;
    bob.until("$userJoined").await;
    assert_both_work(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn a_client_with_a_pending_handler_in_another_room_reconnects_after_a_panic() {
    let _guard = exclusive().await;
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
    assert_both_work(&mut eve, &mut mallory).await;
}

#[tokio::test]
async fn running_out_of_memory_is_handled_like_a_panic() {
    let _guard = exclusive().await;
    let [mut ada, mut bob] = pair(&fresh("memory")).await;
    ada.send("exhaust", &json!({})).await;
    assert_eq!(ada.receive().await["type"], "$error");
    assert_both_work(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn a_client_that_leaves_is_announced_although_the_hook_panics() {
    let _guard = exclusive().await;
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
    assert_both_work(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn a_room_whose_create_panics_closes_its_connections_and_harms_no_other_room() {
    let _guard = exclusive().await;
    let [mut ada, mut bob] = pair(&fresh("sound")).await;
    let path = format!("/broken/room/{}", fresh("broken"));
    // The panic also ends the request for which the room is created.
    let lost = request(&faults(), "GET", &path, UPGRADE).await;
    assert_eq!(lost.status, 500);
    let url = format!("{}{path}", faults());
    for _ in 0..3 {
        let (message, closed) = connect_rejected(&url).await;
        assert_eq!((&*message, closed.code), ("internal error", 3000));
        assert_both_work(&mut ada, &mut bob).await;
    }
}

/// Returns the text of a room's document, read by the worker.
async fn text_of(room: &str) -> String {
    let answer = post(&faults(), &format!("/control/{room}/notes/read"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_document_after_a_panic_is_the_stored_one() {
    let _guard = exclusive().await;
    let room = fresh("initial-panic");
    let mut ada = Client::join(&faults(), NOTES, &room, "ada", &json!({})).await;
    ada.send("add", &json!({ "text": ", and more" })).await;
    ada.drain().await;
    ada.send("panic", &json!({})).await;
    assert_eq!(ada.until("$error").await["data"]["message"], "internal error");
    assert_eq!(text_of(&room).await, "initial, and more");
    ada.send("add", &json!({ "text": "!" })).await;
    ada.drain().await;
    assert_eq!(text_of(&room).await, "initial, and more!");
}

#[tokio::test]
async fn a_client_that_waits_for_the_initial_storage_reconnects_after_a_panic() {
    let _guard = exclusive().await;
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
    assert_both_work(&mut eve, &mut mallory).await;
    Client::join(&faults(), NOTES, &room, "ada", &json!({})).await;
}

#[tokio::test]
async fn many_panics_at_once_keep_idle_connections_open() {
    let _guard = exclusive().await;
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
        assert_both_work(ada, bob).await;
    }
}
