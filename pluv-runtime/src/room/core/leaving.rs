//! How a connection goes.

use super::{Core, Step};
use crate::{
    protocol::{self, frame, quoted},
    room::{
        Millis,
        effect::{Connection, Effect},
        job::Task,
        session::Member,
        types::Typed,
    },
};

impl Core {
    /// A connection closed, by whichever side.
    pub(crate) fn close(&mut self, now: Millis, connection: Connection) -> Step {
        let Some(member) = self.members.remove(&connection) else {
            return Step::default();
        };
        let presence = self.presence_of(&member.key);
        self.people.leave(&member.key, connection);
        self.seeding.leave(connection);
        let mut step = self.gone(now, &member, presence);
        if self.members.is_empty() {
            self.emptied(now, &mut step);
        }
        step
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
        let mut step = self.gone(now, &member, presence);
        if self.members.is_empty() {
            self.emptied(now, &mut step);
        }
        step
    }

    /// Tells everyone that a connection is gone.
    fn gone(&mut self, now: Millis, member: &Member, presence: Typed) -> Step {
        let mut effects = Vec::new();
        if member.spilled {
            effects.push(Effect::Forget { session: member.id().to_string() });
        }
        self.withdraw(member, &mut effects);
        if !member.joined {
            return Step::from(effects);
        }
        let data = format!(r#"{{"sessionId":{}}}"#, quoted(member.id()));
        if member.yjs.is_none() {
            effects.push(Effect::Send { to: self.everyone(), frame: frame(protocol::EXIT, &data, &member.origin) });
        }
        let job = self.definition.hooks.on_user_disconnected.then(|| member.job(now, Task::Disconnected { presence }));
        Step { effects, jobs: job.and_then(|job| self.lanes.enter(job)).into_iter().collect() }
    }
}
