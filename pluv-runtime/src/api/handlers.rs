//! The handlers of a room: the trait that `#[pluv::room]` implements, the parameters and return types of its methods, and how a
//! job of the engine runs one.

use std::{
    any::Any,
    cell::RefCell,
    fmt,
    future::{Future, ready},
    marker::PhantomData,
    rc::Rc,
};

use futures_util::FutureExt as _;
use worker::{Env, Request};
use yrs::{Doc, Transact as _, Transaction, TransactionMut};

use super::{EventInfo, EventTypes, Kv, Options, Room, Session, Sql};
use crate::{
    auth::Grant,
    contract::{ClientInput, Failure, HasDocument, HasOutput, HasSql, HasState, ServerOutput},
    document::{Usage, has_changed},
    engine::{
        Action, Change, Definition, Evict, Hooks, Job, Limits, MigratedState, Outcome, Presence, Room as Engine,
        RunJob, Runtime, Task, Typed, Types, to_object,
    },
    error::{Error, Result},
    protocol::{Millis, Output, Protocol, decode},
};

/// The handlers of a room: events, procedures and hooks.
///
/// `#[pluv::room]` on an impl implements it.
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` has no handlers",
    label = "write `#[pluv::room] impl {Self} {{ .. }}`, with or without handlers in it"
)]
pub trait Handlers: Sized + 'static {
    /// The room itself.
    type Room: Room;
    /// The events and procedures, in the order of the source.
    const EVENTS: &'static [EventInfo];
    /// Their types, in the same order, for the schema.
    const EVENT_TYPES: &'static [EventTypes] = &[];
    /// Which of the optional hooks the room has.
    const HOOKS: Hooks;

    /// Makes the room's struct when its object wakes, with the limits of the room.
    ///
    /// # Errors
    /// Whatever the room's own hook returns: a binding that is missing, most often.
    fn create(env: &Env) -> Result<(Self, Limits)>;

    /// Returns the user who calls the token endpoint, or `None` to refuse.
    fn authorize(
        _req: &Request,
        _env: &Env,
        _room: &str,
    ) -> impl Future<Output = Result<Option<Grant<<Self::Room as Room>::User>>>> {
        ready(Ok(None))
    }

    /// Runs the handler that `message` names.
    fn dispatch(&self, context: &Context<'_, Self>, message: Message<'_>) -> impl Future<Output = Result<Outcome>>;

    /// Converts a stored state that does not read as the room's type any more. `None` is a room without the hook.
    #[must_use]
    fn migrate_state(_stored: serde_json::Value) -> MigratedState {
        None
    }

    /// Runs for each connection, after it has joined and everyone was told: a user with two tabs connects twice.
    fn on_user_connected(&self, _context: &Context<'_, Self>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs for each connection, after it has left and everyone was told: another of the same user may still be there.
    fn on_user_disconnected(&self, _context: &Context<'_, Self>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Returns the initial document, as a Yjs update; `None` leaves it to the first client.
    fn get_initial_storage(&self, _room: &str) -> impl Future<Output = Result<Option<Vec<u8>>>> {
        ready(Ok(None))
    }

    /// Runs after the document has changed, for the changes of about a second together. The context's user made the last.
    fn on_storage_updated(&self, _context: &Context<'_, Self>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs before the document is deleted. An error keeps it, and the hook runs again later.
    fn on_room_deleted(&self, _room: &FinalState<'_>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs before the handler of each application event. An error stops the event.
    fn on_message(&self, _context: &Context<'_, Self>, _message: &Message<'_>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }
}

/// The last state of a room whose document is about to be deleted, as `on_room_deleted` gets it.
#[derive(Clone, Copy, Debug)]
pub struct FinalState<'a> {
    pub(super) room: &'a str,
    pub(super) state: &'a [u8],
}

impl<'a> FinalState<'a> {
    /// The room's name.
    #[must_use]
    pub fn room(&self) -> &'a str {
        self.room
    }

    /// The whole document, as a Yjs update: `get_initial_storage` can return it another time.
    #[must_use]
    pub fn state(&self) -> &'a [u8] {
        self.state
    }
}

/// A message of the application: an event or a procedure's request.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub(crate) name: &'a str,
    pub(crate) data: &'a str,
}

