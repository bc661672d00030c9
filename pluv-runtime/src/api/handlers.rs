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

use worker::{Env, Request};
use yrs::{Doc, Transact as _, Transaction, TransactionMut};

use super::{EventInfo, EventTypes, Options, Room, Session};
use crate::{
    auth::Grant,
    contract::{ClientInput, Failure, HasDocument, HasOutput, ServerOutput},
    document::{Usage, has_changed},
    engine::{
        Action, Change, Definition, Evict, Hooks, Job, Limits, Outcome, Presence, Room as Engine, RunJob, Task, Typed,
        Types, to_object,
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
    let Options { relay_unknown, debug, retention, .. } = <R::Room as Room>::OPTIONS;
    Definition {
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
    async fn run(&self, room: &RefCell<Engine>, job: &Job) -> Result<(Outcome, Vec<Action>)> {
        let cx = Context::new(room, job);
        let outcome = match &job.task {
            Task::Event { data } => {
                let message = Message { name: job.current.name(), data };
                if R::HOOKS.on_message {
                    self.on_message(&cx, &message).await?;
                }
                self.dispatch(&cx, message).await?
            }
            Task::InitialStorage { .. } => {
                Outcome::InitialStorage(self.get_initial_storage(job.current.origin.room()).await?)
            }
            Task::StorageUpdated => done(self.on_storage_updated(&cx).await)?,
            Task::RoomDeleted { state, .. } => {
                done(self.on_room_deleted(&FinalState { room: job.current.origin.room(), state }).await)?
            }
            Task::UserConnected => done(self.on_user_connected(&cx).await)?,
            Task::UserDisconnected => done(self.on_user_disconnected(&cx).await)?,
        };
        Ok((outcome, cx.actions.into_inner().into_actions()?))
    }
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
/// Messages and changes are queued until the handler ends: if it returns an error, none is applied.
pub struct Context<'a, R: Handlers> {
    room: &'a RefCell<Engine>,
    job: &'a Job,
    actions: RefCell<ActionQueue>,
    _room: PhantomData<fn() -> R>,
}

#[expect(clippy::needless_pass_by_value, reason = "a message is made to be sent, and reads best so")]
impl<'a, R: Handlers> Context<'a, R> {
    fn new(room: &'a RefCell<Engine>, job: &'a Job) -> Self {
        Self { room, job, actions: RefCell::default(), _room: PhantomData }
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
            self.room.borrow().limits().check_presence("presence", &typed.json).map_err(Error::client)?;
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
        let room = self.room.borrow();
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
        self.room.borrow().name()
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
        StorageRef { room: self.room, actions: &self.actions, now: self.job.received }
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
