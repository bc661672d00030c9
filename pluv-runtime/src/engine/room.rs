//! A room without its platform: inputs carry the time, outputs are effects.

use std::{any::Any, rc::Rc, time::Duration};

use futures_channel::oneshot;
use futures_util::future::AbortHandle;

use super::{
    ConnectionId, Evict, Limits,
    action::{Action, ActionQueue, Change},
    admin::{AdminError, AdminReply, AdminRequest, AdminResponse, SessionInfo, json},
    attachment::SessionStore,
    close::CloseReason,
    connection::{Admission, Connection, Stage},
    current::Current,
    document::{JoinSnapshot, RoomDocument, storage_updated},
    document_hooks::{Author, Deleted, DocumentHooks},
    edit_queue::Edit,
    effect::{Effect, Step},
    event_log::LogEntry,
    evict::Whom,
    idle::LastPing,
    initial_storage::{InitialStorage, PendingJoin},
    job::{Job, JobQueue, Task},
    membership::{Departed, Membership},
    outcome::{Outcome, OutcomeKind},
    timers::{HOOK_TIMEOUT, Timer, Timers},
    typed::{Typed, Types},
    users::Presence,
};
use crate::{
    auth::Access,
    document::{Document, StoreError, Usage},
    error::Error,
    protocol::{
        self, Incoming, InitializeSession, Millis, Origin, Output, Protocol, UpdateStorage, decode, document_frame,
        frame, frame_with_id, yjs,
    },
    update::ValidatedUpdate,
};

/// The session id of changes that the worker makes, as clients ignore a change without one.
const WORKER: &str = "worker";

/// What the application defines of a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition {
    pub(crate) types: Types,
    pub(crate) hooks: Hooks,
    /// The names of the events and procedures.
    pub(crate) events: fn() -> Vec<&'static str>,
    pub(crate) relay_unknown: bool,
    pub(crate) debug: bool,
    pub(crate) retention: Retention,
    pub(crate) limits: Limits,
}

/// The hooks that the room has, so that none is run that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hooks {
    pub(crate) on_user_connected: bool,
    pub(crate) on_user_disconnected: bool,
    pub(crate) get_initial_storage: bool,
    pub(crate) on_storage_updated: bool,
}

/// What happens to the document when the last connection has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// It stays.
    Keep,
    /// It is deleted, after the hook `on_room_deleted` has succeeded.
    Delete {
        /// The time for which nobody must have been connected before.
        after: Duration,
    },
}

