//! The context of handlers.

use std::{
    any::Any,
    cell::RefCell,
    fmt,
    future::Future,
    marker::PhantomData,
    ops::Deref,
    rc::{Rc, Weak},
    time::Duration,
};

use futures_util::FutureExt as _;
use worker::{Env, State};
use yrs::{Doc, Transact as _, Transaction, TransactionMut};

use super::{Handlers, IntoHook, Kv, Room, Session, Sql, TaskInput, When, handlers::types};
use crate::{
    contract::{HasDocument, HasOutput, HasShared, HasSql, HasState},
    document::{Usage, has_changed},
    engine::{
        Action, Change, Evict, Job, JobKind, Presence, Room as Engine, Runtime, ScheduledTask, TaskId, Typed, to_object,
    },
    error::{Error, Result},
    protocol::{Millis, Output, Protocol},
};

/// The actions of a handler, in order.
#[derive(Debug, Default)]
pub(super) struct ActionQueue {
    actions: Vec<Action>,
    /// The first action that failed: the handler failed, whatever it returns.
    error: Option<Error>,
}

impl ActionQueue {
    pub(super) fn push(&mut self, action: Result<Action>) {
        match action {
            Ok(action) => self.actions.push(action),
            Err(error) => drop(self.error.get_or_insert(error)),
        }
    }

    /// The state that clients see, as the handler has set it so far.
    fn shared(&self) -> Option<Rc<dyn Any>> {
        self.actions.iter().rev().find_map(|action| match action {
            Action::SetShared(shared) => Some(Rc::clone(shared)),
            _ => None,
        })
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

    pub(super) fn into_actions(self) -> Result<Vec<Action>> {
        self.error.map_or(Ok(self.actions), Err)
    }
}

/// The context of a handler: its room, and the connection that caused it. All methods of [`TaskContext`] are its own.
pub struct Context<'a, R: Handlers>(pub(super) TaskContext<'a, R>);

impl<'a, R: Handlers> Deref for Context<'a, R> {
    type Target = TaskContext<'a, R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a message is made to be sent, and reads best so")]
impl<R: Handlers> Context<'_, R> {
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
    pub fn transaction<T>(&self, run: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let tx = Context(self.0.begin());
        tx.0.commit(|| run(&tx))
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
}

/// The context of a handler that no connection causes: of a `#[task]` or a `#[tick]`.
///
/// Messages and changes are queued until the handler ends: if it returns an error, none is applied. In a room with `state`, `sql`
/// or tasks, a handler that is not `async` is a transaction of all that it changes; an `async` one has
/// [`transaction`](Self::transaction).
pub struct TaskContext<'a, R: Handlers> {
    pub(super) runtime: &'a dyn Runtime,
    pub(super) job: &'a Job,
    pub(super) actions: RefCell<ActionQueue>,
    /// Whether it is that of a transaction.
    pub(super) is_transaction: bool,
    pub(super) _room: PhantomData<fn() -> R>,
}

impl<'a, R: Handlers> TaskContext<'a, R> {
    /// The context of a job.
    pub(super) fn new(runtime: &'a dyn Runtime, job: &'a Job, is_transaction: bool) -> Self {
        Self { runtime, job, actions: RefCell::default(), is_transaction, _room: PhantomData }
    }

    /// The context of a transaction.
    fn begin(&self) -> Self {
        Self { actions: RefCell::default(), is_transaction: true, ..*self }
    }

