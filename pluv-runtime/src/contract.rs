//! Requirements of a room's types: each trait here is one requirement, with an error that says what to write.
//!
//! All of them but [`UserId`] are implemented by themselves or by `#[pluv::room]`.

use std::{borrow::Cow, ops::Deref, rc::Rc, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Room, Yrs};

/// A type that is read from clients: an input, a user, a presence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be read from what clients send",
    label = "this type is not `Deserialize`",
    note = "write `#[derive(Deserialize)]` on it; its fields must own their data, as `String` does and `&str` does not"
)]
pub trait ClientInput: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> ClientInput for T {}

/// A type that is sent to clients: an output, an answer, a user, a presence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sent to clients",
    label = "this type is not `Serialize`",
    note = "write `#[derive(Serialize)]` on it, or `#[pluv::output]` on a room's output"
)]
pub trait ServerOutput: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> ServerOutput for T {}

/// A type that has a value before a client sends one: a presence.
#[diagnostic::on_unimplemented(
    message = "a presence begins as its default, and `{Self}` has none",
    label = "this type is not `Default`",
    note = "write `#[derive(Default)]` on it"
)]
pub trait InitialPresence: Default {}

#[diagnostic::do_not_recommend]
impl<T: Default> InitialPresence for T {}

/// A user, whose field `id` must be a [`UserId`].
#[derive(Clone, Copy, Debug)]
pub struct UserWithStringId<U>(U);

impl<U> Deref for UserWithStringId<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

/// The type of a user's field `id`: it is written as a string, by which clients tell users apart.
///
/// An id of your own takes `impl UserId for MyId {}`, if serde writes it as a string.
#[diagnostic::on_unimplemented(
    message = "clients tell users apart by a string, and `{Self}` is none",
    label = "the field `id` of this user is no string",
    note = "write `id: String`; a type of your own that serde writes as a string takes `impl pluv::contract::UserId for MyId {{}}`"
)]
pub trait UserId {}

impl UserId for str {}
impl UserId for String {}
impl UserId for uuid::Uuid {}

#[diagnostic::do_not_recommend]
impl<T: UserId + ?Sized> UserId for &T {}

#[diagnostic::do_not_recommend]
impl<T: UserId + ?Sized> UserId for Box<T> {}

#[diagnostic::do_not_recommend]
impl<T: UserId + ?Sized> UserId for Rc<T> {}

#[diagnostic::do_not_recommend]
impl<T: UserId + ?Sized> UserId for Arc<T> {}

#[diagnostic::do_not_recommend]
impl<T: UserId + ToOwned + ?Sized> UserId for Cow<'_, T> {}

/// An error of a handler or a hook.
#[diagnostic::on_unimplemented(
    message = "a handler can't fail with `{Self}`",
    label = "this type is not an error",
    note = "return `pluv::Result`, and `Err(Error::client(..))` with the message for the client"
)]
pub trait Failure: Into<Error> {}

#[diagnostic::do_not_recommend]
impl<E: Into<Error>> Failure for E {}

/// A room with an output.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` sends, and has no output: add `output = Output` to its `#[pluv::room(..)]`",
    label = "this needs an output"
)]
pub trait HasOutput: Room {
    /// The room's output.
    type Declared: Into<Self::Output>;
}

/// A room with a user.
#[diagnostic::on_unimplemented(
    message = "`authorize` needs a user type: add `user = User` to the `#[pluv::room(..)]` on `{Self}`",
    label = "this hook needs a user type"
)]
pub trait HasUser: Room {}

/// A room with a durable state.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` has no state: add `state = YourState` to its `#[pluv::room(..)]`",
    label = "this needs a state"
)]
pub trait HasState: Room {
    /// The room's state.
    type State: Clone + 'static;
}

/// A room with a state that all clients see.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` has no shared state: add `shared = YourState` to its `#[pluv::room(..)]`",
    label = "this needs a shared state"
)]
pub trait HasShared: Room {
    /// The state.
    type Shared: Clone + 'static;
}

/// A room with tables of its own.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` has no SQL: add `sql`, or `migrations = [..]`, to its `#[pluv::room(..)]`",
    label = "this needs SQL"
)]
pub trait HasSql: Room {}

/// A room with a document.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` has no document: add `storage = Yrs` to its `#[pluv::room(..)]`",
    label = "this needs a document"
)]
pub trait HasDocument: Room {}

#[diagnostic::do_not_recommend]
impl<R: Room<Storage = Yrs>> HasDocument for R {}
