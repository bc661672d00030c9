//! The host of a room: its sockets, by the numbers of their connections, and its timers and alarm on the platform.

use std::{cell::RefCell, rc::Rc, time::Duration};

use futures_util::future::LocalBoxFuture;
use worker::{
    Delay, Env, Result, State, WebSocket, WebSocketRequestResponsePair, console_error, console_log,
    js_sys::{Map, Uint8Array, WeakMap},
    wasm_bindgen::{self, JsCast, JsValue, prelude::Closure, prelude::wasm_bindgen},
    wasm_bindgen_futures::spawn_local,
    worker_sys::{ext::WebSocketExt, web_sys},
};

use super::{
    now,
    pending::{self, PendingWork},
    poll::poll_once,
    same_state,
};
use crate::{
    bindings::Bindings,
    engine::{Audience, ConnectionId, Effect, Frame, Host, Input, Pending},
    protocol::{Millis, PING_FRAME, PONG_FRAME},
};

#[wasm_bindgen(wasm_bindgen = wasm_bindgen, module = "/src/cloudflare/host.js", js_namespace = host)]
extern "C" {
    #[wasm_bindgen(js_name = findConnection)]
    fn find_connection(numbers: &WeakMap, socket: &JsValue, message: &JsValue, limit: f64) -> f64;

    #[wasm_bindgen(js_name = messageLength)]
    fn message_length(message: &JsValue) -> f64;

    #[wasm_bindgen(js_name = sendText)]
    fn send_text(lines: &Map, connections: &[u32], frame: &str, bound: f64) -> bool;

    #[wasm_bindgen(js_name = sendBinary)]
    fn send_binary(lines: &Map, connections: &[u32], frame: &[u8], bound: f64) -> bool;

    #[wasm_bindgen(js_name = insertSocket)]
    fn insert_socket(lines: &Map, connection: u32, socket: &JsValue);

    #[wasm_bindgen(js_name = getSocket)]
    fn get_socket(lines: &Map, connection: u32) -> JsValue;

    #[wasm_bindgen(js_name = takeSentMuch)]
    fn take_sent_much(lines: &Map, bound: f64) -> Vec<u32>;

    /// A binary frame, copied once.
    #[wasm_bindgen(js_name = messageBytes)]
    pub(super) fn message_bytes(message: &JsValue) -> Vec<u8>;

    #[wasm_bindgen(catch, js_name = stopAutoResponse)]
    fn stop_auto_response(state: &JsValue) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(catch, js_name = lastPing)]
    fn last_ping(state: &JsValue, socket: &JsValue) -> std::result::Result<f64, JsValue>;

    #[wasm_bindgen(js_name = afterCommit)]
    fn after_commit(storage: &JsValue, durable: &JsValue, failed: &JsValue);

    #[wasm_bindgen(js_name = replaceTimeout)]
    fn replace_timeout(timeout: &JsValue, done: &JsValue, millis: Option<u32>) -> JsValue;

    #[wasm_bindgen(js_name = replaceTick)]
    fn replace_tick(timer: &JsValue, run: &JsValue, tick: u32, millis: Option<u32>) -> JsValue;

    #[wasm_bindgen(catch, js_name = abortObject)]
    fn abort_object(state: &JsValue, reason: &str) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(js_name = afterMillis)]
    fn after_millis(done: &JsValue, millis: u32);
}

/// Gives the room an input that comes later: of those that carry nothing but what is in it.
pub(super) type Later = Rc<dyn Fn(Input<'_>)>;

/// The host of one room.
#[derive(Debug)]
pub(super) struct CloudflareHost {
    room: Rc<str>,
    state: State,
    bindings: Bindings,
    storage: JsValue,
    pub(super) sockets: Sockets,
    pub(super) pending: PendingWork,
    callbacks: Callbacks,
    /// The timeout of a hook.
    timeout: RefCell<JsValue>,
    /// The timers of ticks that were set.
    ticks: RefCell<Vec<JsValue>>,
}

/// Closures that JavaScript calls, which live as long as the host.
struct Callbacks {
    later: Later,
    committed: Closure<dyn Fn()>,
    commit_failed: Closure<dyn Fn(JsValue)>,
    yielded: Closure<dyn Fn()>,
    timed_out: Closure<dyn Fn()>,
    tick: Closure<dyn Fn(u32)>,
}

impl std::fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callbacks").finish_non_exhaustive()
    }
}

