//! A room of the tests, and a host for it that has no platform.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Poll, Waker},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Context, EventInfo, Handlers, Hooks, Limits, Message, Options, Room,
    auth::Access,
    cloudflare::Env,
    contract::Sends,
    error::{Error, Result},
    room::{Admission, Call, Connection, Core, Driver, Effect, Outcome, Protocol, Step, To, answer, done},
    storage::tests::host::Host as Database,
};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Presence {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) x: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub(super) enum Output {
    Said { text: String },
    Seen { sessions: Vec<String>, x: Option<i64>, room: String, now: u64, name: String },
    Broken(u32),
    Joined {},
    Left { x: Option<i64> },
}

#[derive(Deserialize)]
struct Say {
    text: String,
}

#[derive(Deserialize)]
struct To1 {
    to: String,
    text: String,
}

#[derive(Deserialize)]
struct SetX {
    x: i64,
    #[serde(default)]
    fail: bool,
}

/// A room with a handler for each thing that a handler can do.
pub(super) struct Test {
    /// Handlers that wait go on when it is open.
    gate: Rc<Cell<bool>>,
}

impl Room for Test {
    type User = User;
    type Presence = Presence;
    type Output = Output;
    type Storage = crate::NoStorage;
    const OPTIONS: Options = Options::new("Test", "TEST").has_user().limits(Limits::new().presence(1_000_000));
}

impl Sends for Test {
    type Declared = Output;
}

impl Handlers for Test {
    type Room = Self;

    const EVENTS: &'static [EventInfo] = &[EventInfo::event("say", ""), EventInfo::event("sayOthers", "")];
    const HOOKS: Hooks = Hooks::none().on_user_connected().on_user_disconnected().on_message();

    fn create(_: &Env) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, cx: &Context<'_, Self>, call: Call<'_>) -> Result<Outcome> {
        match call.name() {
            "say" => cx.broadcast(Output::Said { text: call.input::<Say>()?.text }),
            "sayOthers" => cx.broadcast_others(Output::Said { text: call.input::<Say>()?.text }),
            "echo" => cx.reply(Output::Said { text: call.input::<Say>()?.text }),
            "whisper" => {
                let input: To1 = call.input()?;
                cx.send_to(&input.to, Output::Said { text: input.text });
            }
            "wait" => {
                let input: Say = call.input()?;
                let gate = Rc::clone(&self.gate);
                poll_fn(move |_| if gate.get() { Poll::Ready(()) } else { Poll::Pending }).await;
                cx.broadcast(Output::Said { text: input.text });
            }
            "look" => cx.reply(Output::Seen {
                sessions: cx.sessions().iter().map(|session| session.user().id.clone()).collect(),
                x: cx.presence().x,
                room: cx.room().to_string(),
                now: cx.now(),
                name: cx.user().name.clone(),
            }),
            "setX" => {
                let input: SetX = call.input()?;
                cx.set_presence(Presence { x: Some(input.x), note: None });
                cx.reply(Output::Said { text: format!("{:?}", cx.presence().x) });
                if input.fail {
                    return Err(Error::client("you asked for it"));
                }
            }
            "breakOutput" => {
                cx.broadcast(Output::Said { text: "never seen".to_owned() });
                cx.broadcast(Output::Broken(1));
            }
            "collect" => cx.garbage_collect(),
            "fail" => {
                cx.broadcast(Output::Said { text: "never seen".to_owned() });
                return Err(std::io::Error::other("the database's address").into());
            }
            "sum" => {
                let numbers: Vec<i64> = serde_json::from_value(call.input::<Value>()?["numbers"].clone())
                    .map_err(|_| Error::client("give me `numbers`"))?;
                return answer("sumResult", &numbers.iter().sum::<i64>());
            }
            _ => return Ok(call.unhandled()),
        }
        Ok(done())
    }

    async fn on_user_connected(&self, cx: &Context<'_, Self>) -> Result<()> {
        if cx.user().id == "greeted" {
            cx.broadcast(Output::Joined {});
        }
        Ok(())
    }

    async fn on_user_disconnected(&self, cx: &Context<'_, Self>) -> Result<()> {
        cx.broadcast(Output::Left { x: cx.presence().x });
        Ok(())
    }

    async fn on_message(&self, _: &Context<'_, Self>, message: &Message<'_>) -> Result<()> {
        if message.json().contains("forbidden") {
            return Err(Error::client("not in this room"));
        }
        Ok(())
    }
}