impl<'a> Message<'a> {
    /// The event's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Its data: a JSON object, as the client wrote it.
    #[must_use]
    pub fn json(&self) -> &'a str {
        self.data
    }

    /// Its data as a `T`.
    ///
    /// # Errors
    /// An error for the client that names the field.
    pub fn data<T: ClientInput>(&self) -> Result<T> {
        decode(self.data, "data").map_err(|reason| Error::client(format!("`{}`: {reason}", self.name)))
    }
}

/// The outcome of a procedure.
///
/// # Errors
/// When the answer can't be written as JSON.
pub(crate) fn answer(name: &'static str, value: &impl ServerOutput) -> Result<Outcome> {
    Ok(Outcome::Answer { name, data: serde_json::to_string(value)? })
}

/// The return type of an event's handler: nothing, or a [`Result`] of nothing.
#[diagnostic::on_unimplemented(
    message = "an event's handler can't return `{Self}`",
    label = "return nothing or `pluv::Result<()>`",
    note = "to answer the caller alone, make it a `#[procedure]`"
)]
pub trait IntoEvent {
    /// Converts it to a result.
    ///
    /// # Errors
    /// The handler's own.
    fn into_event(self) -> Result<()>;
}

impl IntoEvent for () {
    fn into_event(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Failure> IntoEvent for std::result::Result<(), E> {
    fn into_event(self) -> Result<()> {
        self.map_err(Into::into)
    }
}

/// The return type of a hook: nothing, or a [`Result`] of nothing.
#[diagnostic::on_unimplemented(
    message = "this hook can't return `{Self}`",
    label = "return nothing or `pluv::Result<()>`"
)]
pub trait IntoHook {
    /// Converts it to a result.
    ///
    /// # Errors
    /// The hook's own.
    fn into_hook(self) -> Result<()>;
}

impl IntoHook for () {
    fn into_hook(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Failure> IntoHook for std::result::Result<(), E> {
    fn into_hook(self) -> Result<()> {
        self.map_err(Into::into)
    }
}

/// The engine's view of the room `R` with these limits.
pub(crate) fn definition<R: Handlers>(limits: Limits) -> Definition {
    let Options { relay_unknown, debug, retention, state, uses_sql, migrations, .. } = <R::Room as Room>::OPTIONS;
    Definition {
        state: state.map(|state| state.migrated_by(R::migrate_state)),
        uses_sql,
        migrations,
        types: types::<R>(),
        hooks: R::HOOKS,
        events: R::EVENTS.iter().map(EventInfo::name).collect(),
        relay_unknown,
        debug,
        retention,
        limits,
    }
}

impl<R: Handlers> RunJob for R {
    async fn run(&self, runtime: &dyn Runtime, job: &Job) -> Result<(Outcome, Vec<Action>)> {
        let is_transaction = <R::Room as Room>::OPTIONS.uses_sql && is_sync::<R>(job);
        let cx = Context { runtime, job, actions: RefCell::default(), is_transaction, _room: PhantomData };
        if let Task::Event { data } = &job.task
            && R::HOOKS.on_message
        {
            self.on_message(&cx, &Message { name: job.current.name(), data }).await?;
        }
        if is_transaction {
            cx.commit(|cx| at_once(run_task(self, cx)))?;
            return Ok((Outcome::Done, Vec::new()));
        }
        let outcome = run_task(self, &cx).await?;
        Ok((outcome, cx.actions.into_inner().into_actions()?))
    }
}

async fn run_task<R: Handlers>(handlers: &R, cx: &Context<'_, R>) -> Result<Outcome> {
    let room = cx.job.current.origin.room();
    match &cx.job.task {
        Task::Event { data } => handlers.dispatch(cx, Message { name: cx.job.current.name(), data }).await,
        Task::InitialStorage { .. } => Ok(Outcome::InitialStorage(handlers.get_initial_storage(room).await?)),
        Task::StorageUpdated => done(handlers.on_storage_updated(cx).await),
        Task::RoomDeleted { state, .. } => done(handlers.on_room_deleted(&FinalState { room, state }).await),
        Task::UserConnected => done(handlers.on_user_connected(cx).await),
        Task::UserDisconnected => done(handlers.on_user_disconnected(cx).await),
    }
}

/// Whether a job's handler has a context and is not `async`.
fn is_sync<R: Handlers>(job: &Job) -> bool {
    match &job.task {
        Task::Event { .. } => R::EVENTS.iter().any(|event| event.name() == job.current.name() && event.is_sync()),
        Task::InitialStorage { .. } | Task::RoomDeleted { .. } => false,
        _ => R::HOOKS.sync.contains(&job.current.name()),
    }
}

/// Returns what a handler that is not `async` returns: it waits for nothing.
fn at_once<T>(handler: impl Future<Output = Result<T>>) -> Result<T> {
    handler.now_or_never().unwrap_or_else(|| Err(Error::internal("a handler that is not `async` waits for something")))
}

fn done(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Done)
}

/// The actions of a handler, in order.
#[derive(Debug, Default)]
struct ActionQueue {
    actions: Vec<Action>,
    /// The first action that failed: the handler failed, whatever it returns.
    error: Option<Error>,
}

impl ActionQueue {
    fn push(&mut self, action: Result<Action>) {
        match action {
            Ok(action) => self.actions.push(action),
            Err(error) => drop(self.error.get_or_insert(error)),
        }
    }

