//! What is kept of a connection while its room sleeps.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Millis, Protocol, awareness::Kept, effect::Connection};
use crate::auth::Access;

/// How much state a socket takes along, in bytes. The platform allows 16,384 after its own encoding
/// (`serializeAttachment` in workerd's source), which adds a header of a few bytes to an array of bytes.
pub(crate) const MAX_ATTACHMENT: usize = 16_000;

/// The version of the format. A socket of another version is closed, and its client comes back.
const VERSION: u8 = 1;

/// The state of a session.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Attachment {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "n")]
    number: u32,
    pub(crate) id: Rc<str>,
    /// The rest is in storage, under the session's id.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) spilled: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) joined: bool,
    /// It waits for the document to begin, which the room that it asked alone knows.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) waits: bool,
    /// It has answered `$storageReceived`, so that it takes updates of the document.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) ready: bool,
    /// The mark of the document that it was given and has not answered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shown: Option<u64>,
    #[serde(default, skip_serializing_if = "Protocol::is_pluv")]
    pub(crate) protocol: Protocol,
    /// When something was last heard of it, as far as was known when this was written.
    #[serde(default, rename = "h")]
    pub(crate) heard: Millis,
    /// Since when it is listened for.
    #[serde(default, rename = "d", skip_serializing_if = "Option::is_none")]
    pub(crate) doubted: Option<Millis>,
    #[serde(default)]
    pub(crate) access: Access,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) presence: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) changed: Option<Millis>,
    /// Whether it has told of any client, and what of those that go with it. Never in storage.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) greeted: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) awareness: Vec<Kept>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Attachment {
    pub(crate) fn new(connection: Connection, id: Rc<str>, access: Access) -> Self {
        Self {
            version: VERSION,
            number: connection.0,
            id,
            spilled: false,
            joined: false,
            waits: false,
            ready: false,
            shown: None,
            protocol: Protocol::Pluv,
            heard: 0,
            doubted: None,
            access,
            user: None,
            presence: None,
            changed: None,
            greeted: false,
            awareness: Vec::new(),
        }
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection(self.number)
    }

    /// What goes with a socket; none where it is too long for that.
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        Some(self.to_row()).filter(|bytes| bytes.len() <= MAX_ATTACHMENT)
    }

    /// What goes into storage.
    pub(crate) fn to_row(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a struct of plain fields is always JSON")
    }

    /// Reads one back; `None` where another version of the room wrote it.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|attachment: &Self| attachment.version == VERSION)
    }
}
