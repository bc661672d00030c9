//! The awareness of Yjs providers: names, colours and cursors, which clients tell each other and newcomers get.
//!
//! A stock provider relays whatever it receives, so that of each change as many copies come back as there are clients. They
//! are recognised by their clocks.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    close::CloseReason,
    connection::{ConnectionId, Connections},
    step::Step,
};
use crate::protocol::{
    Millis,
    yjs::{self, Entries, Entry},
};

/// Clients that one connection may announce. It is one, or some in a browser whose tabs relay each other.
const MAX_CLIENTS: usize = 32;

/// Bytes of all states of one connection.
const MAX_BYTES: usize = 65_536;

/// Departed clients that are remembered, as copies of their last states may still arrive.
const MAX_TOMBSTONES: usize = 256;

/// Clients that a frame may announce beyond those that exist. A frame may be of megabytes, and an entry of some bytes.
const MAX_NEW: usize = 1_000;

/// Interval at which a connection is sent its own states back, in milliseconds. A stock provider closes a connection on which
/// nothing arrived for 30 seconds, and sends its state every 15 seconds to prevent that.
const ECHO_INTERVAL: Millis = 5_000;

/// The state of a client that is gone.
const GONE: &str = "null";

/// The awareness of the clients of all providers that have joined.
#[derive(Debug, Default)]
pub(crate) struct Awareness {
    clients: BTreeMap<u64, Client>,
    providers: BTreeMap<ConnectionId, Provider>,
    /// Departed clients with their last clocks.
    tombstones: VecDeque<(u64, u64)>,
}

#[derive(Debug)]
struct Client {
    /// The connection that announced it, and with which it goes.
    owner: ConnectionId,
    clock: u64,
    /// None where it exceeded the attachment while the room hibernated: the owner is asked again.
    state: Option<Rc<RawValue>>,
}

#[derive(Debug, Default)]
struct Provider {
    /// The clients that it announced, nearly always one.
    clients: Vec<u64>,
    has_announced: bool,
    /// Time when it was last sent its own states.
    echoed: Millis,
    /// Frames sent to it that it has not relayed yet.
    unrelayed: u32,
}

/// A client as it is kept while the room hibernates: its number, clock and state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClientState(u64, u64, Option<Rc<RawValue>>);

impl ClientState {
    pub(crate) fn without_state(&self) -> Self {
        Self(self.0, self.1, None)
    }
}

/// The effect of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    None,
    /// The client has reconnected on this connection, before the end of its last one was known.
    Reconnected,
    /// The entry is older than the end of its client, which had this clock.
    Departed(u64),
    Updated,
}

struct NewEntry<'a> {
    entry: Entry<'a>,
    change: Change,
    state: Option<Rc<RawValue>>,
}

impl Awareness {
    /// Adds a provider that has joined.
    pub(crate) fn join(&mut self, connection: ConnectionId) {
        self.providers.entry(connection).or_default();
    }

    /// Adds a provider with the states that were kept with it.
    pub(crate) fn restore(&mut self, connection: ConnectionId, has_announced: bool, kept: Vec<ClientState>) {
        let provider = self.providers.entry(connection).or_default();
        provider.has_announced = has_announced;
        provider.clients = kept.iter().map(|kept| kept.0).collect();
        for ClientState(client, clock, state) in kept {
            if self.clients.get(&client).is_none_or(|known| known.clock < clock) {
                self.clients.insert(client, Client { owner: connection, clock, state });
            }
        }
    }

    /// The states to keep with a connection while the room hibernates.
    pub(crate) fn kept(&self, connection: ConnectionId) -> Option<(bool, Vec<ClientState>)> {
        let provider = self.providers.get(&connection)?;
        let owned = provider.clients.iter().filter_map(|client| Some((*client, self.clients.get(client)?)));
        let owned = owned.filter(|(_, client)| client.owner == connection);
        let kept = owned.map(|(number, client)| ClientState(number, client.clock, client.state.clone())).collect();
        Some((provider.has_announced, kept))
    }

    /// Removes a provider with its clients, and tells the others.
    pub(crate) fn leave(&mut self, connection: ConnectionId, step: &mut Step) {
        let Some(provider) = self.providers.remove(&connection) else { return };
        let mut departed = Vec::new();
        for client in provider.clients {
            if let Some(known) = self.clients.get(&client).filter(|known| known.owner == connection) {
                departed.push((client, known.clock, GONE));
                self.clients.remove(&client);
            }
        }
        departed.iter().for_each(|(client, clock, _)| self.add_tombstone(*client, *clock));
        if !departed.is_empty() {
            self.deliver(self.providers.keys().copied().collect(), yjs::awareness(&departed), step);
        }
    }

