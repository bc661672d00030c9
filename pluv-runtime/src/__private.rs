//! What the macro's expansion calls. Not for users, and free to change.

use std::pin::Pin;

use worker::Response;

use crate::{
    Handlers, Limits, Options, Room,
    auth::Grant,
    contract::{Begun, Failure, HasDocument, KnowsUsers, Received, Sent, UserId},
    error::Result,
    room,
};
pub use crate::{
    auth::IntoGrant,
    cloudflare::{Env, Object, Request},
    room::{Call, IntoEvent, IntoHook, Outcome},
    storage::{Document, News, Sql, SqlError, StoreError, Value},
};

/// `T` itself, unless `ASKED` can't be computed: then it is nothing that the compiler knows, and what is built on it is
/// no mistake of its own. So the expansion asks for each thing once, and what is missing is one error.
pub trait Itself<const ASKED: usize> {
    /// The type.
    type Itself;
}

#[diagnostic::do_not_recommend]
impl<T, const ASKED: usize> Itself<ASKED> for T {
    type Itself = T;
}

/// Asks for a room's struct.
#[must_use]
pub const fn is_room<R: Room>() -> usize {
    0
}

/// Asks for a room's impl.
#[must_use]
pub const fn has_handlers<R: Handlers>() -> usize {
    0
}

/// Asks for what the hook `authorize` needs.
pub const fn needs_user<R: KnowsUsers>() {}

/// Asks for what the hooks of documents need.
pub const fn needs_document<R: HasDocument>() {}

/// Asks for what is read from clients.
pub const fn received<T: Received>() {}

/// Asks for what is written to clients.
pub const fn sent<T: Sent>() {}

/// Asks for what a presence is at first.
pub const fn begun<T: Begun>() {}

/// Asks for an id that clients can tell users apart by.
pub const fn user_id<I: UserId>(_: &I) {}

/// What the worker's entry asks for an answer; `None` is for what is not the room's own.
pub type Routed<'a> = Pin<Box<dyn Future<Output = worker::Result<Option<Response>>> + 'a>>;

/// A room that can stand in `pluv::serve!`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a room",
    label = "put `#[pluv::room]` on this struct, and on its impl"
)]
pub trait Served: Room {
    /// Its routes.
    fn route<'a>(req: &'a Request, env: &'a Env) -> Routed<'a>;
}

/// A room of `pluv::serve!`.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    options: Options,
    route: for<'a> fn(&'a Request, &'a Env) -> Routed<'a>,
}

impl Entry {
    /// The entry of a room.
    #[must_use]
    pub const fn of<R: Served>() -> Self {
        Self { options: R::OPTIONS, route: R::route }
    }
}

/// Answers a request by the room whose it is.
///
/// # Errors
/// When the platform can't make the answer.
pub async fn serve(rooms: &[Entry], req: &Request, env: &Env) -> worker::Result<Response> {
    for room in rooms {
        if let Some(response) = (room.route)(req, env).await? {
            return Ok(response);
        }
    }
    Response::error("not found", 404)
}

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

/// What `create` may return: the room, or the room and its limits; or a [`Result`] of either.
#[diagnostic::on_unimplemented(
    message = "`create` can't return `{Self}`",
    label = "return `Self` or `pluv::Result<Self>`, or with the room's limits `pluv::Result<(Self, Limits)>`"
)]
pub trait IntoCreated<R> {
    /// The result that it stands for.
    ///
    /// # Errors
    /// The hook's own.
    fn into_created(self) -> Result<(R, Limits)>;
}

impl<R: Handlers> IntoCreated<R> for R {
    fn into_created(self) -> Result<(R, Limits)> {
        Ok((self, Limits::of::<R>()))
    }
}

#[diagnostic::do_not_recommend]
impl<R: Handlers> IntoCreated<R> for (R, Limits) {
    fn into_created(self) -> Result<(R, Limits)> {
        Ok(self)
    }
}

impl<R: Handlers, E: Failure> IntoCreated<R> for std::result::Result<R, E> {
    fn into_created(self) -> Result<(R, Limits)> {
        Ok((self.map_err(Into::into)?, Limits::of::<R>()))
    }
}

