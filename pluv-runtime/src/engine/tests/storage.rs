//! The document: how it begins, how edits go round, and what is kept.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::Poll,
};

use serde_json::{Value, json};
use yrs::{
    Doc, GetString as _, ReadTxn as _, StateVector, Text as _, Transact as _, Update, WriteTxn as _,
    updates::decoder::Decode as _,
};

use super::world::{Client, Output, Presence, TestRoom, User, World, both_of};
use crate::{
    Context, EventInfo, Handlers, Hooks, Limits, Message, Options, Room, Yrs,
    auth::Access,
    cloudflare::Env,
    contract::HasOutput,
    engine::Outcome,
    error::{Error, Result},
    protocol::Protocol,
    protocol::yjs,
    update::{decode_base64, encode_base64},
};

/// A room with a document.
pub(super) struct Notes;

impl Room for Notes {
    type User = User;
    type Presence = Presence;
    type Output = Output;
    type Storage = Yrs;
    const OPTIONS: Options = Options {
        has_user: true,
        limits: Limits::new().storage(500_000).user(100_000).user_id(100_000),
        ..Options::new("Notes", "NOTES")
    };
}

impl TestRoom for Notes {
    fn make(_: &Rc<Cell<bool>>) -> Self {
        Self
    }
}

impl HasOutput for Notes {
    type Declared = Output;
}

impl Handlers for Notes {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[];
    const HOOKS: Hooks = Hooks::none();

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, context: &Context<'_, Self>, message: Message<'_>) -> Result<Outcome> {
        match message.name() {
            "read" => {
                let text = context.storage().read(|doc| doc.get_text("t").map(|text| text.get_string(doc)))?;
                context.reply(Output::Said { text: text.unwrap_or_default() });
            }
            "stamp" | "failStamp" => {
                context.storage().edit(|doc| {
                    let text = doc.get_or_insert_text("t");
                    text.push(doc, "!");
                });
                if message.name() == "failStamp" {
                    return Err(Error::client("you asked for it"));
                }
            }
            "stampNothing" => context.storage().edit(|_| {}),
            _ => return Ok(Outcome::Unhandled),
        }
        Ok(Outcome::Done)
    }
}

thread_local! {
    static BEGINNING: RefCell<std::result::Result<Option<Vec<u8>>, String>> = const { RefCell::new(Ok(None)) };
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

/// A room that says how its document begins.
struct WithInitialStorage {
    gate: Rc<Cell<bool>>,
}

impl Room for WithInitialStorage {
    type User = User;
    type Presence = Presence;
    type Output = Output;
    type Storage = Yrs;
    const OPTIONS: Options = Options { has_user: true, ..Options::new("WithInitialStorage", "BEGUN") };
}

impl TestRoom for WithInitialStorage {
    fn make(gate: &Rc<Cell<bool>>) -> Self {
        Self { gate: Rc::clone(gate) }
    }
}

impl Handlers for WithInitialStorage {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[];
    const HOOKS: Hooks = Hooks { get_initial_storage: true, ..Hooks::none() };

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, _: &Context<'_, Self>, _: Message<'_>) -> Result<Outcome> {
        Ok(Outcome::Unhandled)
    }

    async fn get_initial_storage(&self, room: &str) -> Result<Option<Vec<u8>>> {
        assert_eq!(room, "the room");
        ASKED.set(ASKED.get() + 1);
        poll_fn(|_| if self.gate.get() { Poll::Ready(()) } else { Poll::Pending }).await;
        BEGINNING.with_borrow(|beginning| {
            beginning.clone().map_err(|reason| match reason.strip_prefix("client: ") {
                Some(reason) => Error::client(reason),
                None => Error::internal(reason),
            })
        })
    }
}

/// A client's document, as the stock client keeps it.
pub(super) struct Peer {
    pub(super) client: Client,
    pub(super) doc: Doc,
}

pub(super) fn doc_with(text: &str) -> Doc {
    let doc = Doc::new();
    insert(&doc, 0, text);
    doc
}

pub(super) fn insert(doc: &Doc, at: u32, text: &str) -> Vec<u8> {
    let t = doc.get_or_insert_text("t");
    let mut transaction = doc.transact_mut();
    t.insert(&mut transaction, at, text);
    transaction.encode_update_v1()
}

pub(super) fn text(doc: &Doc) -> String {
    let transaction = doc.transact();
    transaction.get_text("t").map(|text| text.get_string(&transaction)).unwrap_or_default()
}

fn all_of(doc: &Doc) -> String {
    encode_base64(&doc.transact().encode_state_as_update_v1(&StateVector::default()))
}

