//! What the compiler asks of a room's types: each trait here is one thing, and says what to write where it is missing.
//!
//! All of them but [`UserId`] are implemented by themselves or by `#[pluv::room]`.

use std::{borrow::Cow, ops::Deref, rc::Rc, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Room, Yrs};

/// What is read from clients: an input, a user, a presence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be read from what clients send",
    label = "this type is not `Deserialize`",
    note = "write `#[derive(Deserialize)]` on it; what it is made of must own its data, as `String` does and `&str` does not"
)]
pub trait Received: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Received for T {}

/// What is written to clients: an output, an answer, a user, a presence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sent to clients",
    label = "this type is not `Serialize`",
    note = "write `#[derive(Serialize)]` on it"
)]
pub trait Sent: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Sent for T {}

/// What is there before a client says anything: a presence.
#[diagnostic::on_unimplemented(
    message = "a presence begins as its default, and `{Self}` has none",
    label = "this type is not `Default`",
    note = "write `#[derive(Default)]` on it"
)]
pub trait Begun: Default {}

#[diagnostic::do_not_recommend]
impl<T: Default> Begun for T {}

/// A user, whose field `id` must be a [`UserId`].
#[derive(Clone, Copy, Debug)]
pub struct UserWithStringId<U>(U);

impl<U> Deref for UserWithStringId<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

/// What a user's field `id` may be: a type that is written as a string, as clients tell users apart by it.
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

/// What a handler or hook may fail with.
#[diagnostic::on_unimplemented(
    message = "a handler can't fail with `{Self}`",
    label = "this is no error",
    note = "return `pluv::Result`, and `Err(Error::client(..))` with what the client shall read"
)]
pub trait Failure: Into<Error> {}

#[diagnostic::do_not_recommend]
impl<E: Into<Error>> Failure for E {}

/// A room with an output.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` has no output, so it can send nothing",
    label = "write `output = Output` in the `#[pluv::room(..)]` on `{Self}`"
)]
pub trait Sends: Room {
    /// The room's output.
    type Declared: Into<Self::Output>;
}

/// A room with a user.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` knows no users, so `authorize` has nobody to let in",
    label = "write `user = User` in the `#[pluv::room(..)]` on `{Self}`"
)]
pub trait KnowsUsers: Room {}

/// A room with a document.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` has no document",
    label = "write `storage = Yrs` in the `#[pluv::room(..)]` on `{Self}`"
)]
pub trait HasDocument: Room {}

#[diagnostic::do_not_recommend]
impl<R: Room<Storage = Yrs>> HasDocument for R {}
