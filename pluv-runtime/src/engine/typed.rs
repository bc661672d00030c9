//! A room's own types, as functions: so that the engine is compiled once and not once for each room.

use std::{any::Any, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};

use crate::protocol::{Json, decode};

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
