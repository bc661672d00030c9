//! The world of a test: one room, its clients and a virtual clock.

use std::{cell::RefCell, fmt, rc::Rc, time::Duration};

use serde_json::value::to_raw_value;

use super::{
    client::{Client, ClientState},
    frame::Frame,
    host::TestHost,
    storage::{Storage, open},
};
use crate::{Grant, Handlers, Limits, Millis, Room, Session, api::sessions};

/// The initial time of each world: the first of January 2026.
const START: Millis = 1_767_225_600_000;

/// The limit of alarms at one time.
const MAX_ALARMS: u32 = 10_000;

/// One room with its clients, a storage in memory, and a virtual clock.
///
/// A call returns when all its effects have happened: each handler has ended or is pending, and the clients have received
/// their frames. See [`wait`](Self::wait) for pending handlers.
pub struct World<R: Handlers>(pub(super) Rc<RefCell<Inner<R>>>);

/// The state that a world and its clients share.
pub(super) struct Inner<R> {
    pub(super) host: TestHost<R>,
    pub(super) clients: Vec<ClientState>,
}

impl<R: Room + Handlers<Room = R>> World<R> {
    /// Makes an empty room. `make` creates the room's struct in place of the hook `create`: now, and at each wake.
    #[must_use]
    pub fn new(name: &str, make: impl Fn() -> R + 'static) -> Self {
        Self::with_limits(name, R::limits(), make)
    }

    /// Makes an empty room with limits, which `create` would return.
    ///
    /// # Panics
    /// When a limit is out of its range.
    #[must_use]
    pub fn with_limits(name: &str, limits: Limits, make: impl Fn() -> R + 'static) -> Self {
        limits.check().expect("the limits are within their ranges");
        let host = TestHost::new(name, START, limits, make);
        Self(Rc::new(RefCell::new(Inner { host, clients: Vec::new() })))
    }

    /// Connects and joins a new client, which has the document and the others when this returns. Takes the user or a
    /// [`Grant`], as `authorize` returns them; `()` in a room without users.
    ///
    /// # Panics
    /// When the user can't be serialized as JSON and deserialized.
    pub fn join(&self, grant: impl Into<Grant<R::User>>) -> Client<R> {
        let client = self.client(grant);
        client.join();
        client
    }

    /// Makes a client that is not connected. Before it [joins](Client::join), it is offline.
    ///
    /// # Panics
    /// When the user can't be serialized as JSON.
    pub fn client(&self, grant: impl Into<Grant<R::User>>) -> Client<R> {
        let grant = grant.into();
        let user = R::OPTIONS.has_user.then(|| to_raw_value(&grant.user).expect("a user is serialized as JSON"));
        let mut inner = self.0.borrow_mut();
        let number = inner.clients.len();
        inner.clients.push(ClientState::new(number, user, grant.access));
        Client::new(Rc::clone(&self.0), number)
    }