impl CloudflareHost {
    /// The host of the room `room`, which gets later inputs by `later`.
    ///
    /// # Errors
    /// When the object has no storage.
    pub(super) fn new(
        state: &State,
        env: &Env,
        room: &str,
        message_limit: u64,
        later: Later,
    ) -> std::result::Result<Self, JsValue> {
        let sockets = Sockets::new(message_limit);
        let object: JsValue = state.as_raw().into();
        let input = |input: fn() -> Input<'static>| {
            let later = Rc::clone(&later);
            move || later(input())
        };
        let tick = {
            let later = Rc::clone(&later);
            move |tick: u32| later(Input::Tick { tick: tick as usize })
        };
        let commit_failed = {
            let room = room.to_owned();
            move |error: JsValue| {
                // The loaded document is ahead of what is stored. Messages that were sent since are held back by the platform.
                console_error!("pluv: room `{room}`: a write failed, so the object is reset: {error:?}");
                // This may not return.
                drop(abort_object(&object, "the storage failed"));
            }
        };
        Ok(Self {
            room: room.into(),
            storage: state.as_raw().storage()?.into(),
            bindings: Bindings { env: env.clone(), state: Some(same_state(state)) },
            state: same_state(state),
            pending: PendingWork::new(&sockets.lines),
            sockets,
            callbacks: Callbacks {
                committed: Closure::new(input(|| Input::Committed)),
                commit_failed: Closure::new(commit_failed),
                yielded: Closure::new(input(|| Input::Yielded)),
                timed_out: Closure::new(input(|| Input::HookTimeout)),
                tick: Closure::new(tick),
                later,
            },
            timeout: RefCell::new(JsValue::UNDEFINED),
            ticks: RefCell::default(),
        })
    }

    /// Runs handlers, for which their connections wait.
    pub(super) fn run(&self, pending: Option<Pending>) -> JsValue {
        match poll_once(pending) {
            Some((rest, connections)) => self.pending.track(rest, &connections),
            None => JsValue::UNDEFINED,
        }
    }

    fn try_execute(&self, effect: Effect) -> Result<Vec<ConnectionId>> {
        match effect {
            Effect::Send { to, frame } => return Ok(self.sockets.send(&to, &frame)),
            Effect::Attach { connection, state } => self.sockets.attach(connection, &state)?,
            Effect::Close { connection, code, reason } => self.sockets.close(connection, code, &reason)?,
            Effect::EditPending { connection } => self.pending.track_edit(connection),
            Effect::EditsDurable => self.pending.edits_durable(),
            Effect::AwaitCommit => {
                let Callbacks { committed, commit_failed, .. } = &self.callbacks;
                after_commit(&self.storage, committed.as_ref().unchecked_ref(), commit_failed.as_ref().unchecked_ref());
            }
            Effect::Yield { pause } => after_millis(self.callbacks.yielded.as_ref().unchecked_ref(), pause.into()),
            Effect::SetTimeout(millis) => {
                let millis = millis.map(|millis| u32::try_from(millis).unwrap_or(u32::MAX));
                let done = self.callbacks.timed_out.as_ref().unchecked_ref();
                let timeout = replace_timeout(&self.timeout.borrow(), done, millis);
                self.timeout.replace(timeout);
            }
            Effect::SetTick { tick, every } => {
                let millis = every.map(|every| u32::try_from(every).unwrap_or(u32::MAX));
                let mut ticks = self.ticks.borrow_mut();
                let count = ticks.len().max(tick + 1);
                ticks.resize(count, JsValue::UNDEFINED);
                #[expect(clippy::cast_possible_truncation, reason = "a room has a few")]
                let timer = replace_tick(&ticks[tick], self.callbacks.tick.as_ref(), tick as u32, millis);
                ticks[tick] = timer;
            }
            Effect::SetAlarm(due) => self.set_alarm(due),
            Effect::ReadAlarm => self.read_alarm(),
            Effect::AutoRespondToPings(true) => {
                let pair = WebSocketRequestResponsePair::new(PING_FRAME, PONG_FRAME)?;
                self.state.as_raw().set_websocket_auto_response(&pair)?;
            }
            Effect::AutoRespondToPings(false) => stop_auto_response(self.state.as_raw().as_ref())?,
            Effect::LogEvent(line) => console_log!("{line}"),
            Effect::LogError(message) => console_error!("pluv: {message}"),
        }
        Ok(Vec::new())
    }

    fn set_alarm(&self, due: Option<Millis>) {
        self.pending.set_next_alarm(due);
        let (storage, room, later) = (self.state.storage(), Rc::clone(&self.room), Rc::clone(&self.callbacks.later));
        spawn_local(async move {
            let result = match due {
                // The platform counts from now.
                Some(due) => storage.set_alarm(Duration::from_millis(due.saturating_sub(now()))).await,
                None => storage.delete_alarm().await,
            };
            if let Err(error) = result {
                console_error!("pluv: room `{room}`: the alarm can't be set: {error}");
                later(Input::AlarmFailed);
            }
        });
    }

    fn read_alarm(&self) {
        let (storage, room, later) = (self.state.storage(), Rc::clone(&self.room), Rc::clone(&self.callbacks.later));
        spawn_local(async move {
            match storage.get_alarm().await {
                Ok(due) => later(Input::AlarmRead { alarm: due.and_then(|due| due.try_into().ok()) }),
                Err(error) => console_error!("pluv: room `{room}`: the alarm can't be read: {error}"),
            }
        });
    }
}

