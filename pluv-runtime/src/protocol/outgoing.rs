//! The frames that the server sends to pluv clients.

use std::{borrow::Cow, fmt::Write as _, rc::Rc};

use base64::{Engine as _, encoded_len, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ERROR, RESERVED};

/// The connection that caused a message, for the message's envelope.
///
/// The end of the envelope is the same for all messages of a connection, so it is serialized once.
#[derive(Debug)]
pub(crate) struct Origin {
    room: Rc<str>,
    id: Rc<str>,
    /// `,"room":..,"connectionId":..,"user":..}`
    tail: String,
}

impl Origin {
    /// Returns the origin of the connection `id` in `room`; `user` is its user as JSON, or `null`.
    pub(crate) fn new(room: &str, id: Rc<str>, user: &str) -> Self {
        let tail = format!(r#","room":{},"connectionId":{},"user":{user}}}"#, quoted(room), quoted(&id),);
        Self { room: room.into(), id, tail }
    }

    /// Returns the origin of a message in `room` that its worker caused, and no connection.
    pub(crate) fn nobody(room: &str) -> Self {
        let tail = format!(r#","room":{},"connectionId":null,"user":null}}"#, quoted(room));
        Self { room: room.into(), id: "".into(), tail }
    }

    /// The room's name.
    pub(crate) fn room(&self) -> &str {
        &self.room
    }

    /// The connection's id.
    pub(crate) fn id(&self) -> &Rc<str> {
        &self.id
    }
}

/// Returns `text` as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns a frame of type `name`; `data` is JSON.
pub(crate) fn frame(name: &str, data: &str, origin: &Origin) -> String {
    frame_with_id(name, data, None, origin)
}

/// Returns a frame that answers the request `id`.
pub(crate) fn frame_with_id(name: &str, data: &str, id: Option<&str>, origin: &Origin) -> String {
    let mut text = String::with_capacity(name.len() + data.len() + origin.tail.len() + 24);
    text.push_str(r#"{"type":"#);
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'$' | b'_')) {
        text.extend(["\"", name, "\""]);
    } else {
        text.push_str(&quoted(name));
    }
    text.push_str(r#","data":"#);
    text.push_str(data);
    if let Some(id) = id {
        let _ = write!(text, r#","id":{id}"#);
    }
    text.push_str(&origin.tail);
    text
}

/// Returns a frame of type `name` with a Yjs update; for a joining client also with its `changeKind`.
///
/// A document may have megabytes, so it is copied only once.
pub(crate) fn document_frame(name: &str, kind: Option<&str>, state: &[u8], origin: &Origin) -> String {
    let len = encoded_len(state.len(), true).unwrap_or_default();
    let mut text = String::with_capacity(len + name.len() + origin.tail.len() + 64);
    let _ = write!(text, r#"{{"type":"{name}","data":{{"#);
    if let Some(kind) = kind {
        let _ = write!(text, r#""changeKind":"{kind}","#);
    }
    text.push_str(r#""state":""#);
    STANDARD.encode_string(state, &mut text);
    text.push_str(r#""}"#);
    text.push_str(&origin.tail);
    text
}

/// A message of the room's output type, serialized, without the end of its envelope.
#[derive(Debug)]
pub(crate) struct Output {
    /// `{"type":..,"data":..`
    head: String,
}

impl Output {
    /// Serializes `output`.
    ///
    /// # Errors
    /// The fault of the output type, for the log.
    pub(crate) fn new<T: Serialize>(output: &T) -> Result<Self, String> {
        let mut text = serde_json::to_string(output)
            .map_err(|error| format!("the output can't be serialized as JSON: {error}"))?;
        if is_plain(&text) {
            text.pop();
            return Ok(Self { head: text });
        }
        let Ok(Tagged { name, data }) = serde_json::from_str(&text) else {
            return Err("the output type must write `type` and `data`: \
                put `#[serde(tag = \"type\", content = \"data\")]` on it"
                .to_owned());
        };
        if name.starts_with(RESERVED) {
            return Err(format!("`{name}` can't be sent: names that begin with `$` belong to the protocol"));
        }
        let data = data.map_or("null", RawValue::get);
        if !(data.starts_with('{') || data == "null") {
            return Err(format!("the data of `{name}` must be an object: give its variant named fields"));
        }
        Ok(Self { head: format!(r#"{{"type":{},"data":{data}"#, quoted(&name)) })
    }

    /// Returns a message that was serialized before, by [`into_head`](Self::into_head).
    pub(crate) fn from_head(head: String) -> Self {
        Self { head }
    }

    /// Returns the serialized message, for [`from_head`](Self::from_head).
    pub(crate) fn into_head(self) -> String {
        self.head
    }

    /// Returns the complete frame.
    pub(crate) fn into_frame(self, origin: &Origin) -> String {
        let mut text = self.head;
        text.push_str(&origin.tail);
        text
    }
}

/// The longest message of an `$error`, in bytes: it may quote what the client sent, which has no bound of its own.
const MAX_ERROR: usize = 500;

/// An `$error`.
pub(crate) fn error_frame(message: &str, request: Option<&str>, origin: &Origin) -> String {
    let data = format!(r#"{{"message":{}}}"#, quoted(&truncated(message)));
    frame_with_id(ERROR, &data, request, origin)
}

/// The message of an error, no longer than it may be.
pub(crate) fn truncated(message: &str) -> Cow<'_, str> {
    match message.len() {
        0..=MAX_ERROR => Cow::Borrowed(message),
        _ => Cow::Owned(format!("{}…", &message[..message.floor_char_boundary(MAX_ERROR)])),
    }
}

#[derive(Deserialize)]
struct Tagged<'a> {
    #[serde(borrow, rename = "type")]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// Returns whether `text`, which is JSON, is `{"type":"name","data":{..}}` with a name that needs no escape. That is what
/// serde writes for a variant with fields, so nearly every output is.
fn is_plain(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(r#"{"type":""#) else {
        return false;
    };
    let name = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    name > 0 && rest[name..].starts_with(r#"","data":{"#) && rest.ends_with("}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    #[serde(tag = "type", content = "data", rename_all = "camelCase")]
    enum Sent {
        MessageReceived {
            message: String,
        },
        Cleared,
        Number(u32),
        #[serde(rename = "$exit")]
        Reserved {},
        #[serde(rename = "späť \"x\"")]
        Odd {},
    }

    #[derive(Serialize)]
    enum Untagged {
        A { x: u8 },
    }

    fn origin() -> Origin {
        Origin::new("a \"room\"", "p1".into(), r#"{"id":"u"}"#)
    }

    const TAIL: &str = r#","room":"a \"room\"","connectionId":"p1","user":{"id":"u"}}"#;

    #[test]
    fn an_envelope_names_its_cause() {
        assert_eq!(frame("$exit", "{}", &origin()), format!(r#"{{"type":"$exit","data":{{}}{TAIL}"#));
    }

    #[test]
    fn a_response_has_the_id_of_its_request() {
        let text = frame_with_id("pageResult", "[1]", Some("\"7\""), &origin());
        assert_eq!(text, format!(r#"{{"type":"pageResult","data":[1],"id":"7"{TAIL}"#));
    }

    #[test]
    fn an_output_becomes_a_frame() {
        let sent = Sent::MessageReceived { message: "}}".to_owned() };
        let text = Output::new(&sent).expect("it is an output").into_frame(&origin());
        assert_eq!(text, format!(r#"{{"type":"messageReceived","data":{{"message":"}}}}"}}{TAIL}"#));
    }

    #[test]
    fn a_variant_without_fields_has_null_data() {
        let text = Output::new(&Sent::Cleared).expect("it is an output").into_frame(&origin());
        assert_eq!(text, format!(r#"{{"type":"cleared","data":null{TAIL}"#));
    }

    #[test]
    fn a_name_is_escaped() {
        let text = Output::new(&Sent::Odd {}).expect("it is an output").into_frame(&origin());
        assert_eq!(text, format!(r#"{{"type":"späť \"x\"","data":{{}}{TAIL}"#));
    }

    #[test]
    fn an_output_that_clients_could_not_read_is_rejected() {
        assert!(Output::new(&Sent::Number(5)).expect_err("no object").contains("named fields"));
        assert!(Output::new(&Sent::Reserved {}).expect_err("reserved").contains("`$exit`"));
        assert!(Output::new(&Untagged::A { x: 1 }).expect_err("no tag").contains("#[serde(tag"));
    }
}
