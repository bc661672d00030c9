//! The worker's side: from a request to its room.

use worker::{
    Env, Method, Request, Response, ResponseBuilder, Result, Var, console_error,
    js_sys::{JSON, Reflect},
};

use super::{
    Handle, HandleOf,
    request::{ObjectRequest, PREFIX, accept_and_close, namespace},
};
use crate::{
    api::{Handlers, Options, Room},
    auth::{Access, Claims, Grant, Keys, new_id},
    document::Storage as _,
    engine::{Admission, CloseReason, Upgrade},
    error::{Error, INTERNAL},
    protocol::Protocol,
    router::{Target, check_name, cors_headers, target},
    schema::Description,
};

/// The functions of every room in the worker in front of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a room with handlers",
    label = "put `#[pluv::room]` on this struct, and on its impl"
)]
pub trait RoomExt: Room + Handlers<Room = Self> {
    /// Answers a request for one of the room's own paths, and leaves any other alone: `None`.
    ///
    /// # Errors
    /// When the platform can't make the answer.
    #[must_use = "a future does nothing unless it is awaited"]
    fn route(req: &Request, env: &Env) -> impl Future<Output = Result<Option<Response>>> {
        route::<Self>(req, env)
    }

    /// A token that lets `grant` into `room`, for a route of your own. A user alone may write for 60 seconds from now
    /// on; a [`Grant`] says it otherwise.
    ///
    /// # Errors
    /// When the variable with the secret is missing, or its value can't sign.
    fn token(env: &Env, room: &str, grant: impl Into<Grant<Self::User>>) -> crate::Result<String> {
        let keys = keys(&Self::OPTIONS, env)?;
        let claims = Claims::new(room, grant.into(), super::now() / 1000);
        Ok(keys.sign(&claims)?)
    }

    /// The room called `room`, to steer it from a route, a queue or cron, or another room. It has the room's procedures as
    /// methods.
    ///
    /// # Errors
    /// When the binding is missing, or there can be no room of that name.
    fn at(env: &Env, room: &str) -> crate::Result<HandleOf<Self>> {
        check_name(room)?;
        Ok(Handle::new(env, room)?.into())
    }

    /// The room as data: its `events`, `procedures` and what they are for, and with the feature `ts` its `outputs` and
    /// all types, as TypeScript writes them.
    ///
    /// # Panics
    /// With the feature `ts`, where `#[serde(flatten)]` is on an `Option`: ts-rs has no type for it. The test that writes
    /// the bindings tells of it first.
    #[must_use]
    fn schema() -> serde_json::Value {
        Description::of::<Self>().into_json()
    }
}

#[diagnostic::do_not_recommend]
impl<R: Room + Handlers<Room = R>> RoomExt for R {}

async fn route<R: RoomExt>(req: &Request, env: &Env) -> Result<Option<Response>> {
    let url = req.url()?;
    let Some(target) = target(R::OPTIONS.path, url.path(), url.query()) else {
        return Ok(None);
    };
    match target {
        Target::Authorize { .. } if !R::HOOKS.authorize => Ok(None),
        Target::Authorize { room } => {
            let response = match req.method() {
                Method::Get => token_endpoint::<R>(req, env, room).await?,
                Method::Options => ResponseBuilder::new().with_status(204).empty(),
                _ => not_allowed()?,
            };
            with_cors::<R>(req, response).map(Some)
        }
        Target::Room { protocol: Protocol::Pluv, http_room, token, .. } if R::HOOKS.on_request && !is_upgrade(req)? => {
            forward::<R>(req, env, http_room, token).await.map(Some)
        }
        Target::Room { protocol, room, token, .. } => match req.method() {
            Method::Get => connect::<R>(req, env, protocol, room, token).await.map(Some),
            _ => not_allowed().map(Some),
        },
    }
}

fn is_upgrade(req: &Request) -> Result<bool> {
    Ok(req.headers().get("Upgrade")?.is_some_and(|value| value.eq_ignore_ascii_case("websocket")))
}

/// `{path}/room/NAME/..` over HTTP, which the hook `request` answers.
async fn forward<R: RoomExt>(
    req: &Request,
    env: &Env,
    room: std::result::Result<String, impl std::fmt::Display>,
    token: Option<String>,
) -> Result<Response> {
    let room = match room {
        Ok(room) => room,
        Err(reason) => return Response::error(reason.to_string(), 400),
    };
    let forwarded = async {
        let user = match token {
            Some(token) => admit::<R>(env, Protocol::Pluv, &room, Some(&token))?.user,
            None => None,
        };
        ObjectRequest::forward(req, &namespace(&R::OPTIONS, env)?, &room, user).await
    };
    match forwarded.await {
        Ok(response) => Ok(response),
        Err(error) => reject(&room, &error),
    }
}

/// Returns the part of an upgrade that the hook `connect` sees.
fn upgrade_of(req: &Request) -> Result<Upgrade> {
    let mut upgrade = Upgrade::new();
    for (name, value) in req.headers().entries().filter(|(name, _)| !name.starts_with(PREFIX)) {
        upgrade = upgrade.with_header(&name, &value);
    }
    for (name, value) in req.url()?.query_pairs().filter(|(name, _)| name != "token") {
        upgrade = upgrade.with_query(&name, &value);
    }
    let cf = Reflect::get(req.inner(), &"cf".into())?;
    let cf = JSON::stringify(&cf).ok().and_then(|json| json.as_string());
    Ok(upgrade.with_cf_json(cf))
}

