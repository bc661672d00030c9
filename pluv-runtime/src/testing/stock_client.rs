//! A client as the stock one is: what it keeps, what it sends, and what it makes of what it reads.

use serde_json::{Map, Value, json};

use super::{frame::Frame, peer_view::PeerView, test_document::TestDocument};
use crate::{
    protocol::{self, ORIGIN_INITIALIZED},
    update::{decode_base64, encode_base64},
};

/// What a client keeps, connected or not.
#[derive(Debug)]
pub(crate) struct StockClient {
    pub(crate) document: TestDocument,
    /// Whether the document is the room's; before that it is the client's own beginning of one.
    pub(crate) is_shared: bool,
    pub(crate) presence: Map<String, Value>,
    /// What of it the room was told when it joined.
    announced: Map<String, Value>,
    /// What it knows on this connection of who is there.
    pub(crate) peers: PeerView,
    /// Whether it has the room's document on this connection.
    pub(crate) has_document: bool,
    /// Yjs's id of the next document.
    next: u64,
}

impl StockClient {
    /// The client of this number, whose documents have ids of their own.
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

    /// Loses its document, as the page is loaded anew.
    pub(crate) fn reload(&mut self) {
        self.next += 1;
        self.document = TestDocument::new(self.next);
        self.is_shared = false;
    }

    /// Its connection is gone.
    pub(crate) fn disconnect(&mut self) {
        self.peers = PeerView::default();
        self.has_document = false;
    }

    /// Reads a frame, and gives what it sends in answer.
    pub(crate) fn read(&mut self, frame: &Frame) -> Option<String> {
        let data = &frame.data;
        self.peers.hear(frame);
        match &*frame.name {
            protocol::REGISTERED => {
                // Another tab of the user has been here before.
                if let Value::Object(presence) = &data["presence"] {
                    self.presence.clone_from(presence);
                }
                self.announced.clone_from(&self.presence);
                let update = encode_base64(&self.document.all());
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
                return Some(update_storage(Some(ORIGIN_INITIALIZED), &self.document.all()));
            }
            protocol::STORAGE_UPDATED => {
                assert!(self.has_document, "a change before the document breaks the client");
                self.take(&data["state"]);
            }
            protocol::USER_JOINED if data["connectionId"].as_str().is_some_and(|id| self.peers.is_own(id)) => {
                return Some(message(protocol::GET_OTHERS, &json!({})));
            }
            // It has changed while the room let it wait.
            protocol::OTHERS_RECEIVED if self.presence != self.announced => {
                return Some(message(protocol::UPDATE_PRESENCE, &json!({ "presence": self.presence })));
            }
            _ => {}
        }
        None
    }

    fn take(&mut self, state: &Value) {
        let state = state.as_str().expect("a state is text");
        if !state.is_empty() {
            self.document.apply(decode_base64(state).expect("a state is base64"));
        }
    }
}

/// A frame that a client sends.
pub(crate) fn message(name: &str, data: &Value) -> String {
    json!({ "type": name, "data": data }).to_string()
}

/// `$updateStorage`.
pub(crate) fn update_storage(origin: Option<&str>, update: &[u8]) -> String {
    message(protocol::UPDATE_STORAGE, &json!({ "origin": origin, "update": encode_base64(update) }))
}
