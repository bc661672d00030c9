//! The Durable Object of a room.

use std::{
    future::{Future as _, poll_fn},
    rc::{Rc, Weak},
    sync::Arc,
    task::{Context, Wake, Waker},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use worker::{
    Env, Error, Request, Response, Result, State, WebSocket, WebSocketPair, console_error, console_log,
    js_sys::Promise,
    wasm_bindgen::{JsCast as _, JsValue},
    wasm_bindgen_futures::{future_to_promise, spawn_local},
    worker_sys::{DurableObjectState, web_sys},
};

use super::{
    ADMISSION, ASK,
    abort::{self, Debts},
    now,
    pings::Pings,
    refusal::{Refusal, refuse},
    sockets::{Known, Sockets, attachment, bytes},
    spill::Spill,
    sql::Database,
    waits::{self, Waits},
};
use crate::{
    Millis,
    error::INTERNAL,
    protocol::{RESTARTED, echoed},
    room::{Admission, Ask, Connection, Core, Driver, Effect, Handlers, Limits, PATIENCE, Step, Unfit, Unmet},
};

/// When the alarm of a room that can't be made comes again.
const UNMADE_RETRY: Duration = Duration::from_secs(60);

/// How long an alarm waits for the hooks that it runs, in milliseconds: while it does, no other comes.
#[expect(clippy::cast_possible_truncation, reason = "it is half a minute")]
const ALARM_PATIENCE: u32 = PATIENCE as u32;

/// The object behind a room: the macro's class holds one and forwards its events to it.
#[derive(Debug)]
pub struct Object<R> {
    state: State,
    /// Why not, when `create` failed.
    live: crate::Result<Rc<Live<R>>>,
}

/// What a request of the worker wants.
enum Asked {
    Connection(Admission),
    Room(Ask),
    Nothing,
}

#[derive(Debug)]
struct Live<R> {
    driver: Driver<R>,
    sockets: Rc<Sockets>,
    debts: Debts,
    pings: Pings,
    spill: Spill,
    state: State,
    message_limit: u64,
    waits: Waits,
}

impl<R: Handlers> Object<R> {
    /// Wakes the room, with the connections that stayed open while it slept.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "as the platform hands it over")]
    pub fn new(state: DurableObjectState, env: Env) -> Self {
        abort::watch();
        let state = State::from(state);
        let name = state.id().name().unwrap_or_else(|| state.id().to_string());
        let id = state.id().to_string();
        #[expect(clippy::cast_precision_loss, reason = "it is a minute")]
        let making = abort::begin(&id, UNMADE_RETRY.as_millis() as f64);
        let made = match &making {
            Some(_) => R::create(&env).and_then(|(handlers, limits)| Live::new(&state, &name, handlers, limits)),
            None => Err(crate::Error::internal("it panicked when it was made the last time, and is tried again later")),
        };
        let live = match made {
            Ok(live) => {
                state.get_websockets().iter().for_each(|socket| live.restore(socket));
                let woken = live.driver.core.borrow().woken();
                live.execute(woken.into_iter().collect());
                Ok(live)
            }
            Err(error) => {
                console_error!("pluv: the room `{name}` can't be made: {error}");
                Err(error)
            }
        };
        if let Ok(live) = &live {
            let is_listening = live.driver.core.borrow().is_listening();
            if let Err(error) = live.listen(is_listening) {
                console_error!("pluv: pings will wake the room `{name}`: {error}");
            }
        }
        if let Some(making) = making {
            making.end();
        }
        Self { state, live }
    }

    /// A request of the worker: a new connection, or what it asks of the room.
    #[must_use]
    pub fn fetch(&self, req: web_sys::Request) -> JsValue {
        let req = Request::from(req);
        let response = match self.asked(&req) {
            Ok(Asked::Connection(admission)) => self.connect(&admission),
            Ok(Asked::Room(ask)) => match &self.live {
                Ok(live) => return live.ask(req, ask),
                Err(_) => Response::error("the room can't be made, and the log says why", 500),
            },
            Ok(Asked::Nothing) => Response::error("not found", 404),
            Err(error) => Err(error),
        };
        match response {
            Ok(response) => web_sys::Response::from(response).into(),
            Err(error) => Promise::reject(&error.into()).into(),
        }
    }

    fn asked(&self, req: &Request) -> Result<Asked> {
        let headers = req.headers();
        if let Some(ask) = headers.get(ASK)? {
            return Ok(serde_json::from_str(&ask).map_or(Asked::Nothing, Asked::Room));
        }
        let admission = headers.get(ADMISSION)?;
        Ok(admission.and_then(|json| serde_json::from_str(&json).ok()).map_or(Asked::Nothing, Asked::Connection))
    }

    fn connect(&self, admission: &Admission) -> Result<Response> {
        let name = self.state.id().name().unwrap_or_default();
        let live = match &self.live {
            Ok(live) => live,
            Err(error) if error.is_internal() => return refuse(admission.protocol, &name, Refusal::Later(INTERNAL)),
            Err(error) => return refuse(admission.protocol, &name, Refusal::Room(error.client_message())),
        };
        match live.driver.core.borrow().refusal(admission) {
            Some(Unfit::Full(reason)) => return refuse(admission.protocol, &name, Refusal::Later(&reason)),
            Some(Unfit::User(reason)) => return refuse(admission.protocol, &name, Refusal::Room(&reason)),
            None => {}
        }
        let pair = WebSocketPair::new()?;
        if self.state.as_raw().accept_websocket(pair.server.as_ref()).is_err() {
            let reason = "the room is full: the platform takes 32,768 connections";
            return refuse(admission.protocol, &name, Refusal::Later(reason));
        }
        let (connection, step) = match live.driver.core.borrow_mut().connect(now(), admission) {
            Ok(connected) => connected,
            Err(reason) => {
                console_error!("pluv: a connection of room `{name}` was not admitted: {reason}");
                pair.server.close(Some(RESTARTED), Some(INTERNAL))?;
                return Response::from_websocket(pair.client);
            }
        };
        live.sockets.insert(connection, &pair.server);
        drop(live.start(step));
        Response::from_websocket(pair.client)
    }

    /// A frame came. What is wrong with it is told to its sender.
    #[must_use]
    pub fn message(&self, socket: web_sys::WebSocket, message: &JsValue) -> JsValue {
        let socket = WebSocket::from(socket);
        let Ok(live) = &self.live else {
            let _ = close(&socket, RESTARTED);
            return JsValue::UNDEFINED;
        };
        abort::turn(&live.sockets);
        let step = match live.sockets.find_for(&socket, message, live.message_limit) {
            Known::Open(connection) => match message.as_string() {
                Some(text) => live.driver.core.borrow_mut().text(now(), connection, &text),
                None => live.driver.core.borrow_mut().binary(now(), connection, bytes(message)),
            },
            Known::Oversized(connection, length) => live.driver.core.borrow_mut().oversized(now(), connection, length),
            Known::Closed | Known::Unknown => return JsValue::UNDEFINED,
        };
        live.start(step)
    }

    /// A socket closed. It is answered, so that the client sees its own code and not 1006.
    #[must_use]
    pub fn close(&self, socket: web_sys::WebSocket, code: u32, reason: &str) -> JsValue {
        let socket = WebSocket::from(socket);
        // A socket that is closed already takes no answer.
        let _ = match echoed(code) {
            Some(code) => socket.close(Some(code), Some(reason)),
            None => socket.close(None, None::<&str>),
        };
        self.leave(&socket)
    }

    /// A socket broke.
    #[must_use]
    pub fn error(&self, socket: web_sys::WebSocket) -> JsValue {
        let socket = WebSocket::from(socket);
        let _ = socket.close(None, None::<&str>);
        self.leave(&socket)
    }

    /// The room's alarm. The platform tries it again where it fails, and drops one that failed six times.
    #[must_use]
    pub fn alarm(&self) -> JsValue {
        let Ok(live) = &self.live else {
            let storage = self.state.storage();
            return future_to_promise(async move {
                storage.set_alarm(UNMADE_RETRY).await?;
                Ok(JsValue::UNDEFINED)
            })
            .into();
        };
        abort::turn(&live.sockets);
        let step = live.driver.core.borrow_mut().alarm(now(), &|connection| live.pinged(connection));
        match live.run(step) {
            Some(running) => live.debts.owe(running, Some(ALARM_PATIENCE)),
            None => JsValue::UNDEFINED,
        }
    }

    fn leave(&self, socket: &WebSocket) -> JsValue {
        let Ok(live) = &self.live else { return JsValue::UNDEFINED };
        abort::turn(&live.sockets);
        let step = match live.sockets.find(socket) {
            Known::Open(connection) | Known::Oversized(connection, _) => {
                live.driver.core.borrow_mut().close(now(), connection)
            }
            Known::Closed => return JsValue::UNDEFINED,
            Known::Unknown => {
                let load = |session: &str| live.spill.get(session);
                live.driver.core.borrow_mut().close_asleep(now(), &attachment(socket), load)
            }
        };
        live.sockets.remove(socket);
        live.start(step)
    }
}

/// Passes a wake-up on to whoever waits at that time: a future may keep the waker that it was first polled with.
#[derive(Debug, Default)]
struct Relay(AtomicWaker);

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }
}

