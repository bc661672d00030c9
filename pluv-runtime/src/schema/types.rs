//! The types that cross the wire, as TypeScript sees them: the feature `ts` knows them by the derive `TS`.

use std::{collections::BTreeMap, fmt};

use crate::__private::{Describes, OutputTable};

/// A type that crosses the wire: any type, or any that derives `TS` where the feature `ts` is on.
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
    /// What it is called, or nothing where it has no type in TypeScript. What it is made of is declared.
    #[doc(hidden)]
    fn name(declared: &mut Declarations) -> Option<String>;

    /// What it is. What it is made of is declared, but not itself.
    #[cfg(feature = "ts")]
    #[doc(hidden)]
    fn definition(declared: &mut Declarations) -> Option<String>;

    /// Its doc comment.
    #[cfg(feature = "ts")]
    #[doc(hidden)]
    fn docs() -> Option<String>;
}

#[cfg(not(feature = "ts"))]
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Typed for T {
    fn name(_: &mut Declarations) -> Option<String> {
        None
    }
}

/// The declarations of types, by their names.
#[derive(Debug, Default)]
pub struct Declarations {
    pub(super) types: BTreeMap<String, Declaration>,
    /// Names that stand for two types.
    #[cfg(feature = "ts")]
    pub(super) clashes: Vec<String>,
    /// What the types are called, by their paths in Rust.
    #[cfg(feature = "ts")]
    pub(super) paths: BTreeMap<&'static str, String>,
    /// Why types have none in TypeScript.
    #[cfg(feature = "ts")]
    pub(super) faults: Vec<String>,
    #[cfg(feature = "ts")]
    pub(super) seen: std::collections::HashSet<std::any::TypeId>,
}

/// The declaration of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declaration {
    /// `type Name = ..;`
    pub(super) text: String,
    /// The doc comment, as a comment of TypeScript.
    pub(super) docs: Option<String>,
}

/// A type of a room, for the schema.
#[derive(Clone, Copy)]
pub struct TypeInfo {
    pub(super) name: fn(&mut Declarations) -> Option<String>,
    #[cfg(feature = "ts")]
    pub(super) definition: fn(&mut Declarations) -> Option<String>,
    #[cfg(feature = "ts")]
    pub(super) docs: fn() -> Option<String>,
}

impl TypeInfo {
    /// That of `T`.
    pub(crate) const fn of<T: Typed + ?Sized>() -> Self {
        Self {
            name: T::name,
            #[cfg(feature = "ts")]
            definition: T::definition,
            #[cfg(feature = "ts")]
            docs: T::docs,
        }
    }

    /// Of a type that is told by a function.
    const fn by(name: fn(&mut Declarations) -> Option<String>) -> Self {
        Self {
            name,
            #[cfg(feature = "ts")]
            definition: |_| None,
            #[cfg(feature = "ts")]
            docs: || None,
        }
    }

    /// What it is called. What it is made of is declared.
    pub(crate) fn name(&self, declared: &mut Declarations) -> Option<String> {
        (self.name)(declared)
    }
}

impl fmt::Debug for TypeInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", (self.name)(&mut Declarations::default()))
    }
}

/// What the schema knows of a room's struct.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoomTypes {
    pub(super) docs: &'static str,
    pub(super) user: Option<TypeInfo>,
    pub(super) presence: Option<TypeInfo>,
    pub(super) output: Option<TypeInfo>,
    /// The name and the doc comment of each message, where the output has `#[pluv::output]`.
    pub(super) messages: OutputTable,
}

impl RoomTypes {
    /// Of a room that declares no type; `docs` is its struct's doc comment.
    #[must_use]
    pub const fn new(docs: &'static str) -> Self {
        Self { docs, user: None, presence: None, output: None, messages: &[] }
    }

    /// With the type of a user.
    #[must_use]
    pub const fn user<T: Typed>(self) -> Self {
        Self { user: Some(TypeInfo::of::<T>()), ..self }
    }

    /// With the type of a presence.
    #[must_use]
    pub const fn presence<T: Typed>(self) -> Self {
        Self { presence: Some(TypeInfo::of::<T>()), ..self }
    }

    /// With the type of everything that the room can send.
    #[must_use]
    pub const fn output<T: Typed>(self) -> Self {
        Self { output: Some(TypeInfo::of::<T>()), ..self }
    }

    /// With the names and doc comments of the messages that the room can send.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_messages(self, messages: OutputTable) -> Self {
        Self { messages, ..self }
    }

    /// The names and doc comments of the messages that the room can send, where they are known.
    pub(crate) const fn messages(self) -> OutputTable {
        self.messages
    }
}

/// What the schema knows of an event or a procedure.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventTypes {
    pub(super) input: Option<TypeInfo>,
    pub(super) answer: Option<TypeInfo>,
}

impl EventTypes {
    /// Of an event that takes nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { input: None, answer: None }
    }

    /// With the type of its input.
    #[must_use]
    pub const fn input<T: Typed>(self) -> Self {
        Self { input: Some(TypeInfo::of::<T>()), ..self }
    }

    /// With the type of a procedure's answer.
    #[must_use]
    pub const fn answer<T: Typed>(self) -> Self {
        Self { answer: Some(TypeInfo::of::<T>()), ..self }
    }

    /// With the type of what the handler of a room `R` takes.
    #[doc(hidden)]
    #[must_use]
    pub const fn taken_by<R: Describes<T>, A, C, T, O>(self, _: impl FnOnce(A, C, T) -> O + Copy) -> Self {
        Self { input: Some(R::INFO), ..self }
    }

    /// With the type of a procedure's answer, which a function names.
    #[doc(hidden)]
    #[must_use]
    pub const fn answered_by(self, name: fn(&mut Declarations) -> Option<String>) -> Self {
        Self { answer: Some(TypeInfo::by(name)), ..self }
    }
}
