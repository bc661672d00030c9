//! What the macro's expansion calls. Not for users, and free to change.

use std::{fmt, marker::PhantomData, pin::Pin};

use worker::Response;

use crate::{
    Handlers, Limits, Options, Room,
    api::{self, Context},
    auth::Grant,
    contract::{Begun, Failure, HasDocument, KnowsUsers, Received, Sent, UserId},
    error::Result,
    schema::{Declarations, TypeName, Typed},
};
pub use crate::{
    api::{Call, IntoEvent, IntoHook},
    auth::IntoGrant,
    cloudflare::{Env, Object, Request},
    document::{Document, Sql, SqlError, StoreError, StoreResults, Value},
    engine::Outcome,
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

/// Asks for what a handler reads from clients. It is told the handler, and so the type is named by the user alone: one that
/// is not there is one error.
pub const fn takes<A, C, T: Received + Typed, O>(_: impl FnOnce(A, C, T) -> O + Copy) {}

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
pub trait Served {
    /// Its options.
    const OPTIONS: Options;

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

#[diagnostic::do_not_recommend]
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

/// What `authorize` may return: a [`Result`] of what is a grant or of nothing.
#[diagnostic::on_unimplemented(
    message = "`authorize` can't return `{Self}`",
    label = "return `Result<Option<User>>` or `Result<Option<Grant<User>>>`, of the room's own user"
)]
pub trait IntoAuthorized<U> {
    /// The result that it stands for.
    ///
    /// # Errors
    /// The hook's own.
    fn into_authorized(self) -> Result<Option<Grant<U>>>;
}

impl<U, G: IntoGrant<U>, E: Failure> IntoAuthorized<U> for std::result::Result<G, E> {
    fn into_authorized(self) -> Result<Option<Grant<U>>> {
        self.map(IntoGrant::into_grant).map_err(Into::into)
    }
}

/// What `authorize` returned.
///
/// # Errors
/// The hook's own.
pub fn authorize<U>(returned: impl IntoAuthorized<U>) -> Result<Option<Grant<U>>> {
    returned.into_authorized()
}

/// The first parameter of a handler after `&self`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the context of the room `{R}`",
    label = "the context comes first after `&self`: write `cx: &Context<'_, Self>`"
)]
pub trait TakesContext<'a, R: Handlers> {
    /// The context.
    fn taken(cx: &'a Context<'a, R>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<'a, R: Handlers> TakesContext<'a, R> for &'a Context<'a, R> {
    fn taken(cx: &'a Context<'a, R>) -> Self {
        cx
    }
}

/// The context, for a handler that takes it.
pub fn context<'a, R: Handlers, C: TakesContext<'a, R>>(cx: &'a Context<'a, R>) -> C {
    C::taken(cx)
}

/// What an event's handler returned.
///
/// # Errors
/// The handler's own.
pub fn event(returned: impl IntoEvent) -> Result<Outcome> {
    returned.into_event().map(|()| api::done())
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
        api::answer(reply, value)
    }
}

/// A room whose TypeScript knows the type `T`.
#[diagnostic::on_unimplemented(
    message = "`{T}` has no type in TypeScript",
    label = "derive `TS` for it, or for what it is made of"
)]
pub trait Describes<T>: Room {
    /// What TypeScript knows of it.
    const INFO: TypeName;
}

#[diagnostic::do_not_recommend]
impl<R: Room, T: Typed> Describes<T> for R {
    const INFO: TypeName = T::name;
}

/// The input of a handler.
///
/// # Errors
/// An error for the client that names the field.
pub fn input<R: Reads<T>, T>(call: &Call<'_>) -> Result<T> {
    R::read(call)
}

/// What a procedure returns, told by its type: a [`Result`] is one whatever it is called.
///
/// Methods of a type come before those of traits, so that what is no [`Result`] finds those of [`Plain`].
pub struct Kind<T>(PhantomData<fn() -> T>);

impl<T> fmt::Debug for Kind<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kind")
    }
}

/// The kind of what was returned.
#[must_use]
pub const fn kind<T>(_: &T) -> Kind<T> {
    Kind(PhantomData)
}

/// The kind of what a procedure returns, which is not called.
#[must_use]
pub const fn returns<T>(_: impl FnOnce() -> T + Copy) -> Kind<T> {
    Kind(PhantomData)
}

/// The kind of what an `async` procedure returns, which is not called.
#[must_use]
pub const fn resolves<F: Future>(_: impl FnOnce() -> F + Copy) -> Kind<F::Output> {
    Kind(PhantomData)
}