pub(super) fn apply(doc: &Doc, state: &Value) {
    apply_update(doc, &decode_base64(state.as_str().expect("a state is text")).expect("a state is base64"));
}

pub(super) fn apply_update(doc: &Doc, update: &[u8]) {
    let update = Update::decode_v1(update).expect("a state is an update");
    doc.transact_mut().apply_update(update).expect("a state can be applied");
}

impl<R: TestRoom> World<R> {
    /// Joins with a document of its own, up to the echo.
    pub(super) fn join_with(&mut self, user: &str, doc: Doc) -> (Peer, String) {
        let client = self.connect(user);
        self.finish_join(client, doc)
    }

    fn finish_join(&mut self, client: Client, doc: Doc) -> (Peer, String) {
        self.send(client, "$initializeSession", &json!({ "presence": {}, "update": all_of(&doc) }));
        let frames = self.frames(client);
        let received = frames.iter().find(|frame| frame["type"] == "$storageReceived").expect("the document comes");
        apply(&doc, &received["data"]["state"]);
        let kind = received["data"]["changeKind"].as_str().expect("it says what happened").to_owned();
        let peer = Peer { client, doc };
        self.echo(&peer);
        (peer, kind)
    }

    fn echo(&mut self, peer: &Peer) {
        self.send(peer.client, "$updateStorage", &json!({ "origin": "$initialized", "update": all_of(&peer.doc) }));
    }

    /// A client edits, and tells the room.
    pub(super) fn edit(&mut self, peer: &Peer, at: u32, text: &str) {
        let update = insert(&peer.doc, at, text);
        self.update(peer.client, &update);
    }

    fn update(&mut self, client: Client, update: &[u8]) {
        self.send(client, "$updateStorage", &json!({ "origin": null, "update": encode_base64(update) }));
    }

    /// Takes in what the room has sent to a client, and says how many updates of the document were in it.
    fn sync(&mut self, peer: &Peer) -> usize {
        let frames = self.frames(peer.client);
        let updates: Vec<_> = frames.iter().filter(|frame| frame["type"] == "$storageUpdated").collect();
        for update in &updates {
            apply(&peer.doc, &update["data"]["state"]);
        }
        updates.len()
    }

    /// The room's document, as a client that joins gets it.
    fn stored_text(&mut self) -> String {
        let (peer, _) = self.join_with("newcomer", Doc::new());
        self.leave(peer.client);
        text(&peer.doc)
    }
}

fn notes(scenario: impl Fn(&mut World<Notes>)) {
    both_of(scenario);
}

#[test]
fn the_first_client_begins_the_document() {
    notes(|world| {
        let client = world.connect("ada");
        assert_eq!(world.frame(client)["data"]["state"], Value::Null);
        let (ada, kind) = world.finish_join(client, doc_with("hi"));
        assert_eq!(kind, "initialized");
        let (bob, kind) = world.join_with("bob", doc_with("mine"));
        assert_eq!(kind, "unchanged");
        // What a client brings to a document that is there is an edit of its own, as it may have been away.
        assert_eq!(world.sync(&ada), 1);
        assert_eq!(text(&ada.doc), text(&bob.doc));
    });
}

#[test]
fn a_client_with_nothing_leaves_the_document_empty() {
    notes(|world| {
        let (_, kind) = world.join_with("ada", Doc::new());
        assert_eq!(kind, "empty");
        let (_, kind) = world.join_with("bob", doc_with("hi"));
        assert_eq!(kind, "initialized");
    });
}

#[test]
fn a_newcomer_is_told_that_there_is_a_document_and_gets_it_once() {
    notes(|world| {
        world.join_with("ada", doc_with("hi"));
        let bob = world.connect("bob");
        assert!(world.frame(bob)["data"]["state"].is_string());
        let (bob, _) = world.finish_join(bob, Doc::new());
        assert_eq!(text(&bob.doc), "hi");
        assert_eq!(world.sync(&bob), 0, "its echo brings nothing that it lacks");
    });
}

#[test]
fn an_echo_that_brings_nothing_is_neither_stored_nor_shown() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        world.database.take_written();
        world.echo(&bob);
        world.echo(&ada);
        assert_eq!(world.database.take_written(), 0);
        assert_eq!(world.sync(&ada) + world.sync(&bob), 0);
    });
}