    /// Returns the joined connections, oldest first, as handlers see them.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session<R>> {
        sessions(&self.0.borrow().host.room().borrow())
    }

    /// Returns the room's time, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.0.borrow().host.now()
    }

    /// Advances the clock. Alarms fire when they are due: hooks run, and idle connections are closed. Connected clients ping,
    /// as the stock one does, and those that have [dropped](Client::drop_connection) do not.
    ///
    /// # Panics
    /// When the room's alarm fires endlessly at the same time.
    pub fn advance(&self, time: Duration) {
        let mut inner = self.0.borrow_mut();
        let end = inner.after(time);
        let mut alarms = 0;
        while let Some(due) = inner.due().filter(|due| *due <= end) {
            alarms = if due <= inner.host.now() { alarms + 1 } else { 0 };
            assert!(alarms < MAX_ALARMS, "the room's alarm fires endlessly at the same time");
            let now = inner.host.now().max(due);
            inner.host.set_now(now);
            inner.ping();
            if inner.host.timeout().is_some_and(|timeout| timeout <= now) {
                inner.host.time_out();
            } else if inner.host.next_timer().is_some_and(|due| due <= now) {
                inner.host.run_timers();
            } else {
                inner.host.fire_alarm();
            }
            inner.settle();
        }
        inner.host.set_now(end);
    }

    /// Returns the time until the room's alarm; none in a room without timers.
    #[must_use]
    pub fn alarm(&self) -> Option<Duration> {
        let inner = self.0.borrow();
        let due = inner.host.alarm()?;
        Some(Duration::from_millis(due.saturating_sub(inner.host.now())))
    }

    /// Fires the alarm now, whether or not it is set: the platform may fire it repeatedly, or without need.
    pub fn fire_alarm(&self) {
        let mut inner = self.0.borrow_mut();
        inner.host.fire_alarm();
        inner.settle();
    }

    /// Lets the room hibernate: its memory is lost, and it is created anew. The connections stay open, and clients do not
    /// notice.
    ///
    /// # Panics
    /// When a handler is pending, as a room does not hibernate then.
    pub fn hibernate(&self) {
        let mut inner = self.0.borrow_mut();
        assert!(inner.host.may_hibernate(), "the room can't hibernate: a handler is pending");
        inner.host.hibernate();
    }

    /// Sets whether the room hibernates before each input, unless a handler is pending. A test that passes both ways shows that
    /// nothing depends on the room's memory.
    pub fn hibernate_before_each_input(&self, hibernates: bool) {
        self.0.borrow_mut().host.hibernates = hibernates;
    }

    /// Crashes the room's host: pending handlers and all connections are lost, and stored data stays. The clients notice, and
    /// can [join](Client::join) again.
    pub fn crash(&self) {
        self.0.borrow_mut().crash();
    }

    /// Crashes the room's host, which is down for a time: no alarm fires meanwhile, and one that was due fires at the next
    /// [`advance`](Self::advance).
    ///
    /// # Panics
    /// When the time is too long for a clock.
    pub fn crash_for(&self, time: Duration) {
        let mut inner = self.0.borrow_mut();
        inner.crash();
        let end = inner.after(time);
        inner.host.set_now(end);
    }

    /// Loses the room's memory, as a panic in any room of the same instance does. Connections with pending handlers or edits
    /// are closed with 1012, and can [join](Client::join) again. The others stay.
    pub fn panic(&self) {
        let mut inner = self.0.borrow_mut();
        inner.host.lose_memory();
        inner.settle();
    }

    /// Polls pending handlers. Each other call does this too: this is for wakers that were called without one.
    pub fn run(&self) {
        self.0.borrow_mut().settle();
    }

    /// Blocks until no handler is pending: for handlers that wait for another thread.
    ///
    /// # Panics
    /// When no handler is woken for half a minute.
    pub fn wait(&self) {
        let mut inner = self.0.borrow_mut();
        inner.settle();
        while inner.host.is_running() {
            inner.host.block();
            inner.settle();
        }
    }

    /// Returns whether a handler or hook is pending.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.0.borrow().host.is_running()
    }

    /// Returns the room's storage.
    #[must_use]
    pub fn storage(&self) -> Storage {
        let database = self.0.borrow().host.database.clone();
        Storage::new(database, open::<R::Storage>)
    }

    /// Takes the lines of the room's log since the last call.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.0.borrow().host.take_log()
    }

    /// Takes the lines of the event log of a room with `debug` since the last call, each as JSON.
    #[must_use]
    pub fn debug_log(&self) -> Vec<String> {
        self.0.borrow().host.take_event_log()
    }
}

impl<R: Handlers> Inner<R> {
    /// Returns the time after so much has passed.
    fn after(&self, time: Duration) -> Millis {
        self.host.now() + Millis::try_from(time.as_millis()).expect("the time fits milliseconds")
    }

    /// Returns the time of the next alarm, timeout, tick or end of a sleep.
    fn due(&self) -> Option<Millis> {
        [self.host.alarm(), self.host.timeout(), self.host.next_timer()].into_iter().flatten().min()
    }

    /// Lets all connected clients ping.
    fn ping(&mut self) {
        for socket in self.clients.iter().filter_map(|client| client.connection) {
            self.host.ping(socket);
        }
    }

    /// Polls handlers and delivers frames until nothing happens any more.
    pub(super) fn settle(&mut self) {
        loop {
            self.host.poll();
            if self.host.has_crashed() {
                return self.crash();
            }
            let delivered = (0..self.clients.len()).filter(|number| self.deliver(*number)).count();
            if delivered == 0 {
                return;
            }
        }
    }

    /// Delivers a frame or a close to a client, and returns whether there was one.
    fn deliver(&mut self, number: usize) -> bool {
        let Self { host, clients } = self;
        let client = &mut clients[number];
        let Some(connection) = client.connection else { return false };
        if let Some(text) = host.read(connection) {
            if let Some(answer) = client.receive(Frame::parse(&text)) {
                host.text(connection, &answer);
            }
            return true;
        }
        let Some((code, reason)) = host.closed(connection) else { return false };
        client.disconnect(code, &reason);
        // The client answers the close.
        host.close(connection);
        true
    }

    pub(super) fn crash(&mut self) {
        self.host.crash();
        for client in self.clients.iter_mut().filter(|client| client.connection.is_some()) {
            client.disconnect(1006, "");
        }
    }
}

impl<R: Handlers> fmt::Debug for World<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("World").field(&self.0.borrow().host).finish()
    }
}
