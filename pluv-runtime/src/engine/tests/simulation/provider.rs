//! Someone who uses the document by a Yjs provider, as the stock one is: what it has, what it tells of itself, and what is
//! on its way.

use std::collections::{BTreeMap, VecDeque};

use yrs::{
    IdSet, ReadTxn as _, StateVector, Transact as _,
    updates::{decoder::Decode as _, encoder::Encode as _},
};

use super::{super::world::Client, contents::Contents, fate::Fate};
use crate::{
    protocol::yjs::{self, Entries, Frame},
    testing::TestDocument,
};

/// Where the numbers of providers begin, which Yjs knows them by.
const NUMBERS: u64 = 500_000_000;

/// Someone with a document, connected or not.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) user: String,
    pub(super) document: TestDocument,
    pub(super) number: u64,
    /// Its own awareness state.
    cursor: u64,
    /// The awareness of others, by their numbers.
    seen: BTreeMap<u64, String>,
    /// How new that is, and what it has told itself; also of who is gone.
    clocks: BTreeMap<u64, u64>,
    pub(super) wire: Option<Wire>,
}

/// A connection, with what is on its way.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) client: Client,
    pub(super) outbox: VecDeque<Vec<u8>>,
    pub(super) inbox: VecDeque<Vec<u8>>,
    /// The text that its edits have inserted.
    pub(super) sent: IdSet,
    /// Something of that may have been lost, and come again with another's.
    pub(super) has_hole: bool,
    /// The room could not do something.
    pub(super) has_failed: bool,
    pub(super) fate: Fate,
}

impl Provider {
    /// The provider of this number. The first has the user of the first person.
    pub(super) fn new(number: u64) -> Self {
        let number_in_yjs = NUMBERS + number;
        Self {
            name: format!("y{number}"),
            user: if number == 0 { "u0".to_owned() } else { format!("y{number}") },
            document: TestDocument::new(number_in_yjs),
            number: number_in_yjs,
            cursor: 0,
            seen: BTreeMap::new(),
            clocks: BTreeMap::from([(number_in_yjs, 1)]),
            wire: None,
        }
    }

    /// It is connected: asks for what it lacks, and tells of itself.
    pub(super) fn connect(&mut self, client: Client, now: u64) {
        assert!(self.wire.is_none(), "it is not connected");
        let (outbox, inbox) = (VecDeque::new(), VecDeque::new());
        let fate = Fate::new(now);
        let wire = Wire { client, outbox, inbox, sent: IdSet::new(), has_hole: false, has_failed: false, fate };
        self.wire = Some(wire);
        let vector = self.document.doc.transact().state_vector().encode_v1();
        self.send(yjs::step1(&vector));
        self.send(self.awareness_of(&[self.number]));
    }

    /// Its connection is gone, with all that is on its way, and all that it knew of others.
    pub(super) fn disconnect(&mut self) -> Option<Wire> {
        self.seen.clear();
        self.wire.take()
    }

    /// Moves its cursor.
    pub(super) fn point(&mut self) {
        self.cursor += 1;
        self.renew();
    }

    /// Its own awareness state.
    pub(super) fn state(&self) -> String {
        format!(r#"{{"user":{:?},"cursor":{}}}"#, self.name, self.cursor)
    }

    /// Tells the room of an edit, if it is connected.
    pub(super) fn send_edit_of(&mut self, update: &[u8]) {
        if let Some(wire) = &mut self.wire {
            wire.sent.merge_with(Contents::of(update).insertions);
            wire.outbox.push_back(yjs::update(update));
        }
    }

    fn send(&mut self, frame: Vec<u8>) {
        if let Some(wire) = &mut self.wire {
            wire.outbox.push_back(frame);
        }
    }

    /// The awareness of these, itself too, as an update.
    fn awareness_of(&self, numbers: &[u64]) -> Vec<u8> {
        let own = self.state();
        let entry = |number: &u64| {
            let state = if *number == self.number { Some(&own) } else { self.seen.get(number) };
            (*number, self.clocks.get(number).copied().unwrap_or_default(), state.map_or("null", |state| &**state))
        };
        yjs::awareness(&numbers.iter().map(entry).collect::<Vec<_>>())
    }

    /// Reads the next frame, and says whether there was one.
    pub(super) fn read(&mut self) -> bool {
        let Some(wire) = &mut self.wire else { return false };
        let Some(frame) = wire.inbox.pop_front() else { return false };
        match Frame::parse(&frame) {
            Some(Frame::Step1(vector)) => {
                let vector = StateVector::decode_v1(vector).expect("it is a state vector");
                wire.outbox.push_back(yjs::step2(&self.document.diff_since(&vector)));
            }
            Some(Frame::Step2(update) | Frame::Update(update)) => self.document.apply(update.to_vec()),
            Some(Frame::Awareness(update)) => self.hear(update),
            Some(Frame::QueryAwareness) => {
                let all: Vec<_> = self.seen.keys().copied().chain([self.number]).collect();
                self.send(self.awareness_of(&all));
            }
            // What was denied is not stored.
            None => wire.has_failed = true,
        }
        true
    }

    /// Takes what is newer than what it knows, and sends it on as stock providers do.
    fn hear(&mut self, update: &[u8]) {
        let mut changed = Vec::new();
        for entry in Entries::of(update).expect("it says how many") {
            let entry = entry.expect("it is well formed");
            let known = self.clocks.get(&entry.client).copied().unwrap_or_default();
            let is_shown = entry.client == self.number || self.seen.contains_key(&entry.client);
            if entry.clock < known || (entry.clock == known && !(entry.is_gone() && is_shown)) {
                continue;
            }
            let mut clock = entry.clock;
            if entry.client == self.number {
                // Nobody but itself says that it is gone, or where it is.
                clock += u64::from(entry.is_gone());
            } else if entry.is_gone() {
                self.seen.remove(&entry.client);
            } else {
                self.seen.insert(entry.client, entry.state().expect("it is an object").to_owned());
            }
            self.clocks.insert(entry.client, clock);
            changed.push(entry.client);
        }
        if !changed.is_empty() {
            self.send(self.awareness_of(&changed));
        }
    }

    /// Tells of itself again, as a stock one does every 15 seconds. One that was away knows by the clocks what it had
    /// known, and takes nothing that is not newer, though it has forgotten it.
    pub(super) fn renew(&mut self) {
        *self.clocks.entry(self.number).or_default() += 1;
        self.send(self.awareness_of(&[self.number]));
    }

    /// It knows nothing but this of the others, by what they show, and of all of them if it `knows_all`.
    pub(super) fn check_seen(&self, others: &BTreeMap<u64, String>, knows_all: bool) {
        let mut others = others.clone();
        others.retain(|number, _| *number != self.number && (knows_all || self.seen.contains_key(number)));
        assert_eq!(self.seen, others, "what {} knows of the others", self.name);
    }
}