#[test]
fn an_edit_reaches_all_but_its_sender() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        let (eve, _) = world.join_with("eve", Doc::new());
        world.clear();
        world.edit(&bob, 2, " there");
        let frame = world.frame(ada.client);
        assert_eq!(frame["type"], "$storageUpdated");
        assert_eq!(frame["user"]["id"], "bob");
        apply(&ada.doc, &frame["data"]["state"]);
        assert_eq!(world.sync(&eve), 1);
        assert_eq!(world.sync(&bob), 0);
        assert_eq!((text(&ada.doc).as_str(), text(&eve.doc).as_str()), ("hi there", "hi there"));
    });
}

#[test]
fn an_update_waits_for_a_client_that_has_not_answered_its_document() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let bob = world.connect("bob");
        world.send(bob, "$initializeSession", &json!({ "presence": {}, "update": "" }));
        let bob = Peer { client: bob, doc: Doc::new() };
        let received = world.frames(bob.client);
        apply(
            &bob.doc,
            &received.iter().find(|frame| frame["type"] == "$storageReceived").expect("it comes")["data"]["state"],
        );
        world.edit(&ada, 2, "!");
        world.edit(&ada, 3, "?");
        assert_eq!(world.sync(&bob), 0, "an update before that would break it");
        world.echo(&bob);
        assert_eq!(world.sync(&bob), 1, "what it missed comes as one");
        assert_eq!(text(&bob.doc), "hi!?");
        world.edit(&ada, 4, ".");
        assert_eq!(world.sync(&bob), 1);
        assert_eq!(text(&bob.doc), "hi!?.");
    });
}

#[test]
fn what_was_edited_offline_reaches_everyone() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        world.leave(bob.client);
        insert(&bob.doc, 0, "offline ");
        world.edit(&ada, 2, "!");
        world.clear();
        let (bob, kind) = world.join_with("bob", bob.doc);
        assert_eq!(kind, "unchanged");
        assert_eq!(world.sync(&ada), 1);
        assert_eq!(text(&ada.doc), "offline hi!");
        assert_eq!(text(&bob.doc), "offline hi!");
        assert_eq!(world.stored_text(), "offline hi!");
    });
}

#[test]
fn a_change_whose_ground_is_missing_is_kept_and_heals() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let first = insert(&ada.doc, 2, "1");
        let second = insert(&ada.doc, 3, "2");
        world.update(ada.client, &second);
        assert_eq!(world.stored_text(), "hi");
        world.update(ada.client, &first);
        assert_eq!(world.stored_text(), "hi12");
    });
}

#[test]
fn edits_that_come_during_a_commit_are_stored_and_shown_as_one() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        let (eve, _) = world.join_with("eve", Doc::new());
        world.clear();
        world.holds_commits = true;
        world.edit(&ada, 0, "1");
        assert_eq!(world.sync(&eve), 1, "at rest an edit leaves at once");
        world.database.take_written();
        world.edit(&ada, 0, "2");
        world.edit(&bob, 2, "3");
        world.edit(&ada, 0, "4");
        assert_eq!(world.sync(&eve), 0, "nothing is shown that is not stored");
        assert_eq!(world.database.take_written(), 0);
        world.commit();
        assert_eq!(world.database.take_written(), 1);
        world.holds_commits = false;
        world.commit();
        assert_eq!((world.sync(&ada), world.sync(&bob), world.sync(&eve)), (1, 2, 1));
        assert_eq!(text(&ada.doc), text(&eve.doc));
        assert_eq!(text(&bob.doc), text(&eve.doc));
        assert_eq!(world.stored_text(), text(&eve.doc));
    });
}

#[test]
fn the_sender_of_a_group_gets_only_what_others_changed() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        world.holds_commits = true;
        world.edit(&ada, 0, "0");
        world.edit(&ada, 0, "1");
        world.edit(&ada, 0, "2");
        world.clear();
        world.commit();
        assert_eq!(world.names(ada.client), [""; 0]);
        assert_eq!(world.names(bob.client), ["$storageUpdated"]);
    });
}

#[test]
fn who_may_only_read_changes_nothing() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let client = world.connect_with("bob", Access::Read);
        let (bob, kind) = world.finish_join(client, Doc::new());
        assert_eq!(kind, "unchanged");
        world.clear();
        world.edit(&bob, 0, "no");
        assert!(world.error(bob.client).contains("read-only connection"));
        world.echo(&bob);
        assert!(world.error(bob.client).contains("read-only connection"));
        assert_eq!(world.sync(&ada), 0);
        world.edit(&ada, 2, "!");
        assert_eq!(world.sync(&bob), 1);
        assert_eq!(world.stored_text(), "hi!");
    });
}

