//! The world of a test: one room, its clients and the time.

use std::{cell::RefCell, fmt, rc::Rc, time::Duration};

use serde_json::value::to_raw_value;

use super::{
    client::Client,
    frame::Frame,
    host::TestHost,
    person::Person,
    storage::{Storage, open},
};
use crate::{Grant, Handlers, Limits, Millis, Room, Session, api::sessions};

/// The time at which each world begins: the first of January 2026.
const BEGINNING: Millis = 1_767_225_600_000;

/// How often an alarm may come at one time.
const MAX_ALARMS: u32 = 10_000;

/// One room with its clients, a storage in memory, and a clock that goes when it is told to.
///
/// A call returns when all that follows from it has happened: each handler has run until it ended or waits for something,
/// and the clients have read what they were sent. See [`wait`](Self::wait) for handlers that wait.
pub struct World<R: Handlers>(pub(super) Rc<RefCell<Inner<R>>>);

/// What a world and its clients share.
pub(super) struct Inner<R> {
    pub(super) host: TestHost<R>,
    pub(super) people: Vec<Person>,
}

impl<R: Room + Handlers<Room = R>> World<R> {
    /// An empty room. `make` makes what its handlers work with, in place of the hook `create`: now, and each time that the
    /// room wakes again.
    #[must_use]
    pub fn new(name: &str, make: impl Fn() -> R + 'static) -> Self {
        Self::with_limits(name, R::limits(), make)
    }

    /// The same, with the limits that `create` would return.
    ///
    /// # Panics
    /// When a limit is out of its range.
    #[must_use]
    pub fn with_limits(name: &str, limits: Limits, make: impl Fn() -> R + 'static) -> Self {
        limits.check().expect("the limits are within their ranges");
        let host = TestHost::new(name, BEGINNING, limits, make);
        Self(Rc::new(RefCell::new(Inner { host, people: Vec::new() })))
    }

    /// Lets a client join: it connects, and has the document and the others when this returns. Takes the user, or a
    /// [`Grant`], as a token would; `()` in a room that knows no users.
    ///
    /// # Panics
    /// When the user can't be written as JSON and read back.
    pub fn join(&self, grant: impl Into<Grant<R::User>>) -> Client<R> {
        let client = self.client(grant);
        client.join();
        client
    }

    /// A client that has not connected yet. What it does before it [joins](Client::join), it does offline.
    ///
    /// # Panics
    /// When the user can't be written as JSON.
    pub fn client(&self, grant: impl Into<Grant<R::User>>) -> Client<R> {
        let grant = grant.into();
        let user = R::OPTIONS.has_user.then(|| to_raw_value(&grant.user).expect("a user is written as JSON"));
        let mut inner = self.0.borrow_mut();
        let number = inner.people.len();
        inner.people.push(Person::new(number, user, grant.access));
        Client::new(Rc::clone(&self.0), number)
    }