    /// Runs `run` in a transaction, with all that it queues here.
    pub(super) fn commit<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        let (mut run, mut result) = (Some(run), None);
        self.runtime.commit(self.job, &mut || {
            let run = run.take().ok_or_else(|| Error::internal("a transaction ran twice"))?;
            result = Some(run()?);
            self.actions.take().into_actions()
        })?;
        result.ok_or_else(|| Error::internal("the transaction did not run"))
    }

    /// Runs `run` in a transaction; see [`Context::transaction`].
    ///
    /// # Errors
    /// What `run` returns, and when the database fails.
    pub fn transaction<T>(&self, run: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let tx = self.begin();
        tx.commit(|| run(&tx))
    }

    /// Sends what is queued up to now, once it is durable, while the handler goes on: the only sign of life that others have
    /// of an `async` handler that takes its time. What was flushed is not taken back by an `Err`.
    ///
    /// ```ignore
    /// for progress in 1..=5 {
    ///     cx.broadcast(Output::Progress { progress });
    ///     cx.flush()?;
    ///     cx.sleep(Duration::from_millis(500)).await;
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

    /// The state that all clients see, as it is stored and as this handler has changed it since.
    ///
    /// # Panics
    /// Never: a room loads it before its handlers run.
    #[must_use]
    pub fn shared<S: 'static>(&self) -> Rc<S>
    where
        R::Room: HasShared<Shared = S>,
    {
        let changed = self.actions.borrow().shared();
        let shared = changed.or_else(|| self.runtime.room().borrow().shared());
        shared.and_then(|shared| Rc::downcast(shared).ok()).expect("a room loads it before its handlers")
    }

    /// Changes a copy of the state that all clients see, which is stored as by [`update`](Self::update). Clients are told the
    /// top-level fields that have changed, once for all changes of a handler, before what else it sends.
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    pub fn update_shared<S: Clone + 'static, T>(&self, change: impl FnOnce(&mut S) -> T) -> Result<T>
    where
        R::Room: HasShared<Shared = S>,
    {
        if !self.is_transaction {
            return self.transaction(|tx| tx.update_shared(change));
        }
        let mut shared = (*self.shared()).clone();
        let result = change(&mut shared);
        self.actions.borrow_mut().push(Ok(Action::SetShared(Rc::new(shared))));
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

    /// Schedules a task: the `#[task]` method whose input this is. It runs once, after a [`Duration`] or at a time, also if nobody
    /// is there, or the room hibernated, crashed or was deployed meanwhile; with back-off, up to ten times, while it fails.
    ///
    /// ```ignore
    /// cx.schedule(Duration::from_secs(30), Reveal { round: 3 })?;
    /// ```
    ///
    /// It is stored with all else that the handler changes; outside of a transaction, in an `async` handler, at once.
    ///
    /// # Errors
    /// When the input can't be written as JSON or is too large (1 MB), or the database fails.
    pub fn schedule<T: TaskInput<R>>(&self, when: impl When, input: T) -> Result<TaskId> {
        self.schedule_row(None, when, input)
    }

    /// Schedules a task as [`schedule`](Self::schedule) does, in place of the one that has the same key.
    ///
    /// # Errors
    /// As for [`schedule`](Self::schedule).
    pub fn schedule_as<T: TaskInput<R>>(&self, key: &str, when: impl When, input: T) -> Result<TaskId> {
        self.schedule_row(Some(key), when, input)
    }

    fn schedule_row<T: TaskInput<R>>(&self, key: Option<&str>, when: impl When, input: T) -> Result<TaskId> {
        if !self.is_transaction {
            return self.transaction(|tx| tx.schedule_row(key, when, input));
        }
        let mut room = self.runtime.room().borrow_mut();
        let now = self.runtime.now();
        room.tasks.schedule(now, T::TASK, key, serde_json::to_string(&input)?, when.due(now))
    }

    /// Cancels a task, by its id, and returns whether there was one. One that runs goes on, and does not run again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn cancel(&self, id: TaskId) -> Result<bool> {
        if !self.is_transaction {
            return self.transaction(|tx| tx.cancel(id));
        }
        Ok(self.runtime.room().borrow_mut().tasks.cancel(id)?)
    }

    /// Cancels the task that has this key; see [`cancel`](Self::cancel).
    ///
    /// # Errors
    /// When the database fails.
    pub fn cancel_as(&self, key: &str) -> Result<bool> {
        if !self.is_transaction {
            return self.transaction(|tx| tx.cancel_as(key));
        }
        Ok(self.runtime.room().borrow_mut().tasks.cancel_key(key)?)
    }

    /// The tasks that are scheduled, and those that have failed for good, in the order in which they are due.
    ///
    /// # Errors
    /// When the database fails.
    pub fn scheduled(&self) -> Result<Vec<ScheduledTask>> {
        Ok(self.runtime.room().borrow().tasks.scheduled()?)
    }

    /// The room, to keep: for a future that outlives its handler, as one of [`wait_until`](Self::wait_until).
    #[must_use]
    pub fn handle(&self) -> RoomHandle<R> {
        RoomHandle { runtime: self.runtime.weak(), _room: PhantomData }
    }

    /// The worker's environment: its bindings, secrets and variables.
    #[must_use]
    pub fn env(&self) -> &'a Env {
        &self.runtime.bindings().env
    }

    /// The object below the room, as the platform gives it: for what pluv has no method for. Its storage is pluv's too: leave its
    /// alarm and the tables that begin with `pluv_` alone, and accept no sockets.
    ///
    /// # Errors
    /// In a native test, which has none.
    pub fn durable_object(&self) -> Result<&'a State> {
        let state = self.runtime.bindings().state.as_ref();
        state.ok_or_else(|| Error::internal("there is no Durable Object in a native test"))
    }

    /// Waits, on the room's clock. The room does not hibernate meanwhile: for anything longer than some seconds,
    /// [`schedule`](Self::schedule) a task.
    pub fn sleep(&self, time: Duration) -> impl Future<Output = ()> + use<R> {
        self.runtime.sleep(time)
    }

    /// Sends to everyone in the room, the cause included.
    pub fn broadcast(&self, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.send(output, Action::Broadcast);
    }

    /// Sends to one session, by its id. A session that has left gets nothing.
    pub fn send_to(&self, session: &str, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.send(output, |output| Action::Send(session.into(), output));
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

    /// The room's name.
    #[must_use]
    pub fn room(&self) -> Rc<str> {
        self.runtime.room().borrow().name()
    }

    /// The time in milliseconds since the Unix epoch: of the message, or at which the task or tick began.
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

/// A room that outlives the handler that [`TaskContext::handle`] was called in.
///
/// ```ignore
/// let room = cx.handle();
/// cx.wait_until(async move {
///     let answer = ask_model(&question).await?;
///     room.transaction(|cx| {
///         cx.broadcast(Output::Answered { answer });
///         Ok(())
///     })
/// });
/// ```
pub struct RoomHandle<R> {
    runtime: Weak<dyn Runtime>,
    _room: PhantomData<fn() -> R>,
}

impl<R: Handlers> RoomHandle<R> {
    /// Runs `run` in a transaction, with all that it queues: it changes state and tables, sends and schedules.
    ///
    /// # Errors
    /// What `run` returns, when the database fails, and when the room is not in memory any more.
    pub fn transaction<T>(&self, run: impl FnOnce(&TaskContext<'_, R>) -> Result<T>) -> Result<T> {
        let runtime = self.runtime.upgrade().ok_or_else(|| Error::internal("the room is not in memory any more"))?;
        let job = runtime.room().borrow().job(runtime.now(), JobKind::Detached);
        let cx = TaskContext::new(&*runtime, &job, true);
        let result = cx.commit(|| run(&cx));
        runtime.follow_up();
        result
    }
}

impl<R> Clone for RoomHandle<R> {
    fn clone(&self) -> Self {
        Self { runtime: Weak::clone(&self.runtime), _room: PhantomData }
    }
}

impl<R> fmt::Debug for RoomHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomHandle").finish_non_exhaustive()
    }
}

