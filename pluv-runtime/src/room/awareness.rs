//! What the clients of Yjs providers tell each other of themselves: names, colours, where their cursors are.
//!
//! A stock provider sends on whatever it is told, so that of each move as many copies come back as there are clients.
//! They are told by their clocks.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::effect::Connection;
use crate::protocol::yjs::Entry;

/// How many clients one connection may tell of. It is one, or some in a browser whose tabs tell each other.
pub(super) const MAX_CLIENTS: usize = 32;

/// How long their states may be together, in bytes.
pub(super) const MAX_BYTES: usize = 65_536;

/// How many of those who left are remembered: a copy of what they told last may still come.
const MAX_GONE: usize = 256;

/// What is known of the clients.
#[derive(Debug, Default)]
pub(super) struct Awareness {
    known: BTreeMap<u64, Known>,
    /// Who left lately, with their last clocks.
    gone: VecDeque<(u64, u64)>,
}

#[derive(Debug)]
struct Known {
    /// Who told of it, and with whom it goes.
    owner: Connection,
    clock: u64,
    /// None where it was too long to be kept while the room slept: then its owner is asked again.
    state: Option<Rc<RawValue>>,
}

/// What is kept of a client while the room sleeps: its number, clock and state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept(pub(crate) u64, pub(crate) u64, pub(crate) Option<Rc<RawValue>>);

/// What is new about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing.
    Nothing,
    /// Its client has come back on this connection, before the end of its last one was known.
    Moved,
    /// It is older than the end of its client, which had this clock.
    Gone(u64),
    /// All of it.
    All,
}

impl Awareness {
    /// What is new about an entry that `connection` tells; whether it is in the first that it tells.
    pub(super) fn news(&self, connection: Connection, is_first: bool, entry: &Entry<'_>) -> News {
        match self.known.get(&entry.client) {
            Some(known) if entry.clock > known.clock => News::All,
            Some(known) if entry.clock < known.clock => News::Nothing,
            Some(known) if entry.is_gone() || known.state.is_none() => News::All,
            Some(known) if is_first && known.owner != connection => News::Moved,
            Some(_) => News::Nothing,
            None if entry.is_gone() => News::Nothing,
            None => match self.gone.iter().find(|(client, _)| *client == entry.client) {
                Some((_, clock)) if entry.clock <= *clock => News::Gone(*clock),
                _ => News::All,
            },
        }
    }

    /// Takes what is new: `state` is none of a client that is gone. Returns with whom the client went before.
    pub(super) fn take(
        &mut self,
        connection: Connection,
        entry: &Entry<'_>,
        state: Option<Rc<RawValue>>,
    ) -> Option<Connection> {
        let Some(state) = state else {
            self.bury(entry.client, entry.clock);
            return self.known.remove(&entry.client).map(|known| known.owner);
        };
        let (clock, state) = (entry.clock, Some(state));
        let Some(known) = self.known.get_mut(&entry.client) else {
            self.known.insert(entry.client, Known { owner: connection, clock, state });
            return None;
        };
        if clock < known.clock {
            // It stood in one frame with a newer one.
            return None;
        }
        let former = known.owner;
        // What it was asked for again, others may be the first to tell.
        let owner = if clock > known.clock { connection } else { former };
        *known = Known { owner, clock, state };
        Some(former)
    }

    /// Lets a client go with another connection from now on. Returns with whom it went before.
    pub(super) fn hand_over(&mut self, client: u64, connection: Connection) -> Option<Connection> {
        let known = self.known.get_mut(&client)?;
        Some(std::mem::replace(&mut known.owner, connection))
    }

    /// Takes back what was kept of a connection's clients.
    pub(super) fn restore(&mut self, connection: Connection, kept: Vec<Kept>) {
        for Kept(client, clock, state) in kept {
            if self.known.get(&client).is_none_or(|known| known.clock < clock) {
                self.known.insert(client, Known { owner: connection, clock, state });
            }
        }
    }

    /// Whether a client goes with a connection.
    pub(super) fn is_of(&self, client: u64, connection: Connection) -> bool {
        self.known.get(&client).is_some_and(|known| known.owner == connection)
    }

    /// How long a client's state is, in bytes.
    pub(super) fn len_of(&self, client: u64) -> usize {
        self.known.get(&client).and_then(|known| known.state.as_ref()).map_or(0, |state| state.get().len())
    }

    /// What is to be kept of those of some clients that go with a connection.
    pub(super) fn kept(&self, connection: Connection, clients: &[u64]) -> Vec<Kept> {
        let known = clients.iter().filter_map(|client| Some((*client, self.known.get(client)?)));
        known
            .filter(|(_, known)| known.owner == connection)
            .map(|(client, known)| Kept(client, known.clock, known.state.clone()))
            .collect()
    }

    /// Forgets those of some clients that go with a connection, and says who they are, with their last clocks.
    pub(super) fn leave(&mut self, connection: Connection, clients: &[u64]) -> Vec<(u64, u64)> {
        let mut left = Vec::new();
        for client in clients {
            if let Some(known) = self.known.get(client).filter(|known| known.owner == connection) {
                left.push((*client, known.clock));
                self.known.remove(client);
            }
        }
        left.iter().for_each(|(client, clock)| self.bury(*client, *clock));
        left
    }

    /// Remembers that a client is gone.
    fn bury(&mut self, client: u64, clock: u64) {
        self.gone.retain(|(other, _)| *other != client);
        self.gone.push_back((client, clock));
        if self.gone.len() > MAX_GONE {
            self.gone.pop_front();
        }
    }

    /// How many clients are known.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The clients whose states are known, with clocks and states.
    pub(super) fn all(&self) -> Vec<(u64, u64, &str)> {
        let known = self.known.iter();
        known.filter_map(|(client, known)| Some((*client, known.clock, known.state.as_ref()?.get()))).collect()
    }

    /// The connections that know states which were too long to be kept.
    pub(super) fn forgotten(&self) -> Vec<Connection> {
        let mut owners: Vec<_> =
            self.known.values().filter(|known| known.state.is_none()).map(|known| known.owner).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }
}
