//! The application's part of a room: its types, hooks, limits and retention. The types are functions, so that the engine is
//! compiled once and not once for each room.

use std::{any::Any, rc::Rc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use super::{Limits, migrations::Migration, state::StateType, tasks::TaskInfo, ticks::TickInfo};
use crate::{
    error::Error,
    protocol::{Json, Millis, decode},
};

/// The definition of a room by its application.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) types: Types,
    pub(crate) hooks: Hooks,
    /// The names of the events and procedures.
    pub(crate) events: Vec<&'static str>,
    pub(crate) relay_unknown: bool,
    pub(crate) debug: bool,
    pub(crate) retention: Retention,
    pub(crate) limits: Limits,
    pub(crate) state: Option<StateType>,
    pub(crate) shared: Option<StateType>,
    /// Whether handlers use the object's database.
    pub(crate) uses_sql: bool,
    pub(crate) migrations: &'static [Migration],
    pub(crate) tasks: &'static [TaskInfo],
    pub(crate) ticks: &'static [TickInfo],
}

impl Definition {
    /// The error of an event that the room does not have.
    pub(crate) fn unknown_event(&self, name: &str) -> Error {
        let known: Vec<_> = self.events.iter().map(|name| format!("`{name}`")).collect();
        let hint = match known.is_empty() {
            true => "it takes no events".to_owned(),
            false => format!("it takes {}", known.join(", ")),
        };
        Error::client(format!("this room has no event `{name}`: {hint}"))
    }
}

/// The hooks that a room has, so that none is run that does nothing.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the hook of its name")]
pub struct Hooks {
    pub authorize: bool,
    pub async_create: bool,
    pub on_user_connected: bool,
    pub on_user_disconnected: bool,
    pub on_message: bool,
    pub get_initial_storage: bool,
    pub on_storage_updated: bool,
    pub on_room_deleted: bool,
    pub on_task_failed: bool,
    pub on_wake: bool,
    pub on_connect: bool,
    pub on_request: bool,
    /// Those that are no `async` functions.
    pub sync: &'static [&'static str],
}

impl Hooks {
    /// No hook.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            authorize: false,
            async_create: false,
            on_user_connected: false,
            on_user_disconnected: false,
            on_message: false,
            get_initial_storage: false,
            on_storage_updated: false,
            on_room_deleted: false,
            on_task_failed: false,
            on_wake: false,
            on_connect: false,
            on_request: false,
            sync: &[],
        }
    }
}

/// The retention of the document after the last connection has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// It stays.
    Keep,
    /// It is deleted, after the hook `on_room_deleted` has succeeded.
    Delete {
        /// The time for which nobody must have been connected before.
        after: Duration,
    },
}

/// A value that was read as the room's own type, with its JSON.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) json: Rc<str>,
    pub(crate) value: Rc<dyn Any>,
}

impl Typed {
    /// The value of a room without users.
    pub(crate) fn null() -> Self {
        Self { json: "null".into(), value: Rc::new(()) }
    }

    /// The value, as the type that it was read as. [`Types::of`] reads no other.
    pub(crate) fn get<T: 'static>(&self) -> &T {
        self.value.downcast_ref().expect("values are read as the room's own types")
    }

    /// The value, to keep.
    pub(crate) fn share<T: 'static>(&self) -> Rc<T> {
        Rc::downcast(Rc::clone(&self.value)).expect("values are read as the room's own types")
    }
}

/// The readers of a room's user and presence types.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Types {
    /// Reads a user.
    pub(crate) user: fn(&str) -> Result<Typed, String>,
    /// Reads a presence; errors call it by the second argument.
    pub(crate) presence: fn(&Json, &str) -> Result<Typed, String>,
    /// Writes the presence of a user who has set none.
    pub(crate) default_presence: fn() -> Result<Json, String>,
}

impl Types {
    /// The readers of the user type `U` and the presence type `P`.
    pub(crate) fn of<U, P>() -> Self
    where
        U: DeserializeOwned + 'static,
        P: Serialize + DeserializeOwned + Default + 'static,
    {
        Self {
            user: |json| {
                let value: U = decode(json, "user")?;
                Ok(Typed { json: json.into(), value: Rc::new(value) })
            },
            presence: |map, root| {
                let json = serde_json::to_string(map).map_err(|error| error.to_string())?;
                let value: P = decode(&json, root)?;
                Ok(Typed { json: json.into(), value: Rc::new(value) })
            },
            default_presence: || to_object(&P::default()),
        }
    }
}

/// Writes a presence as a JSON object.
///
/// # Errors
/// The reason why it is none, for the log.
pub(crate) fn to_object(presence: &impl Serialize) -> Result<Json, String> {
    match serde_json::to_value(presence) {
        Ok(serde_json::Value::Object(map)) => Ok(map),
        Ok(_) => Err("the presence type is not written as an object: make it a struct with named fields".to_owned()),
        Err(error) => Err(format!("the presence can't be written as JSON: {error}")),
    }
}

/// The presence of a user.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    /// The object that patches apply to; keeps fields that the room's type does not know.
    pub(crate) map: Json,
    pub(crate) typed: Typed,
    /// Time of the last change after the handshake.
    pub(crate) changed: Option<Millis>,
}
