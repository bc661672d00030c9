//! A room of the tests, on the host of the test kit.

use std::{
    cell::Cell,
    future::poll_fn,
    ops::{Deref, DerefMut},
    rc::Rc,
    task::Poll,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use crate::{
    Context, EventInfo, Evict, Handlers, Hooks, Limits, Message, Options, Room,
    api::answer,
    auth::Access,
    cloudflare::Env,
    contract::HasOutput,
    engine::{AdminRequest, Outcome},
    error::{Error, Result},
    protocol::Protocol,
    testing::{Frame, SocketId, TestHost, message},
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
    const OPTIONS: Options = Options {
        has_user: true,
        debug: true,
        limits: Limits::new().presence(1_000_000).user(100_000),
        ..Options::new("Test", "TEST")
    };
}

impl HasOutput for Test {
    type Declared = Output;
}

impl Handlers for Test {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[EventInfo::event("say", ""), EventInfo::event("sayOthers", "")];
    const HOOKS: Hooks =
        Hooks { on_user_connected: true, on_user_disconnected: true, on_message: true, ..Hooks::none() };

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, context: &Context<'_, Self>, message: Message<'_>) -> Result<Outcome> {
        match message.name() {
            "say" => context.broadcast(Output::Said { text: message.data::<Say>()?.text }),
            "sayOthers" => context.broadcast_others(Output::Said { text: message.data::<Say>()?.text }),
            "echo" => context.reply(Output::Said { text: message.data::<Say>()?.text }),
            "whisper" => {
                let input: To1 = message.data()?;
                context.send_to(&input.to, Output::Said { text: input.text });
            }
            "wait" => {
                let input: Say = message.data()?;
                let gate = Rc::clone(&self.gate);
                poll_fn(move |_| if gate.get() { Poll::Ready(()) } else { Poll::Pending }).await;
                context.broadcast(Output::Said { text: input.text });
            }
            "evict" => {
                let input: To1 = message.data()?;
                context.broadcast(Output::Said { text: "goodbye".to_owned() });
                match &*input.text {
                    "session" => context.evict(&input.to),
                    "user" => context.evict_user(&input.to),
                    "all" => context.evict_all(),
                    "fail" => {
                        context.evict_all();
                        return Err(Error::client("not this time"));
                    }
                    reason => context.evict(Evict::session(input.to).reason(reason.to_owned()).allow_reconnect()),
                }
            }
            "look" => context.reply(Output::Seen {
                sessions: context.sessions().iter().map(|session| session.user().id.clone()).collect(),
                x: context.presence().x,
                room: context.room().to_string(),
                now: context.now(),
                name: context.user().name.clone(),
            }),
            "setX" => {
                let input: SetX = message.data()?;
                context.set_presence(Presence { x: Some(input.x), note: None });
                context.reply(Output::Said { text: format!("{:?}", context.presence().x) });
                if input.fail {
                    return Err(Error::client("you asked for it"));
                }
            }
            "breakOutput" => {
                context.broadcast(Output::Said { text: "never seen".to_owned() });
                context.broadcast(Output::Broken(1));
            }
            "collect" => context.garbage_collect(),
            "fail" => {
                context.broadcast(Output::Said { text: "never seen".to_owned() });
                return Err(std::io::Error::other("the database's address").into());
            }
            "sum" => {
                let numbers: Vec<i64> = serde_json::from_value(message.data::<Value>()?["numbers"].clone())
                    .map_err(|_| Error::client("give me `numbers`"))?;
                return answer("sumResult", &numbers.iter().sum::<i64>());
            }
            _ => return Ok(Outcome::Unhandled),
        }
        Ok(Outcome::Done)
    }

    async fn on_user_connected(&self, context: &Context<'_, Self>) -> Result<()> {
        if context.user().id == "greeted" {
            context.broadcast(Output::Joined {});
        }
        Ok(())
    }

    async fn on_user_disconnected(&self, context: &Context<'_, Self>) -> Result<()> {
        context.broadcast(Output::Left { x: context.presence().x });
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

/// A room with its host and its clients.
pub(super) struct World<R: TestRoom = Test> {
    host: TestHost<R>,
    gate: Rc<Cell<bool>>,
}

impl<R: TestRoom> Deref for World<R> {
    type Target = TestHost<R>;

    fn deref(&self) -> &TestHost<R> {
        &self.host
    }
}

impl<R: TestRoom> DerefMut for World<R> {
    fn deref_mut(&mut self) -> &mut TestHost<R> {
        &mut self.host
    }
}

fn json_of(user: &str) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(&json!({ "id": user, "name": format!("name of {user}") })).ok()
}

/// A client of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client(SocketId);

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

impl<R: TestRoom> World<R> {
    /// An empty room, which is rebuilt before every input where `rebuilt` says so.
    pub(super) fn new(rebuilt: bool) -> Self {
        let gate = Rc::new(Cell::new(false));
        let make = {
            let gate = Rc::clone(&gate);
            move || R::make(&gate)
        };
        let mut host = TestHost::new("the room", 1_000, R::limits(), make);
        host.hibernates = rebuilt;
        host.pace = 1_000;
        Self { host, gate }
    }

    /// The alarm comes, when it is due; or now, where none is set.
    pub(super) fn fire_alarm(&mut self) {
        let due = self.alarm().unwrap_or_default().max(self.now());
        self.fire_alarm_at(due);
    }

    /// The alarm comes at this time.
    pub(super) fn fire_alarm_at(&mut self, time: u64) {
        self.host.set_now(time);
        self.host.fire_alarm();
    }

    /// The code that a client's connection was closed with.
    pub(super) fn closed(&self, client: Client) -> Option<u16> {
        self.host.closed(client.0).map(|(code, _)| code)
    }

    /// The reason that it was closed for.
    pub(super) fn close_reason(&self, client: Client) -> String {
        self.host.closed(client.0).map(|(_, reason)| reason).unwrap_or_default()
    }

    /// Whether the alarm is to come for nothing but to look for who is silent, which is much later.
    pub(super) fn only_looks(&self) -> bool {
        self.alarm().is_some_and(|due| due > self.now() + 30_000)
    }

    /// The worker wants the document deleted; whether nothing failed.
    pub(super) fn delete(&mut self) -> bool {
        self.host.admin(AdminRequest::Delete, &[]).is_ok()
    }

    /// Lets the handlers that wait go on.
    pub(super) fn open_gate(&mut self) {
        self.gate.set(true);
        self.host.poll();
        assert!(!self.host.is_running(), "nothing else is waited for");
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
        Client(self.host.connect(protocol, json_of(user), access, None).expect("the user is well formed"))
    }

    /// Why a user would not be taken.
    pub(super) fn connect_error(&mut self, user: &str) -> Option<String> {
        match self.host.connect(Protocol::Pluv, json_of(user), Access::Write, None) {
            Ok(socket) => {
                self.host.close(socket);
                None
            }
            Err(reason) => Some(reason.text().into_owned()),
        }
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
        self.send_text(client, &message(name, data));
    }

    /// A client sends a frame.
    pub(super) fn send_text(&mut self, client: Client, text: &str) {
        self.host.text(client.0, text);
    }

    /// A client sends a binary frame.
    pub(super) fn send_binary(&mut self, client: Client, frame: &[u8]) {
        self.host.binary(client.0, frame);
    }

    /// A client pings.
    pub(super) fn ping(&mut self, client: Client) {
        self.host.ping(client.0);
    }

    /// The platform forgets when a client has pinged.
    pub(super) fn forget_ping(&mut self, client: Client) {
        self.host.forget_ping(client.0);
    }

    /// Time goes by.
    pub(super) fn wait(&mut self, millis: u64) {
        let now = self.now();
        self.set_now(now + millis);
    }

    /// A client sends a frame that is not even read, as it is too long.
    pub(super) fn send_oversized(&mut self, client: Client, bytes: u64) {
        self.host.oversized(client.0, bytes);
    }

    /// Much was sent to a client.
    pub(super) fn unread(&mut self, client: Client) {
        self.host.unread(client.0);
    }

    /// A client is gone, and its close event with the room that it came to.
    pub(super) fn lose_silently(&mut self, client: Client) {
        self.host.hang_up(client.0);
    }

    /// The clock is set back.
    pub(super) fn set_back(&mut self, millis: u64) {
        let now = self.now();
        self.set_now(now - millis);
    }

    /// A client leaves while the room is awake.
    pub(super) fn leave(&mut self, client: Client) {
        self.host.close(client.0);
    }

    /// A client leaves while the room sleeps.
    pub(super) fn leave_asleep(&mut self, client: Client) {
        self.host.close_asleep(client.0);
    }

    /// The frames that a client has not read yet.
    pub(super) fn frames(&mut self, client: Client) -> Vec<Value> {
        let read = || self.host.read(client.0);
        std::iter::from_fn(read).map(|frame| serde_json::from_str(&frame).expect("a frame is JSON")).collect()
    }

    /// The binary frames that a client has not read yet.
    pub(super) fn binary_frames(&mut self, client: Client) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.host.read_binary(client.0)).map(|frame| frame.to_vec()).collect()
    }

    /// The same, as a client of the kit reads them.
    pub(super) fn read_all(&mut self, client: Client) -> Vec<Frame> {
        std::iter::from_fn(|| self.host.read(client.0)).map(|frame| Frame::parse(&frame)).collect()
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
        self.host.take_log()
    }

    /// The event log since the last call.
    pub(super) fn event_log(&self) -> Vec<Value> {
        let lines = self.host.take_event_log();
        lines.iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    pub(super) fn stored(&self) -> usize {
        self.host.stored_sessions()
    }
}
