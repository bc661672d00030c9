//! Why an update is refused.

use std::{error::Error, fmt};

/// Why an update is refused; its text is meant for the client that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateError {
    problem: Problem,
    at: usize,
}

impl UpdateError {
    pub(crate) const fn new(problem: Problem, at: usize) -> Self {
        Self { problem, at }
    }

    /// Returns the problem.
    pub(crate) const fn problem(self) -> Problem {
        self.problem
    }

    /// Whether nobody writes such bytes. The others are an update that a room does not take.
    pub const fn is_malformed(self) -> bool {
        !matches!(
            self.problem,
            Problem::Clients
                | Problem::Depth
                | Problem::Json
                | Problem::Subdocument
                | Problem::OldJson
                | Problem::XmlHook
                | Problem::TooManyPieces
        )
    }

    /// The byte at which it is, from 0.
    #[cfg(test)]
    pub(crate) const fn at(self) -> usize {
        self.at
    }
}

/// A reason to reject an update, and what `yrs` 0.28 would make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It ends too early.
    Truncated,
    /// Bytes follow the delete set. `yrs` ignores them.
    Trailing,
    /// A number is not in its shortest form, or above what the field can hold. `yrs` wraps it, or shifts out of range.
    Number,
    /// A clock would pass [`MAX_CLOCK`](super::lib0::MAX_CLOCK). `yrs` overflows.
    Clock,
    /// A client id is above [`MAX_CLIENT`](super::lib0::MAX_CLIENT). `yrs` cuts it.
    Client,
    /// Client ids that share their low bits. `yrs` needs quadratic time.
    Clients,
    /// A client has two sections. `yrs` mixes up their order, and keeps the deletions of the last alone.
    ClientTwice,
    /// A client has no structs, or a struct or range is empty. `yrs` recurses once for each of the former.
    Empty,
    /// Ranges of a delete set overlap or are out of order. `yrs` loses deletions when it merges them.
    DeleteOrder,
    /// Text is not UTF-8.
    Utf8,
    /// A kind of content that Yjs does not have. `yrs` ignores one bit of the kind.
    Content,
    /// A flag for the parent that is neither of the two.
    Parent,
    /// A kind of shared type that Yjs does not have. `yrs` knows others.
    Type,
    /// A kind of plain value that Yjs does not have.
    Value,
    /// Plain values nest deeper than [`MAX_DEPTH`](super::content::MAX_DEPTH). `yrs` overflows the stack.
    Depth,
    /// The value of a format or embed is not JSON, or JSON that `yrs` can't read: half a surrogate pair, or an integer
    /// from 2^63 up.
    Json,
    /// A subdocument. `yrs` opens it, options, random id and all, in the room's memory.
    Subdocument,
    /// Content that Yjs stopped writing in 2020. `yrs` reads one string too many of it.
    OldJson,
    /// The type `YXmlHook`. `yrs` does not read its name, and takes what follows for the next struct.
    XmlHook,
    /// Text or a list in too many pieces. `yrs` takes memory for the square of their number.
    TooManyPieces,
    /// The text is not standard base64.
    Base64,
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.problem {
            Problem::Truncated => "the update is truncated",
            Problem::Trailing => "the update goes on after its end",
            Problem::Number => "the update has a malformed number",
            Problem::Clock => "the update has a clock that is too high",
            Problem::Client => "the update has a client id that is too high",
            Problem::Clients => "the update has client ids that are not random",
            Problem::ClientTwice => "the update has a client twice",
            Problem::Empty => "the update has an empty part",
            Problem::DeleteOrder => "the update has deletions out of order",
            Problem::Utf8 => "the update has text that is not UTF-8",
            Problem::Content => "the update has an unknown kind of content",
            Problem::Parent => "the update has an unknown kind of parent",
            Problem::Type => "the update has an unknown shared type",
            Problem::Value => "the update has an unknown kind of value",
            Problem::Depth => "the update has a value that is nested too deep",
            Problem::Json => "the update has a malformed JSON value",
            Problem::Subdocument => "the update has a subdocument",
            Problem::OldJson => "the update has content of an old version of Yjs",
            Problem::XmlHook => "the update has an XML hook",
            Problem::TooManyPieces => {
                return f.write_str("the update has one text or list in too many pieces: send it in parts");
            }
            Problem::Base64 => {
                return write!(f, "the update is not standard base64 with padding, at character {}", self.at);
            }
        };
        write!(f, "{what} at byte {}", self.at)?;
        match self.problem {
            Problem::Subdocument | Problem::OldJson | Problem::XmlHook => f.write_str(": a room keeps none"),
            _ => Ok(()),
        }
    }
}

impl Error for UpdateError {}
