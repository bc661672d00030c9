//! What the clients of Yjs providers tell each other of themselves goes round, and stays for who comes later.

use std::rc::Rc;

use serde_json::value::RawValue;

use super::{Core, Step};
use crate::{
    protocol::yjs::{self, Entries, Entry, QUERY_AWARENESS},
    room::{
        Millis,
        attachment::Attachment,
        awareness::{MAX_BYTES, MAX_CLIENTS, News},
        effect::{Connection, Effect, To},
        session::Member,
    },
};

/// How often a connection is sent what it has sent, in milliseconds. A stock provider takes a connection for dead on
/// which nothing came for 30 seconds, and tells of itself every 15 seconds so that something does.
const ECHO: Millis = 5_000;

/// How many more clients than there are a frame may tell of. A frame may be of megabytes, and an entry of some bytes.
const MAX_NEW: usize = 1_000;

/// The state of a client that is gone.
const GONE: &str = "null";

/// What was told, as far as it is new.
#[derive(Default)]
struct Told<'a> {
    /// How many entries there were.
    count: usize,
    news: Vec<(Entry<'a>, News, Option<Rc<RawValue>>)>,
}

impl Core {
    /// Takes what a connection tells of clients, and tells the others. `at` is where the update begins in the frame.
    ///
    /// Most of what comes is known already, and costs a look at its clocks.
    pub(super) fn tell(&mut self, now: Millis, connection: Connection, frame: Vec<u8>, at: usize, step: &mut Step) {
        let Some(yjs) = self.members.get_mut(&connection).and_then(|member| member.yjs.as_mut()) else { return };
        let is_first = !std::mem::replace(&mut yjs.greeted, true);
        let Some(told) = self.read(connection, is_first, &frame[at..]) else {
            return self.break_off(now, connection, step);
        };
        if told.news.is_empty() && !is_first {
            return self.forgive_echo(connection);
        }
        let (mut shown, mut returned, mut is_too_much) = (Vec::new(), Vec::new(), false);
        let (count, mut former) = (told.count, Vec::new());
        for (entry, news, state) in told.news {
            match news {
                News::Nothing => {}
                // It counts on from there, and tells of itself again.
                News::Gone(clock) => returned.push((entry.client, clock, GONE)),
                _ if !self.has_room(connection, &entry) => is_too_much = true,
                News::Moved => {
                    former.extend(self.awareness.hand_over(entry.client, connection));
                    self.own(connection, entry.client);
                }
                News::All => {
                    former.extend(self.awareness.take(connection, &entry, state.clone()));
                    self.own(connection, entry.client);
                    shown.push((entry.client, entry.clock, state));
                }
            }
        }
        if is_too_much {
            self.deny(connection, "what this connection tells of itself is too much: it is not shown", step);
        }
        if !returned.is_empty() {
            let frame = yjs::awareness(&returned);
            step.effects.push(Effect::SendBytes { to: To::One(connection), frame });
        }
        self.attach_awareness(connection, &mut step.effects);
        former.retain(|former| *former != connection);
        for former in former {
            self.attach_awareness(former, &mut step.effects);
        }
        if !shown.is_empty() {
            let frame = if shown.len() == count { frame } else { frame_of(&shown) };
            self.show_awareness(now, connection, frame, step);
        }
    }

    /// A stock provider sends on whatever it is told. That many may come with nothing new does not count: it is the others
    /// that move.
    fn forgive_echo(&mut self, connection: Connection) {
        let per_second = self.limits.messages_per_second;
        let Some(member) = self.members.get_mut(&connection) else { return };
        if let Some(yjs) = member.yjs.as_mut().filter(|yjs| yjs.told > 0) {
            yjs.told -= 1;
            member.meter.forgive(per_second);
        }
    }

    /// Sends frames of the awareness, which come back.
    fn send_told(&mut self, to: Vec<Connection>, frame: Vec<u8>, step: &mut Step) {
        for connection in &to {
            if let Some(yjs) = self.members.get_mut(connection).and_then(|member| member.yjs.as_mut()) {
                yjs.told = yjs.told.saturating_add(1);
            }
        }
        if !to.is_empty() {
            step.effects.push(Effect::SendBytes { to: To::Many(to), frame });
        }
    }

