//! A room on a platform of plain values: its inputs are method calls, its outputs are kept.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
    task::{Context, Waker},
};

use serde_json::value::RawValue;

use super::{
    database::Database,
    platform::{Platform, PlatformHost, Socket, SocketId},
    wakes::Wakes,
};
use crate::{
    api::{Handlers, definition},
    auth::Access,
    document::Storage as _,
    engine::{
        AdminReply, AdminRequest, AdminResponse, Admission, CloseReason, ConnectionId, Dispatcher, Host as _, Input,
        Limits, Pending, Room, SqlSessionStore,
    },
    protocol::{Millis, PING_FRAME, Protocol, RESTARTED},
};

/// Rounds of handlers that wake themselves before other inputs have their turn.
const MAX_ROUNDS: u32 = 1_000;

type RoomDispatcher<R> = Rc<Dispatcher<R, PlatformHost>>;

/// A room and the platform below it.
pub(crate) struct TestHost<R> {
    name: Rc<str>,
    limits: Limits,
    make: Box<dyn Fn() -> R>,
    dispatcher: RoomDispatcher<R>,
    platform: Rc<RefCell<Platform>>,
    pub(crate) database: Database,
    clock: Rc<Cell<Millis>>,
    running: Vec<Pending>,
    wakes: Wakes,
    /// Whether the room hibernates before each input, where it may.
    pub(crate) hibernates: bool,
    /// Whether the test says when a commit or a turn of the event loop is done.
    pub(crate) holds_commits: bool,
    /// Time that passes before each input, in milliseconds.
    pub(crate) pace: Millis,
    /// Number of sessions so far.
    sessions: u32,
}

impl<R: Handlers> TestHost<R> {
    /// An empty room at this time, which `make` makes each time it wakes.
    pub(crate) fn new(name: &str, now: Millis, limits: Limits, make: impl Fn() -> R + 'static) -> Self {
        let database = Database::new();
        let host = PlatformHost { platform: Rc::default(), database: database.clone(), clock: Rc::new(Cell::new(now)) };
        Self {
            name: name.into(),
            limits,
            platform: Rc::clone(&host.platform),
            clock: Rc::clone(&host.clock),
            dispatcher: dispatcher(name, limits, host, make()),
            make: Box::new(make),
            database,
            running: Vec::new(),
            wakes: Wakes::default(),
            hibernates: false,
            holds_commits: false,
            pace: 0,
            sessions: 0,
        }
    }

    /// Time passes, and the room hibernates if it is to. With a handler that waits it does not.
    fn before_input(&mut self) {
        self.clock.set(self.clock.get() + self.pace);
        if self.hibernates && self.may_hibernate() {
            self.hibernate();
        }
    }

    /// Whether nothing keeps the room awake.
    pub(crate) fn may_hibernate(&self) -> bool {
        self.running.is_empty() && !self.is_committing() && !self.is_yielding()
    }

    /// Whether a handler or hook waits for something.
    pub(crate) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// Drops the room, and rebuilds it with the sockets that are open.
    pub(crate) fn hibernate(&mut self) {
        let needed_pings = self.needs_pings();
        let closed = self.rebuild();
        assert_eq!(closed, 0, "a connection outlasts hibernation");
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
            let mut platform = self.platform.borrow_mut();
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
        room.wake(&mut step);
        drop(room);
        step.effects.into_iter().for_each(|effect| drop(self.dispatcher.host.execute(effect)));
        closed
    }

    /// Loses what is in memory, as a panic does, and what runs. The sockets stay but for those that wait for something.
    pub(crate) fn lose_memory(&mut self) {
        {
            let mut platform = self.platform.borrow_mut();
            let Platform { sockets, known, pending_edits, .. } = &mut *platform;
            let running = self.running.drain(..).flat_map(|pending| pending.connections);
            for id in pending_edits.iter().copied().chain(running).filter_map(|connection| known.get(&connection)) {
                sockets.get_mut(id).expect("a known socket is there").close(RESTARTED, "the room restarted");
            }
            pending_edits.clear();
            platform.timeout = None;
            (platform.is_committing, platform.is_yielding) = (false, false);
            platform.reads_alarm = false;
        }
        self.rebuild();
    }

    /// Loses the room, and every connection with it. What is stored stays, as does the alarm.
    pub(crate) fn crash(&mut self) {
        self.running.clear();
        self.database.reopen();
        let platform = self.platform.take();
        self.platform.replace(platform.after_crash());
        let host = self.dispatcher.host.clone();
        self.dispatcher = dispatcher(&self.name, self.limits, host, (self.make)());
    }

    /// Whether the host has crashed in a call to its storage.
    pub(crate) fn has_crashed(&self) -> bool {
        self.database.is_dead()
    }

    /// Gives the room an input, and runs what follows until all of it waits for something.
    pub(crate) fn input(&mut self, input: Input<'_>) {
        let pending = self.dispatcher.input(input);
        self.run(pending);
    }