impl<R: Handlers> Live<R> {
    fn new(state: &State, name: &str, handlers: R, limits: Limits) -> crate::Result<Rc<Self>> {
        limits.check()?;
        let database = Database::new(state).map_err(Error::from)?;
        let storage = state.as_raw().storage().map_err(Error::from)?;
        let sockets = Rc::new(Sockets::new());
        Ok(Rc::new_cyclic(|live: &Weak<Self>| {
            let with = |act: fn(&Rc<Self>)| {
                let live = Weak::clone(live);
                move || live.upgrade().iter().for_each(act)
            };
            let committed = with(Self::committed);
            let failed = {
                let (name, object): (_, JsValue) = (name.to_owned(), state.as_raw().into());
                move |error: JsValue| {
                    // What is loaded is ahead of what is stored. What was to be shown since is held back by the platform.
                    console_error!("pluv: room `{name}`: what was written is not stored, so it starts anew: {error:?}");
                    waits::reset(&object, "the storage failed");
                }
            };
            let core = Core::new::<R>(name, limits, database);
            Self {
                message_limit: core.message_limit(),
                driver: Driver::new(core, handlers),
                debts: Debts::new(&sockets),
                sockets,
                pings: Pings::new(state),
                spill: Spill::new(state.storage().sql()),
                state: State::from(JsValue::from(state.as_raw()).unchecked_into::<DurableObjectState>()),
                waits: Waits::new(storage.into(), committed, failed, with(Self::turn), with(Self::lose_patience)),
            }
        }))
    }

