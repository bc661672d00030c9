//! The types that cross the wire, which the feature `ts` knows by the derive `TS`.

#[cfg(feature = "ts")]
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::Room;

/// The name and the doc comment of each message of an output.
pub type OutputTable = &'static [(&'static str, &'static str)];

/// A function that returns the name of a type in TypeScript, if it has one, and adds the declarations it is made of.
pub type TypeName = fn(&mut Declarations) -> Option<String>;

/// A type that crosses the wire: any type, or with the feature `ts` any type that derives `TS`.
#[cfg_attr(
    feature = "ts",
    diagnostic::on_unimplemented(
        message = "`{Self}` has no type in TypeScript",
        label = "derive `TS` for it, or for what it is made of",
        note = "pluv's feature `ts` is on, so each type that crosses the wire has a type in TypeScript: write \
                `#[derive(TS)]`, with `ts-rs = \"12\"` among the dependencies"
    )
)]
pub trait Typed {
    /// Returns the type's name, and declares it and the types it is made of.
    #[doc(hidden)]
    fn name(declared: &mut Declarations) -> Option<String>;

    /// Returns the type's definition and doc comment, and declares the types it is made of.
    #[cfg(feature = "ts")]
    #[doc(hidden)]
    fn definition(declared: &mut Declarations) -> Declaration;
}

#[cfg(not(feature = "ts"))]
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Typed for T {
    fn name(_: &mut Declarations) -> Option<String> {
        None
    }
}

/// The declarations of types, by name.
#[derive(Debug, Default)]
pub struct Declarations {
    #[cfg(feature = "ts")]
    pub(crate) types: BTreeMap<String, Declaration>,
    /// Names of two different types.
    #[cfg(feature = "ts")]
    pub(crate) clashes: Vec<String>,
    /// The names of types by their paths in Rust.
    #[cfg(feature = "ts")]
    pub(crate) names: BTreeMap<&'static str, String>,
    /// Reasons why types have no declaration.
    #[cfg(feature = "ts")]
    pub(crate) faults: Vec<String>,
    #[cfg(feature = "ts")]
    pub(crate) visited: std::collections::HashSet<std::any::TypeId>,
}

/// The declaration of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// `type Name = ..;`, or the definition alone.
    pub(crate) text: String,
    /// The doc comment, as a comment of TypeScript.
    pub(crate) docs: Option<String>,
}

/// The types of a room's struct.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoomTypes {
    pub(crate) docs: &'static str,
    pub(crate) user: Option<TypeName>,
    pub(crate) presence: Option<TypeName>,
    pub(crate) shared: Option<TypeName>,
    #[cfg(feature = "ts")]
    pub(crate) output: Option<fn(&mut Declarations) -> Declaration>,
    /// The name and the doc comment of each message, where the output has `#[pluv::output]`.
    pub(crate) messages: OutputTable,
}

impl RoomTypes {
    /// Returns the types of a room that declares none; `docs` is its struct's doc comment.
    #[must_use]
    pub const fn new(docs: &'static str) -> Self {
        Self {
            docs,
            user: None,
            presence: None,
            shared: None,
            #[cfg(feature = "ts")]
            output: None,
            messages: &[],
        }
    }

    /// Sets the type of a user.
    #[must_use]
    pub const fn user<T: Typed>(self) -> Self {
        Self { user: Some(T::name), ..self }
    }

    /// Sets the type of a presence.
    #[must_use]
    pub const fn presence<T: Typed>(self) -> Self {
        Self { presence: Some(T::name), ..self }
    }

    /// Sets the type of the state that all clients see.
    #[must_use]
    pub const fn shared<T: Typed>(self) -> Self {
        Self { shared: Some(T::name), ..self }
    }

    /// Sets the type of the messages that the room can send.
    #[must_use]
    pub const fn output<T: Typed>(self) -> Self {
        #[cfg(feature = "ts")]
        return Self { output: Some(T::definition), ..self };
        #[cfg(not(feature = "ts"))]
        self
    }

