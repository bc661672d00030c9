//! The room's state, and its answers to what comes in.

mod awareness;
mod diary;
mod events;
mod garbage;
mod group;
mod joining;
mod leaving;
mod limits;
mod outside;
mod presence;
mod seeding;
mod storage;
mod upkeep;
mod waking;
mod yjs;

use std::{borrow::Cow, collections::BTreeMap, rc::Rc};

pub(crate) use self::limits::Unfit;
use self::{diary::Entry, garbage::Garbage, group::Group, seeding::Seeding, upkeep::Upkeep};
use super::{
    Handlers, Hooks, Limits, Millis, Protocol, Room, Session,
    attachment::Attachment,
    awareness::Awareness,
    effect::{Connection, Effect, To},
    job::{Job, Lanes},
    people::People,
    retention::Retention,
    running::during,
    session::Member,
    types::{Typed, Types},
};
use crate::{
    document::{Document, Sql, Storage as _},
    protocol::{self, Incoming, Origin},
    schema::EventInfo,
};

/// What a room is, apart from who is in it.
#[derive(Clone, Copy, Debug)]
struct Definition {
    types: Types,
    hooks: Hooks,
    events: &'static [EventInfo],
    relay_unknown: bool,
    debug: bool,
    retention: Retention,
}

/// A room's state. Everything of it can be rebuilt from its attachments and its storage.
#[derive(Debug)]
pub(crate) struct Core {
    name: Rc<str>,
    definition: Definition,
    limits: Limits,
    message_limit: u64,
    members: BTreeMap<Connection, Member>,
    people: People,
    awareness: Awareness,
    lanes: Lanes,
    next: u32,
    /// The document; none in a room without one.
    document: Option<Box<dyn Document>>,
    seeding: Seeding,
    group: Group,
    /// Whether the host knows of edits that wait.
    awaited: bool,
    upkeep: Upkeep,
    garbage: Garbage,
}

/// What follows from an input: the effects in order, and then the handlers to run, each for another connection.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Step {
    pub(crate) effects: Vec<Effect>,
    pub(crate) jobs: Vec<Job>,
}