    fn restore(&self, socket: &WebSocket) {
        let load = |session: &str| self.spill.get(session);
        let connection = self.driver.core.borrow_mut().restore(&attachment(socket), load);
        match connection {
            Some(connection) => self.sockets.insert(connection, socket),
            None => {
                let _ = close(socket, RESTARTED);
            }
        }
    }

    /// What was stored is safe.
    fn committed(self: &Rc<Self>) {
        abort::turn(&self.sockets);
        let step = self.driver.core.borrow_mut().committed(now());
        drop(self.start(step));
    }

    /// Others have had their turn.
    fn turn(self: &Rc<Self>) {
        abort::turn(&self.sockets);
        let step = self.driver.core.borrow_mut().turn(now());
        drop(self.start(step));
    }

    /// A hook takes too long.
    fn lose_patience(self: &Rc<Self>) {
        self.driver.core.borrow().lose_patience();
    }

    async fn set_alarm(self: Rc<Self>, due: Option<Millis>) {
        let result = match due {
            // The platform counts from now.
            Some(due) => self.state.storage().set_alarm(Duration::from_millis(due.saturating_sub(now()))).await,
            None => self.state.storage().delete_alarm().await,
        };
        if let Err(error) = result {
            let mut core = self.driver.core.borrow_mut();
            console_error!("pluv: room `{}`: its alarm can't be set: {error}", core.name());
            core.alarm_failed();
        }
    }

    async fn find_alarm(self: Rc<Self>) {
        match self.state.storage().get_alarm().await {
            Ok(due) => {
                abort::turn(&self.sockets);
                let due = due.and_then(|due| due.try_into().ok());
                let step = self.driver.core.borrow_mut().alarm_found(now(), due);
                drop(self.start(step));
            }
            Err(error) => {
                console_error!("pluv: room `{}`: its alarm can't be read: {error}", self.driver.core.borrow().name());
            }
        }
    }

    fn collect(self: &Rc<Self>) {
        let step = self.driver.core.borrow_mut().collect(now(), &|connection| self.pinged(connection));
        drop(self.start(step));
    }

    /// When the platform last answered a ping of a connection.
    fn pinged(&self, connection: Connection) -> Option<Millis> {
        self.pings.last(self.sockets.socket(connection)?.as_ref())
    }

    fn listen(&self, is_listening: bool) -> Result<()> {
        if is_listening { self.pings.come_through() } else { Pings::answer(&self.state) }
    }

    /// Much was sent to these.
    fn sent_much(self: &Rc<Self>, connections: &[Connection]) {
        for connection in connections {
            let pinged = self.pinged(*connection);
            let step = self.driver.core.borrow_mut().unread(now(), *connection, pinged);
            drop(self.start(step));
        }
    }

