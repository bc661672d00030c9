//! Tests of the test kit through its public API.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yrs::{
    Doc, GetString as _, ReadTxn as _, StateVector, Text as _, Transact as _, Transaction, TransactionMut,
    WriteTxn as _,
};

use super::{Client, Fault, World};
use crate::{
    Context, EventInfo, Evict, Grant, Handlers, Hooks, Json, Limits, Message, Options, Retention, Room, Yrs,
    api::answer,
    cloudflare::Env,
    contract::HasOutput,
    engine::Outcome,
    error::{Error, Result},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User {
    id: String,
}

fn user(id: &str) -> User {
    User { id: id.to_owned() }
}

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
enum Output {
    Said { text: String },
}

/// A gate at which a handler waits, and which another thread can wake.
#[derive(Default)]
struct Gate {
    is_open: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Gate {
    async fn pass(&self) {
        poll_fn(|cx| {
            self.waker.replace(Some(cx.waker().clone()));
            if self.is_open.get() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// A room whose document is deleted after a day without connections.
struct Desk {
    gate: Rc<Gate>,
    /// The number of `say` events since the room woke.
    said: Cell<u32>,
}

impl Room for Desk {
    type User = User;
    type Presence = Json;
    type Output = Output;
    type Storage = Yrs;
    const OPTIONS: Options = Options {
        has_user: true,
        retention: Retention::Delete { after: Duration::from_secs(24 * 3600) },
        ..Options::new("Desk", "DESK")
    };
}

impl HasOutput for Desk {
    type Declared = Output;
}

impl Handlers for Desk {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[EventInfo::event("say", "")];
    const HOOKS: Hooks = Hooks::none();

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, context: &Context<'_, Self>, message: Message<'_>) -> Result<Outcome> {
        match message.name() {
            "say" => {
                self.said.set(self.said.get() + 1);
                context.broadcast_others(Output::Said { text: context.user().id.clone() });
            }
            "wait" => {
                self.gate.pass().await;
                context.broadcast(Output::Said { text: "waited".to_owned() });
            }
            "count" => return answer("countResult", &self.said.get()),
            "refuse" => return Err(Error::client("not today")),
            "break" => return Err(Error::internal("the database's address")),
            _ => return Ok(Outcome::Unhandled),
        }
        Ok(Outcome::Done)
    }
}

fn world() -> World<Desk> {
    world_with(Rc::default())
}

fn world_with(gate: Rc<Gate>) -> World<Desk> {
    World::new("desk", move || Desk { gate: Rc::clone(&gate), said: Cell::new(0) })
}

fn write(doc: &mut TransactionMut<'_>) {
    doc.get_or_insert_text("t").push(doc, "x");
}

fn note(doc: &Transaction<'_>) -> String {
    doc.get_text("t").map(|text| text.get_string(doc)).unwrap_or_default()
}

fn said(client: &Client<Desk>) -> Vec<Value> {
    client.received("said")
}

#[test]
fn received_events_are_taken_once() {
    let world = world();
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    ada.send("say", json!({}));
    ada.send("say", json!({}));
    assert_eq!(said(&bob), [json!({ "text": "ada" }), json!({ "text": "ada" })]);
    assert!(said(&bob).is_empty());
    assert!(said(&ada).is_empty());
    assert!(bob.frames().iter().all(|frame| !frame.is_event()));
    assert!(bob.frames().is_empty());
}

#[test]
fn a_procedure_answers_and_an_error_is_sent_and_logged() {
    let world = world();
    let ada = world.join(user("ada"));
    ada.send("say", json!({}));
    assert_eq!(ada.call("count", json!({})), Ok(json!(1)));
    assert_eq!(ada.call("refuse", json!({})), Err("not today".to_owned()));
    ada.send("break", json!({}));
    assert_eq!(ada.errors(), ["internal error"]);
    assert!(world.log().iter().any(|line| line.contains("the database's address")));
    assert!(world.log().is_empty());
    ada.send_text("hello");
    ada.send_binary();
    assert_eq!(ada.errors().len(), 2);
}

#[test]
fn clients_know_each_other_and_each_tab_of_a_user() {
    let world = world();
    let ada = world.client(user("ada"));
    ada.update_presence(json!({ "x": 1 }));
    ada.join();
    let (bob, tab) = (world.join(user("bob")), world.join(user("ada")));
    let seen = |client: &Client<Desk>| -> Vec<_> {
        client.others().into_iter().map(|other| (other.user.id, other.presence.get("x").cloned())).collect()
    };
    assert_eq!(seen(&bob), [("ada".to_owned(), Some(json!(1))), ("ada".to_owned(), Some(json!(1)))]);
    tab.update_presence(json!({ "x": 2 }));
    assert_eq!(seen(&bob), [("ada".to_owned(), Some(json!(2))), ("ada".to_owned(), Some(json!(2)))]);
    ada.leave();
    assert_eq!(bob.others().iter().map(|other| Some(other.session.clone())).collect::<Vec<_>>(), [tab.session_id()]);
    assert_eq!((ada.closed(), ada.session_id()), (Some((1000, String::new())), None));
    let ids: Vec<_> = world.sessions().iter().map(|session| session.user().id.clone()).collect();
    assert_eq!(ids, ["bob", "ada"]);
}

#[test]
fn hibernation_loses_memory_and_is_not_noticed_by_clients() {
    let world = world();
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    bob.update_presence(json!({ "x": 1 }));
    ada.send("say", json!({}));
    let frames = (ada.frames().len(), bob.frames().len());
    assert!(frames.0 > 0 && frames.1 > 0);
    world.hibernate();
    assert_eq!(ada.call("count", json!({})), Ok(json!(0)));
    assert_eq!((ada.frames().len(), bob.frames().len()), (0, 0));
    assert_eq!(world.sessions()[1].presence()["x"], 1);
    world.hibernate_before_each_input(true);
    ada.send("say", json!({}));
    assert_eq!(ada.call("count", json!({})), Ok(json!(0)));
    world.hibernate_before_each_input(false);
    ada.send("say", json!({}));
    assert_eq!(ada.call("count", json!({})), Ok(json!(1)));
}

#[test]
fn a_pending_handler_continues_when_it_is_woken() {
    let gate = Rc::new(Gate::default());
    let world = world_with(Rc::clone(&gate));
    let ada = world.join(user("ada"));
    ada.send("wait", json!({}));
    assert!(world.is_running() && said(&ada).is_empty());
    gate.is_open.set(true);
    world.run();
    assert_eq!(said(&ada), [json!({ "text": "waited" })]);

    gate.is_open.set(false);
    ada.send("wait", json!({}));
    gate.is_open.set(true);
    let waker = gate.waker.take().expect("the handler waits");
    let knocks = thread::spawn(move || waker.wake());
    world.wait();
    assert!(!world.is_running());
    assert_eq!(said(&ada).len(), 1);
    knocks.join().expect("it has knocked");
}

#[test]
#[should_panic(expected = "a handler is pending")]
fn a_room_with_a_pending_handler_cannot_hibernate() {
    let world = world();
    world.join(user("ada")).send("wait", json!({}));
    world.hibernate();
}

#[test]
fn a_panic_loses_pending_handlers_and_a_crash_all_connections() {
    let gate = Rc::new(Gate::default());
    let world = world_with(Rc::clone(&gate));
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    ada.edit(write);
    ada.send("wait", json!({}));
    world.panic();
    gate.is_open.set(true);
    world.run();
    assert!(said(&ada).is_empty() && said(&bob).is_empty() && bob.is_connected());
    assert_eq!(ada.closed().map(|(code, _)| code), Some(1012), "it waited for what is lost");
    assert!(bob.others().is_empty());
    ada.join();
    assert_eq!(bob.others().len(), 1);
    world.crash();
    assert_eq!(ada.closed(), Some((1006, String::new())));
    assert!(world.sessions().is_empty());
    ada.edit(write);
    ada.join();
    assert_eq!(world.storage().read(note), "xx");
    assert_eq!(ada.closed(), None);
}

#[test]
fn edits_are_broadcast_and_stored_and_those_of_a_reader_rejected() {
    let world = world();
    let (ada, bob) = (world.join(user("ada")), world.join(Grant::read(user("bob"))));
    ada.edit(write);
    assert_eq!((bob.read(note), world.storage().read(note)), ("x".to_owned(), "x".to_owned()));
    bob.edit(write);
    assert_eq!(bob.errors().len(), 1);
    assert_eq!((ada.read(note), world.storage().read(note)), ("x".to_owned(), "x".to_owned()));
    assert!(world.storage().rows() > 0 && world.storage().size() > 2 && world.storage().update().len() > 2);
}

#[test]
fn the_alarm_fires_when_it_is_due() {
    let world = world();
    let ada = world.join(user("ada"));
    ada.edit(write);
    let before = world.now();
    ada.leave();
    assert_eq!(world.alarm(), Some(Duration::from_secs(24 * 3600)));
    world.advance(Duration::from_secs(24 * 3600 - 1));
    world.fire_alarm();
    assert!(world.storage().size() > 0);
    world.advance(Duration::from_secs(1));
    assert_eq!((world.storage().size(), world.alarm()), (0, None));
    assert_eq!(world.now() - before, 24 * 3600 * 1000);
}

#[test]
fn storage_fails_on_demand() {
    let world = world();
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    world.storage().fail_writes(1);
    ada.edit(write);
    assert_eq!((bob.read(note), ada.errors()), (String::new(), vec!["internal error".to_owned()]));
    assert_eq!(ada.closed().map(|(code, _)| code), Some(1013));
    ada.join();
    assert_eq!(bob.read(note), "x", "what could not be stored is a part of its document still");
    world.storage().set_full(true);
    ada.edit(write);
    assert_eq!((bob.read(note), world.storage().read(note)), ("x".to_owned(), "x".to_owned()));
    world.storage().set_full(false);
    ada.join();
    assert_eq!(bob.read(note), "xx");
}

#[test]
fn a_dropped_client_can_join_again_and_its_old_connection_times_out() {
    let world = world();
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    ada.drop_connection();
    assert_eq!((ada.is_connected(), bob.others().len()), (false, 1));
    ada.join();
    assert_eq!(bob.others().len(), 2, "the room knows nothing of it");
    world.advance(Duration::from_secs(300));
    assert_eq!(bob.others().iter().map(|other| Some(other.session.clone())).collect::<Vec<_>>(), [ada.session_id()]);
    assert!(ada.is_connected() && bob.is_connected());
}

#[test]
fn requests_of_the_worker_reach_the_room() {
    let world = world();
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    let out = |text: &str| Output::Said { text: text.to_owned() };
    assert_eq!(world.broadcast(out("all")).expect("it is sent"), 2);
    assert_eq!(world.send_to_user("bob", out("bob")).expect("it is sent"), 1);
    assert_eq!((said(&ada).len(), said(&bob).len()), (1, 2));
    let other = Doc::new();
    write(&mut other.transact_mut());
    let update = other.transact().encode_state_as_update_v1(&StateVector::default());
    world.update_storage(&update).expect("it is taken");
    assert_eq!((ada.read(note), world.storage().read(note)), ("x".to_owned(), "x".to_owned()));
    assert!(world.update_storage(b"no update").is_err());
    assert_eq!(world.evict(Evict::user("ada").reason("enough")).expect("it is done"), 1);
    assert_eq!(ada.closed(), Some((4000, "enough".to_owned())));
    assert!(bob.others().is_empty());
    world.delete().expect("nothing fails");
    assert_eq!((bob.is_connected(), world.storage().size(), world.alarm()), (false, 0, None));
}

#[test]
fn limits_of_the_test_are_enforced() {
    let limits = Desk::limits().connections(1).presence(20);
    let gate = Rc::new(Gate::default());
    let world = World::with_limits("desk", limits, move || Desk { gate: Rc::clone(&gate), said: Cell::new(0) });
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    assert_eq!(bob.closed(), Some((3000, "the room is full: the limit is 1 connections".to_owned())));
    ada.update_presence(json!({ "x": "a presence that is too long" }));
    assert_eq!(ada.errors().len(), 1);
    ada.leave();
    bob.join();
    assert!(bob.is_connected());
}

#[test]
fn a_scenario_can_fail_at_each_storage_call() {
    let mut lost = 0;
    for call in 0.. {
        let world = world();
        let ada = world.join(user("ada"));
        world.storage().fail_at(call, Fault::Crash);
        ada.edit(write);
        if ada.is_connected() {
            assert!(call > 1, "a change is stored");
            break;
        }
        lost += u32::from(world.storage().read(note).is_empty());
        ada.join();
        assert_eq!(world.storage().read(note), "x");
    }
    assert!(lost > 0);
}