/// A room that the tests can make.
pub(super) trait TestRoom: Room + Handlers {
    fn make(gate: &Rc<Cell<bool>>) -> Self;
}

impl TestRoom for Test {
    fn make(gate: &Rc<Cell<bool>>) -> Self {
        Self { gate: Rc::clone(gate) }
    }
}

fn admission(protocol: Protocol, session: u32, user: &str, access: Access) -> Admission {
    Admission {
        session: format!("s{session}"),
        user: serde_json::value::to_raw_value(&json!({ "id": user, "name": format!("name of {user}") })).ok(),
        access,
        protocol,
    }
}

/// What the host keeps while the room is dropped.
#[derive(Default)]
struct Host {
    attachments: BTreeMap<Connection, Vec<u8>>,
    spilled: BTreeMap<String, Vec<u8>>,
    inboxes: BTreeMap<Connection, Vec<Value>>,
    /// The connections of Yjs providers, with the frames that they have not read yet.
    providers: BTreeMap<Connection, Vec<Vec<u8>>>,
    log: Vec<String>,
    closed: BTreeMap<Connection, u16>,
    is_committing: bool,
    is_turning: bool,
    alarm: Option<u64>,
    /// Whether the room wants to know when the alarm comes.
    is_finding: bool,
    /// Whether pings come to the room.
    is_listening: bool,
    /// Whether the room wants to look for who is silent.
    is_collecting: bool,
    /// When the platform last answered a ping of a connection.
    pings: BTreeMap<Connection, u64>,
}

impl Host {
    fn execute(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { to, frame } => {
                    let frame: Value = serde_json::from_str(&frame).expect("a frame is JSON");
                    let to = match to {
                        To::One(connection) => vec![connection],
                        To::Many(connections) => connections,
                    };
                    for connection in to {
                        assert!(!self.providers.contains_key(&connection), "a text frame breaks a provider");
                        if self.attachments.contains_key(&connection) {
                            self.inboxes.entry(connection).or_default().push(frame.clone());
                        }
                    }
                }
                Effect::SendBytes { to, frame } => {
                    let to = match to {
                        To::One(connection) => vec![connection],
                        To::Many(connections) => connections,
                    };
                    for connection in to {
                        let inbox = self.providers.get_mut(&connection).expect("only providers get binary frames");
                        if self.attachments.contains_key(&connection) {
                            inbox.push(frame.clone());
                        }
                    }
                }
                Effect::Attach { connection, state } => {
                    assert!(state.len() <= 16_000, "an attachment has a limit");
                    self.attachments.insert(connection, state);
                }
                Effect::Spill { session, state } => drop(self.spilled.insert(session, state)),
                Effect::Forget { session } => {
                    assert!(self.spilled.remove(&session).is_some(), "only what was stored is forgotten");
                }
                Effect::ForgetAllBut { sessions } => self.spilled.retain(|session, _| sessions.contains(session)),
                Effect::FindAlarm => self.is_finding = true,
                Effect::Listen(is_listening) => self.is_listening = is_listening,
                Effect::Collect => self.is_collecting = true,
                Effect::Close { connection, code, .. } => {
                    self.closed.insert(connection, code);
                    self.attachments.remove(&connection);
                }
                Effect::Alarm(due) => self.alarm = due,
                Effect::Commit => {
                    assert!(!std::mem::replace(&mut self.is_committing, true), "one commit at a time");
                }
                Effect::Turn { .. } => assert!(!std::mem::replace(&mut self.is_turning, true), "one turn at a time"),
                Effect::Log { message } => self.log.push(message),
            }
        }
    }
}

/// A room with its host and its clients.
pub(super) struct World<R: TestRoom = Test> {
    rebuilt: bool,
    driver: Rc<Driver<R>>,
    /// Whether the tests say when a commit or a turn is done.
    pub(super) holds_commits: bool,
    /// Whether every client pings just before the alarm comes.
    pub(super) pings: bool,
    /// How much time goes by before each input, in milliseconds.
    pub(super) pace: u64,
    pub(super) database: Database,
    host: Rc<RefCell<Host>>,
    running: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    now: Rc<Cell<u64>>,
    gate: Rc<Cell<bool>>,
    sessions: u32,
}

/// A client of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client(Connection);

/// Runs a scenario in both ways.
pub(super) fn both(scenario: impl Fn(&mut World)) {
    both_of(scenario);
}

