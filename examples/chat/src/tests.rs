//! Tests of the room with clients, and without a worker.

use pluv::{
    testing::World,
    yrs::{GetString as _, ReadTxn as _, Text as _, WriteTxn as _},
};
use serde_json::json;

use crate::{Chat, User};

fn user(id: &str) -> User {
    User { id: id.to_owned(), name: id.to_uppercase() }
}

#[test]
fn a_message_reaches_everyone_and_a_number_its_caller_only() {
    let world = World::new("lobby", || Chat);
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    ada.send("sendMessage", json!({ "message": "hello" }));
    ada.send("double", json!({ "value": 21 }));
    assert_eq!(ada.received("doubled"), [json!({ "value": 42.0 })]);
    assert_eq!(bob.received("messageReceived"), [json!({ "message": "hello" })]);
    assert!(bob.received("doubled").is_empty());
}

#[test]
fn the_note_and_typing_survive_hibernation_and_the_note_a_crash() {
    let world = World::new("lobby", || Chat);
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    ada.edit(|doc| doc.get_or_insert_text("note").push(doc, "bread"));
    ada.update_presence(json!({ "typing": true }));
    world.hibernate();
    let carol = world.join(user("carol"));
    assert_eq!(carol.others()[0].presence.typing, Some(true));
    world.crash();
    bob.join();
    assert_eq!(bob.read(|doc| doc.get_text("note").map(|note| note.get_string(doc))).as_deref(), Some("bread"));
}
