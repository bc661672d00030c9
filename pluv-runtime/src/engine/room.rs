//! A room without its platform: inputs carry the time, outputs are effects.

use std::{any::Any, rc::Rc};

use super::{
    Limits,
    admin::{AdminError, AdminReply, AdminRequest, AdminResponse, SessionInfo, json},
    attachment::SqlSessionStore,
    close::{CloseReason, Evict, Refusal, Whom},
    connection::{Admission, Author, Connection, ConnectionId, Stage},
    definition::{Definition, Presence, Typed},
    document::{JoinSnapshot, RoomDocument},
    initial_storage::{InitialStorage, NextStep, PendingJoin},
    job::{Action, Background, Job, JobKind, JobQueue, Outcome},
    membership::{Departed, Membership},
    state::RoomState,
    step::{Effect, Input, LastPing, LogEntry, Step},
    tasks::Tasks,
    ticks::Ticks,
    timers::{HOOK_TIMEOUT, Timer, Timers},
};
use crate::{
    document::{Document, StoreError, Usage},
    error::{Error, INTERNAL},
    protocol::{
        self, Incoming, InitializeSession, Millis, Origin, Output, Protocol, decode, document_frame, frame,
        frame_with_id, yjs,
    },
    sql::Database,
};

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
    state: RoomState,
    pub(crate) tasks: Tasks,
    ticks: Ticks,
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
        database: Database,
    ) -> Result<Self, Error> {
        let name: Rc<str> = name.into();
        let limits = definition.limits;
        let sessions = Box::new(SqlSessionStore(database.clone()));
        Ok(Self {
            members: Membership::new(Rc::clone(&name), definition.types, limits, sessions)?,
            message_limit: limits.message_bytes(document.is_some()),
            jobs: JobQueue::default(),
            document: RoomDocument::new(Rc::clone(&name), document, &definition),
            initial_storage: InitialStorage::default(),
            tasks: Tasks::new(Rc::clone(&name), &definition, database.clone()),
            ticks: Ticks::new(Rc::clone(&name), definition.ticks),
            state: RoomState::new(&definition, database),
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

    pub(crate) fn database(&self) -> Database {
        self.state.database.clone()
    }

    /// The state, as it is stored, in a room that has one.
    pub(crate) fn state(&self) -> Option<Rc<dyn Any>> {
        self.state.get()
    }

    /// The state that clients see, as it is stored, in a room that has one.
    pub(crate) fn shared(&self) -> Option<Rc<dyn Any>> {
        self.state.shared()
    }

    /// A job begins: migrations are applied and the state is read, once. Returns whether it is to run.
    ///
    /// # Errors
    /// Why tables or state are not as the code expects them.
    pub(crate) fn begin(&mut self, job: &Job) -> Result<bool, Error> {
        let is_there = match &job.kind {
            JobKind::Scheduled { id, .. } => self.tasks.begin(*id)?,
            JobKind::TaskFailed(task) => self.tasks.begin(task.id)?,
            _ => true,
        };
        if is_there {
            self.state.load()?;
        }
        Ok(is_there)
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
    pub(crate) fn wake(&mut self, mut step: Step) -> Step {
        step.log_event(|| LogEntry::Wake { connections: self.members.connections.len() });
        step.effect(Effect::AutoRespondToPings(!self.members.needs_pings()));
        if self.definition.hooks.on_wake {
            step.jobs.push(self.job(step.now, JobKind::Wake));
        }
        self.tasks.start_cron(&mut step);
        if !self.tasks.is_changed() {
            let (timer, due) = self.tasks.timer();
            self.timers.restore(timer, due);
        }
        self.end(step)
    }

    /// A job that no connection causes.
    pub(crate) fn job(&self, now: Millis, kind: JobKind) -> Job {
        Job::of_nobody(&self.name, now, kind)
    }

    /// A job for a user who has no connection for it: `session` is an id of its own.
    ///
    /// # Errors
    /// When the room can't read the user.
    pub(crate) fn job_of_user(
        &self,
        now: Millis,
        session: &str,
        user: &str,
        protocol: Protocol,
        kind: JobKind,
    ) -> Result<Job, String> {
        let typed = (self.definition.types.user)(user)?;
        let origin = Rc::new(Origin::new(&self.name, session.into(), user));
        let author = Author { origin, user: Rc::clone(&typed.json), protocol };
        let job = Job::of_room(&author, typed, now, kind);
        let presence = self.members.presence_of(&job.user_key);
        Ok(Job { presence: Some(presence), ..job })
    }

    /// Whether the hook `connect` decides who may enter.
    pub(crate) fn has_connect_hook(&self) -> bool {
        self.definition.hooks.on_connect
    }

    /// Whether clients can call a procedure or send an event of this name.
    pub(crate) fn has_event(&self, name: &str) -> bool {
        self.definition.events.contains(&name)
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
            self.tasks.start_cron(&mut step);
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
                self.tasks.run_due(&mut step);
                if is_loaded {
                    self.document.run_hooks(&self.members.connections, &mut step);
                }
            }
            Input::AlarmRead { alarm } => self.timers.alarm_read(now, alarm, self.definition.limits.idle),
            Input::AlarmFailed => self.timers.forget_alarm(),
            Input::Tick { tick } => self.ticks.run(tick, &mut step),
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
        self.ticks.update(self.members.connections.is_empty(), &mut step);
        self.update_timers();
        if self.timers.is_changed() {
            // The alarm is for the rows of tasks and of the document's hooks too.
            self.document.load_hooks(&mut step);
            self.tasks.load(&mut step);
            self.update_timers();
            let idle = (!self.members.connections.is_empty()).then_some(self.definition.limits.idle);
            self.timers.update_alarm(idle, &mut step);
        }
        step
    }

    fn update_timers(&mut self) {
        self.timers.update(self.document.timers().into_iter().chain([self.tasks.timer(), self.ticks.timer()]));
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
            protocol::GET_SHARED if self.definition.shared.is_some() => {
                self.members.connections.get(id).map_or(Ok(()), Connection::check_joined)?;
                self.send_shared(id, step);
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
            let job = Job::hook(&connection, step.now, JobKind::UserDisconnected);
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
    fn check_reader(&mut self, id: ConnectionId, last_ping: LastPing<'_>, step: &mut Step) {
        let Some(connection) = self.members.connections.get_mut(id) else { return };
        if !connection.reads(last_ping(id)) {
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
                    let job = Job::hook(connection, step.now, JobKind::InitialStorage { attempt });
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
        if let Err(error) =
            answer.and_then(|update| self.document.begin(update, &job.author(), &self.members.connections, step))
        {
            if error.is_internal() {
                step.effect(Effect::LogError(job.current.failure(&error)));
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
                self.send_shared(id, step);
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

    /// Sends the whole state that clients see to one of them.
    fn send_shared(&mut self, id: ConnectionId, step: &mut Step) {
        match self.state.whole_shared() {
            Ok(Some(message)) => {
                step.send_text(id, shared_output(&message).into_frame(&Origin::nobody(&self.name)));
            }
            Ok(None) => {}
            Err(error) => {
                step.log_error(&error);
                self.close(id, &CloseReason::Unavailable(INTERNAL.to_owned()), step);
            }
        }
    }

    fn joined(&mut self, id: ConnectionId, step: &mut Step) {
        if self.definition.hooks.on_user_connected
            && let Some(connection) = self.members.connections.get(id)
        {
            step.jobs.extend(self.jobs.push(Job::hook(connection, step.now, JobKind::UserConnected)));
        }
    }

    // Handlers.

    /// A handler ended, and its actions were stored or rolled back: what is left of them is applied.
    pub(crate) fn handler_ended(
        &mut self,
        now: Millis,
        last_ping: LastPing<'_>,
        job: &Job,
        result: Result<(Outcome, Vec<Action>), Error>,
    ) -> Step {
        let mut step = self.step(now);
        step.log_event(|| job.log_entry(&self.definition.events, now, result.is_err()));
        match (&job.kind, result) {
            (JobKind::InitialStorage { attempt }, result) => {
                let answer = result.map(|(outcome, _)| match outcome {
                    Outcome::InitialStorage(update) => update,
                    _ => None,
                });
                self.initial_storage_ended(job, *attempt, answer, &mut step);
            }
            (JobKind::RoomDeleted { version, .. }, result) => {
                self.room_deleted_ended(*version, result.map(drop), &mut step);
            }
            (JobKind::StorageUpdated, stored) => {
                let result = self.end_transaction(job, stored, last_ping, &mut step);
                result
                    .as_ref()
                    .err()
                    .into_iter()
                    .for_each(|error| step.effect(Effect::LogError(job.current.failure(error))));
                self.document.storage_updated_ended(result.is_ok(), &mut step);
            }
            (JobKind::Scheduled { id, .. }, stored) => {
                if let Err(error) = self.end_transaction(job, stored, last_ping, &mut step) {
                    step.effect(Effect::LogError(job.current.failure(&error)));
                    self.tasks.failed(*id, &error.to_string(), error.is_permanent(), &mut step);
                }
            }
            (JobKind::TaskFailed(task), stored) => match self.end_transaction(job, stored, last_ping, &mut step) {
                Ok(()) => self.tasks.reported(task.id, &mut step),
                Err(error) => {
                    step.effect(Effect::LogError(job.current.failure(&error)));
                    self.tasks.failed(task.id, &task.error, false, &mut step);
                }
            },
            (JobKind::Tick { tick, .. }, stored) => {
                let result = self.end_transaction(job, stored, last_ping, &mut step);
                if let (true, Err(error)) = (self.ticks.ended(*tick, result.is_err()), result) {
                    step.effect(Effect::LogError(job.current.failure(&error)));
                }
            }
            (_, stored) => {
                if let Err(error) = self.end_transaction(job, stored, last_ping, &mut step) {
                    self.handler_failed(job, &error, &mut step);
                }
            }
        }
        step.jobs.extend(self.jobs.next(job.current.connection));
        self.end(step)
    }

    /// Stores what a handler changes, in its transaction. Returns the actions that are left, which can't fail.
    ///
    /// # Errors
    /// Why it can't be stored: then the transaction has to be rolled back.
    pub(crate) fn store(&mut self, now: Millis, job: &Job, actions: Vec<Action>) -> Result<Vec<Action>, Error> {
        let (mut left, mut state, mut shared) = (Vec::with_capacity(actions.len()), None, None);
        for action in actions {
            match action {
                Action::Edit(change) => {
                    let mut step = self.step(now);
                    let connections = &self.members.connections;
                    self.document.change(change, job.author(), connections, &mut step).map_err(
                        |error| match error {
                            StoreError::Failed(reason) => Error::internal(reason),
                            error => Error::client(error.to_string()),
                        },
                    )?;
                    left.push(Action::SendEdit(Box::new(step)));
                }
                // The last one has the changes of those before it.
                Action::SetState(value) => state = Some(value),
                Action::SetShared(value) => shared = Some(value),
                Action::EndTask(id) => self.tasks.succeeded(now, id)?,
                action => left.push(action),
            }
        }
        state.map_or(Ok(()), |value| self.state.store(value))?;
        if let Some(message) = shared.map_or(Ok(None), |value| self.state.store_shared(value))? {
            // Clients are told before what else the handler sends, as that may speak of it.
            left.insert(0, Action::Broadcast(shared_output(&message)));
        }
        Ok(left)
    }

    /// The transaction of a handler that still runs was committed or rolled back.
    pub(crate) fn committed(
        &mut self,
        now: Millis,
        last_ping: LastPing<'_>,
        job: &Job,
        stored: Result<(Outcome, Vec<Action>), Error>,
    ) -> (Step, Result<(), Error>) {
        let mut step = self.step(now);
        let result = self.end_transaction(job, stored, last_ping, &mut step);
        (self.end(step), result)
    }

    /// Applies what is left of a handler's actions once they are stored. If they are not, the room is as before.
    fn end_transaction(
        &mut self,
        job: &Job,
        stored: Result<(Outcome, Vec<Action>), Error>,
        last_ping: LastPing<'_>,
        step: &mut Step,
    ) -> Result<(), Error> {
        if self.state.end_transaction(stored.is_ok())
            && let Ok(Some(message)) = self.state.whole_shared()
        {
            let frame = shared_output(&message).into_frame(&job.current.origin);
            step.broadcast_text(self.members.connections.listeners(), frame);
        }
        self.tasks.end_transaction(stored.is_ok());
        self.document.end_transaction(stored.is_ok(), &self.members.connections, step);
        let (outcome, actions) = stored?;
        for action in actions {
            self.apply(job, action, last_ping, step);
        }
        self.answer(job, outcome, step);
        Ok(())
    }

    /// Applies an action of a handler, once all that it stores is stored.
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
            Action::SendEdit(edit) => step.absorb(*edit),
            Action::WaitUntil(work) => step.background.push(Background { cause: job.current.clone(), future: work }),
            Action::Edit(_) | Action::SetState(_) | Action::SetShared(_) | Action::EndTask(_) => {}
            Action::CheckIdle => self.check_idle(last_ping, step),
        }
    }

    /// Sends the answer of a procedure, or relays an event without a handler.
    fn answer(&self, job: &Job, outcome: Outcome, step: &mut Step) {
        let (connections, origin) = (&self.members.connections, &job.current.origin);
        match (outcome, &job.kind) {
            (Outcome::Answer { name, data }, _) => {
                if let Some(connection) = connections.get(job.current.connection) {
                    step.send_text(connection.id, frame_with_id(name, &data, job.current.request.as_deref(), origin));
                }
            }
            (Outcome::Unhandled, JobKind::Event { data }) if self.definition.relay_unknown => {
                step.broadcast_text(connections.listeners(), frame(job.current.name(), data, origin));
            }
            (Outcome::Unhandled, JobKind::Event { .. }) => {
                let error = self.definition.unknown_event(job.current.name());
                self.handler_failed(job, &error, step);
            }
            _ => {}
        }
    }

    fn handler_failed(&self, job: &Job, error: &Error, step: &mut Step) {
        if error.is_internal() {
            step.effect(Effect::LogError(job.current.failure(error)));
        }
        if let Some(connection) = self.members.connections.get(job.current.connection) {
            step.send_error(connection, job.current.request.as_deref(), error.client_message());
        }
    }

    /// `on_room_deleted` has ended, which was given this version of the document.
    fn room_deleted_ended(&mut self, version: u64, result: Result<(), Error>, step: &mut Step) {
        if !self.document.room_deleted_ended(version, self.members.connections.is_empty()) {
            return;
        }
        self.evict(&Evict::all().reason("the room was deleted"), step);
        if self.document.delete(version, result, &mut self.state, step) {
            self.tasks.cleared();
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
            AdminRequest::Sessions => json(&self.sessions().filter_map(SessionInfo::of).collect::<Vec<_>>()),
            AdminRequest::Size => json(&self.members.connections.len()),
            AdminRequest::Evict(evict) => json(&self.evict(&evict, &mut step)),
            AdminRequest::Storage => {
                self.document.get().and_then(|document| document.encode_full(now)).map_err(AdminError::from)
            }
            AdminRequest::UpdateStorage => self.update_by_worker(argument, &mut step),
            AdminRequest::Delete => {
                self.evict(&Evict::all().reason("the room was deleted"), &mut step);
                let deletion = self.document.request_deletion(&self.members.connections, &mut step);
                match deletion {
                    Some(response) => return (self.end(step), AdminReply::Pending(response)),
                    // There is no document to wait for.
                    None => {
                        let cleared = self.state.clear();
                        cleared.map(|()| self.tasks.cleared()).map(|()| Vec::new()).map_err(AdminError::from)
                    }
                }
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

    /// Stores an update, and sends it to everyone.
    fn update_by_worker(&mut self, update: Vec<u8>, step: &mut Step) -> AdminResponse {
        let connections = &self.members.connections;
        // Earlier edits are stored before it.
        self.document.flush(connections, step);
        let update = self.document.get()?.validate(update).map_err(|error| AdminError::Invalid(error.to_string()))?;
        if let Some(update) = update {
            let author = Author::worker(&self.name);
            self.document.store(&update, &author, connections, step)?;
            self.document.changed(&author, step);
        }
        Ok(Vec::new())
    }
}

/// The message with the state that clients see, or its changes, which is JSON.
fn shared_output(data: &str) -> Output {
    Output::from_head(format!(r#"{{"type":"{}","data":{data}"#, protocol::SHARED))
}
