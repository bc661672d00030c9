//! Transactions of handlers: state, SQL, the document and messages, all or nothing.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::poll_fn,
    rc::Rc,
    task::{self, Waker},
};

use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::Env;
use yrs::{GetString as _, ReadTxn as _, Text as _, WriteTxn as _};

use crate::{
    Context, EventInfo, Handlers, Hooks, Json, Limits, Message, MigratedState, Options, Room, StateType, Yrs,
    api::answer,
    contract::{HasOutput, HasSql, HasState},
    engine::Outcome,
    error::{Error, Result},
    params,
    sql::Database,
    testing::{Client, Fault, World},
};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct User {
    id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Round {
    votes: BTreeMap<String, u8>,
}

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
enum Output {
    Voted { count: usize },
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Vote {
    value: u8,
    fails: bool,
    text: String,
}

/// A room in which each vote is in the state, in a table and in the document.
#[derive(Default)]
struct Poll {
    gate: Rc<Gate>,
    /// How much work in the background was done.
    done: Rc<Cell<u32>>,
}

/// A gate that lets one handler pass each time that it is opened.
#[derive(Default)]
struct Gate {
    passes: Cell<u32>,
    waker: RefCell<Option<Waker>>,
}

impl Gate {
    fn open(&self) {
        self.passes.set(self.passes.get() + 1);
        self.waker.take().into_iter().for_each(Waker::wake);
    }

    async fn pass(&self) {
        poll_fn(|cx| match self.passes.get() {
            0 => {
                self.waker.replace(Some(cx.waker().clone()));
                task::Poll::Pending
            }
            passes => {
                self.passes.set(passes - 1);
                task::Poll::Ready(())
            }
        })
        .await;
    }
}

impl Room for Poll {
    type User = User;
    type Presence = Json;
    type Output = Output;
    type Storage = Yrs;
    const OPTIONS: Options = Options {
        has_user: true,
        state: Some(StateType::of::<Round>()),
        uses_sql: true,
        migrations: &[
            (
                "0001.sql",
                "CREATE TABLE votes (user TEXT NOT NULL, value INTEGER NOT NULL); CREATE INDEX by_user ON votes (user);",
            ),
            ("0002.sql", "ALTER TABLE votes ADD COLUMN note TEXT"),
        ],
        ..Options::new("Poll", "POLL")
    };
}

impl HasOutput for Poll {
    type Declared = Output;
}

impl HasState for Poll {
    type State = Round;
}

impl HasSql for Poll {}

impl Poll {
    fn vote(context: &Context<'_, Self>, vote: &Vote) -> Result<()> {
        let id = context.user().id.clone();
        context.update(|round| round.votes.insert(id.clone(), vote.value))?;
        assert_eq!(context.state().votes.get(&id), Some(&vote.value), "it sees what it changed");
        context.sql().exec("INSERT INTO votes (user, value) VALUES (?, ?)", params![id, vote.value])?;
        context.kv().put("last", &vote.value)?;
        if !vote.text.is_empty() {
            let text = vote.text.clone();
            context.storage().edit(move |doc| doc.get_or_insert_text("votes").push(doc, &text));
        }
        context.broadcast(Output::Voted { count: context.state().votes.len() });
        if vote.fails { Err(Error::client("no vote")) } else { Ok(()) }
    }
}

impl Handlers for Poll {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[
        EventInfo::event("vote", "").sync(),
        EventInfo::event("nested", "").sync(),
        EventInfo::event("slowly", ""),
        EventInfo::procedure("count", "countResult", "").sync(),
    ];
    const HOOKS: Hooks = Hooks { on_user_connected: true, sync: &["on_user_connected"], ..Hooks::none() };

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, context: &Context<'_, Self>, message: Message<'_>) -> Result<Outcome> {
        let vote: Vote = message.data()?;
        match message.name() {
            "vote" => Self::vote(context, &vote)?,
            "nested" => context.transaction(|tx| Self::vote(tx, &vote))?,
            "slowly" => {
                context.broadcast(Output::Voted { count: 100 });
                context.transaction(|tx| Self::vote(tx, &Vote { value: 1, ..Vote::default() }))?;
                std::future::ready(()).await;
                let failed =
                    context.transaction(|tx| Self::vote(tx, &Vote { value: 2, fails: true, ..Vote::default() }));
                assert!(failed.is_err());
                // Outside of a transaction each is one of its own.
                context.update(|round| round.votes.insert("later".to_owned(), 3))?;
                if vote.fails {
                    return Err(Error::client("too slow"));
                }
            }
            "flush" => {
                for count in [1, 2] {
                    context.broadcast(Output::Voted { count });
                    context.flush()?;
                    self.gate.pass().await;
                }
                context.broadcast(Output::Voted { count: 3 });
                return Err(Error::client("too late"));
            }
            "background" => {
                let (gate, done) = (Rc::clone(&self.gate), Rc::clone(&self.done));
                context.wait_until(async move {
                    gate.pass().await;
                    done.set(done.get() + 1);
                    Err::<(), _>(Error::internal("the webhook is down"))
                });
                context.broadcast(Output::Voted { count: 7 });
                if vote.fails {
                    return Err(Error::client("not now"));
                }
            }
            "flushInTransaction" => context.transaction(|tx| {
                tx.flush()?;
                Ok(())
            })?,
            "count" => {
                let count: u32 = context.sql().query_one("SELECT COUNT(*) FROM votes", params![])?;
                return answer("countResult", &(count, context.state().votes.len(), context.kv().get::<u8>("last")?));
            }
            _ => return Ok(Outcome::Unhandled),
        }
        Ok(Outcome::Done)
    }

    fn migrate_state(stored: serde_json::Value) -> MigratedState {
        // Before, there was only one vote.
        let value = stored["vote"].as_u64().and_then(|value| u8::try_from(value).ok());
        let votes = value.map(|value| BTreeMap::from([("someone".to_owned(), value)]));
        Some(match votes {
            Some(votes) => Ok(Rc::new(Round { votes })),
            None => Err(Error::internal("there is no vote")),
        })
    }

    async fn on_user_connected(&self, context: &Context<'_, Self>) -> Result<()> {
        if context.user().id == "refused" {
            Self::vote(context, &Vote { value: 9, fails: true, ..Vote::default() })?;
        }
        Ok(())
    }
}

fn world() -> World<Poll> {
    let world = World::new("poll", Poll::default);
    world.hibernate_before_each_input(true);
    world
}

fn user(id: &str) -> User {
    User { id: id.to_owned() }
}

/// How many rows, votes in the state, and the last value.
fn count(client: &Client<Poll>) -> serde_json::Value {
    client.call("count", json!({})).expect("it is answered")
}

fn text(world: &World<Poll>) -> String {
    world.storage().read(|doc| doc.get_text("votes").map(|text| text.get_string(doc)).unwrap_or_default())
}

#[test]
fn a_handler_is_a_transaction() {
    let world = world();
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    ada.send("vote", json!({ "value": 5, "text": "a" }));
    assert_eq!(count(&bob), json!([1, 1, 5]));
    assert_eq!(bob.received("voted").len(), 1);
    ada.send("vote", json!({ "value": 8, "text": "b", "fails": true }));
    assert_eq!(ada.errors(), ["no vote"]);
    assert_eq!(count(&bob), json!([1, 1, 5]), "nothing of it happened");
    assert_eq!(bob.received("voted").len(), 0, "nobody was told");
    assert_eq!(text(&world), "a");
    bob.send("vote", json!({ "value": 1 }));
    assert_eq!(count(&ada), json!([2, 2, 1]));
}

#[test]
fn state_and_tables_outlast_a_crash() {
    let world = world();
    let ada = world.join(user("ada"));
    ada.send("vote", json!({ "value": 5 }));
    world.crash();
    let ada = world.join(user("ada"));
    assert_eq!(count(&ada), json!([1, 1, 5]));
}

#[test]
fn a_transaction_of_an_async_handler_is_atomic() {
    let world = world();
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    ada.send("slowly", json!({}));
    assert_eq!(count(&bob), json!([1, 2, 1]));
    let counts = |client: &Client<Poll>| -> Vec<_> {
        client.received("voted").iter().map(|data| data["count"].as_u64().expect("it is a number")).collect()
    };
    // The transaction leaves with its commit, before what was queued outside.
    assert_eq!(counts(&bob), [1, 100]);
    ada.send("slowly", json!({ "fails": true }));
    assert_eq!(ada.errors(), ["too slow"]);
    assert_eq!(counts(&bob), [2], "what was queued outside is dropped");
}

#[test]
fn transactions_are_not_nested() {
    let world = world();
    let ada = world.join(user("ada"));
    ada.send("nested", json!({ "value": 5 }));
    assert_eq!(ada.errors(), ["internal error"]);
    assert!(world.log()[0].contains("a transaction runs already"), "{:?}", world.log());
    assert_eq!(count(&ada), json!([0, 0, null]));
}

#[test]
fn a_hook_is_a_transaction() {
    let world = world();
    let ada = world.join(user("ada"));
    let refused = world.join(user("refused"));
    assert_eq!(refused.errors(), ["no vote"]);
    assert_eq!(count(&ada), json!([0, 0, null]));
}

#[test]
fn a_refused_edit_fails_the_handler() {
    let limits = Poll::limits().storage(2_000);
    let world = World::with_limits("poll", limits, Poll::default);
    let ada = world.join(user("ada"));
    ada.edit(|doc| doc.get_or_insert_text("votes").push(doc, "first"));
    ada.send("vote", json!({ "value": 5, "text": "x".repeat(3_000) }));
    let errors = ada.errors();
    assert!(errors.len() == 1 && errors[0].contains("2000"), "{errors:?}");
    assert_eq!(count(&ada), json!([0, 0, null]));
    assert_eq!(text(&world), "first");
    assert_eq!(ada.received("voted").len(), 0);
}

#[test]
fn whatever_storage_call_fails_leaves_all_or_nothing() {
    for fault in [Fault::Error, Fault::Crash] {
        for call in 0..60 {
            let world = World::new("poll", Poll::default);
            let ada = world.join(user("ada"));
            ada.send("vote", json!({ "value": 1, "text": "a" }));
            world.storage().fail_at(call, fault);
            ada.send("vote", json!({ "value": 2, "text": "b" }));
            // A fault that was not met meanwhile is none of what follows.
            world.storage().fail_at(1_000_000, fault);
            let was_told = ada.received("voted").len() == 2;
            if fault == Fault::Crash {
                world.crash();
            }
            let bob = world.join(user("bob"));
            let stored = (count(&bob), text(&world));
            let (before, after) = ((json!([1, 1, 1]), "a".to_owned()), (json!([2, 1, 2]), "ab".to_owned()));
            assert!(stored == before || stored == after, "{fault:?} at {call}: {stored:?}");
            assert!(!was_told || stored == after, "{fault:?} at {call}: it was told and is not stored");
            // What comes next is stored after it.
            bob.send("vote", json!({ "value": 3, "text": "c" }));
            world.crash();
            assert_eq!(text(&world), format!("{}c", stored.1), "{fault:?} at {call}");
        }
    }
}

#[test]
fn a_state_that_is_unchanged_is_not_written() {
    let world = World::new("poll", Poll::default);
    let ada = world.join(user("ada"));
    ada.send("vote", json!({ "value": 1 }));
    let rows = world.storage().rows();
    ada.send("vote", json!({ "value": 1 }));
    assert_eq!(world.storage().rows(), rows + 1, "the table alone has a row more");
}

#[test]
fn a_deletion_takes_everything() {
    let world = world();
    for (value, text) in [(1, "a"), (2, "")] {
        let ada = world.join(user("ada"));
        ada.send("vote", json!({ "value": value, "text": text }));
        world.delete().expect("it is deleted");
        let ada = world.join(user("ada"));
        assert_eq!(count(&ada), json!([0, 0, null]));
        assert_eq!(self::text(&world), "");
    }
}

#[test]
fn flushed_messages_are_sent_while_the_handler_waits() {
    let gate = Rc::new(Gate::default());
    let world = World::new("poll", {
        let gate = Rc::clone(&gate);
        move || Poll { gate: Rc::clone(&gate), ..Poll::default() }
    });
    let (ada, bob) = (world.join(user("ada")), world.join(user("bob")));
    ada.send("flush", json!({}));
    assert_eq!(bob.received("voted"), [json!({ "count": 1 })]);
    gate.open();
    world.run();
    assert_eq!(bob.received("voted"), [json!({ "count": 2 })]);
    gate.open();
    world.run();
    assert_eq!(ada.errors(), ["too late"]);
    assert_eq!(bob.received("voted").len(), 0, "what was not flushed is dropped");
    ada.send("flushInTransaction", json!({}));
    assert_eq!(ada.errors(), ["internal error"]);
    assert!(world.log().iter().any(|line| line.contains("leave with its commit")), "{:?}", world.log());
}

#[test]
fn a_state_of_an_earlier_type_is_migrated() {
    for (stored, expected) in [(r#"{"vote":4}"#, Ok(json!([0, 1, null]))), (r#"{"vote":"x"}"#, Err("internal error"))] {
        let world = World::new("poll", Poll::default);
        let ada = world.join(user("ada"));
        ada.send("vote", json!({ "value": 1 }));
        let storage = world.storage();
        let database = storage.database();
        for statement in
            [&format!("UPDATE pluv_state SET value = '{stored}'"), "DELETE FROM votes", "DELETE FROM pluv_kv"]
        {
            database.run(statement);
        }
        world.hibernate();
        let answer = ada.call("count", json!({}));
        assert_eq!(answer, expected.map_err(str::to_owned));
        let rows =
            Database::from(database.clone()).exec("SELECT value FROM pluv_state", Vec::new()).expect("it is read");
        let rows = rows.concat();
        match answer {
            Ok(_) => assert_eq!(rows, [r#"{"votes":{"someone":4}}"#.into()]),
            Err(_) => {
                assert_eq!(rows, [stored.into()], "it stays");
                assert!(world.log()[0].contains("missing field `votes`"), "{:?}", world.log());
            }
        }
    }
}

#[test]
fn background_work_runs_after_its_handler() {
    let (gate, done) = (Rc::new(Gate::default()), Rc::new(Cell::new(0)));
    let world = World::new("poll", {
        let (gate, done) = (Rc::clone(&gate), Rc::clone(&done));
        move || Poll { gate: Rc::clone(&gate), done: Rc::clone(&done) }
    });
    let ada = world.join(user("ada"));
    ada.send("background", json!({ "fails": true }));
    assert_eq!(ada.errors(), ["not now"]);
    ada.send("background", json!({}));
    assert_eq!(ada.received("voted"), [json!({ "count": 7 })], "nobody waits for it");
    ada.send("vote", json!({ "value": 1 }));
    assert_eq!(ada.received("voted"), [json!({ "count": 1 })], "the next handler runs");
    assert_eq!(done.get(), 0);
    gate.open();
    gate.open();
    world.run();
    assert_eq!(done.get(), 1, "that of the handler that failed is dropped");
    assert!(world.log()[0].ends_with("`background`: the webhook is down"), "{:?}", world.log());
}
