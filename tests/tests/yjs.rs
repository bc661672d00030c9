//! Connections of the Yjs protocol beside those of pluv clients: one document.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tests::{Client, NOTES, Provider, awareness, fixture, fresh, get, until_hibernated, wait_for_hibernation, write};
use tokio::time::sleep;
use yrs::{
    Doc, GetString as _, ReadTxn as _, StateVector, Transact as _, Update,
    sync::{Message, SyncMessage},
    updates::{decoder::Decode as _, encoder::Encode as _},
};

/// A pluv client with its document and the texts it received.
struct Pluv {
    client: Client,
    doc: Doc,
    said: Vec<String>,
}

impl Pluv {
    async fn join(room: &str, user: &str) -> Self {
        let mut client = Client::open(&fixture(), NOTES, room, user).await;
        client.send("$initializeSession", &json!({ "presence": { "note": "" }, "update": null })).await;
        let doc = Doc::new();
        let storage = client.until("$storageReceived").await;
        apply(&doc, &storage);
        let state = STANDARD.encode(doc.transact().encode_state_as_update_v1(&StateVector::default()));
        client.send("$updateStorage", &json!({ "origin": "$initialized", "update": state })).await;
        client.drain().await;
        Self { client, doc, said: Vec::new() }
    }

    async fn until(&mut self, condition: impl Fn(&Self) -> bool) {
        while !condition(self) {
            let frame = self.client.receive().await;
            match frame["type"].as_str() {
                Some("$storageUpdated") => apply(&self.doc, &frame),
                Some("said") => self.said.push(frame["data"]["text"].as_str().unwrap_or_default().to_owned()),
                _ => {}
            }
        }
    }

    async fn reads(&mut self, text: &str) {
        self.until(|pluv| pluv.text() == text).await;
    }

    async fn hears_of_change_by(&mut self, user: &str) {
        self.until(|pluv| pluv.said.iter().any(|said| said.starts_with("change ") && said.ends_with(user))).await;
    }

    async fn send(&mut self, update: &[u8]) {
        let data = json!({ "origin": null, "update": STANDARD.encode(update) });
        self.client.send("$updateStorage", &data).await;
    }

    fn text(&self) -> String {
        let doc = self.doc.transact();
        doc.get_text("text").map(|text| text.get_string(&doc)).unwrap_or_default()
    }
}

fn apply(doc: &Doc, frame: &Value) {
    let state = STANDARD.decode(frame["data"]["state"].as_str().expect("it has a state")).expect("it is base64");
    doc.transact_mut().apply_update(Update::decode_v1(&state).expect("it is an update")).expect("it fits");
}

/// Returns a frame of these numbers, with a buffer at the end.
fn frame(numbers: &[u8], buffer: &[u8]) -> Vec<u8> {
    let length = u8::try_from(buffer.len()).expect("it is short");
    [numbers, &[length], buffer].concat()
}

#[tokio::test]
async fn edits_reach_clients_of_both_protocols() {
    let room = fresh("both");
    let (mut ada, mut bob) = (Provider::join(&room, "ada").await, Pluv::join(&room, "bob").await);
    ada.write(0, "by ada").await;
    bob.reads("by ada").await;
    let edit = write(&bob.doc, 6, " and bob");
    bob.send(&edit).await;
    ada.reads("by ada and bob").await;
    // Edits of the room's code reach both.
    bob.client.send("add", &json!({ "text": "!" })).await;
    ada.reads("by ada and bob!").await;
    let mut cy = Provider::join(&room, "cy").await;
    assert_eq!((cy.text(), cy.state()), (ada.text(), ada.state()));
    cy.settle().await;
    assert_eq!(cy.denials, Vec::<String>::new());
}

#[tokio::test]
async fn an_edit_is_not_sent_to_its_author() {
    let room = fresh("author");
    let (mut ada, mut bob) = (Provider::join(&room, "ada").await, Provider::join(&room, "bob").await);
    ada.updates.clear();
    ada.write(0, "mine").await;
    bob.reads("mine").await;
    bob.write(4, " and mine").await;
    ada.reads("mine and mine").await;
    assert_eq!(ada.updates.len(), 1, "only what bob wrote");
}

