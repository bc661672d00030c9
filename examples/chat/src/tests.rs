//! Tests of the room with clients, and without a worker.

use std::time::Duration;

use pluv::{
    params,
    testing::{Client, Fault, World},
    yrs::{GetString as _, ReadTxn as _, Text as _, WriteTxn as _},
};
use serde_json::{Value, json};

use crate::{Chat, ChatMessage, MAX_MESSAGES, MAX_SIZE, User};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn user(id: &str) -> User {
    User { id: id.to_owned(), name: id.to_uppercase() }
}

fn say(client: &Client<Chat>, message: &str) {
    client.send("sendMessage", json!({ "message": message }));
}

/// Returns the ids of a page of the history.
fn history(client: &Client<Chat>, page: Value) -> Vec<u64> {
    ids(client.call("history", page).expect("it is answered").as_array().expect("it is a list"))
}

/// Takes the ids of the messages that a client has received.
fn received(client: &Client<Chat>) -> Vec<u64> {
    ids(&client.received("messageReceived"))
}

fn ids(messages: &[Value]) -> Vec<u64> {
    messages.iter().map(|message| message["id"].as_u64().expect("a message has an id")).collect()
}

fn descending(newest: u64, oldest: u64) -> Vec<u64> {
    (oldest..=newest).rev().collect()
}

#[test]
fn a_message_reaches_everyone_and_a_number_its_caller_only() {
    let world = World::new("lobby", || Chat);
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    say(&ada, "hello");
    ada.send("double", json!({ "value": 21 }));
    assert_eq!(ada.received("doubled"), [json!({ "value": 42.0 })]);
    let message = json!({ "id": 1, "author": "ada", "name": "ADA", "message": "hello", "time": world.now() });
    assert_eq!(bob.received("messageReceived"), std::slice::from_ref(&message));
    assert_eq!(ada.received("messageReceived"), std::slice::from_ref(&message));
    assert_eq!(bob.call("history", json!({})), Ok(json!([message])), "it is stored as it is sent");
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

#[test]
fn a_newcomer_reads_the_history_page_by_page_after_everyone_left() {
    let world = World::new("lobby", || Chat);
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    for number in 1..=120 {
        say(if number % 3 == 0 { &ada } else { &bob }, &format!("message {number}"));
    }
    ada.leave();
    bob.leave();
    world.crash();

    let eve = world.join(user("eve"));
    assert_eq!(received(&eve), [0; 0], "a page asks for the history itself");
    assert_eq!(history(&eve, json!({})), descending(120, 71));
    assert_eq!(history(&eve, json!({ "before": 71 })), descending(70, 21));
    assert_eq!(history(&eve, json!({ "before": 21 })), descending(20, 1));
    assert_eq!(history(&eve, json!({ "before": 1 })), [0; 0]);
    assert_eq!(history(&eve, json!({ "before": 5, "limit": 2 })), [4, 3]);
    assert_eq!(history(&eve, json!({ "limit": 1_000 })), descending(120, 71), "a page has 50 messages at most");
    let page = eve.call("history", json!({ "before": 100, "limit": 1 })).expect("it is answered");
    assert_eq!((&page[0]["author"], &page[0]["message"]), (&json!("ada"), &json!("message 99")));
}

#[test]
fn a_message_between_the_join_and_the_answer_is_in_both_by_one_id() {
    let world = World::new("lobby", || Chat);
    world.hibernate_before_each_input(true);
    let ada = world.join(user("ada"));
    say(&ada, "before the join");
    let bob = world.join(user("bob"));
    say(&ada, "before the call");
    let page = history(&bob, json!({}));
    say(&ada, "after the call");
    assert_eq!((page, received(&bob)), (vec![2, 1], vec![2, 3]));

    // It reconnects: the newest page has all that it missed.
    bob.drop_connection();
    say(&ada, "missed");
    bob.join();
    say(&ada, "not missed");
    assert_eq!(received(&bob), [5]);
    assert_eq!(history(&bob, json!({})), descending(5, 1));
}

#[test]
fn a_message_that_is_not_stored_is_not_sent() {
    let world = World::new("lobby", || Chat);
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    world.storage().set_full(true);
    say(&ada, "lost");
    assert_eq!((received(&bob), ada.errors()), (vec![], vec!["internal error".to_owned()]));
    world.storage().set_full(false);
    say(&ada, "kept");
    assert_eq!((received(&bob), history(&bob, json!({}))), (vec![1], vec![1]));
    assert_eq!(world.log().len(), 1);
}

#[test]
fn a_message_is_stored_before_it_is_sent_wherever_the_storage_fails() {
    let calls = {
        let world = World::new("lobby", || Chat);
        let ada = world.join(user("ada"));
        let before = world.storage().calls();
        say(&ada, "hello");
        world.storage().calls() - before
    };
    for (call, fault) in
        (0..calls).flat_map(|call| [Fault::Error, Fault::ErrorAfter, Fault::Crash].map(|fault| (call, fault)))
    {
        let world = World::new("lobby", || Chat);
        let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
        world.storage().fail_at(call, fault);
        say(&ada, "hello");
        let sent = received(&bob);
        world.crash();
        bob.join();
        let stored = history(&bob, json!({}));
        assert!(
            sent == stored || sent.is_empty(),
            "{fault:?} in call {call} of {calls}: {sent:?} sent, {stored:?} stored"
        );
        let _ = world.log();
    }
}

#[test]
fn a_message_that_is_too_long_is_rejected() {
    let world = World::new("lobby", || Chat);
    let ada = world.join(user("ada"));
    say(&ada, &"x".repeat(MAX_SIZE + 1));
    assert_eq!(ada.errors(), ["the message is longer than 16000 bytes"]);
    say(&ada, &"x".repeat(MAX_SIZE));
    assert_eq!(received(&ada), [1]);
}

#[test]
fn a_message_is_deleted_after_30_days_and_its_id_not_used_again() {
    let world = World::new("lobby", || Chat);
    let ada = world.join(user("ada"));
    say(&ada, "first");
    world.advance(15 * DAY);
    say(&ada, "second");
    assert_eq!(history(&ada, json!({})), [2, 1]);
    world.advance(16 * DAY);
    assert_eq!(history(&ada, json!({})), [2]);
    // Also while nobody is there.
    ada.leave();
    world.advance(15 * DAY);
    ada.join();
    assert_eq!(history(&ada, json!({})), [0; 0]);
    say(&ada, "third");
    assert_eq!(history(&ada, json!({})), [3]);
    world.advance(29 * DAY);
    assert_eq!(history(&ada, json!({})), [3]);
}

#[test]
fn the_newest_10_000_messages_are_kept() {
    let world = World::new("lobby", || Chat);
    let ada = world.join(user("ada"));
    // The task runs in a room without messages, too.
    world.advance(DAY);
    say(&ada, "message 1");
    let statement = "WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
        INSERT INTO messages (author, name, message, time) SELECT 'ada', 'ADA', 'message ' || n, ? FROM number";
    world.storage().sql().exec(statement, params![MAX_MESSAGES + 7, world.now()]).expect("they are stored");
    world.advance(DAY);
    let kept: Vec<ChatMessage> =
        world.storage().sql().query("SELECT * FROM messages ORDER BY id", params![]).expect("they are read");
    assert_eq!((kept.len(), kept[0].id, &*kept[0].message), (10_000, 8, "message 8"));
    say(&ada, "one more");
    assert_eq!((received(&ada), world.log().len()), (vec![1, 10_008], 0));
}
