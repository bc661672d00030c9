//! The host of a room: its sockets, timers and alarm on the platform.

use std::{cell::RefCell, rc::Rc, time::Duration};

use worker::{
    Result, State, WebSocketRequestResponsePair, console_error, console_log,
    wasm_bindgen::{self, JsCast as _, JsValue, prelude::Closure, prelude::wasm_bindgen},
    wasm_bindgen_futures::spawn_local,
    worker_sys::DurableObjectState,
};

use super::{
    now,
    pending::{self, PendingWork},
    sockets::Sockets,
};
use crate::{
    engine::{ConnectionId, Effect, Host, Input},
    protocol::{Millis, PING_FRAME, PONG_FRAME},
};

#[wasm_bindgen(wasm_bindgen = wasm_bindgen, module = "/src/cloudflare/host.js", js_namespace = host)]
extern "C" {
    #[wasm_bindgen(catch, js_name = stopAutoResponse)]
    fn stop_auto_response(state: &JsValue) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(catch, js_name = lastPing)]
    fn last_ping(state: &JsValue, socket: &JsValue) -> std::result::Result<f64, JsValue>;

    #[wasm_bindgen(js_name = afterCommit)]
    fn after_commit(storage: &JsValue, durable: &JsValue, failed: &JsValue);

    #[wasm_bindgen(js_name = replaceTimeout)]
    fn replace_timeout(timeout: &JsValue, done: &JsValue, millis: Option<u32>) -> JsValue;

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
    storage: JsValue,
    pub(super) sockets: Rc<Sockets>,
    pub(super) pending: PendingWork,
    callbacks: Callbacks,
    /// The timeout of a hook.
    timeout: RefCell<JsValue>,
    /// Connections to which much was sent, and whether the room wants to check for idle connections.
    sent_much: RefCell<Vec<ConnectionId>>,
    checks_idle: std::cell::Cell<bool>,
}

/// Closures that JavaScript calls, which live as long as the host.
struct Callbacks {
    later: Later,
    committed: Closure<dyn Fn()>,
    commit_failed: Closure<dyn Fn(JsValue)>,
    yielded: Closure<dyn Fn()>,
    timed_out: Closure<dyn Fn()>,
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
    pub(super) fn new(state: &State, room: &str, later: Later) -> std::result::Result<Self, JsValue> {
        let sockets = Rc::new(Sockets::new());
        let object: JsValue = state.as_raw().into();
        let input = |input: fn() -> Input<'static>| {
            let later = Rc::clone(&later);
            move || later(input())
        };
        let commit_failed = {
            let (room, object) = (room.to_owned(), object.clone());
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
            state: State::from(object.unchecked_into::<DurableObjectState>()),
            pending: PendingWork::new(&sockets),
            sockets,
            callbacks: Callbacks {
                committed: Closure::new(input(|| Input::Committed)),
                commit_failed: Closure::new(commit_failed),
                yielded: Closure::new(input(|| Input::Yielded)),
                timed_out: Closure::new(input(|| Input::HookTimeout)),
                later,
            },
            timeout: RefCell::new(JsValue::UNDEFINED),
            sent_much: RefCell::default(),
            checks_idle: std::cell::Cell::new(false),
        })
    }

    /// The time when the platform last answered a ping of a connection.
    pub(super) fn last_ping(&self, connection: ConnectionId) -> Option<Millis> {
        let socket = self.sockets.get(connection)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the time is a whole number")]
        let last = last_ping(self.state.as_raw().as_ref(), socket.as_ref())
            .ok()
            .filter(|at| *at >= 0.0)
            .map(|at| at as Millis);
        last
    }

    fn try_execute(&self, effect: Effect) -> Result<()> {
        match effect {
            Effect::Send { to, frame } => self.sent_much.borrow_mut().extend(self.sockets.send(&to, &frame)),
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
            Effect::SetAlarm(due) => self.set_alarm(due),
            Effect::ReadAlarm => self.read_alarm(),
            Effect::AutoRespondToPings(true) => {
                let pair = WebSocketRequestResponsePair::new(PING_FRAME, PONG_FRAME)?;
                self.state.as_raw().set_websocket_auto_response(&pair)?;
            }
            Effect::AutoRespondToPings(false) => stop_auto_response(self.state.as_raw().as_ref())?,
            Effect::CheckIdle => self.checks_idle.set(true),
            Effect::LogEvent(line) => console_log!("{line}"),
            Effect::LogError(message) => console_error!("pluv: {message}"),
        }
        Ok(())
    }

    fn set_alarm(&self, due: Option<Millis>) {
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

    fn activate(&self) {
        pending::activate(&self.sockets);
    }

    fn execute(&self, effect: Effect) {
        if let Err(error) = self.try_execute(effect) {
            console_error!("pluv: room `{}`: {error}", self.room);
        }
    }

    fn follow_up(&self, handle: &mut dyn FnMut(Input<'_>)) {
        while let Some(connection) = { self.sent_much.borrow_mut().pop() } {
            handle(Input::SentMuch { connection, last_ping: self.last_ping(connection) });
        }
        if self.checks_idle.take() {
            handle(Input::CheckIdle { last_ping: &|connection| self.last_ping(connection) });
        }
    }
}
