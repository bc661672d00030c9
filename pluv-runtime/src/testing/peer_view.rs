//! A client's view of the other connections.

use std::collections::BTreeMap;

use serde_json::Value;

use super::frame::Frame;
use crate::protocol;

/// Another connection, as a client sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Peer {
    pub(crate) user: Value,
    pub(crate) presence: Value,
}

/// A client's view of the other connections, by the frames of its own connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerView {
    /// The id of its own connection, once registered.
    pub(crate) session: Option<String>,
    /// The others, by their connections.
    pub(crate) others: BTreeMap<String, Peer>,
    /// Whether the client has joined, and received the others.
    pub(crate) has_joined: bool,
}

impl PeerView {
    /// Applies a frame.
    pub(crate) fn apply(&mut self, frame: &Frame) {
        let data = &frame.data;
        match &*frame.name {
            protocol::REGISTERED => self.session = Some(text(&data["sessionId"])),
            protocol::USER_JOINED => {
                let session = text(&data["connectionId"]);
                if !self.is_own(&session) {
                    self.others.insert(session, peer(data));
                }
            }
            protocol::OTHERS_RECEIVED => {
                let others = data["others"].as_object().expect("the others are an object");
                self.others = others.iter().map(|(session, other)| (session.clone(), peer(other))).collect();
                self.has_joined = true;
            }
            protocol::PRESENCE_UPDATED => self.update_presence(frame),
            protocol::EXIT => {
                let left = frame.connection_id.as_deref().expect("an exit has a connection");
                assert_eq!(data["sessionId"], *left, "an exit names its connection twice");
                self.others.remove(left);
            }
            protocol::SYNC_STATE_RECEIVED => {
                let connected = data["connectionIds"].as_array().expect("the connections are an array");
                self.others.retain(|session, _| connected.iter().any(|other| other == session));
            }
            _ => {}
        }
    }

    /// Returns whether this is its own connection.
    pub(crate) fn is_own(&self, session: &str) -> bool {
        self.session.as_deref() == Some(session)
    }

    /// Applies a presence, which all tabs of a user share.
    fn update_presence(&mut self, frame: &Frame) {
        let sender = frame.connection_id.as_deref().unwrap_or_default();
        let id = &frame.user["id"];
        for (session, other) in &mut self.others {
            if session == sender || (id.is_string() && other.user["id"] == *id) {
                other.presence.clone_from(&frame.data["presence"]);
            }
        }
    }
}

fn peer(data: &Value) -> Peer {
    Peer { user: data["user"].clone(), presence: data["presence"].clone() }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a session's id is text").to_owned()
}
