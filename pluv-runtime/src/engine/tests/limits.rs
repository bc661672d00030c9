//! The limits of a room.

use std::{cell::Cell, rc::Rc};

use serde_json::json;

use super::world::{Client, Output, Presence, TestRoom, User, World, both_of};
use crate::{
    Context, EventInfo, Handlers, Hooks, Limits, Message, NoStorage, Options, Room,
    cloudflare::Env,
    engine::Outcome,
    error::{Error, Result},
};

/// A room that takes little of anything.
struct Small;

impl Room for Small {
    type User = User;
    type Presence = Presence;
    type Output = Output;
    type Storage = NoStorage;
    const OPTIONS: Options = Options {
        has_user: true,
        limits: Limits::new().connections(2).message(1_024).messages_per_second(10).presence(100).user(100).user_id(8),
        ..Options::new("Small", "SMALL")
    };
}

impl TestRoom for Small {
    fn make(_: &Rc<Cell<bool>>) -> Self {
        Self
    }
}

impl Handlers for Small {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[];
    const HOOKS: Hooks = Hooks::none();

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, context: &Context<'_, Self>, message: Message<'_>) -> Result<Outcome> {
        match message.name() {
            "note" => context.set_presence(Presence { x: None, note: Some(message.json().to_owned()) }),
            _ => return Ok(Outcome::Unhandled),
        }
        Ok(Outcome::Done)
    }
}

fn long(bytes: usize) -> String {
    let frame = json!({ "type": "$getOthers", "data": {} }).to_string();
    format!("{frame}{}", " ".repeat(bytes - frame.len()))
}

#[test]
fn a_room_is_full() {
    both_of::<Small>(|world| {
        assert_eq!(world.connect_error("a"), None);
        let a = world.connect("a");
        world.connect("b");
        assert_eq!(world.connect_error("c").as_deref(), Some("the room is full: the limit is 2 connections"));
        world.leave(a);
        assert_eq!(world.connect_error("c"), None);
    });
}

#[test]
fn a_user_may_be_too_big() {
    both_of::<Small>(|world| {
        let refusal = world.connect_error("123456789");
        assert_eq!(refusal.as_deref(), Some("the user's `id` takes 9 bytes: the limit is 8"));
        let refusal = world.connect_error(&"1".repeat(100));
        assert_eq!(refusal.as_deref(), Some("the user takes 227 bytes: the limit is 100"));
    });
}

#[test]
fn a_message_may_be_too_long() {
    both_of::<Small>(|world| {
        let a = world.join("a", &json!({}));
        world.send_text(a, &long(1_024));
        assert_eq!(world.names(a), ["$othersReceived"]);
        world.send_text(a, &long(1_025));
        assert_eq!(world.error(a), "the frame takes 1025 bytes: the limit is 1024 bytes");
        world.send_oversized(a, 5_000);
        assert_eq!(world.error(a), "the frame takes 5000 bytes or more: the limit is 1024 bytes");
        world.send(a, "$getOthers", &json!({}));
        assert_eq!(world.names(a), ["$othersReceived"]);
    });
}

#[test]
fn a_presence_may_be_too_big() {
    both_of::<Small>(|world| {
        let (a, b) = (world.join("a", &json!({ "x": 1 })), world.join("b", &json!({})));
        let note = "n".repeat(100);
        world.send(a, "$updatePresence", &json!({ "presence": { "note": note } }));
        let error = world.error(a);
        assert_eq!(error, "`$updatePresence`: `data.presence` would take 117 bytes: the limit is 100");
        world.send(a, "note", &json!({ "note": note }));
        assert!(world.error(a).starts_with("`presence` would take "));
        assert_eq!(world.names(b), [""; 0]);
        assert_eq!(world.others(b)["s1"]["presence"], json!({ "x": 1 }));
        world.leave(a);
        let c = world.connect("c");
        world.clear();
        world.send(c, "$initializeSession", &json!({ "presence": { "note": note } }));
        let error = world.error(c);
        assert_eq!(error, "`$initializeSession`: `data.presence` would take 111 bytes: the limit is 100");
    });
}

fn flood(world: &mut World<Small>, client: Client, send: impl Fn(&mut World<Small>, Client)) -> usize {
    world.pace = 0;
    let mut count = 0;
    while world.closed(client).is_none() {
        assert!(count < 1_000, "a flood is closed");
        send(world, client);
        count += 1;
    }
    count
}

#[test]
fn a_flood_gets_one_error_and_is_closed() {
    // A room that slept knows of no flood: it sleeps only when nothing has come for seconds.
    let mut world = World::<Small>::new(false);
    let (a, b) = (world.join("a", &json!({})), world.join("b", &json!({})));
    world.wait(10_000);
    let sent = flood(&mut world, a, |world, a| world.send(a, "$getOthers", &json!({})));
    assert_eq!(sent, 21);
    assert_eq!(world.closed(a), Some(1008));
    let frames = world.frames(a);
    let errors: Vec<_> = frames.iter().filter(|frame| frame["type"] == "$error").collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["data"]["message"], "rate limit exceeded: the limit is 10 messages a second");
    for _ in 0..10 {
        world.send(a, "$getOthers", &json!({}));
    }
    assert_eq!(world.names(a), [""; 0]);
    assert_eq!(world.names(b), ["$exit"]);
}

#[test]
fn every_kind_of_frame_counts() {
    let kinds: [fn(&mut World<Small>, Client); 5] = [
        |world, client| world.send_text(client, "nonsense"),
        |world, client| world.send_binary(client, &[0, 1]),
        |world, client| world.send_oversized(client, 5_000),
        |world, client| world.send(client, "$ping", &json!({})),
        |world, client| world.send(client, "unknown", &json!({})),
    ];
    for send in kinds {
        let mut world = World::<Small>::new(false);
        let a = world.join("a", &json!({}));
        world.wait(10_000);
        assert_eq!(flood(&mut world, a, send), 21);
        assert_eq!(world.closed(a), Some(1008));
    }
}

#[test]
fn what_comes_steadily_is_no_flood() {
    let mut world = World::<Small>::new(false);
    let a = world.join("a", &json!({}));
    world.pace = 100;
    for _ in 0..1_000 {
        world.send(a, "$getOthers", &json!({}));
    }
    assert_eq!(world.closed(a), None);
}
