//! What a handler wants done, kept until it ends well.

use std::rc::Rc;

use super::{people::Presence, types::Typed};
use crate::{error::Error, protocol::Output};

/// One thing that a handler asked for.
#[derive(Debug)]
pub(crate) enum Wish {
    /// To everyone.
    Broadcast(Output),
    /// To everyone but the cause.
    BroadcastOthers(Output),
    /// To one session, by its id.
    Send(Rc<str>, Output),
    /// The user's presence, whole.
    SetPresence(Presence),
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
