//! Idle connection detection.
//!
//! A client sends something at least once a minute: its ping, which the platform answers in place of the room. A client that
//! loses its network sends nothing more, not even a close. So an alarm is set for the connection that was silent for the
//! longest, as long as anyone is connected.
//!
//! Little is known of the time before the room hibernated: messages leave no trace, and the platform's times of pings were
//! reported to be stale after a wake. So no connection is closed for that: it is suspected, and for as long again pings reach
//! the room itself. A connection that is silent then as well is closed.

use super::{
    connection::{Connection, ConnectionId, Connections},
    step::{Effect, LastPing, Step},
};
use crate::protocol::Millis;

/// Checks within the time that a connection may be silent for, at most.
const CHECKS: Millis = 10;

/// Counts the connections that are suspected to be gone.
#[derive(Debug, Default)]
pub(super) struct IdleDetection {
    suspects: usize,
}

impl IdleDetection {
    /// Whether pings have to reach the room, in place of being answered by the platform.
    pub(super) fn needs_pings(&self) -> bool {
        self.suspects > 0
    }

    /// A connection was restored.
    pub(super) fn restored(&mut self, connection: &Connection) {
        self.suspects += usize::from(connection.suspect_since.is_some());
    }

    /// A suspected connection was heard, or has left.
    pub(super) fn clear_suspicion(&mut self, step: &mut Step) {
        self.suspects -= 1;
        if self.suspects == 0 {
            step.effect(Effect::AutoRespondToPings(true));
        }
    }

    /// Suspects the silent connections, and returns those that have been suspected for too long.
    pub(super) fn check(
        &mut self,
        idle: Millis,
        last_ping: LastPing<'_>,
        connections: &mut Connections,
        step: &mut Step,
    ) -> Vec<ConnectionId> {
        let now = step.now;
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for connection in connections.iter_mut() {
            let before = (connection.last_heard > now, connection.suspect_since);
            // A clock that was set back must not keep a connection.
            connection.last_heard = connection.last_heard.min(now);
            // The platform is asked for all that are due before the next check but one, so that one check serves many.
            if now - connection.last_heard >= idle / CHECKS {
                let ping = last_ping(connection.id).filter(|at| *at <= now);
                connection.last_heard = ping.map_or(connection.last_heard, |at| connection.last_heard.max(at));
            }
            if connection.suspect_since.is_some_and(|since| since < connection.last_heard || since > now) {
                connection.suspect_since = None;
            }
            match connection.suspect_since {
                Some(since) if now - since >= idle => gone.push(connection.id),
                None if now - connection.last_heard >= idle => connection.suspect_since = Some(now),
                _ => {}
            }
            if before != (false, connection.suspect_since) {
                changed.push(connection.id);
            }
        }
        changed.into_iter().for_each(|id| connections.mark_changed(id));
        let needed_pings = self.needs_pings();
        self.suspects = connections.iter().filter(|connection| connection.suspect_since.is_some()).count();
        if self.needs_pings() != needed_pings {
            step.effect(Effect::AutoRespondToPings(!self.needs_pings()));
        }
        gone
    }

    /// The time of the next check; none in a room without connections.
    pub(super) fn next_check(now: Millis, idle: Millis, connections: &Connections) -> Option<Millis> {
        let due = |connection: &Connection| connection.suspect_since.unwrap_or(connection.last_heard) + idle;
        connections.iter().map(due).min().map(|due| due.max(now + idle / CHECKS))
    }
}