    fn run(&mut self, pending: Option<Pending>) {
        if let Some(mut pending) = pending {
            let waker = Waker::from(self.wakes.clone().into_inner());
            // What it does at once comes before what others do that it has woken.
            if pending.poll(&mut Context::from_waker(&waker)).is_pending() {
                self.running.push(pending);
            }
        }
        self.poll();
    }

    /// Lets handlers and hooks go on, as far as they can.
    pub(crate) fn poll(&mut self) {
        let waker = Waker::from(self.wakes.clone().into_inner());
        let mut cx = Context::from_waker(&waker);
        for _ in 0..MAX_ROUNDS {
            self.wakes.clear();
            self.running.retain_mut(|pending| pending.poll(&mut cx).is_pending());
            while self.answer_alarm() {}
            while !self.holds_commits && (self.is_committing() || self.is_yielding()) {
                if self.is_yielding() { self.end_turn() } else { self.commit() }
            }
            if !self.wakes.is_woken() {
                return;
            }
        }
    }

    /// Tells the room its alarm if it has asked, and returns whether it has.
    fn answer_alarm(&mut self) -> bool {
        let (reads_alarm, alarm) = {
            let mut platform = self.platform.borrow_mut();
            (std::mem::take(&mut platform.reads_alarm), platform.alarm)
        };
        if reads_alarm {
            self.input(Input::AlarmRead { alarm });
        }
        reads_alarm
    }

    /// Blocks this thread until a task may go on.
    pub(crate) fn block(&self) {
        self.wakes.wait();
    }

    /// Whether the room waits for what was stored to be safe.
    pub(crate) fn is_committing(&self) -> bool {
        self.platform.borrow().is_committing
    }

    /// What was stored is safe.
    pub(crate) fn commit(&mut self) {
        self.platform.borrow_mut().is_committing = false;
        self.input(Input::Committed);
    }

    /// Whether the room yields to the event loop.
    pub(crate) fn is_yielding(&self) -> bool {
        self.platform.borrow().is_yielding
    }

    /// The event loop had its turn.
    pub(crate) fn end_turn(&mut self) {
        self.platform.borrow_mut().is_yielding = false;
        self.input(Input::Yielded);
    }

    /// Time when the hook that runs times out.
    pub(crate) fn timeout(&self) -> Option<Millis> {
        self.platform.borrow().timeout
    }

    /// The hook that runs times out.
    pub(crate) fn time_out(&mut self) {
        assert!(self.platform.borrow_mut().timeout.take().is_some(), "a hook runs");
        self.input(Input::HookTimeout);
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.get()
    }

    /// It is this time.
    pub(crate) fn set_now(&mut self, now: Millis) {
        self.clock.set(now);
    }

    /// When the alarm is to come.
    pub(crate) fn alarm(&self) -> Option<Millis> {
        self.platform.borrow().alarm
    }

    /// The alarm fires, whether or not it is set.
    pub(crate) fn fire_alarm(&mut self) {
        if self.hibernates && self.may_hibernate() {
            self.hibernate();
        }
        self.platform.borrow_mut().alarm = None;
        self.input(Input::Alarm);
    }

    /// Whether pings reach the room.
    pub(crate) fn needs_pings(&self) -> bool {
        self.platform.borrow().needs_pings
    }

    /// A client pings. The platform answers in place of the room, unless the room needs the pings.
    pub(crate) fn ping(&mut self, id: SocketId) {
        if self.needs_pings() {
            return self.text(id, PING_FRAME);
        }
        let now = self.now();
        if let Some(socket) = self.platform.borrow_mut().sockets.get_mut(&id) {
            socket.pinged = Some(now);
        }
    }

    /// A client connects; its user is JSON, or none in a room without users.
    ///
    /// # Errors
    /// Why it is refused.
    pub(crate) fn connect(
        &mut self,
        protocol: Protocol,
        user: Option<Box<RawValue>>,
        access: Access,
    ) -> Result<SocketId, CloseReason> {
        self.before_input();
        let session = format!("s{}", self.sessions + 1);
        let admission = Admission { session, user, access, protocol };
        let (id, platform) = (SocketId(self.sessions + 1), Rc::clone(&self.platform));
        let pending = self.dispatcher.connect(&admission, |connection| {
            platform.borrow_mut().insert(id, Socket::new(connection, protocol));
            Ok(())
        })?;
        self.sessions += 1;
        self.run(pending);
        Ok(id)
    }

    /// The connection of an open socket.
    pub(crate) fn connection(&self, id: SocketId) -> Option<ConnectionId> {
        let platform = self.platform.borrow();
        let connection = platform.sockets.get(&id)?.connection;
        (platform.known.get(&connection) == Some(&id)).then_some(connection)
    }

