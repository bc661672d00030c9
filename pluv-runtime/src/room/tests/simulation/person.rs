//! A client as the stock one is: what it keeps, what it sends, and what it makes of what it reads.

use std::collections::VecDeque;

use serde_json::{Value, json};
use yrs::IdSet;

use super::{super::world::Client, contents::Contents, replica::Replica};
use crate::storage::{decode_base64, encode_base64};

/// Someone with a document, connected or not.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) replica: Replica,
    /// Whether the document is the room's; before that it is the person's own beginning of one.
    pub(super) is_shared: bool,
    pub(super) line: Option<Line>,
    /// Yjs's id of the next document.
    next: u64,
}

/// A connection, with what is on its way.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) client: Client,
    pub(super) outbox: VecDeque<String>,
    pub(super) inbox: VecDeque<Value>,
    /// Edits that were overtaken by later ones.
    pub(super) held: Vec<String>,
    /// Whether the person has the room's document, and whether the room has the answer.
    pub(super) has_document: bool,
    pub(super) has_answered: bool,
    /// The document that it came with, as far as the room knows it.
    pub(super) brought: Vec<u8>,
    /// What its edits have inserted.
    pub(super) sent: IdSet,
    /// How many errors it must expect.
    pub(super) mistakes: u32,
    /// The room could not do something.
    pub(super) has_failed: bool,
}

impl Line {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            outbox: VecDeque::new(),
            inbox: VecDeque::new(),
            held: Vec::new(),
            has_document: false,
            has_answered: false,
            brought: Vec::new(),
            sent: IdSet::new(),
            mistakes: 0,
            has_failed: false,
        }
    }

    pub(super) fn send(&mut self, name: &str, data: &Value) {
        self.outbox.push_back(json!({ "type": name, "data": data }).to_string());
    }
}

impl Person {
    /// The person of this number, whose documents have ids of their own.
    pub(super) fn new(number: u64) -> Self {
        let mut person = Self {
            name: format!("p{number}"),
            replica: Replica::new(1),
            is_shared: false,
            line: None,
            next: (number + 1) * 1_000_000,
        };
        person.reload();
        person
    }

    /// Loses its document, as the page is loaded anew.
    pub(super) fn reload(&mut self) {
        self.next += 1;
        self.replica = Replica::new(self.next);
        self.is_shared = false;
    }

    /// Tells the room of an edit, unless the document is yet to be sent as a whole.
    pub(super) fn tell(&mut self, update: &[u8], overtaken: bool) {
        let Some(line) = self.line.as_mut().filter(|line| line.has_document) else { return };
        line.sent.merge_with(Contents::of(update).insertions);
        let frame = update_storage(None, update);
        if overtaken { line.held.push(frame) } else { line.outbox.push_back(frame) }
    }

    /// Sends what was overtaken, the last first.
    pub(super) fn release(&mut self) {
        if let Some(line) = &mut self.line {
            line.outbox.extend(line.held.drain(..).rev());
        }
    }

    /// Reads the next frame, and says whether there was one.
    pub(super) fn read(&mut self) -> bool {
        let Some(frame) = self.line.as_mut().and_then(|line| line.inbox.pop_front()) else { return false };
        let state = || decode_base64(frame["data"]["state"].as_str().expect("a state is text")).expect("it is base64");
        match frame["type"].as_str() {
            Some("$registered") => {
                let update = encode_base64(&self.replica.all());
                self.send("$initializeSession", &json!({ "presence": {}, "update": update }));
            }
            Some("$storageReceived") => {
                // The person's own beginning of a document gives way to the room's.
                if !self.is_shared {
                    self.reload();
                    self.is_shared = true;
                }
                self.replica.apply(state());
                let echo = update_storage(Some("$initialized"), &self.replica.all());
                let line = self.line.as_mut().expect("it is read from it");
                line.has_document = true;
                line.outbox.push_back(echo);
            }
            Some("$storageUpdated") => {
                let line = self.line.as_ref().expect("it is read from it");
                assert!(line.has_document, "a change before the document breaks the client");
                self.replica.apply(state());
            }
            Some("$userJoined") if frame["user"]["id"] == *self.name => self.send("$getOthers", &json!({})),
            Some("$error") => {
                let line = self.line.as_mut().expect("it is read from it");
                if frame["data"]["message"].as_str().expect("an error says why").contains("internal error") {
                    line.has_failed = true;
                } else {
                    line.mistakes = line.mistakes.checked_sub(1).expect("who makes no mistake gets no error");
                }
            }
            _ => {}
        }
        true
    }

    fn send(&mut self, name: &str, data: &Value) {
        if let Some(line) = &mut self.line {
            line.send(name, data);
        }
    }
}

fn update_storage(origin: Option<&str>, update: &[u8]) -> String {
    json!({ "type": "$updateStorage", "data": { "origin": origin, "update": encode_base64(update) } }).to_string()
}
