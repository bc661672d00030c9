//! Requests from the worker to a room's object; and connections that are closed at once.

use std::rc::Rc;

use worker::{
    Env, Headers, Method, ObjectNamespace, Request, RequestInit, Response, Result, WebSocketPair, js_sys::Uint8Array,
};

use crate::{
    Error,
    api::Options,
    engine::{AdminRequest, Admission, CloseReason},
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
/// Where an object takes admin requests.
const ADMIN_URL: &str = "https://room.internal/admin";

/// A request to an object.
pub(super) enum ObjectRequest {
    Connect(Admission),
    Admin(AdminRequest),
}

impl ObjectRequest {
    /// Sends it to the object of the room `room`. `argument` is what an admin request takes.
    pub(super) async fn send(self, objects: &ObjectNamespace, room: &str, argument: &[u8]) -> crate::Result<Response> {
        let headers = Headers::new();
        headers.set(ROOM_HEADER, &ascii(&serde_json::to_string(room)?))?;
        let mut init = RequestInit::new();
        let url = match self {
            Self::Connect(admission) => {
                headers.set("Upgrade", "websocket")?;
                headers.set(ADMISSION_HEADER, &ascii(&serde_json::to_string(&admission)?))?;
                CONNECT_URL
            }
            Self::Admin(request) => {
                headers.set(ADMIN_HEADER, &ascii(&serde_json::to_string(&request)?))?;
                init.with_method(Method::Post).with_body(Some(Uint8Array::from(argument).into()));
                ADMIN_URL
            }
        };
        init.with_headers(headers);
        Ok(objects.get_by_name(room)?.fetch_with_request(Request::new_with_init(url, &init)?).await?)
    }

    /// The room's name, and the request for it.
    pub(super) fn parse(req: &Request) -> Result<Option<(String, Self)>> {
        let headers = req.headers();
        let Some(room) = headers.get(ROOM_HEADER)?.and_then(|json| serde_json::from_str(&json).ok()) else {
            return Ok(None);
        };
        let request = match headers.get(ADMIN_HEADER)? {
            Some(request) => serde_json::from_str(&request).ok().map(Self::Admin),
            None => {
                let admission = headers.get(ADMISSION_HEADER)?;
                admission.and_then(|json| serde_json::from_str(&json).ok()).map(Self::Connect)
            }
        };
        Ok(request.map(|request| (room, request)))
    }
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
