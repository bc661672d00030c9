//! The wire protocols: the frames of pluv clients, their names and close codes, and those of Yjs providers.

mod incoming;
mod outgoing;
pub(crate) mod yjs;

use serde::{Deserialize, Serialize};

pub(crate) use self::{
    incoming::{Incoming, InitializeSession, UpdatePresence, UpdateStorage},
    outgoing::{Origin, Output, document_frame, error_frame, frame, frame_with_id, quoted, truncated},
};

/// Milliseconds since the Unix epoch, or a number of milliseconds.
pub type Millis = u64;

/// Any JSON object: the presence of a room that declares none.
pub type Json = serde_json::Map<String, serde_json::Value>;

/// The protocol of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// That of the pluv clients.
    #[default]
    Pluv,
    /// That of the Yjs providers, as `y-websocket`: the document and its awareness alone.
    Yjs,
}

impl Protocol {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_pluv(&self) -> bool {
        *self == Self::Pluv
    }
}

/// The prefix of the protocol's own message names, which no application event may have.
pub(crate) const RESERVED: char = '$';

pub(crate) const INITIALIZE_SESSION: &str = "$initializeSession";
pub(crate) const GET_OTHERS: &str = "$getOthers";
/// A client of ours asks for the whole [`SHARED`] state, as it missed a change.
pub(crate) const GET_SHARED: &str = "$getShared";
/// The state that all clients see: an ordinary event, so that stock clients can listen to it.
pub(crate) const SHARED: &str = "shared";
pub(crate) const UPDATE_PRESENCE: &str = "$updatePresence";
pub(crate) const UPDATE_STORAGE: &str = "$updateStorage";
pub(crate) const PING: &str = "$ping";

pub(crate) const REGISTERED: &str = "$registered";
pub(crate) const STORAGE_RECEIVED: &str = "$storageReceived";
pub(crate) const STORAGE_UPDATED: &str = "$storageUpdated";
pub(crate) const USER_JOINED: &str = "$userJoined";
pub(crate) const OTHERS_RECEIVED: &str = "$othersReceived";
pub(crate) const PRESENCE_UPDATED: &str = "$presenceUpdated";
pub(crate) const EXIT: &str = "$exit";
pub(crate) const SYNC_STATE_RECEIVED: &str = "$syncStateReceived";
pub(crate) const ERROR: &str = "$error";

/// The exact heartbeat frame of clients, which the platform answers without waking the room.
pub(crate) const PING_FRAME: &str = r#"{"type":"$ping","data":{}}"#;
/// The response to [`PING_FRAME`].
pub(crate) const PONG_FRAME: &str = r#"{"type":"$pong","data":{}}"#;

/// The origin of the one update in which a client sends its whole document, right after `$storageReceived`.
pub(crate) const ORIGIN_INITIALIZED: &str = "$initialized";

/// Close code: a frame is not valid in the connection's protocol.
pub(crate) const MALFORMED: u16 = 1003;
/// Close code: the connection is rejected, and clients do not retry.
pub(crate) const REFUSED: u16 = 3000;
/// Close code: the connection exceeds its rate limit.
pub(crate) const FLOODED: u16 = 1008;
/// Close code: an accepted connection is ended, and clients do not reconnect.
pub(crate) const ENDED: u16 = 4000;
/// Close code: the room can't continue with this connection, and clients reconnect at once.
pub(crate) const RESTARTED: u16 = 1012;
/// Close code: the room can't take this connection now, and clients reconnect later.
pub(crate) const AGAIN_LATER: u16 = 1013;

/// Returns the code that answers a client's close frame, or `None` if the close had no frame.
///
/// 1005, 1006 and 1015 stand for the lack of a close frame and may not be sent (RFC 6455, 7.4.1).
pub(crate) fn echoed(code: u32) -> Option<u16> {
    match u16::try_from(code) {
        Ok(1005 | 1006 | 1015) | Err(_) => None,
        Ok(code) => Some(code),
    }
}

/// Deserializes `json`; `root` is its name in the error.
///
/// # Errors
/// A message that names the field, as in "`data.message`: invalid type: integer `5`, expected a string".
pub(crate) fn decode<'a, T: Deserialize<'a>>(json: &'a str, root: &str) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner().to_string();
        // The position is relative to this value, and the client knows only its whole frame.
        let reason = reason.rfind(" at line ").map_or(&*reason, |end| &reason[..end]);
        match path.as_str() {
            "." | "?" => format!("`{root}`: {reason}"),
            path => format!("`{root}.{path}`: {reason}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{decode, echoed};

    #[test]
    fn codes_that_stand_for_no_close_frame_are_not_echoed() {
        assert_eq!(echoed(1000), Some(1000));
        assert_eq!(echoed(4000), Some(4000));
        for code in [1005, 1006, 1015, 70_000] {
            assert_eq!(echoed(code), None);
        }
    }

    #[derive(Debug, Deserialize)]
    struct Input {
        #[serde(rename = "message")]
        _message: String,
        #[serde(default, rename = "tags")]
        _tags: Vec<u8>,
    }

    fn error(json: &str) -> String {
        decode::<Input>(json, "data").expect_err("it is malformed")
    }

    #[test]
    fn an_error_names_the_field() {
        assert_eq!(error(r#"{"message":5}"#), "`data.message`: invalid type: integer `5`, expected a string");
        assert_eq!(
            error(r#"{"message":"a","tags":[1,"x"]}"#),
            "`data.tags[1]`: invalid type: string \"x\", expected u8"
        );
        assert_eq!(error("{}"), "`data`: missing field `message`");
    }
}
