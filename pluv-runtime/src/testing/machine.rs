//! A room on a platform that is made of plain values: what comes in is called, what goes out is kept.

use std::{
    cell::{Cell, RefCell},
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Waker},
};

use serde_json::value::RawValue;

use super::{
    database::Database,
    platform::{Platform, Socket, SocketId},
    wakes::Wakes,
};
use crate::{
    auth::Access,
    protocol::{PING_FRAME, RESTARTED},
    room::{Admission, Answer, Ask, Connection, Core, Driver, Handlers, Limits, Millis, Protocol, Step, Unfit, Unmet},
};

/// How often tasks that wake themselves are run before others have their turn again.
const MAX_ROUNDS: u32 = 1_000;

/// What handlers and hooks do, and the connections that it is for.
struct Task {
    connections: Vec<Connection>,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

/// A room and the platform below it.
pub(crate) struct Machine<R> {
    name: Rc<str>,
    limits: Limits,
    make: Box<dyn Fn() -> R>,
    driver: Rc<Driver<R>>,
    platform: Rc<RefCell<Platform>>,
    pub(crate) database: Database,
    clock: Rc<Cell<Millis>>,
    running: Vec<Task>,
    wakes: Wakes,
    /// Whether the room sleeps before each thing that comes in, where it may.
    pub(crate) sleeps: bool,
    /// Whether it is said from outside when a commit or a turn is done.
    pub(crate) holds_commits: bool,
    /// How much time goes by before each thing that comes in, in milliseconds.
    pub(crate) pace: Millis,
    /// How many sessions there were.
    sessions: u32,
}

impl<R: Handlers> Machine<R> {
    /// An empty room at this time, which `make` makes each time it wakes.
    pub(crate) fn new(name: &str, now: Millis, limits: Limits, make: impl Fn() -> R + 'static) -> Self {
        let database = Database::new();
        Self {
            name: name.into(),
            limits,
            driver: driver(name, limits, &database, make()),
            make: Box::new(make),
            platform: Rc::default(),
            database,
            clock: Rc::new(Cell::new(now)),
            running: Vec::new(),
            wakes: Wakes::default(),
            sleeps: false,
            holds_commits: false,
            pace: 0,
            sessions: 0,
        }
    }

    /// Time goes on, and the room sleeps where it is to. With a handler that waits it does not.
    fn before_input(&mut self) {
        self.clock.set(self.clock.get() + self.pace);
        if self.sleeps && self.may_sleep() {
            self.sleep();
        }
    }

    /// Whether nothing keeps the room awake.
    pub(crate) fn may_sleep(&self) -> bool {
        self.running.is_empty() && !self.is_committing() && !self.is_turning()
    }

    /// Whether a handler or hook waits for something.
    pub(crate) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// Drops the room, and rebuilds it with the sockets that are open.
    pub(crate) fn sleep(&mut self) {
        let was_listening = self.is_listening();
        let closed = self.rebuild();
        assert_eq!(closed, 0, "a connection outlasts a sleep");
        assert!(was_listening || !self.is_listening(), "what comes to listen in its sleep?");
    }