    /// Sets the names and doc comments of the messages that the room can send.
    #[doc(hidden)]
    #[must_use]
    #[track_caller]
    pub const fn with_messages(self, messages: OutputTable) -> Self {
        if self.shared.is_some() {
            crate::__private::assert_no_message(
                messages,
                crate::protocol::SHARED,
                "a message of the output is called `shared`, as is the one by which clients see the room's `shared` state: rename it",
            );
        }
        Self { messages, ..self }
    }
}

/// The types of an event or a procedure.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventTypes {
    pub(crate) input: Option<TypeName>,
    pub(crate) answer: Option<TypeName>,
    /// Probes how serde reads the input.
    #[cfg(feature = "ts")]
    pub(crate) probe: Option<fn(&mut crate::probe::Probe)>,
}

impl EventTypes {
    /// Returns the types of an event without an input.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            input: None,
            answer: None,
            #[cfg(feature = "ts")]
            probe: None,
        }
    }

    /// Sets the type of the input.
    #[must_use]
    pub const fn input<T: Typed + DeserializeOwned>(self) -> Self {
        Self {
            input: Some(T::name),
            #[cfg(feature = "ts")]
            probe: Some(|probe| drop(probe.read::<T>())),
            ..self
        }
    }

    /// Sets the type of a procedure's answer.
    #[must_use]
    pub const fn answer<T: Typed>(self) -> Self {
        Self { answer: Some(T::name), ..self }
    }

    /// Sets the type of the input of a handler of the room `R`.
    #[doc(hidden)]
    #[must_use]
    pub const fn taken_by<R: Accepts<T>, A, C, T, O>(self, _: impl FnOnce(A, C, T) -> O + Copy) -> Self {
        Self { answer: self.answer, ..<R as Accepts<T>>::TYPES }
    }

    /// Sets the type of a procedure's answer, by a function that returns its name.
    #[doc(hidden)]
    #[must_use]
    pub const fn answered_by(self, name: TypeName) -> Self {
        Self { answer: Some(name), ..self }
    }
}

/// A room whose handlers accept a `T`. It is a bound on the room, so that a type without the traits is no second error.
#[doc(hidden)]
pub trait Accepts<T>: Room {
    /// The types of an event with that input.
    const TYPES: EventTypes;
}

#[diagnostic::do_not_recommend]
impl<R: Room, T: Typed + DeserializeOwned> Accepts<T> for R {
    const TYPES: EventTypes = EventTypes::new().input::<T>();
}

/// An event or a procedure of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventInfo {
    name: &'static str,
    reply: Option<&'static str>,
    docs: &'static str,
    is_sync: bool,
}

impl EventInfo {
    /// Returns the event `name`; `docs` is its handler's doc comment.
    #[must_use]
    pub const fn event(name: &'static str, docs: &'static str) -> Self {
        Self { name, reply: None, docs, is_sync: false }
    }

    /// Returns the procedure `name`, which is answered by the event `reply`.
    #[must_use]
    pub const fn procedure(name: &'static str, reply: &'static str, docs: &'static str) -> Self {
        Self { name, reply: Some(reply), docs, is_sync: false }
    }

    /// With a handler that is not `async`: it is a transaction, in a room with `state` or `sql`.
    #[must_use]
    pub const fn sync(self) -> Self {
        Self { is_sync: true, ..self }
    }

    /// Returns whether the handler is not `async`.
    #[must_use]
    pub const fn is_sync(&self) -> bool {
        self.is_sync
    }

    /// Returns the name that clients send.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the name of a procedure's answer, or `None` for an event.
    #[must_use]
    pub const fn reply(&self) -> Option<&'static str> {
        self.reply
    }

    /// Returns the handler's doc comment.
    #[must_use]
    pub const fn docs(&self) -> &'static str {
        self.docs
    }
}