    /// The state that the handler has set so far.
    fn state(&self) -> Option<Rc<dyn Any>> {
        self.actions.iter().rev().find_map(|action| match action {
            Action::SetState(state) => Some(Rc::clone(state)),
            _ => None,
        })
    }

    /// The presence that the handler has set so far.
    fn presence(&self) -> Option<&Typed> {
        self.actions.iter().rev().find_map(|action| match action {
            Action::SetPresence(presence) => Some(&presence.typed),
            _ => None,
        })
    }

    fn into_actions(self) -> Result<Vec<Action>> {
        self.error.map_or(Ok(self.actions), Err)
    }
}

/// The context of a handler: its room, and the connection that caused it.
///
/// Messages and changes are queued until the handler ends: if it returns an error, none is applied. In a room with `state` or
/// `sql`, a handler that is not `async` is a transaction of all that it changes; an `async` one has
/// [`transaction`](Self::transaction).
pub struct Context<'a, R: Handlers> {
    runtime: &'a dyn Runtime,
    job: &'a Job,
    actions: RefCell<ActionQueue>,
    /// Whether it is that of a transaction.
    is_transaction: bool,
    _room: PhantomData<fn() -> R>,
}

#[expect(clippy::needless_pass_by_value, reason = "a message is made to be sent, and reads best so")]
impl<R: Handlers> Context<'_, R> {
    /// Runs `run` in a transaction, with all that it queues.
    fn commit(&self, run: impl FnOnce(&Self) -> Result<Outcome>) -> Result<()> {
        let mut run = Some(run);
        self.runtime.commit(self.job, &mut || match run.take() {
            Some(run) => {
                let outcome = run(self)?;
                Ok((outcome, self.actions.take().into_actions()?))
            }
            None => Err(Error::internal("a transaction ran twice")),
        })
    }

    /// Runs `run` in a transaction: what it changes by its own context is stored, and what it queues is sent, all or nothing.
    /// For `async` handlers, as the handlers of others run while they wait; one that is not `async` is a transaction itself.
    ///
    /// ```ignore
    /// let answer = ask_model(&question).await?;
    /// cx.transaction(|tx| {
    ///     tx.update(|state| state.answers.push(answer.clone()))?;
    ///     tx.broadcast(Output::Answered { answer });
    ///     Ok(())
    /// })?;
    /// ```
    ///
    /// # Errors
    /// What `run` returns, and when the database fails. Then nothing is stored or sent; what was queued outside stays queued.
    pub fn transaction<T>(&self, run: impl FnOnce(&Context<'_, R>) -> Result<T>) -> Result<T> {
        let tx = Context { actions: RefCell::default(), is_transaction: true, ..*self };
        let mut result = None;
        tx.commit(|tx| {
            result = Some(run(tx)?);
            Ok(Outcome::Done)
        })?;
        result.ok_or_else(|| Error::internal("the transaction did not run"))
    }

    /// Sends what is queued up to now, once it is durable, while the handler goes on: the only sign of life that others have
    /// of an `async` handler that takes its time. What was flushed is not taken back by an `Err`.
    ///
    /// ```ignore
    /// for progress in 1..=5 {
    ///     cx.broadcast(Output::Progress { progress });
    ///     cx.flush()?;
    ///     Delay::from(Duration::from_millis(500)).await;
    /// }
    /// ```
    ///
    /// # Errors
    /// In a transaction, whose messages leave with its commit; and why something that is queued can't be applied. Then
    /// nothing of it is.
    pub fn flush(&self) -> Result<()> {
        if self.is_transaction {
            return Err(Error::internal(
                "the messages of a transaction leave with its commit: `flush` is for outside of one",
            ));
        }
        self.runtime.flush(self.job, self.actions.take().into_actions()?)
    }

    /// Runs a future after the handler has ended well and its messages were sent: for work that nobody waits for, such as a call
    /// of a webhook. It is dropped with the handler's other actions on an `Err`, and an error of its own is logged.
    pub fn wait_until<T: IntoHook + 'static>(&self, future: impl Future<Output = T> + 'static) {
        let future = future.map(IntoHook::into_hook).boxed_local();
        self.actions.borrow_mut().push(Ok(Action::WaitUntil(future)));
    }

    /// The room's state, as it is stored and as this handler has changed it since.
    ///
    /// # Panics
    /// Never: a room loads its state before its handlers run.
    #[must_use]
    pub fn state<S: 'static>(&self) -> Rc<S>
    where
        R::Room: HasState<State = S>,
    {
        let changed = self.actions.borrow().state();
        let state = changed.or_else(|| self.runtime.room().borrow().state());
        state.and_then(|state| Rc::downcast(state).ok()).expect("a room with a state loads it before its handlers")
    }

    /// Changes a copy of the room's state, which is stored with all else that the handler changes: before anything that it
    /// sends is delivered. Outside of a transaction, in an `async` handler, it is stored at once.
    ///
    /// # Errors
    /// When the state can't be stored: it is too large (1 MB as JSON), or the database fails.
    pub fn update<S: Clone + 'static, T>(&self, change: impl FnOnce(&mut S) -> T) -> Result<T>
    where
        R::Room: HasState<State = S>,
    {
        if !self.is_transaction {
            return self.transaction(|tx| tx.update(change));
        }
        let mut state = (*self.state()).clone();
        let result = change(&mut state);
        self.actions.borrow_mut().push(Ok(Action::SetState(Rc::new(state))));
        Ok(result)
    }

    /// The room's own tables, in a room with `sql` or `migrations`.
    #[must_use]
    pub fn sql(&self) -> Sql
    where
        R::Room: HasSql,
    {
        Sql::new(self.runtime.room().borrow().database())
    }

    /// The room's key-value store, in a room with `sql` or `migrations`.
    #[must_use]
    pub fn kv(&self) -> Kv
    where
        R::Room: HasSql,
    {
        Kv::new(self.runtime.room().borrow().database())
    }

    /// Sends to everyone in the room, the cause included.
    pub fn broadcast(&self, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.send(output, Action::Broadcast);
    }

    /// Sends to everyone in the room but the connection that caused this.
    pub fn broadcast_others(&self, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.send(output, Action::BroadcastOthers);
    }

    /// Sends to the connection that caused this.
    pub fn reply(&self, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.send(output, |output| Action::Send(Rc::clone(self.job.current.origin.id()), output));
    }

    /// Sends to one session, by its id. A session that has left gets nothing.
    pub fn send_to(&self, session: &str, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.send(output, |output| Action::Send(session.into(), output));
    }

    /// The user of the connection.
    #[must_use]
    pub fn user(&self) -> &<R::Room as Room>::User {
        self.job.user.get()
    }

    /// The user's presence when the handler began, or as the handler has set it since.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the room sets the presence of each job that begins")]
    pub fn presence(&self) -> Rc<<R::Room as Room>::Presence> {
        let actions = self.actions.borrow();
        actions.presence().or(self.job.presence.as_ref()).expect("a job that begins has a presence").share()
    }

    /// Replaces the user's presence, and tells everyone.
    pub fn set_presence(&self, presence: <R::Room as Room>::Presence) {
        let action = to_object(&presence).map_err(Error::internal).and_then(|map| {
            let typed = (types::<R>().presence)(&map, "presence").map_err(Error::internal)?;
            self.runtime.room().borrow().limits().check_presence("presence", &typed.json).map_err(Error::client)?;
            Ok(Action::SetPresence(Presence { map, typed, changed: Some(self.job.received) }))
        });
        self.actions.borrow_mut().push(action);
    }

    /// Closes a connection, by its session's id: the client does not come back by itself. An [`Evict`] says it otherwise.
    pub fn evict(&self, whom: impl Into<Evict>) {
        self.actions.borrow_mut().push(Ok(Action::Evict(whom.into())));
    }

    /// Closes all connections of a user, by the user's id.
    pub fn evict_user(&self, id: &str) {
        self.evict(Evict::user(id));
    }

    /// Closes all connections.
    pub fn evict_all(&self) {
        self.evict(Evict::all());
    }

    /// Everyone in the room at this moment, in the order in which they came.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session<R::Room>> {
        let room = self.runtime.room().borrow();
        sessions(&room)
    }

    /// Checks for connections that are silent for longer than `limits(idle = ..)`, as the room does by itself now and then.
    /// A silent connection is suspected for as long again before it is closed.
    pub fn garbage_collect(&self) {
        self.actions.borrow_mut().push(Ok(Action::CheckIdle));
    }

    /// The id of the connection that caused this, which clients know as `connectionId`.
    #[must_use]
    pub fn session_id(&self) -> &str {
        self.job.current.origin.id()
    }

    /// The protocol of that connection.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.job.current.protocol
    }

    /// The room's name.
    #[must_use]
    pub fn room(&self) -> Rc<str> {
        self.runtime.room().borrow().name()
    }

    /// The time of the message that caused this, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.job.received
    }

    /// The room's document, in a room with `storage = Yrs`.
    #[must_use]
    pub fn storage(&self) -> StorageRef<'_>
    where
        R::Room: HasDocument,
    {
        StorageRef { room: self.runtime.room(), actions: &self.actions, now: self.job.received }
    }

    fn send(&self, output: <R::Room as HasOutput>::Declared, action: impl FnOnce(Output) -> Action)
    where
        R::Room: HasOutput,
    {
        let output = Output::new::<<R::Room as Room>::Output>(&output.into()).map(action).map_err(Error::internal);
        self.actions.borrow_mut().push(output);
    }
}