    /// What is new of what a connection tells; none where it is malformed.
    fn read<'a>(&self, connection: Connection, is_first: bool, update: &'a [u8]) -> Option<Told<'a>> {
        let mut told = Told::default();
        for entry in Entries::of(update)? {
            let entry = entry?;
            told.count += 1;
            let news = self.awareness.news(connection, is_first, &entry);
            if news == News::Nothing || (matches!(news, News::Gone(_)) && !is_first) {
                continue;
            }
            if told.news.len() > self.awareness.len() + MAX_NEW {
                return None;
            }
            let state = match entry.is_gone() {
                true => None,
                // What is too long is read no further.
                false if entry.len() > MAX_BYTES => None,
                false => Some(RawValue::from_string(entry.state()?.to_owned()).ok()?.into()),
            };
            told.news.push((entry, news, state));
        }
        Some(told)
    }

    /// Whether a connection may tell this too.
    fn has_room(&self, connection: Connection, entry: &Entry<'_>) -> bool {
        let Some(yjs) = self.members.get(&connection).and_then(|member| member.yjs.as_ref()) else { return false };
        let others = yjs.clients.iter().filter(|client| **client != entry.client);
        let (mut count, mut bytes) = (1, entry.len());
        for client in others.filter(|client| self.awareness.is_of(**client, connection)) {
            count += 1;
            bytes += self.awareness.len_of(*client);
        }
        entry.is_gone() || (count <= MAX_CLIENTS && bytes <= MAX_BYTES)
    }

    /// Notes with a connection that a client goes with it, if it does.
    fn own(&mut self, connection: Connection, client: u64) {
        let Some(yjs) = self.members.get_mut(&connection).and_then(|member| member.yjs.as_mut()) else { return };
        let awareness = &self.awareness;
        if !yjs.clients.contains(&client) {
            yjs.clients.push(client);
        }
        yjs.clients.retain(|client| awareness.is_of(*client, connection));
    }

    /// Sends what a connection told to the others, and now and then to itself.
    fn show_awareness(&mut self, now: Millis, connection: Connection, frame: Vec<u8>, step: &mut Step) {
        let mut to: Vec<_> = self.providers().filter(|other| *other != connection).collect();
        if let Some(yjs) = self.members.get_mut(&connection).and_then(|member| member.yjs.as_mut())
            && now.saturating_sub(yjs.echoed) >= ECHO
        {
            yjs.echoed = now;
            to.push(connection);
        }
        self.send_told(to, frame, step);
    }

    /// Sends a connection all that is known of clients, and asks for what was not kept.
    pub(super) fn send_awareness(&mut self, connection: Connection, step: &mut Step) {
        let known = self.awareness.all();
        if !known.is_empty() {
            let frame = yjs::awareness(&known);
            self.send_told(vec![connection], frame, step);
        }
        let forgotten = self.awareness.forgotten();
        if !forgotten.is_empty() {
            step.effects.push(Effect::SendBytes { to: To::Many(forgotten), frame: QUERY_AWARENESS.to_vec() });
        }
    }

    /// Tells everyone that the clients of a connection are gone with it.
    pub(super) fn withdraw(&mut self, member: &Member, step: &mut Step) {
        let Some(yjs) = &member.yjs else { return };
        let left = self.awareness.leave(member.connection, &yjs.clients);
        if !left.is_empty() {
            let left: Vec<_> = left.into_iter().map(|(client, clock)| (client, clock, GONE)).collect();
            self.send_told(self.providers().collect(), yjs::awareness(&left), step);
        }
    }

    /// The connections of Yjs providers.
    fn providers(&self) -> impl Iterator<Item = Connection> {
        self.members.values().filter(|member| member.joined && member.yjs.is_some()).map(|member| member.connection)
    }

    /// Keeps what a connection told for the time when the room sleeps. That is never a row of storage, as it changes with
    /// each move of a cursor: a session that is stored keeps it beside what points to the row.
    fn attach_awareness(&mut self, connection: Connection, effects: &mut Vec<Effect>) {
        match self.members.get(&connection) {
            Some(member) if member.spilled => {
                let state = self.pointer(member);
                effects.push(Effect::Attach { connection, state });
            }
            _ => self.attach(connection, effects),
        }
    }

    /// The attachment of a session that is stored.
    pub(super) fn pointer(&self, member: &Member) -> Vec<u8> {
        let mut pointer = Attachment::new(member.connection, Rc::clone(member.id()), member.access);
        pointer.protocol = member.protocol();
        pointer.heard = member.heard;
        pointer.doubted = member.doubted;
        pointer.spilled = true;
        // The numbers of so few clients always fit.
        self.fit(&mut pointer, member).unwrap_or_default()
    }

    /// An attachment with what a connection told, or at least of whom; none where even that does not fit, which leaves it
    /// without.
    pub(super) fn fit(&self, attachment: &mut Attachment, member: &Member) -> Option<Vec<u8>> {
        let Some(yjs) = &member.yjs else { return attachment.to_bytes() };
        attachment.greeted = yjs.greeted;
        attachment.awareness = self.awareness.kept(member.connection, &yjs.clients);
        if let Some(state) = attachment.to_bytes() {
            return Some(state);
        }
        attachment.awareness.iter_mut().for_each(|kept| kept.2 = None);
        let state = attachment.to_bytes();
        if state.is_none() {
            attachment.awareness.clear();
        }
        state
    }
}

fn frame_of(shown: &[(u64, u64, Option<Rc<RawValue>>)]) -> Vec<u8> {
    let known: Vec<_> = shown
        .iter()
        .map(|(client, clock, state)| (*client, *clock, state.as_ref().map_or(GONE, |state| state.get())))
        .collect();
    yjs::awareness(&known)
}