impl Core {
    /// The empty room `name` of the type `R`, which takes so much, over the storage of its object.
    pub(crate) fn new<R: Handlers>(name: &str, limits: Limits, sql: impl Sql + 'static) -> Self {
        let options = <R::Room as Room>::OPTIONS;
        #[expect(clippy::cast_possible_truncation, reason = "it is at most 10,000,000")]
        let document = <R::Room as Room>::Storage::open(sql, limits.storage as usize);
        Self {
            name: name.into(),
            definition: Definition {
                types: Types::of::<R::Room>(),
                hooks: R::HOOKS,
                events: R::EVENTS,
                relay_unknown: options.relay_unknown,
                debug: options.debug,
                retention: options.retention,
            },
            limits,
            message_limit: limits.message_bytes(document.is_some()),
            members: BTreeMap::new(),
            people: People::default(),
            awareness: Awareness::default(),
            lanes: Lanes::default(),
            next: 0,
            document,
            seeding: Seeding::default(),
            group: Group::default(),
            awaited: false,
            upkeep: Upkeep::default(),
            garbage: Garbage::default(),
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
            .map(|member| {
                let (id, presence) = (Rc::clone(member.id()), self.presence_of(&member.key));
                Session::new(id, member.protocol(), member.user.clone(), presence)
            })
            .collect()
    }

    /// A text frame came.
    pub(crate) fn text(&mut self, now: Millis, connection: Connection, text: &str) -> Step {
        let Some(member) = self.members.get(&connection) else {
            return Step::default();
        };
        let running = member.hearing();
        during(running, || self.read_text(now, connection, text))
    }

    fn read_text(&mut self, now: Millis, connection: Connection, text: &str) -> Step {
        let mut step = Step::default();
        if !self.hear(now, connection, text.len() as u64, &mut step) {
            return step;
        }
        if self.members.get(&connection).is_some_and(|member| member.yjs.is_some()) {
            self.break_off(now, connection, &mut step);
            return step;
        }
        let frame = match Incoming::parse(text) {
            Ok(frame) => frame,
            Err(reason) => {
                self.fault(connection, None, &reason, &mut step);
                return step;
            }
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
        match result {
            Ok(next) => step.then(next),
            Err(reason) => {
                self.fault(connection, frame.id, &format!("`{}`: {reason}", frame.name), &mut step);
                step
            }
        }
    }

    /// Refuses what a connection sent.
    fn refuse(&self, connection: Connection, request: Option<&str>, message: &str) -> Step {
        let mut effects = self.tell_error(connection, request, message);
        if let Some(member) = self.members.get(&connection) {
            self.write(|| Entry::Refused { session: member.id() }, &mut effects);
        }
        Step::from(effects)
    }

    /// Tells one connection what is wrong.
    fn tell_error(&self, connection: Connection, request: Option<&str>, message: &str) -> Vec<Effect> {
        let to = To::One(connection);
        let effect = self.members.get(&connection).map(|member| match member.protocol() {
            Protocol::Pluv => Effect::Send { to, frame: error_frame(message, request, &member.origin) },
            Protocol::Yjs => Effect::SendBytes { to, frame: protocol::yjs::denied(&bounded(message)) },
        });
        effect.into_iter().collect()
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

    /// All that events go to.
    fn everyone(&self) -> To {
        To::Many(self.listeners().collect())
    }

    fn everyone_but(&self, connection: Connection) -> To {
        To::Many(self.listeners().filter(|other| *other != connection).collect())
    }

    fn listeners(&self) -> impl Iterator<Item = Connection> {
        self.members.values().filter(|member| member.yjs.is_none()).map(|member| member.connection)
    }

    /// Whether events go to a connection.
    fn listens(&self, connection: Connection) -> bool {
        self.members.get(&connection).is_some_and(|member| member.yjs.is_none())
    }

    /// Keeps a session's state for the time when the room sleeps.
    fn attach(&mut self, connection: Connection, effects: &mut Vec<Effect>) {
        let waits = self.seeding.is_waiting(connection);
        let Some(member) = self.members.get(&connection) else { return };
        let mut attachment = Attachment::new(connection, Rc::clone(member.id()), member.access);
        attachment.protocol = member.protocol();
        attachment.joined = member.joined;
        attachment.waits = waits;
        attachment.ready = member.ready;
        attachment.shown = member.shown;
        attachment.heard = member.heard;
        attachment.doubted = member.doubted;
        attachment.user = raw(&member.user.json);
        if let Some(presence) = self.people.presence(&member.key).filter(|_| member.yjs.is_none()) {
            attachment.presence = raw(&presence.typed.json);
            attachment.changed = presence.changed;
        }
        let was_spilled = member.spilled;
        let is_spilled = match self.fit(&mut attachment, member) {
            Some(state) => {
                effects.push(Effect::Attach { connection, state });
                if was_spilled {
                    effects.push(Effect::Forget { session: member.id().to_string() });
                }
                false
            }
            None => {
                // Storage first: an attachment that points to nothing would lose the session.
                effects.push(Effect::Spill { session: member.id().to_string(), state: attachment.to_row() });
                effects.push(Effect::Attach { connection, state: self.pointer(member) });
                true
            }
        };
        if let Some(member) = self.members.get_mut(&connection) {
            member.spilled = is_spilled;
        }
    }
}

impl Step {
    /// This, and then another.
    fn then(mut self, next: Self) -> Self {
        if self.effects.is_empty() && self.jobs.is_empty() {
            return next;
        }
        self.effects.extend(next.effects);
        self.jobs.extend(next.jobs);
        self
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
    let data = format!(r#"{{"message":{}}}"#, protocol::quoted(&bounded(message)));
    protocol::frame_with_id(protocol::ERROR, &data, request, origin)
}

fn bounded(message: &str) -> Cow<'_, str> {
    match message.len() {
        0..=MAX_ERROR => Cow::Borrowed(message),
        _ => Cow::Owned(format!("{}…", &message[..message.floor_char_boundary(MAX_ERROR)])),
    }
}

impl Step {
    fn extend(&mut self, other: Self) {
        self.effects.extend(other.effects);
        self.jobs.extend(other.jobs);
    }
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
