//! The handlers of a room: the trait that `#[pluv::room]` implements, the parameters and return types of its methods, and how a
//! job of the engine runs one.

use std::{
    future::{Future, ready},
    time::Duration,
};

use futures_util::FutureExt as _;
use worker::{Env, Request, Response};

use super::{Context, EventInfo, EventTypes, Options, Room, TaskCall, TaskContext};
use crate::{
    Handle,
    auth::Grant,
    contract::{ClientInput, Failure, ServerOutput},
    engine::{
        Action, Definition, FailedTask, Hooks, Job, JobKind, Limits, MigratedState, Outcome, RunJob, Runtime, TaskInfo,
        TickInfo, Types, Upgrade,
    },
    error::{Error, Result},
    protocol::decode,
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
    /// The room's handle, which has the room's procedures as methods.
    type Handle: From<Handle<Self::Room>>;
    /// The events and procedures, in the order of the source.
    const EVENTS: &'static [EventInfo];
    /// Their types, in the same order, for the schema.
    const EVENT_TYPES: &'static [EventTypes] = &[];
    /// Which of the optional hooks the room has.
    const HOOKS: Hooks;
    /// The tasks.
    const TASKS: &'static [TaskInfo] = &[];
    /// The ticks.
    const TICKS: &'static [TickInfo] = &[];

    /// The procedures that the worker alone calls.
    const WORKER_PROCEDURES: &'static [EventInfo] = &[];

    /// Makes the struct of the room `room` when its object wakes, with the room's limits. While it waits, the platform holds
    /// back all that arrives.
    ///
    /// # Errors
    /// Whatever the room's own hook returns: a binding that is missing, most often.
    fn create(env: &Env, room: &str) -> impl Future<Output = Result<(Self, Limits)>>;

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

    /// Runs the procedure of the worker that `message` names.
    fn dispatch_worker(
        &self,
        _context: &TaskContext<'_, Self>,
        _message: Message<'_>,
    ) -> impl Future<Output = Result<Outcome>> {
        ready(Ok(Outcome::Unhandled))
    }

    /// Runs each time that the room's object wakes, before all else.
    fn on_wake(&self, _context: &TaskContext<'_, Self>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs before a client is connected. An error refuses it.
    fn on_connect(&self, _context: &Context<'_, Self>, _upgrade: &Upgrade) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Answers a request over HTTP to a path below that of the room. The user is that of the request's token, if it has one.
    fn on_request(
        &self,
        _context: &TaskContext<'_, Self>,
        _req: Request,
        _user: Option<<Self::Room as Room>::User>,
    ) -> impl Future<Output = Result<Response>> {
        ready(Err(Error::internal("the room has no hook `request`")))
    }

    /// Runs the task that `call` names.
    fn run_task(&self, _context: &TaskContext<'_, Self>, _call: TaskCall<'_>) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs the tick of this name, with the time since it last ran.
    fn run_tick(
        &self,
        _context: &TaskContext<'_, Self>,
        _name: &str,
        _elapsed: Duration,
    ) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

    /// Runs after a task has failed for good. An error lets it run again later.
    fn on_task_failed(&self, _context: &TaskContext<'_, Self>, _task: &FailedTask) -> impl Future<Output = Result<()>> {
        ready(Ok(()))
    }

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

/// The return type of a hook, a task or a tick: nothing, or a [`Result`] of nothing.
#[diagnostic::on_unimplemented(
    message = "a hook, a task or a tick can't return `{Self}`",
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
    let Options { relay_unknown, debug, retention, state, shared, migrations, .. } = <R::Room as Room>::OPTIONS;
    Definition {
        state: state.map(|state| state.migrated_by(R::migrate_state)),
        shared,
        uses_sql: uses_sql::<R>(),
        migrations,
        tasks: R::TASKS,
        ticks: R::TICKS,
        types: types::<R>(),
        hooks: R::HOOKS,
        events: R::EVENTS.iter().map(EventInfo::name).collect(),
        relay_unknown,
        debug,
        retention,
        limits,
    }
}

/// Whether a room uses the object's database, so that a handler that is not `async` is a transaction.
fn uses_sql<R: Handlers>() -> bool {
    <R::Room as Room>::OPTIONS.uses_sql || !R::TASKS.is_empty()
}

impl<R: Handlers> RunJob for R {
    async fn run(&self, runtime: &dyn Runtime, job: &Job) -> Result<(Outcome, Vec<Action>)> {
        let is_transaction = uses_sql::<R>() && is_sync::<R>(job);
        let cx = Context(TaskContext::new(runtime, job, is_transaction));
        if let JobKind::Event { data } = &job.kind
            && R::HOOKS.on_message
        {
            self.on_message(&cx, &Message { name: job.current.name(), data }).await?;
        }
        if is_transaction {
            return Ok((cx.commit(|| at_once(run_job(self, &cx)))?, Vec::new()));
        }
        let outcome = run_job(self, &cx).await?;
        Ok((outcome, cx.0.actions.into_inner().into_actions()?))
    }
}

async fn run_job<R: Handlers>(handlers: &R, cx: &Context<'_, R>) -> Result<Outcome> {
    let room = cx.job.current.origin.room();
    match &cx.job.kind {
        JobKind::Event { data } => handlers.dispatch(cx, Message { name: cx.job.current.name(), data }).await,
        JobKind::InitialStorage { .. } => Ok(Outcome::InitialStorage(handlers.get_initial_storage(room).await?)),
        JobKind::StorageUpdated => done(handlers.on_storage_updated(cx).await),
        JobKind::RoomDeleted { state, .. } => done(handlers.on_room_deleted(&FinalState { room, state }).await),
        JobKind::UserConnected => done(handlers.on_user_connected(cx).await),
        JobKind::UserDisconnected => done(handlers.on_user_disconnected(cx).await),
        JobKind::Scheduled { id, input } => {
            let call = TaskCall { name: cx.job.current.name(), input: input.as_deref().unwrap_or("null") };
            handlers.run_task(cx, call).await?;
            // The row goes with all else that the task changes.
            cx.actions.borrow_mut().push(Ok(Action::EndTask(*id)));
            Ok(Outcome::Done)
        }
        JobKind::WorkerCall { data } => {
            handlers.dispatch_worker(cx, Message { name: cx.job.current.name(), data }).await
        }
        JobKind::Wake => done(handlers.on_wake(cx).await),
        JobKind::Connect(upgrade) => done(handlers.on_connect(cx, upgrade).await),
        JobKind::Request | JobKind::Detached => Ok(Outcome::Unhandled),
        JobKind::TaskFailed(task) => done(handlers.on_task_failed(cx, task).await),
        JobKind::Tick { elapsed, .. } => done(handlers.run_tick(cx, cx.job.current.name(), *elapsed).await),
    }
}

/// Whether a job's handler has a context and is not `async`.
fn is_sync<R: Handlers>(job: &Job) -> bool {
    match &job.kind {
        JobKind::Event { .. } => is_sync_event(R::EVENTS, job),
        JobKind::InitialStorage { .. } | JobKind::RoomDeleted { .. } | JobKind::Request | JobKind::Detached => false,
        JobKind::WorkerCall { .. } => is_sync_event(R::WORKER_PROCEDURES, job),
        JobKind::Scheduled { .. } => R::TASKS.iter().any(|task| task.name() == job.current.name() && task.is_sync),
        JobKind::Tick { tick, .. } => R::TICKS.get(*tick).is_some_and(|tick| tick.is_sync),
        _ => R::HOOKS.sync.contains(&job.current.name()),
    }
}

fn is_sync_event(events: &[EventInfo], job: &Job) -> bool {
    events.iter().any(|event| event.name() == job.current.name() && event.is_sync())
}

/// Answers a request over HTTP, as a job that the host performs.
pub(crate) async fn respond<R: Handlers>(
    handlers: &R,
    runtime: &dyn Runtime,
    job: &Job,
    req: Request,
    user: Option<<R::Room as Room>::User>,
) -> Result<(Response, Vec<Action>)> {
    let cx = TaskContext::new(runtime, job, false);
    let response = handlers.on_request(&cx, req, user).await?;
    Ok((response, cx.actions.into_inner().into_actions()?))
}

/// Returns what a handler that is not `async` returns: it waits for nothing.
fn at_once<T>(handler: impl Future<Output = Result<T>>) -> Result<T> {
    handler.now_or_never().unwrap_or_else(|| Err(Error::internal("a handler that is not `async` waits for something")))
}

fn done(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Done)
}

/// The readers of the room's user and presence.
pub(super) fn types<R: Handlers>() -> Types {
    Types::of::<<R::Room as Room>::User, <R::Room as Room>::Presence>()
}
