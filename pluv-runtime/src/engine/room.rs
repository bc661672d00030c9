//! A room without its platform: inputs carry the time, outputs are effects.

use std::{any::Any, rc::Rc};

use super::{
    Limits,
    admin::{AdminError, AdminReply, AdminRequest, AdminResponse, SessionInfo, json},
    attachment::SessionStore,
    close::{CloseReason, Evict, Refusal, Whom},
    connection::{Admission, Author, Connection, ConnectionId, Stage},
    definition::{Definition, Presence, Typed},
    document::{JoinSnapshot, RoomDocument},
    initial_storage::{InitialStorage, NextStep, PendingJoin},
    job::{Action, Job, JobQueue, Outcome, Task},
    membership::{Departed, Membership},
    step::{Effect, Input, LastPing, LogEntry, Step},
    timers::{HOOK_TIMEOUT, Timer, Timers},
};
use crate::{
    document::{Document, StoreError, Usage},
    error::Error,
    protocol::{
        self, Incoming, InitializeSession, Millis, Origin, Output, Protocol, decode, document_frame, frame,
        frame_with_id, yjs,
    },
};

/// The session id of changes that the worker makes, as clients ignore a change without one.
const WORKER: &str = "worker";

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
            message_limit: limits.message_bytes(document.is_some()),
            jobs: JobQueue::default(),
            document: RoomDocument::new(Rc::clone(&name), document, &definition),
            initial_storage: InitialStorage::default(),
            timers: Timers::default(),
            name,
            definition,
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

    /// The document's use of the storage.
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
            self.document.occupied(&mut step);
        } else {
            self.timers.read_alarm(&mut step);
        }
        if admission.protocol == Protocol::Yjs {
            self.request_join(PendingJoin::of_provider(id), &mut step);
        }
        Ok((id, self.end(step)))
    }

    /// Handles an event of the platform.
    pub(crate) fn handle(&mut self, now: Millis, last_ping: LastPing<'_>, input: Input<'_>) -> Step {
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
            Input::SentMuch { connection } => self.check_reader(connection, last_ping, &mut step),
            Input::Committed => self.document.committed(&self.members.connections, &mut step),
            Input::Yielded => self.document.yielded(&self.members.connections, &mut step),
            Input::HookTimeout => self.initial_storage.abort(),
            Input::Alarm => {
                let is_loaded = self.document.load_hooks(&mut step);
                let late = self.timers.alarm_fired().map(|due| now.saturating_sub(due));
                step.log_event(|| LogEntry::Alarm { late });
                self.check_idle(last_ping, &mut step);
                if is_loaded {
                    self.document.run_hooks(&self.members.connections, &mut step);
                }
            }
            Input::AlarmRead { alarm } => self.timers.alarm_read(now, alarm, self.definition.limits.idle),
            Input::AlarmFailed => self.timers.forget_alarm(),
        }
        self.end(step)
    }

    /// Ends a step: rejects and closes the connections that its parts could not serve, and writes attachments and the alarm.
    fn end(&mut self, mut step: Step) -> Step {
        loop {
            for (connection, refusal) in std::mem::take(&mut step.refused) {
                self.answer_refusal(connection, refusal, &mut step);
            }
            self.members.write_attachments(&mut step);
            if step.refused.is_empty() {
                break;
            }
        }
        for job in &mut step.jobs {
            job.presence.get_or_insert_with(|| self.members.presence_of(&job.user_key));
        }
        self.timers.update(self.document.timers());
        if self.timers.is_changed() {
            // The alarm is for the rows of the document's hooks too.
            self.document.load_hooks(&mut step);
            self.timers.update(self.document.timers());
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
        connection.current().set();
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

    /// A frame of a pluv client.
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
        match self.message(id, &message, step) {
            Ok(()) => {}
            Err(Refusal::Reject(reason)) => {
                self.reject(id, message.id, &format!("`{}`: {reason}", message.name), step);
            }
            Err(Refusal::Close(reason)) => self.close(id, &reason, step),
        }
    }

    fn message(&mut self, id: ConnectionId, message: &Incoming<'_>, step: &mut Step) -> Result<(), Refusal> {
        match &*message.name {
            protocol::PING => step.send_text(id, protocol::PONG_FRAME.to_owned()),
            protocol::INITIALIZE_SESSION => self.initialize(id, message.data, step)?,
            protocol::GET_OTHERS => self.members.send_others(id, step),
            protocol::UPDATE_PRESENCE => self.members.update_presence(id, message.data, step)?,
            protocol::UPDATE_STORAGE => {
                self.document.update_storage(id, message.data, &mut self.members.connections, step)?;
            }
            name if name.starts_with(protocol::RESERVED) => {
                return Err("names that begin with `$` are reserved for the protocol".to_owned().into());
            }
            _ => {
                let Some(connection) = self.members.connections.get(id) else { return Ok(()) };
                connection.check_joined()?;
                let job = Job::event(connection, step.now, message);
                step.jobs.extend(self.jobs.push_event(job, self.message_limit)?);
            }
        }
        Ok(())
    }

    /// A frame of a provider.
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
            self.request_join(PendingJoin::of_provider(id), step);
        }
        self.provider_frame(id, frame, step);
    }

    /// A frame of a provider, which may still wait for the document.
    fn provider_frame(&mut self, id: ConnectionId, frame: Vec<u8>, step: &mut Step) {
        let Some(connection) = self.members.connections.get(id) else { return };
        let result = match connection.stage {
            Stage::Connected => return,
            Stage::WaitingForDocument => {
                self.initial_storage.buffer(id, frame).map_err(|()| CloseReason::DocumentUnavailable.into())
            }
            Stage::Joined => self.provider_message(id, frame, step),
        };
        if let Err(refusal) = result {
            self.answer_refusal(id, refusal, step);
        }
    }

    fn provider_message(&mut self, id: ConnectionId, mut frame: Vec<u8>, step: &mut Step) -> Result<(), Refusal> {
        let connections = &mut self.members.connections;
        match yjs::Frame::parse(&frame).ok_or(CloseReason::InvalidMessage)? {
            yjs::Frame::Step1(vector) => self.document.answer_state_vector(id, vector, connections, step),
            yjs::Frame::Step2(update) => {
                if let Some(connection) = connections.get_mut(id) {
                    connection.is_probed = false;
                }
                frame.drain(..frame.len() - update.len());
                self.document.provider_update(id, frame, true, connections, step)
            }
            yjs::Frame::Update(update) => {
                frame.drain(..frame.len() - update.len());
                self.document.provider_update(id, frame, false, connections, step)
            }
            yjs::Frame::Awareness(update) => {
                let start = frame.len() - update.len();
                Ok(self.members.apply_awareness(id, frame, start, step)?)
            }
            yjs::Frame::QueryAwareness => {
                self.members.send_awareness(id, step);
                Ok(())
            }
        }
    }

    fn answer_refusal(&mut self, id: ConnectionId, refusal: Refusal, step: &mut Step) {
        match refusal {
            Refusal::Reject(reason) => self.reject(id, None, &reason, step),
            Refusal::Close(reason) => self.close(id, &reason, step),
        }
    }

    /// Rejects a message: its sender is told why, and the connection stays. A rejected message counts more for the rate
    /// limit than an accepted one.
    fn reject(&mut self, id: ConnectionId, request: Option<&str>, message: &str, step: &mut Step) {
        if let Some(connection) = self.members.connections.get_mut(id) {
            connection.rate.reject(self.definition.limits.messages_per_second);
            step.send_error(connection, request, message);
            step.log_event(|| LogEntry::Refused { session: connection.session() });
        }
    }

    /// Closes a connection, and tells everyone that it has left.
    fn close(&mut self, id: ConnectionId, reason: &CloseReason, step: &mut Step) {
        let Some(connection) = self.members.connections.get(id) else { return };
        let code = reason.code(connection.protocol);
        if let Some(message) = reason.error() {
            step.send_error(connection, None, message);
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
            let job = Job::hook(&connection, step.now, Task::UserDisconnected);
            step.jobs.extend(self.jobs.push(Job { presence: Some(presence), ..job }));
        }
        if self.members.connections.is_empty() {
            self.emptied(step);
        } else {
            self.timers.read_alarm(step);
        }
    }

    /// The last connection has left.
    fn emptied(&mut self, step: &mut Step) {
        self.timers.set(Timer::IdleCheck, None);
        self.document.emptied(&self.members.connections, step);
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
    fn check_reader(&mut self, id: ConnectionId, last_ping: LastPing<'_>, step: &mut Step) {
        let Some(connection) = self.members.connections.get_mut(id) else { return };
        let reads = match connection.protocol {
            Protocol::Pluv => {
                let heard = last_ping(id).map_or(connection.last_heard, |at| connection.last_heard.max(at));
                std::mem::replace(&mut connection.last_read, heard) < heard
            }
            Protocol::Yjs => !connection.is_probed,
        };
        if !reads {
            return self.close(id, &CloseReason::SlowReader, step);
        }
        let Some(document) = self.document.get().ok().filter(|_| connection.protocol == Protocol::Yjs) else {
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
        self.request_join(PendingJoin { connection: id, presence, update, frames: Vec::new() }, step);
        Ok(())
    }

    /// Lets a connection join, at once or when the initial document is known.
    fn request_join(&mut self, join: PendingJoin, step: &mut Step) {
        let (id, has_hook) = (join.connection, self.definition.hooks.get_initial_storage);
        match self.initial_storage.request_join(join, has_hook, self.document.get().ok(), step.now) {
            Ok(NextStep::Join(join)) => self.join(join, step),
            Ok(NextStep::Wait) => self.members.connections.set_stage(id, Stage::WaitingForDocument),
            Ok(NextStep::RunHook { attempt, abort }) => {
                if let Some(connection) = self.members.connections.get(id) {
                    let job = Job::hook(connection, step.now, Task::InitialStorage { attempt });
                    step.jobs.extend(self.jobs.push(Job { abort: Some(abort), ..job }));
                }
                self.members.connections.set_stage(id, Stage::WaitingForDocument);
                step.effect(Effect::SetTimeout(Some(HOOK_TIMEOUT)));
            }
            Err(error) => {
                step.log_error(&error);
                self.close(id, &CloseReason::DocumentUnavailable, step);
            }
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
        if let Err(error) = answer.and_then(|update| self.begin_document(update, job, step)) {
            if error.is_internal() {
                self.log_failure(job, &error, step);
            }
            // If clients began the document themselves, theirs would take the place of the room's.
            let reason = match error.is_internal() {
                true => CloseReason::DocumentUnavailable,
                false => CloseReason::Refused(error.client_message().to_owned()),
            };
            return waiting.iter().for_each(|join| self.close(join.connection, &reason, step));
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

    fn begin_document(&mut self, update: Option<Vec<u8>>, job: &Job, step: &mut Step) -> Result<(), Error> {
        let Some(update) = update else { return Ok(()) };
        let update = self.document.get()?.validate(update).map_err(|error| Error::internal(error.to_string()))?;
        if let Some(update) = update {
            self.document.store(&update, &job.author(), &self.members.connections, step)?;
        }
        Ok(())
    }

    /// Lets a connection join, now that the initial document is known.
    fn join(&mut self, join: PendingJoin, step: &mut Step) {
        let PendingJoin { connection: id, presence, update, frames } = join;
        let connections = &self.members.connections;
        let Some(connection) = connections.get(id) else { return };
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
        match self.document.join_snapshot(connection, update.as_ref(), connections, step) {
            Ok(JoinSnapshot { kind, state, version }) => {
                let received = document_frame(protocol::STORAGE_RECEIVED, Some(kind), &state, &origin);
                self.members.join(id, presence, received, version, step);
                self.joined(id, step);
            }
            Err(error @ StoreError::Failed(_)) => {
                step.log_error(&error);
                self.close(id, &CloseReason::DocumentUnavailable, step);
            }
            Err(error) => {
                // It may initialize again.
                self.members.connections.set_stage(id, Stage::Connected);
                self.reject(id, None, &format!("`data.update`: {error}"), step);
            }
        }
    }

    fn joined(&mut self, id: ConnectionId, step: &mut Step) {
        if self.definition.hooks.on_user_connected
            && let Some(connection) = self.members.connections.get(id)
        {
            step.jobs.extend(self.jobs.push(Job::hook(connection, step.now, Task::UserConnected)));
        }
    }

    // Handlers.

    /// A handler ended: all of its actions are applied, or none.
    pub(crate) fn handler_ended(
        &mut self,
        now: Millis,
        last_ping: LastPing<'_>,
        job: &Job,
        result: Result<(Outcome, Vec<Action>), Error>,
    ) -> Step {
        let mut step = self.step(now);
        self.log_ended(job, result.is_err(), &mut step);
        match (&job.task, result) {
            (Task::InitialStorage { attempt }, result) => {
                let answer = result.map(|(outcome, _)| match outcome {
                    Outcome::InitialStorage(update) => update,
                    _ => None,
                });
                self.initial_storage_ended(job, *attempt, answer, &mut step);
            }
            (Task::RoomDeleted { version, .. }, result) => {
                self.room_deleted_ended(*version, result.map(drop), &mut step);
            }
            (Task::StorageUpdated, Err(error)) => {
                self.log_failure(job, &error, &mut step);
                self.document.storage_updated_ended(false, &mut step);
            }
            (_, Err(error)) => self.handler_failed(job, &error, &mut step),
            (task, Ok((outcome, actions))) => {
                for action in actions {
                    self.apply(job, action, last_ping, &mut step);
                }
                self.answer(job, outcome, &mut step);
                if matches!(task, Task::StorageUpdated) {
                    self.document.storage_updated_ended(true, &mut step);
                }
            }
        }
        step.jobs.extend(self.jobs.next(job.current.connection));
        self.end(step)
    }

    /// Applies an action of a handler.
    fn apply(&mut self, job: &Job, action: Action, last_ping: LastPing<'_>, step: &mut Step) {
        let connections = &self.members.connections;
        let (sender, origin) = (job.current.connection, &job.current.origin);
        match action {
            Action::Broadcast(output) => step.broadcast_text(connections.listeners(), output.into_frame(origin)),
            Action::BroadcastOthers(output) => {
                let mut others = connections.listeners();
                others.retain(|other| *other != sender);
                step.broadcast_text(others, output.into_frame(origin));
            }
            Action::Send(session, output) => {
                // Most often it is the job's own.
                let receiver = match *session == **origin.id() {
                    true => Some(sender),
                    false => connections.by_session(&session).map(|connection| connection.id),
                };
                if let Some(receiver) = receiver.filter(|receiver| connections.listens(*receiver)) {
                    step.send_text(receiver, output.into_frame(origin));
                }
            }
            Action::SetPresence(presence) => {
                let presence = Presence { changed: Some(step.now), ..presence };
                self.members.set_presence(sender, &job.user_key, presence, step);
            }
            Action::Evict(evict) => drop(self.evict(&evict, step)),
            Action::Edit(change) => match self.document.change(change, job.author(), connections, step) {
                Ok(()) => {}
                Err(StoreError::Failed(reason)) => self.handler_failed(job, &Error::internal(reason), step),
                Err(error) => self.handler_failed(job, &Error::client(error.to_string()), step),
            },
            Action::CheckIdle => self.check_idle(last_ping, step),
        }
    }

    /// Sends the answer of a procedure, or relays an event without a handler.
    fn answer(&self, job: &Job, outcome: Outcome, step: &mut Step) {
        let (connections, origin) = (&self.members.connections, &job.current.origin);
        match (outcome, &job.task) {
            (Outcome::Answer { name, data }, _) => {
                if let Some(connection) = connections.get(job.current.connection) {
                    step.send_text(connection.id, frame_with_id(name, &data, job.current.request.as_deref(), origin));
                }
            }
            (Outcome::Unhandled, Task::Event { data }) if self.definition.relay_unknown => {
                step.broadcast_text(connections.listeners(), frame(job.current.name(), data, origin));
            }
            (Outcome::Unhandled, Task::Event { .. }) => {
                let known: Vec<_> = self.definition.events.iter().map(|name| format!("`{name}`")).collect();
                let hint = match known.is_empty() {
                    true => "it takes no events".to_owned(),
                    false => format!("it takes {}", known.join(", ")),
                };
                let error = Error::client(format!("this room has no event `{}`: {hint}", job.current.name()));
                self.handler_failed(job, &error, step);
            }
            _ => {}
        }
    }

    fn handler_failed(&self, job: &Job, error: &Error, step: &mut Step) {
        if error.is_internal() {
            self.log_failure(job, error, step);
        }
        if let Some(connection) = self.members.connections.get(job.current.connection) {
            step.send_error(connection, job.current.request.as_deref(), error.client_message());
        }
    }

    fn log_failure(&self, job: &Job, error: &Error, step: &mut Step) {
        let session = job.current.origin.id();
        let message = format!("room `{}`, session `{session}`, `{}`: {error}", self.name, job.current.name());
        step.effect(Effect::LogError(message));
    }

    fn log_ended(&self, job: &Job, failed: bool, step: &mut Step) {
        let (session, millis) = (&**job.current.origin.id(), step.now.saturating_sub(job.received));
        step.log_event(|| match &job.task {
            Task::Event { .. } => {
                let name = self.definition.events.iter().copied().find(|known| *known == job.current.name());
                LogEntry::Event { session, name, millis, failed }
            }
            _ => LogEntry::Hook { session, name: job.current.name().to_owned(), millis, failed },
        });
    }

    /// `on_room_deleted` has ended, which was given this version of the document.
    fn room_deleted_ended(&mut self, version: u64, result: Result<(), Error>, step: &mut Step) {
        if !self.document.room_deleted_ended(version, self.members.connections.is_empty()) {
            return;
        }
        self.evict(&Evict::all().reason("the room was deleted"), step);
        self.document.delete(version, result, step);
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
                self.evict(&Evict::all().reason("the room was deleted"), &mut step);
                let deletion = self.document.request_deletion(&self.members.connections, &mut step);
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
        let connections = &self.members.connections;
        // Earlier edits are stored before it.
        self.document.flush(connections, step);
        let update = self.document.get()?.validate(update).map_err(|error| AdminError::Invalid(error.to_string()))?;
        if let Some(update) = update {
            let origin = Rc::new(Origin::new(&self.name, WORKER.into(), "null"));
            let author = Author { origin, user: "null".into(), protocol: Protocol::Pluv };
            self.document.store(&update, &author, connections, step)?;
            // The hook's context has a user, which the worker can't be where the room knows users.
            if (self.definition.types.user)("null").is_ok() {
                self.document.changed(&author, step);
            }
        }
        Ok(Vec::new())
    }
}
