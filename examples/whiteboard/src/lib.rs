//! A whiteboard: notes that a room of people moves about, with everyone's hand in sight.
//!
//! What lasts a moment is presence: where each pointer is, and the note that it carries. All are told and nothing is
//! stored, so that a page may speak many times a second. What stays is an event: a note put down, written or thrown away. It is
//! stored before anyone is shown it, and all are shown the same in the same order, so that all end with the same board.

mod board;

use pluv::prelude::*;

pub use self::board::{Color, Note, NoteChange};

/// Who is connected.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct User {
    /// Tells users apart.
    pub id: String,
    /// What stands beside their pointer.
    pub name: String,
}

/// What everyone sees of a user.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
pub struct Presence {
    /// Where on the board their pointer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Point>,
    /// The note that they move or write.
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

/// A note in someone's hand. Should they be gone before they put it down, it is where it was.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Hold {
    /// The note's id.
    pub id: String,
    /// Where they have it now; nothing while they write on it.
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
    /// A note is there, or is another than it was.
    NoteShown(Note),
    /// A note is there no longer.
    NoteRemoved(NoteId),
}

/// A whiteboard. It is forgotten a month after the last one left.
#[pluv::room(user = User, presence = Presence, output = Output, storage = Yrs, retention = "30d", debug)]
#[derive(Debug)]
pub struct Whiteboard;

#[pluv::room]
impl Whiteboard {
    /// A sign-in for the demo alone: whoever asks is who they say they are, and may read what the room alone writes.
    #[hook(authorize)]
    fn authorize(req: &Request, _env: &Env, _room: &str) -> Result<Option<Grant<User>>> {
        let url = req.url()?;
        let query = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        let Some(id) = query("user_id").filter(|id| !id.is_empty()) else {
            return Err(Error::client("who are you? add `&user_id=` and `&name=`"));
        };
        let name = query("name").filter(|name| !name.is_empty()).unwrap_or_else(|| "Guest".to_owned());
        Ok(Some(Grant::read(User { id, name: name.chars().take(32).collect() })))
    }

    /// All notes, the one on top at the end. A page asks when it has come in, and when it is back.
    #[procedure]
    fn board(&self, cx: &Context) -> Result<Vec<Note>> {
        cx.storage().read(|doc| board::notes(doc))
    }

    /// Puts a new note on the board. One that is there is left as it is: a page that lost its connection asks twice.
    #[procedure]
    fn add_note(&self, cx: &Context, input: Note) -> Result<Note> {
        let (found, count) = cx.storage().read(|doc| (board::note(doc, &input.id), board::count(doc)))?;
        match found {
            Some(note) => Ok(note),
            None => Ok(show(cx, input.added(count, cx.now())?)),
        }
    }

    /// Moves a note, writes on it or colors it.
    #[procedure]
    fn change_note(&self, cx: &Context, input: NoteChange) -> Result<Note> {
        let note = cx.storage().read(|doc| board::note(doc, &input.id))?;
        let note = note.ok_or_else(|| Error::client("someone threw this note away"))?;
        Ok(show(cx, note.changed(input).checked(cx.now())?))
    }

    /// Throws a note away.
    #[procedure]
    fn remove_note(&self, cx: &Context, input: NoteId) -> Result<NoteId> {
        let id = input.id.clone();
        cx.storage().edit(move |doc| board::remove(doc, &id));
        cx.broadcast_others(Output::NoteRemoved(input.clone()));
        Ok(input)
    }
}

/// Stores a note, and shows it to everyone: both happen, or neither does. Who asked has it as the answer.
fn show(cx: &Context<'_, Whiteboard>, note: Note) -> Note {
    let stored = note.clone();
    cx.storage().edit(move |doc| board::put(doc, &stored));
    cx.broadcast_others(Output::NoteShown(note.clone()));
    note
}

pluv::serve!(Whiteboard);
