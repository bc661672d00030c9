//! The room of the simulation, whose hooks do what the simulation says.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use serde::Deserialize;
use yrs::{GetString as _, ReadTxn as _, Text as _, WriteTxn as _};

use super::{
    super::world::{Output, Presence, TestRoom, User},
    talk::Talk,
};
use crate::{
    Context, EventInfo, FinalState, Handlers, Hooks, Limits, Message, Options, Retention, Room, Yrs,
    cloudflare::Env,
    contract::HasOutput,
    engine::Outcome,
    error::{Error, Result},
};

/// The behaviour of the hooks, and their calls.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// They wait as long as this is set.
    pub(super) waits: bool,
    /// The handlers that wait.
    waiting: Vec<Waker>,
    /// They fail.
    pub(super) fails: bool,
    /// The answer of `get_initial_storage`.
    pub(super) begins: Option<Vec<u8>>,
    /// How often that was asked for, and how many are being answered.
    pub(super) asked: u32,
    pub(super) asking: u32,
    /// How often `on_storage_updated` has ended well.
    pub(super) told: u32,
    /// The events, and the sessions.
    pub(super) talk: Talk,
    /// The last document whose end `on_room_deleted` has agreed to.
    pub(super) deleted: Option<Vec<u8>>,
}

thread_local! {
    static SCRIPT: RefCell<Script> = RefCell::default();
}

/// Reads or changes what the hooks do.
pub(super) fn script<T>(with: impl FnOnce(&mut Script) -> T) -> T {
    SCRIPT.with_borrow_mut(with)
}

impl Script {
    /// Lets those go on who wait.
    pub(super) fn open(&mut self) {
        self.waits = false;
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

/// Waits as long as the script says.
async fn wait() {
    poll_fn(|context| {
        script(|script| {
            if !script.waits {
                return Poll::Ready(());
            }
            script.waiting.push(context.waker().clone());
            Poll::Pending
        })
    })
    .await;
}

/// The same, and then does as it says.
async fn obey() -> Result<()> {
    wait().await;
    if script(|script| script.fails) { Err(Error::internal("the database is away")) } else { Ok(()) }
}

/// One that is being asked for the document's beginning, until it has answered or its room is lost.
struct Asking;

impl Asking {
    fn new() -> Self {
        script(|script| {
            script.asked += 1;
            script.asking += 1;
            assert_eq!(script.asking, 1, "however many join, one call is made");
        });
        Self
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        script(|script| script.asking -= 1);
    }
}

/// How long a connection may be silent for, in milliseconds, and how many messages of it may come in a second.
pub(super) const IDLE: u64 = 90_000;
pub(super) const RATE: u64 = 1_000;

/// For how long a document stays that is never deleted.
pub(super) const FOREVER: u64 = u64::MAX;

const LIMITS: Limits = Limits::new().idle(Duration::from_millis(IDLE)).messages_per_second(RATE);

/// A room whose document is deleted when nobody was there for `AFTER` milliseconds.
pub(super) struct Simulated<const AFTER: u64>;

impl<const AFTER: u64> Room for Simulated<AFTER> {
    type User = User;
    type Presence = Presence;
    type Output = Output;
    type Storage = Yrs;
    const OPTIONS: Options = Options {
        has_user: true,
        limits: LIMITS,
        retention: match AFTER {
            FOREVER => Retention::Keep,
            after => Retention::Delete { after: Duration::from_millis(after) },
        },
        ..Options::new("Simulated", "SIMULATED")
    };
}

impl<const AFTER: u64> HasOutput for Simulated<AFTER> {
    type Declared = Output;
}

#[derive(Deserialize)]
struct Say {
    number: u64,
    waits: bool,
}

impl<const AFTER: u64> TestRoom for Simulated<AFTER> {
    fn make(_: &Rc<Cell<bool>>) -> Self {
        Self
    }
}

impl<const AFTER: u64> Handlers for Simulated<AFTER> {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[EventInfo::event("cut", ""), EventInfo::event("stamp", "")];
    const HOOKS: Hooks = Hooks {
        on_user_connected: true,
        on_user_disconnected: true,
        get_initial_storage: true,
        on_storage_updated: true,
        on_room_deleted: true,
        ..Hooks::none()
    };

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, context: &Context<'_, Self>, message: Message<'_>) -> Result<Outcome> {
        match message.name() {
            "say" => {
                let Say { number, waits } = message.data()?;
                script(|script| script.talk.begin(context.session_id(), number));
                if waits {
                    wait().await;
                }
                script(|script| script.talk.end(context.session_id()));
                context.broadcast(Output::Said { text: number.to_string() });
            }
            "refuse" => {
                context.broadcast(Output::Broken(0));
                return Err(Error::client("not today"));
            }
            // What a room inserts has an id that is another one each time, so a run with it is not quite repeatable.
            "stamp" => context.storage().edit(|doc| {
                let text = doc.get_or_insert_text("t");
                text.push(doc, "!");
            }),
            "cut" => context.storage().edit(|doc| {
                let Some(text) = doc.get_text("t") else { return };
                if let Some(first) = text.get_string(doc).chars().next() {
                    text.remove_range(doc, 0, first.len_utf16() as u32);
                }
            }),
            _ => return Ok(Outcome::Unhandled),
        }
        Ok(Outcome::Done)
    }

    async fn on_user_connected(&self, context: &Context<'_, Self>) -> Result<()> {
        script(|script| script.talk.connected(context.session_id()));
        Ok(())
    }

    async fn on_user_disconnected(&self, context: &Context<'_, Self>) -> Result<()> {
        script(|script| script.talk.disconnected(context.session_id()));
        Ok(())
    }

    async fn get_initial_storage(&self, _: &str) -> Result<Option<Vec<u8>>> {
        let _asking = Asking::new();
        obey().await?;
        Ok(script(|script| script.begins.clone()))
    }

    async fn on_storage_updated(&self, _: &Context<'_, Self>) -> Result<()> {
        obey().await?;
        script(|script| script.told += 1);
        Ok(())
    }

    async fn on_room_deleted(&self, room: &FinalState<'_>) -> Result<()> {
        let state = room.state().to_vec();
        obey().await?;
        script(|script| script.deleted = Some(state));
        Ok(())
    }
}
