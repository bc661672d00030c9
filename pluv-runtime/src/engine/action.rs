//! Actions queued by a handler; applied only if it returns `Ok`.

use std::{fmt, rc::Rc};

use super::{Evict, typed::Typed, users::Presence};
use crate::{error::Error, protocol::Output};

/// A change of the document: runs on a `yrs::Doc`, and returns the change as an update.
pub(crate) type Change = Box<dyn FnOnce(&dyn std::any::Any) -> Option<Vec<u8>>>;

/// One thing that a handler asked for.
pub(crate) enum Action {
    /// Send to everyone.
    Broadcast(Output),
    /// Send to everyone but the connection that caused the handler.
    BroadcastOthers(Output),
    /// Send to one session, by its id.
    Send(Rc<str>, Output),
    /// Replace the user's presence.
    SetPresence(Presence),
    /// Edit the document.
    Edit(Change),
    /// Check for idle connections.
    CheckIdle,
    /// Close connections.
    Evict(Evict),
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broadcast(output) => f.debug_tuple("Broadcast").field(output).finish(),
            Self::BroadcastOthers(output) => f.debug_tuple("BroadcastOthers").field(output).finish(),
            Self::Send(session, output) => f.debug_tuple("Send").field(session).field(output).finish(),
            Self::SetPresence(presence) => f.debug_tuple("SetPresence").field(presence).finish(),
            Self::Evict(evict) => f.debug_tuple("Evict").field(evict).finish(),
            Self::Edit(_) => f.write_str("Edit"),
            Self::CheckIdle => f.write_str("CheckIdle"),
        }
    }
}

/// The actions of one handler, in order.
#[derive(Debug, Default)]
pub(crate) struct ActionQueue {
    actions: Vec<Action>,
    /// The first action that failed: the handler failed, whatever it returns.
    error: Option<Error>,
}

impl ActionQueue {
    pub(crate) fn push(&mut self, action: Result<Action, Error>) {
        match action {
            Ok(action) => self.actions.push(action),
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    /// The presence that the handler has set so far.
    pub(crate) fn presence(&self) -> Option<&Typed> {
        self.actions.iter().rev().find_map(|action| match action {
            Action::SetPresence(presence) => Some(&presence.typed),
            _ => None,
        })
    }

    /// The actions.
    ///
    /// # Errors
    /// The first action that failed.
    pub(crate) fn into_actions(self) -> Result<Vec<Action>, Error> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.actions),
        }
    }
}
