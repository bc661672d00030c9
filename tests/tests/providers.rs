//! Yjs providers with the limits of a room and with the worker's handle.

use serde_json::json;
use tests::{Client, Closed, NOTES, Provider, control, fixture, fresh, get, write};
use yrs::{
    Doc,
    sync::{Message, SyncMessage},
};

const TIGHT: &str = "/tight";

fn closed(code: u16, reason: &str) -> Closed {
    Closed { code, reason: reason.to_owned() }
}

/// Asserts that an edit of one provider reaches the other.
async fn assert_works(ada: &mut Provider, bob: &mut Provider) {
    ada.write(0, "still ").await;
    let text = ada.text();
    bob.reads(&text).await;
}

#[tokio::test]
async fn a_full_room_rejects_a_provider_until_another_connection_left() {
    let room = fresh("full");
    let mut ada = Provider::join_at(TIGHT, &room, "ada").await;
    let mut bob = Provider::join_at(TIGHT, &room, "bob").await;
    // A connection of the other protocol counts too.
    let cy = Client::join(&fixture(), TIGHT, &room, "cy", &json!({})).await;
    let token = get(&fixture(), &format!("{TIGHT}/authorize?room={room}&user_id=dan")).await.body;
    let mut dan = Provider::open_at(TIGHT, &room, &token).await;
    let expected = "the room is full: the limit is 3 connections";
    assert_eq!(dan.receive().await, Message::Auth(Some(expected.to_owned())));
    assert_eq!(dan.closed().await, closed(1013, expected));
    assert_works(&mut ada, &mut bob).await;
    cy.leave(1000).await;
    let mut dan = Provider::join_at(TIGHT, &room, "dan").await;
    assert_works(&mut ada, &mut dan).await;
}

#[tokio::test]
async fn a_provider_whose_user_is_too_big_is_closed() {
    let room = fresh("users");
    let id = "n".repeat(17);
    let token = get(&fixture(), &format!("{TIGHT}/authorize?room={room}&user_id={id}")).await.body;
    let mut ada = Provider::open_at(TIGHT, &room, &token).await;
    let expected = "the user's `id` takes 17 bytes: the limit is 16";
    assert_eq!(ada.receive().await, Message::Auth(Some(expected.to_owned())));
    assert_eq!(ada.closed().await, closed(4403, expected));
}

#[tokio::test]
async fn a_provider_over_the_rate_limit_gets_one_error_and_is_closed() {
    let room = fresh("flood");
    let mut ada = Provider::join_at(TIGHT, &room, "ada").await;
    let mut bob = Provider::join_at(TIGHT, &room, "bob").await;
    ada.send_awareness(&json!({ "name": "Ada" })).await;
    let client = ada.client();
    bob.until(|bob| bob.clients.contains_key(&client)).await;
    for number in 0..400 {
        ada.send_awareness(&json!({ "cursor": number })).await;
    }
    ada.until(|ada| !ada.denials.is_empty()).await;
    let expected = "rate limit exceeded: the limit is 20 messages a second";
    assert_eq!(ada.closed().await, closed(1008, expected));
    assert_eq!(ada.denials, [expected]);
    bob.until(|bob| !bob.clients.contains_key(&client)).await;
    let mut again = Provider::join_at(TIGHT, &room, "ada").await;
    assert_works(&mut again, &mut bob).await;
}

#[tokio::test]
async fn a_frame_and_a_document_over_the_limit_are_rejected_and_the_connection_stays() {
    let room = fresh("sizes");
    let mut ada = Provider::join_at(TIGHT, &room, "ada").await;
    let mut bob = Provider::join_at(TIGHT, &room, "bob").await;
    ada.send_bytes(vec![0; 8_001]).await;
    ada.settle().await;
    assert_eq!(ada.denials, ["the frame takes 8001 bytes or more: the limit is 8000 bytes"]);
    let large = write(&Doc::new(), 0, &"n".repeat(4_000));
    ada.send(&Message::Sync(SyncMessage::Update(large))).await;
    ada.settle().await;
    assert!(ada.denials[1].ends_with("the limit is 3000"), "{:?}", ada.denials);
    assert_works(&mut ada, &mut bob).await;
    assert_eq!((ada.denials.len(), bob.denials.len()), (2, 0));
}

#[tokio::test]
async fn a_route_lists_providers_and_its_messages_skip_them() {
    let room = fresh("seen");
    let mut ada = Client::join(&fixture(), NOTES, &room, "ada", &json!({ "note": "a note" })).await;
    let mut bob = Provider::join(&room, "bob").await;
    ada.drain().await;
    assert_eq!(control(&room, "notes/sessions", "").await, "ada Pluv: a note, bob Yjs: ");
    assert_eq!(control(&room, "notes/size", "").await, "2");
    assert_eq!(control(&room, "notes/broadcast", "we close").await, "1");
    assert_eq!(ada.only("said").await["data"]["text"], "we close");
    assert_eq!(control(&room, "notes/send", "bob").await, "0");
    // The provider would panic at a text frame.
    bob.settle().await;
}

#[tokio::test]
async fn a_route_edits_the_document_of_providers() {
    let room = fresh("written");
    let mut ada = Provider::join(&room, "ada").await;
    control(&room, "notes/write", "from a queue").await;
    ada.reads("from a queue").await;
    ada.write(0, "not ").await;
    ada.settle().await;
    assert_eq!(control(&room, "notes/read", "").await, "not from a queue");
}

#[tokio::test]
async fn a_route_disconnects_providers() {
    let room = fresh("evicted");
    let mut ada = Provider::join(&room, "ada").await;
    let mut bob = Provider::join(&room, "bob").await;
    ada.send_awareness(&json!({ "name": "Ada" })).await;
    let client = ada.client();
    bob.until(|bob| bob.clients.contains_key(&client)).await;
    assert_eq!(control(&room, "notes/evict-user", "ada").await, "1");
    assert_eq!(ada.closed().await, closed(4403, "you were banned"));
    bob.until(|bob| bob.clients.is_empty()).await;
    assert_eq!(control(&room, "notes/evict-all", "").await, "1");
    assert_eq!(bob.closed().await, closed(1012, "we restart"));
    assert_eq!(control(&room, "notes/size", "").await, "0");
}

#[tokio::test]
async fn a_route_that_deletes_the_document_closes_its_providers() {
    let room = fresh("deleted");
    let mut ada = Provider::join(&room, "ada").await;
    ada.write(0, "text").await;
    ada.settle().await;
    control(&room, "notes/delete", "").await;
    assert_eq!(ada.closed().await, closed(4403, "the room was deleted"));
    assert_eq!(Provider::join(&room, "bob").await.text(), "");
}