#[diagnostic::do_not_recommend]
impl<R: Handlers, E: Failure> IntoCreated<R> for std::result::Result<(R, Limits), E> {
    fn into_created(self) -> Result<(R, Limits)> {
        self.map_err(Into::into)
    }
}

/// What `create` returned.
///
/// # Errors
/// The hook's own.
pub fn create<R>(returned: impl IntoCreated<R>) -> Result<(R, Limits)> {
    returned.into_created()
}

/// What `authorize` returned.
///
/// # Errors
/// The hook's own.
pub fn authorize<U, G: IntoGrant<U>, E: Failure>(returned: std::result::Result<G, E>) -> Result<Option<Grant<U>>> {
    returned.map(IntoGrant::into_grant).map_err(Into::into)
}

/// What an event's handler returned.
///
/// # Errors
/// The handler's own.
pub fn event(returned: impl IntoEvent) -> Result<Outcome> {
    returned.into_event().map(|()| room::done())
}

/// A room whose handlers read a `T`. It is asked of the room, so that a type that the room was asked for in vain is no
/// second error.
#[diagnostic::on_unimplemented(
    message = "`{T}` can't be read from what clients send",
    label = "this type is not `Deserialize`",
    note = "write `#[derive(Deserialize)]` on it"
)]
pub trait Reads<T>: Room {
    /// Reads a handler's input.
    ///
    /// # Errors
    /// An error for the client that names the field.
    fn read(call: &Call<'_>) -> Result<T>;
}

#[diagnostic::do_not_recommend]
impl<R: Room, T: Received> Reads<T> for R {
    fn read(call: &Call<'_>) -> Result<T> {
        call.input()
    }
}

/// A room whose procedures answer with a `T`.
#[diagnostic::on_unimplemented(
    message = "`{T}` can't be sent to clients",
    label = "this type is not `Serialize`",
    note = "write `#[derive(Serialize)]` on it"
)]
pub trait Answers<T>: Room {
    /// The answer `value`, as the event `reply`.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    fn answer(reply: &'static str, value: &T) -> Result<Outcome>;
}

#[diagnostic::do_not_recommend]
impl<R: Room, T: Sent> Answers<T> for R {
    fn answer(reply: &'static str, value: &T) -> Result<Outcome> {
        room::answer(reply, value)
    }
}

/// The input of a handler.
///
/// # Errors
/// An error for the client that names the field.
pub fn input<R: Reads<T>, T>(call: &Call<'_>) -> Result<T> {
    R::read(call)
}

/// What a procedure returned.
///
/// # Errors
/// When it can't be written as JSON.
#[expect(clippy::needless_pass_by_value, reason = "as `try_procedure` takes it")]
pub fn procedure<R: Answers<T>, T>(reply: &'static str, returned: T) -> Result<Outcome> {
    R::answer(reply, &returned)
}

/// What a procedure that may fail returned.
///
/// # Errors
/// The procedure's own, or that its answer can't be written as JSON.
pub fn try_procedure<R: Answers<T>, T, E: Failure>(
    reply: &'static str,
    returned: std::result::Result<T, E>,
) -> Result<Outcome> {
    R::answer(reply, &returned.map_err(Into::into)?)
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
pub fn initial_storage<E: Failure>(returned: std::result::Result<Option<Vec<u8>>, E>) -> Result<Option<Vec<u8>>> {
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
pub fn export<R: Handlers>(manifest: &str) {
    crate::schema::export::<R>(manifest);
}

/// Stops the build when two rooms of one worker can't be told apart.
///
/// # Panics
/// While the worker compiles.
#[track_caller]
pub const fn assert_distinct(rooms: &[Entry]) {
    let mut i = 0;
    while i < rooms.len() {
        let mut j = 0;
        while j < i {
            assert!(
                !same(rooms[i].options.path, rooms[j].options.path),
                "two rooms have the same path: give one of them another with `#[pluv::room(path = \"/api/..\")]`"
            );
            assert!(
                !same(rooms[i].options.binding, rooms[j].options.binding),
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
