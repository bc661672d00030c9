//! Requests of the worker to a room.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use serde_json::{Value, json};
use yrs::Doc;

use super::{
    storage::{apply, apply_update, insert, text},
    world::{Output, Presence, TestRoom, User, World, both, both_of},
};
use crate::{
    Context, EventInfo, FinalState, Handlers, Hooks, Limits, Message, Options, Room, Yrs,
    cloudflare::Env,
    engine::{AdminError, AdminRequest, Evict, Outcome},
    error::{Error, Result},
    protocol,
};

thread_local! {
    static DELETED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    static FAILS: Cell<bool> = const { Cell::new(false) };
}

/// A room whose document stays.
struct Notes;

impl Room for Notes {
    type User = User;
    type Presence = Presence;
    type Output = Output;
    type Storage = Yrs;
    const OPTIONS: Options =
        Options { has_user: true, limits: Limits::new().storage(1_000), ..Options::new("Notes", "NOTES") };
}

impl TestRoom for Notes {
    fn make(_: &Rc<Cell<bool>>) -> Self {
        Self
    }
}

impl Handlers for Notes {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[];
    const HOOKS: Hooks = Hooks { on_room_deleted: true, ..Hooks::none() };

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, _: &Context<'_, Self>, _: Message<'_>) -> Result<Outcome> {
        Ok(Outcome::Unhandled)
    }

    async fn on_room_deleted(&self, room: &FinalState<'_>) -> Result<()> {
        DELETED.with_borrow_mut(|deleted| deleted.push(room.state().len()));
        if FAILS.get() { Err(Error::internal("the database is away")) } else { Ok(()) }
    }
}

fn said(text: &str) -> Vec<u8> {
    let output = protocol::Output::new(&Output::Said { text: text.to_owned() }).expect("it is an output");
    output.into_head().into_bytes()
}

/// The document's text.
fn text_of(world: &mut World<Notes>) -> String {
    let state = world.admin(AdminRequest::Storage, &[]).expect("there is a document");
    let doc = Doc::new();
    apply_update(&doc, &state);
    text(&doc)
}

fn update(text: &str) -> Vec<u8> {
    insert(&Doc::new(), 0, text)
}

#[test]
fn a_message_of_the_worker_has_no_cause() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let early = world.connect("u2");
        world.clear();
        assert_eq!(world.admin(AdminRequest::Broadcast, &said("hello")), Ok(b"1".to_vec()));
        let frame = json!({
            "type": "said",
            "data": { "text": "hello" },
            "room": "the room",
            "connectionId": null,
            "user": null,
        });
        assert_eq!(world.frame(a), frame);
        assert_eq!(world.frames(early), Vec::<Value>::new(), "nobody was told of it yet");
    });
}

#[test]
fn a_user_is_told_in_all_tabs() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let tabs = [world.join("u2", &json!({})), world.join("u2", &json!({}))];
        world.clear();
        assert_eq!(world.admin(AdminRequest::SendToUser("u2".to_owned()), &said("psst")), Ok(b"2".to_vec()));
        assert_eq!(tabs.map(|tab| world.frame(tab)["data"]["text"].clone()), [json!("psst"), json!("psst")]);
        assert_eq!(world.frames(a), Vec::<Value>::new());
        assert_eq!(world.admin(AdminRequest::SendToUser("u9".to_owned()), &said("psst")), Ok(b"0".to_vec()));
    });
}

#[test]
fn the_worker_is_told_who_is_there() {
    both(|world| {
        world.join("u1", &json!({ "x": 3 }));
        world.connect("u2");
        let cards = world.admin(AdminRequest::Sessions, &[]).expect("it is told");
        assert_eq!(
            serde_json::from_slice::<Value>(&cards).expect("it is JSON"),
            json!([{ "id": "s1", "protocol": "pluv", "user": { "id": "u1", "name": "name of u1" }, "presence": { "x": 3 } }])
        );
        assert_eq!(world.admin(AdminRequest::Size, &[]), Ok(b"2".to_vec()));
    });
}

#[test]
fn the_worker_sends_connections_away() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        assert_eq!(world.admin(AdminRequest::Evict(Evict::user("u2")), &[]), Ok(b"1".to_vec()));
        assert_eq!((world.closed(a), world.closed(b)), (None, Some(4000)));
        assert_eq!(world.admin(AdminRequest::Evict(Evict::all()), &[]), Ok(b"1".to_vec()));
        assert_eq!(world.admin(AdminRequest::Evict(Evict::all()), &[]), Ok(b"0".to_vec()));
    });
}

#[test]
fn a_room_without_a_document_says_so() {
    both(|world| {
        let refusal = AdminError::Failed("the storage failed: this room has no storage".to_owned());
        assert_eq!(world.admin(AdminRequest::Storage, &[]), Err(refusal.clone()));
        assert_eq!(world.admin(AdminRequest::UpdateStorage, &[0, 0]), Err(refusal));
        assert!(world.delete());
    });
}

#[test]
fn an_update_of_the_worker_is_stored_and_shown() {
    both_of::<Notes>(|world| {
        let (a, _) = world.join_with("u1", Doc::new());
        world.clear();
        assert_eq!(world.admin(AdminRequest::UpdateStorage, &update("from a queue")), Ok(Vec::new()));
        let frame = world.frame(a.client);
        assert_eq!(frame["type"], "$storageUpdated");
        assert!(frame["connectionId"].is_string(), "clients drop a change of nobody's: {frame}");
        assert_eq!(frame["user"], Value::Null);
        apply(&a.doc, &frame["data"]["state"]);
        assert_eq!(text(&a.doc), "from a queue");
        assert_eq!(text_of(world), "from a queue");
    });
}

#[test]
fn an_update_that_the_document_does_not_take_is_refused_with_the_reason() {
    both_of::<Notes>(|world| {
        let Err(AdminError::Invalid(_)) = world.admin(AdminRequest::UpdateStorage, b"nonsense") else {
            panic!("nonsense is no update");
        };
        let Err(AdminError::Invalid(reason)) = world.admin(AdminRequest::UpdateStorage, &update(&"x".repeat(2_000)))
        else {
            panic!("it is too big");
        };
        assert!(reason.ends_with("the limit is 1000"), "{reason}");
        assert_eq!(text_of(world), "");
    });
}

#[test]
fn a_deleted_room_is_as_at_first() {
    both_of::<Notes>(|world| {
        DELETED.take();
        let (a, _) = world.join_with("u1", Doc::new());
        world.admin(AdminRequest::UpdateStorage, &update("text")).expect("it is taken");
        assert!(world.delete());
        assert_eq!((world.closed(a.client), &*world.close_reason(a.client)), (Some(4000), "the room was deleted"));
        assert_eq!(DELETED.take().len(), 1);
        assert_eq!(text_of(world), "");
        assert_eq!(world.alarm(), None);
        assert!(world.delete(), "there is nothing to delete");
        assert_eq!(DELETED.take().len(), 0);
    });
}

#[test]
fn a_document_whose_hook_fails_stays_until_it_succeeds_or_someone_comes() {
    both_of::<Notes>(|world| {
        world.admin(AdminRequest::UpdateStorage, &update("text")).expect("it is taken");
        FAILS.set(true);
        assert!(!world.delete());
        FAILS.set(false);
        assert_eq!(text_of(world), "text");
        assert!(world.alarm().is_some());
        world.join_with("u1", Doc::new());
        world.fire_alarm();
        assert_eq!(text_of(world), "text", "someone is there");
        assert!(world.delete());
        assert_eq!(text_of(world), "");
    });
}