/// A context with a client, which that of a task or a tick never is.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a task or a tick has no client: no user, session or presence, and nobody to reply to",
    label = "no client causes this handler",
    note = "put what it has to know into the task's input, and send by `broadcast` or `send_to`"
)]
pub trait HasClient {}

/// Methods that only [`Context`] has. Here each is an error that says why, in place of one that knows no such method.
#[doc(hidden)]
impl<R: Handlers> TaskContext<'_, R> {
    pub fn user(&self) -> &<R::Room as Room>::User
    where
        Self: HasClient,
    {
        unreachable!()
    }

    pub fn presence(&self) -> Rc<<R::Room as Room>::Presence>
    where
        Self: HasClient,
    {
        unreachable!()
    }

    pub fn session_id(&self) -> &str
    where
        Self: HasClient,
    {
        unreachable!()
    }

    pub fn reply<T>(&self, _output: T)
    where
        Self: HasClient,
    {
        unreachable!()
    }

    pub fn broadcast_others<T>(&self, _output: T)
    where
        Self: HasClient,
    {
        unreachable!()
    }
}

impl<R: Handlers> fmt::Debug for Context<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.0).finish()
    }
}

impl<R: Handlers> fmt::Debug for TaskContext<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskContext").field("room", &self.room()).field("job", self.job).finish_non_exhaustive()
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
