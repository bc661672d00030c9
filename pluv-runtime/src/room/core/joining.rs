//! How a connection comes in.

use std::rc::Rc;

use serde::Deserialize;

use super::{
    Core, Step,
    diary::Entry,
    seeding::{Beginning, Newcomer},
    timers,
};
use crate::{
    auth::Access,
    protocol::{self, InitializeSession, Origin, decode, document_frame, frame, quoted},
    room::{
        Millis, Protocol,
        effect::{Connection, Effect, To},
        job::{Job, Task},
        meter::Meter,
        people::Presence,
        session::{Admission, Member},
    },
};

impl Core {
    /// A connection came, and its token was verified.
    ///
    /// # Errors
    /// What is wrong with its user, for the client.
    pub(crate) fn connect(&mut self, now: Millis, admission: &Admission) -> Result<(Connection, Step), String> {
        let id: Rc<str> = admission.session.as_str().into();
        let user = admission.user.as_ref().map_or("null", |user| user.get());
        let connection = Connection(self.next);
        let mut member = self.member(connection, id, user, admission.access)?;
        (member.heard, member.read) = (now, now);
        self.next += 1;
        let mut step = Step::default();
        if self.members.is_empty() {
            // Sessions that a crash or a deploy ended without a close are nobody's.
            step.effects.push(Effect::ForgetAllBut { sessions: Vec::new() });
            self.peopled(now, &mut step);
        }
        self.ask_for_alarm(&mut step);
        let (session, protocol) = (&*admission.session, admission.protocol);
        self.write(|| Entry::Connect { session, protocol }, &mut step.effects);
        if protocol == Protocol::Yjs {
            member.yjs = Some(Box::default());
            self.members.insert(connection, member);
            self.attach(connection, &mut step.effects);
            step.extend(self.welcome(now, connection));
            return Ok((connection, step));
        }
        let mut effects = step.effects;
        let state = self.first_state(&mut effects);
        let presence = self.people.enter(&member.key, connection).presence.as_ref();
        let data = format!(
            r#"{{"sessionId":{},"presence":{},"state":{state},{}}}"#,
            quoted(member.id()),
            presence.map_or("null", |presence| &presence.typed.json),
            timers(presence.and_then(|presence| presence.changed)),
        );
        let registered = frame(protocol::REGISTERED, &data, &member.origin);
        self.members.insert(connection, member);
        self.attach(connection, &mut effects);
        effects.push(Effect::Send { to: To::One(connection), frame: registered });
        Ok((connection, Step::from(effects)))
    }

    /// A connection that has not joined. The user is JSON.
    pub(super) fn member(
        &self,
        connection: Connection,
        id: Rc<str>,
        user: &str,
        access: Access,
    ) -> Result<Member, String> {
        let key = user_id(user).map_or_else(|| Rc::clone(&id), Into::into);
        Ok(Member {
            connection,
            user: (self.definition.types.user)(user)?,
            origin: Rc::new(Origin::new(&self.name, id, user)),
            key,
            access,
            joined: false,
            waits: false,
            ready: false,
            shown: None,
            spilled: false,
            yjs: None,
            heard: 0,
            doubted: None,
            read: 0,
            meter: Meter::default(),
        })
    }

    /// `$initializeSession`.
    pub(super) fn initialize(&mut self, now: Millis, connection: Connection, data: &str) -> Result<Step, String> {
        let data: InitializeSession<'_> = decode(data, "data")?;
        let Some(member) = self.members.get(&connection) else {
            return Ok(Step::default());
        };
        if member.joined || self.seeding.is_waiting(connection) {
            return Err("this session is initialized already".to_owned());
        }
        let key = Rc::clone(&member.key);
        // Another tab of the user may have changed it since `$registered`: what is newer stays.
        let presence = if self.people.presence(&key).is_none() {
            let patch = data.presence.unwrap_or_default();
            let (map, typed) = self.merged((self.definition.types.default_presence)(), patch)?;
            Some(Presence { map, typed, changed: None })
        } else {
            None
        };
        let newcomer =
            Newcomer { connection, presence, update: self.seed_of(data.update.as_ref().map(|text| &*text.0))? };
        Ok(self.admit(now, newcomer))
    }

    /// Lets a connection join that knows what the document is: tells it, and then everyone that it is there.
    pub(super) fn join(
        &mut self,
        now: Millis,
        newcomer: Newcomer,
        storage: &Beginning,
        effects: &mut Vec<Effect>,
    ) -> Option<Job> {
        let Newcomer { connection, presence, .. } = newcomer;
        let member = self.members.get_mut(&connection)?;
        member.joined = true;
        let job = self.definition.hooks.on_user_connected.then(|| member.job(now, Task::Connected));
        let origin = Rc::clone(&member.origin);
        if let Some(presence) = presence.filter(|_| self.people.presence(&member.key).is_none()) {
            self.people.set_presence(&member.key, presence);
        }
        self.attach(connection, effects);
        let received = document_frame(protocol::STORAGE_RECEIVED, Some(storage.kind), &storage.state, &origin);
        effects.push(Effect::Send { to: To::One(connection), frame: received });
        effects.push(Effect::Send {
            to: self.everyone(),
            frame: frame(protocol::USER_JOINED, &self.card(connection, false), &origin),
        });
        self.write(|| Entry::Join { session: origin.id() }, effects);
        job.and_then(|job| self.lanes.enter(job))
    }

    /// `$getOthers`.
    pub(super) fn others(&self, connection: Connection) -> Step {
        let Some(asker) = self.members.get(&connection) else {
            return Step::default();
        };
        let mut data = String::from(r#"{"others":{"#);
        let is_other = |member: &&Member| member.joined && member.yjs.is_none() && member.connection != connection;
        let others = self.members.values().filter(is_other);
        for (index, member) in others.enumerate() {
            if index > 0 {
                data.push(',');
            }
            data.push_str(&quoted(member.id()));
            data.push(':');
            data.push_str(&self.card(member.connection, true));
        }
        data.push_str("}}");
        let frame = frame(protocol::OTHERS_RECEIVED, &data, &asker.origin);
        Step::from(Effect::Send { to: To::One(connection), frame })
    }

    /// What others are told of a connection, as JSON.
    fn card(&self, connection: Connection, with_room: bool) -> String {
        let Some(member) = self.members.get(&connection) else {
            return "null".to_owned();
        };
        let presence = self.people.presence(&member.key);
        let room = if with_room { format!(r#","room":{}"#, quoted(&self.name)) } else { String::new() };
        format!(
            r#"{{"connectionId":{},"user":{},"presence":{},{}{room}}}"#,
            quoted(member.id()),
            member.user.json,
            presence.map_or("null", |presence| &presence.typed.json),
            timers(presence.and_then(|presence| presence.changed)),
        )
    }
}

/// What tells a user apart, which is JSON.
pub(super) fn user_id(user: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Identified {
        id: String,
    }
    serde_json::from_str::<Identified>(user).ok().map(|user| user.id)
}