    /// Carries out a step, for whose handlers their connections wait.
    fn start(self: &Rc<Self>, step: Step) -> JsValue {
        if step.jobs.is_empty() {
            self.execute(step.effects);
            return JsValue::UNDEFINED;
        }
        let connections: Vec<_> = step.jobs.iter().map(|job| job.connection).collect();
        match self.run(step) {
            Some(running) => self.debts.owe_job(running, &connections),
            None => JsValue::UNDEFINED,
        }
    }

    /// Carries out a step. Most handlers wait for nothing: only for those that do there is a promise, as to make one, and
    /// to come back for it, costs more than the rest of most events.
    fn run(self: &Rc<Self>, step: Step) -> Option<Promise> {
        let live = Rc::clone(self);
        let mut running = Box::pin(async move { live.drive(step).await });
        let sockets = Rc::clone(&self.sockets);
        let relay = Arc::new(Relay::default());
        let waker = Waker::from(Arc::clone(&relay));
        let mut poll = move || {
            abort::turn(&sockets);
            running.as_mut().poll(&mut Context::from_waker(&waker))
        };
        if poll().is_ready() {
            return None;
        }
        let rest = poll_fn(move |cx| {
            relay.0.register(cx.waker());
            poll().map(|()| Ok(JsValue::UNDEFINED))
        });
        Some(future_to_promise(rest))
    }

    /// The worker asks for something.
    fn ask(self: &Rc<Self>, mut req: Request, ask: Ask) -> JsValue {
        let live = Rc::clone(self);
        let answer = async move {
            let bytes = req.bytes().await?;
            abort::turn(&live.sockets);
            Ok(web_sys::Response::from(live.answer(ask, bytes).await?).into())
        };
        self.debts.owe(future_to_promise(answer), None)
    }

    async fn answer(self: &Rc<Self>, ask: Ask, bytes: Vec<u8>) -> Result<Response> {
        let deletes = matches!(ask, Ask::Delete);
        let (step, mut answer) = self.driver.core.borrow_mut().consult(now(), ask, bytes);
        // Nobody waits for the hooks of those who were sent away.
        drop(self.start(step));
        if deletes {
            let step = self.driver.core.borrow_mut().delete_now(now());
            self.drive(step).await;
            // Another may be under way.
            poll_fn(|cx| self.driver.core.borrow_mut().poll_deleted(cx.waker())).await;
            if !self.driver.core.borrow().deletion_goes_on() {
                let reason = "`on_room_deleted` failed, and the log says why: the document stays".to_owned();
                answer = Err(Unmet::Failed(reason));
            }
        }
        match answer {
            Ok(bytes) => Response::from_bytes(bytes),
            Err(Unmet::Wrong(reason)) => Response::error(reason, 400),
            Err(Unmet::Failed(reason)) => Response::error(reason, 500),
        }
    }

    async fn drive(self: &Rc<Self>, step: Step) {
        self.driver.drive(step, now, |effects| self.execute(effects)).await;
    }

    fn execute(self: &Rc<Self>, effects: Vec<Effect>) {
        for effect in effects {
            if let Err(error) = self.carry_out(effect) {
                console_error!("pluv: room `{}`: {error}", self.driver.core.borrow().name());
            }
        }
    }

    fn carry_out(self: &Rc<Self>, effect: Effect) -> Result<()> {
        match effect {
            Effect::Send { to, frame } => self.sent_much(&self.sockets.send(&to, &frame)),
            Effect::SendBytes { to, frame } => self.sent_much(&self.sockets.send_bytes(&to, &frame)),
            Effect::Attach { connection, state } => self.sockets.attach(connection, &state)?,
            Effect::Spill { session, state } => self.spill.put(&session, state)?,
            Effect::Forget { session } => self.spill.delete(&session)?,
            Effect::ForgetAllBut { sessions } => self.spill.retain(&sessions)?,
            Effect::Close { connection, code, reason } => self.sockets.close(connection, code, &reason)?,
            Effect::Patience(millis) => self.waits.patience(millis),
            Effect::Waits { connection } => self.debts.owe_edit(connection),
            Effect::NoneWaits => self.debts.edits_stored(),
            Effect::Alarm(due) => spawn_local(Rc::clone(self).set_alarm(due)),
            Effect::FindAlarm => spawn_local(Rc::clone(self).find_alarm()),
            Effect::Listen(is_listening) => self.listen(is_listening)?,
            Effect::Collect => self.collect(),
            Effect::Commit => self.waits.commit(),
            Effect::Turn { pause } => self.waits.turn(pause),
            Effect::Debug { line } => console_log!("{line}"),
            Effect::Log { message } => console_error!("pluv: {message}"),
        }
        Ok(())
    }
}

fn close(socket: &WebSocket, code: u16) -> Result<()> {
    socket.close(Some(code), Some("the room restarted"))
}
