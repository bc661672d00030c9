//! What everyone sees of a user.

use std::rc::Rc;

use super::{Core, Step, timers};
use crate::{
    protocol::{self, UpdatePresence, decode, frame},
    room::{
        Json, Millis,
        effect::{Connection, Effect},
        people::Presence,
        types::Typed,
    },
};

impl Core {
    /// `$updatePresence`: a shallow patch.
    pub(super) fn update_presence(&mut self, now: Millis, connection: Connection, data: &str) -> Result<Step, String> {
        let patch = decode::<UpdatePresence>(data, "data")?.presence;
        let Some(member) = self.members.get(&connection) else {
            return Ok(Step::default());
        };
        if !member.joined {
            return Err("send `$initializeSession` first".to_owned());
        }
        let base = match self.people.presence(&member.key) {
            Some(presence) => presence.map.clone(),
            None => (self.definition.types.default_presence)(),
        };
        let (map, typed) = self.merged(base, patch)?;
        let mut effects = Vec::new();
        self.show_presence(connection, Presence { map, typed, changed: Some(now) }, &mut effects);
        Ok(Step::from(effects))
    }

    /// `base` with the fields of `patch`, if the room's type takes it.
    pub(super) fn merged(&self, base: Json, patch: Json) -> Result<(Json, Typed), String> {
        let mut map = base;
        map.extend(patch);
        let typed = (self.definition.types.presence)(&map, "data.presence")?;
        self.presence_fault("data.presence", &typed.json).map_or(Ok((map, typed)), Err)
    }

    /// Sets the presence of a connection's user, keeps it with each of the user's tabs, and tells everyone.
    pub(super) fn show_presence(&mut self, connection: Connection, presence: Presence, effects: &mut Vec<Effect>) {
        let Some(member) = self.members.get(&connection) else { return };
        let key = Rc::clone(&member.key);
        // Who speaks another protocol has none, but its user may.
        let Some(person) = self.people.get(&key) else { return };
        let tabs = person.tabs.clone();
        let tab = if tabs.contains(&connection) { connection } else { tabs[0] };
        let Some(origin) = self.members.get(&tab).map(|member| Rc::clone(&member.origin)) else { return };
        let data = format!(r#"{{"presence":{},{}}}"#, presence.typed.json, timers(presence.changed));
        self.people.set_presence(&key, presence);
        for tab in tabs {
            self.attach(tab, effects);
        }
        effects.push(Effect::Send { to: self.everyone(), frame: frame(protocol::PRESENCE_UPDATED, &data, &origin) });
    }
}
