//! The functions and traits that expansions of `#[pluv::room]` and `#[pluv::output]` use. Not for users, and free to change.

use std::{any::Any, fmt, marker::PhantomData, pin::Pin, rc::Rc, time::Duration};

pub use worker::Response;

use crate::{
    Call, Handle, Handlers, Limits, Message, Options, Room,
    api::{self, Context, TaskContext, TaskInput},
    auth::Grant,
    contract::{ClientInput, Failure, HasDocument, HasState, HasUser, InitialPresence, ServerOutput, UserId},
    engine::MigratedState,
    error::{Error, Result},
    schema::{Declarations, TypeName, Typed},
};
pub use crate::{
    api::TaskCall,
    api::{IntoEvent, IntoHook, OutputTable},
    auth::IntoGrant,
    cloudflare::{Env, Object, Request},
    document::{Document, StoreError, StoreResults},
    engine::{Cron, Outcome, TaskInfo, TickInfo},
};
#[cfg(not(feature = "ts"))]
pub use pluv_macros::NoTypes as TS;
pub use serde::{self, Serialize};
#[cfg(feature = "ts")]
pub use ts_rs::{self, TS};

/// `T` itself, unless the constant `CHECK` fails to compile: then the compiler takes the type for an error and reports
/// nothing that follows from it. So an expansion asserts each requirement once, and a missing one is one error.
pub trait Identity<const CHECK: usize> {
    /// The type.
    type Type;
}

#[diagnostic::do_not_recommend]
impl<T, const CHECK: usize> Identity<CHECK> for T {
    type Type = T;
}

/// Asserts that a type is a room's struct, and returns the messages of the room's output.
#[must_use]
pub const fn messages_of<R: Room>() -> OutputTable {
    R::TYPES.messages
}

/// Asserts that a room has handlers.
#[must_use]
pub const fn assert_handlers<R: Handlers>() -> usize {
    0
}

/// Asserts that a room has a user.
pub const fn assert_has_user<R: HasUser>() {}

/// Asserts that a room has a state.
pub const fn assert_has_state<R: HasState>() {}

/// Converts the result of the hook `migrate_state`.
pub fn migrated<R: HasState, E: Failure>(state: Result<R::State, E>) -> MigratedState {
    let state = state.map_err(Into::into);
    Some(state.map(|state| -> Rc<dyn Any> { Rc::new(state) }))
}

/// Asserts that a room has a document.
pub const fn assert_has_document<R: HasDocument>() {}

/// Asserts the requirements of a user.
pub const fn assert_user<T: ClientInput + ServerOutput>() {}

/// Asserts the requirements of a user's id.
pub const fn assert_user_id<I: UserId>(_: &I) {}

/// Asserts the requirements of a presence.
pub const fn assert_presence<T: ClientInput + ServerOutput + InitialPresence>() {}

/// Asserts the requirements of an output.
pub const fn assert_output<T: ServerOutput>() {}

/// Asserts the requirements of a handler's input. The type is inferred from the handler, and so is named by the user alone:
/// one that does not exist is one error.
pub const fn assert_input<A, C, T: ClientInput + Typed, O>(_: impl FnOnce(A, C, T) -> O + Copy) {}

/// Asserts that no message of an output is called as the answer `reply`.
///
/// # Panics
/// While the room compiles, with `error`.
#[track_caller]
pub const fn assert_no_message(messages: OutputTable, reply: &str, error: &'static str) {
    let mut i = 0;
    while i < messages.len() {
        assert!(!same(messages[i].0, reply), "{}", error);
        i += 1;
    }
}

/// Rejects handlers in the impl of a trait.
///
/// # Panics
/// While the room compiles, always.
#[track_caller]
pub const fn reject_trait_impl() {
    panic!("a room's handlers stand in an impl of its own, not in that of a trait: write `impl Room`");
}

/// An output enum with `#[pluv::output]`.
pub trait OutputMessages {
    /// Its messages.
    const MESSAGES: OutputTable;
}

