//! The room's types, as functions: so that the room itself is compiled once and not once for each type.

use std::{any::Any, rc::Rc};

use super::{Json, Room};
use crate::protocol::decode;

/// A value that has been read as the room's own type, and its JSON.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) json: Rc<str>,
    pub(crate) value: Rc<dyn Any>,
}

/// How the room's types are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Types {
    /// Reads a user.
    pub(crate) user: fn(&str) -> Result<Typed, String>,
    /// Reads a presence; the text is what an error calls it.
    pub(crate) presence: fn(&Json, &str) -> Result<Typed, String>,
    /// What a presence is before a client says anything.
    pub(crate) default_presence: fn() -> Json,
}

impl Types {
    /// The types of the room `R`.
    pub(crate) fn of<R: Room>() -> Self {
        Self {
            user: |json| {
                let value: R::User = decode(json, "user")?;
                Ok(Typed { json: json.into(), value: Rc::new(value) })
            },
            presence: |map, root| {
                let json = serde_json::to_string(map).map_err(|error| error.to_string())?;
                let value: R::Presence = decode(&json, root)?;
                Ok(Typed { json: json.into(), value: Rc::new(value) })
            },
            default_presence: || match serde_json::to_value(R::Presence::default()) {
                Ok(serde_json::Value::Object(map)) => map,
                _ => Json::new(),
            },
        }
    }
}

impl Typed {
    /// The value as the type it was read as, which is the room's: [`Types::of`] reads no other.
    pub(crate) fn get<T: 'static>(&self) -> &T {
        self.value.downcast_ref().expect("a room reads its values as its own types")
    }

    /// The value, to keep.
    pub(crate) fn share<T: 'static>(&self) -> Rc<T> {
        Rc::downcast(Rc::clone(&self.value)).expect("a room reads its values as its own types")
    }
}