/// An argument of a call that is never made.
///
/// # Panics
/// When it is made.
#[must_use]
pub fn any<T>() -> T {
    unreachable!("what a procedure returns is told without a call")
}

impl<T, E> Kind<std::result::Result<T, E>> {
    /// The kind of its answer.
    #[must_use]
    pub const fn answers(self) -> Kind<T> {
        Kind(PhantomData)
    }

    /// The answer of a procedure that may fail, as the event `reply`.
    ///
    /// # Errors
    /// The procedure's own, or that its answer can't be written as JSON.
    pub fn answer<R: Answers<T>>(self, reply: &'static str, returned: std::result::Result<T, E>) -> Result<Outcome>
    where
        E: Failure,
    {
        R::answer(reply, &returned.map_err(Into::into)?)
    }
}

impl Kind<()> {
    /// Asks for an answer.
    pub const fn sent<R: AnswersNothing>(self) {}
}

impl<T> Kind<T> {
    /// Asks for a type in TypeScript.
    pub const fn typed(self)
    where
        T: Typed,
    {
    }

    /// What it is called in TypeScript.
    pub fn name<R: Describes<T>>(self, declared: &mut Declarations) -> Option<String> {
        (R::INFO)(declared)
    }
}

/// What is no [`Result`], or nothing.
pub trait Plain<T>: Sized {
    /// The kind of its answer.
    fn answers(self) -> Kind<T> {
        Kind(PhantomData)
    }

    /// Asks for what is written to clients.
    fn sent<R>(self)
    where
        T: Sent,
    {
    }

    /// The answer of a procedure, as the event `reply`.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    fn answer<R: Answers<T>>(self, reply: &'static str, returned: T) -> Result<Outcome> {
        R::answer(reply, &returned)
    }
}

impl<T> Plain<T> for Kind<T> {}

/// A room whose procedures may return nothing: there is none.
#[diagnostic::on_unimplemented(
    message = "a procedure returns its answer, and this one returns nothing",
    label = "write `-> Result<Answer>`, or make it an `#[event]`"
)]
pub trait AnswersNothing {}

/// What a hook returned.
///
/// # Errors
/// The hook's own.
pub fn hook(returned: impl IntoHook) -> Result<()> {
    returned.into_hook()
}

/// What `get_initial_storage` may return: a [`Result`] of a document, or of none.
#[diagnostic::on_unimplemented(
    message = "`get_initial_storage` can't return `{Self}`",
    label = "return `Result<Option<Vec<u8>>>`, a Yjs update or nothing"
)]
pub trait IntoInitial {
    /// The result that it stands for.
    ///
    /// # Errors
    /// The hook's own.
    fn into_initial(self) -> Result<Option<Vec<u8>>>;
}

impl<E: Failure> IntoInitial for std::result::Result<Option<Vec<u8>>, E> {
    fn into_initial(self) -> Result<Option<Vec<u8>>> {
        self.map_err(Into::into)
    }
}

/// What `get_initial_storage` returned.
///
/// # Errors
/// The hook's own.
pub fn initial_storage(returned: impl IntoInitial) -> Result<Option<Vec<u8>>> {
    returned.into_initial()
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
                !same(rooms[i].options.name, rooms[j].options.name),
                "two rooms have structs of the same name, and so the same class: rename one of them"
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Json, NoOutput, NoStorage};

    struct Nothing;

    impl Room for Nothing {
        type User = ();
        type Presence = Json;
        type Output = NoOutput;
        type Storage = NoStorage;
        const OPTIONS: Options = Options::new("Nothing", "NOTHING");
    }

    type Answered = std::result::Result<u8, std::num::ParseIntError>;

    fn answered(text: &str) -> Answered {
        text.parse()
    }

    #[test]
    fn a_result_is_one_whatever_it_is_called() {
        let told = |returned: Answered| kind(&returned).answer::<Nothing>("count", returned);
        assert!(told(answered("no number")).is_err_and(|error| error.is_internal()));
        assert_eq!(format!("{:?}", told(answered("5"))), r#"Ok(Answer { name: "count", data: "5" })"#);
        let _: Kind<u8> = returns(|| answered("5")).answers();
        let _: Kind<u8> = resolves(|| async { answered("5") }).answers();
    }

    #[test]
    fn what_is_no_result_is_the_answer() {
        assert_eq!(
            format!("{:?}", kind(&[1, 2]).answer::<Nothing>("counts", [1, 2])),
            r#"Ok(Answer { name: "counts", data: "[1,2]" })"#
        );
        let _: Kind<Option<u8>> = returns(|| Some(5)).answers();
    }
}
