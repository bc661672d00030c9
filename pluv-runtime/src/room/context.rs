//! What a handler sees of its room, and what it can do there.

use std::{cell::RefCell, fmt, marker::PhantomData, rc::Rc};

use super::{
    Core, Evict, Handlers, Json, Millis, Protocol, Room, Session,
    job::{Job, Task},
    outbox::{Outbox, Wish},
    people::Presence,
    types::{Typed, Types},
};
use crate::{contract::HasOutput, error::Error, protocol::Output};

/// A handler's view of the room, and of the connection that caused it to run.
///
/// What a handler sends is kept until it ends: if it returns an error, nothing of it is sent.
pub struct Context<'a, R: Handlers> {
    pub(super) core: &'a RefCell<Core>,
    pub(super) job: &'a Job,
    presence: Typed,
    pub(super) outbox: RefCell<Outbox>,
    _room: PhantomData<fn() -> R>,
}

#[expect(clippy::needless_pass_by_value, reason = "a message is made to be sent, and reads best so")]
impl<'a, R: Handlers> Context<'a, R> {
    pub(super) fn new(core: &'a RefCell<Core>, job: &'a Job) -> Self {
        let presence = match &job.task {
            Task::Disconnected { presence } => presence.clone(),
            _ => core.borrow().presence_of(&job.key),
        };
        Self { core, job, presence, outbox: RefCell::default(), _room: PhantomData }
    }

    pub(super) fn into_outbox(self) -> Outbox {
        self.outbox.into_inner()
    }

    /// Sends to everyone in the room, the cause included.
    pub fn broadcast(&self, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.wish(output, Wish::Broadcast);
    }

    /// Sends to everyone in the room but the connection that caused this.
    pub fn broadcast_others(&self, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.wish(output, Wish::BroadcastOthers);
    }

    /// Sends to the connection that caused this.
    pub fn reply(&self, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.wish(output, |output| Wish::Send(Rc::clone(self.job.origin.id()), output));
    }

    /// Sends to one session, by its id. A session that has left gets nothing.
    pub fn send_to(&self, session: &str, output: <R::Room as HasOutput>::Declared)
    where
        R::Room: HasOutput,
    {
        self.wish(output, |output| Wish::Send(session.into(), output));
    }

    /// The user who caused this.
    #[must_use]
    pub fn user(&self) -> &<R::Room as Room>::User {
        self.job.user.get()
    }

    /// What everyone sees of that user, as it was when the handler began or as the handler has set it since.
    #[must_use]
    pub fn presence(&self) -> Rc<<R::Room as Room>::Presence> {
        self.outbox.borrow().presence().unwrap_or(&self.presence).share()
    }

    /// Sets what everyone sees of that user, in place of what was there, and tells everyone.
    pub fn set_presence(&self, presence: <R::Room as Room>::Presence) {
        let wish = to_object(&presence).map_err(Error::internal).and_then(|map| {
            let typed = (Types::of::<R::Room>().presence)(&map, "presence").map_err(Error::internal)?;
            if let Some(reason) = self.core.borrow().presence_fault("presence", &typed.json) {
                return Err(Error::client(reason));
            }
            Ok(Wish::SetPresence(Presence { map, typed, changed: Some(self.job.at) }))
        });
        self.outbox.borrow_mut().push(wish);
    }

    /// Closes a connection, by its session's id: the client does not come back by itself. An [`Evict`] says it otherwise.
    pub fn evict(&self, whom: impl Into<Evict>) {
        self.outbox.borrow_mut().push(Ok(Wish::Evict(whom.into())));
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
        self.core.borrow().sessions()
    }

    /// Looks for connections that are silent for longer than `limits(idle = ..)`, as the room does by itself now and then.
    /// Who is silent is listened for as long again before it is closed.
    pub fn garbage_collect(&self) {
        self.outbox.borrow_mut().push(Ok(Wish::Collect));
    }

    /// The id of the connection that caused this: what clients know as `connectionId`.
    #[must_use]
    pub fn session_id(&self) -> &str {
        self.job.origin.id()
    }

    /// What that connection speaks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.job.protocol
    }

    /// The room's name.
    #[must_use]
    pub fn room(&self) -> Rc<str> {
        self.core.borrow().name()
    }

    /// When the message came that caused this, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.job.at
    }

    fn wish(&self, output: <R::Room as HasOutput>::Declared, wish: impl FnOnce(Output) -> Wish)
    where
        R::Room: HasOutput,
    {
        let output = Output::new::<<R::Room as Room>::Output>(&output.into()).map(wish).map_err(Error::internal);
        self.outbox.borrow_mut().push(output);
    }
}

fn to_object(presence: &impl serde::Serialize) -> Result<Json, String> {
    match serde_json::to_value(presence) {
        Ok(serde_json::Value::Object(map)) => Ok(map),
        Ok(_) => Err("the presence type must be written as an object: make it a struct with named fields".to_owned()),
        Err(error) => Err(format!("the presence can't be written as JSON: {error}")),
    }
}

impl<R: Handlers> fmt::Debug for Context<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("room", &self.room()).field("job", self.job).finish_non_exhaustive()
    }
}
