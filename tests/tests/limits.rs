//! The limits of a room.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tests::{Client, Closed, SECRET, Token, connect, connect_rejected, fixture, fresh, get};
use yrs::{Doc, ReadTxn as _, StateVector, Text as _, Transact as _};

const TIGHT: &str = "/tight";
const RELAY: &str = "/relay";

async fn tight(room: &str, id: &str) -> Client {
    let mut client = Client::join(&fixture(), TIGHT, room, id, &json!({ "note": "" })).await;
    client.drain().await;
    client
}

async fn token(room: &str, id: &str) -> String {
    get(&fixture(), &format!("{TIGHT}/authorize?room={room}&user_id={id}")).await.body
}

async fn rejection(room: &str, token: &str) -> (String, Closed) {
    connect_rejected(&format!("{}{TIGHT}/room/{room}?token={token}", fixture())).await
}

/// Asserts that messages between two clients still arrive.
async fn assert_works(ada: &mut Client, bob: &mut Client) {
    ada.drain().await;
    bob.drain().await;
    ada.send("say", &json!({ "text": "hi" })).await;
    assert_eq!(ada.only("said").await["data"]["text"], "hi");
    assert_eq!(bob.only("said").await["data"]["text"], "hi");
}

/// Returns an update with a text of this many letters.
fn update(letters: usize) -> String {
    let doc = Doc::new();
    let text = doc.get_or_insert_text("text");
    text.push(&mut doc.transact_mut(), &"n".repeat(letters));
    STANDARD.encode(doc.transact().encode_state_as_update_v1(&StateVector::default()))
}

#[tokio::test]
async fn a_full_room_accepts_a_connection_after_another_left() {
    let room = fresh("full");
    let mut ada = tight(&room, "ada").await;
    let mut bob = tight(&room, "bob").await;
    let cy = tight(&room, "cy").await;
    let expected = "the room is full: the limit is 3 connections";
    let closed = Closed { code: 3000, reason: expected.to_owned() };
    assert_eq!(rejection(&room, &token(&room, "dan").await).await, (expected.to_owned(), closed));
    assert_works(&mut ada, &mut bob).await;
    cy.leave(1000).await;
    let mut dan = tight(&room, "dan").await;
    assert_works(&mut ada, &mut dan).await;
}

#[tokio::test]
async fn a_user_over_the_size_limit_is_rejected() {
    let room = fresh("users");
    let id = "n".repeat(17);
    let (error, closed) = rejection(&room, &token(&room, &id).await).await;
    assert_eq!(error, "the user's `id` takes 17 bytes: the limit is 16");
    assert_eq!(closed.code, 3000);
    let user = json!({ "id": "ada", "name": "n".repeat(60) });
    let (error, closed) = rejection(&room, &Token::new(&room, "ada").with("user", user.clone()).sign(SECRET)).await;
    assert_eq!(error, format!("the user takes {} bytes: the limit is 60", user.to_string().len()));
    assert_eq!(closed.code, 3000);
    tight(&room, &"n".repeat(16)).await;
}

#[tokio::test]
async fn a_message_a_presence_and_a_document_over_the_limit_are_rejected() {
    let room = fresh("sizes");
    let (mut ada, mut bob) = (tight(&room, "ada").await, tight(&room, "bob").await);
    ada.drain().await;
    let long = json!({ "type": "say", "data": { "text": "n".repeat(8_000) } }).to_string();
    ada.send_text(&long).await;
    let error = ada.error().await;
    assert!(error.starts_with(&format!("the frame takes {} bytes", long.len())), "{error}");
    assert!(error.ends_with(": the limit is 8000 bytes"), "{error}");
    ada.send_bytes(&[1; 8_001]).await;
    assert!(ada.error().await.ends_with(": the limit is 8000 bytes"));
    ada.send("$updatePresence", &json!({ "presence": { "note": "n".repeat(100) } })).await;
    assert_eq!(ada.error().await, "`$updatePresence`: `data.presence` would take 111 bytes: the limit is 100");
    ada.send("$updateStorage", &json!({ "origin": null, "update": update(4_000) })).await;
    let error = ada.error().await;
    assert!(error.contains("the limit is 3000"), "{error}");
    bob.silent().await;
    assert_eq!(bob.others().await[&ada.id]["presence"], json!({ "note": "" }));
    assert_works(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn a_client_over_the_rate_limit_gets_one_error_and_is_closed() {
    let room = fresh("flood");
    let (mut ada, mut bob) = (tight(&room, "ada").await, tight(&room, "bob").await);
    let session = ada.id.clone();
    ada.drain().await;
    for number in 0..400 {
        ada.send("say", &json!({ "text": number.to_string() })).await;
    }
    let mut heard = 0_u32;
    let error = loop {
        let frame = ada.receive().await;
        match frame["type"].as_str() {
            Some("said") => heard += 1,
            _ => break frame,
        }
    };
    assert_eq!(error["type"], "$error");
    let expected = "rate limit exceeded: the limit is 20 messages a second";
    assert_eq!(error["data"]["message"], expected);
    assert_eq!(ada.closed().await, Closed { code: 1008, reason: expected.to_owned() }, "after that one error");
    // How many exactly, the tests with a virtual clock show: here it depends on when the messages arrive.
    assert!((20..400).contains(&heard), "a burst of two seconds is accepted: {heard}");
    let frames = bob.drain().await;
    let exits: Vec<_> = frames.iter().filter(|frame| frame["type"] == "$exit").collect();
    assert_eq!(exits.len(), 1);
    assert_eq!(exits[0]["data"]["sessionId"], session.as_str());
    assert_eq!(frames.iter().filter(|frame| frame["type"] == "said").count(), heard as usize);
    let mut again = tight(&room, "ada").await;
    assert_works(&mut again, &mut bob).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_before_the_room_runs_out_of_memory() {
    let room = fresh("slow");
    let open = async || {
        let mut client = connect(&format!("{}{RELAY}/room/{room}", fixture())).await;
        client.register().await;
        client.initialize(&json!({})).await;
        client
    };
    let (mut ada, mut bob, mut cy) = (open().await, open().await, open().await);
    let slow = ada.id.clone();
    let text = "n".repeat(1_000_000);
    let mut is_gone = false;
    // The room checks after each 64 MiB. At the first check it has heard of her: she joined.
    for _ in 0..140 {
        bob.send("relayed", &json!({ "text": text })).await;
        for client in [&mut bob, &mut cy] {
            let frames = client.drain().await;
            let exits: Vec<&Value> = frames.iter().filter(|frame| frame["type"] == "$exit").collect();
            assert!(exits.iter().all(|exit| exit["data"]["sessionId"] == slow.as_str()), "a client that reads stays");
            is_gone |= !exits.is_empty();
        }
    }
    assert!(is_gone, "a client that does not read is closed");
    let closed = Closed { code: 1013, reason: "the connection does not read what it is sent".to_owned() };
    assert_eq!(ada.closed().await, closed);
    assert_eq!(cy.others().await.as_object().map(serde_json::Map::len), Some(1));
}
