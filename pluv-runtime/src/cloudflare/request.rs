//! Requests from the worker to a room's object; and connections that are closed at once.

use std::rc::Rc;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use worker::{
    Env, Headers, Method, ObjectNamespace, Request, RequestInit, Response, Result, WebSocketPair, js_sys::Uint8Array,
    worker_sys::web_sys,
};

use crate::{
    Error,
    api::Options,
    engine::{AdminRequest, Admission, Call, CloseReason},
    protocol::{Origin, Protocol, error_frame, yjs},
};

/// The header in which the router hands a connection over to an object. A request from outside never reaches an object: the
/// router makes a new one.
const ADMISSION_HEADER: &str = "x-pluv-admission";
/// The header with the room's name, for the same reason: an object that its alarm has started may not know it.
const ROOM_HEADER: &str = "x-pluv-room";
/// Where an object takes new connections. The host is a placeholder: no request for it leaves the platform.
const CONNECT_URL: &str = "https://room.internal/connect";
/// The header of an admin request, for which the same holds.
const ADMIN_HEADER: &str = "x-pluv-admin";
/// The header of a call of a procedure, for which the same holds.
const CALL_HEADER: &str = "x-pluv-call";
/// The header of a client's request over HTTP, with the user of its token.
const HTTP_HEADER: &str = "x-pluv-http";
/// The beginning of all these names: what a client sends under one is removed.
pub(super) const PREFIX: &str = "x-pluv-";
/// Where an object takes admin requests.
const ADMIN_URL: &str = "https://room.internal/admin";

/// A request to an object.
pub(super) enum ObjectRequest {
    Connect(Admission),
    Admin(AdminRequest),
    Call(Call),
    /// A request of a client over HTTP, with the user of its token as JSON.
    Http(Option<Box<RawValue>>),
}

impl ObjectRequest {
    /// Sends it to the object of the room `room`. `argument` is what an admin request takes.
    pub(super) async fn send(self, objects: &ObjectNamespace, room: &str, argument: &[u8]) -> crate::Result<Response> {
        let headers = Headers::new();
        set(&headers, ROOM_HEADER, &room)?;
        match &self {
            Self::Connect(admission) => {
                headers.set("Upgrade", "websocket")?;
                set(&headers, ADMISSION_HEADER, admission)?;
            }
            Self::Admin(request) => set(&headers, ADMIN_HEADER, request)?,
            Self::Call(call) => set(&headers, CALL_HEADER, call)?,
            Self::Http(user) => set(&headers, HTTP_HEADER, user)?,
        }
        let mut init = RequestInit::new();
        let url = match self {
            Self::Connect(_) => CONNECT_URL,
            _ => {
                init.with_method(Method::Post).with_body(Some(Uint8Array::from(argument).into()));
                ADMIN_URL
            }
        };
        init.with_headers(headers);
        Ok(objects.get_by_name(room)?.fetch_with_request(Request::new_with_init(url, &init)?).await?)
    }

    /// Forwards a client's request over HTTP to the object of the room `room`, without the headers that only the worker sets.
    pub(super) async fn forward(
        req: &Request,
        objects: &ObjectNamespace,
        room: &str,
        user: Option<Box<RawValue>>,
    ) -> crate::Result<Response> {
        // The same, but its headers can be changed.
        let forwarded = Request::from(web_sys::Request::new_with_request(req.inner()).map_err(worker::Error::from)?);
        let headers = forwarded.headers();
        let forged: Vec<_> = headers.keys().filter(|name| name.starts_with(PREFIX)).collect();
        for name in forged {
            headers.delete(&name)?;
        }
        set(headers, ROOM_HEADER, &room)?;
        set(headers, HTTP_HEADER, &user)?;
        Ok(objects.get_by_name(room)?.fetch_with_request(forwarded).await?)
    }

    /// The room's name, and the request for it.
    pub(super) fn parse(req: &Request) -> Result<Option<(String, Self)>> {
        let headers = req.headers();
        let Some(room) = get(headers, ROOM_HEADER)? else { return Ok(None) };
        let request = if let Some(request) = get(headers, ADMIN_HEADER)? {
            Some(Self::Admin(request))
        } else if let Some(call) = get(headers, CALL_HEADER)? {
            Some(Self::Call(call))
        } else if let Some(user) = get(headers, HTTP_HEADER)? {
            Some(Self::Http(user))
        } else {
            get(headers, ADMISSION_HEADER)?.map(Self::Connect)
        };
        Ok(request.map(|request| (room, request)))
    }
}

/// Sets a header to JSON.
fn set(headers: &Headers, name: &str, value: &impl Serialize) -> crate::Result<()> {
    Ok(headers.set(name, &ascii(&serde_json::to_string(value)?))?)
}

/// Returns the value of a header that is JSON.
fn get<T: DeserializeOwned>(headers: &Headers, name: &str) -> Result<Option<T>> {
    Ok(headers.get(name)?.and_then(|json| serde_json::from_str(&json).ok()))
}

/// The objects of a kind of room.
pub(super) fn namespace(options: &Options, env: &Env) -> crate::Result<ObjectNamespace> {
    env.durable_object(options.binding).map_err(|_| {
        Error::internal(format!(
            "the binding `{}` is missing: add a durable object binding with `class_name = \"{}\"` to the wrangler file",
            options.binding, options.name,
        ))
    })
}

/// Accepts a socket, tells it why it is refused, and closes it.
///
/// The stock client retries a refused upgrade without a pause, and a page is not told why there was none.
pub(super) fn accept_and_close(protocol: Protocol, room: &str, reason: &CloseReason) -> Result<Response> {
    let pair = WebSocketPair::new()?;
    pair.server.accept()?;
    if let Some(message) = reason.error() {
        match protocol {
            Protocol::Pluv => {
                // Clients drop a message of the protocol that names no connection.
                let id: Rc<str> = crate::auth::new_id().into();
                pair.server.send_with_str(error_frame(message, None, &Origin::new(room, id, "null")))?;
            }
            Protocol::Yjs => pair.server.send_with_bytes(yjs::denied(message))?,
        }
    }
    pair.server.close(Some(reason.code(protocol)), Some(reason.text()))?;
    Response::from_websocket(pair.client)
}

/// JSON that a header can carry: what is not ASCII, escaped.
pub(super) fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::ascii;

    #[test]
    fn json_is_made_ascii_and_stays_the_same_json() {
        let json = r#"{"name":"Zoë 😀 \"x\""}"#;
        let text = ascii(json);
        assert!(text.is_ascii());
        let read = |json| serde_json::from_str::<serde_json::Value>(json).expect("it is JSON");
        assert_eq!(read(&text), read(json));
    }
}
