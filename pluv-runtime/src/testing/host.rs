//! A room on a simulated platform: its inputs are method calls, and its outputs are recorded.

use std::{
    cell::{Cell, RefCell, RefMut},
    fmt,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use serde_json::value::RawValue;

use super::{
    database::Database,
    platform::{Platform, PlatformHost, Socket, SocketId},
    thread_waker::ThreadWaker,
};
use crate::{
    api::{Handlers, definition},
    auth::Access,
    bindings::Bindings,
    document::Storage as _,
    engine::{
        AdminReply, AdminRequest, AdminResponse, Admission, Call, CloseReason, ConnectionId, Dispatcher, Input, Limits,
        Pending, Room, Upgrade,
    },
    protocol::{Millis, PING_FRAME, Protocol, RESTARTED},
};

/// The limit of polls of handlers that wake themselves, before other inputs are handled.
const MAX_ROUNDS: u32 = 1_000;

type RoomDispatcher<R> = Rc<Dispatcher<R, PlatformHost>>;

/// A room and the platform below it.
pub(crate) struct TestHost<R> {
    name: Rc<str>,
    limits: Limits,
    make: Box<dyn Fn() -> R>,
    dispatcher: RoomDispatcher<R>,
    pub(crate) database: Database,
    running: Vec<Pending>,
    waker: Arc<ThreadWaker>,
    /// Whether the room hibernates before each input, unless a handler is pending.
    pub(crate) hibernates: bool,
    /// Whether the test completes commits and yields.
    pub(crate) holds_commits: bool,
    /// Time that passes before each input, in milliseconds.
    pub(crate) pace: Millis,
    /// The number of sessions so far.
    sessions: u32,
}

impl<R: Handlers> TestHost<R> {
    /// Makes an empty room at this time. `make` creates its handlers at each wake.
    pub(crate) fn new(name: &str, now: Millis, limits: Limits, make: impl Fn() -> R + 'static) -> Self {
        let database = Database::new();
        let bindings = Rc::new(Bindings { env: super::env(), state: None });
        let (platform, clock) = (Rc::default(), Rc::new(Cell::new(now)));
        let host = PlatformHost { platform, database: database.clone(), clock, bindings };
        Self {
            name: name.into(),
            limits,
            dispatcher: dispatcher(name, limits, host, make()),
            make: Box::new(make),
            database,
            running: Vec::new(),
            waker: ThreadWaker::new(),
            hibernates: false,
            holds_commits: false,
            pace: 0,
            sessions: 0,
        }
    }

    /// Advances the clock by `pace`, and lets the room hibernate if it should.
    fn before_input(&mut self) {
        self.set_now(self.now() + self.pace);
        if self.hibernates && self.may_hibernate() {
            self.hibernate();
        }
    }

    /// Returns whether nothing prevents hibernation.
    pub(crate) fn may_hibernate(&self) -> bool {
        self.running.is_empty() && !self.is_committing() && !self.is_yielding() && self.platform().ticks.is_empty()
    }

    /// Returns whether a handler or hook is pending.
    pub(crate) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// Drops the room, and rebuilds it with the open sockets.
    pub(crate) fn hibernate(&mut self) {
        let needed_pings = self.needs_pings();
        let closed = self.rebuild();
        assert_eq!(closed, 0, "connections survive hibernation");
        assert!(needed_pings || !self.needs_pings(), "no connection becomes suspicious in hibernation");
    }

    /// Rebuilds the room, and returns the number of connections that it could not restore.
    fn rebuild(&mut self) -> usize {
        let host = self.dispatcher.host.clone();
        self.dispatcher = dispatcher(&self.name, self.limits, host, (self.make)());
        let mut room = self.dispatcher.room.borrow_mut();
        let mut step = room.step(self.now());
        let mut closed = 0;
        {
            let mut platform = self.platform();
            let Platform { sockets, known, .. } = &mut *platform;
            known.clear();
            for (id, socket) in sockets.iter_mut().filter(|(_, socket)| socket.is_open()) {
                match room.restore(&socket.attachment, &mut step) {
                    Some(connection) => {
                        assert_eq!(connection, socket.connection, "a connection keeps its number");
                        known.insert(connection, *id);
                    }
                    None => {
                        socket.close(RESTARTED, "the room restarted");
                        closed += 1;
                    }
                }
            }
        }
        drop(room);
        let pending = self.dispatcher.wake(step);
        self.run(pending);
        closed
    }

    /// Loses the room's memory and pending handlers, as a panic does. Sockets stay open, unless a handler or edit of theirs is
    /// pending.
    pub(crate) fn lose_memory(&mut self) {
        let running = std::mem::take(&mut self.running);
        {
            let mut platform = self.platform();
            let Platform { sockets, known, pending_edits, .. } = &mut *platform;
            let running = running.into_iter().flat_map(|pending| pending.connections);
            for id in pending_edits.iter().copied().chain(running).filter_map(|connection| known.get(&connection)) {
                sockets.get_mut(id).expect("a known socket exists").close(RESTARTED, "the room restarted");
            }
            pending_edits.clear();
            platform.timeout = None;
            (platform.is_committing, platform.is_yielding) = (false, false);
            platform.reads_alarm = false;
            platform.ticks.clear();
            platform.sleepers.clear();
        }
        self.rebuild();
    }

    /// Loses the room with every connection. Stored data and the alarm stay.
    pub(crate) fn crash(&mut self) {
        self.running.clear();
        self.database.reopen();
        let host = self.dispatcher.host.clone();
        let platform = host.platform.take();
        host.platform.replace(platform.after_crash());
        self.dispatcher = dispatcher(&self.name, self.limits, host, (self.make)());
    }

    /// Returns whether the host has crashed in a call to its storage.
    pub(crate) fn has_crashed(&self) -> bool {
        self.database.is_dead()
    }

    /// Passes an input to the room, and polls handlers until all are pending.
    pub(crate) fn input(&mut self, input: Input<'_>) {
        let pending = self.dispatcher.input(input);
        self.run(pending);
    }

    fn run(&mut self, pending: Option<Pending>) {
        if let Some(mut pending) = pending {
            let waker = Waker::from(Arc::clone(&self.waker));
            // It is polled before other handlers that it wakes.
            if pending.poll(&mut Context::from_waker(&waker)).is_pending() {
                self.running.push(pending);
            }
        }
        self.poll();
    }

    /// Polls handlers and hooks until all are pending.
    pub(crate) fn poll(&mut self) {
        let waker = Waker::from(Arc::clone(&self.waker));
        let mut cx = Context::from_waker(&waker);
        for _ in 0..MAX_ROUNDS {
            self.waker.clear();
            let spawned = std::mem::take(&mut self.platform().spawned);
            self.running.extend(spawned);
            self.running.retain_mut(|pending| pending.poll(&mut cx).is_pending());
            while self.answer_alarm() {}
            while !self.holds_commits && (self.is_committing() || self.is_yielding()) {
                if self.is_yielding() { self.end_turn() } else { self.commit() }
            }
            if !self.waker.is_woken() && self.platform().spawned.is_empty() {
                return;
            }
        }
    }

    /// Answers the room's request for its alarm, and returns whether there was one.
    fn answer_alarm(&mut self) -> bool {
        let (reads_alarm, alarm) = {
            let mut platform = self.platform();
            (std::mem::take(&mut platform.reads_alarm), platform.alarm)
        };
        if reads_alarm {
            self.input(Input::AlarmRead { alarm });
        }
        reads_alarm
    }

    /// Blocks this thread until a handler is woken.
    pub(crate) fn block(&self) {
        self.waker.wait();
    }

    /// Returns whether the room waits for a commit.
    pub(crate) fn is_committing(&self) -> bool {
        self.platform().is_committing
    }

    /// Completes the commit.
    pub(crate) fn commit(&mut self) {
        self.platform().is_committing = false;
        self.input(Input::Committed);
    }

    /// Returns whether the room yields to the event loop.
    pub(crate) fn is_yielding(&self) -> bool {
        self.platform().is_yielding
    }

    /// Completes the yield to the event loop.
    pub(crate) fn end_turn(&mut self) {
        self.platform().is_yielding = false;
        self.input(Input::Yielded);
    }

    /// Returns the time when the pending hook times out.
    pub(crate) fn timeout(&self) -> Option<Millis> {
        self.platform().timeout
    }

    /// Returns the time when the next tick or sleeping handler is due.
    pub(crate) fn next_timer(&self) -> Option<Millis> {
        self.platform().next_timer()
    }

    /// Wakes the handlers that have slept for long enough, and runs the ticks that are due.
    pub(crate) fn run_timers(&mut self) {
        let now = self.now();
        let (ticks, sleepers) = {
            let mut platform = self.platform();
            let due: Vec<_> = platform.ticks.iter_mut().filter(|(_, (due, _))| *due <= now).collect();
            let ticks: Vec<_> = due
                .into_iter()
                .map(|(tick, (due, every))| {
                    *due += *every;
                    *tick
                })
                .collect();
            (ticks, platform.sleepers.extract_if(.., |(due, _)| *due <= now).collect::<Vec<_>>())
        };
        for (_, sleeper) in sleepers {
            // It may have been dropped.
            let _ = sleeper.send(());
        }
        ticks.into_iter().for_each(|tick| self.input(Input::Tick { tick }));
        self.poll();
    }

    /// Lets the pending hook time out.
    pub(crate) fn time_out(&mut self) {
        assert!(self.platform().timeout.take().is_some(), "a hook is pending");
        self.input(Input::HookTimeout);
    }

    fn platform(&self) -> RefMut<'_, Platform> {
        self.dispatcher.host.platform.borrow_mut()
    }

    pub(crate) fn now(&self) -> Millis {
        self.dispatcher.host.clock.get()
    }

    pub(crate) fn set_now(&mut self, now: Millis) {
        self.dispatcher.host.clock.set(now);
    }

    /// Returns the time of the alarm.
    pub(crate) fn alarm(&self) -> Option<Millis> {
        self.platform().alarm
    }

    /// Fires the alarm, whether or not it is set.
    pub(crate) fn fire_alarm(&mut self) {
        if self.hibernates && self.may_hibernate() {
            self.hibernate();
        }
        self.platform().alarm = None;
        self.input(Input::Alarm);
    }

    /// Returns whether pings reach the room.
    pub(crate) fn needs_pings(&self) -> bool {
        self.platform().needs_pings
    }

    /// Lets a client ping. The platform answers in place of the room, unless the room needs the pings.
    pub(crate) fn ping(&mut self, id: SocketId) {
        if self.needs_pings() {
            return self.text(id, PING_FRAME);
        }
        let now = self.now();
        if let Some(socket) = self.platform().sockets.get_mut(&id) {
            socket.pinged = Some(now);
        }
    }

    /// Connects a client; its user is JSON, or none in a room without users.
    ///
    /// # Errors
    /// With the reason, if the room rejects it.
    pub(crate) fn connect(
        &mut self,
        protocol: Protocol,
        user: Option<Box<RawValue>>,
        access: Access,
        upgrade: Option<Upgrade>,
    ) -> Result<SocketId, CloseReason> {
        self.before_input();
        let session = format!("s{}", self.sessions + 1);
        let admission = Admission { session, user, access, protocol, upgrade };
        let (id, platform) = (SocketId(self.sessions + 1), Rc::clone(&self.dispatcher.host.platform));
        let waker = Waker::from(Arc::clone(&self.waker));
        let dispatcher = Rc::clone(&self.dispatcher);
        match pin!(dispatcher.run_connect_hook(&admission)).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(admitted) => admitted?,
            Poll::Pending => panic!("the hook `connect` waits, which a native test can't"),
        }
        let pending = self.dispatcher.connect(&admission, |connection| {
            platform.borrow_mut().insert(id, Socket::new(connection, protocol));
            Ok(())
        })?;
        self.sessions += 1;
        self.run(pending);
        Ok(id)
    }

    /// Returns the connection of an open socket.
    pub(crate) fn connection(&self, id: SocketId) -> Option<ConnectionId> {
        let platform = self.platform();
        let connection = platform.sockets.get(&id)?.connection;
        (platform.known.get(&connection) == Some(&id)).then_some(connection)
    }

    /// Sends a text frame of a client.
    pub(crate) fn text(&mut self, id: SocketId, text: &str) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        self.input(Input::Text { connection, text });
    }

    /// Sends a binary frame of a client.
    pub(crate) fn binary(&mut self, id: SocketId, frame: &[u8]) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        self.input(Input::Binary { connection, frame: frame.to_vec() });
    }

    /// Closes a connection. If the room hibernates meanwhile, its socket is not restored.
    pub(crate) fn close(&mut self, id: SocketId) {
        self.hang_up(id);
        self.before_input();
        let known = self.connection(id);
        let Some(socket) = self.platform().sockets.remove(&id) else { return };
        match known {
            Some(connection) => {
                self.platform().known.remove(&connection);
                self.input(Input::Closed { connection });
            }
            None => self.input(Input::ClosedAsleep { attachment: &socket.attachment }),
        }
    }

    /// Drops a client before the room notices.
    pub(crate) fn hang_up(&mut self, id: SocketId) {
        if let Some(socket) = self.platform().sockets.get_mut(&id) {
            socket.is_gone = true;
        }
    }

    /// Makes a request of the worker. A deletion whose hook is pending counts as done.
    pub(crate) fn admin(&mut self, request: AdminRequest, argument: &[u8]) -> AdminResponse {
        match self.start_admin(request, argument) {
            AdminReply::Ready(response) => response,
            AdminReply::Pending(mut response) => response.try_recv().ok().flatten().unwrap_or(Ok(Vec::new())),
        }
    }

    /// Makes a request of the worker, whose response may be pending.
    pub(crate) fn start_admin(&mut self, request: AdminRequest, argument: &[u8]) -> AdminReply {
        self.before_input();
        let (pending, reply) = self.dispatcher.admin(request, argument.to_vec());
        self.run(pending);
        reply
    }

    /// Calls a procedure. A handler that waits is polled until it has ended.
    pub(crate) fn call(&mut self, call: Call, input: Vec<u8>) -> AdminResponse {
        self.before_input();
        let waker = Waker::from(Arc::clone(&self.waker));
        let dispatcher = Rc::clone(&self.dispatcher);
        let mut response = pin!(dispatcher.call(call, input));
        loop {
            if let Poll::Ready(response) = response.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.poll();
                return response;
            }
            self.poll();
            self.block();
        }
    }

    /// Takes the next text frame of a client.
    pub(crate) fn read(&self, id: SocketId) -> Option<Rc<str>> {
        self.platform().sockets.get_mut(&id)?.texts.pop_front()
    }

    /// Returns the code and reason with which the room closed a connection.
    pub(crate) fn closed(&self, id: SocketId) -> Option<(u16, String)> {
        self.platform().sockets.get(&id)?.closed.clone()
    }

    /// Takes the lines of the log.
    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.platform().log)
    }

    /// Takes the lines of the event log, as JSON.
    pub(crate) fn take_event_log(&self) -> Vec<String> {
        std::mem::take(&mut self.platform().event_log)
    }

    /// Returns the room.
    pub(crate) fn room(&self) -> &RefCell<Room> {
        &self.dispatcher.room
    }
}

