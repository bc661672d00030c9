//! The rules for what the room stores and shows.

use serde_json::Value;

use super::{
    client::Line,
    contents::{self, Contents, values},
    provider::Wire,
    room::script,
};
use crate::{
    testing::{Database, Frame, TestDocument},
    update::decode_base64,
};

/// The knowledge of the room's document.
#[derive(Debug)]
pub(super) struct Known {
    stored: Vec<u8>,
    contents: Contents,
    /// All that anyone was ever shown.
    shown: Contents,
    /// It was deleted since the room was last heard of: what was shown meanwhile was shown of the one before.
    is_new: bool,
    /// Whether a client was told that its document is the room's.
    is_begun: bool,
    /// Whether one was before the room was last heard of.
    was_begun: bool,
    asked: u32,
    /// The store is checked once for so many changes; and how many were not checked.
    pub(super) pace: u32,
    unseen: u32,
    /// How often the room's code had been told of changes when the last one was made.
    changed: Option<u32>,
}

impl Known {
    /// Of a room in which nothing has happened, or in which so many calls have been made for its beginning.
    pub(super) fn new(asked: u32) -> Self {
        Self {
            stored: vec![0, 0],
            contents: Contents::default(),
            shown: Contents::default(),
            is_new: false,
            is_begun: false,
            was_begun: false,
            asked,
            pace: 1,
            unseen: 0,
            changed: None,
        }
    }

    /// Looks at what is stored when it has changed often enough.
    pub(super) fn check_store(&mut self, database: &Database, is_left: bool) {
        self.was_begun = self.is_begun;
        self.is_new = false;
        let asked = script(|script| script.asked);
        if std::mem::replace(&mut self.asked, asked) < asked {
            assert!(self.contents.is_empty(), "a document that is there needs no beginning");
        }
        if database.take_written() > 0 {
            self.unseen += 1;
        }
        if self.unseen >= self.pace {
            self.look_now(database, is_left);
        }
    }

    /// Looks at what is stored.
    pub(super) fn look_now(&mut self, database: &Database, is_left: bool) {
        self.unseen = 0;
        let stored = contents::stored(database);
        let contents = Contents::of(&stored);
        if contents.is_empty() && !self.contents.is_empty() {
            assert!(is_left, "nothing is deleted while someone is there");
            let deleted = script(|script| script.deleted.take()).expect("the room's code has agreed");
            let lost = self.contents.beyond(&Contents::of(&deleted));
            assert!(lost.is_empty(), "deleted without being given to the room's code: {lost:?}");
            *self = Self { is_new: true, ..Self::new(self.asked) };
        }
        // The room's code knows of what it has begun itself.
        let has_room_begun = self.contents.is_empty() && script(|script| script.begins.is_some());
        if contents != self.contents && !has_room_begun && self.pace == 1 {
            self.changed = Some(script(|script| script.told));
        }
        (self.stored, self.contents) = (stored, contents);
    }

    /// Takes note of what a frame to the room should bring about.
    pub(super) fn expect(&self, line: &mut Line, frame: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(frame) else { return };
        let update = || frame["data"]["update"].as_str().and_then(|update| decode_base64(update).ok());
        match frame["type"].as_str() {
            Some("$initializeSession") if line.brought.is_empty() => {
                line.brought = update().expect("a client brings its document");
            }
            Some("$updateStorage") if frame["data"]["origin"] == "$initialized" => line.has_answered = true,
            _ => {}
        }
    }

    /// Checks what the room sends to someone.
    pub(super) fn check(&mut self, line: &Line, frame: &Frame) {
        let name = &*frame.name;
        if !matches!(name, "$storageReceived" | "$storageUpdated") {
            return;
        }
        let state = frame.data["state"].as_str().expect("a state is text");
        let state = Contents::of(&decode_base64(state).expect("a state is base64"));
        if name == "$storageReceived" {
            self.check_begun(line, frame.data["changeKind"].as_str().expect("it says what happened"), &state);
        } else {
            assert!(line.has_answered, "it is not ready for changes");
            let own = state.insertions.intersect(&line.sent);
            // What waits for what has not come may do so, with another's whole document.
            assert!(own.is_empty() || line.has_hole, "nobody gets its own edit back: {own:?}");
        }
        self.show(state);
    }

    /// Checks what the room sends to a provider.
    pub(super) fn check_provided(&mut self, wire: &Wire, update: &[u8]) {
        let update = Contents::of(update);
        let own = update.insertions.intersect(&wire.sent);
        assert!(own.is_empty() || wire.has_hole, "nobody gets its own edit back: {own:?}");
        self.show(update);
    }

    fn show(&mut self, contents: Contents) {
        if !self.is_new {
            self.shown.add(contents);
        }
    }

    fn check_begun(&mut self, line: &Line, kind: &str, state: &Contents) {
        match kind {
            "initialized" => {
                assert!(!std::mem::replace(&mut self.is_begun, true), "one client begins the document");
                assert!(script(|script| script.begins.is_none()), "the room's own beginning comes first");
                // What of it waits for what has not come is shown after the echo.
                assert!(!state.is_empty() && state.beyond(&Contents::of(&line.brought)).is_empty());
            }
            // There may be nothing but what waits.
            "unchanged" => assert!(!state.is_empty() || !self.contents.is_empty()),
            kind => {
                assert_eq!(kind, "empty");
                assert!(state.is_empty());
                assert!(!self.was_begun, "a document that has begun stays");
                assert!(Contents::of(&line.brought).is_empty(), "what a client brings begins the document");
            }
        }
    }

    /// Nothing is shown that is not stored, whatever was lost.
    pub(super) fn check_shown(&self) {
        if self.unseen > 0 {
            return;
        }
        let lost = self.shown.beyond(&self.contents);
        assert!(lost.is_empty(), "shown and not stored: {lost:?}");
    }

    /// Whether nothing of a document is stored.
    pub(super) fn is_deleted(&self) -> bool {
        self.contents.is_empty()
    }

    /// Exactly this is stored.
    pub(super) fn check_is(&self, contents: &Contents) {
        assert_eq!(self.contents, *contents);
    }

    /// How many clients have inserted something.
    pub(super) fn authors(&self) -> usize {
        self.contents.insertions.len()
    }

    /// Someone has the document that is stored, and shows the same.
    pub(super) fn check_same(&self, name: &str, document: &TestDocument) {
        let own = Contents::of(&document.all());
        let (more, less) = (own.beyond(&self.contents), self.contents.beyond(&own));
        assert!(more.is_empty(), "only {name} has {more:?}");
        assert!(less.is_empty(), "{name} lacks {less:?}");
        let stored = TestDocument::of(self.stored.clone());
        assert_eq!(values(document), values(&stored), "{name} shows something else");
    }

    /// The room's code was told of the last change.
    pub(super) fn check_told(&self) {
        let told = script(|script| script.told);
        assert!(self.changed.is_none_or(|changed| told > changed), "the room's code was not told of a change");
    }

    pub(super) fn forget_changes(&mut self) {
        self.changed = None;
    }
}
