//! The behaviour of the stock client.

use serde_json::{Map, Value, json};

use super::{frame::Frame, peer_view::PeerView, test_document::TestDocument};
use crate::{
    protocol::{self, ORIGIN_INITIALIZED},
    update::{decode_base64, encode_base64},
};

/// The state of a stock client, connected or not.
#[derive(Debug)]
pub(crate) struct StockClient {
    pub(crate) document: TestDocument,
    /// Whether the document is the room's, and not the client's initial one.
    pub(crate) is_shared: bool,
    pub(crate) presence: Map<String, Value>,
    /// The presence that it sent when it joined.
    announced: Map<String, Value>,
    /// The others, by the frames of this connection.
    pub(crate) peers: PeerView,
    /// Whether it has the room's document on this connection.
    pub(crate) has_document: bool,
    /// The Yjs client id of the current document.
    next: u64,
}

impl StockClient {
    /// Makes the client of this number, whose documents have unique client ids.
    pub(crate) fn new(number: u64) -> Self {
        let mut stock = Self {
            document: TestDocument::new(1),
            is_shared: false,
            presence: Map::new(),
            announced: Map::new(),
            peers: PeerView::default(),
            has_document: false,
            next: (number + 1) * 1_000_000,
        };
        stock.reload();
        stock
    }

    /// Replaces its document by an empty one, as a reload of the page does.
    pub(crate) fn reload(&mut self) {
        self.next += 1;
        self.document = TestDocument::new(self.next);
        self.is_shared = false;
    }

    /// Ends its connection.
    pub(crate) fn disconnect(&mut self) {
        self.peers = PeerView::default();
        self.has_document = false;
    }

    /// Handles a frame, and returns its answer.
    pub(crate) fn read(&mut self, frame: &Frame) -> Option<String> {
        let data = &frame.data;
        self.peers.apply(frame);
        match &*frame.name {
            protocol::REGISTERED => {
                // The presence of another tab of the user.
                if let Value::Object(presence) = &data["presence"] {
                    self.presence.clone_from(presence);
                }
                self.announced.clone_from(&self.presence);
                let update = encode_base64(&self.document.all());
                let data = json!({ "presence": self.presence, "update": update });
                return Some(message(protocol::INITIALIZE_SESSION, &data));
            }
            protocol::STORAGE_RECEIVED => {
                // The room's document replaces the client's initial one.
                if !self.is_shared {
                    self.reload();
                    self.is_shared = true;
                }
                self.apply_update(&data["state"]);
                self.has_document = true;
                return Some(update_storage(Some(ORIGIN_INITIALIZED), &self.document.all()));
            }
            protocol::STORAGE_UPDATED => {
                assert!(self.has_document, "the document is sent before changes");
                self.apply_update(&data["state"]);
            }
            protocol::USER_JOINED if data["connectionId"].as_str().is_some_and(|id| self.peers.is_own(id)) => {
                return Some(message(protocol::GET_OTHERS, &json!({})));
            }
            // The presence has changed during the join.
            protocol::OTHERS_RECEIVED if self.presence != self.announced => {
                return Some(message(protocol::UPDATE_PRESENCE, &json!({ "presence": self.presence })));
            }
            _ => {}
        }
        None
    }

    fn apply_update(&mut self, state: &Value) {
        let state = state.as_str().expect("a state is text");
        if !state.is_empty() {
            self.document.apply(decode_base64(state).expect("a state is base64"));
        }
    }
}

/// Returns a frame that a client sends.
pub(crate) fn message(name: &str, data: &Value) -> String {
    json!({ "type": name, "data": data }).to_string()
}

/// Returns a frame `$updateStorage`.
pub(crate) fn update_storage(origin: Option<&str>, update: &[u8]) -> String {
    message(protocol::UPDATE_STORAGE, &json!({ "origin": origin, "update": encode_base64(update) }))
}
