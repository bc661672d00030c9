//! The Durable Object of a room.

use std::{
    cell::OnceCell,
    rc::{Rc, Weak},
    time::Duration,
};

use futures_util::FutureExt as _;
use serde_json::value::RawValue;
use worker::{
    Env, Request, Response, State, WebSocket, WebSocketPair, console_error,
    js_sys::Promise,
    wasm_bindgen::JsValue,
    wasm_bindgen_futures::{future_to_promise, spawn_local},
    worker_sys::{DurableObjectState, web_sys},
};

use super::{
    host::{CloudflareHost, Later, SocketState, attachment, message_bytes},
    now,
    pending::{begin_start, end_start, handle_panics},
    poll::{poll_first, poll_once},
    request::{ObjectRequest, accept_and_close},
    same_state,
    sql::ObjectDatabase,
};
use crate::{
    api::{self, Handlers, definition},
    document::Storage as _,
    engine::{
        AdminError, AdminReply, AdminRequest, AdminResponse, Admission, Call, CloseReason, Dispatcher, HOOK_TIMEOUT,
        Input, JobKind, Limits, Room,
    },
    error::{Error, INTERNAL},
    protocol::{Protocol, echoed},
    sql::Database,
};

/// Delay before a room that failed to start is started again by its alarm.
const START_RETRY: Duration = Duration::from_secs(60);

/// Time that the alarm waits for the handlers that it runs, in milliseconds, unless the next one is due before.
#[expect(clippy::cast_possible_truncation, reason = "it is half a minute")]
const ALARM_TIMEOUT: u32 = HOOK_TIMEOUT as u32;

/// The object behind a room: the macro's class holds one and forwards its events to it.
#[derive(Debug)]
pub struct Object<R> {
    state: State,
    env: Env,
    /// The running room, or why it could not be started; empty until the room's name is known, and while it is created.
    running: Rc<OnceCell<Started<R>>>,
}

type Started<R> = crate::Result<Rc<RoomDispatcher<R>>>;

type RoomDispatcher<R> = Dispatcher<R, CloudflareHost>;

impl<R: Handlers> Object<R> {
    /// Starts the room, with the connections that stayed open while it hibernated.
    #[must_use]
    pub fn new(state: DurableObjectState, env: Env) -> Self {
        let object = Self { state: State::from(state), env, running: Rc::default() };
        if let Some(name) = object.state.id().name() {
            object.start(&name);
        }
        object
    }

    /// Starts the room `name`, unless it was started.
    fn start(&self, name: &str) {
        if self.running.get().is_some() {
            return;
        }
        handle_panics(name);
        #[expect(clippy::cast_precision_loss, reason = "it is a minute")]
        let delay = START_RETRY.as_millis() as f64;
        let id = self.state.id().to_string();
        if !begin_start(&id, delay) {
            let error = Error::internal("its last start panicked: it is tried again in a minute");
            return finish(&self.running, name, Err(error));
        }
        let (state, env, running) = (same_state(&self.state), self.env.clone(), Rc::clone(&self.running));
        let name = name.to_owned();
        let starting = async move {
            let started = match R::create(&env, &name).await {
                Ok((handlers, limits)) => start(&state, &env, &name, handlers, limits),
                Err(error) => Err(error),
            };
            end_start(&id);
            finish(&running, &name, started);
        };
        if R::HOOKS.async_create {
            // What it waits for has to begin in there: the platform holds back all that comes from elsewhere.
            let started = self.state.block_concurrency_while(starting.map(Ok));
            return spawn_local(started.map(drop));
        }
        // It waits for nothing.
        let _ = starting.now_or_never();
    }

    /// The running room.
    fn running(&self) -> Option<&Rc<RoomDispatcher<R>>> {
        self.running.get()?.as_ref().ok()
    }

    /// A request of the worker: a new connection, or an admin request.
    #[must_use]
    pub fn fetch(&self, req: web_sys::Request) -> JsValue {
        let req = Request::from(req);
        let response = match ObjectRequest::parse(&req) {
            Ok(Some((room, request))) => {
                self.start(&room);
                match (self.running.get(), request) {
                    (Some(started), ObjectRequest::Connect(admission)) => {
                        return connect(started, same_state(&self.state), room, admission);
                    }
                    (Some(Ok(running)), ObjectRequest::Admin(request)) => return admin(running, req, request),
                    (Some(Ok(running)), ObjectRequest::Call(call)) => return answer(running, req, call),
                    (Some(Ok(running)), ObjectRequest::Http(user)) => return respond(running, req, user),
                    (Some(Err(_)), _) => Response::error("the room can't be started, and the log says why", 500),
                    (None, _) => Response::error("the room is being created: try again", 503),
                }
            }
            Ok(None) => Response::error("not found", 404),
            Err(error) => Err(error),
        };
        match response {
            Ok(response) => web_sys::Response::from(response).into(),
            Err(error) => Promise::reject(&error.into()).into(),
        }
    }

