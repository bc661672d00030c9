//! Someone who uses the room as the stock client does, over a line on which frames are on their way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};
use yrs::IdSet;

use super::{super::world::Client, contents::Contents, fate::Fate};
use crate::testing::{Frame, StockClient, message, update_storage};

/// Someone with a document, connected or not.
#[derive(Debug)]
pub(super) struct SimulatedClient {
    pub(super) name: String,
    /// The id of its user, who may have another tab.
    pub(super) user: String,
    pub(super) stock: StockClient,
    pub(super) line: Option<Line>,
}

/// A connection, with what is on its way.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) client: Client,
    pub(super) outbox: VecDeque<String>,
    pub(super) inbox: VecDeque<Frame>,
    /// Edits that were overtaken by later ones.
    pub(super) held: Vec<String>,
    /// Whether the room has the client's answer to its document.
    pub(super) has_answered: bool,
    /// The document that it came with, as far as the room knows it.
    pub(super) brought: Vec<u8>,
    /// The text that its edits have inserted.
    pub(super) sent: IdSet,
    /// Something of that may have come without what it depends on.
    pub(super) has_hole: bool,
    /// How many errors it must expect.
    pub(super) mistakes: u32,
    /// The room could not do something.
    pub(super) has_failed: bool,
    /// How many things it has said.
    pub(super) said: u64,
    /// The last thing that it has read of each connection.
    heard: BTreeMap<String, u64>,
    /// The sessions that have left.
    exits: BTreeSet<String>,
    pub(super) fate: Fate,
}

impl Line {
    fn new(client: Client, now: u64) -> Self {
        Self {
            client,
            outbox: VecDeque::new(),
            inbox: VecDeque::new(),
            held: Vec::new(),
            has_answered: false,
            brought: Vec::new(),
            sent: IdSet::new(),
            has_hole: false,
            mistakes: 0,
            has_failed: false,
            said: 0,
            heard: BTreeMap::new(),
            exits: BTreeSet::new(),
            fate: Fate::new(now),
        }
    }

    /// Of each connection all is read in order, and that it leaves once.
    fn check(&mut self, frame: &Frame) {
        let cause = frame.connection_id.as_deref().unwrap_or_default();
        match &*frame.name {
            "$exit" => assert!(self.exits.insert(cause.to_owned()), "{cause} leaves twice"),
            "$userJoined" => assert!(!self.exits.contains(cause), "{cause} joins, and has left"),
            "said" => {
                let number = frame.data["text"].as_str().and_then(|text| text.parse().ok()).expect("it is a number");
                let last = self.heard.insert(cause.to_owned(), number);
                assert!(last.is_none_or(|last| last < number), "{cause} says {number} after {last:?}");
            }
            _ => {}
        }
    }

    pub(super) fn send(&mut self, name: &str, data: &Value) {
        self.outbox.push_back(message(name, data));
    }
}

impl SimulatedClient {
    /// The person of this number, whose documents have ids of their own.
    pub(super) fn new(number: u64) -> Self {
        // The fourth is the second again, in another tab.
        let user = if number == 3 { 1 } else { number };
        Self { name: format!("p{number}"), user: format!("u{user}"), stock: StockClient::new(number), line: None }
    }

    /// Says the next thing, for which the handler may wait.
    pub(super) fn say(&mut self, waits: bool) {
        let Some(line) = self.line.as_mut().filter(|_| self.stock.peers.has_joined) else { return };
        line.said += 1;
        line.send("say", &json!({ "number": line.said, "waits": waits }));
    }

    /// Changes its presence.
    pub(super) fn show(&mut self, x: i64) {
        let Some(line) = self.line.as_mut().filter(|_| self.stock.peers.has_joined) else { return };
        self.stock.presence.insert("x".to_owned(), json!(x));
        line.send("$updatePresence", &json!({ "presence": { "x": x } }));
    }

    pub(super) fn connect(&mut self, client: Client, now: u64) {
        assert!(self.line.is_none(), "it is not connected");
        self.line = Some(Line::new(client, now));
    }

    /// Its line is gone, with all that is on its way.
    pub(super) fn disconnect(&mut self) -> Option<Line> {
        self.stock.disconnect();
        self.line.take()
    }

    /// Its line, if it has the room's document over it.
    pub(super) fn sharing(&mut self) -> Option<&mut Line> {
        self.line.as_mut().filter(|_| self.stock.has_document)
    }

    /// Tells the room of an edit, unless the document is yet to be sent as a whole.
    pub(super) fn send_edit_of(&mut self, update: &[u8], overtaken: bool) {
        let Some(line) = self.sharing() else { return };
        line.sent.merge_with(Contents::of(update).insertions);
        let frame = update_storage(None, update);
        line.has_hole |= overtaken;
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
        let Some(line) = &mut self.line else { return false };
        let Some(frame) = line.inbox.pop_front() else { return false };
        line.check(&frame);
        if frame.name == "$error" {
            if frame.data["message"].as_str().expect("an error says why").contains("internal error") {
                line.has_failed = true;
            } else {
                line.mistakes = line.mistakes.checked_sub(1).expect("who makes no mistake gets no error");
            }
        }
        line.outbox.extend(self.stock.read(&frame));
        true
    }
}