/// The messages of the output `T`, if it has `#[pluv::output]`, and else none.
///
/// Constants of a type come before those of traits, so that any other output finds that of [`UnknownMessages`].
#[derive(Debug)]
pub struct Messages<T>(PhantomData<fn() -> T>);

impl<T: OutputMessages> Messages<T> {
    /// All of them.
    pub const ALL: OutputTable = T::MESSAGES;
}

/// An output whose messages are not known.
pub trait UnknownMessages {
    /// None.
    const ALL: OutputTable = &[];
}

impl<T> UnknownMessages for Messages<T> {}

/// The response of a room to the worker's entry; `None` is for a request that is not the room's own.
pub type Routed<'a> = Pin<Box<dyn Future<Output = worker::Result<Option<Response>>> + 'a>>;

/// A room whose struct has `#[pluv::room]`.
pub trait Routable {
    /// Its entry.
    const ENTRY: Entry;
}

/// A room that can stand in `pluv::serve!`: one that is [`Routable`], or whose missing struct is reported at its impl.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a room",
    label = "put `#[pluv::room]` on this struct, and on its impl"
)]
pub trait Servable {}

#[diagnostic::do_not_recommend]
impl<R: Handlers> Servable for R {}

/// The entry of a room in `pluv::serve!`. As with [`Messages`], a room that is [`Routable`] comes first.
#[derive(Debug)]
pub struct EntryOf<R>(PhantomData<fn() -> R>);

impl<R: Routable> EntryOf<R> {
    /// The entry.
    pub const ENTRY: Entry = R::ENTRY;
}

/// A type that is not [`Routable`].
pub trait NotRoutable {
    /// No entry.
    const ENTRY: MissingEntry = MissingEntry;
}

impl<R> NotRoutable for EntryOf<R> {}

/// The entry of a type that is not [`Routable`].
#[derive(Clone, Copy, Debug)]
pub struct MissingEntry;

impl MissingEntry {
    /// Asserts that an error was reported at the room's impl.
    #[must_use]
    pub const fn of<R: Servable>(self) -> Entry {
        Entry::refused()
    }
}

/// A room of `pluv::serve!`.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    options: Options,
    route: for<'a> fn(&'a Request, &'a Env) -> Routed<'a>,
}

impl Entry {
    /// The entry of a room with these options, which answers requests by `route`.
    #[must_use]
    pub const fn new(options: Options, route: for<'a> fn(&'a Request, &'a Env) -> Routed<'a>) -> Self {
        Self { options, route }
    }

    /// The entry itself.
    #[must_use]
    pub const fn of<R>(self) -> Self {
        self
    }

    /// The entry of a type that was refused as a room, which no worker has.
    #[must_use]
    pub const fn refused() -> Self {
        Self { options: Options::new("", ""), route: |_, _| Box::pin(async { Ok(None) }) }
    }
}

/// Answers a request by the first room that has a route for it.
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
    message = "`{Self}` has fields, so its room needs the hook `create`",
    label = "this room has no `create` hook",
    note = "add `#[hook(create)] fn new(env: &Env) -> Result<Self>` to the `#[pluv::room]` impl"
)]
pub trait Fieldless {
    /// Makes it.
    fn new() -> Self;
}

/// A return type of `create`: the room, or the room and its limits; or a [`Result`] of either.
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
        Ok((self, <R::Room as Room>::limits()))
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
        Ok((self.map_err(Into::into)?, <R::Room as Room>::limits()))
    }
}

#[diagnostic::do_not_recommend]
impl<R: Handlers, E: Failure> IntoCreated<R> for std::result::Result<(R, Limits), E> {
    fn into_created(self) -> Result<(R, Limits)> {
        self.map_err(Into::into)
    }
}

/// Converts the return value of `create`.
///
/// # Errors
/// The hook's own.
pub fn create<R>(returned: impl IntoCreated<R>) -> Result<(R, Limits)> {
    returned.into_created()
}

/// A return type of `authorize`: a [`Result`] of a grant or of nothing.
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

