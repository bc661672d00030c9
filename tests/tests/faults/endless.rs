//! Hooks of the alarm that never return, in a room with an event log.

use serde_json::json;
use tests::{Client, Provider, event_log, event_log_with, fixture, fresh};

const WATCHED: &str = "/watched";

async fn watched(room: &str, id: &str) -> Client {
    let mut client = Client::join(&fixture(), WATCHED, room, id, &json!({ "note": "" })).await;
    client.drain().await;
    client
}

/// Receives up to this text.
async fn until_text(client: &mut Client, text: &str) {
    while client.until("said").await["data"]["text"] != text {}
}

/// Returns how often the alarm of a room fired.
fn alarms(room: &str) -> usize {
    event_log(room).iter().filter(|entry| entry["pluv"] == "alarm").count()
}

#[tokio::test]
async fn a_storage_updated_hook_that_never_returns_blocks_nobody_and_times_out() {
    let room = fresh("change");
    let mut eve = Provider::join_at(WATCHED, &room, "endless").await;
    let (mut ada, mut bob) = (watched(&room, "ada").await, Provider::join_at(WATCHED, &room, "bob").await);
    eve.write(0, "by eve").await;
    bob.reads("by eve").await;
    event_log_with(&room, |entry| entry["pluv"] == "alarm").await;
    bob.write(6, " and bob").await;
    eve.reads("by eve and bob").await;
    ada.send("say", &json!({ "text": "meanwhile" })).await;
    until_text(&mut ada, "meanwhile").await;
    let cy = watched(&room, "cy").await;
    ada.until("$userJoined").await;
    cy.leave(1000).await;
    ada.until("$exit").await;
    let entries = event_log_with(&room, |entry| entry["name"] == "on_storage_updated").await;
    let ended: Vec<_> = entries.iter().filter(|entry| entry["name"] == "on_storage_updated").collect();
    assert_eq!((ended.len(), &ended[0]["failed"]), (1, &json!(true)), "{ended:?}");
    assert!(alarms(&room) < 10, "{entries:?}");
    ada.send("say", &json!({ "text": "still" })).await;
    until_text(&mut ada, "still").await;
}

#[tokio::test]
async fn a_room_deleted_hook_that_never_returns_blocks_nobody() {
    let room = fresh("endless");
    let mut ada = Provider::join_at(WATCHED, &room, "ada").await;
    ada.write(0, "by ada").await;
    ada.settle().await;
    ada.drop_connection();
    // The document is deleted at once, and the hook runs.
    event_log_with(&room, |entry| entry["pluv"] == "leave").await;
    let (mut bob, mut cy) = (watched(&room, "bob").await, Provider::join_at(WATCHED, &room, "cy").await);
    assert_eq!(cy.text(), "by ada");
    cy.write(6, " and cy").await;
    until_text(&mut bob, "changed by cy").await;
    assert!(alarms(&room) < 10, "{:?}", event_log(&room));
}