    /// A frame arrived. Errors are sent to its sender.
    #[must_use]
    pub fn message(&self, socket: web_sys::WebSocket, message: &JsValue) -> JsValue {
        let socket = WebSocket::from(socket);
        let Some(running) = self.running() else {
            close_restarted(&socket);
            return JsValue::UNDEFINED;
        };
        let pending = match running.host.sockets.find_for(&socket, message) {
            SocketState::Open(connection) => match message.as_string() {
                Some(text) => running.input(Input::Text { connection, text: &text }),
                None => running.input(Input::Binary { connection, frame: message_bytes(message) }),
            },
            SocketState::Oversized(connection, bytes) => running.input(Input::Oversized { connection, bytes }),
            SocketState::Closed | SocketState::Unknown => return JsValue::UNDEFINED,
        };
        running.host.run(pending)
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
        self.closed(&socket)
    }

    /// A socket broke.
    #[must_use]
    pub fn error(&self, socket: web_sys::WebSocket) -> JsValue {
        let socket = WebSocket::from(socket);
        let _ = socket.close(None, None::<&str>);
        self.closed(&socket)
    }

    fn closed(&self, socket: &WebSocket) -> JsValue {
        let Some(running) = self.running() else { return JsValue::UNDEFINED };
        let sockets = &running.host.sockets;
        let kept;
        let input = match sockets.find(socket) {
            SocketState::Open(connection) | SocketState::Oversized(connection, _) => Input::Closed { connection },
            SocketState::Closed => return JsValue::UNDEFINED,
            SocketState::Unknown => {
                kept = attachment(socket);
                Input::ClosedAsleep { attachment: &kept }
            }
        };
        sockets.remove(socket);
        running.host.run(running.input(input))
    }

    /// The object's alarm. The platform tries it again where it fails, and drops one that failed six times.
    #[must_use]
    pub fn alarm(&self) -> JsValue {
        let Some(running) = self.running() else {
            if self.running.get().is_none() {
                let id = self.state.id();
                console_error!(
                    "pluv: the room with the id `{id}` has no name in its alarm: it is tried again in a minute"
                );
            }
            let storage = self.state.storage();
            return future_to_promise(async move {
                storage.set_alarm(START_RETRY).await?;
                Ok(JsValue::UNDEFINED)
            })
            .into();
        };
        running.host.pending.set_next_alarm(None);
        match poll_once(running.input(Input::Alarm)) {
            Some((rest, _)) => running.host.pending.track_request(rest, Some(ALARM_TIMEOUT)),
            None => JsValue::UNDEFINED,
        }
    }
}

/// Keeps the room that was started, or why it was not.
fn finish<R>(running: &OnceCell<Started<R>>, name: &str, started: Started<R>) {
    if let Err(error) = &started {
        console_error!("pluv: the room `{name}` can't be started: {error}");
    }
    let _ = running.set(started);
}

/// Connects a client, if the room lets it in.
fn connect<R: Handlers>(started: &Started<R>, state: State, name: String, admission: Admission) -> JsValue {
    let close = {
        let protocol = admission.protocol;
        move |name: &str, reason: &CloseReason| {
            let response = accept_and_close(protocol, name, reason)?;
            Ok(web_sys::Response::from(response).into())
        }
    };
    let running = match started {
        Ok(running) => Rc::clone(running),
        Err(error) => {
            let reason = match error.is_internal() {
                true => CloseReason::Unavailable(INTERNAL.to_owned()),
                false => CloseReason::Refused(error.client_message().to_owned()),
            };
            return match close(&name, &reason) {
                Ok(response) => response,
                Err(error) => Promise::reject(&error).into(),
            };
        }
    };
    let room = Rc::clone(&running);
    let response = async move {
        if let Err(reason) = room.run_connect_hook(&admission).await {
            return close(&name, &reason);
        }
        let pair = WebSocketPair::new()?;
        let connected = room.connect(&admission, |connection| {
            if state.as_raw().accept_websocket(pair.server.as_ref()).is_err() {
                let reason = "the room is full: the platform takes 32,768 connections";
                return Err(CloseReason::Unavailable(reason.to_owned()));
            }
            room.host.sockets.insert(connection, &pair.server);
            Ok(())
        });
        match connected {
            Ok(pending) => {
                drop(room.host.run(pending));
                Ok(web_sys::Response::from(Response::from_websocket(pair.client)?).into())
            }
            Err(reason) => {
                if let CloseReason::InvalidUser(reason) = &reason {
                    console_error!("pluv: room `{name}`: a connection was refused: {reason}");
                }
                close(&name, &reason)
            }
        }
    };
    tracked(&running, response)
}

