//! Connections of Yjs providers: the same document, by frames of another protocol.

use serde_json::json;
use yrs::{
    Doc, GetString as _, ReadTxn as _, StateVector, Text as _, Transact as _, Update,
    updates::{decoder::Decode as _, encoder::Encode as _},
};

use super::{
    storage::{Notes, doc_with},
    world::{Client, World, both_of},
};
use crate::{
    auth::Access,
    protocol::Protocol,
    protocol::yjs::{self, Entries, Frame},
};

/// A provider with its document.
struct Provider {
    client: Client,
    doc: Doc,
}

fn insert(doc: &Doc, at: u32, text: &str) -> Vec<u8> {
    let t = doc.get_or_insert_text("t");
    let mut transaction = doc.transact_mut();
    t.insert(&mut transaction, at, text);
    transaction.encode_update_v1()
}

fn text(doc: &Doc) -> String {
    let transaction = doc.transact();
    transaction.get_text("t").map(|text| text.get_string(&transaction)).unwrap_or_default()
}

fn notes(scenario: impl Fn(&mut World<Notes>)) {
    both_of(scenario);
}

impl World<Notes> {
    fn provider(&mut self, user: &str) -> Provider {
        self.provider_with(user, Access::Write, Doc::new())
    }

    fn provider_with(&mut self, user: &str, access: Access, doc: Doc) -> Provider {
        let client = self.connect_by(Protocol::Yjs, user, access);
        let provider = Provider { client, doc };
        let vector = provider.doc.transact().state_vector().encode_v1();
        self.send_binary(client, &yjs::step1(&vector));
        self.take(&provider);
        provider
    }

    /// A provider takes what came, answers, and says how many frames of the document there were.
    fn take(&mut self, provider: &Provider) -> usize {
        let frames = self.binary_frames(provider.client);
        self.take_frames(provider, frames)
    }

    fn take_frames(&mut self, provider: &Provider, frames: Vec<Vec<u8>>) -> usize {
        let mut count = 0;
        for frame in frames {
            match Frame::parse(&frame).expect("rooms send good frames") {
                Frame::Step1(vector) => {
                    let vector = StateVector::decode_v1(vector).expect("it is a state vector");
                    let update = provider.doc.transact().encode_state_as_update_v1(&vector);
                    self.send_binary(provider.client, &yjs::step2(&update));
                }
                Frame::Step2(update) | Frame::Update(update) => {
                    count += 1;
                    let update = Update::decode_v1(update).expect("it is an update");
                    provider.doc.transact_mut().apply_update(update).expect("it fits");
                }
                Frame::Awareness(_) | Frame::QueryAwareness => {}
            }
        }
        count
    }

    fn type_by(&mut self, provider: &Provider, at: u32, text: &str) {
        let update = insert(&provider.doc, at, text);
        self.send_binary(provider.client, &yjs::update(&update));
    }

    /// The awareness that a connection was sent, in the order in which it came: the client, the clock and the state.
    fn awareness(&mut self, client: Client) -> Vec<(u64, u64, String)> {
        let mut told = Vec::new();
        for frame in self.binary_frames(client) {
            if let Some(Frame::Awareness(update)) = Frame::parse(&frame) {
                for entry in Entries::of(update).expect("it says how many") {
                    let entry = entry.expect("it is well formed");
                    let state = if entry.is_gone() { "null" } else { entry.state().expect("it is an object") };
                    told.push((entry.client, entry.clock, state.to_owned()));
                }
            }
        }
        told
    }

    fn send_awareness(&mut self, provider: &Provider, entries: &[(u64, u64, &str)]) {
        self.send_binary(provider.client, &yjs::awareness(entries));
    }
}

fn owned(entries: &[(u64, u64, &str)]) -> Vec<(u64, u64, String)> {
    entries.iter().map(|(client, clock, state)| (*client, *clock, (*state).to_owned())).collect()
}

