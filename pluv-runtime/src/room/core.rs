//! The room's state, and its answers to what comes in.

mod events;
mod group;
mod joining;
mod leaving;
mod presence;
mod seeding;
mod storage;
mod upkeep;
mod waking;

use std::{borrow::Cow, collections::BTreeMap, rc::Rc};

use self::{group::Group, seeding::Seeding, upkeep::Upkeep};
use super::{
    Handlers, Hooks, Millis, Room, Session,
    attachment::{Attachment, MAX_ATTACHMENT},
    effect::{Connection, Effect, To},
    job::{Job, Lanes},
    people::People,
    retention::Retention,
    session::Member,
    types::{Typed, Types},
};
use crate::{
    protocol::{self, Incoming, Origin},
    schema::EventInfo,
    storage::{Document, Sql, Storage as _},
};

/// What a room is, apart from who is in it.
#[derive(Clone, Copy, Debug)]
struct Definition {
    types: Types,
    hooks: Hooks,
    events: &'static [EventInfo],
    relay_unknown: bool,
    retention: Retention,
}

/// A room's state. Everything of it can be rebuilt from its attachments and its storage.
#[derive(Debug)]
pub(crate) struct Core {
    name: Rc<str>,
    definition: Definition,
    members: BTreeMap<Connection, Member>,
    people: People,
    lanes: Lanes,
    next: u32,
    /// The document; none in a room without one.
    document: Option<Box<dyn Document>>,
    seeding: Seeding,
    group: Group,
    upkeep: Upkeep,
}

/// What follows from an input: the effects in order, and then the handlers to run, each for another connection.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Step {
    pub(crate) effects: Vec<Effect>,
    pub(crate) jobs: Vec<Job>,
}

impl Core {
    /// The empty room `name` of the type `R`, over the storage of its object.
    pub(crate) fn new<R: Handlers>(name: &str, sql: impl Sql + 'static) -> Self {
        let options = <R::Room as Room>::OPTIONS;
        Self {
            name: name.into(),
            definition: Definition {
                types: Types::of::<R::Room>(),
                hooks: R::HOOKS,
                events: R::EVENTS,
                relay_unknown: options.relay_unknown,
                retention: options.retention,
            },
            members: BTreeMap::new(),
            people: People::default(),
            lanes: Lanes::default(),
            next: 0,
            document: <R::Room as Room>::Storage::open(sql, options.storage_limit),
            seeding: Seeding::default(),
            group: Group::default(),
            upkeep: Upkeep::default(),
        }
    }

    /// The room's name.
    pub(crate) fn name(&self) -> Rc<str> {
        Rc::clone(&self.name)
    }

    /// Everyone who has joined, oldest first.
    pub(crate) fn sessions<R: Room>(&self) -> Vec<Session<R>> {
        self.members
            .values()
            .filter(|member| member.joined)
            .map(|member| Session::new(Rc::clone(member.id()), member.user.clone(), self.presence_of(&member.key)))
            .collect()
    }

    /// A text frame came.
    pub(crate) fn text(&mut self, now: Millis, connection: Connection, text: &str) -> Step {
        if !self.members.contains_key(&connection) {
            return Step::default();
        }
        let frame = match Incoming::parse(text) {
            Ok(frame) => frame,
            Err(reason) => return self.refuse(connection, None, &reason),
        };
        let result = match &*frame.name {
            protocol::PING => {
                let pong = protocol::PONG_FRAME.to_owned();
                Ok(Step::from(Effect::Send { to: To::One(connection), frame: pong }))
            }
            protocol::INITIALIZE_SESSION => self.initialize(now, connection, frame.data),
            protocol::GET_OTHERS => Ok(self.others(connection)),
            protocol::UPDATE_PRESENCE => self.update_presence(now, connection, frame.data),
            protocol::UPDATE_STORAGE => self.update_storage(now, connection, frame.data),
            name if name.starts_with(protocol::RESERVED) => {
                Err("is no message of clients: names that begin with `$` belong to the protocol".to_owned())
            }
            _ => self.event(now, connection, &frame),
        };
        result.unwrap_or_else(|reason| self.refuse(connection, frame.id, &format!("`{}`: {reason}", frame.name)))
    }

