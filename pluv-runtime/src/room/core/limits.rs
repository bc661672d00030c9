//! What is too much, and what becomes of it.

use super::{Core, Step};
use crate::{
    protocol::{AGAIN_LATER, FLOODED},
    room::{Limits, Millis, effect::Connection, session::Admission},
};

/// How many bytes of a connection's events may wait for a handler of it to end; or one message, where that may be longer.
const MAX_BACKLOG: usize = 1 << 20;

/// The same for all connections together: a quarter of what an isolate has.
const MAX_BACKLOGS: usize = 32 << 20;

/// Why a connection can't be taken, for its client.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// There are too many, so that it may be another time.
    Full(String),
    /// The user is too big.
    User(String),
}

impl Core {
    /// The most bytes that a message may take.
    pub(crate) fn message_limit(&self) -> u64 {
        self.message_limit
    }

    /// Why a connection can't be taken.
    pub(crate) fn refusal(&self, admission: &Admission) -> Option<Unfit> {
        let Limits { connections, user, .. } = self.limits;
        let json = admission.user.as_ref().map_or("", |user| user.get());
        if self.members.len() as u64 >= connections {
            return Some(Unfit::Full(format!("the room is full: the limit is {connections} connections")));
        }
        if json.len() as u64 > user {
            return Some(Unfit::User(format!("the user takes {} bytes: the limit is {user}", json.len())));
        }
        let id = super::joining::user_id(json).map_or(0, |id| id.len());
        let limit = self.limits.user_id;
        (id as u64 > limit).then(|| Unfit::User(format!("the user's `id` takes {id} bytes: the limit is {limit}")))
    }

    /// Takes note that a message of `bytes` came, and says whether it is to be looked at. What else follows goes into
    /// `step`.
    pub(super) fn hear(&mut self, now: Millis, connection: Connection, bytes: u64, step: &mut Step) -> bool {
        let per_second = self.limits.messages_per_second;
        let Some(member) = self.members.get_mut(&connection) else { return false };
        member.heard = now;
        if member.meter.message(now, per_second) {
            self.flooded(
                now,
                connection,
                &format!("you send too much: the limit is {per_second} messages a second"),
                step,
            );
            return false;
        }
        let is_doubted = member.doubted.is_some();
        self.ask_for_alarm(step);
        if is_doubted {
            self.trust(connection, step);
        }
        if bytes > self.message_limit {
            self.too_long(connection, &format!("takes {bytes} bytes"), step);
            return false;
        }
        true
    }

    /// Why no more events may wait for a handler, if they take so many bytes: those of one connection, and of all.
    pub(super) fn backlog(&self, (own, all): (usize, usize)) -> Option<String> {
        #[expect(clippy::cast_possible_truncation, reason = "it is at most 32 MiB")]
        let limit = MAX_BACKLOG.max(self.message_limit as usize);
        if own > limit {
            Some(format!("your events that wait for the room take {own} bytes: the limit is {limit}"))
        } else {
            let limit = MAX_BACKLOGS;
            (all > limit).then(|| format!("the events that wait for the room take {all} bytes: the limit is {limit}"))
        }
    }

    /// A message came that is too long even to be read: of at least so many bytes.
    pub(crate) fn oversized(&mut self, now: Millis, connection: Connection, bytes: u64) -> Step {
        let mut step = Step::default();
        if self.hear(now, connection, 0, &mut step) {
            self.too_long(connection, &format!("takes {bytes} bytes or more"), &mut step);
        }
        step
    }

    fn too_long(&mut self, connection: Connection, takes: &str, step: &mut Step) {
        let message = format!("the frame {takes}: the limit is {} bytes", self.message_limit);
        self.fault(connection, None, &message, step);
    }

    /// Refuses a message, which counts for more than one that is in order.
    pub(super) fn fault(&mut self, connection: Connection, request: Option<&str>, message: &str, step: &mut Step) {
        let per_second = self.limits.messages_per_second;
        if let Some(member) = self.members.get_mut(&connection) {
            member.meter.fault(per_second);
        }
        step.effects.extend(self.refuse(connection, request, message).effects);
    }

    /// Closes a connection that sends too much, after one `$error`.
    pub(super) fn flooded(&mut self, now: Millis, connection: Connection, reason: &str, step: &mut Step) {
        step.effects.extend(self.refuse(connection, None, reason).effects);
        self.remove(now, connection, FLOODED, reason.to_owned(), step);
    }

    /// Much was sent to a connection, and the platform does not say whether it reads. If it does not it is closed, before the
    /// memory is full of what waits for it.
    ///
    /// A pluv client reads if it was heard since it was last asked about: it gives up by itself when a ping is not answered
    /// in time, and the answer comes after all that was sent before. A provider talks whether it reads or not, so it is asked
    /// something.
    pub(crate) fn unread(&mut self, now: Millis, connection: Connection, pinged: Option<Millis>) -> Step {
        let mut step = Step::default();
        let Some(member) = self.members.get_mut(&connection) else { return step };
        let reads = match &member.yjs {
            Some(yjs) => !yjs.is_asked,
            None => {
                let heard = pinged.map_or(member.heard, |at| member.heard.max(at));
                std::mem::replace(&mut member.read, heard) < heard
            }
        };
        if reads {
            self.ask_what_it_has(now, connection, &mut step);
        } else {
            self.remove(now, connection, AGAIN_LATER, "this connection does not read what it is sent", &mut step);
        }
        step
    }

    /// Why a presence is too big.
    pub(crate) fn presence_fault(&self, name: &str, json: &str) -> Option<String> {
        let limit = self.limits.presence;
        (json.len() as u64 > limit).then(|| format!("`{name}` would take {} bytes: the limit is {limit}", json.len()))
    }
}
