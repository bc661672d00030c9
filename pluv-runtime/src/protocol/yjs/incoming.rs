//! What clients send.

use super::{AWARENESS, QUERY, STEP_1, STEP_2, SYNC, UPDATE, reader::Reader};

/// A frame of a client. What it carries is its end: nothing follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// What the client has, as a state vector: it wants the rest.
    Step1(&'a [u8]),
    /// What the client has and the room lacks: the answer to the room's own question.
    Step2(&'a [u8]),
    /// What the client changed.
    Update(&'a [u8]),
    /// Where cursors are, and whatever else clients tell each other of themselves.
    Awareness(&'a [u8]),
    /// The client wants all of that.
    QueryAwareness,
}

impl<'a> Frame<'a> {
    /// Reads a frame; `None` is one that no client sends.
    pub(crate) fn parse(frame: &'a [u8]) -> Option<Self> {
        let reader = &mut Reader::new(frame);
        match reader.number()? {
            SYNC => match reader.number()? {
                STEP_1 => reader.last_buffer().map(Self::Step1),
                STEP_2 => reader.last_buffer().map(Self::Step2),
                UPDATE => reader.last_buffer().map(Self::Update),
                _ => None,
            },
            AWARENESS => reader.last_buffer().map(Self::Awareness),
            QUERY if reader.is_at_end() => Some(Self::QueryAwareness),
            _ => None,
        }
    }
}