    /// A binary frame came, which no client of this protocol sends.
    pub(crate) fn binary(&self, connection: Connection) -> Step {
        self.refuse(connection, None, "the frame is binary: send text frames of JSON")
    }

    /// `$error` to one connection.
    fn refuse(&self, connection: Connection, request: Option<&str>, message: &str) -> Step {
        let Some(member) = self.members.get(&connection) else {
            return Step::default();
        };
        let frame = error_frame(message, request, &member.origin);
        Step::from(Effect::Send { to: To::One(connection), frame })
    }

    /// What everyone sees of a user.
    pub(crate) fn presence_of(&self, key: &str) -> Typed {
        match self.people.presence(key) {
            Some(presence) => presence.typed.clone(),
            None => self.default_presence(),
        }
    }

    fn default_presence(&self) -> Typed {
        let types = &self.definition.types;
        let default = (types.default_presence)();
        (types.presence)(&default, "presence").expect("a type reads its own default back")
    }

    fn everyone(&self) -> To {
        To::Many(self.members.keys().copied().collect())
    }

    fn everyone_but(&self, connection: Connection) -> To {
        To::Many(self.members.keys().copied().filter(|other| *other != connection).collect())
    }

    /// Keeps a session's state for the time when the room sleeps.
    fn attach(&mut self, connection: Connection, effects: &mut Vec<Effect>) {
        let Some(member) = self.members.get_mut(&connection) else { return };
        let mut attachment = Attachment::new(connection, Rc::clone(member.id()), member.access);
        attachment.joined = member.joined;
        attachment.ready = member.ready;
        attachment.shown = member.shown;
        attachment.user = raw(&member.user.json);
        if let Some(presence) = self.people.presence(&member.key) {
            attachment.presence = raw(&presence.typed.json);
            attachment.changed = presence.changed;
        }
        let state = attachment.to_bytes();
        if state.len() <= MAX_ATTACHMENT {
            effects.push(Effect::Attach { connection, state });
            if std::mem::take(&mut member.spilled) {
                effects.push(Effect::Forget { session: member.id().to_string() });
            }
        } else {
            member.spilled = true;
            // Storage first: an attachment that points to nothing would lose the session.
            effects.push(Effect::Spill { session: member.id().to_string(), state });
            let mut pointer = Attachment::new(connection, Rc::clone(member.id()), member.access);
            pointer.spilled = true;
            effects.push(Effect::Attach { connection, state: pointer.to_bytes() });
        }
    }
}

/// JSON as a raw value.
fn raw(json: &str) -> Option<Box<serde_json::value::RawValue>> {
    serde_json::value::RawValue::from_string(json.to_owned()).ok()
}

/// The `timers` of a message.
fn timers(presence: Option<Millis>) -> String {
    presence.map_or_else(|| r#""timers":{"presence":null}"#.to_owned(), |at| format!(r#""timers":{{"presence":{at}}}"#))
}

/// The longest message of an `$error`, in bytes: it may quote what the client sent, which has no bound of its own.
const MAX_ERROR: usize = 500;

/// An `$error`.
pub(crate) fn error_frame(message: &str, request: Option<&str>, origin: &Origin) -> String {
    let message = match message.len() {
        0..=MAX_ERROR => Cow::Borrowed(message),
        _ => Cow::Owned(format!("{}…", &message[..message.floor_char_boundary(MAX_ERROR)])),
    };
    let data = format!(r#"{{"message":{}}}"#, protocol::quoted(&message));
    protocol::frame_with_id(protocol::ERROR, &data, request, origin)
}

impl From<Effect> for Step {
    fn from(effect: Effect) -> Self {
        Self { effects: vec![effect], jobs: Vec::new() }
    }
}

impl From<Vec<Effect>> for Step {
    fn from(effects: Vec<Effect>) -> Self {
        Self { effects, jobs: Vec::new() }
    }
}