/// Converts the return value of `authorize`.
///
/// # Errors
/// The hook's own.
pub fn authorize<U>(returned: impl IntoAuthorized<U>) -> Result<Option<Grant<U>>> {
    returned.into_authorized()
}

/// The first parameter of a handler after `&self`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the context of the room `{R}`",
    label = "the context comes first after `&self`: write `cx: &Context`"
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

/// The first parameter of a task or a tick after `&self`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the context of a task of the room `{R}`",
    label = "a task has no client: write `cx: &TaskContext`"
)]
pub trait TakesTaskContext<'a, R: Handlers> {
    /// The context.
    fn taken(cx: &'a TaskContext<'a, R>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<'a, R: Handlers> TakesTaskContext<'a, R> for &'a TaskContext<'a, R> {
    fn taken(cx: &'a TaskContext<'a, R>) -> Self {
        cx
    }
}

/// The context, for a task or a tick that takes it.
pub fn task_context<'a, R: Handlers, C: TakesTaskContext<'a, R>>(cx: &'a TaskContext<'a, R>) -> C {
    C::taken(cx)
}

/// The second parameter of a tick after `&self`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the time since the last tick",
    label = "a tick has no other input: write `elapsed: Duration`"
)]
pub trait TakesElapsed {
    /// The time.
    fn taken(elapsed: Duration) -> Self;
}

#[diagnostic::do_not_recommend]
impl TakesElapsed for Duration {
    fn taken(elapsed: Duration) -> Self {
        elapsed
    }
}

/// The time since the last tick, for a tick that takes it.
#[must_use]
pub fn elapsed<T: TakesElapsed>(elapsed: Duration) -> T {
    T::taken(elapsed)
}

/// The input of a task.
///
/// # Errors
/// When what is stored is no such input any more: another run would not mend it.
pub fn task_input<R: Handlers, T: TaskInput<R>>(call: TaskCall<'_>) -> Result<T> {
    let name = call.name();
    serde_json::from_str(call.input())
        .map_err(|error| Error::internal(format!("the stored input of `{name}` does not fit: {error}")).permanent())
}

/// Converts the return value of an event's handler.
///
/// # Errors
/// The handler's own.
pub fn event(returned: impl IntoEvent) -> Result<Outcome> {
    returned.into_event().map(|()| Outcome::Done)
}

/// A room whose handlers read a `T`. It is a trait of the room, so that a type for which an assertion failed is no second
/// error.
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
    fn read(message: &Message<'_>) -> Result<T>;
}

#[diagnostic::do_not_recommend]
impl<R: Room, T: ClientInput> Reads<T> for R {
    fn read(message: &Message<'_>) -> Result<T> {
        message.data()
    }
}

/// A room whose procedures answer with a `T`.
#[diagnostic::on_unimplemented(
    message = "`{T}` can't be sent to clients",
    label = "this type is not `Serialize`",
    note = "write `#[derive(Serialize)]` on it"
)]
pub trait Reply<T>: Room {
    /// Writes the answer `value`, as the event `reply`.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    fn answer(reply: &'static str, value: &T) -> Result<Outcome>;
}

#[diagnostic::do_not_recommend]
impl<R: Room, T: ServerOutput> Reply<T> for R {
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
    /// The type in TypeScript.
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
pub fn input<R: Reads<T>, T>(message: &Message<'_>) -> Result<T> {
    R::read(message)
}

/// The kind of a procedure's return type: a [`Result`], by whatever name, or any other type.
///
/// Methods of a type come before those of traits, so that any other type finds those of [`PlainAnswer`].
pub struct Kind<T>(PhantomData<fn() -> T>);

impl<T> fmt::Debug for Kind<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kind")
    }
}

/// The kind of a value's type.
#[must_use]
pub const fn kind<T>(_: &T) -> Kind<T> {
    Kind(PhantomData)
}

/// The kind of a procedure's return type. The procedure is not called.
#[must_use]
pub const fn returns<T>(_: impl FnOnce() -> T + Copy) -> Kind<T> {
    Kind(PhantomData)
}

