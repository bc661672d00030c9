//! Users and their presence, which all connections of a user share.

use std::{collections::BTreeMap, rc::Rc};

use super::{ConnectionId, typed::Typed};
use crate::protocol::{Json, Millis};

/// The presence of a user.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    /// The object that patches apply to; keeps fields that the room's type does not know.
    pub(crate) map: Json,
    pub(crate) typed: Typed,
    /// Time of the last change after the handshake.
    pub(crate) changed: Option<Millis>,
}

/// A user with at least one connection.
#[derive(Debug, Default)]
struct User {
    presence: Option<Presence>,
    /// The user's connections, oldest first.
    connections: Vec<ConnectionId>,
}

/// The users of the room by `user.id`, or by session where there is none.
///
/// Ordered, as clients choose the ids and could slow down a hash table without a random seed.
#[derive(Debug, Default)]
pub(crate) struct Users(BTreeMap<Rc<str>, User>);

impl Users {
    /// The presence of a user, if the user has set one.
    pub(crate) fn presence(&self, key: &str) -> Option<&Presence> {
        self.0.get(key)?.presence.as_ref()
    }

    /// The user's connections, oldest first.
    pub(crate) fn connections(&self, key: &str) -> &[ConnectionId] {
        self.0.get(key).map_or(&[], |user| &user.connections)
    }

    /// Adds a connection.
    pub(crate) fn add(&mut self, key: &Rc<str>, connection: ConnectionId) {
        self.0.entry(Rc::clone(key)).or_default().connections.push(connection);
    }

    /// Adds a connection of which the presence was attached.
    pub(crate) fn restore(&mut self, key: &Rc<str>, connection: ConnectionId, presence: Option<Presence>) {
        let user = self.0.entry(Rc::clone(key)).or_default();
        user.connections.push(connection);
        if let Some(presence) = presence {
            // All connections of a user have the same attached; should they differ, the later change counts.
            if user.presence.as_ref().is_none_or(|known| known.changed < presence.changed) {
                user.presence = Some(presence);
            }
        }
    }

    pub(crate) fn set_presence(&mut self, key: &str, presence: Presence) {
        if let Some(user) = self.0.get_mut(key) {
            user.presence = Some(presence);
        }
    }

    /// Removes a connection, and with the last one the user.
    pub(crate) fn remove(&mut self, key: &str, connection: ConnectionId) {
        if let Some(user) = self.0.get_mut(key) {
            user.connections.retain(|other| *other != connection);
            if user.connections.is_empty() {
                self.0.remove(key);
            }
        }
    }
}