#[test]
fn an_edit_reaches_all_others_by_both_protocols() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let bob = world.provider("bob");
        let eve = world.provider("eve");
        assert_eq!((text(&bob.doc), text(&eve.doc)), ("hi".to_owned(), "hi".to_owned()));
        world.clear();
        world.type_by(&bob, 2, " there");
        let frame = world.frame(ada.client);
        assert_eq!((&frame["type"], &frame["user"]["id"]), (&json!("$storageUpdated"), &json!("bob")));
        assert_eq!((world.take(&bob), world.take(&eve)), (0, 1));
        world.edit(&ada, 0, "oh, ");
        assert_eq!((world.take(&bob), world.take(&eve)), (1, 1));
        assert_eq!(text(&eve.doc), text(&bob.doc));
        world.send(ada.client, "stamp", &json!({}));
        assert_eq!((world.take(&bob), world.take(&eve)), (1, 1));
        assert_eq!(text(&bob.doc).len(), "oh, hi there!".len());
    });
}

#[test]
fn edits_of_a_group_come_to_each_as_one_without_its_own() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let [bob, eve, dan] = ["bob", "eve", "dan"].map(|user| world.provider(user));
        world.clear();
        world.holds_commits = true;
        world.type_by(&bob, 0, "1");
        assert_eq!((world.take(&eve), world.names(ada.client).len()), (1, 1), "at rest an edit leaves at once");
        world.take(&dan);
        world.database.take_written();
        world.type_by(&bob, 0, "2");
        world.type_by(&eve, 2, "3");
        world.type_by(&bob, 0, "4");
        assert_eq!((world.take(&dan), world.database.take_written()), (0, 0), "nothing is shown that is not stored");
        world.commit();
        assert_eq!(world.database.take_written(), 1);
        world.holds_commits = false;
        world.commit();
        assert_eq!((world.take(&bob), world.take(&eve), world.take(&dan)), (1, 1, 1));
        assert_eq!(world.names(ada.client), ["$storageUpdated"]);
        assert_eq!((text(&bob.doc), text(&eve.doc)), (text(&dan.doc), text(&dan.doc)));
    });
}

#[test]
fn a_reconnect_is_sent_what_it_lacks_and_brings_what_the_room_lacks() {
    notes(|world| {
        let ada = world.provider_with("ada", Access::Write, doc_with(&"long ".repeat(10_000)));
        let bob = world.provider("bob");
        assert_eq!(text(&bob.doc).len(), 50_000);
        world.leave(bob.client);
        insert(&bob.doc, 0, "offline ");
        world.type_by(&ada, 0, "meanwhile ");
        world.clear();
        let client = world.connect_by(Protocol::Yjs, "bob", Access::Write);
        let vector = bob.doc.transact().state_vector().encode_v1();
        world.send_binary(client, &yjs::step1(&vector));
        let bob = Provider { client, ..bob };
        let frames = world.binary_frames(client);
        let bytes: usize = frames.iter().map(Vec::len).sum();
        assert!(bytes < 300, "{bytes} bytes");
        world.take_frames(&bob, frames);
        world.take(&ada);
        assert_eq!(text(&ada.doc), text(&bob.doc));
        assert_eq!(text(&ada.doc).len(), 50_018);
    });
}

#[test]
fn a_connection_that_may_only_read_changes_nothing() {
    notes(|world| {
        let ada = world.provider_with("ada", Access::Write, doc_with("hi"));
        let bob = world.provider_with("bob", Access::Read, Doc::new());
        assert_eq!(text(&bob.doc), "hi");
        world.clear();
        world.type_by(&bob, 0, "no");
        assert_eq!(world.binary_frames(bob.client), [yjs::denied("read-only connection: change rejected")]);
        // Its whole document: first without, then with what it changed.
        let all = |doc: &Doc| yjs::step2(&doc.transact().encode_state_as_update_v1(&StateVector::default()));
        world.send_binary(bob.client, &all(&ada.doc));
        assert_eq!(world.binary_frames(bob.client), [[0; 0]; 0]);
        world.send_binary(bob.client, &all(&bob.doc));
        let denied = yjs::denied("read-only connection: change rejected");
        assert_eq!(world.binary_frames(bob.client), [denied]);
        assert_eq!((world.take(&ada), world.closed(bob.client)), (0, None));
        world.type_by(&ada, 2, "!");
        assert_eq!(world.take(&bob), 1);
        let eve = world.provider("eve");
        assert_eq!(text(&eve.doc), "hi!");
    });
}

