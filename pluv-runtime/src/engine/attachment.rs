//! The state of a connection while its room hibernates: the attachment of its socket, or a row of the session store.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    awareness::ClientState,
    connection::{Connection, ConnectionId, Stage},
    definition::Presence,
};
use crate::{
    auth::Access,
    protocol::{Millis, Protocol},
    sql::{Database, SqlError, Value},
};

/// The longest attachment, in bytes. The platform allows 16,384 after its own encoding (`serializeAttachment` in workerd's
/// source), which adds a header of a few bytes to an array of bytes.
pub(crate) const MAX_ATTACHMENT: usize = 16_000;

/// The version of the format. A socket of another version is closed, and its client comes back.
const VERSION: u8 = 1;

/// The state of a connection.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attachment {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "n")]
    number: u32,
    pub(crate) id: Rc<str>,
    /// Whether the rest is in the session store, under the session's id.
    #[serde(default, skip_serializing_if = "is_false", rename = "spilled")]
    pub(crate) stored: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    joined: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    waits: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) ready: bool,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "shown")]
    pub(crate) sent_version: Option<u64>,
    #[serde(default, skip_serializing_if = "Protocol::is_pluv")]
    pub(crate) protocol: Protocol,
    #[serde(default, rename = "h")]
    pub(crate) last_heard: Millis,
    #[serde(default, rename = "d", skip_serializing_if = "Option::is_none")]
    pub(crate) suspect_since: Option<Millis>,
    #[serde(default)]
    pub(crate) access: Access,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) presence: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) changed: Option<Millis>,
    /// Whether a provider has announced any client. Never in the session store.
    #[serde(default, skip_serializing_if = "is_false", rename = "greeted")]
    pub(crate) announced: bool,
    /// The awareness of its clients. Never in the session store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) awareness: Vec<ClientState>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The two places that the state of a connection is written to.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) attachment: Vec<u8>,
    /// The row of the session store, if the state exceeds the attachment.
    pub(crate) row: Option<Vec<u8>>,
}

impl Attachment {
    /// The state of `connection`, of a user with this presence, and of a provider's clients.
    pub(crate) fn write(
        connection: &Connection,
        presence: Option<&Presence>,
        awareness: Option<(bool, Vec<ClientState>)>,
    ) -> Written {
        let mut state = Self::pointer(connection);
        state.stored = false;
        state.joined = connection.stage == Stage::Joined;
        state.waits = connection.stage == Stage::WaitingForDocument;
        state.ready = connection.ready;
        state.sent_version = connection.sent_version;
        state.user = raw(&connection.user.json);
        if let Some(presence) = presence.filter(|_| connection.protocol == Protocol::Pluv) {
            state.presence = raw(&presence.typed.json);
            state.changed = presence.changed;
        }
        (state.announced, state.awareness) = awareness.unwrap_or_default();
        if let Some(attachment) = state.fit_attachment() {
            return Written { attachment, row: None };
        }
        // Awareness changes with each move of a cursor, so it is never written as a row: it stays beside the pointer.
        let mut pointer = Self::pointer(connection);
        (pointer.announced, pointer.awareness) = (state.announced, std::mem::take(&mut state.awareness));
        state.announced = false;
        // The numbers of the few clients of a connection always fit.
        let attachment = pointer.fit_attachment().unwrap_or_default();
        Written { attachment, row: Some(state.to_bytes()) }
    }

    /// The attachment of a connection whose state is in the session store.
    fn pointer(connection: &Connection) -> Self {
        Self {
            version: VERSION,
            number: connection.id.0,
            id: Rc::clone(connection.session()),
            stored: true,
            protocol: connection.protocol,
            last_heard: connection.last_heard,
            suspect_since: connection.suspect_since,
            access: connection.access,
            ..Self::default()
        }
    }

    /// Reads one back; `None` if another version of the room wrote it.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|attachment: &Self| attachment.version == VERSION)
    }

    pub(crate) fn connection(&self) -> ConnectionId {
        ConnectionId(self.number)
    }

    pub(crate) fn stage(&self) -> Stage {
        match (self.joined, self.waits) {
            (true, _) => Stage::Joined,
            (false, true) => Stage::WaitingForDocument,
            (false, false) => Stage::Connected,
        }
    }

    /// The bytes that go with a socket: without the states of clients where they are too long; `None` where that does not
    /// suffice.
    fn fit_attachment(&mut self) -> Option<Vec<u8>> {
        let bytes = self.to_bytes();
        if bytes.len() <= MAX_ATTACHMENT {
            return Some(bytes);
        }
        if self.awareness.is_empty() {
            return None;
        }
        let without: Vec<_> = self.awareness.iter().map(ClientState::without_state).collect();
        let with = std::mem::replace(&mut self.awareness, without);
        let bytes = self.to_bytes();
        if bytes.len() <= MAX_ATTACHMENT {
            return Some(bytes);
        }
        self.awareness = with;
        None
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a struct of plain fields is always JSON")
    }
}

fn raw(json: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(json.to_owned()).ok()
}

/// The states of sessions that exceed their attachment, by the session's id.
pub(crate) trait SessionStore: std::fmt::Debug {
    fn get(&self, session: &str) -> Result<Option<Vec<u8>>, SqlError>;
    fn put(&self, session: &str, state: Vec<u8>) -> Result<(), SqlError>;
    fn delete(&self, session: &str) -> Result<(), SqlError>;
    /// Deletes all but these.
    fn retain(&self, sessions: &[&str]) -> Result<(), SqlError>;
}

/// A session store in a table, which is made with the first session: in most rooms never.
#[derive(Debug)]
pub(crate) struct SqlSessionStore(pub(crate) Database);

impl SessionStore for SqlSessionStore {
    fn get(&self, session: &str) -> Result<Option<Vec<u8>>, SqlError> {
        let rows = self.0.exec("SELECT state FROM pluv_session WHERE id = ?", vec![session.into()])?;
        Ok(rows.into_iter().flatten().next().and_then(|value| match value {
            Value::Blob(state) => Some(state),
            _ => None,
        }))
    }

    fn put(&self, session: &str, state: Vec<u8>) -> Result<(), SqlError> {
        self.0.exec(
            "CREATE TABLE IF NOT EXISTS pluv_session (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
            Vec::new(),
        )?;
        self.0.exec(
            "INSERT OR REPLACE INTO pluv_session (id, state) VALUES (?, ?)",
            vec![session.into(), state.into()],
        )?;
        Ok(())
    }

    fn delete(&self, session: &str) -> Result<(), SqlError> {
        self.0.exec("DELETE FROM pluv_session WHERE id = ?", vec![session.into()]).map(drop)
    }

    fn retain(&self, sessions: &[&str]) -> Result<(), SqlError> {
        if !self.0.has_table("pluv_session")? {
            return Ok(());
        }
        for value in self.0.exec("SELECT id FROM pluv_session", Vec::new())?.into_iter().flatten() {
            match value {
                Value::Text(session) if !sessions.contains(&session.as_str()) => self.delete(&session)?,
                _ => {}
            }
        }
        Ok(())
    }
}