    /// Everyone who has joined, oldest first, as handlers see them.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session<R>> {
        sessions(&self.0.borrow().host.room().borrow())
    }

    /// What time it is for the room, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.0.borrow().host.now()
    }

    /// Lets time go by. Alarms come when they are due: what hooks are to be told later, they are told, and who has been
    /// silent for too long is closed. Clients ping as the stock one does, but for those that have
    /// [dropped](Client::drop_connection).
    ///
    /// # Panics
    /// When the room's alarm comes again and again at the same time.
    pub fn advance(&self, time: Duration) {
        let mut inner = self.0.borrow_mut();
        let end = inner.host.now() + Millis::try_from(time.as_millis()).expect("a time has an end");
        let mut alarms = 0;
        while let Some(due) = inner.due().filter(|due| *due <= end) {
            alarms = if due <= inner.host.now() { alarms + 1 } else { 0 };
            assert!(alarms < MAX_ALARMS, "the room's alarm comes again and again, and time stands still");
            let now = inner.host.now().max(due);
            inner.host.set_now(now);
            inner.ping();
            if inner.host.timeout().is_some_and(|timeout| timeout <= now) {
                inner.host.time_out();
            } else {
                inner.host.fire_alarm();
            }
            inner.settle();
        }
        inner.host.set_now(end);
    }

    /// When the room's alarm is to come, from now on. None is set in a room that has nothing to do.
    #[must_use]
    pub fn alarm(&self) -> Option<Duration> {
        let inner = self.0.borrow();
        let due = inner.host.alarm()?;
        Some(Duration::from_millis(due.saturating_sub(inner.host.now())))
    }

    /// Lets the alarm come now, whether or not it is set: the platform may call a room twice, or for nothing.
    pub fn fire_alarm(&self) {
        let mut inner = self.0.borrow_mut();
        inner.host.fire_alarm();
        inner.settle();
    }

    /// Lets the room hibernate: what it has in memory is gone, and it is made anew. The connections stay open, and nobody
    /// notices.
    ///
    /// # Panics
    /// When a handler still waits for something. A room does not sleep then.
    pub fn hibernate(&self) {
        let mut inner = self.0.borrow_mut();
        assert!(inner.host.may_hibernate(), "the room can't hibernate: a handler still waits for something");
        inner.host.hibernate();
    }

    /// Lets the room hibernate before each thing that comes in, where it may, or no longer. A test that holds both ways
    /// shows that nothing depends on what the room has in memory.
    pub fn hibernate_before_each_input(&self, hibernates: bool) {
        self.0.borrow_mut().host.hibernates = hibernates;
    }

    /// Lets the room's host die: handlers that run are gone, and so are all connections. What is stored stays. The
    /// clients know, and may [join](Client::join) again.
    pub fn crash(&self) {
        self.0.borrow_mut().crash();
    }

    /// Lets the room's memory be lost, as a panic in any room of the same instance does. What runs is gone: connections
    /// with handlers or edits that wait are closed with 1012, and may [join](Client::join) again. The others stay.
    pub fn panic(&self) {
        let mut inner = self.0.borrow_mut();
        inner.host.lose_memory();
        inner.settle();
    }

    /// Lets handlers that wait go on, where they can. Each call does so by itself: this is for what has come without one.
    pub fn run(&self) {
        self.0.borrow_mut().settle();
    }

    /// Blocks until no handler runs any more: for those that wait for another thread.
    ///
    /// # Panics
    /// When nothing comes for half a minute.
    pub fn wait(&self) {
        let mut inner = self.0.borrow_mut();
        inner.settle();
        while inner.host.is_running() {
            inner.host.block();
            inner.settle();
        }
    }

    /// Whether a handler or hook still waits for something.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.0.borrow().host.is_running()
    }

    /// The room's storage, to look at and to let fail.
    #[must_use]
    pub fn storage(&self) -> Storage {
        let database = self.0.borrow().host.database.clone();
        Storage::new(database, open::<R::Storage>)
    }

    /// What the room has told its developer since the last call: the lines of its log.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.0.borrow().host.take_log()
    }

    /// What a room with `debug = true` has logged of its life since the last call, each line as JSON.
    #[must_use]
    pub fn debug_log(&self) -> Vec<String> {
        self.0.borrow().host.take_event_log()
    }
}

impl<R: Handlers> Inner<R> {
    /// When the next thing comes by itself.
    fn due(&self) -> Option<Millis> {
        self.host.alarm().into_iter().chain(self.host.timeout()).min()
    }

    /// The clients ping: each does so many times in the time that a room lets it be silent.
    fn ping(&mut self) {
        for socket in self.people.iter().filter_map(|person| person.connection) {
            self.host.ping(socket);
        }
    }

    /// Lets everything happen that follows: handlers run, clients read and answer.
    pub(super) fn settle(&mut self) {
        loop {
            self.host.poll();
            if self.host.has_crashed() {
                return self.crash();
            }
            let moved = (0..self.people.len()).filter(|number| self.carry(*number)).count();
            if moved == 0 {
                return;
            }
        }
    }

    /// Lets a client read what it was sent, and says whether there was anything.
    fn carry(&mut self, number: usize) -> bool {
        let Self { host, people } = self;
        let person = &mut people[number];
        let Some(connection) = person.connection else { return false };
        if let Some(text) = host.read(connection) {
            if let Some(answer) = person.read(Frame::parse(&text)) {
                host.text(connection, &answer);
            }
            return true;
        }
        let Some((code, reason)) = host.closed(connection) else { return false };
        person.disconnect(code, &reason);
        // A client answers a close with its own.
        host.close(connection);
        true
    }

    pub(super) fn crash(&mut self) {
        self.host.crash();
        for person in self.people.iter_mut().filter(|person| person.connection.is_some()) {
            person.disconnect(1006, "");
        }
    }
}

impl<R: Handlers> fmt::Debug for World<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("World").field(&self.0.borrow().host).finish()
    }
}
