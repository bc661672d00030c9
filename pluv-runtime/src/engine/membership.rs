//! The members of a room: connections, users with their presence, and the awareness of providers.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    Limits,
    attachment::{Attachment, SessionStore},
    awareness::Awareness,
    close::CloseReason,
    connection::{Admission, Connection, ConnectionId, Connections, RateLimiter, Stage, user_id},
    definition::{Presence, Typed, Types},
    idle::IdleDetection,
    step::{Effect, LastPing, LogEntry, Step},
};
use crate::{
    error::Error,
    protocol::{self, InitializeSession, Json, Millis, Origin, Protocol, UpdatePresence, decode, frame, quoted},
};

/// The members of a room.
#[derive(Debug)]
pub(super) struct Membership {
    room: Rc<str>,
    types: Types,
    limits: Limits,
    default_presence: Presence,
    pub(super) connections: Connections,
    users: Users,
    awareness: Awareness,
    idle: IdleDetection,
    sessions: Box<dyn SessionStore>,
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

/// A connection that has left.
#[derive(Debug)]
pub(super) struct Departed {
    pub(super) connection: Connection,
    /// The presence of its user at the end.
    pub(super) presence: Typed,
}

impl Membership {
    /// Nobody in the room `room`.
    ///
    /// # Errors
    /// When the presence type can't read its own default.
    pub(super) fn new(
        room: Rc<str>,
        types: Types,
        limits: Limits,
        sessions: Box<dyn SessionStore>,
    ) -> Result<Self, Error> {
        let map = (types.default_presence)().map_err(Error::internal)?;
        let typed = (types.presence)(&map, "presence").map_err(|reason| {
            Error::internal(format!(
                "the presence type can't read its own default: {reason}: put `#[serde(default)]` on the field, or on the type"
            ))
        })?;
        Ok(Self {
            room,
            types,
            limits,
            default_presence: Presence { map, typed, changed: None },
            connections: Connections::default(),
            users: Users::default(),
            awareness: Awareness::default(),
            idle: IdleDetection::default(),
            sessions,
        })
    }

    /// Adds a connection, and says hello to a pluv client. `initial_state` is the `state` of `$registered`, as JSON.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn connect(
        &mut self,
        admission: &Admission,
        initial_state: &str,
        step: &mut Step,
    ) -> Result<ConnectionId, CloseReason> {
        let user = admission.user.as_ref().map_or("null", |user| user.get());
        self.check_limits(user)?;
        if self.connections.is_empty() {
            // Sessions whose connections a crash or a deploy ended without a close.
            if let Err(error) = self.sessions.retain(&[]) {
                step.log_error(&error);
            }
        }
        let id = self.connections.next_id();
        let mut connection = self.connection(id, &admission.session, user, admission)?;
        (connection.last_heard, connection.last_read) = (step.now, step.now);
        step.log_event(|| LogEntry::Connect { session: &admission.session, protocol: admission.protocol });
        if connection.protocol == Protocol::Pluv {
            self.users.add(&connection.user_key, id);
            let presence = self.users.presence(&connection.user_key);
            let data = format!(
                r#"{{"sessionId":{},"presence":{},"state":{initial_state},{}}}"#,
                quoted(connection.session()),
                presence.map_or("null", |presence| &presence.typed.json),
                timers(presence.and_then(|presence| presence.changed)),
            );
            step.send_text(id, frame(protocol::REGISTERED, &data, &connection.origin));
        }
        self.connections.insert(connection);
        self.connections.mark_changed(id);
        Ok(id)
    }

    fn check_limits(&self, user: &str) -> Result<(), CloseReason> {
        let Limits { connections, user: user_limit, user_id: id_limit, .. } = self.limits;
        if self.connections.len() as u64 >= connections {
            return Err(CloseReason::Unavailable(format!("the room is full: the limit is {connections} connections")));
        }
        let (bytes, id) = (user.len() as u64, user_id(user).map_or(0, |id| id.len()) as u64);
        if bytes > user_limit {
            return Err(CloseReason::Refused(format!("the user takes {bytes} bytes: the limit is {user_limit}")));
        }
        if id > id_limit {
            return Err(CloseReason::Refused(format!("the user's `id` takes {id} bytes: the limit is {id_limit}")));
        }
        Ok(())
    }

    /// A connection in its first stage. The user is JSON.
    fn connection(
        &self,
        id: ConnectionId,
        session: &str,
        user: &str,
        Admission { access, protocol, .. }: &Admission,
    ) -> Result<Connection, CloseReason> {
        let session: Rc<str> = session.into();
        Ok(Connection {
            id,
            protocol: *protocol,
            user: (self.types.user)(user).map_err(CloseReason::InvalidUser)?,
            user_key: user_id(user).map_or_else(|| Rc::clone(&session), Into::into),
            origin: Rc::new(Origin::new(&self.room, session, user)),
            access: *access,
            stage: Stage::Connected,
            ready: false,
            sent_version: None,
            stored: false,
            last_heard: 0,
            suspect_since: None,
            rate: RateLimiter::default(),
            last_read: 0,
            is_probed: false,
        })
    }

