//! What a client knows of who is there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::frame::Frame;
use crate::protocol;

/// Another connection, as a client sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) user: Value,
    pub(crate) presence: Value,
}

/// Who is there, as far as a client was told on this connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerView {
    /// The id of its own connection, from when it is told.
    pub(crate) session: Option<String>,
    /// The others, by their connections.
    pub(crate) others: BTreeMap<String, Seen>,
    /// Whether the room has told everyone that it is there, and who is there.
    pub(crate) has_joined: bool,
}

impl PeerView {
    /// Takes in what a frame says of who is there.
    pub(crate) fn hear(&mut self, frame: &Frame) {
        let data = &frame.data;
        match &*frame.name {
            protocol::REGISTERED => self.session = Some(text(&data["sessionId"])),
            protocol::USER_JOINED => {
                let session = text(&data["connectionId"]);
                if !self.is_own(&session) {
                    self.others.insert(session, seen(data));
                }
            }
            protocol::OTHERS_RECEIVED => {
                let others = data["others"].as_object().expect("the others are an object");
                self.others = others.iter().map(|(session, other)| (session.clone(), seen(other))).collect();
                self.has_joined = true;
            }
            protocol::PRESENCE_UPDATED => self.see_presence(frame),
            protocol::EXIT => {
                let left = frame.connection_id.as_deref().expect("who leaves has a connection");
                assert_eq!(data["sessionId"], *left, "both say who leaves");
                self.others.remove(left);
            }
            protocol::SYNC_STATE_RECEIVED => {
                let there = data["connectionIds"].as_array().expect("the connections are an array");
                self.others.retain(|session, _| there.iter().any(|other| other == session));
            }
            _ => {}
        }
    }

    /// Whether this is its own connection.
    pub(crate) fn is_own(&self, session: &str) -> bool {
        self.session.as_deref() == Some(session)
    }

    /// The presence is one for all the tabs of a user.
    fn see_presence(&mut self, frame: &Frame) {
        let cause = frame.connection_id.as_deref().unwrap_or_default();
        let id = &frame.user["id"];
        for (session, other) in &mut self.others {
            if session == cause || (id.is_string() && other.user["id"] == *id) {
                other.presence.clone_from(&frame.data["presence"]);
            }
        }
    }
}

fn seen(data: &Value) -> Seen {
    Seen { user: data["user"].clone(), presence: data["presence"].clone() }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a session's id is text").to_owned()
}