/// Runs a scenario of another room in both ways.
pub(super) fn both_of<R: TestRoom>(scenario: impl Fn(&mut World<R>)) {
    for rebuilt in [false, true] {
        scenario(&mut World::new(rebuilt));
    }
}

fn driver<R: TestRoom>(gate: &Rc<Cell<bool>>, database: &Database) -> Rc<Driver<R>> {
    Rc::new(Driver::new(Core::new::<R>("the room", Limits::of::<R>(), database.clone()), R::make(gate)))
}

impl<R: TestRoom> World<R> {
    /// An empty room, which is rebuilt before every input where `rebuilt` says so.
    pub(super) fn new(rebuilt: bool) -> Self {
        let gate = Rc::new(Cell::new(false));
        let database = Database::new();
        Self {
            rebuilt,
            driver: driver(&gate, &database),
            holds_commits: false,
            pings: false,
            pace: 1_000,
            database,
            host: Rc::default(),
            running: Vec::new(),
            now: Rc::new(Cell::new(1_000)),
            gate,
            sessions: 0,
        }
    }

    /// Time goes on, and the room is rebuilt where the scenario wants it. A room with a handler that
    /// waits does not sleep.
    fn before_input(&mut self) {
        self.now.set(self.now.get() + self.pace);
        if self.rebuilt && self.may_sleep() {
            self.sleep();
        }
    }

    /// Whether nothing keeps the room awake.
    pub(super) fn may_sleep(&self) -> bool {
        self.running.is_empty() && !self.is_committing() && !self.is_turning()
    }

    /// Drops the room, and rebuilds it.
    pub(super) fn sleep(&mut self) {
        self.driver = driver(&self.gate, &self.database);
        let host = self.host.borrow();
        for (connection, state) in &host.attachments {
            let load = |session: &str| host.spilled.get(session).cloned();
            let restored = self.driver.core.borrow_mut().restore(state, load);
            assert_eq!(restored, Some(*connection), "a connection keeps its number");
        }
        assert_eq!(self.driver.core.borrow().is_listening(), host.is_listening, "it listens on after a sleep");
    }

    /// Loses the room, and every connection with it. What is stored stays, as does the alarm.
    pub(super) fn crash(&mut self) {
        self.running.clear();
        self.database.reopen();
        let mut host = self.host.borrow_mut();
        *host = Host { spilled: std::mem::take(&mut host.spilled), alarm: host.alarm, ..Host::default() };
        self.driver = driver(&self.gate, &self.database);
    }

    pub(super) fn drive(&mut self, step: Step) {
        let (driver, host, now) = (Rc::clone(&self.driver), Rc::clone(&self.host), Rc::clone(&self.now));
        let database = self.database.clone();
        let execute = move |effects| {
            // A room that is gone does nothing more.
            if !database.is_dead() {
                host.borrow_mut().execute(effects);
            }
        };
        self.running.push(Box::pin(async move { driver.drive(step, || now.get(), execute).await }));
        self.poll();
    }

    /// Lets the handlers that wait go on, as far as they can.
    pub(super) fn poll(&mut self) {
        let mut cx = std::task::Context::from_waker(Waker::noop());
        self.running.retain_mut(|task| task.as_mut().poll(&mut cx).is_pending());
        while self.answer() {}
        while !self.holds_commits && (self.is_committing() || self.is_turning()) {
            if self.is_turning() { self.turn() } else { self.commit() }
        }
    }

    /// Answers what the room wants of the host at once, and says whether there was anything.
    fn answer(&mut self) -> bool {
        let (is_finding, is_collecting, alarm) = {
            let mut host = self.host.borrow_mut();
            (std::mem::take(&mut host.is_finding), std::mem::take(&mut host.is_collecting), host.alarm)
        };
        if is_finding {
            let step = self.driver.core.borrow_mut().alarm_found(self.now.get(), alarm);
            self.drive(step);
        }
        if is_collecting {
            let step = self.driver.core.borrow_mut().collect(self.now.get(), &self.pinged());
            self.drive(step);
        }
        is_finding || is_collecting
    }