#[tokio::test]
async fn a_reconnect_transfers_only_missing_changes() {
    let room = fresh("reconnect");
    let (mut ada, mut bob) = (Provider::join(&room, "ada").await, Provider::join(&room, "bob").await);
    ada.write(0, &"long ".repeat(20_000)).await;
    bob.until(|bob| bob.text().len() == 100_000).await;
    bob.drop_connection();
    ada.write(0, "meanwhile ").await;
    drop(write(&bob.doc, 100_000, "offline"));
    ada.settle().await;
    bob.connect().await;
    ada.until(|ada| ada.text().ends_with("offline")).await;
    assert!(bob.text().starts_with("meanwhile long ") && bob.text().ends_with(" offline"));
    assert_eq!(ada.text(), bob.text());
    let sizes: Vec<_> = bob.updates.iter().map(Vec::len).collect();
    assert!(sizes.iter().sum::<usize>() < 100, "{sizes:?}");
    // A client that is up to date is sent nothing.
    bob.updates.clear();
    bob.settle().await;
    assert_eq!(bob.updates, [[0, 0]]);
}

#[tokio::test]
async fn awareness_reaches_the_others_and_is_withdrawn_with_its_connection() {
    let room = fresh("awareness");
    let (mut ada, mut bob) = (Provider::join(&room, "ada").await, Provider::join(&room, "bob").await);
    ada.send_awareness(&json!({ "user": { "name": "Ada" }, "cursor": 1 })).await;
    let client = ada.client();
    bob.until(|bob| bob.clients.contains_key(&client)).await;
    assert_eq!(bob.clients[&client], json!({ "user": { "name": "Ada" }, "cursor": 1 }));
    ada.send_awareness(&json!({ "cursor": 2 })).await;
    bob.until(|bob| bob.clients[&client] == json!({ "cursor": 2 })).await;

    // A newcomer gets the states, and so does a client that queries them.
    let mut cy = Provider::join(&room, "cy").await;
    cy.until(|cy| cy.clients.contains_key(&client)).await;
    cy.clients.clear();
    cy.send(&Message::AwarenessQuery).await;
    cy.until(|cy| cy.clients.get(&client) == Some(&json!({ "cursor": 2 }))).await;

    ada.drop_connection();
    for other in [&mut bob, &mut cy] {
        other.until(|other| !other.clients.contains_key(&client)).await;
    }
    let mut dan = Provider::join(&room, "dan").await;
    dan.settle().await;
    assert!(dan.clients.is_empty(), "{:?}", dan.clients);
}

#[tokio::test]
async fn the_document_and_awareness_survive_hibernation() {
    until_hibernated(async || {
        let room = fresh("hibernation");
        let mut watcher = Pluv::join(&room, "watcher").await;
        let (mut ada, mut bob) = (Provider::join(&room, "ada").await, Provider::join(&room, "bob").await);
        ada.send_awareness(&json!({ "name": "Ada" })).await;
        bob.send_awareness(&json!({ "name": "Bob" })).await;
        let (of_ada, of_bob) = (ada.client(), bob.client());
        ada.until(|ada| ada.clients.contains_key(&of_bob)).await;
        ada.write(0, "before").await;
        watcher.hears_of_change_by("ada").await;
        wait_for_hibernation().await;

        let mut cy = Provider::join(&room, "cy").await;
        cy.until(|cy| cy.clients.len() == 2).await;
        assert_eq!(
            (&cy.clients[&of_ada], &cy.clients[&of_bob]),
            (&json!({ "name": "Ada" }), &json!({ "name": "Bob" }))
        );
        assert_eq!(cy.text(), "before");
        cy.write(6, ", after").await;
        for other in [&mut ada, &mut bob] {
            other.reads("before, after").await;
        }
        watcher.reads("before, after").await;
        watcher.hears_of_change_by("cy").await;

        // A connection that drops wakes the room, and is withdrawn.
        wait_for_hibernation().await;
        bob.drop_connection();
        ada.until(|ada| !ada.clients.contains_key(&of_bob)).await;
        ada.write(0, "still ").await;
        cy.reads("still before, after").await;
        assert!(cy.clients.contains_key(&of_ada) && !cy.clients.contains_key(&of_bob));
        // The count starts at the wake.
        watcher.said.iter().any(|said| said == "change 1 by cy")
    })
    .await;
}