#[test]
fn what_is_malformed_closes_its_connection_and_changes_nothing() {
    notes(|world| {
        let ada = world.provider_with("ada", Access::Write, doc_with("hi"));
        world.clear();
        let malformed: [&[u8]; 9] =
            [&[], &[0], &[9], &[0, 2, 1, 7], &[0, 2, 0], &[0, 0, 1, 5], &[0, 1, 2, 9, 9], &[1, 1, 1], &[2, 0, 0]];
        for frame in malformed {
            let bob = world.provider("bob");
            world.clear();
            world.send_binary(bob.client, frame);
            assert_eq!(world.closed(bob.client), Some(1003), "{frame:?}");
            world.leave(bob.client);
        }
        let bob = world.provider("bob");
        world.send_text(bob.client, "{}");
        assert_eq!(world.closed(bob.client), Some(1003));
        assert_eq!((world.take(&ada), world.closed(ada.client)), (0, None));
    });
}

#[test]
fn what_does_not_fit_is_refused_and_the_connection_stays() {
    notes(|world| {
        let ada = world.provider_with("ada", Access::Write, doc_with("hi"));
        let bob = world.provider("bob");
        world.clear();
        world.type_by(&bob, 0, &"x".repeat(600_000));
        let [denied] = &world.binary_frames(bob.client)[..] else { panic!("one frame is expected") };
        assert!(String::from_utf8_lossy(denied).contains("the limit is 500000"));
        assert_eq!((world.closed(bob.client), world.take(&ada)), (None, 0));
    });
}

#[test]
fn a_provider_gets_no_event_and_is_not_shown_to_those_who_do() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        world.clear();
        let bob = world.provider("bob");
        world.send(ada.client, "$updatePresence", &json!({ "presence": { "x": 1 } }));
        world.send(ada.client, "nobody knows", &json!({}));
        assert_eq!(world.names(ada.client), ["$presenceUpdated", "$error"]);
        assert_eq!(world.others(ada.client), json!({}));
        world.clear();
        world.leave(bob.client);
        assert_eq!(world.names(ada.client), [""; 0]);
    });
}

#[test]
fn a_user_has_one_presence_and_a_provider_none() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", Doc::new());
        world.send(ada.client, "$updatePresence", &json!({ "presence": { "x": 4 } }));
        let tab = world.provider("ada");
        world.leave_asleep(ada.client);
        // What nobody was shown who is still there is forgotten.
        let again = world.connect("ada");
        assert_eq!(world.frame(again)["data"]["presence"], json!(null));
        world.leave(tab.client);
    });
}