#[cfg(test)]
impl<R: Handlers> TestHost<R> {
    /// Sets the alarm: a crash may lose one, and the platform repeats one that a crash interrupted.
    pub(crate) fn set_alarm(&mut self, due: Option<Millis>) {
        self.platform().alarm = due;
    }

    /// Forgets the last ping of a client.
    pub(crate) fn forget_ping(&mut self, id: SocketId) {
        if let Some(socket) = self.platform().sockets.get_mut(&id) {
            socket.pinged = None;
        }
    }

    /// Closes a connection while the room hibernates.
    pub(crate) fn close_asleep(&mut self, id: SocketId) {
        self.hang_up(id);
        self.hibernate();
        self.close(id);
    }

    /// Sends a frame of a client that is too long to be read.
    pub(crate) fn oversized(&mut self, id: SocketId, bytes: u64) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        self.input(Input::Oversized { connection, bytes });
    }

    /// Reports that much was sent to a client.
    pub(crate) fn unread(&mut self, id: SocketId) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        self.input(Input::SentMuch { connection });
    }

    /// Takes the next binary frame of a client.
    pub(crate) fn read_binary(&self, id: SocketId) -> Option<Rc<[u8]>> {
        self.platform().sockets.get_mut(&id)?.binaries.pop_front()
    }

    /// Drops all frames that clients have not taken.
    pub(crate) fn clear(&self) {
        for socket in self.platform().sockets.values_mut() {
            socket.texts.clear();
            socket.binaries.clear();
        }
    }

    /// Returns the number of sessions so far.
    pub(crate) fn sessions(&self) -> u32 {
        self.sessions
    }

    /// Returns the number of sessions that are stored as they exceed their attachments.
    pub(crate) fn stored_sessions(&self) -> usize {
        match self.database.tables().contains(&"pluv_session".to_owned()) {
            true => usize::try_from(self.database.number("SELECT COUNT(*) FROM pluv_session")).unwrap_or_default(),
            false => 0,
        }
    }
}

fn dispatcher<R: Handlers>(name: &str, limits: Limits, host: PlatformHost, handlers: R) -> RoomDispatcher<R> {
    let database = crate::sql::Database::from(host.database.clone());
    let limit = usize::try_from(limits.storage_bytes()).unwrap_or(usize::MAX);
    let document = <<R::Room as crate::Room>::Storage>::open(database.clone(), limit);
    let room = Room::new(name, definition::<R>(limits), document, database);
    let room = room.unwrap_or_else(|error| panic!("the room can't be started: {error}"));
    Dispatcher::new(room, handlers, host)
}

impl<R> fmt::Debug for TestHost<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHost")
            .field("name", &self.name)
            .field("now", &self.dispatcher.host.clock.get())
            .finish_non_exhaustive()
    }
}
