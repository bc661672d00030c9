//! The context of a handler: its room, and the connection that caused it.

use std::{any::Any, cell::RefCell, fmt, marker::PhantomData, rc::Rc};

use yrs::{Doc, Transact as _, Transaction, TransactionMut};

use super::{Handlers, Room, Session};
use crate::{
    contract::{HasDocument, HasOutput},
    document::{Usage, has_changed},
    engine::{Action, ActionQueue, Change, Evict, Job, Presence, Room as Engine, Task, Typed, Types, to_object},
    error::{Error, Result},
    protocol::{Millis, Output, Protocol},
};

/// The context of a handler: its room, and the connection that caused it.
///
/// Messages and changes are queued until the handler ends: if it returns an error, none is applied.
pub struct Context<'a, R: Handlers> {
    room: &'a RefCell<Engine>,
    job: &'a Job,
    presence: Typed,
    actions: RefCell<ActionQueue>,
    _room: PhantomData<fn() -> R>,
}

#[expect(clippy::needless_pass_by_value, reason = "a message is made to be sent, and reads best so")]
impl<'a, R: Handlers> Context<'a, R> {
    pub(super) fn new(room: &'a RefCell<Engine>, job: &'a Job) -> Self {
        let presence = match &job.task {
            Task::UserDisconnected { presence } => presence.clone(),
            _ => room.borrow().presence_of(&job.user_key),
        };
        Self { room, job, presence, actions: RefCell::default(), _room: PhantomData }
    }

    pub(super) fn into_actions(self) -> ActionQueue {
        self.actions.into_inner()
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
        self.send(output, |output| Action::Send(Rc::clone(self.job.origin.id()), output));
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
    pub fn presence(&self) -> Rc<<R::Room as Room>::Presence> {
        self.actions.borrow().presence().unwrap_or(&self.presence).share()
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
        self.job.origin.id()
    }

    /// The protocol of that connection.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.job.protocol
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
