//! A room's types and options.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    document::Storage,
    engine::{Limits, Retention, StateType},
    schema::RoomTypes,
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

    /// The limits that the room declares, for `create` to change.
    #[must_use]
    fn limits() -> Limits {
        Self::OPTIONS.limits
    }
}

/// The output of a room that declares none: there is nothing that it could send.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum NoOutput {}

/// The options of `#[pluv::room(..)]` that are no types.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The struct's name, which is the class that `wrangler.toml` names.
    pub name: &'static str,
    /// The name of the Durable Object binding.
    pub binding: &'static str,
    /// The path that the room's routes hang below, without a slash at its end.
    pub path: &'static str,
    /// The variables that hold the secrets of tokens: the first one signs, each one verifies.
    pub secrets: &'static [&'static str],
    /// The origins that may call the token endpoint from another site; `*` is any.
    pub cors: &'static [&'static str],
    /// Whether the room declares a user, and so wants a token.
    pub has_user: bool,
    /// Whether an event without a handler is relayed to everyone.
    pub relay_unknown: bool,
    /// Whether the room writes its event log.
    pub debug: bool,
    /// The limits of the room.
    pub limits: Limits,
    /// The retention of the document when nobody is connected.
    pub retention: Retention,
    /// The type of the room's durable state.
    pub state: Option<StateType>,
    /// The type of the state that all clients see.
    pub shared: Option<StateType>,
    /// Whether handlers use the object's `SQLite`, for the state or tables of their own: then one that is not `async` is a
    /// transaction.
    pub uses_sql: bool,
    /// The migrations of the room's own tables: the path and the content of each.
    pub migrations: &'static [(&'static str, &'static str)],
}

impl Options {
    /// The defaults of a room called `name` whose object is bound as `binding`.
    #[must_use]
    pub const fn new(name: &'static str, binding: &'static str) -> Self {
        Self {
            name,
            binding,
            path: "/api/pluv",
            secrets: &["PLUV_SECRET", "PLUV_SECRET_PREVIOUS"],
            cors: &[],
            has_user: false,
            relay_unknown: false,
            debug: false,
            limits: Limits::new(),
            retention: Retention::Keep,
            state: None,
            shared: None,
            uses_sql: false,
            migrations: &[],
        }
    }
}