/// The kind of an `async` procedure's return type. The procedure is not called.
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
    unreachable!("the kind of a return type is inferred without a call")
}

impl<T, E> Kind<std::result::Result<T, E>> {
    /// The kind of its answer.
    #[must_use]
    pub const fn answer_kind(self) -> Kind<T> {
        Kind(PhantomData)
    }

    /// The answer of a procedure that may fail, as the event `reply`.
    ///
    /// # Errors
    /// The procedure's own, or that its answer can't be written as JSON.
    pub fn answer<R: Reply<T>>(self, reply: &'static str, returned: std::result::Result<T, E>) -> Result<Outcome>
    where
        E: Failure,
    {
        R::answer(reply, &returned.map_err(Into::into)?)
    }
}

impl Kind<()> {
    /// Asserts an answer that can be sent: nothing is none.
    pub const fn assert_sent<R: EmptyReply>(self) {}
}

impl<T> Kind<T> {
    /// Asserts a type in TypeScript.
    pub const fn assert_typed(self)
    where
        T: Typed,
    {
    }

    /// The name in TypeScript.
    pub fn name<R: Describes<T>>(self, declared: &mut Declarations) -> Option<String> {
        (R::INFO)(declared)
    }
}

/// A return type that is neither a [`Result`] nor nothing.
pub trait PlainAnswer<T>: Sized {
    /// The kind of its answer.
    fn answer_kind(self) -> Kind<T> {
        Kind(PhantomData)
    }

    /// Asserts an answer that can be sent.
    fn assert_sent<R>(self)
    where
        T: ServerOutput,
    {
    }

    /// The answer of a procedure, as the event `reply`.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    fn answer<R: Reply<T>>(self, reply: &'static str, returned: T) -> Result<Outcome> {
        R::answer(reply, &returned)
    }
}

impl<T> PlainAnswer<T> for Kind<T> {}

/// A room whose procedures may return nothing. No room is one.
#[diagnostic::on_unimplemented(
    message = "a procedure returns its answer, and this one returns nothing",
    label = "write `-> Result<Answer>`, or make it an `#[event]`"
)]
pub trait EmptyReply {}

/// Converts the response of the hook `request`.
///
/// # Errors
/// The hook's own.
pub fn response<E: Failure>(returned: std::result::Result<Response, E>) -> Result<Response> {
    returned.map_err(Into::into)
}

/// A call of a procedure that the worker alone calls.
pub fn call<'a, R: Room, I, O>(handle: &'a Handle<R>, name: &'static str, input: I) -> Call<'a, R, I, O> {
    Call::new(handle, name, input)
}

/// A call of a procedure by a user.
pub fn call_by<'a, R: Room, I, O>(
    handle: &'a Handle<R>,
    user: &R::User,
    name: &'static str,
    input: I,
) -> Call<'a, R, I, O> {
    Call::new(handle, name, input).by(user)
}

/// Converts the return value of a hook.
///
/// # Errors
/// The hook's own.
pub fn hook(returned: impl IntoHook) -> Result<()> {
    returned.into_hook()
}

/// A return type of `get_initial_storage`: a [`Result`] of a document, or of none.
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

/// Converts the return value of `get_initial_storage`.
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
        // In the body of a function no test can run: rustc warns of it, and nothing is exported.
        #[cfg(test)]
        #[allow(dead_code)]
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

pub use crate::__durable_object as durable_object;
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
        let _: Kind<u8> = returns(|| answered("5")).answer_kind();
        let _: Kind<u8> = resolves(|| async { answered("5") }).answer_kind();
    }

    #[test]
    fn what_is_no_result_is_the_answer() {
        assert_eq!(
            format!("{:?}", kind(&[1, 2]).answer::<Nothing>("counts", [1, 2])),
            r#"Ok(Answer { name: "counts", data: "[1,2]" })"#
        );
        let _: Kind<Option<u8>> = returns(|| Some(5)).answer_kind();
    }
}
