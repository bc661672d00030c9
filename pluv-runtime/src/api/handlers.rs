//! The two traits of a room, which `#[pluv::room]` implements: one for the struct, one for the impl.

use std::{
    cell::RefCell,
    future::{Future, ready},
};

use serde::{Serialize, de::DeserializeOwned};

use worker::{Env, Request};

use super::{Call, Context, Message, Options};
use crate::{
    auth::Grant,
    document::Storage,
    engine::{
        ActionQueue, Definition, EngineHooks, Job, Limits, Outcome, OutcomeKind, Room as Engine, RunJob, Task, Types,
    },
    error::Result,
    schema::{EventInfo, EventTypes, RoomTypes},
};

/// The types and options of a room.
///
/// `#[pluv::room(..)]` on a struct implements it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a room", label = "put `#[pluv::room]` on this struct")]
pub trait Room: Sized + 'static {
    /// The user of a connection; `()` in a room without users.
    type User: Serialize + DeserializeOwned + 'static;
    /// The presence of a user; any JSON object in a room that declares none.
    type Presence: Serialize + DeserializeOwned + Default + 'static;
    /// Everything that the room can send.
    type Output: Serialize + 'static;
    /// The document that clients edit together, or [`NoStorage`](crate::NoStorage).
    type Storage: Storage;
    /// The rest of `#[pluv::room(..)]`.
    const OPTIONS: Options;
    /// The types again, for the schema.
    const TYPES: RoomTypes = RoomTypes::new("");
}

/// The handlers of a room: events, procedures and hooks.
///
/// `#[pluv::room]` on an impl implements it.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` has no handlers",
    label = "write `#[pluv::room] impl {Self} {{ .. }}`, with or without handlers in it"
)]
pub trait Handlers: Sized + 'static {
    /// The room itself.
    type Room: Room;
    /// The events and procedures, in the order of the source.
    const EVENTS: &'static [EventInfo];
    /// Their types, in the same order, for the schema.
    const EVENT_TYPES: &'static [EventTypes] = &[];
    /// Which of the optional hooks the room has.
    const HOOKS: Hooks;

    /// Makes the room's struct when its object wakes, with the limits of the room.
    ///
    /// # Errors
    /// Whatever the room's own hook returns: a binding that is missing, most often.
    fn create(env: &Env) -> Result<(Self, Limits)>;

    /// Returns the user who calls the token endpoint, or `None` to refuse.
    fn authorize(
        _req: &Request,
        _env: &Env,
        _room: &str,
    ) -> impl Future<Output = Result<Option<Grant<<Self::Room as Room>::User>>>> {
        ready(Ok(None))
    }

    /// Runs the handler that `call` names.
    fn dispatch(&self, cx: &Context<'_, Self>, call: Call<'_>) -> impl Future<Output = Result<Outcome>>;

    /// Runs for each connection, after it has joined and everyone was told: a user with two tabs connects twice.
    fn on_user_connected(&self, _cx: &Context<'_, Self>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs for each connection, after it has left and everyone was told: another of the same user may still be there.
    fn on_user_disconnected(&self, _cx: &Context<'_, Self>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Returns the initial document, as a Yjs update; `None` leaves it to the first client.
    fn get_initial_storage(&self, _room: &str) -> impl Future<Output = Result<Option<Vec<u8>>>> {
        ready(Ok(None))
    }

    /// Runs after the document has changed, for the changes of about a second together. The context's user made the last.
    fn on_storage_updated(&self, _cx: &Context<'_, Self>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs before the document is deleted. An error keeps it, and the hook runs again later.
    fn on_room_deleted(&self, _room: &FinalState<'_>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs before the handler of each application event. An error stops the event.
    fn on_message(&self, _cx: &Context<'_, Self>, _message: &Message<'_>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }
}

/// The optional hooks that a room has, so that none is run that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooks {
    pub(crate) authorize: bool,
    pub(crate) on_user_connected: bool,
    pub(crate) on_user_disconnected: bool,
    pub(crate) on_message: bool,
    pub(crate) get_initial_storage: bool,
    pub(crate) on_storage_updated: bool,
}

impl Hooks {
    /// No optional hook.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            authorize: false,
            on_user_connected: false,
            on_user_disconnected: false,
            on_message: false,
            get_initial_storage: false,
            on_storage_updated: false,
        }
    }

    /// With the hook `authorize`.
    #[must_use]
    pub const fn authorize(self) -> Self {
        Self { authorize: true, ..self }
    }

    /// With the hook `on_user_connected`.
    #[must_use]
    pub const fn on_user_connected(self) -> Self {
        Self { on_user_connected: true, ..self }
    }

    /// With the hook `on_user_disconnected`.
    #[must_use]
    pub const fn on_user_disconnected(self) -> Self {
        Self { on_user_disconnected: true, ..self }
    }

    /// With the hook `on_message`.
    #[must_use]
    pub const fn on_message(self) -> Self {
        Self { on_message: true, ..self }
    }

    /// With the hook `get_initial_storage`.
    #[must_use]
    pub const fn get_initial_storage(self) -> Self {
        Self { get_initial_storage: true, ..self }
    }

    /// With the hook `on_storage_updated`.
    #[must_use]
    pub const fn on_storage_updated(self) -> Self {
        Self { on_storage_updated: true, ..self }
    }

    /// With the hook `on_room_deleted`.
    #[must_use]
    pub const fn on_room_deleted(self) -> Self {
        self
    }
}