    /// Sends a connection all states, and a query to those whose states the room has lost.
    pub(crate) fn send_all(&mut self, connection: ConnectionId, step: &mut Step) {
        let known = self.clients.iter();
        let known: Vec<_> =
            known.filter_map(|(number, client)| Some((*number, client.clock, client.state.as_ref()?.get()))).collect();
        if !known.is_empty() {
            let frame = yjs::awareness(&known);
            self.deliver(vec![connection], frame, step);
        }
        let lost = self.clients.values().filter(|client| client.state.is_none()).map(|client| client.owner);
        let mut owners: Vec<_> = lost.collect();
        owners.sort_unstable();
        owners.dedup();
        step.broadcast_binary(owners, yjs::QUERY_AWARENESS.to_vec());
    }

    /// Applies an awareness message of a connection; the update begins at `start` of the frame. Returns whether it only relayed
    /// a frame of the room, which does not count as a message of its own.
    ///
    /// Most updates are known already, and cost a comparison of clocks.
    ///
    /// # Errors
    /// When it is malformed.
    pub(crate) fn apply(
        &mut self,
        connection: ConnectionId,
        frame: Vec<u8>,
        start: usize,
        connections: &mut Connections,
        step: &mut Step,
    ) -> Result<bool, CloseReason> {
        let provider = self.providers.get_mut(&connection).ok_or(CloseReason::InvalidMessage)?;
        let is_first = !std::mem::replace(&mut provider.has_announced, true);
        let unrelayed = provider.unrelayed;
        let (count, entries) = self.read(connection, is_first, &frame[start..]).ok_or(CloseReason::InvalidMessage)?;
        if entries.is_empty() && !is_first {
            if let Some(provider) = self.providers.get_mut(&connection) {
                provider.unrelayed = unrelayed.saturating_sub(1);
            }
            return Ok(unrelayed > 0);
        }
        connections.mark_awareness_changed(connection);
        let (mut updated, mut departed, mut exceeds_limit) = (Vec::new(), Vec::new(), false);
        for NewEntry { entry, change, state } in entries {
            let former = match change {
                Change::None => continue,
                // The client counts on from there, and announces itself again.
                Change::Departed(clock) => {
                    departed.push((entry.client, clock, GONE));
                    continue;
                }
                _ if !self.is_within_limit(connection, &entry) => {
                    exceeds_limit = true;
                    continue;
                }
                Change::Reconnected => {
                    let client = self.clients.get_mut(&entry.client);
                    client.map(|client| std::mem::replace(&mut client.owner, connection))
                }
                Change::Updated => {
                    updated.push((entry.client, entry.clock, state.clone()));
                    self.update(connection, &entry, state)
                }
            };
            self.own(connection, entry.client);
            if let Some(former) = former {
                connections.mark_awareness_changed(former);
            }
        }
        if !departed.is_empty() {
            step.broadcast_binary(vec![connection], yjs::awareness(&departed));
        }
        if !updated.is_empty() {
            let frame = if updated.len() == count { frame } else { encode(&updated) };
            let receivers = self.receivers(step.now, connection);
            self.deliver(receivers, frame, step);
        }
        if exceeds_limit {
            let reason = "awareness state exceeds the per-connection limit and was dropped".to_owned();
            step.refused.push((connection, reason.into()));
        }
        Ok(false)
    }