    fn pinged(&self) -> impl Fn(Connection) -> Option<u64> + 'static {
        let pings = self.host.borrow().pings.clone();
        move |connection| pings.get(&connection).copied()
    }

    /// Whether the room waits for what was stored to be safe.
    pub(super) fn is_committing(&self) -> bool {
        self.host.borrow().is_committing
    }

    /// What was stored is safe.
    pub(super) fn commit(&mut self) {
        self.host.borrow_mut().is_committing = false;
        let step = self.driver.core.borrow_mut().committed(self.now.get());
        self.drive(step);
    }

    /// Whether the room lets others have their turn.
    pub(super) fn is_turning(&self) -> bool {
        self.host.borrow().is_turning
    }

    /// Others have had their turn.
    pub(super) fn turn(&mut self) {
        self.host.borrow_mut().is_turning = false;
        let step = self.driver.core.borrow_mut().turn(self.now.get());
        self.drive(step);
    }

    /// When the alarm is to come.
    pub(super) fn alarm(&self) -> Option<u64> {
        self.host.borrow().alarm
    }

    /// Whether the alarm is to come for nothing but to look for who is silent, which is much later.
    pub(super) fn only_looks(&self) -> bool {
        self.alarm().is_some_and(|due| due > self.now.get() + 30_000)
    }

    /// Sets the alarm in the room's place: a crash may lose one, and the platform repeats one that a crash interrupted.
    pub(super) fn set_alarm(&mut self, due: Option<u64>) {
        self.host.borrow_mut().alarm = due;
    }

    /// The alarm comes, when it is due; or now, where none is set.
    pub(super) fn ring(&mut self) {
        let due = self.alarm().unwrap_or_default().max(self.now.get());
        self.ring_at(due);
    }

    /// The alarm comes at this time.
    pub(super) fn ring_at(&mut self, time: u64) {
        self.now.set(time - self.pace);
        self.before_input();
        {
            let mut host = self.host.borrow_mut();
            host.alarm = None;
            if self.pings {
                host.pings = host.attachments.keys().map(|connection| (*connection, time)).collect();
            }
        }
        let step = self.driver.core.borrow_mut().alarm(time, &self.pinged());
        self.drive(step);
    }

    /// The code that a client's connection was closed with.
    pub(super) fn closed(&self, client: Client) -> Option<u16> {
        self.host.borrow().closed.get(&client.0).copied()
    }

    /// Lets the handlers that wait go on.
    pub(super) fn open_gate(&mut self) {
        self.gate.set(true);
        self.poll();
        assert!(self.running.is_empty(), "nothing else is waited for");
    }

    /// Connects a user, who does not initialise yet.
    pub(super) fn connect(&mut self, user: &str) -> Client {
        self.connect_with(user, Access::Write)
    }

    /// Connects a user who may do this much.
    pub(super) fn connect_with(&mut self, user: &str, access: Access) -> Client {
        self.connect_by(Protocol::Pluv, user, access)
    }

    /// Connects a user by some protocol.
    pub(super) fn connect_by(&mut self, protocol: Protocol, user: &str, access: Access) -> Client {
        self.before_input();
        self.sessions += 1;
        let admission = admission(protocol, self.sessions, user, access);
        let (connection, step) =
            self.driver.core.borrow_mut().connect(self.now.get(), &admission).expect("the user is well formed");
        {
            // The platform has a socket before the room has said anything. Its number may have been another's.
            let mut host = self.host.borrow_mut();
            host.attachments.insert(connection, Vec::new());
            host.inboxes.remove(&connection);
            host.closed.remove(&connection);
            host.pings.remove(&connection);
            host.providers.remove(&connection);
            if protocol == Protocol::Yjs {
                host.providers.insert(connection, Vec::new());
            }
        }
        self.drive(step);
        Client(connection)
    }

    /// Why a user would not be taken.
    pub(super) fn refusal(&mut self, user: &str) -> Option<String> {
        self.before_input();
        self.driver.core.borrow().refusal(&admission(Protocol::Pluv, 0, user, Access::Write))
    }

    /// Connects a user with a presence, and takes in all frames of it.
    pub(super) fn join(&mut self, user: &str, presence: &Value) -> Client {
        let client = self.connect(user);
        self.send(client, "$initializeSession", &json!({ "presence": presence }));
        self.clear();
        client
    }

    /// A client sends an event.
    pub(super) fn send(&mut self, client: Client, name: &str, data: &Value) {
        self.send_text(client, &json!({ "type": name, "data": data }).to_string());
    }

    /// A client sends a frame.
    pub(super) fn send_text(&mut self, client: Client, text: &str) {
        self.before_input();
        let step = self.driver.core.borrow_mut().text(self.now.get(), client.0, text);
        self.drive(step);
    }

    /// A client sends a binary frame.
    pub(super) fn send_binary(&mut self, client: Client, frame: &[u8]) {
        self.before_input();
        let step = self.driver.core.borrow_mut().binary(self.now.get(), client.0, frame.to_vec());
        self.drive(step);
    }

    /// A client's ping, which the platform answers in the room's place unless the room listens.
    pub(super) fn ping(&mut self, client: Client) {
        if self.host.borrow().is_listening {
            self.send_text(client, crate::protocol::PING_FRAME);
        } else if self.host.borrow().attachments.contains_key(&client.0) {
            self.host.borrow_mut().pings.insert(client.0, self.now.get());
        }
    }

    /// The platform forgets when a client has pinged.
    pub(super) fn forget_ping(&mut self, client: Client) {
        self.host.borrow_mut().pings.remove(&client.0);
    }

    /// Time goes by.
    pub(super) fn wait(&mut self, millis: u64) {
        self.now.set(self.now.get() + millis);
    }

    /// Whether pings come to the room.
    pub(super) fn is_listening(&self) -> bool {
        self.host.borrow().is_listening
    }

    /// A client sends a frame that is not even read, as it is too long.
    pub(super) fn send_oversized(&mut self, client: Client, bytes: u64) {
        self.before_input();
        let step = self.driver.core.borrow_mut().oversized(self.now.get(), client.0, bytes);
        self.drive(step);
    }

    /// Much was sent to a client.
    pub(super) fn unread(&mut self, client: Client) {
        self.before_input();
        let pinged = self.pinged()(client.0);
        let step = self.driver.core.borrow_mut().unread(self.now.get(), client.0, pinged);
        self.drive(step);
    }

    /// A client is gone, and its close event with the room that it came to.
    pub(super) fn lose_silently(&mut self, client: Client) {
        self.host.borrow_mut().attachments.remove(&client.0);
    }

    /// The clock is set back.
    pub(super) fn set_back(&mut self, millis: u64) {
        self.now.set(self.now.get() - millis);
    }

    /// A client leaves while the room is awake.
    pub(super) fn leave(&mut self, client: Client) {
        self.before_input();
        self.host.borrow_mut().attachments.remove(&client.0);
        let step = self.driver.core.borrow_mut().close(self.now.get(), client.0);
        self.drive(step);
    }

    /// A client leaves while the room sleeps: its socket is no more among those that the room wakes with.
    pub(super) fn leave_asleep(&mut self, client: Client) {
        let state = self.host.borrow_mut().attachments.remove(&client.0).expect("it is connected");
        self.sleep();
        let step = {
            let host = self.host.borrow();
            let load = |session: &str| host.spilled.get(session).cloned();
            self.driver.core.borrow_mut().close_asleep(self.now.get(), &state, load)
        };
        self.drive(step);
    }

    /// The frames that a client has not read yet.
    pub(super) fn frames(&mut self, client: Client) -> Vec<Value> {
        self.host.borrow_mut().inboxes.remove(&client.0).unwrap_or_default()
    }

    /// The binary frames that a client has not read yet.
    pub(super) fn binary_frames(&mut self, client: Client) -> Vec<Vec<u8>> {
        self.host.borrow_mut().providers.get_mut(&client.0).map(std::mem::take).unwrap_or_default()
    }

    /// The only frame that a client has not read yet.
    pub(super) fn frame(&mut self, client: Client) -> Value {
        let frames = self.frames(client);
        assert_eq!(frames.len(), 1, "one frame is expected: {frames:?}");
        frames.into_iter().next().unwrap_or_default()
    }

    /// The names of the frames that a client has not read yet.
    pub(super) fn names(&mut self, client: Client) -> Vec<String> {
        self.frames(client).iter().map(|frame| frame["type"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Throws away what nobody has read.
    pub(super) fn clear(&mut self) {
        let mut host = self.host.borrow_mut();
        host.inboxes.clear();
        host.providers.values_mut().for_each(Vec::clear);
    }

    /// The error that a client was sent.
    pub(super) fn error(&mut self, client: Client) -> String {
        let frame = self.frame(client);
        assert_eq!(frame["type"], "$error");
        frame["data"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The others that a client is told of, by session.
    pub(super) fn others(&mut self, client: Client) -> Value {
        self.clear();
        self.send(client, "$getOthers", &json!({}));
        self.frame(client)["data"]["others"].clone()
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.host.borrow().log.clone()
    }

    pub(super) fn stored(&self) -> usize {
        self.host.borrow().spilled.len()
    }

    pub(super) fn now(&self) -> u64 {
        self.now.get()
    }
}
