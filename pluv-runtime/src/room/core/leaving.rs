//! How a connection goes.

use std::borrow::Cow;

use super::{Core, Step, diary::Entry};
use crate::{
    protocol::{self, frame, quoted},
    room::{
        Millis,
        effect::{Connection, Effect},
        evict::{Evict, Whom},
        job::Task,
        session::Member,
        types::Typed,
    },
};

impl Core {
    /// A connection was closed by its client, or broke.
    pub(crate) fn close(&mut self, now: Millis, connection: Connection) -> Step {
        let mut step = Step::default();
        self.leave(now, connection, None, &mut step);
        step
    }

    /// Closes a connection, and tells everyone that it is gone. It is not heard from now on.
    pub(super) fn remove(
        &mut self,
        now: Millis,
        connection: Connection,
        code: u16,
        reason: impl Into<Cow<'static, str>>,
        step: &mut Step,
    ) {
        if self.members.contains_key(&connection) {
            step.effects.push(Effect::Close { connection, code, reason: reason.into() });
            self.leave(now, connection, Some(code), step);
        }
    }

    fn leave(&mut self, now: Millis, connection: Connection, code: Option<u16>, step: &mut Step) {
        let Some(member) = self.members.remove(&connection) else { return };
        let presence = self.presence_of(&member.key);
        self.people.leave(&member.key, connection);
        self.seeding.leave(connection);
        if member.doubted.is_some() {
            self.garbage.believe(step);
        }
        self.ask_for_alarm(step);
        self.gone(now, &member, presence, code, step);
    }

    /// Closes connections, and says how many.
    pub(super) fn evict(&mut self, now: Millis, evict: &Evict, step: &mut Step) -> usize {
        let connections = self.connections_of(&evict.whom);
        for connection in &connections {
            self.send_away(now, *connection, evict, step);
        }
        connections.len()
    }

    /// The connections that are meant, oldest first.
    pub(super) fn connections_of(&self, whom: &Whom) -> Vec<Connection> {
        let is_meant = |member: &&Member| match whom {
            Whom::Session(id) => **member.id() == **id,
            Whom::User(id) => *member.key == **id,
            Whom::All => true,
        };
        self.members.values().filter(is_meant).map(|member| member.connection).collect()
    }

    /// Closes a connection, whose client is told why.
    fn send_away(&mut self, now: Millis, connection: Connection, evict: &Evict, step: &mut Step) {
        let Some(member) = self.members.get(&connection) else { return };
        let (code, reason) = (evict.code(member.protocol()), evict.reason.clone());
        self.write(|| Entry::Evict { session: member.id(), code }, &mut step.effects);
        self.remove(now, connection, code, reason, step);
    }

    /// A connection closed while the room slept, so that the room does not have it any more.
    ///
    /// `state` is its attachment, `load` reads a session from storage.
    pub(crate) fn close_asleep(
        &mut self,
        now: Millis,
        state: &[u8],
        load: impl FnOnce(&str) -> Option<Vec<u8>>,
    ) -> Step {
        let Some((mut member, presence, kept)) = self.revive(state, load) else {
            return Step::default();
        };
        // Its number may have been given again meanwhile.
        member.connection = Connection(self.next);
        self.next += 1;
        self.awareness.restore(member.connection, kept);
        let presence = presence.map_or_else(|| self.presence_of(&member.key), |presence| presence.typed);
        let mut step = Step::default();
        self.alarm_is_unknown();
        self.ask_for_alarm(&mut step);
        self.gone(now, &member, presence, None, &mut step);
        step
    }

    /// Tells everyone that a connection is gone.
    fn gone(&mut self, now: Millis, member: &Member, presence: Typed, code: Option<u16>, step: &mut Step) {
        self.write(|| Entry::Leave { session: member.id(), code }, &mut step.effects);
        if member.spilled {
            step.effects.push(Effect::Forget { session: member.id().to_string() });
        }
        self.withdraw(member, step);
        if member.joined {
            if member.yjs.is_none() {
                let data = format!(r#"{{"sessionId":{}}}"#, quoted(member.id()));
                let exit = frame(protocol::EXIT, &data, &member.origin);
                step.effects.push(Effect::Send { to: self.everyone(), frame: exit });
            }
            if self.definition.hooks.on_user_disconnected {
                step.jobs.extend(self.lanes.enter(member.job(now, Task::Disconnected { presence })));
            }
        }
        if self.members.is_empty() {
            self.emptied(now, step);
        }
    }
}