fn not_allowed() -> Result<Response> {
    let mut response = Response::error("use GET here", 405)?;
    response.headers_mut().set("Allow", "GET")?;
    Ok(response)
}

/// `GET {path}/authorize?room=`: the token as text.
async fn token_endpoint<R: RoomExt>(
    req: &Request,
    env: &Env,
    room: std::result::Result<String, impl std::fmt::Display>,
) -> Result<Response> {
    let room = match room {
        Ok(room) => room,
        Err(reason) => return Response::error(reason.to_string(), 400),
    };
    let token = match R::authorize(req, env, &room).await {
        Ok(Some(grant)) => R::token(env, &room, grant),
        Ok(None) => return Response::error("you may not enter this room", 403),
        Err(error) => Err(error),
    };
    match token {
        Ok(token) => {
            let mut response = Response::ok(token)?;
            response.headers_mut().set("Cache-Control", "no-store")?;
            Ok(response)
        }
        Err(error) => reject(&room, &error),
    }
}

/// `GET {path}/room/NAME` or `GET {path}/yjs/NAME`: the WebSocket.
async fn connect<R: RoomExt>(
    req: &Request,
    env: &Env,
    protocol: Protocol,
    room: std::result::Result<String, impl std::fmt::Display>,
    token: Option<String>,
) -> Result<Response> {
    let upgrade = is_upgrade(req)?;
    let room = match room {
        Ok(room) => room,
        Err(reason) if upgrade => {
            return accept_and_close(protocol, "", &CloseReason::InvalidAddress(reason.to_string()));
        }
        Err(reason) => return Response::error(reason.to_string(), 400),
    };
    if protocol == Protocol::Yjs && !R::Storage::EXISTS {
        return if upgrade {
            accept_and_close(protocol, &room, &CloseReason::NoDocument)
        } else {
            Response::error("this room has no document", 404)
        };
    }
    if !upgrade {
        let mut response = Response::error("this is a WebSocket: connect to it with `new WebSocket(url)`", 426)?;
        response.headers_mut().set("Upgrade", "websocket")?;
        return Ok(response);
    }
    let admission = match admit::<R>(env, protocol, &room, token.as_deref()) {
        Ok(admission) => Admission { upgrade: R::HOOKS.on_connect.then(|| upgrade_of(req)).transpose()?, ..admission },
        Err(error) => {
            let reason = error.client_message().to_owned();
            if error.is_internal() {
                log(&room, &error);
                return accept_and_close(protocol, &room, &CloseReason::Unavailable(reason));
            }
            return accept_and_close(protocol, &room, &CloseReason::InvalidToken(reason));
        }
    };
    let response = match namespace(&R::OPTIONS, env) {
        Ok(objects) => ObjectRequest::Connect(admission).send(&objects, &room, &[]).await,
        Err(error) => Err(error),
    };
    match response {
        Ok(response) => Ok(response),
        Err(error) => {
            log(&room, &error);
            accept_and_close(protocol, &room, &CloseReason::Unavailable(INTERNAL.to_owned()))
        }
    }
}

/// Verifies a token, in a room that wants one.
fn admit<R: Room>(env: &Env, protocol: Protocol, room: &str, token: Option<&str>) -> crate::Result<Admission> {
    let session = new_id();
    if !R::OPTIONS.has_user {
        return Ok(Admission { session, user: None, access: Access::Write, protocol, upgrade: None });
    }
    let keys = keys(&R::OPTIONS, env)?;
    let claims = keys
        .verify(token.unwrap_or_default(), room, super::now() / 1000)
        .and_then(|claims| claims.user::<R::User>().map(|_| claims))
        .map_err(|error| Error::client(error.to_string()))?;
    Ok(Admission { session, access: claims.access, user: Some(claims.user), protocol, upgrade: None })
}

/// The keys of a room's tokens.
fn keys(options: &Options, env: &Env) -> crate::Result<Keys> {
    let value = |name: &&str| env.var(name).as_ref().map(Var::to_string).ok();
    let values: Vec<_> = options.secrets.iter().filter_map(|name| value(name).map(|value| (*name, value))).collect();
    match options.secrets.first() {
        Some(first) if values.first().is_none_or(|(name, _)| name != first) => Err(Error::internal(format!(
            "the variable `{first}` is missing: set it with `npx wrangler secret put {first}`"
        ))),
        _ => Ok(Keys::parse(values.iter().map(|(name, value)| (*name, value.as_str())))?),
    }
}

fn with_cors<R: Room>(req: &Request, mut response: Response) -> Result<Response> {
    let headers = req.headers();
    let origin = headers.get("Origin")?;
    let asked = headers.get("Access-Control-Request-Headers")?;
    let preflight = req.method() == Method::Options;
    for (name, value) in cors_headers(R::OPTIONS.cors, origin.as_deref(), preflight, asked.as_deref()) {
        response.headers_mut().append(name, &value)?;
    }
    Ok(response)
}

/// The answer to a request that failed, or that may not be made.
fn reject(room: &str, error: &Error) -> Result<Response> {
    if error.is_internal() {
        log(room, error);
        return Response::error(INTERNAL, 500);
    }
    Response::error(error.client_message(), 403)
}

fn log(room: &str, error: &Error) {
    console_error!("pluv: room `{room}`: {error}");
}
