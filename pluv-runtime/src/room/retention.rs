//! How long a document stays when nobody is there.

use std::time::Duration;

/// What becomes of the document when the last connection leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// It stays.
    Keep,
    /// It is deleted, after the hook `on_room_deleted` has succeeded.
    Delete {
        /// How long nobody must have been there before.
        after: Duration,
    },
}

/// A room whose document is about to be deleted, as `on_room_deleted` gets it.
#[derive(Clone, Copy, Debug)]
pub struct Deleted<'a> {
    pub(crate) room: &'a str,
    pub(crate) state: &'a [u8],
}

impl<'a> Deleted<'a> {
    /// The room's name.
    #[must_use]
    pub fn room(&self) -> &'a str {
        self.room
    }

    /// The whole document, as a Yjs update: what `get_initial_storage` can give back another time.
    #[must_use]
    pub fn state(&self) -> &'a [u8] {
        self.state
    }
}
