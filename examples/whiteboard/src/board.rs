//! The notes, and their representation in the document.
//!
//! The document is edited by the room only, and no page edits it: a change is stored in the same step in which it is
//! broadcast, is loaded when the room wakes, and is deleted with the room, without a table of its own.

use pluv::{
    prelude::*,
    yrs::{
        Any, Map as _, Out, ReadTxn, TransactionMut, WriteTxn as _,
        encoding::serde::{from_any, to_any},
    },
};

const WIDTH: f64 = 2400.0;
const HEIGHT: f64 = 1600.0;
const SIZE: f64 = 176.0;
const MAX_NOTES: u32 = 300;
const MAX_TEXT: usize = 200;

/// The name of the document's map of notes by their ids.
const NOTES: &str = "notes";

/// A note on the board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Note {
    /// The unique id, made by the client that adds the note.
    pub id: String,
    /// Its position from the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Its text.
    pub text: String,
    /// Its color.
    pub color: Color,
    /// When it was last changed, set by the room: a later note lies on top.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub touched: u64,
}

/// A change of a note; fields that are omitted stay.
#[derive(Debug, Default, Deserialize, TS)]
pub struct NoteChange {
    /// The note's id.
    pub id: String,
    /// The new position from the left.
    pub x: Option<f64>,
    /// From the top.
    pub y: Option<f64>,
    /// The new text.
    pub text: Option<String>,
    /// The new color.
    pub color: Option<Color>,
}

/// The colors of notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names say it")]
pub enum Color {
    Yellow,
    Rose,
    Green,
    Blue,
    Violet,
}

impl Note {
    /// Returns the note with a change applied.
    pub(crate) fn changed(self, change: NoteChange) -> Self {
        Self {
            x: change.x.unwrap_or(self.x),
            y: change.y.unwrap_or(self.y),
            text: change.text.unwrap_or(self.text),
            color: change.color.unwrap_or(self.color),
            ..self
        }
    }

    /// Checks a note that is added to a board with `count` notes.
    pub(crate) fn added(self, count: u32, now: u64) -> Result<Self> {
        if count >= MAX_NOTES {
            return Err(Error::client(format!("the board is full: it takes {MAX_NOTES} notes")));
        }
        self.checked(now)
    }

    /// Checks the note's size, and moves it onto the board.
    pub(crate) fn checked(self, now: u64) -> Result<Self> {
        if self.id.is_empty() || self.id.len() > 32 {
            return Err(Error::client("a note's id has 1 to 32 letters"));
        }
        if self.text.chars().count() > MAX_TEXT {
            return Err(Error::client(format!("a note has room for {MAX_TEXT} letters")));
        }
        Ok(Self { x: self.x.clamp(0.0, WIDTH - SIZE), y: self.y.clamp(0.0, HEIGHT - SIZE), touched: now, ..self })
    }
}

/// Returns all notes, the topmost last.
pub(crate) fn notes(doc: &impl ReadTxn) -> Vec<Note> {
    let map = doc.get_map(NOTES);
    let mut notes: Vec<_> = map.iter().flat_map(|map| map.iter(doc)).filter_map(|(_, out)| read(out)).collect();
    notes.sort_by(|a, b| (a.touched, &a.id).cmp(&(b.touched, &b.id)));
    notes
}

/// Returns a note by its id.
pub(crate) fn note(doc: &impl ReadTxn, id: &str) -> Option<Note> {
    read(doc.get_map(NOTES)?.get(doc, id)?)
}

/// Returns the number of notes.
pub(crate) fn count(doc: &impl ReadTxn) -> u32 {
    doc.get_map(NOTES).map_or(0, |map| map.len(doc))
}

/// Inserts or replaces a note.
pub(crate) fn put(doc: &mut TransactionMut<'_>, note: &Note) {
    let any = to_any(note).expect("a note is numbers and texts");
    doc.get_or_insert_map(NOTES).insert(doc, note.id.as_str(), any);
}

/// Removes a note, if it exists.
pub(crate) fn remove(doc: &mut TransactionMut<'_>, id: &str) {
    doc.get_or_insert_map(NOTES).remove(doc, id);
}

fn read(out: Out) -> Option<Note> {
    let Out::Any(any @ Any::Map(_)) = out else { return None };
    from_any(&any).ok()
}

#[cfg(test)]
mod tests {
    use pluv::yrs::{Doc, Transact as _};

    use super::*;

    fn note_at(x: f64, y: f64) -> Note {
        Note { id: "a".to_owned(), x, y, text: "buy milk".to_owned(), color: Color::Rose, touched: 1 }
    }

    #[test]
    fn a_change_keeps_other_fields_and_moves_the_note_onto_the_board() {
        let change = NoteChange { x: Some(-5.0), y: Some(1e300), color: Some(Color::Blue), ..NoteChange::default() };
        let moved = note_at(10.5, 20.0).changed(change).checked(7).expect("it is moved, not rejected");
        assert_eq!(moved, Note { touched: 7, color: Color::Blue, ..note_at(0.0, HEIGHT - SIZE) });
    }

    #[test]
    fn a_note_over_a_limit_is_rejected() {
        let with = |id: usize, text: usize| Note { id: "i".repeat(id), text: "ä".repeat(text), ..note_at(0.0, 0.0) };
        assert!([(32, MAX_TEXT + 1), (33, 0), (0, 0)].iter().all(|(id, text)| with(*id, *text).added(0, 1).is_err()));
        assert!(with(32, MAX_TEXT).added(MAX_NOTES - 1, 1).is_ok() && with(1, 1).added(MAX_NOTES, 1).is_err());
    }

    #[test]
    fn notes_are_read_back_from_the_document_the_last_on_top() {
        let doc = Doc::new();
        let mut doc = doc.transact_mut();
        let touched = |id: &str, touched: u64| Note { id: id.to_owned(), touched, ..note_at(0.1 + 0.2, 4.0) };
        let (top, last) = (touched("top", 2), touched("low", 1_800_000_000_003));
        [&top, &touched("gone", 1), &touched("low", 0), &last].iter().for_each(|note| put(&mut doc, note));
        remove(&mut doc, "gone");
        assert_eq!((note(&doc, "gone"), notes(&doc), count(&doc)), (None, vec![top, last], 2));
    }
}
