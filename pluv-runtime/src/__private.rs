//! What the macro's expansion calls. Not for users, and free to change.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::{Options, auth::Grant, room};
pub use crate::{
    auth::IntoGrant,
    cloudflare::{Env, Object, Request},
    room::{Call, IntoEvent, IntoHook, Outcome},
    storage::{Document, News, Sql, SqlError, StoreError, Value},
};

/// A struct without fields, which needs no `create`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has fields, so its room must say how it is made",
    label = "this room has no `create` hook",
    note = "add `#[hook] fn create(env: &Env) -> Result<Self>` to the `#[pluv::room]` impl"
)]
pub trait Fieldless {
    /// Makes it.
    fn new() -> Self;
}

/// What `create` may return: the room, or a [`Result`] of it.
#[diagnostic::on_unimplemented(
    message = "`create` can't return `{Self}`",
    label = "return `Self` or `pluv::Result<Self>`"
)]
pub trait IntoCreated<R> {
    /// The result that it stands for.
    ///
    /// # Errors
    /// The hook's own.
    fn into_created(self) -> Result<R>;
}

impl<R: crate::Room> IntoCreated<R> for R {
    fn into_created(self) -> Result<R> {
        Ok(self)
    }
}

impl<R: crate::Room, E: Into<Error>> IntoCreated<R> for std::result::Result<R, E> {
    fn into_created(self) -> Result<R> {
        self.map_err(Into::into)
    }
}

/// What `create` returned.
///
/// # Errors
/// The hook's own.
pub fn create<R>(returned: impl IntoCreated<R>) -> Result<R> {
    returned.into_created()
}

/// What `authorize` returned.
///
/// # Errors
/// The hook's own.
pub fn authorize<U, G: IntoGrant<U>, E: Into<Error>>(returned: std::result::Result<G, E>) -> Result<Option<Grant<U>>> {
    returned.map(IntoGrant::into_grant).map_err(Into::into)
}

/// What an event's handler returned.
///
/// # Errors
/// The handler's own.
pub fn event(returned: impl IntoEvent) -> Result<Outcome> {
    returned.into_event().map(|()| room::done())
}

/// What a procedure returned.
///
/// # Errors
/// When it can't be written as JSON.
pub fn procedure<T: Serialize>(reply: &'static str, returned: T) -> Result<Outcome> {
    room::answer(reply, &returned)
}

/// What a procedure that may fail returned.
///
/// # Errors
/// The procedure's own, or that its answer can't be written as JSON.
pub fn try_procedure<T: Serialize, E: Into<Error>>(
    reply: &'static str,
    returned: std::result::Result<T, E>,
) -> Result<Outcome> {
    room::answer(reply, &returned.map_err(Into::into)?)
}

/// What a hook returned.
///
/// # Errors
/// The hook's own.
pub fn hook(returned: impl IntoHook) -> Result<()> {
    returned.into_hook()
}

/// What `get_initial_storage` returned.
///
/// # Errors
/// The hook's own.
pub fn initial_storage<E: Into<Error>>(returned: std::result::Result<Option<Vec<u8>>, E>) -> Result<Option<Vec<u8>>> {
    returned.map_err(Into::into)
}

/// The result that a procedure returns.
pub trait Fallible {
    /// Its answer.
    type Answer;
}

impl<T, E> Fallible for std::result::Result<T, E> {
    type Answer = T;
}

/// Makes `cargo test` write the room's file of TypeScript.
#[cfg(feature = "ts")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_bindings {
    ($room:ty, $name:ident) => {
        #[cfg(test)]
        #[::core::prelude::v1::test]
        fn $name() {
            $crate::__private::export::<$room>(::core::env!("CARGO_MANIFEST_DIR"));
        }
    };
}

/// Nothing without the feature `ts`, which only this crate can see.
#[cfg(not(feature = "ts"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_bindings {
    ($room:ty, $name:ident) => {};
}

pub use __export_bindings as export_bindings;

/// Writes the file of the room `R`, whose crate is in `manifest`; or checks it.
///
/// # Panics
/// When there can't be such a file, or it is not as it should be: this is for tests.
#[cfg(feature = "ts")]
pub fn export<R: crate::Handlers>(manifest: &str) {
    crate::schema::export::<R>(manifest);
}

/// Stops the build when two rooms of one worker can't be told apart.
///
/// # Panics
/// While the worker compiles.
pub const fn assert_distinct(rooms: &[Options]) {
    let mut i = 0;
    while i < rooms.len() {
        let mut j = 0;
        while j < i {
            assert!(
                !same(rooms[i].path, rooms[j].path),
                "two rooms have the same path: give one of them another with `#[pluv::room(path = \"/api/..\")]`"
            );
            assert!(
                !same(rooms[i].binding, rooms[j].binding),
                "two rooms have the same binding: give one of them another with `#[pluv::room(binding = \"..\")]`"
            );
            j += 1;
        }
        i += 1;
    }
}

/// `==` of strings, which can't be called while compiling.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