fn types<R: Handlers>() -> Types {
    Types::of::<<R::Room as Room>::User, <R::Room as Room>::Presence>()
}

impl<R: Handlers> fmt::Debug for Context<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("room", &self.room()).field("job", self.job).finish_non_exhaustive()
    }
}

/// The connections that have joined, as handlers see them.
pub(crate) fn sessions<R: Room>(room: &Engine) -> Vec<Session<R>> {
    let sessions = room.sessions();
    sessions
        .map(|(connection, presence)| {
            let id = Rc::clone(connection.session());
            Session::new(id, connection.protocol, connection.user.clone(), presence)
        })
        .collect()
}

/// The room's document, for a handler to read and edit.
#[derive(Clone, Copy)]
pub struct StorageRef<'a> {
    room: &'a RefCell<Engine>,
    actions: &'a RefCell<ActionQueue>,
    now: Millis,
}

impl StorageRef<'_> {
    /// Returns what the document takes of the object's storage. Does not load it.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn usage(&self) -> Result<Usage> {
        Ok(self.room.borrow_mut().usage()?)
    }

    /// Reads the document as it is stored, in one transaction.
    ///
    /// ```ignore
    /// let title = cx.storage().read(|doc| doc.get_text("title").map(|text| text.get_string(doc)))?;
    /// ```
    ///
    /// # Errors
    /// When the document can't be read.
    pub fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> T) -> Result<T> {
        let mut room = self.room.borrow_mut();
        let doc = doc(room.document(self.now)?)?;
        Ok(read(&doc.transact()))
    }

    /// Edits the document, in one transaction that is stored and shown to everyone as a client's edit is. It is made
    /// when the handler has ended well; a read before that does not see it.
    ///
    /// ```ignore
    /// cx.storage().edit(|doc| {
    ///     let title = doc.get_or_insert_text("title");
    ///     title.push(doc, "!");
    /// });
    /// ```
    pub fn edit(&self, edit: impl FnOnce(&mut TransactionMut<'_>) + 'static) {
        let change: Change = Box::new(move |any| {
            let doc = any.downcast_ref::<Doc>()?;
            let mut transaction = doc.transact_mut();
            edit(&mut transaction);
            has_changed(&transaction).then(|| transaction.encode_update_v1())
        });
        self.actions.borrow_mut().push(Ok(Action::Edit(change)));
    }
}

fn doc(any: &dyn Any) -> Result<&Doc> {
    any.downcast_ref().ok_or_else(|| Error::internal("this room's document is not of yrs"))
}

impl fmt::Debug for StorageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageRef").finish_non_exhaustive()
    }
}