/// The result of a request, at once where nothing has to be waited for.
fn tracked<R: Handlers>(
    room: &RoomDispatcher<R>,
    response: impl Future<Output = Result<JsValue, JsValue>> + 'static,
) -> JsValue {
    match poll_first(Box::pin(response)) {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => Promise::reject(&error).into(),
        Err(response) => room.host.pending.track_request(future_to_promise(response), None),
    }
}

/// Calls a procedure.
fn answer<R: Handlers>(room: &Rc<RoomDispatcher<R>>, mut req: Request, call: Call) -> JsValue {
    let this = Rc::clone(room);
    tracked(room, async move {
        let input = req.bytes().await?;
        to_response(this.call(call, input).await)
    })
}

/// Answers a client's request over HTTP.
fn respond<R: Handlers>(room: &Rc<RoomDispatcher<R>>, req: Request, user: Option<Box<RawValue>>) -> JsValue {
    let this = Rc::clone(room);
    tracked(room, async move {
        let user = match user.map(|user| serde_json::from_str(user.get())).transpose() {
            Ok(user) => user,
            Err(error) => return to_response(Err(AdminError::Failed(error.to_string()))),
        };
        let job = this.room.borrow().job(now(), JobKind::Request);
        let response = match this.perform(&job, api::respond(&this.handlers, &*this, &job, req, user)).await {
            Ok(response) => response,
            Err(error) if error.is_internal() => Response::error(INTERNAL, 500)?,
            Err(error) => Response::error(error.client_message(), 400)?,
        };
        Ok(web_sys::Response::from(response).into())
    })
}

/// The response to a request of the worker.
fn to_response(response: AdminResponse) -> Result<JsValue, JsValue> {
    let response = match response {
        Ok(bytes) => Response::from_bytes(bytes),
        Err(AdminError::Invalid(reason)) => Response::error(reason, 400),
        Err(AdminError::Failed(reason)) => Response::error(reason, 500),
    };
    Ok(web_sys::Response::from(response?).into())
}

/// Starts a room, with the connections that stayed open while it hibernated.
fn start<R: Handlers>(
    state: &State,
    env: &Env,
    name: &str,
    handlers: R,
    limits: Limits,
) -> crate::Result<Rc<RoomDispatcher<R>>> {
    limits.check()?;
    let database = Database::from(ObjectDatabase::new(state).map_err(worker::Error::from)?);
    let definition = definition::<R>(limits);
    #[expect(clippy::cast_possible_truncation, reason = "it is at most 10,000,000")]
    let document = <<R::Room as crate::Room>::Storage>::open(database.clone(), limits.storage_bytes() as usize);
    let mut room = Room::new(name, definition, document, database)?;
    let this: Rc<OnceCell<Weak<RoomDispatcher<R>>>> = Rc::default();
    let later: Later = {
        let this = Rc::clone(&this);
        Rc::new(move |input| {
            if let Some(running) = this.get().and_then(Weak::upgrade) {
                drop(running.host.run(running.input(input)));
            }
        })
    };
    let host = CloudflareHost::new(state, env, name, room.message_limit(), later).map_err(worker::Error::from)?;
    let mut step = room.step(now());
    for socket in state.get_websockets() {
        match room.restore(&attachment(&socket), &mut step) {
            Some(connection) => host.sockets.insert(connection, &socket),
            None => close_restarted(&socket),
        }
    }
    let running = Dispatcher::new(room, handlers, host);
    let _ = this.set(Rc::downgrade(&running));
    drop(running.host.run(running.wake(step)));
    Ok(running)
}

/// Answers a request of the worker.
fn admin<R: Handlers>(room: &Rc<RoomDispatcher<R>>, mut req: Request, request: AdminRequest) -> JsValue {
    let this = Rc::clone(room);
    tracked(room, async move {
        let argument = req.bytes().await?;
        let (pending, reply) = this.admin(request, argument);
        // The worker does not wait for the hooks of connections that were closed.
        drop(this.host.run(pending));
        let response = match reply {
            AdminReply::Ready(response) => response,
            AdminReply::Pending(response) => {
                response.await.unwrap_or_else(|_| Err(AdminError::Failed("the room restarted".to_owned())))
            }
        };
        to_response(response)
    })
}

/// Closes a socket that the room can't take back. It may be closing already.
fn close_restarted(socket: &WebSocket) {
    let reason = CloseReason::Restarted;
    let _ = socket.close(Some(reason.code(Protocol::Pluv)), Some(reason.text()));
}
