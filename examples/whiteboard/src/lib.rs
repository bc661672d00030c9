//! A whiteboard: notes that all users of a room move, with everyone's pointer shown.
//!
//! Pointers and the notes that they drag are presence: it is broadcast and not stored, so that a page can send it many times a
//! second. A note that is dropped, edited or deleted is a procedure: the change is stored before it is broadcast, and all
//! clients get the changes in the same order, so that all boards converge.

mod board;

use pluv::prelude::*;

pub use self::board::{Color, Note, NoteChange};

/// A connected user.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct User {
    /// The unique id.
    pub id: String,
    /// The name shown beside the pointer.
    pub name: String,
}

/// The part of a user that everyone sees.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
pub struct Presence {
    /// Where on the board their pointer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Point>,
    /// The note that they drag or edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
}

/// A place on the board.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// A note that a user holds. If they disconnect before they drop it, it stays where it was.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Hold {
    /// The note's id.
    pub id: String,
    /// Its current position; none while they edit its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Point>,
}

/// Names a note.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct NoteId {
    /// The note's id.
    pub id: String,
}

/// Everything that this room can send.
#[pluv::output]
#[derive(Debug)]
pub enum Output {
    /// A note was added or changed.
    NoteShown(Note),
    /// A note was removed.
    NoteRemoved(NoteId),
}

/// A whiteboard. It is deleted a month after the last user left.
#[pluv::room(user = User, presence = Presence, output = Output, storage = Yrs, retention = "30d", debug)]
#[derive(Debug)]
pub struct Whiteboard;

#[pluv::room]
impl Whiteboard {
    /// Signs users in without a check, for the demo only. They may only read the document, which the room itself edits.
    #[hook(authorize)]
    fn authorize(req: &Request, _env: &Env, _room: &str) -> Result<Option<Grant<User>>> {
        let url = req.url()?;
        let query = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        let Some(id) = query("user_id").filter(|id| !id.is_empty()) else {
            return Err(Error::client("the user is missing: add `&user_id=` and `&name=`"));
        };
        let name = query("name").filter(|name| !name.is_empty()).unwrap_or_else(|| "Guest".to_owned());
        Ok(Some(Grant::read(User { id, name: name.chars().take(32).collect() })))
    }

    /// Returns all notes, the topmost last. A page calls it after each connect.
    #[procedure]
    fn board(&self, cx: &Context) -> Result<Vec<Note>> {
        cx.storage().read(|doc| board::notes(doc))
    }

    /// Adds a note. A note that exists is left as it is: a page that lost its connection calls twice.
    #[procedure]
    fn add_note(&self, cx: &Context, input: Note) -> Result<Note> {
        let (found, count) = cx.storage().read(|doc| (board::note(doc, &input.id), board::count(doc)))?;
        match found {
            Some(note) => Ok(note),
            None => Ok(show(cx, input.added(count, cx.now())?)),
        }
    }

    /// Moves a note, or changes its text or color.
    #[procedure]
    fn change_note(&self, cx: &Context, input: NoteChange) -> Result<Note> {
        let note = cx.storage().read(|doc| board::note(doc, &input.id))?;
        let note = note.ok_or_else(|| Error::client("someone threw this note away"))?;
        Ok(show(cx, note.changed(input).checked(cx.now())?))
    }

    /// Removes a note.
    #[procedure]
    fn remove_note(&self, cx: &Context, input: NoteId) -> Result<NoteId> {
        let id = input.id.clone();
        cx.storage().edit(move |doc| board::remove(doc, &id));
        cx.broadcast_others(Output::NoteRemoved(input.clone()));
        Ok(input)
    }
}

/// Stores a note and broadcasts it: both happen, or neither does. The caller gets it as the answer.
fn show(cx: &Context<'_, Whiteboard>, note: Note) -> Note {
    let stored = note.clone();
    cx.storage().edit(move |doc| board::put(doc, &stored));
    cx.broadcast_others(Output::NoteShown(note.clone()));
    note
}

pluv::serve!(Whiteboard);