    /// Restores a connection that stayed open while the room hibernated, from its attachment. A wake is not a join: nobody is
    /// told.
    ///
    /// `None` if it can't be restored, as another version of the room wrote it, or as it waits for the answer to a question
    /// that only a lost instance knew. The host closes such a connection, and its client comes back.
    pub(super) fn restore(&mut self, attachment: &[u8], step: &mut Step) -> Option<ConnectionId> {
        let (connection, presence, attachment) = self.read(attachment, step)?;
        if connection.stage == Stage::WaitingForDocument {
            return None;
        }
        let id = connection.id;
        self.idle.restored(&connection);
        match connection.protocol {
            Protocol::Yjs if connection.has_joined() => {
                self.awareness.restore(id, attachment.announced, attachment.awareness);
            }
            Protocol::Yjs => {}
            Protocol::Pluv => self.users.restore(&connection.user_key, id, presence),
        }
        self.connections.insert(connection);
        Some(id)
    }

    /// A connection and its user's presence from an attachment.
    fn read(&self, attachment: &[u8], step: &mut Step) -> Option<(Connection, Option<Presence>, Attachment)> {
        let mut attachment = Attachment::read(attachment)?;
        let stored = attachment.stored;
        if stored {
            let row = match self.sessions.get(&attachment.id) {
                Ok(row) => row?,
                Err(error) => {
                    step.log_error(&error);
                    return None;
                }
            };
            let pointer = std::mem::replace(&mut attachment, Attachment::read(&row)?);
            (attachment.announced, attachment.awareness) = (pointer.announced, pointer.awareness);
        }
        let user = attachment.user.as_ref().map_or("null", |user| user.get());
        let (access, protocol) = (attachment.access, attachment.protocol);
        let admission = Admission { session: String::new(), user: None, access, protocol, upgrade: None };
        let mut connection = self.connection(attachment.connection(), &attachment.id, user, &admission).ok()?;
        connection.stage = attachment.stage();
        connection.ready = attachment.ready;
        connection.sent_version = attachment.sent_version;
        connection.stored = stored;
        connection.last_heard = attachment.last_heard;
        connection.last_read = attachment.last_heard;
        connection.suspect_since = attachment.suspect_since;
        let presence = match &attachment.presence {
            None => None,
            Some(json) => {
                let map = serde_json::from_str(json.get()).ok()?;
                let typed = (self.types.presence)(&map, "presence").ok()?;
                Some(Presence { map, typed, changed: attachment.changed })
            }
        };
        Some((connection, presence, attachment))
    }

    /// Writes the attachments that changed in this step. A connection whose state could not be stored is closed: its attachment
    /// is as before.
    pub(super) fn write_attachments(&mut self, step: &mut Step) {
        for (id, is_all) in self.connections.take_changed() {
            let Some(connection) = self.connections.get_mut(id) else { continue };
            let presence = self.users.presence(&connection.user_key);
            let written = Attachment::write(connection, presence, self.awareness.kept(id));
            let is_stored = written.row.is_some();
            let stored = match written.row {
                None if connection.stored => self.sessions.delete(connection.session()),
                // The row has nothing of the awareness, which changes with each move of a cursor.
                Some(row) if is_all || !connection.stored => self.sessions.put(connection.session(), row),
                _ => Ok(()),
            };
            match stored {
                Ok(()) => {
                    connection.stored = is_stored;
                    step.effect(Effect::Attach { connection: id, state: written.attachment });
                }
                // An attachment that points to a missing row would lose the session.
                Err(error) => {
                    step.log_error(&error);
                    step.refused.push((id, CloseReason::SessionUnavailable.into()));
                }
            }
        }
    }

    /// Checks the `presence` of `$initializeSession`, unless the user has one: another tab may have set it since
    /// `$registered`, and the newer one stays.
    ///
    /// # Errors
    /// The reason, for the client.
    pub(super) fn initial_presence(
        &self,
        id: ConnectionId,
        data: &mut InitializeSession<'_>,
    ) -> Result<Option<Presence>, String> {
        let Some(connection) = self.connections.get(id) else { return Ok(None) };
        if self.users.presence(&connection.user_key).is_some() {
            return Ok(None);
        }
        let map = self.default_presence.map.clone();
        self.patched(map, data.presence.take().unwrap_or_default(), None).map(Some)
    }