impl Host for CloudflareHost {
    fn now(&self) -> Millis {
        now()
    }

    fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    fn spawn(&self, pending: Pending) {
        drop(self.run(Some(pending)));
    }

    fn activate(&self) {
        pending::activate(&self.sockets.lines);
    }

    fn last_ping(&self, connection: ConnectionId) -> Option<Millis> {
        let socket = self.sockets.get(connection)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the time is a whole number")]
        let last = last_ping(self.state.as_raw().as_ref(), socket.as_ref())
            .ok()
            .filter(|at| *at >= 0.0)
            .map(|at| at as Millis);
        last
    }

    fn sleep(&self, millis: Millis) -> LocalBoxFuture<'static, ()> {
        Box::pin(Delay::from(Duration::from_millis(millis)))
    }

    fn execute(&self, effect: Effect) -> Vec<ConnectionId> {
        self.try_execute(effect).unwrap_or_else(|error| {
            console_error!("pluv: room `{}`: {error}", self.room);
            Vec::new()
        })
    }
}

/// In place of the number of a connection that has closed.
const CLOSED: i32 = -2;

/// Added to the number of a connection whose message exceeds the limit.
const OVERSIZED: i64 = 1 << 32;

/// Units of text or bytes that are sent to a socket before the room checks whether its client reads. The platform keeps what
/// a client does not read, without a bound: of 200 MB that were sent to one that did not, all was kept, also after its socket
/// was closed, until its TCP connection ended. There is no `bufferedAmount`. An object has 128 MB.
const SENT_MUCH: f64 = 67_108_864.0;

/// The open sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    /// From a connection's number to its socket, and how much was sent to it.
    lines: Rc<Map>,
    /// From a socket to its connection's number, or to [`CLOSED`]: an event gives the socket alone, and to read the
    /// attachment each time would cost more than the rest of a message.
    numbers: WeakMap,
    /// Bytes that a message may have.
    message_limit: f64,
}

/// The connection of a socket.
pub(super) enum SocketState {
    Open(ConnectionId),
    /// The message has more characters or bytes than the limit: so many.
    Oversized(ConnectionId, u64),
    Closed,
    /// This instance has not seen the socket.
    Unknown,
}

