//! What a handler wants done, kept until it ends well.

use std::{fmt, rc::Rc};

use super::{Evict, people::Presence, storage::Change, types::Typed};
use crate::{error::Error, protocol::Output};

/// One thing that a handler asked for.
pub(crate) enum Wish {
    /// To everyone.
    Broadcast(Output),
    /// To everyone but the cause.
    BroadcastOthers(Output),
    /// To one session, by its id.
    Send(Rc<str>, Output),
    /// The user's presence, whole.
    SetPresence(Presence),
    /// A change of the document.
    Edit(Change),
    /// A look for connections that are silent.
    Collect,
    /// Connections are closed.
    Evict(Evict),
}

impl fmt::Debug for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broadcast(output) => f.debug_tuple("Broadcast").field(output).finish(),
            Self::BroadcastOthers(output) => f.debug_tuple("BroadcastOthers").field(output).finish(),
            Self::Send(session, output) => f.debug_tuple("Send").field(session).field(output).finish(),
            Self::SetPresence(presence) => f.debug_tuple("SetPresence").field(presence).finish(),
            Self::Evict(evict) => f.debug_tuple("Evict").field(evict).finish(),
            Self::Edit(_) => f.write_str("Edit"),
            Self::Collect => f.write_str("Collect"),
        }
    }
}

/// The wishes of one handler, in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    wishes: Vec<Wish>,
    /// The first thing that could not be done: the handler failed, whatever it returns.
    error: Option<Error>,
}

impl Outbox {
    pub(crate) fn push(&mut self, wish: Result<Wish, Error>) {
        match wish {
            Ok(wish) => self.wishes.push(wish),
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    /// The presence that the handler has set so far.
    pub(crate) fn presence(&self) -> Option<&Typed> {
        self.wishes.iter().rev().find_map(|wish| match wish {
            Wish::SetPresence(presence) => Some(&presence.typed),
            _ => None,
        })
    }

    pub(crate) fn into_wishes(self) -> Result<Vec<Wish>, Error> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.wishes),
        }
    }
}
