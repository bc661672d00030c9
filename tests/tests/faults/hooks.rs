//! Rooms and connections after a hook panicked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::{Answer, Client, connect, faults, fresh, get, post};
use tokio::time::sleep;

use crate::exclusive;

const FRAGILE: &str = "/fragile";
const TEXT: &str = "what was written before";

async fn join(room: &str, id: &str) -> Client {
    let mut client = Client::join(&faults(), FRAGILE, room, id, &json!({ "note": id })).await;
    client.send("$updateStorage", &json!({ "origin": "$initialized", "update": "AAA=" })).await;
    client.drain().await;
    client
}

/// Joins Ada and Bob, writes a text into the document, and reads everything up to now.
async fn pair(room: &str) -> [Client; 2] {
    let (mut ada, mut bob) = (join(room, "ada").await, join(room, "bob").await);
    ada.send("write", &json!({ "text": TEXT })).await;
    for client in [&mut ada, &mut bob] {
        until_text(client, &format!("the text is now: {TEXT}")).await;
        client.drain().await;
    }
    [ada, bob]
}

/// Receives up to this text.
async fn until_text(client: &mut Client, text: &str) {
    while client.until("said").await["data"]["text"] != text {}
}

/// Asserts that both are connected with their state and the document, and that the room handles their events.
async fn assert_both_work(ada: &mut Client, bob: &mut Client, text: &str) {
    ada.send("say", &json!({ "text": "and then" })).await;
    for client in [&mut *ada, &mut *bob] {
        until_text(client, "and then").await;
    }
    for (client, note) in [(&mut *ada, "bob"), (&mut *bob, "ada")] {
        let others = client.others().await;
        let notes = others.as_object().into_iter().flat_map(|others| others.values());
        let notes: Vec<_> = notes.map(|other| &other["presence"]["note"]).collect();
        assert_eq!(notes, [note]);
        client.send("read", &json!({})).await;
        until_text(client, text).await;
    }
}

/// Deletes a room's document by the worker.
async fn delete(room: &str) -> Answer {
    post(&faults(), &format!("/control/{room}/fragile/delete"), "").await
}

#[tokio::test]
async fn a_message_whose_hook_panics_is_answered_with_an_error() {
    let _guard = exclusive().await;
    let [mut ada, mut bob] = pair(&fresh("message")).await;
    ada.send("say", &json!({ "text": "on_message" })).await;
    assert_eq!(ada.error().await, "internal error");
    assert_both_work(&mut ada, &mut bob, TEXT).await;
}

#[tokio::test]
async fn a_client_whose_connected_hook_panics_has_joined_and_all_stay() {
    let _guard = exclusive().await;
    let room = fresh("connected");
    let [mut ada, mut bob] = pair(&room).await;
    let mut eve = Client::open(&faults(), FRAGILE, &room, "on_user_connected").await;
    eve.send("$initializeSession", &json!({ "presence": {}, "update": Value::Null })).await;
    assert_eq!(eve.until("$error").await["data"]["message"], "internal error");
    assert_eq!(ada.until("$userJoined").await["connectionId"], eve.id.as_str());
    eve.leave(1000).await;
    assert_eq!(ada.until("$exit").await["user"]["id"], "on_user_connected");
    assert_both_work(&mut ada, &mut bob, TEXT).await;
}

#[tokio::test]
async fn a_client_joins_once_the_initial_storage_hook_no_longer_panics() {
    let _guard = exclusive().await;
    let [mut ada, mut bob] = pair(&fresh("initial")).await;
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("now is after the epoch");
    let mut pause = Duration::from_millis(750);
    // Until she connects before the time in the room's name.
    let (room, time) = loop {
        pause *= 2;
        let time = now() + pause;
        let room = format!("get_initial_storage-{}", time.as_millis());
        let token = get(&faults(), &format!("{FRAGILE}/authorize?room={room}&user_id=eve")).await.body;
        let mut eve = connect(&format!("{}{FRAGILE}/room/{room}?token={token}", faults())).await;
        eve.register().await;
        eve.send("$initializeSession", &json!({ "presence": {}, "update": Value::Null })).await;
        let answer = eve.receive().await;
        if answer["type"] == "$error" {
            assert_eq!(answer["data"]["message"], "internal error");
            break (room, time);
        }
        assert!(now() >= time, "the document is not created before that time: {answer}");
    };
    assert_both_work(&mut ada, &mut bob, TEXT).await;
    sleep(time.saturating_sub(now()) + Duration::from_millis(1)).await;
    let [mut eve, mut cy] = [join(&room, "ada").await, join(&room, "bob").await];
    eve.send("write", &json!({ "text": "initial" })).await;
    assert_both_work(&mut eve, &mut cy, "initial").await;
}

#[tokio::test]
async fn a_change_whose_hook_panics_is_kept_and_the_hook_is_retried() {
    let turn = exclusive().await;
    let [mut ada, mut bob] = pair(&fresh("updated")).await;
    ada.send("write", &json!({ "text": "on_storage_updated" })).await;
    // The alarm fires after a second, and panics.
    sleep(Duration::from_millis(1_500)).await;
    assert_both_work(&mut ada, &mut bob, "on_storage_updated").await;
    bob.send("write", &json!({ "text": "something else" })).await;
    assert_both_work(&mut ada, &mut bob, "something else").await;
    // Other panics do not affect it.
    drop(turn);
    for client in [&mut ada, &mut bob] {
        until_text(client, "the text is now: something else").await;
    }
}

#[tokio::test]
async fn a_document_whose_deletion_hook_panics_stays_and_can_be_deleted_later() {
    let _guard = exclusive().await;
    let (room, other) = (fresh("deleted"), fresh("other"));
    let [mut ada, mut bob] = pair(&other).await;
    let mut eve = join(&room, "eve").await;
    eve.send("write", &json!({ "text": "on_room_deleted" })).await;
    eve.drain().await;
    let answer = delete(&room).await;
    assert_eq!(answer.status, 500, "{answer:?}");
    assert_eq!(eve.closed().await.code, 4000);
    assert_both_work(&mut ada, &mut bob, TEXT).await;
    let [mut eve, mut cy] = [join(&room, "ada").await, join(&room, "bob").await];
    assert_both_work(&mut eve, &mut cy, "on_room_deleted").await;
    eve.send("write", &json!({ "text": "something else" })).await;
    eve.drain().await;
    assert_eq!(delete(&room).await.body, "done");
    let mut eve = join(&room, "eve").await;
    eve.send("read", &json!({})).await;
    until_text(&mut eve, "").await;
}