    /// Makes the room anew, and says how many connections it could not take back.
    fn rebuild(&mut self) -> usize {
        self.driver = driver(&self.name, self.limits, &self.database, (self.make)());
        let mut platform = self.platform.borrow_mut();
        let Platform { sockets, spilled, known, .. } = &mut *platform;
        known.clear();
        let mut closed = 0;
        for (id, socket) in sockets.iter_mut().filter(|(_, socket)| socket.is_open()) {
            let load = |session: &str| spilled.get(session).cloned();
            match self.driver.core.borrow_mut().restore(&socket.attachment, load) {
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
        // Those for whom it listened may have gone.
        platform.is_listening = self.driver.core.borrow().is_listening();
        closed
    }

    /// Loses what is in memory, as a panic does, and what runs. The sockets stay but for those that wait for something.
    pub(crate) fn lose_memory(&mut self) {
        {
            let mut platform = self.platform.borrow_mut();
            let Platform { sockets, known, waiting, .. } = &mut *platform;
            let running = self.running.drain(..).flat_map(|task| task.connections);
            for id in waiting.iter().copied().chain(running).filter_map(|connection| known.get(&connection)) {
                sockets.get_mut(id).expect("a known socket is there").close(RESTARTED, "the room restarted");
            }
            waiting.clear();
            platform.patience = None;
            (platform.is_committing, platform.is_turning) = (false, false);
            (platform.is_finding, platform.is_collecting) = (false, false);
        }
        self.rebuild();
    }

    /// Loses the room, and every connection with it. What is stored stays, as does the alarm.
    pub(crate) fn crash(&mut self) {
        self.running.clear();
        self.database.reopen();
        let platform = self.platform.take();
        self.platform.replace(platform.after_crash());
        self.driver = driver(&self.name, self.limits, &self.database, (self.make)());
    }

    /// Whether the machine has died in a call to its storage.
    pub(crate) fn has_crashed(&self) -> bool {
        self.database.is_dead()
    }

    /// Does what a step says, until all of it waits for something.
    pub(crate) fn drive(&mut self, step: Step) {
        let connections = step.jobs.iter().map(|job| job.connection).collect();
        let (driver, platform, clock) = (Rc::clone(&self.driver), Rc::clone(&self.platform), Rc::clone(&self.clock));
        let database = self.database.clone();
        let future = async move {
            let execute = |effects| {
                // A room that is gone does nothing more.
                if !database.is_dead() {
                    platform.borrow_mut().execute(clock.get(), effects);
                }
            };
            driver.drive(step, || clock.get(), execute).await;
        };
        let mut task = Task { connections, future: Box::pin(future) };
        let waker = Waker::from(self.wakes.clone().into_inner());
        // What it does at once comes before what others do whom it has woken.
        if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            self.running.push(task);
        }
        self.poll();
    }

    /// Lets handlers and hooks go on, as far as they can.
    pub(crate) fn poll(&mut self) {
        let waker = Waker::from(self.wakes.clone().into_inner());
        let mut cx = Context::from_waker(&waker);
        for _ in 0..MAX_ROUNDS {
            self.wakes.clear();
            self.running.retain_mut(|task| task.future.as_mut().poll(&mut cx).is_pending());
            while self.answer() {}
            while !self.holds_commits && (self.is_committing() || self.is_turning()) {
                if self.is_turning() { self.turn() } else { self.commit() }
            }
            if !self.wakes.is_woken() {
                return;
            }
        }
    }

    /// Answers what the room wants of the platform at once, and says whether there was anything.
    fn answer(&mut self) -> bool {
        let (is_finding, is_collecting, alarm) = {
            let mut platform = self.platform.borrow_mut();
            let is_finding = std::mem::take(&mut platform.is_finding);
            (is_finding, std::mem::take(&mut platform.is_collecting), platform.alarm)
        };
        if is_finding {
            let step = self.driver.core.borrow_mut().alarm_found(self.now(), alarm);
            self.drive(step);
        }
        if is_collecting {
            let step = self.driver.core.borrow_mut().collect(self.now(), &self.pinged());
            self.drive(step);
        }
        is_finding || is_collecting
    }

    /// When the platform last answered a ping of a connection.
    pub(crate) fn pinged(&self) -> impl Fn(Connection) -> Option<Millis> + use<R> {
        let platform = Rc::clone(&self.platform);
        move |connection| {
            let platform = platform.borrow();
            platform.sockets.get(platform.known.get(&connection)?)?.pinged
        }
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
        let step = self.driver.core.borrow_mut().committed(self.now());
        self.drive(step);
    }

    /// Whether the room lets others have their turn.
    pub(crate) fn is_turning(&self) -> bool {
        self.platform.borrow().is_turning
    }

    /// Others have had their turn.
    pub(crate) fn turn(&mut self) {
        self.platform.borrow_mut().is_turning = false;
        let step = self.driver.core.borrow_mut().turn(self.now());
        self.drive(step);
    }

    /// When the room waits no longer for its hook, if it waits.
    pub(crate) fn patience(&self) -> Option<Millis> {
        self.platform.borrow().patience
    }

    /// The room waits no longer for its hook.
    pub(crate) fn lose_patience(&mut self) {
        assert!(self.platform.borrow_mut().patience.take().is_some(), "it waits for its hook");
        self.driver.core.borrow().lose_patience();
        self.poll();
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

    /// The alarm comes, whether or not it is set.
    pub(crate) fn ring(&mut self) {
        if self.sleeps && self.may_sleep() {
            self.sleep();
        }
        self.platform.borrow_mut().alarm = None;
        let step = self.driver.core.borrow_mut().alarm(self.now(), &self.pinged());
        self.drive(step);
    }

    /// Whether pings come to the room.
    pub(crate) fn is_listening(&self) -> bool {
        self.platform.borrow().is_listening
    }

    /// A client's ping, which the platform answers in the room's place unless the room listens.
    pub(crate) fn ping(&mut self, id: SocketId) {
        if self.is_listening() {
            return self.text(id, PING_FRAME);
        }
        let now = self.now();
        if let Some(socket) = self.platform.borrow_mut().sockets.get_mut(&id) {
            socket.pinged = Some(now);
        }
    }

    fn admission(&self, protocol: Protocol, user: Option<Box<RawValue>>, access: Access) -> Admission {
        Admission { session: format!("s{}", self.sessions), user, access, protocol }
    }

    /// A user comes, who is JSON; none in a room without users.
    ///
    /// # Errors
    /// Why the user can't be read.
    pub(crate) fn connect(
        &mut self,
        protocol: Protocol,
        user: Option<Box<RawValue>>,
        access: Access,
    ) -> Result<SocketId, String> {
        self.before_input();
        self.sessions += 1;
        let id = SocketId(self.sessions);
        let admission = self.admission(protocol, user, access);
        let (connection, step) = self.driver.core.borrow_mut().connect(self.now(), &admission)?;
        // The platform has a socket before the room has said anything.
        self.platform.borrow_mut().insert(id, Socket::new(connection, protocol));
        self.drive(step);
        Ok(id)
    }

    /// Why a user would not be let in.
    pub(crate) fn refusal(
        &mut self,
        protocol: Protocol,
        user: Option<Box<RawValue>>,
        access: Access,
    ) -> Option<String> {
        self.before_input();
        let unfit = self.driver.core.borrow().refusal(&self.admission(protocol, user, access))?;
        let (Unfit::Full(reason) | Unfit::User(reason)) = unfit;
        Some(reason)
    }

    /// The connection that an open socket is.
    pub(crate) fn connection(&self, id: SocketId) -> Option<Connection> {
        let platform = self.platform.borrow();
        let connection = platform.sockets.get(&id)?.connection;
        (platform.known.get(&connection) == Some(&id)).then_some(connection)
    }

    /// A client sends a text frame.
    pub(crate) fn text(&mut self, id: SocketId, text: &str) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        let step = self.driver.core.borrow_mut().text(self.now(), connection, text);
        self.drive(step);
    }

    /// A client sends a binary frame.
    pub(crate) fn binary(&mut self, id: SocketId, frame: &[u8]) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        let step = self.driver.core.borrow_mut().binary(self.now(), connection, frame.to_vec());
        self.drive(step);
    }