#[test]
fn who_may_only_read_begins_no_document() {
    notes(|world| {
        let client = world.connect_with("bob", Access::Read);
        world.send(client, "$initializeSession", &json!({ "update": all_of(&doc_with("no")) }));
        let received = &world.frames(client)[1];
        assert_eq!(received["data"]["changeKind"], "empty");
        assert_eq!(world.stored_text(), "");
    });
}

#[test]
fn a_malformed_update_is_an_error_and_changes_nothing() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        world.clear();
        for (update, reason) in [("!!!", "`data.update`"), ("AQ==", "`data.update`"), ("////////", "`data.update`")] {
            world.send(bob.client, "$updateStorage", &json!({ "origin": null, "update": update }));
            let error = world.error(bob.client);
            assert!(error.contains(reason), "{error}");
        }
        assert_eq!(world.sync(&ada), 0);
        assert_eq!(world.stored_text(), "hi");
    });
}

#[test]
fn an_update_that_says_nothing_is_nothing() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        world.clear();
        world.database.take_written();
        world.send(bob.client, "$updateStorage", &json!({ "origin": null, "update": "AAA=" }));
        assert_eq!(world.names(ada.client), [""; 0]);
        assert_eq!(world.names(bob.client), [""; 0]);
        assert_eq!(world.database.take_written(), 0);
    });
}

#[test]
fn a_room_that_only_chats_neither_reads_nor_writes_the_document() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", Doc::new());
        world.database.take_written();
        world.database.take_read();
        world.send(ada.client, "$updatePresence", &json!({ "presence": { "x": 1 } }));
        world.send(ada.client, "nothing", &json!({}));
        assert_eq!(world.database.take_written(), 0);
        assert_eq!(world.database.take_read(), 0);
    });
}

#[test]
fn a_handler_reads_and_edits_the_document() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        world.clear();
        world.send(ada.client, "stamp", &json!({}));
        assert_eq!((world.sync(&ada), world.sync(&bob)), (1, 1), "the sender does not have it either");
        assert_eq!(text(&ada.doc), "hi!");
        world.send(bob.client, "read", &json!({}));
        assert_eq!(world.frame(bob.client)["data"]["text"], "hi!");
        assert_eq!(world.stored_text(), "hi!");
    });
}

#[test]
fn a_handler_that_fails_edits_nothing() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        world.clear();
        world.send(ada.client, "failStamp", &json!({}));
        assert_eq!(world.error(ada.client), "you asked for it");
        assert_eq!(world.stored_text(), "hi");
    });
}

#[test]
fn an_edit_that_changes_nothing_is_not_stored() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        world.clear();
        world.database.take_written();
        world.send(ada.client, "stampNothing", &json!({}));
        assert_eq!(world.names(ada.client), [""; 0]);
        assert_eq!(world.database.take_written(), 0);
    });
}

#[test]
fn the_rooms_own_code_begins_the_document_once_for_all_who_join() {
    both_of::<WithInitialStorage>(|world| {
        ASKED.set(0);
        let state = doc_with("initial").transact().encode_state_as_update_v1(&StateVector::default());
        BEGINNING.set(Ok(Some(state)));
        let (a, b) = (world.connect("a"), world.connect("b"));
        world.clear();
        let join = json!({ "presence": {}, "update": all_of(&doc_with("mine")) });
        world.send(a, "$initializeSession", &join);
        world.send(b, "$initializeSession", &join);
        world.send(a, "$initializeSession", &join);
        assert_eq!(world.names(b), [""; 0], "they wait for the room's code");
        assert!(world.error(a).contains("initialized already"));
        world.open_gate();
        assert_eq!(ASKED.get(), 1);
        for client in [a, b] {
            let frames = world.frames(client);
            let received = frames.iter().find(|frame| frame["type"] == "$storageReceived").expect("it comes");
            assert_eq!(received["data"]["changeKind"], "unchanged");
            let doc = Doc::new();
            apply(&doc, &received["data"]["state"]);
            assert_eq!(text(&doc), "initial");
        }
    });
}

#[test]
fn a_room_whose_document_can_not_begin_closes_and_asks_again() {
    both_of::<WithInitialStorage>(|world| {
        ASKED.set(0);
        BEGINNING.set(Err("the database is away".to_owned()));
        let a = world.connect("a");
        world.clear();
        world.send(a, "$initializeSession", &json!({ "update": all_of(&doc_with("mine")) }));
        world.open_gate();
        assert_eq!(world.error(a), "internal error");
        assert_eq!(world.closed(a), Some(1013));
        assert!(world.log().iter().any(|line| line.contains("the database is away")));
        world.leave(a);
        BEGINNING.set(Ok(None));
        let b = world.connect("b");
        world.clear();
        world.send(b, "$initializeSession", &json!({ "update": all_of(&doc_with("mine")) }));
        world.open_gate();
        assert_eq!(world.frames(b)[0]["data"]["changeKind"], "initialized");
        assert_eq!(ASKED.get(), 2);
    });
}