impl Sockets {
    fn new(message_limit: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "no limit is as large")]
        let message_limit = message_limit as f64;
        Self { lines: Rc::new(Map::new()), numbers: WeakMap::new(), message_limit }
    }

    pub(super) fn insert(&self, connection: ConnectionId, socket: &WebSocket) {
        let object: &JsValue = socket.as_ref().as_ref();
        self.numbers.set(object.unchecked_ref(), &JsValue::from(connection.0));
        insert_socket(&self.lines, connection.0, object);
    }

    /// The connection of a socket.
    pub(super) fn find(&self, socket: &WebSocket) -> SocketState {
        self.find_for(socket, &JsValue::UNDEFINED)
    }

    /// The connection of a socket that a message arrived on. The message's length is compared with the limit before it is
    /// copied: a text has as many bytes as characters, or more.
    pub(super) fn find_for(&self, socket: &WebSocket, message: &JsValue) -> SocketState {
        #[expect(clippy::cast_possible_truncation, reason = "it was made from an integer")]
        let number = find_connection(&self.numbers, socket.as_ref().as_ref(), message, self.message_limit) as i64;
        match (u32::try_from(number), u32::try_from(number - OVERSIZED)) {
            (Ok(number), _) => SocketState::Open(ConnectionId(number)),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a length")]
            (_, Ok(number)) => SocketState::Oversized(ConnectionId(number), message_length(message) as u64),
            _ if number == i64::from(CLOSED) => SocketState::Closed,
            _ => SocketState::Unknown,
        }
    }

    /// The socket of a connection.
    fn get(&self, connection: ConnectionId) -> Option<web_sys::WebSocket> {
        let socket = get_socket(&self.lines, connection.0);
        (!socket.is_undefined()).then(|| socket.unchecked_into())
    }

    /// Marks a socket as closed.
    pub(super) fn remove(&self, socket: &WebSocket) {
        let object: &JsValue = socket.as_ref().as_ref();
        let number = self.numbers.get(object.unchecked_ref());
        self.lines.delete(&number);
        self.numbers.set(object.unchecked_ref(), &CLOSED.into());
    }

    /// Sends a frame. It leaves wasm once, however many get it. A socket that is closing gets nothing.
    ///
    /// Returns the connections to which much was sent since the last time that they were returned.
    fn send(&self, to: &Audience, frame: &Frame) -> Vec<ConnectionId> {
        let many;
        let to = match to {
            Audience::One(connection) => &[connection.0][..],
            Audience::Many(connections) => {
                many = connections.iter().map(|connection| connection.0).collect::<Vec<_>>();
                &many
            }
        };
        let is_much = match frame {
            Frame::Text(frame) => send_text(&self.lines, to, frame, SENT_MUCH),
            Frame::Binary(frame) => send_binary(&self.lines, to, frame, SENT_MUCH),
        };
        match is_much {
            true => take_sent_much(&self.lines, SENT_MUCH).into_iter().map(ConnectionId).collect(),
            false => Vec::new(),
        }
    }

    /// Closes a connection, and forgets it.
    fn close(&self, connection: ConnectionId, code: u16, reason: &str) -> Result<()> {
        let Some(socket) = self.get(connection) else { return Ok(()) };
        // The platform lists it until its client answers, and the room may hibernate before that: it must not be restored.
        socket.serialize_attachment(JsValue::NULL)?;
        let socket = WebSocket::from(socket);
        self.remove(&socket);
        socket.close(Some(code), Some(reason))
    }

    /// Keeps `state` with a socket while the object hibernates.
    fn attach(&self, connection: ConnectionId, state: &[u8]) -> Result<(), JsValue> {
        match self.get(connection) {
            Some(socket) => socket.serialize_attachment(Uint8Array::from(state).into()),
            None => Ok(()),
        }
    }
}

/// The state that was kept with a socket.
pub(super) fn attachment(socket: &WebSocket) -> Vec<u8> {
    match socket.as_ref().deserialize_attachment() {
        Ok(state) => state.dyn_into::<Uint8Array>().map(|state| state.to_vec()).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
