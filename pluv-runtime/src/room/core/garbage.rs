//! Connections that have gone without a word.
//!
//! A client says something at least once a minute: its ping, which the platform answers in the room's place. Of a client
//! that loses its network nothing more comes, not even a close. So an alarm comes when the connection that was silent for
//! the longest may have been so for too long, and is set again as long as anyone is there.
//!
//! What is known of the time before the room slept is little: messages leave no trace, and the platform's times of pings
//! have been reported to be stale after a sleep. So nobody is closed for what is known: the room doubts, and listens for as
//! long again. Meanwhile pings come to the room itself. Who is silent then as well is gone.

use super::{Core, Step};
use crate::{
    protocol::{self, Origin, RESTARTED, frame},
    room::{
        Millis,
        effect::{Connection, Effect},
        session::Member,
    },
};

/// How often the alarm may come in the time that a connection may be silent for.
const LOOKS: Millis = 10;

/// When a connection was last known to ping.
pub(crate) type Pinged<'a> = &'a dyn Fn(Connection) -> Option<Millis>;

/// What is known of the connections' silence.
#[derive(Debug, Default)]
pub(super) struct Garbage {
    look: Look,
    /// How many connections are doubted.
    doubted: usize,
}

/// When the room is to look for who is silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Look {
    /// Nobody is there.
    #[default]
    Never,
    /// There is an alarm for it, as was known before the room slept; unless the platform has given up on it.
    Unknown,
    /// The platform was asked.
    Asked,
    At(Millis),
}

impl Garbage {
    /// When the alarm is to come for it.
    pub(super) fn due(&mut self, now: Millis, idle: Millis) -> Option<Millis> {
        match self.look {
            Look::Never => None,
            Look::At(due) => Some(due),
            // Every alarm serves to look, so this puts off nothing for long.
            Look::Unknown | Look::Asked => {
                self.look = Look::At(now + idle);
                Some(now + idle)
            }
        }
    }

    /// There may be no alarm.
    fn doubt_alarm(&mut self) {
        if self.look != Look::Never {
            self.look = Look::Unknown;
        }
    }

    /// The first connection has come.
    pub(super) fn begin(&mut self, now: Millis, idle: Millis) {
        self.look = Look::At(now + idle);
    }

    /// The last connection has gone.
    pub(super) fn end(&mut self) {
        self.look = Look::Never;
    }

    /// A connection stayed while the room slept.
    pub(super) fn restored(&mut self, member: &Member) {
        self.look = Look::Unknown;
        self.doubted += usize::from(member.doubted.is_some());
    }

    /// A connection that was doubted is no more, or was heard.
    pub(super) fn believe(&mut self, step: &mut Step) {
        self.doubted -= 1;
        if self.doubted == 0 {
            step.effects.push(Effect::Listen(false));
        }
    }
}

impl Core {
    /// Whether pings are to come to the room, and not to be answered in its place.
    pub(crate) fn is_listening(&self) -> bool {
        self.garbage.doubted > 0
    }

    /// Something came from a connection that was doubted.
    pub(super) fn trust(&mut self, connection: Connection, step: &mut Step) {
        let Some(member) = self.members.get_mut(&connection) else { return };
        member.doubted = None;
        self.attach(connection, &mut step.effects);
        self.garbage.believe(step);
    }

    /// The alarm could not be set: with the next message it is.
    pub(crate) fn alarm_failed(&mut self) {
        self.alarm_is_unknown();
        self.garbage.doubt_alarm();
    }

    /// The first thing came to the room since it woke: is there still an alarm?
    pub(super) fn ask_for_alarm(&mut self, step: &mut Step) {
        if self.garbage.look == Look::Unknown {
            self.garbage.look = Look::Asked;
            step.effects.push(Effect::FindAlarm);
        }
    }

    /// The platform says when the alarm comes.
    pub(crate) fn alarm_found(&mut self, now: Millis, alarm: Option<Millis>) -> Step {
        let mut step = Step::default();
        if self.garbage.look == Look::Asked {
            self.read_notes(&mut step);
            if let Some(due) = alarm {
                self.garbage.look = Look::At(due);
                self.alarm_is(due);
            }
            self.set_alarm(now, &mut step);
        }
        step
    }

    /// Looks for who is silent, at once.
    pub(crate) fn collect(&mut self, now: Millis, pinged: Pinged<'_>) -> Step {
        let mut step = Step::default();
        self.look(now, pinged, &mut step);
        self.set_alarm(now, &mut step);
        step
    }

    /// Doubts who is silent, and closes those whom it has doubted for long enough.
    pub(super) fn look(&mut self, now: Millis, pinged: Pinged<'_>, step: &mut Step) {
        let idle = self.limits.idle;
        self.garbage.look = Look::At(now + idle);
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for (connection, member) in &mut self.members {
            let was = (member.heard > now, member.doubted);
            // A clock that was set back must not keep anyone.
            member.heard = member.heard.min(now);
            // Whoever is due before the next look but one is asked for now: so one look serves for many.
            if now - member.heard >= idle / LOOKS {
                let at = pinged(*connection).filter(|at| *at <= now);
                member.heard = at.map_or(member.heard, |at| member.heard.max(at));
            }
            if member.doubted.is_some_and(|since| since < member.heard || since > now) {
                member.doubted = None;
            }
            match member.doubted {
                Some(since) if now - since >= idle => gone.push(*connection),
                None if now - member.heard >= idle => member.doubted = Some(now),
                _ => {}
            }
            if was != (false, member.doubted) {
                changed.push(*connection);
            }
        }
        for connection in changed {
            self.attach(connection, &mut step.effects);
        }
        let was_listening = self.is_listening();
        self.garbage.doubted = self.members.values().filter(|member| member.doubted.is_some()).count();
        if self.is_listening() != was_listening {
            step.effects.push(Effect::Listen(self.is_listening()));
        }
        self.close_silent(now, &gone, step);
        let sessions = self.members.values().filter(|member| member.spilled).map(|member| member.id().to_string());
        step.effects.push(Effect::ForgetAllBut { sessions: sessions.collect() });
        let due = self.members.values().map(|member| member.doubted.unwrap_or(member.heard) + idle).min();
        self.garbage.look = due.map_or(Look::Never, |due| Look::At(due.max(now + idle / LOOKS)));
    }

    fn close_silent(&mut self, now: Millis, gone: &[Connection], step: &mut Step) {
        let mut origin = None;
        for connection in gone {
            let Some(member) = self.members.get(connection) else { continue };
            if member.joined && member.yjs.is_none() {
                origin = Some(std::rc::Rc::clone(&member.origin));
            }
            self.remove(now, *connection, RESTARTED, "nothing was heard of this connection", step);
        }
        if let Some(origin) = origin.filter(|_| !self.members.is_empty()) {
            step.effects.push(self.present(&origin));
        }
    }

    /// `$syncStateReceived`: who is really there.
    fn present(&self, origin: &Origin) -> Effect {
        let present = self.members.values().filter(|member| member.joined && member.yjs.is_none());
        let ids: Vec<_> = present.map(|member| protocol::quoted(member.id())).collect();
        let data = format!(r#"{{"connectionIds":[{}]}}"#, ids.join(","));
        Effect::Send { to: self.everyone(), frame: frame(protocol::SYNC_STATE_RECEIVED, &data, origin) }
    }
}
