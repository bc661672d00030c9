//! The protocol of our rooms, as the stock client speaks it.

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use crate::bench::load::{Joined, Protocol, Socket, connect};

/// An update that says nothing.
const EMPTY: &[u8] = &[0, 0];

/// A room of the fixture that takes as large a document as there can be.
#[derive(Debug)]
pub(super) enum Room {}

impl Protocol for Room {
    async fn join(server: &str, room: &str) -> Result<Joined> {
        let start = Instant::now();
        let mut socket = connect(server, &format!("/large/room/{room}")).await?;
        socket.until_text(|text| is_of(text, "$registered")).await?;
        socket.send(message("$initializeSession", &json!({ "presence": {}, "update": "" }))).await?;
        let received = socket.until_text(|text| is_of(text, "$storageReceived")).await?;
        let took = start.elapsed();
        let mut state = BASE64_STANDARD.decode(state_in(&received)?)?;
        if state.is_empty() {
            state = EMPTY.to_vec();
        }
        // A client says so that it has the document.
        let echo = json!({ "origin": "$initialized", "update": BASE64_STANDARD.encode(&state) });
        socket.send(message("$updateStorage", &echo)).await?;
        Self::settle(&mut socket).await?;
        Ok(Joined { socket, state, took })
    }

    async fn settle(socket: &mut Socket) -> Result<()> {
        socket.send(message("$getOthers", &json!({}))).await?;
        socket.until_text(|text| is_of(text, "$othersReceived")).await?;
        Ok(())
    }

    fn edit(update: &[u8]) -> Message {
        let update = BASE64_STANDARD.encode(update);
        Message::text(format!(r#"{{"type":"$updateStorage","data":{{"origin":null,"update":"{update}"}}}}"#))
    }

    fn edited(message: &Message) -> Result<Option<Vec<u8>>> {
        match message {
            Message::Text(text) if is_of(text, "$storageUpdated") => Ok(Some(BASE64_STANDARD.decode(state_in(text)?)?)),
            Message::Text(text) if is_of(text, "$error") => bail!("a room refused: {text}"),
            _ => Ok(None),
        }
    }
}

/// What a room and its worker take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// Of the document in storage.
    pub(super) bytes: u64,
    /// Since the room last woke.
    pub(super) rows_written: u64,
    /// The most that the worker had so far, in bytes.
    pub(super) memory: u64,
}

/// Asks a room what it takes.
pub(super) async fn usage(socket: &mut Socket) -> Result<Usage> {
    socket.send(message("usage", &json!({}))).await?;
    let frame = socket.until(|frame| frame["type"] == "used").await?;
    let number = |key: &str| frame["data"][key].as_u64().with_context(|| format!("a room does not tell its {key}"));
    Ok(Usage { bytes: number("bytes")?, rows_written: number("rows")?, memory: number("memory")? })
}

fn message(name: &str, data: &Value) -> tokio_tungstenite::tungstenite::Utf8Bytes {
    json!({ "type": name, "data": data }).to_string().into()
}

/// Whether a frame is of a type. It is not parsed: there are many, and some are large.
fn is_of(frame: &str, name: &str) -> bool {
    frame
        .strip_prefix(r#"{"type":""#)
        .and_then(|rest| rest.strip_prefix(name))
        .is_some_and(|rest| rest.starts_with('"'))
}

/// The document, or a change of it, in base64.
fn state_in(frame: &str) -> Result<&str> {
    let (_, rest) = frame.split_once(r#""state":""#).context("a frame has no state")?;
    let (state, _) = rest.split_once('"').context("a frame has no end")?;
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_found_in_its_frame() {
        let frame = r#"{"type":"$storageUpdated","data":{"state":"AAA="},"room":"a","connectionId":"b","user":null}"#;
        assert_eq!(Room::edited(&Message::text(frame)).expect("it is good"), Some(EMPTY.to_vec()));
        let other = r#"{"type":"$storageUpdatedToo","data":{"state":"AAA="}}"#;
        assert_eq!(Room::edited(&Message::text(other)).expect("it is good"), None);
        assert!(Room::edited(&Message::text(r#"{"type":"$error","data":{"message":"no"}}"#)).is_err());
        assert!(Room::edited(&Message::text(r#"{"type":"$storageUpdated","data":{}}"#)).is_err());
    }
}