/// The last state of a room whose document is about to be deleted, as `on_room_deleted` gets it.
#[derive(Clone, Copy, Debug)]
pub struct FinalState<'a> {
    room: &'a str,
    state: &'a [u8],
}

impl<'a> FinalState<'a> {
    /// The room's name.
    #[must_use]
    pub fn room(&self) -> &'a str {
        self.room
    }

    /// The whole document, as a Yjs update: `get_initial_storage` can return it another time.
    #[must_use]
    pub fn state(&self) -> &'a [u8] {
        self.state
    }
}

/// The engine's view of the room `R` with these limits.
pub(crate) fn definition<R: Handlers>(limits: Limits) -> Definition {
    let Options { relay_unknown, debug, retention, .. } = <R::Room as Room>::OPTIONS;
    let Hooks { on_user_connected, on_user_disconnected, get_initial_storage, on_storage_updated, .. } = R::HOOKS;
    Definition {
        types: Types::of::<<R::Room as Room>::User, <R::Room as Room>::Presence>(),
        hooks: EngineHooks { on_user_connected, on_user_disconnected, get_initial_storage, on_storage_updated },
        events: || R::EVENTS.iter().map(EventInfo::name).collect(),
        relay_unknown,
        debug,
        retention,
        limits,
    }
}

impl<R: Handlers> RunJob for R {
    async fn run(&self, room: &RefCell<Engine>, job: &Job) -> Result<(Outcome, ActionQueue)> {
        let cx = Context::new(room, job);
        let outcome = match &job.task {
            Task::Event { name, data, .. } => {
                let message = Message { name, data };
                if R::HOOKS.on_message {
                    self.on_message(&cx, &message).await?;
                }
                self.dispatch(&cx, Call { message }).await?
            }
            Task::InitialStorage { .. } => {
                Outcome(OutcomeKind::InitialStorage(self.get_initial_storage(job.origin.room()).await?))
            }
            Task::StorageUpdated => hook(self.on_storage_updated(&cx).await)?,
            Task::RoomDeleted { state, .. } => {
                hook(self.on_room_deleted(&FinalState { room: job.origin.room(), state }).await)?
            }
            Task::UserConnected => hook(self.on_user_connected(&cx).await)?,
            Task::UserDisconnected { .. } => hook(self.on_user_disconnected(&cx).await)?,
        };
        Ok((outcome, cx.into_actions()))
    }
}

fn hook(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome(OutcomeKind::Done))
}