    /// The number of entries of an update, and those that are new; `None` where it is malformed.
    fn read<'a>(
        &self,
        connection: ConnectionId,
        is_first: bool,
        update: &'a [u8],
    ) -> Option<(usize, Vec<NewEntry<'a>>)> {
        let (mut count, mut new) = (0, Vec::new());
        for entry in Entries::of(update)? {
            let entry = entry?;
            count += 1;
            let change = self.change(connection, is_first, &entry);
            if change == Change::None || (matches!(change, Change::Departed(_)) && !is_first) {
                continue;
            }
            if new.len() > self.clients.len() + MAX_NEW {
                return None;
            }
            let state = match entry.is_gone() {
                true => None,
                // A state that exceeds the limit is dropped unread.
                false if entry.len() > MAX_BYTES => None,
                false => Some(RawValue::from_string(entry.state()?.to_owned()).ok()?.into()),
            };
            new.push(NewEntry { entry, change, state });
        }
        Some((count, new))
    }

    /// The effect of an entry; `is_first` in the first message of its connection.
    fn change(&self, connection: ConnectionId, is_first: bool, entry: &Entry<'_>) -> Change {
        match self.clients.get(&entry.client) {
            Some(known) if entry.clock > known.clock => Change::Updated,
            Some(known) if entry.clock < known.clock => Change::None,
            Some(known) if entry.is_gone() || known.state.is_none() => Change::Updated,
            Some(known) if is_first && known.owner != connection => Change::Reconnected,
            Some(_) => Change::None,
            None if entry.is_gone() => Change::None,
            None => match self.tombstones.iter().find(|(client, _)| *client == entry.client) {
                Some((_, clock)) if entry.clock <= *clock => Change::Departed(*clock),
                _ => Change::Updated,
            },
        }
    }

    /// Stores a state, none of a client that is gone. Returns the former owner.
    fn update(
        &mut self,
        connection: ConnectionId,
        entry: &Entry<'_>,
        state: Option<Rc<RawValue>>,
    ) -> Option<ConnectionId> {
        let Some(state) = state else {
            self.add_tombstone(entry.client, entry.clock);
            return self.clients.remove(&entry.client).map(|client| client.owner);
        };
        let (clock, state) = (entry.clock, Some(state));
        let Some(known) = self.clients.get_mut(&entry.client) else {
            self.clients.insert(entry.client, Client { owner: connection, clock, state });
            return None;
        };
        if clock < known.clock {
            // It came in one frame with a newer one.
            return None;
        }
        let former = known.owner;
        // A lost state may be relayed by others first.
        let owner = if clock > known.clock { connection } else { former };
        *known = Client { owner, clock, state };
        Some(former)
    }

    /// Whether a connection may announce this state too.
    fn is_within_limit(&self, connection: ConnectionId, entry: &Entry<'_>) -> bool {
        let Some(provider) = self.providers.get(&connection) else { return false };
        let (mut count, mut bytes) = (1, entry.len());
        let others = provider.clients.iter().filter(|client| **client != entry.client);
        for client in others.filter_map(|client| self.clients.get(client)).filter(|client| client.owner == connection) {
            count += 1;
            bytes += client.state.as_ref().map_or(0, |state| state.get().len());
        }
        entry.is_gone() || (count <= MAX_CLIENTS && bytes <= MAX_BYTES)
    }

    /// Notes a client with the connection that announced it.
    fn own(&mut self, connection: ConnectionId, client: u64) {
        let Some(provider) = self.providers.get_mut(&connection) else { return };
        if !provider.clients.contains(&client) {
            provider.clients.push(client);
        }
        let clients = &self.clients;
        provider.clients.retain(|client| clients.get(client).is_some_and(|client| client.owner == connection));
    }

    fn add_tombstone(&mut self, client: u64, clock: u64) {
        self.tombstones.retain(|(other, _)| *other != client);
        self.tombstones.push_back((client, clock));
        if self.tombstones.len() > MAX_TOMBSTONES {
            self.tombstones.pop_front();
        }
    }

    /// The others, and now and then the connection itself.
    fn receivers(&mut self, now: Millis, connection: ConnectionId) -> Vec<ConnectionId> {
        let mut receivers: Vec<_> = self.providers.keys().copied().filter(|other| *other != connection).collect();
        if let Some(provider) = self.providers.get_mut(&connection)
            && now.saturating_sub(provider.echoed) >= ECHO_INTERVAL
        {
            provider.echoed = now;
            receivers.push(connection);
        }
        receivers
    }

    /// Sends a frame, which its receivers will relay.
    fn deliver(&mut self, to: Vec<ConnectionId>, frame: Vec<u8>, step: &mut Step) {
        for connection in &to {
            if let Some(provider) = self.providers.get_mut(connection) {
                provider.unrelayed = provider.unrelayed.saturating_add(1);
            }
        }
        step.broadcast_binary(to, frame);
    }
}

fn encode(updated: &[(u64, u64, Option<Rc<RawValue>>)]) -> Vec<u8> {
    let known: Vec<_> = updated
        .iter()
        .map(|(client, clock, state)| (*client, *clock, state.as_ref().map_or(GONE, |state| state.get())))
        .collect();
    yjs::awareness(&known)
}