#[test]
fn a_client_reads_why_a_document_can_not_begin_where_that_is_meant_for_it() {
    both_of::<WithInitialStorage>(|world| {
        ASKED.set(0);
        BEGINNING.set(Err("client: it is archived".to_owned()));
        let ada = world.connect("ada");
        let bob = world.connect_by(Protocol::Yjs, "bob", Access::Write);
        world.clear();
        world.send(ada, "$initializeSession", &json!({}));
        world.open_gate();
        assert_eq!(world.error(ada), "it is archived");
        assert!(world.binary_frames(bob).contains(&yjs::denied("it is archived")));
        assert_eq!((world.closed(ada), world.closed(bob)), (Some(3000), Some(4403)));
        assert_eq!(world.log(), [""; 0]);
    });
}

#[test]
fn nobody_waits_for_ever_for_a_document_to_begin() {
    both_of::<WithInitialStorage>(|world| {
        ASKED.set(0);
        BEGINNING.set(Ok(None));
        let waiting = [world.connect("a"), world.connect("b")];
        world.clear();
        for client in waiting {
            world.send(client, "$initializeSession", &json!({}));
        }
        world.time_out();
        for client in waiting {
            assert_eq!(world.error(client), "internal error");
            assert_eq!(world.closed(client), Some(1013));
            world.leave(client);
        }
        let later = world.connect("c");
        world.clear();
        world.send(later, "$initializeSession", &json!({}));
        world.open_gate();
        assert_eq!(ASKED.get(), 2, "the next asks again");
        assert_eq!(world.frames(later)[0]["type"], "$storageReceived");
    });
}

#[test]
fn an_update_that_does_not_fit_the_document_is_refused_alone() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        world.clear();
        // A change whose parent is a letter of the text, which is no type.
        let id = ada.doc.client_id();
        let mut update = vec![1, 1, 7, 0, 0x24, 0];
        let mut client = id.get();
        loop {
            let byte = u8::try_from(client & 0x7f).unwrap_or_default();
            client >>= 7;
            update.push(if client > 0 { byte | 0x80 } else { byte });
            if client == 0 {
                break;
            }
        }
        update.extend([0, 1, b'k', 1, b'v', 0]);
        world.holds_commits = true;
        world.edit(&ada, 2, "!");
        world.update(bob.client, &update);
        world.edit(&ada, 3, "?");
        world.clear();
        world.commit();
        assert_eq!(world.frames(bob.client).iter().filter(|frame| frame["type"] == "$error").count(), 1);
        world.holds_commits = false;
        world.commit();
        assert_eq!(world.stored_text(), "hi!?");
    });
}

#[test]
fn a_document_can_not_grow_over_its_limit() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        let (bob, _) = world.join_with("bob", Doc::new());
        world.clear();
        let big = insert(&bob.doc, 0, &"x".repeat(600_000));
        world.update(bob.client, &big);
        let error = world.error(bob.client);
        assert!(error.contains("the limit is 500000"), "{error}");
        assert_eq!(world.sync(&ada), 0);
        assert_eq!(world.stored_text(), "hi");
        world.edit(&ada, 2, "!");
        assert_eq!(world.stored_text(), "hi!");
    });
}

#[test]
fn what_was_deleted_makes_room_for_more() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        for _ in 0..8 {
            world.edit(&ada, 2, &"x".repeat(200_000));
            let text = ada.doc.get_or_insert_text("t");
            let update = {
                let mut transaction = ada.doc.transact_mut();
                text.remove_range(&mut transaction, 2, 200_000);
                transaction.encode_update_v1()
            };
            world.update(ada.client, &update);
        }
        assert_eq!(world.names(ada.client).iter().filter(|name| *name == "$error").count(), 0);
        assert_eq!(world.stored_text(), "hi");
    });
}

#[test]
fn a_long_log_is_folded_and_the_document_stays() {
    notes(|world| {
        let (ada, _) = world.join_with("ada", doc_with("hi"));
        for _ in 0..40 {
            world.edit(&ada, 2, &"x".repeat(5_000));
        }
        world.database.take_read();
        let (bob, _) = world.join_with("bob", Doc::new());
        assert!(world.database.take_read() < 40, "the log is short");
        assert_eq!(text(&bob.doc), text(&ada.doc));
    });
}
