//! A client as the stock one is: what it keeps, what it sends, and what it makes of what it reads.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{frame::Frame, replica::Replica};
use crate::{
    protocol::{self, ORIGIN_INITIALIZED},
    storage::{decode_base64, encode_base64},
};

/// Another connection, as a client sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) user: Value,
    pub(crate) presence: Value,
}

/// What a client keeps, connected or not.
#[derive(Debug)]
pub(crate) struct Stock {
    pub(crate) replica: Replica,
    /// Whether the document is the room's; before that it is the client's own beginning of one.
    pub(crate) is_shared: bool,
    pub(crate) presence: Map<String, Value>,
    /// What of it the room was told when it joined.
    announced: Map<String, Value>,
    /// The id of its connection, from when it is told.
    pub(crate) session: Option<String>,
    /// The others, by their connections, as far as it was told.
    pub(crate) others: BTreeMap<String, Seen>,
    /// Whether the room has told everyone that it is there, and who is there.
    pub(crate) has_joined: bool,
    /// Whether it has the room's document on this connection.
    pub(crate) has_document: bool,
    /// Yjs's id of the next document.
    next: u64,
}

impl Stock {
    /// The client of this number, whose documents have ids of their own.
    pub(crate) fn new(number: u64) -> Self {
        let mut stock = Self {
            replica: Replica::new(1),
            is_shared: false,
            presence: Map::new(),
            announced: Map::new(),
            session: None,
            others: BTreeMap::new(),
            has_joined: false,
            has_document: false,
            next: (number + 1) * 1_000_000,
        };
        stock.reload();
        stock
    }

    /// Loses its document, as the page is loaded anew.
    pub(crate) fn reload(&mut self) {
        self.next += 1;
        self.replica = Replica::new(self.next);
        self.is_shared = false;
    }

    /// Its connection is gone.
    pub(crate) fn disconnect(&mut self) {
        self.session = None;
        self.others.clear();
        self.has_joined = false;
        self.has_document = false;
    }

    /// Reads a frame, and gives what it sends in answer.
    pub(crate) fn read(&mut self, frame: &Frame) -> Option<String> {
        let data = &frame.data;
        match &*frame.name {
            protocol::REGISTERED => {
                self.session = Some(text(&data["sessionId"]));
                // Another tab of the user has been here before.
                if let Value::Object(presence) = &data["presence"] {
                    self.presence.clone_from(presence);
                }
                self.announced.clone_from(&self.presence);
                let update = encode_base64(&self.replica.all());
                let data = json!({ "presence": self.presence, "update": update });
                return Some(message(protocol::INITIALIZE_SESSION, &data));
            }
            protocol::STORAGE_RECEIVED => {
                // The client's own beginning of a document gives way to the room's.
                if !self.is_shared {
                    self.reload();
                    self.is_shared = true;
                }
                self.take(&data["state"]);
                self.has_document = true;
                return Some(update_storage(Some(ORIGIN_INITIALIZED), &self.replica.all()));
            }
            protocol::STORAGE_UPDATED => {
                assert!(self.has_document, "a change before the document breaks the client");
                self.take(&data["state"]);
            }
            protocol::USER_JOINED => {
                let session = text(&data["connectionId"]);
                if Some(&session) == self.session.as_ref() {
                    return Some(message(protocol::GET_OTHERS, &json!({})));
                }
                self.others.insert(session, seen(data));
            }
            protocol::OTHERS_RECEIVED => {
                let others = data["others"].as_object().expect("the others are an object");
                self.others = others.iter().map(|(session, other)| (session.clone(), seen(other))).collect();
                self.has_joined = true;
                // It has changed while the room let it wait.
                if self.presence != self.announced {
                    return Some(message(protocol::UPDATE_PRESENCE, &json!({ "presence": self.presence })));
                }
            }
            protocol::PRESENCE_UPDATED => self.see_presence(frame),
            protocol::EXIT => {
                let left = frame.connection_id.as_deref().expect("who leaves has a connection");
                assert_eq!(data["sessionId"], *left, "both say who leaves");
                self.others.remove(left);
            }
            "$syncStateReceived" => {
                let there = data["connectionIds"].as_array().expect("the connections are an array");
                self.others.retain(|session, _| there.iter().any(|other| other == session));
            }
            _ => {}
        }
        None
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

    fn take(&mut self, state: &Value) {
        let state = state.as_str().expect("a state is text");
        if !state.is_empty() {
            self.replica.apply(decode_base64(state).expect("a state is base64"));
        }
    }
}

fn seen(data: &Value) -> Seen {
    Seen { user: data["user"].clone(), presence: data["presence"].clone() }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a session's id is text").to_owned()
}

/// A frame that a client sends.
pub(crate) fn message(name: &str, data: &Value) -> String {
    json!({ "type": name, "data": data }).to_string()
}

/// `$updateStorage`.
pub(crate) fn update_storage(origin: Option<&str>, update: &[u8]) -> String {
    message(protocol::UPDATE_STORAGE, &json!({ "origin": origin, "update": encode_base64(update) }))
}