    /// Lets a pluv client join: tells it the document of this version, and then everyone that it is there.
    pub(super) fn join(
        &mut self,
        id: ConnectionId,
        presence: Option<Presence>,
        document: String,
        version: Option<u64>,
        step: &mut Step,
    ) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        (connection.stage, connection.sent_version) = (Stage::Joined, version);
        let (origin, key) = (Rc::clone(&connection.origin), Rc::clone(&connection.user_key));
        if let Some(presence) = presence.filter(|_| self.users.presence(&key).is_none()) {
            self.users.set_presence(&key, presence);
        }
        self.connections.mark_changed(id);
        step.send_text(id, document);
        let joined = frame(protocol::USER_JOINED, &self.describe(id, false), &origin);
        step.broadcast_text(self.connections.listeners(), joined);
        step.log_event(|| LogEntry::Join { session: origin.id() });
    }

    /// Lets a provider join: asks for what the room lacks, and tells it the awareness of the others.
    pub(super) fn join_provider(&mut self, id: ConnectionId, question: Vec<u8>, step: &mut Step) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        (connection.stage, connection.ready) = (Stage::Joined, true);
        let session = Rc::clone(connection.session());
        self.connections.mark_changed(id);
        self.awareness.join(id);
        step.send_binary(id, question);
        step.log_event(|| LogEntry::Join { session: &session });
        self.send_awareness(id, step);
    }

    /// Sends a provider the awareness of all clients.
    pub(super) fn send_awareness(&mut self, id: ConnectionId, step: &mut Step) {
        self.awareness.send_all(id, step);
    }

    /// Applies an awareness message.
    ///
    /// # Errors
    /// When it is malformed.
    pub(super) fn apply_awareness(
        &mut self,
        id: ConnectionId,
        frame: Vec<u8>,
        start: usize,
        step: &mut Step,
    ) -> Result<(), CloseReason> {
        if self.awareness.apply(id, frame, start, &mut self.connections, step)?
            && let Some(connection) = self.connections.get_mut(id)
        {
            connection.rate.refund(self.limits.messages_per_second);
        }
        Ok(())
    }

    /// Applies `$updatePresence`.
    ///
    /// # Errors
    /// The reason, for the client.
    pub(super) fn update_presence(&mut self, id: ConnectionId, data: &str, step: &mut Step) -> Result<(), String> {
        let patch = decode::<UpdatePresence>(data, "data")?.presence;
        let Some(connection) = self.connections.get(id) else { return Ok(()) };
        connection.check_joined()?;
        let base = self.users.presence(&connection.user_key).unwrap_or(&self.default_presence).map.clone();
        let presence = self.patched(base, patch, Some(step.now))?;
        let key = Rc::clone(&connection.user_key);
        self.set_presence(id, &key, presence, step);
        Ok(())
    }

    /// Sets a presence, keeps it with all connections of the user, and tells everyone. `id` is the connection that set it.
    pub(super) fn set_presence(&mut self, id: ConnectionId, user_key: &str, presence: Presence, step: &mut Step) {
        let tabs = self.users.connections(user_key);
        // A provider has none, but its user may.
        let Some(sender) = tabs.iter().find(|tab| **tab == id).or(tabs.first()) else { return };
        let Some(origin) = self.connections.get(*sender).map(|connection| Rc::clone(&connection.origin)) else {
            return;
        };
        let data = format!(r#"{{"presence":{},{}}}"#, presence.typed.json, timers(presence.changed));
        tabs.iter().for_each(|tab| self.connections.mark_changed(*tab));
        self.users.set_presence(user_key, presence);
        let updated = frame(protocol::PRESENCE_UPDATED, &data, &origin);
        step.broadcast_text(self.connections.listeners(), updated);
    }

    fn patched(&self, base: Json, patch: Json, changed: Option<Millis>) -> Result<Presence, String> {
        let mut map = base;
        map.extend(patch);
        let typed = (self.types.presence)(&map, "data.presence")?;
        self.limits.check_presence("data.presence", &typed.json)?;
        Ok(Presence { map, typed, changed })
    }

    /// The presence of a user.
    pub(super) fn presence_of(&self, key: &str) -> Typed {
        self.users.presence(key).unwrap_or(&self.default_presence).typed.clone()
    }

    /// Answers `$getOthers`.
    pub(super) fn send_others(&self, id: ConnectionId, step: &mut Step) {
        let Some(asker) = self.connections.get(id) else { return };
        let others = self.connections.iter().filter(|other| other.is_participant() && other.id != id);
        let others: Vec<_> =
            others.map(|other| format!("{}:{}", quoted(other.session()), self.describe(other.id, true))).collect();
        let data = format!(r#"{{"others":{{{}}}}}"#, others.join(","));
        step.send_text(id, frame(protocol::OTHERS_RECEIVED, &data, &asker.origin));
    }

    /// A connection as others see it, as JSON.
    fn describe(&self, id: ConnectionId, with_room: bool) -> String {
        let Some(connection) = self.connections.get(id) else { return "null".to_owned() };
        let presence = self.users.presence(&connection.user_key);
        let room = if with_room { format!(r#","room":{}"#, quoted(&self.room)) } else { String::new() };
        format!(
            r#"{{"connectionId":{},"user":{},"presence":{},{}{room}}}"#,
            quoted(connection.session()),
            connection.user.json,
            presence.map_or("null", |presence| &presence.typed.json),
            timers(presence.and_then(|presence| presence.changed)),
        )
    }

    /// A message of a connection arrived: it is alive.
    pub(super) fn heard(&mut self, id: ConnectionId, step: &mut Step) {
        if let Some(connection) = self.connections.get_mut(id)
            && connection.suspect_since.take().is_some()
        {
            self.connections.mark_changed(id);
            self.idle.clear_suspicion(step);
        }
    }

    /// Whether pings have to reach the room.
    pub(super) fn needs_pings(&self) -> bool {
        self.idle.needs_pings()
    }

    /// Checks for idle connections, and returns those to close.
    pub(super) fn check_idle(&mut self, last_ping: LastPing<'_>, step: &mut Step) -> Vec<ConnectionId> {
        self.idle.check(self.limits.idle, last_ping, &mut self.connections, step)
    }

    /// Removes rows of the session store that no connection points to, and returns the time of the next check.
    pub(super) fn idle_checked(&self, step: &mut Step) -> Option<Millis> {
        let stored = self.connections.iter().filter(|connection| connection.stored);
        let stored: Vec<&str> = stored.map(|connection| &**connection.session()).collect();
        if let Err(error) = self.sessions.retain(&stored) {
            step.log_error(&error);
        }
        IdleDetection::next_check(step.now, self.limits.idle, &self.connections)
    }

    /// Tells everyone who is there, after connections were found idle; `origin` is one of these.
    pub(super) fn sync_state(&self, origin: &Origin, step: &mut Step) {
        let participants = self.connections.iter().filter(|connection| connection.is_participant());
        let ids: Vec<_> = participants.map(|connection| quoted(connection.session())).collect();
        let data = format!(r#"{{"connectionIds":[{}]}}"#, ids.join(","));
        let listeners = self.connections.listeners();
        step.broadcast_text(listeners, frame(protocol::SYNC_STATE_RECEIVED, &data, origin));
    }

    /// Removes a connection, and tells everyone. `code` is the close code if the room closed it.
    pub(super) fn leave(&mut self, id: ConnectionId, code: Option<u16>, step: &mut Step) -> Option<Departed> {
        let connection = self.connections.remove(id)?;
        let presence = self.presence_of(&connection.user_key);
        self.users.remove(&connection.user_key, id);
        if connection.suspect_since.is_some() {
            self.idle.clear_suspicion(step);
        }
        Some(self.departed(connection, presence, code, step))
    }

    /// A connection closed while the room hibernated, so that it was not restored.
    pub(super) fn leave_asleep(&mut self, attachment: &[u8], step: &mut Step) -> Option<Departed> {
        let (mut connection, presence, attachment) = self.read(attachment, step)?;
        // Its number may be another's by now.
        connection.id = self.connections.next_id();
        if connection.protocol == Protocol::Yjs {
            self.awareness.restore(connection.id, attachment.announced, attachment.awareness);
        }
        let presence = presence.map_or_else(|| self.presence_of(&connection.user_key), |presence| presence.typed);
        Some(self.departed(connection, presence, None, step))
    }

    fn departed(&mut self, connection: Connection, presence: Typed, code: Option<u16>, step: &mut Step) -> Departed {
        step.log_event(|| LogEntry::Leave { session: connection.session(), code });
        if connection.stored
            && let Err(error) = self.sessions.delete(connection.session())
        {
            step.log_error(&error);
        }
        self.awareness.leave(connection.id, step);
        if connection.is_participant() {
            let data = format!(r#"{{"sessionId":{}}}"#, quoted(connection.session()));
            let exit = frame(protocol::EXIT, &data, &connection.origin);
            step.broadcast_text(self.connections.listeners(), exit);
        }
        Departed { connection, presence }
    }
}

/// The `timers` of a message.
fn timers(presence: Option<Millis>) -> String {
    presence.map_or_else(|| r#""timers":{"presence":null}"#.to_owned(), |at| format!(r#""timers":{{"presence":{at}}}"#))
}