/// An event of the platform.
pub(crate) enum Input<'a> {
    /// A text frame arrived.
    Text { connection: ConnectionId, text: &'a str },
    /// A binary frame arrived.
    Binary { connection: ConnectionId, frame: Vec<u8> },
    /// A frame arrived that was not read, as it has at least so many bytes.
    Oversized { connection: ConnectionId, bytes: u64 },
    /// A connection was closed by its client, or broke.
    Closed { connection: ConnectionId },
    /// A connection closed while the room hibernated, so that it was not restored.
    ClosedAsleep { attachment: &'a [u8] },
    /// Much was sent to a connection since the last such input; the platform answered its last ping then.
    SentMuch { connection: ConnectionId, last_ping: Option<Millis> },
    /// The answer to [`Effect::AwaitCommit`].
    Committed,
    /// The answer to [`Effect::Yield`].
    Yielded,
    /// The answer to [`Effect::SetTimeout`].
    HookTimeout,
    /// The alarm. It may come late, twice, or for something that is no more.
    Alarm { last_ping: LastPing<'a> },
    /// The answer to [`Effect::ReadAlarm`].
    AlarmRead { alarm: Option<Millis> },
    /// The alarm could not be set.
    AlarmFailed,
    /// The answer to [`Effect::CheckIdle`].
    CheckIdle { last_ping: LastPing<'a> },
}

/// Why a message is not accepted.
enum Refusal {
    /// The connection stays.
    Reject(String),
    Close(CloseReason),
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Reject(reason)
    }
}

/// The state of a room. All of it can be rebuilt from attachments and storage.
#[derive(Debug)]
pub(crate) struct Room {
    name: Rc<str>,
    definition: Definition,
    message_limit: u64,
    members: Membership,
    jobs: JobQueue,
    document: RoomDocument,
    initial_storage: InitialStorage,
    document_hooks: DocumentHooks,
    timers: Timers,
}

impl Room {
    /// An empty room.
    ///
    /// # Errors
    /// When its definition is wrong.
    pub(crate) fn new(
        name: &str,
        definition: Definition,
        document: Option<Box<dyn Document>>,
        sessions: Box<dyn SessionStore>,
    ) -> Result<Self, Error> {
        let name: Rc<str> = name.into();
        let limits = definition.limits;
        Ok(Self {
            members: Membership::new(Rc::clone(&name), definition.types, limits, sessions)?,
            name,
            definition,
            message_limit: limits.message_bytes(document.is_some()),
            jobs: JobQueue::default(),
            document: RoomDocument::new(document),
            initial_storage: InitialStorage::default(),
            document_hooks: DocumentHooks::default(),
            timers: Timers::default(),
        })
    }

    pub(crate) fn name(&self) -> Rc<str> {
        Rc::clone(&self.name)
    }

    /// The connections that have joined, oldest first, each with its user's presence.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (&Connection, Typed)> {
        let joined = self.members.connections.iter().filter(|connection| connection.has_joined());
        joined.map(|connection| (connection, self.members.presence_of(&connection.user_key)))
    }

    /// A message of a connection, as the current code.
    pub(crate) fn current(&self, id: ConnectionId) -> Option<Current> {
        self.members.connections.get(id).map(Connection::current)
    }

    /// The presence of a user.
    pub(crate) fn presence_of(&self, user_key: &str) -> Typed {
        self.members.presence_of(user_key)
    }

    /// The bytes that a message may have.
    pub(crate) fn message_limit(&self) -> u64 {
        self.message_limit
    }

    pub(crate) fn limits(&self) -> Limits {
        self.definition.limits
    }

    /// The loaded document: a `yrs::Doc`.
    pub(crate) fn document(&mut self, now: Millis) -> Result<&dyn Any, StoreError> {
        self.document.get()?.doc(now)
    }

    /// What the document takes of the storage.
    pub(crate) fn usage(&mut self) -> Result<Usage, StoreError> {
        self.document.get()?.usage()
    }

    /// Restores a connection from its attachment; see [`Membership::restore`]. Called for each socket before
    /// [`wake`](Self::wake).
    pub(crate) fn restore(&mut self, attachment: &[u8], step: &mut Step) -> Option<ConnectionId> {
        self.timers.forget_alarm();
        self.members.restore(attachment, step)
    }

    /// An empty step, at this time.
    pub(crate) fn step(&self, now: Millis) -> Step {
        Step::new(now, Rc::clone(&self.name), self.definition.debug)
    }

    /// All connections were restored.
    pub(crate) fn wake(&self, step: &mut Step) {
        step.log_event(|| LogEntry::Wake { connections: self.members.connections.len() });
        step.effect(Effect::AutoRespondToPings(!self.members.needs_pings()));
    }

    /// Adds a connection whose token was verified.
    ///
    /// # Errors
    /// Why it is refused.
    pub(crate) fn connect(&mut self, now: Millis, admission: &Admission) -> Result<(ConnectionId, Step), CloseReason> {
        let mut step = self.step(now);
        let was_empty = self.members.connections.is_empty();
        let state = match admission.protocol {
            Protocol::Pluv => self.document.initial_state(&mut step),
            Protocol::Yjs => "null",
        };
        let id = self.members.connect(admission, state, &mut step)?;
        if was_empty {
            self.timers.set(Timer::IdleCheck, Some(now + self.definition.limits.idle));
            if self.load_hooks(&mut step)
                && let Some(document) = self.document.get_if_exists()
            {
                self.document_hooks.cancel_deletion(document, &mut self.timers, &mut step);
            }
        } else {
            self.timers.read_alarm(&mut step);
        }
        if admission.protocol == Protocol::Yjs {
            self.admit(PendingJoin { connection: id, presence: None, update: None, frames: Vec::new() }, &mut step);
        }
        Ok((id, self.end(step)))
    }

    /// Handles an event of the platform.
    pub(crate) fn handle(&mut self, now: Millis, input: Input<'_>) -> Step {
        let mut step = self.step(now);
        match input {
            Input::Text { connection, text } => self.text(connection, text, &mut step),
            Input::Binary { connection, frame } => self.binary(connection, frame, &mut step),
            Input::Oversized { connection, bytes } => {
                if self.accept_message(connection, 0, &mut step) {
                    self.reject_oversized(connection, &format!("{bytes} bytes or more"), &mut step);
                }
            }
            Input::Closed { connection } => {
                let departed = self.members.leave(connection, None, &mut step);
                self.departed(departed, &mut step);
            }
            Input::ClosedAsleep { attachment } => {
                self.timers.forget_alarm();
                let departed = self.members.leave_asleep(attachment, &mut step);
                self.departed(departed, &mut step);
            }
            Input::SentMuch { connection, last_ping } => self.check_reader(connection, last_ping, &mut step),
            Input::Committed => {
                if self.document.committed(&mut step) {
                    self.flush(&mut step);
                }
                self.document.maintain(&mut step);
            }
            Input::Yielded => {
                if self.document.yielded(&mut step) {
                    self.flush(&mut step);
                }
            }
            Input::HookTimeout => self.initial_storage.abort(),
            Input::Alarm { last_ping } => self.alarm(last_ping, &mut step),
            Input::AlarmRead { alarm } => {
                self.load_hooks(&mut step);
                self.timers.alarm_read(now, alarm, self.definition.limits.idle);
            }
            Input::AlarmFailed => self.timers.forget_alarm(),
            Input::CheckIdle { last_ping } => self.check_idle(last_ping, &mut step),
        }
        self.end(step)
    }

    /// Writes what has changed in a step: attachments and the alarm.
    fn end(&mut self, mut step: Step) -> Step {
        // To close a connection changes others.
        loop {
            let failed = self.members.write_attachments(&mut step);
            if failed.is_empty() {
                break;
            }
            for connection in failed {
                self.close(connection, &CloseReason::SessionUnavailable, &mut step);
            }
        }
        if self.timers.is_changed() {
            // The alarm is for the rows of the document's hooks too.
            self.load_hooks(&mut step);
            let idle = (!self.members.connections.is_empty()).then_some(self.definition.limits.idle);
            self.timers.update_alarm(idle, &mut step);
        }
        step
    }

    // Messages.

    /// Notes that a message of so many bytes arrived, and returns whether it is to be processed.
    fn accept_message(&mut self, id: ConnectionId, bytes: u64, step: &mut Step) -> bool {
        let per_second = self.definition.limits.messages_per_second;
        let Some(connection) = self.members.connections.get_mut(id) else { return false };
        connection.last_heard = step.now;
        if connection.rate.exceeds(step.now, per_second) {
            let reason = format!("rate limit exceeded: the limit is {per_second} messages a second");
            self.close(id, &CloseReason::RateLimited(reason), step);
            return false;
        }
        self.timers.read_alarm(step);
        self.members.heard(id, step);
        if bytes > self.message_limit {
            self.reject_oversized(id, &format!("{bytes} bytes"), step);
            return false;
        }
        true
    }

    fn reject_oversized(&mut self, id: ConnectionId, size: &str, step: &mut Step) {
        let message = format!("the frame takes {size}: the limit is {} bytes", self.message_limit);
        self.reject(id, None, &message, step);
    }

    fn text(&mut self, id: ConnectionId, text: &str, step: &mut Step) {
        if !self.accept_message(id, text.len() as u64, step) {
            return;
        }
        if !self.members.connections.listens(id) {
            return self.close(id, &CloseReason::InvalidMessage, step);
        }
        let message = match Incoming::parse(text) {
            Ok(message) => message,
            Err(reason) => return self.reject(id, None, &reason, step),
        };
        let result = match &*message.name {
            protocol::PING => {
                step.send_text(id, protocol::PONG_FRAME.to_owned());
                Ok(())
            }
            protocol::INITIALIZE_SESSION => self.initialize(id, message.data, step),
            protocol::GET_OTHERS => {
                self.members.send_others(id, step);
                Ok(())
            }
            protocol::UPDATE_PRESENCE => self.members.update_presence(id, message.data, step).map_err(Refusal::from),
            protocol::UPDATE_STORAGE => self.update_storage(id, message.data, step),
            name if name.starts_with(protocol::RESERVED) => {
                Err("names that begin with `$` are reserved for the protocol".to_owned().into())
            }
            _ => self.event(id, &message, step),
        };
        match result {
            Ok(()) => {}
            Err(Refusal::Reject(reason)) => {
                self.reject(id, message.id, &format!("`{}`: {reason}", message.name), step);
            }
            Err(Refusal::Close(reason)) => self.close(id, &reason, step),
        }
    }

    fn binary(&mut self, id: ConnectionId, frame: Vec<u8>, step: &mut Step) {
        if !self.accept_message(id, frame.len() as u64, step) {
            return;
        }
        let Some(connection) = self.members.connections.get(id) else { return };
        if connection.protocol == Protocol::Pluv {
            return self.reject(id, None, "the frame is binary: send text frames of JSON", step);
        }
        if connection.stage == Stage::Connected {
            // It waited for the document when the room was lost.
            self.admit(PendingJoin { connection: id, presence: None, update: None, frames: Vec::new() }, step);
        }
        self.provider_frame(id, frame, step);
    }

    /// A frame of a provider, which may still wait for the document.
    fn provider_frame(&mut self, id: ConnectionId, frame: Vec<u8>, step: &mut Step) {
        let Some(connection) = self.members.connections.get(id) else { return };
        let result = match connection.stage {
            Stage::Connected => return,
            Stage::WaitingForDocument => {
                self.initial_storage.buffer(id, frame).map_err(|()| Refusal::Close(CloseReason::DocumentUnavailable))
            }
            Stage::Joined => self.provider_message(id, frame, step),
        };
        match result {
            Ok(()) => {}
            Err(Refusal::Reject(reason)) => self.reject(id, None, &reason, step),
            Err(Refusal::Close(reason)) => self.close(id, &reason, step),
        }
    }

    fn provider_message(&mut self, id: ConnectionId, mut frame: Vec<u8>, step: &mut Step) -> Result<(), Refusal> {
        match yjs::Frame::parse(&frame).ok_or(Refusal::Close(CloseReason::InvalidMessage))? {
            yjs::Frame::Step1(vector) => self.answer_state_vector(id, vector, step),
            yjs::Frame::Step2(update) => {
                if let Some(connection) = self.members.connections.get_mut(id) {
                    connection.is_probed = false;
                }
                frame.drain(..frame.len() - update.len());
                self.provider_update(id, frame, true, step)
            }
            yjs::Frame::Update(update) => {
                frame.drain(..frame.len() - update.len());
                self.provider_update(id, frame, false, step)
            }
            yjs::Frame::Awareness(update) => {
                let start = frame.len() - update.len();
                match self.members.apply_awareness(id, frame, start, step).map_err(Refusal::Close)? {
                    true => Err("awareness state exceeds the per-connection limit and was dropped".to_owned().into()),
                    false => Ok(()),
                }
            }
            yjs::Frame::QueryAwareness => {
                self.members.send_awareness(id, step);
                Ok(())
            }
        }
    }

    /// Rejects a message: its sender is told why, and the connection stays. A rejected message counts more for the rate
    /// limit than an accepted one.
    fn reject(&mut self, id: ConnectionId, request: Option<&str>, message: &str, step: &mut Step) {
        if let Some(connection) = self.members.connections.get_mut(id) {
            connection.rate.reject(self.definition.limits.messages_per_second);
            send_error(connection, request, message, step);
            step.log_event(|| LogEntry::Refused { session: connection.session() });
        }
    }

    /// Closes a connection, and tells everyone that it has left.
    fn close(&mut self, id: ConnectionId, reason: &CloseReason, step: &mut Step) {
        let Some(connection) = self.members.connections.get(id) else { return };
        let code = reason.code(connection.protocol);
        if let Some(message) = reason.error() {
            send_error(connection, None, message, step);
        }
        step.log_event(|| match reason {
            CloseReason::Evicted(_) => LogEntry::Evict { session: connection.session(), code },
            _ => LogEntry::Refused { session: connection.session() },
        });
        step.effect(Effect::Close { connection: id, code, reason: reason.text() });
        let departed = self.members.leave(id, Some(code), step);
        self.departed(departed, step);
    }

    /// A connection has left.
    fn departed(&mut self, departed: Option<Departed>, step: &mut Step) {
        let Some(Departed { connection, presence }) = departed else { return };
        self.initial_storage.leave(connection.id);
        if connection.has_joined() && self.definition.hooks.on_user_disconnected {
            step.jobs.extend(self.jobs.push(connection.job(step.now, Task::UserDisconnected { presence })));
        }
        if self.members.connections.is_empty() {
            self.emptied(step);
        } else {
            self.timers.read_alarm(step);
        }
    }

    /// Closes connections, and returns their number.
    fn evict(&mut self, evict: &Evict, step: &mut Step) -> usize {
        let connections = self.members.connections.matching(&evict.whom);
        for connection in &connections {
            self.close(*connection, &CloseReason::Evicted(evict.clone()), step);
        }
        connections.len()
    }

    /// Checks whether a connection reads what it is sent, before the memory is full of what waits for it.
    ///
    /// A pluv client reads if it was heard since the last check: it gives up by itself when a ping is not answered in time,
    /// and the answer comes after all that was sent before. A provider sends whether it reads or not, so it is asked a
    /// question.
    fn check_reader(&mut self, id: ConnectionId, last_ping: Option<Millis>, step: &mut Step) {
        let Some(connection) = self.members.connections.get_mut(id) else { return };
        let reads = match connection.protocol {
            Protocol::Pluv => {
                let heard = last_ping.map_or(connection.last_heard, |at| connection.last_heard.max(at));
                std::mem::replace(&mut connection.last_read, heard) < heard
            }
            Protocol::Yjs => !connection.is_probed,
        };
        if !reads {
            return self.close(id, &CloseReason::SlowReader, step);
        }
        let Some(document) = self.document.get_if_exists().filter(|_| connection.protocol == Protocol::Yjs) else {
            return;
        };
        match document.state_vector(step.now) {
            Ok(vector) => {
                connection.is_probed = true;
                step.send_binary(id, yjs::step1(&vector));
            }
            Err(error) => step.log_error(&error),
        }
    }

    // Joining.

    /// `$initializeSession`.
    fn initialize(&mut self, id: ConnectionId, data: &str, step: &mut Step) -> Result<(), Refusal> {
        let mut data: InitializeSession<'_> = decode(data, "data")?;
        let Some(connection) = self.members.connections.get(id) else { return Ok(()) };
        if connection.stage != Stage::Connected {
            return Err("this session is initialized already".to_owned().into());
        }
        let presence = self.members.initial_presence(id, &mut data)?;
        let update = data.update.filter(|update| !update.0.is_empty());
        let update = update.map_or(Ok(None), |update| self.document.parse(&update.0))?;
        self.admit(PendingJoin { connection: id, presence, update, frames: Vec::new() }, step);
        Ok(())
    }

    /// Lets a connection join, at once or when the initial document is known.
    fn admit(&mut self, join: PendingJoin, step: &mut Step) {
        let id = join.connection;
        let Some(join) = self.initial_storage.wait(join) else { return self.set_waiting(id) };
        if !self.initial_storage.is_done()
            && let Some(document) = self.document.get_if_exists()
        {
            match document.is_empty(step.now) {
                Ok(true) if self.definition.hooks.get_initial_storage => {
                    let (abort, registration) = AbortHandle::new_pair();
                    let attempt = self.initial_storage.ask(join, abort);
                    if let Some(connection) = self.members.connections.get(id) {
                        let job = connection.job(step.now, Task::InitialStorage { attempt });
                        step.jobs.extend(self.jobs.push(Job { abort: Some(registration), ..job }));
                    }
                    self.set_waiting(id);
                    return step.effect(Effect::SetTimeout(Some(HOOK_TIMEOUT)));
                }
                Ok(_) => self.initial_storage.set_done(),
                Err(error) => {
                    step.log_error(&error);
                    return self.close(id, &CloseReason::DocumentUnavailable, step);
                }
            }
        }
        self.join(join, step);
    }

    fn set_waiting(&mut self, id: ConnectionId) {
        if let Some(connection) = self.members.connections.get_mut(id) {
            connection.stage = Stage::WaitingForDocument;
            self.members.connections.mark_changed(id);
        }
    }

    /// `get_initial_storage` has ended.
    fn initial_storage_ended(
        &mut self,
        job: &Job,
        attempt: u64,
        answer: Result<Option<Vec<u8>>, Error>,
        step: &mut Step,
    ) {
        let Some(waiting) = self.initial_storage.answered(attempt) else { return };
        step.effect(Effect::SetTimeout(None));
        if let Err(error) = answer.and_then(|update| self.begin_document(update, &job.origin, step)) {
            if error.is_internal() {
                self.log_failure(job, &error, step);
            }
            // If clients began the document themselves, theirs would take the place of the room's.
            for PendingJoin { connection, .. } in waiting {
                let reason = match error.is_internal() {
                    true => CloseReason::DocumentUnavailable,
                    false => CloseReason::Refused(error.client_message().to_owned()),
                };
                self.close(connection, &reason, step);
            }
            return;
        }
        self.initial_storage.set_done();
        for join in waiting {
            self.join(join, step);
        }
        if self.members.connections.is_empty() {
            // They have all left, and the document would stay.
            self.emptied(step);
        }
    }

    fn begin_document(&mut self, update: Option<Vec<u8>>, origin: &Rc<Origin>, step: &mut Step) -> Result<(), Error> {
        let Some(update) = update else { return Ok(()) };
        if let Some(update) =
            self.document.get()?.validate(update).map_err(|error| Error::internal(error.to_string()))?
        {
            self.document.store(&update, origin, &self.members.connections, step)?;
        }
        Ok(())
    }

    /// Lets a connection join, now that the initial document is known.
    fn join(&mut self, join: PendingJoin, step: &mut Step) {
        let PendingJoin { connection: id, presence, update, frames } = join;
        let Some(connection) = self.members.connections.get(id) else { return };
        let origin = Rc::clone(&connection.origin);
        if connection.protocol == Protocol::Yjs {
            let question = match self.document.get().and_then(|document| document.state_vector(step.now)) {
                Ok(vector) => yjs::step1(&vector),
                Err(error) => {
                    step.log_error(&error);
                    return self.close(id, &CloseReason::DocumentUnavailable, step);
                }
            };
            self.members.join_provider(id, question, step);
            self.joined(id, step);
            return frames.into_iter().for_each(|frame| self.provider_frame(id, frame, step));
        }
        let (snapshot, stored) = match self.document.join_snapshot(connection, update.as_ref(), step) {
            Ok(found) => found,
            Err(error @ StoreError::Failed(_)) => {
                step.log_error(&error);
                return self.close(id, &CloseReason::DocumentUnavailable, step);
            }
            Err(error) => {
                self.unjoin(id);
                return self.reject(id, None, &format!("`data.update`: {error}"), step);
            }
        };
        if let Some(update) = stored {
            let user = Rc::clone(&connection.user.json);
            self.document.send_stored(update, &origin, &self.members.connections, step);
            self.document_changed(&origin, &user, step);
        }
        let JoinSnapshot { kind, state, version } = snapshot;
        if let Some(connection) = self.members.connections.get_mut(id) {
            connection.sent_version = version;
        }
        let received = document_frame(protocol::STORAGE_RECEIVED, Some(kind), &state, &origin);
        self.members.join(id, presence, received, step);
        self.joined(id, step);
    }

    /// A connection may initialise again, as its document was rejected.
    fn unjoin(&mut self, id: ConnectionId) {
        if let Some(connection) = self.members.connections.get_mut(id) {
            connection.stage = Stage::Connected;
            self.members.connections.mark_changed(id);
        }
    }

    fn joined(&mut self, id: ConnectionId, step: &mut Step) {
        if self.definition.hooks.on_user_connected
            && let Some(connection) = self.members.connections.get(id)
        {
            step.jobs.extend(self.jobs.push(connection.job(step.now, Task::UserConnected)));
        }
    }

    // The document.

    /// `$updateStorage`.
    fn update_storage(&mut self, id: ConnectionId, data: &str, step: &mut Step) -> Result<(), Refusal> {
        let data: UpdateStorage<'_> = decode(data, "data")?;
        let is_echo = data.origin.as_deref() == Some(protocol::ORIGIN_INITIALIZED);
        if !self.document.exists() {
            // Every client echoes what it was given, also the nothing that a room without a document gives.
            return if is_echo { Ok(()) } else { Err("this room has no storage".to_owned().into()) };
        }
        let Some(connection) = self.members.connections.get(id) else { return Ok(()) };
        if !connection.has_joined() {
            return Err("send `$initializeSession` first".to_owned().into());
        }
        if !is_echo && connection.access == Access::Read {
            return Err("read-only connection: change rejected".to_owned().into());
        }
        let update = self.document.parse(&data.update.0)?;
        if is_echo {
            return self.echo(id, update.unwrap_or_default(), step);
        }
        if let Some(update) = update {
            let edit = edit_of(connection, update);
            self.edit(edit, step);
        }
        Ok(())
    }

    /// A client's whole document, right after it got the room's: it takes the changes of others from now on, and may bring
    /// edits that it made offline.
    fn echo(&mut self, id: ConnectionId, update: ValidatedUpdate, step: &mut Step) -> Result<(), Refusal> {
        let Some(connection) = self.members.connections.get_mut(id) else { return Ok(()) };
        let unavailable = |error: StoreError, step: &mut Step| {
            step.log_error(&error);
            // It would never be sent a change.
            Refusal::Close(CloseReason::DocumentUnavailable)
        };
        if !connection.ready {
            let missing = match self
                .document
                .get()
                .and_then(|document| document.diff_since(step.now, &update, connection.sent_version))
            {
                Ok(missing) => missing,
                Err(error) => return Err(unavailable(error, step)),
            };
            connection.ready = true;
            connection.sent_version = None;
            let origin = Rc::clone(&connection.origin);
            self.members.connections.mark_changed(id);
            for update in missing {
                step.send_text(id, storage_updated(&update, &origin));
            }
        }
        let Some(connection) = self.members.connections.get(id) else { return Ok(()) };
        if connection.access == Access::Write {
            let edit = edit_of(connection, update);
            self.edit(edit, step);
            return Ok(());
        }
        match self.document.get().and_then(|document| document.has_new_changes(step.now, &update)) {
            Ok(false) => Ok(()),
            Ok(true) => Err("read-only connection: change rejected".to_owned().into()),
            Err(error) => Err(unavailable(error, step)),
        }
    }

    /// Sends a provider the changes that it lacks. Its own edits are stored before, so that the answer tells it that they
    /// are.
    fn answer_state_vector(&mut self, id: ConnectionId, vector: &[u8], step: &mut Step) -> Result<(), Refusal> {
        if self.document.has_edit_of(id) {
            self.flush(step);
        }
        let missing = match self.document.get().and_then(|document| document.diff_since_vector(step.now, vector)) {
            Ok(Some(missing)) => missing,
            Ok(None) => return Err(Refusal::Close(CloseReason::InvalidMessage)),
            Err(error) => {
                step.log_error(&error);
                return Err(Refusal::Close(CloseReason::DocumentUnavailable));
            }
        };
        let mut encode: fn(&[u8]) -> Vec<u8> = yjs::step2;
        for update in missing {
            step.send_binary(id, encode(&update));
            encode = yjs::update;
        }
        Ok(())
    }

    /// A change of a provider, or its answer to the room's state vector.
    fn provider_update(
        &mut self,
        id: ConnectionId,
        update: Vec<u8>,
        is_answer: bool,
        step: &mut Step,
    ) -> Result<(), Refusal> {
        let Some(connection) = self.members.connections.get(id) else { return Ok(()) };
        let Some(document) = self.document.get_if_exists() else { return Ok(()) };
        let can_write = connection.access == Access::Write;
        if !can_write && !is_answer {
            return Err("read-only connection: change rejected".to_owned().into());
        }
        let update = match document.validate(update) {
            Ok(Some(update)) => update,
            Ok(None) => return Ok(()),
            Err(error) if error.is_malformed() => return Err(Refusal::Close(CloseReason::InvalidMessage)),
            Err(error) => return Err(error.to_string().into()),
        };
        if can_write {
            let edit = edit_of(connection, update);
            self.edit(edit, step);
            return Ok(());
        }
        match document.has_new_changes(step.now, &update) {
            Ok(false) => {}
            Ok(true) => return Err("read-only connection: change rejected".to_owned().into()),
            Err(error) => step.log_error(&error),
        }
        Ok(())
    }

    /// Stores an edit and sends it to everyone else, at once or with those that follow.
    fn edit(&mut self, edit: Edit<ValidatedUpdate>, step: &mut Step) {
        if self.document.push(edit, step) {
            self.flush(step);
        }
    }

    /// Stores the edits that wait, and sends them.
    fn flush(&mut self, step: &mut Step) {
        let flushed = self.document.flush(&self.members.connections, step);
        for (connection, error) in flushed.rejected {
            if let StoreError::Failed(_) = error {
                step.log_error(&error);
            }
            match (connection, error) {
                (None, _) => {}
                // Its document is ahead of the room's: when it comes back it brings all of it.
                (Some(id), StoreError::Failed(_)) => self.close(id, &CloseReason::DocumentUnavailable, step),
                (Some(id), error) if self.members.connections.listens(id) => {
                    self.reject(id, None, &format!("`{}`: {error}", protocol::UPDATE_STORAGE), step);
                }
                (Some(id), error) => self.reject(id, None, &error.to_string(), step),
            }
        }
        if let Some((origin, user)) = flushed.last {
            self.document_changed(&origin, &user, step);
        }
    }

    /// Makes a change that a handler asked for.
    fn change(&mut self, job: &Job, change: Change, step: &mut Step) {
        // It is made in the loaded document, of which nothing may be sent before it is stored: so it does not wait.
        self.flush(step);
        let result = self.document(step.now).map(change).and_then(|update| {
            let Some(update) = update else { return Ok(false) };
            let (origin, user) = (Rc::clone(&job.origin), Rc::clone(&job.user.json));
            let edit = Edit { connection: None, origin, user, update };
            self.document.append(edit, &self.members.connections, step).map(|()| true)
        });
        match result {
            Ok(true) => self.document_changed(&job.origin, &job.user.json, step),
            Ok(false) => {}
            Err(StoreError::Failed(reason)) => self.handler_failed(job, &Error::internal(reason), step),
            Err(error) => self.handler_failed(job, &Error::client(error.to_string()), step),
        }
    }

    /// The document was changed: `on_storage_updated` is due.
    fn document_changed(&mut self, origin: &Origin, user: &str, step: &mut Step) {
        if !self.definition.hooks.on_storage_updated {
            return;
        }
        self.load_hooks(step);
        let protocol = self.members.connections.by_session(origin.id()).map(|connection| connection.protocol);
        let author = Author { session: origin.id(), user, protocol: protocol.unwrap_or_default() };
        if let Some(document) = self.document.get_if_exists() {
            self.document_hooks.document_changed(&author, document, &mut self.timers, step);
        }
    }

    /// Reads the rows of the document's hooks, once. Returns whether they are known.
    fn load_hooks(&mut self, step: &mut Step) -> bool {
        match self.document.get_if_exists() {
            Some(document) => self.document_hooks.load(document, &mut self.timers, step),
            None => true,
        }
    }

    // Timers.

    /// The last connection has left.
    fn emptied(&mut self, step: &mut Step) {
        self.timers.set(Timer::IdleCheck, None);
        self.schedule_deletion(step);
    }

    /// Schedules the deletion of the document, as the retention says.
    fn schedule_deletion(&mut self, step: &mut Step) {
        let Retention::Delete { after } = self.definition.retention else { return };
        if self.document_hooks.is_deletion_requested() {
            return;
        }
        // The last edits of those who have left belong to the document.
        self.flush(step);
        self.load_hooks(step);
        let Some(document) = self.document.get_if_exists() else { return };
        match document.is_blank() {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => return step.log_error(&error),
        }
        let due = step.now.saturating_add(after.as_millis().try_into().unwrap_or(Millis::MAX));
        self.document_hooks.schedule_deletion(due, document, &mut self.timers, step);
        self.run_room_deleted(step);
    }

    fn alarm(&mut self, last_ping: LastPing<'_>, step: &mut Step) {
        let is_loaded = self.load_hooks(step);
        let due = self.timers.alarm_fired();
        let late = due.map(|due| step.now.saturating_sub(due));
        step.log_event(|| LogEntry::Alarm { late });
        self.check_idle(last_ping, step);
        if !is_loaded {
            return;
        }
        if self.members.connections.is_empty() && !self.document_hooks.is_deletion_scheduled() {
            // A deploy closes all connections without telling the room.
            self.schedule_deletion(step);
        }
        if self.timers.is_due(Timer::StorageUpdated, step.now)
            && let Some(document) = self.document.get_if_exists()
        {
            let (types, timers) = (&self.definition.types, &mut self.timers);
            self.document_hooks.run_storage_updated(&self.name, types, document, timers, step);
        }
        self.run_room_deleted(step);
    }

    /// Starts the deletion of the document, if it is due.
    fn run_room_deleted(&mut self, step: &mut Step) {
        let is_empty = self.members.connections.is_empty();
        if let Some(document) = self.document.get_if_exists() {
            self.document_hooks.run_room_deleted(&self.name, is_empty, document, &mut self.timers, step);
        }
    }

    /// Checks for idle connections, and closes those that are gone.
    fn check_idle(&mut self, last_ping: LastPing<'_>, step: &mut Step) {
        let mut origin = None;
        for id in self.members.check_idle(last_ping, step) {
            let Some(connection) = self.members.connections.get(id) else { continue };
            if connection.is_participant() {
                origin = Some(Rc::clone(&connection.origin));
            }
            self.close(id, &CloseReason::Idle, step);
        }
        if let Some(origin) = origin.filter(|_| !self.members.connections.is_empty()) {
            self.members.sync_state(&origin, step);
        }
        let next = self.members.idle_checked(step);
        self.timers.set(Timer::IdleCheck, next);
    }

    // Handlers.

    /// An event of the application.
    fn event(&mut self, id: ConnectionId, message: &Incoming<'_>, step: &mut Step) -> Result<(), Refusal> {
        let Some(connection) = self.members.connections.get(id) else { return Ok(()) };
        // Nobody was told of it yet, so no event can come from it.
        if !connection.has_joined() {
            return Err("send `$initializeSession` first".to_owned().into());
        }
        let (name, data) = (Rc::from(&*message.name), message.data.to_owned());
        let job = connection.job(step.now, Task::Event { name, data, id: message.id.map(Rc::from) });
        step.jobs.extend(self.jobs.push_event(job, self.message_limit)?);
        Ok(())
    }

    /// A handler ended: all of its actions are applied, or none.
    pub(crate) fn handler_ended(
        &mut self,
        now: Millis,
        job: &Job,
        result: Result<(Outcome, ActionQueue), Error>,
    ) -> Step {
        let mut step = self.step(now);
        let result = result.and_then(|(outcome, actions)| Ok((outcome.0, actions.into_actions()?)));
        self.log_ended(job, result.is_err(), &mut step);
        match (&job.task, result) {
            (Task::InitialStorage { attempt }, result) => {
                let answer = result.map(|(outcome, _)| match outcome {
                    OutcomeKind::InitialStorage(update) => update,
                    _ => None,
                });
                self.initial_storage_ended(job, *attempt, answer, &mut step);
            }
            (Task::RoomDeleted { version, .. }, result) => {
                self.room_deleted_ended(*version, result.map(drop), &mut step);
            }
            (task, result) => {
                let is_storage_hook = matches!(task, Task::StorageUpdated);
                let succeeded = result.is_ok();
                match result {
                    Ok((outcome, actions)) => {
                        for action in actions {
                            self.apply(job, action, &mut step);
                        }
                        self.answer(job, outcome, &mut step);
                    }
                    Err(error) if is_storage_hook => self.log_failure(job, &error, &mut step),
                    Err(error) => self.handler_failed(job, &error, &mut step),
                }
                if is_storage_hook && let Some(document) = self.document.get_if_exists() {
                    self.document_hooks.storage_updated_ended(succeeded, document, &mut self.timers, &mut step);
                }
            }
        }
        step.jobs.extend(self.jobs.next(job.connection));
        self.end(step)
    }

    /// Applies an action of a handler.
    fn apply(&mut self, job: &Job, action: Action, step: &mut Step) {
        let connections = &self.members.connections;
        match action {
            Action::Broadcast(output) => {
                step.broadcast_text(connections.listeners().collect(), output.into_frame(&job.origin));
            }
            Action::BroadcastOthers(output) => {
                let others = connections.listeners().filter(|other| *other != job.connection).collect();
                step.broadcast_text(others, output.into_frame(&job.origin));
            }
            Action::Send(session, output) => {
                // Most often it is the job's own.
                let receiver = match *session == **job.origin.id() {
                    true => Some(job.connection),
                    false => connections.by_session(&session).map(|connection| connection.id),
                };
                if let Some(receiver) = receiver.filter(|receiver| connections.listens(*receiver)) {
                    step.send_text(receiver, output.into_frame(&job.origin));
                }
            }
            Action::SetPresence(presence) => {
                let presence = Presence { changed: Some(step.now), ..presence };
                self.members.set_presence(job.connection, &job.user_key, presence, step);
            }
            Action::Evict(evict) => drop(self.evict(&evict, step)),
            Action::Edit(change) => self.change(job, change, step),
            Action::CheckIdle => step.effect(Effect::CheckIdle),
        }
    }

    /// Sends the answer of a procedure, or relays an event without a handler.
    fn answer(&self, job: &Job, outcome: OutcomeKind, step: &mut Step) {
        let connection = self.members.connections.get(job.connection);
        match (outcome, &job.task) {
            (OutcomeKind::Answer { name, data }, _) if connection.is_some() => {
                let request = job.request_id().map(|id| &**id);
                step.send_text(job.connection, frame_with_id(name, &data, request, &job.origin));
            }
            (OutcomeKind::Unhandled, Task::Event { name, data, .. }) if self.definition.relay_unknown => {
                let listeners = self.members.connections.listeners().collect();
                step.broadcast_text(listeners, frame(name, data, &job.origin));
            }
            (OutcomeKind::Unhandled, Task::Event { name, .. }) => {
                let known: Vec<_> = (self.definition.events)().iter().map(|name| format!("`{name}`")).collect();
                let hint = match known.is_empty() {
                    true => "it takes no events".to_owned(),
                    false => format!("it takes {}", known.join(", ")),
                };
                if let Some(connection) = connection {
                    let message = format!("this room has no event `{name}`: {hint}");
                    send_error(connection, job.request_id().map(|id| &**id), &message, step);
                }
            }
            _ => {}
        }
    }

    fn handler_failed(&self, job: &Job, error: &Error, step: &mut Step) {
        if error.is_internal() {
            self.log_failure(job, error, step);
        }
        if let Some(connection) = self.members.connections.get(job.connection) {
            send_error(connection, job.request_id().map(|id| &**id), error.client_message(), step);
        }
    }

    fn log_failure(&self, job: &Job, error: &Error, step: &mut Step) {
        let message = format!("room `{}`, session `{}`, `{}`: {error}", self.name, job.origin.id(), job.name());
        step.effect(Effect::LogError(message));
    }

    fn log_ended(&self, job: &Job, failed: bool, step: &mut Step) {
        let (session, millis) = (&**job.origin.id(), step.now.saturating_sub(job.received));
        step.log_event(|| match &job.task {
            Task::Event { name, .. } => {
                let name = (self.definition.events)().into_iter().find(|known| *known == &**name);
                LogEntry::Event { session, name, millis, failed }
            }
            _ => LogEntry::Hook { session, name: job.name().to_string(), millis, failed },
        });
    }

    /// `on_room_deleted` has ended, which was given this version of the document.
    fn room_deleted_ended(&mut self, version: u64, result: Result<(), Error>, step: &mut Step) {
        let is_empty = self.members.connections.is_empty();
        if self.document_hooks.room_deleted_ended(version, is_empty) == Deleted::No {
            return;
        }
        self.evict(&Evict::all().reason("the room was deleted"), step);
        if let Some(document) = self.document.get_if_exists() {
            let timers = &mut self.timers;
            self.document_hooks.delete(&self.name, version, result, document, timers, step);
        }
        // Also where it failed: the document may be gone all the same, if only the storage's answer was lost.
        if self.initial_storage.reset() {
            step.effect(Effect::SetTimeout(None));
        }
    }

    // Requests of the worker.

    /// Handles a request of the worker; `argument` is what it takes. The response of a deletion may come later.
    pub(crate) fn handle_admin(&mut self, now: Millis, request: AdminRequest, argument: Vec<u8>) -> (Step, AdminReply) {
        let mut step = self.step(now);
        let response = match request {
            AdminRequest::Broadcast => self.announce(&Whom::All, argument, &mut step),
            AdminRequest::SendToUser(id) => self.announce(&Whom::User(id), argument, &mut step),
            AdminRequest::Sessions => self.session_infos(),
            AdminRequest::Size => json(&self.members.connections.len()),
            AdminRequest::Evict(evict) => json(&self.evict(&evict, &mut step)),
            AdminRequest::Storage => {
                self.document.get().and_then(|document| document.encode_full(now)).map_err(AdminError::from)
            }
            AdminRequest::UpdateStorage => self.update_by_worker(argument, &mut step),
            AdminRequest::Delete => {
                let deletion = self.request_deletion(&mut step);
                let reply = deletion.map_or(AdminReply::Ready(Ok(Vec::new())), AdminReply::Pending);
                return (self.end(step), reply);
            }
        };
        (self.end(step), AdminReply::Ready(response))
    }

    /// Sends an output to connections that have joined.
    fn announce(&self, whom: &Whom, output: Vec<u8>, step: &mut Step) -> AdminResponse {
        let head = String::from_utf8(output).map_err(|error| AdminError::Invalid(error.to_string()))?;
        let connections = &self.members.connections;
        let mut receivers = connections.matching(whom);
        receivers.retain(|id| connections.get(*id).is_some_and(Connection::is_participant));
        let count = receivers.len();
        step.broadcast_text(receivers, Output::from_head(head).into_frame(&Origin::nobody(&self.name)));
        json(&count)
    }

    fn session_infos(&self) -> AdminResponse {
        let raw = |json: &str| serde_json::value::RawValue::from_string(json.to_owned()).ok();
        let info = |(connection, presence): (&Connection, Typed)| {
            let (id, protocol) = (connection.session().to_string(), connection.protocol);
            Some(SessionInfo { id, protocol, user: raw(&connection.user.json)?, presence: raw(&presence.json)? })
        };
        json(&self.sessions().filter_map(info).collect::<Vec<_>>())
    }

    /// Stores an update, and sends it to everyone.
    fn update_by_worker(&mut self, update: Vec<u8>, step: &mut Step) -> AdminResponse {
        // Earlier edits are stored before it.
        self.flush(step);
        let document = self.document.get()?;
        if let Some(update) = document.validate(update).map_err(|error| AdminError::Invalid(error.to_string()))? {
            let origin = Rc::new(Origin::new(&self.name, WORKER.into(), "null"));
            self.document.store(&update, &origin, &self.members.connections, step)?;
            // The hook's context has a user, which the worker can't be where the room knows users.
            if (self.definition.types.user)("null").is_ok() {
                self.document_changed(&origin, "null", step);
            }
        }
        Ok(Vec::new())
    }

    /// Closes all connections, and starts the deletion of the document if there is one.
    fn request_deletion(&mut self, step: &mut Step) -> Option<oneshot::Receiver<AdminResponse>> {
        self.evict(&Evict::all().reason("the room was deleted"), step);
        self.flush(step);
        self.load_hooks(step);
        let document = self.document.get_if_exists()?;
        match document.is_blank() {
            Ok(true) => return None,
            Ok(false) => {}
            Err(error) => step.log_error(&error),
        }
        let response = self.document_hooks.request_deletion(step.now, &mut self.timers);
        self.run_room_deleted(step);
        Some(response)
    }
}

fn edit_of(connection: &Connection, update: ValidatedUpdate) -> Edit<ValidatedUpdate> {
    let (origin, user) = (Rc::clone(&connection.origin), Rc::clone(&connection.user.json));
    Edit { connection: Some(connection.id), origin, user, update }
}

/// Tells a connection what is wrong.
fn send_error(connection: &Connection, request: Option<&str>, message: &str, step: &mut Step) {
    match connection.protocol {
        Protocol::Pluv => step.send_text(connection.id, protocol::error_frame(message, request, &connection.origin)),
        Protocol::Yjs => step.send_binary(connection.id, yjs::denied(&protocol::truncated(message))),
    }
}
