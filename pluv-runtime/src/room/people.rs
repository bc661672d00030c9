//! Users and their presence, which is one for all the tabs of a user.

use std::{collections::BTreeMap, rc::Rc};

use super::{Json, Millis, effect::Connection, types::Typed};

/// What everyone sees of a user.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    pub(crate) map: Json,
    pub(crate) typed: Typed,
    /// When it last changed after the handshake.
    pub(crate) changed: Option<Millis>,
}

/// A user with a connection or more.
#[derive(Debug, Default)]
pub(crate) struct Person {
    pub(crate) presence: Option<Presence>,
    /// The user's connections, oldest first.
    pub(crate) tabs: Vec<Connection>,
}

/// The users of the room, by `user.id`, or by session where there is none.
///
/// Ordered, as a hash table without a random seed could be made slow by the ids that clients choose.
#[derive(Debug, Default)]
pub(crate) struct People(BTreeMap<Rc<str>, Person>);

impl People {
    pub(crate) fn get(&self, key: &str) -> Option<&Person> {
        self.0.get(key)
    }

    pub(crate) fn presence(&self, key: &str) -> Option<&Presence> {
        self.0.get(key)?.presence.as_ref()
    }

    pub(crate) fn enter(&mut self, key: &Rc<str>, tab: Connection) -> &mut Person {
        let person = self.0.entry(Rc::clone(key)).or_default();
        person.tabs.push(tab);
        person
    }

    pub(crate) fn set_presence(&mut self, key: &str, presence: Presence) {
        if let Some(person) = self.0.get_mut(key) {
            person.presence = Some(presence);
        }
    }

    /// Takes a tab out; the last one takes the user along.
    pub(crate) fn leave(&mut self, key: &str, tab: Connection) {
        if let Some(person) = self.0.get_mut(key) {
            person.tabs.retain(|other| *other != tab);
            if person.tabs.is_empty() {
                self.0.remove(key);
            }
        }
    }
}