#[tokio::test]
async fn an_edit_of_a_read_only_connection_is_rejected() {
    let room = fresh("reader");
    let (mut ada, mut reader) = (Provider::join(&room, "ada").await, Provider::join(&room, "reader").await);
    ada.write(0, "by ada").await;
    reader.reads("by ada").await;
    assert_eq!(reader.denials, Vec::<String>::new());
    reader.write(0, "graffiti ").await;
    reader.settle().await;
    assert_eq!(reader.denials, ["read-only connection: change rejected"]);
    ada.settle().await;
    assert_eq!(ada.text(), "by ada");
    // But the others see the reader's state.
    reader.send_awareness(&json!({ "name": "Reader" })).await;
    let client = reader.client();
    ada.until(|ada| ada.clients.contains_key(&client)).await;
    let cy = Provider::join(&room, "cy").await;
    assert_eq!(cy.text(), "by ada");
}

#[tokio::test]
async fn an_edit_over_the_limit_is_rejected_and_the_connection_stays() {
    let room = fresh("limit");
    let (mut ada, mut eve) = (Provider::join(&room, "ada").await, Provider::join(&room, "eve").await);
    let large = write(&Doc::new(), 0, &"x".repeat(2_100_000));
    eve.send(&Message::Sync(SyncMessage::Update(large))).await;
    eve.settle().await;
    assert_eq!(eve.denials.len(), 1);
    assert!(eve.denials[0].ends_with("the limit is 2000000"), "{}", eve.denials[0]);
    eve.write(0, "small").await;
    ada.reads("small").await;
}

#[tokio::test]
async fn a_malformed_frame_closes_only_its_connection_with_1003() {
    let room = fresh("malformed");
    let (mut ada, mut bob) = (Provider::join(&room, "ada").await, Pluv::join(&room, "bob").await);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let frames = [
        vec![],
        vec![0],
        vec![4],
        vec![255; 20],
        vec![0, 3, 0],
        // An invalid state vector, and invalid updates.
        frame(&[0, 0], &[5]),
        frame(&[0, 1], &[255; 64]),
        frame(&[0, 2], &[]),
        frame(&[0, 2], &[1, 1, 1, 0, 4, 1, 1, 97, 9, 120]),
        // A buffer that is shorter than its length, and one followed by more bytes.
        vec![0, 2, 5, 1],
        vec![0, 2, 2, 0, 0, 0],
        // An empty awareness update, and states that are not objects.
        vec![1, 1, 5],
        awareness(77, 1, "{").encode_v1(),
        awareness(77, 1, "5").encode_v1(),
        awareness(77, 1, &deep).encode_v1(),
    ];
    for bytes in frames {
        let mut eve = Provider::join(&room, "eve").await;
        eve.send_bytes(bytes.clone()).await;
        assert_eq!(eve.closed().await.code, 1003, "{:?}", &bytes[..bytes.len().min(20)]);
    }
    let mut eve = Provider::join(&room, "eve").await;
    eve.send_text("text").await;
    assert_eq!(eve.closed().await.code, 1003);

    ada.write(0, "unharmed").await;
    bob.reads("unharmed").await;
    ada.settle().await;
    assert_eq!((ada.clients.len(), ada.denials.len()), (0, 0));
}

#[tokio::test]
async fn a_connection_without_a_valid_token_is_closed() {
    let room = fresh("denied");
    let other = get(&fixture(), &format!("{NOTES}/authorize?room={room}-other&user_id=eve")).await.body;
    for token in ["", "nonsense", &other] {
        let mut eve = Provider::open(&room, token).await;
        let denied = eve.receive().await;
        let closed = eve.closed().await;
        assert_eq!((denied, closed.code), (Message::Auth(Some(closed.reason)), 4401), "{token}");
    }
}

#[tokio::test]
async fn providers_are_visible_to_handlers_but_not_to_pluv_clients() {
    let room = fresh("sessions");
    let mut ada = Pluv::join(&room, "ada").await;
    let mut bob = Provider::join(&room, "bob").await;
    ada.client.send("sessions", &json!({})).await;
    assert_eq!(ada.client.only("said").await["data"]["text"], "ada Pluv, bob Yjs");
    assert_eq!(ada.client.others().await, json!({}));
    bob.drop_connection();
    // Its end is not announced to pluv clients either.
    let mut people = String::new();
    while people != "ada Pluv" {
        sleep(Duration::from_millis(50)).await;
        ada.client.send("sessions", &json!({})).await;
        let said = ada.client.only("said").await;
        people = said["data"]["text"].as_str().unwrap_or_default().to_owned();
    }
}