#[test]
fn what_is_told_of_clients_goes_round_and_stays_for_newcomers() {
    notes(|world| {
        let [ada, bob] = ["ada", "bob"].map(|user| world.provider(user));
        world.clear();
        world.pace = 0;
        world.send_awareness(&ada, &[(7, 3, r#"{"x":1}"#)]);
        let first = owned(&[(7, 3, r#"{"x":1}"#)]);
        assert_eq!((world.awareness(ada.client), world.awareness(bob.client)), (first.clone(), first.clone()));
        // What a stock provider was told, it sends on.
        world.send_awareness(&bob, &[(7, 3, r#"{"x":1}"#)]);
        world.send_awareness(&bob, &[(7, 2, r#"{"x":0}"#)]);
        assert_eq!((world.awareness(ada.client), world.awareness(bob.client)), (vec![], vec![]));
        let eve = world.connect_by(Protocol::Yjs, "eve", Access::Write);
        assert_eq!(world.awareness(eve), first);
        world.send_binary(eve, &[3]);
        assert_eq!(world.awareness(eve), first);
        // Of several, those that are new.
        world.send_awareness(&bob, &[(7, 3, r#"{"x":1}"#), (8, 0, "{}")]);
        assert_eq!(world.awareness(eve), owned(&[(8, 0, "{}")]));
        world.send_awareness(&ada, &[(7, 3, "null")]);
        assert_eq!(world.awareness(eve), owned(&[(7, 3, "null")]));
        world.send_binary(eve, &[3]);
        assert_eq!(world.awareness(eve), owned(&[(8, 0, "{}")]));
    });
}

#[test]
fn a_provider_that_goes_without_a_word_is_found_also_among_no_pluv_clients() {
    notes(|world| {
        let [ada, bob] = ["ada", "bob"].map(|user| world.provider(user));
        world.send_awareness(&ada, &[(7, 1, "{}")]);
        world.clear();
        for clock in 1..30 {
            world.wait(10_000);
            world.send_awareness(&bob, &[(8, clock, "{}")]);
            world.hibernate();
            if world.alarm().is_some_and(|due| due <= world.now()) {
                world.fire_alarm();
            }
        }
        assert_eq!((world.closed(ada.client), world.closed(bob.client)), (Some(1012), None));
        assert!(world.awareness(bob.client).contains(&(7, 1, "null".to_owned())));
        assert!(!world.needs_pings());
        world.leave(bob.client);
        assert_eq!(world.alarm(), None);
    });
}

#[test]
fn a_connection_is_sent_its_own_now_and_then() {
    let world = &mut World::<Notes>::new(false);
    let ada = world.provider("ada");
    world.clear();
    world.pace = 1_000;
    let heard: Vec<_> = (1..=11)
        .map(|clock| {
            world.send_awareness(&ada, &[(7, clock, "{}")]);
            world.awareness(ada.client).len()
        })
        .collect();
    assert_eq!(heard, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
}

#[test]
fn clients_go_with_their_connection_also_while_the_room_sleeps() {
    notes(|world| {
        let [ada, bob, eve] = ["ada", "bob", "eve"].map(|user| world.provider(user));
        world.send_awareness(&ada, &[(7, 3, "{}")]);
        world.send_awareness(&bob, &[(8, 5, "{}")]);
        world.send_awareness(&eve, &[(9, 0, "{}")]);
        world.clear();
        world.leave(ada.client);
        assert_eq!(world.awareness(eve.client), owned(&[(7, 3, "null")]));
        world.leave_asleep(bob.client);
        assert_eq!(world.awareness(eve.client), owned(&[(8, 5, "null")]));
        world.send_binary(eve.client, &[3]);
        assert_eq!(world.awareness(eve.client), owned(&[(9, 0, "{}")]));
    });
}

#[test]
fn a_client_that_comes_back_before_its_end_is_known_stays() {
    notes(|world| {
        let [ada, eve] = ["ada", "eve"].map(|user| world.provider(user));
        world.send_awareness(&ada, &[(7, 3, "{}")]);
        let again = world.provider("ada");
        world.send_awareness(&again, &[(7, 3, "{}")]);
        world.clear();
        world.leave_asleep(ada.client);
        assert_eq!(world.awareness(eve.client), []);
        world.leave(again.client);
        assert_eq!(world.awareness(eve.client), owned(&[(7, 3, "null")]));
    });
}

#[test]
fn a_client_that_comes_back_after_its_end_is_told_to_count_on() {
    let world = &mut World::<Notes>::new(false);
    let [ada, eve] = ["ada", "eve"].map(|user| world.provider(user));
    world.send_awareness(&ada, &[(7, 3, "{}")]);
    world.leave(ada.client);
    // What was on its way is late.
    world.send_awareness(&eve, &[(9, 0, "{}")]);
    world.clear();
    world.send_awareness(&eve, &[(7, 3, "{}")]);
    world.send_binary(eve.client, &[3]);
    assert_eq!(world.awareness(eve.client), owned(&[(9, 0, "{}")]));
    // The others would not take what they had already.
    let again = world.provider("ada");
    world.clear();
    world.send_awareness(&again, &[(7, 3, "{}")]);
    assert_eq!((world.awareness(again.client), world.awareness(eve.client)), (owned(&[(7, 3, "null")]), vec![]));
    world.send_awareness(&again, &[(7, 4, "{}")]);
    assert_eq!(world.awareness(eve.client), owned(&[(7, 4, "{}")]));
}

#[test]
fn what_is_told_of_clients_is_never_stored() {
    notes(|world| {
        let ada = world.provider("ada");
        let long = format!(r#"{{"long":"{}"}}"#, "x".repeat(20_000));
        world.database.take_written();
        world.database.take_read();
        world.send_awareness(&ada, &[(7, 1, "{}")]);
        world.send_awareness(&ada, &[(7, 2, &long), (8, 1, "{}")]);
        assert_eq!((world.database.take_written(), world.database.take_read(), world.stored()), (0, 0, 0));
        world.clear();
        // What does not fit a socket is asked for again, of the one that has it.
        world.hibernate();
        let bob = world.connect_by(Protocol::Yjs, "bob", Access::Write);
        assert!(world.binary_frames(ada.client).contains(&vec![3]));
        world.clear();
        world.send_awareness(&ada, &[(7, 2, &long), (8, 1, "{}")]);
        assert_eq!(world.awareness(bob), owned(&[(7, 2, &long), (8, 1, "{}")]));
        world.leave_asleep(ada.client);
        assert_eq!(world.awareness(bob), owned(&[(7, 2, "null"), (8, 1, "null")]));
    });
}

#[test]
fn a_session_that_is_stored_is_not_stored_again_when_a_cursor_moves() {
    notes(|world| {
        let ada = world.provider(&"a".repeat(20_000));
        assert_eq!(world.stored(), 1);
        let bob = world.provider("bob");
        world.clear();
        for clock in 1..4 {
            world.send_awareness(&ada, &[(7, clock, "{}")]);
            assert_eq!(world.awareness(bob.client), owned(&[(7, clock, "{}")]));
        }
        world.leave_asleep(ada.client);
        assert_eq!((world.awareness(bob.client), world.stored()), (owned(&[(7, 3, "null")]), 0));
    });
}

#[test]
fn what_is_too_much_is_not_shown() {
    notes(|world| {
        let [ada, bob, cleo] = ["ada", "bob", "cleo"].map(|user| world.provider(user));
        world.clear();
        let long = format!(r#"{{"long":"{}"}}"#, "x".repeat(70_000));
        world.send_awareness(&ada, &[(7, 1, &long)]);
        let denied = yjs::denied("awareness state exceeds the per-connection limit and was dropped");
        assert_eq!(world.binary_frames(ada.client), [denied]);
        let many: Vec<_> = (100..140).map(|client| (client, 1, "{}")).collect();
        world.send_awareness(&ada, &many);
        assert_eq!(world.awareness(bob.client), owned(&many[..32]));
        // Nobody tells of so many.
        let more: Vec<_> = (0..5_000).map(|client| (client, 2, "{}")).collect();
        world.send_awareness(&bob, &more);
        assert_eq!(world.closed(bob.client), Some(1003));
        world.clear();
        world.leave(ada.client);
        assert_eq!(world.awareness(cleo.client).len(), 32);
    });
}

#[test]
fn what_others_move_is_no_flood_of_who_sends_it_on() {
    let world = &mut World::<Notes>::new(false);
    let [ada, bob, eve] = ["ada", "bob", "eve"].map(|user| world.provider(user));
    world.clear();
    world.pace = 0;
    // At one moment as many may come as in two seconds.
    for clock in 1..=1_100 {
        world.send_awareness(&ada, &[(7, clock, "{}")]);
        world.send_awareness(&bob, &[(8, clock, "{}")]);
        for (client, clock, state) in world.awareness(eve.client) {
            world.send_awareness(&eve, &[(client, clock, &state)]);
        }
    }
    assert_eq!(world.closed(eve.client), None);
    for _ in 0..2_000 {
        world.send_awareness(&eve, &[(7, 1_100, "{}")]);
    }
    assert_eq!(world.closed(eve.client), Some(1008), "nobody has moved");
    assert_eq!((world.closed(ada.client), world.closed(bob.client)), (None, None));
}

#[test]
fn what_was_edited_before_a_question_is_stored_when_it_is_answered() {
    notes(|world| {
        let [ada, bob] = ["ada", "bob"].map(|user| world.provider(user));
        world.holds_commits = true;
        world.type_by(&ada, 0, "1");
        world.type_by(&ada, 1, "2");
        world.clear();
        world.database.take_written();
        world.send_binary(bob.client, &yjs::step1(&[0]));
        assert_eq!(world.database.take_written(), 0, "who has edited nothing can wait for the others");
        world.send_binary(ada.client, &yjs::step1(&[0]));
        assert_eq!(world.database.take_written(), 1);
        assert_eq!(world.binary_frames(ada.client).len(), 1);
        assert_eq!(world.take(&bob), 2);
        assert_eq!(text(&bob.doc), "12");
    });
}

#[test]
fn a_provider_that_does_not_read_is_closed_whatever_it_says() {
    let world = &mut World::<Notes>::new(false);
    let [ada, bob] = ["ada", "bob"].map(|user| world.provider(user));
    world.clear();
    for round in 0..3 {
        for provider in [&ada, &bob] {
            world.unread(provider.client);
            world.send_awareness(provider, &[(7, round, "{}")]);
        }
        // It answers what it is asked.
        world.take(&ada);
    }
    assert_eq!((world.closed(ada.client), world.closed(bob.client)), (None, Some(1013)));
}
