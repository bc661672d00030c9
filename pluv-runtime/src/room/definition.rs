//! The two traits that a room's struct and its impl meet in. `#[pluv::room]` implements them.

use std::future::{Future, ready};

use serde::{Serialize, de::DeserializeOwned};

use super::{Call, Context, Deleted, Limits, Message, Options, Outcome};
use crate::{
    auth::Grant,
    cloudflare::{Env, Request},
    error::Result,
    schema::{EventInfo, EventTypes, RoomTypes},
    storage::Storage,
};

/// What a room is made of: the types that cross the wire, and its options.
///
/// `#[pluv::room(..)]` on a struct implements it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a room", label = "put `#[pluv::room]` on this struct")]
pub trait Room: Sized + 'static {
    /// Who is connected. `()` in a room that knows no users.
    type User: Serialize + DeserializeOwned + 'static;
    /// What everyone sees of a user. Any JSON object in a room that declares none.
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

/// What a room does: its events, procedures and hooks.
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

    /// Makes the room's context when its object wakes, and says how much the room takes.
    ///
    /// # Errors
    /// Whatever the room's own hook returns: a binding that is missing, most often.
    fn create(env: &Env) -> Result<(Self, Limits)>;

    /// Says who the caller of the token endpoint is, or `None` to refuse.
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

    /// Says what the document is at first, as a Yjs update; none leaves it to the first client.
    fn get_initial_storage(&self, _room: &str) -> impl Future<Output = Result<Option<Vec<u8>>>> {
        ready(Ok(None))
    }

    /// Runs after the document has changed, for the changes of about a second together. The context's user made the last.
    fn on_storage_updated(&self, _cx: &Context<'_, Self>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs before the document is deleted. An error keeps it, and the hook runs again later.
    fn on_room_deleted(&self, _room: &Deleted<'_>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs before the handler of each application event. An error stops the event.
    fn on_message(&self, _cx: &Context<'_, Self>, _message: &Message<'_>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }
}

/// Which optional hooks a room has, so that none is scheduled that does nothing.
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