    /// A client sends a text frame.
    pub(crate) fn text(&mut self, id: SocketId, text: &str) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        self.input(Input::Text { connection, text });
    }

    /// A client sends a binary frame.
    pub(crate) fn binary(&mut self, id: SocketId, frame: &[u8]) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        self.input(Input::Binary { connection, frame: frame.to_vec() });
    }

    /// A connection closes. If the room hibernates meanwhile, its socket is not among those that are restored.
    pub(crate) fn close(&mut self, id: SocketId) {
        self.hang_up(id);
        self.before_input();
        let known = self.connection(id);
        let Some(socket) = self.platform.borrow_mut().sockets.remove(&id) else { return };
        match known {
            Some(connection) => {
                self.platform.borrow_mut().known.remove(&connection);
                self.input(Input::Closed { connection });
            }
            None => self.input(Input::ClosedAsleep { attachment: &socket.attachment }),
        }
    }

    /// A client is gone, and the room does not know yet.
    pub(crate) fn hang_up(&mut self, id: SocketId) {
        if let Some(socket) = self.platform.borrow_mut().sockets.get_mut(&id) {
            socket.is_gone = true;
        }
    }

    /// The worker makes a request. A deletion whose hook waits for something counts as done.
    pub(crate) fn admin(&mut self, request: AdminRequest, argument: &[u8]) -> AdminResponse {
        match self.start_admin(request, argument) {
            AdminReply::Ready(response) => response,
            AdminReply::Pending(mut response) => response.try_recv().ok().flatten().unwrap_or(Ok(Vec::new())),
        }
    }

    /// The worker makes a request, whose response may come later.
    pub(crate) fn start_admin(&mut self, request: AdminRequest, argument: &[u8]) -> AdminReply {
        self.before_input();
        let (pending, reply) = self.dispatcher.admin(request, argument.to_vec());
        self.run(pending);
        reply
    }

    /// The next text frame that a client has not read.
    pub(crate) fn read(&self, id: SocketId) -> Option<Rc<str>> {
        self.platform.borrow_mut().sockets.get_mut(&id)?.texts.pop_front()
    }

    /// The code and reason that the room has closed a connection with.
    pub(crate) fn closed(&self, id: SocketId) -> Option<(u16, String)> {
        self.platform.borrow().sockets.get(&id)?.closed.clone()
    }

    /// Lines of the log since the last call.
    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.platform.borrow_mut().log)
    }

    /// Lines of the event log since the last call, as JSON.
    pub(crate) fn take_event_log(&self) -> Vec<String> {
        std::mem::take(&mut self.platform.borrow_mut().event_log)
    }

    /// The room itself.
    pub(crate) fn room(&self) -> &RefCell<Room> {
        &self.dispatcher.room
    }
}

#[cfg(test)]
impl<R: Handlers> TestHost<R> {
    /// Sets the alarm in the room's place: a crash may lose one, and the platform repeats one that a crash interrupted.
    pub(crate) fn set_alarm(&mut self, due: Option<Millis>) {
        self.platform.borrow_mut().alarm = due;
    }

    /// The platform forgets when a client has pinged.
    pub(crate) fn forget_ping(&mut self, id: SocketId) {
        if let Some(socket) = self.platform.borrow_mut().sockets.get_mut(&id) {
            socket.pinged = None;
        }
    }

    /// A connection closes while the room sleeps.
    pub(crate) fn close_asleep(&mut self, id: SocketId) {
        self.hang_up(id);
        self.hibernate();
        self.close(id);
    }

    /// A client sends a frame that is not even read, as it is too long.
    pub(crate) fn oversized(&mut self, id: SocketId, bytes: u64) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        self.input(Input::Oversized { connection, bytes });
    }

    /// Much was sent to a client.
    pub(crate) fn unread(&mut self, id: SocketId) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        self.input(Input::SentMuch { connection });
    }

    /// The next binary frame that a client has not read.
    pub(crate) fn read_binary(&self, id: SocketId) -> Option<Rc<[u8]>> {
        self.platform.borrow_mut().sockets.get_mut(&id)?.binaries.pop_front()
    }

    /// Throws away what nobody has read.
    pub(crate) fn clear(&self) {
        for socket in self.platform.borrow_mut().sockets.values_mut() {
            socket.texts.clear();
            socket.binaries.clear();
        }
    }

    /// How many sessions there were so far.
    pub(crate) fn sessions(&self) -> u32 {
        self.sessions
    }

    /// Number of sessions that are stored, as they exceed their attachments.
    pub(crate) fn stored_sessions(&self) -> usize {
        match self.database.tables().contains(&"pluv_session".to_owned()) {
            true => usize::try_from(self.database.number("SELECT COUNT(*) FROM pluv_session")).unwrap_or_default(),
            false => 0,
        }
    }
}

fn dispatcher<R: Handlers>(name: &str, limits: Limits, host: PlatformHost, handlers: R) -> RoomDispatcher<R> {
    let database = host.database.clone();
    let limit = usize::try_from(limits.storage_bytes()).unwrap_or(usize::MAX);
    let document = <<R::Room as crate::Room>::Storage>::open(database.clone(), limit);
    let room = Room::new(name, definition::<R>(limits), document, Box::new(SqlSessionStore(database)));
    let room = room.unwrap_or_else(|error| panic!("the room can't be started: {error}"));
    Rc::new(Dispatcher::new(room, handlers, host))
}

impl<R> fmt::Debug for TestHost<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHost").field("name", &self.name).field("now", &self.clock.get()).finish_non_exhaustive()
    }
}
