//! How a room comes back after it slept, or after its instance was lost.

use std::rc::Rc;

use super::Core;
use crate::room::{
    Protocol,
    attachment::Attachment,
    awareness::Kept,
    effect::Connection,
    people::Presence,
    session::{Member, YjsMember},
};

impl Core {
    /// Takes back a connection that stayed open while the room slept. A wake is not a join: nobody is told.
    ///
    /// `state` is its attachment, `load` reads a session from storage. `None` if it can't be read, as another version
    /// of the room wrote it, or if it waits for what only an instance that was lost could tell it: the host closes such
    /// a connection, and its client comes back.
    pub(crate) fn restore(&mut self, state: &[u8], load: impl FnOnce(&str) -> Option<Vec<u8>>) -> Option<Connection> {
        let (member, presence, kept) = self.revive(state, load).filter(|(member, ..)| !member.waits)?;
        let connection = member.connection;
        self.next = self.next.max(connection.0 + 1);
        self.garbage.restored(&member);
        self.alarm_is_unknown();
        if member.yjs.is_some() {
            self.awareness.restore(connection, kept);
            self.members.insert(connection, member);
            return Some(connection);
        }
        let person = self.people.enter(&member.key, connection);
        if let Some(presence) = presence {
            // Each tab has the user's newest, so they agree; should they not, the later change counts.
            if person.presence.as_ref().is_none_or(|known| known.changed < presence.changed) {
                person.presence = Some(presence);
            }
        }
        self.members.insert(connection, member);
        Some(connection)
    }

    /// A session from its attachment.
    pub(super) fn revive(
        &self,
        state: &[u8],
        load: impl FnOnce(&str) -> Option<Vec<u8>>,
    ) -> Option<(Member, Option<Presence>, Vec<Kept>)> {
        let mut pointer = Attachment::from_bytes(state)?;
        let (spilled, greeted, kept) = (pointer.spilled, pointer.greeted, std::mem::take(&mut pointer.awareness));
        let attachment = if spilled { Attachment::from_bytes(&load(&pointer.id)?)? } else { pointer };
        let user = attachment.user.as_ref().map_or("null", |user| user.get());
        let connection = attachment.connection();
        let mut member = self.member(connection, Rc::clone(&attachment.id), user, attachment.access).ok()?;
        member.joined = attachment.joined;
        member.waits = attachment.waits;
        member.ready = attachment.ready;
        member.shown = attachment.shown;
        member.spilled = spilled;
        if attachment.protocol == Protocol::Yjs {
            let clients = kept.iter().map(|kept| kept.0).collect();
            member.yjs = Some(Box::new(YjsMember { clients, greeted, ..YjsMember::default() }));
        }
        member.heard = attachment.heard;
        member.read = attachment.heard;
        member.doubted = attachment.doubted;
        let presence = match &attachment.presence {
            None => None,
            Some(json) => {
                let map = serde_json::from_str(json.get()).ok()?;
                let typed = (self.definition.types.presence)(&map, "presence").ok()?;
                Some(Presence { map, typed, changed: attachment.changed })
            }
        };
        Some((member, presence, kept))
    }
}