    /// A connection closes. If the room sleeps meanwhile, its socket is not among those that the room wakes with.
    pub(crate) fn close(&mut self, id: SocketId) {
        self.hang_up(id);
        self.before_input();
        let known = self.connection(id);
        let Some(socket) = self.platform.borrow_mut().sockets.remove(&id) else { return };
        let step = match known {
            Some(connection) => {
                self.platform.borrow_mut().known.remove(&connection);
                self.driver.core.borrow_mut().close(self.now(), connection)
            }
            None => {
                let platform = self.platform.borrow();
                let load = |session: &str| platform.spilled.get(session).cloned();
                self.driver.core.borrow_mut().close_asleep(self.now(), &socket.attachment, load)
            }
        };
        self.drive(step);
    }

    /// A client is gone, and the room has not heard of it.
    pub(crate) fn hang_up(&mut self, id: SocketId) {
        if let Some(socket) = self.platform.borrow_mut().sockets.get_mut(&id) {
            socket.is_gone = true;
        }
    }

    /// The worker asks for something.
    pub(crate) fn ask(&mut self, ask: Ask, bytes: &[u8]) -> Answer {
        self.before_input();
        let deletes = matches!(ask, Ask::Delete);
        let (step, answer) = self.driver.core.borrow_mut().consult(self.now(), ask, bytes.to_vec());
        self.drive(step);
        if deletes {
            let step = self.driver.core.borrow_mut().delete_now(self.now());
            self.drive(step);
            if !self.driver.core.borrow().deletion_goes_on() {
                return Err(Unmet::Failed("`on_room_deleted` failed: the document stays".to_owned()));
            }
        }
        answer
    }

    /// The next text frame that a client has not read.
    pub(crate) fn read(&self, id: SocketId) -> Option<Rc<str>> {
        self.platform.borrow_mut().sockets.get_mut(&id)?.texts.pop_front()
    }

    /// The code and reason that the room has closed a connection with.
    pub(crate) fn closed(&self, id: SocketId) -> Option<(u16, String)> {
        self.platform.borrow().sockets.get(&id)?.closed.clone()
    }

    /// What the room has told its developer since the last call.
    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.platform.borrow_mut().log)
    }

    /// What it has told of its life since the last call, as JSON.
    pub(crate) fn take_diary(&self) -> Vec<String> {
        std::mem::take(&mut self.platform.borrow_mut().diary)
    }

    /// The room itself.
    pub(crate) fn core(&self) -> &RefCell<Core> {
        &self.driver.core
    }
}

#[cfg(test)]
impl<R: Handlers> Machine<R> {
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
        self.sleep();
        self.close(id);
    }

    /// A client sends a frame that is not even read, as it is too long.
    pub(crate) fn oversized(&mut self, id: SocketId, bytes: u64) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        let step = self.driver.core.borrow_mut().oversized(self.now(), connection, bytes);
        self.drive(step);
    }

    /// Much was sent to a client.
    pub(crate) fn unread(&mut self, id: SocketId) {
        self.before_input();
        let Some(connection) = self.connection(id) else { return };
        let pinged = self.pinged()(connection);
        let step = self.driver.core.borrow_mut().unread(self.now(), connection, pinged);
        self.drive(step);
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

    /// How many sessions are stored as they did not fit their sockets.
    pub(crate) fn spilled(&self) -> usize {
        self.platform.borrow().spilled.len()
    }
}

fn driver<R: Handlers>(name: &str, limits: Limits, database: &Database, room: R) -> Rc<Driver<R>> {
    Rc::new(Driver::new(Core::new::<R>(name, limits, database.clone()), room))
}

impl<R> fmt::Debug for Machine<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("name", &self.name).field("now", &self.clock.get()).finish_non_exhaustive()
    }
}
