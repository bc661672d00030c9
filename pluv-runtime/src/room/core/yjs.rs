//! Connections that speak the protocol of the Yjs providers: the same document, by state vectors.

use std::rc::Rc;

use super::{Core, Step, diary::Entry, seeding::Newcomer};
use crate::{
    auth::Access,
    protocol::{
        MALFORMED,
        yjs::{self, Frame},
    },
    room::{
        Millis, Protocol,
        core::group::Edit,
        effect::{Connection, Effect, To},
        job::Task,
        running::during,
        session::Member,
    },
};

/// How many bytes of frames a connection may send while the document is made.
const MAX_HELD: usize = 1 << 20;

impl Core {
    /// A binary frame came.
    pub(crate) fn binary(&mut self, now: Millis, connection: Connection, frame: Vec<u8>) -> Step {
        let Some(member) = self.members.get(&connection) else {
            return Step::default();
        };
        let running = member.hearing();
        during(running, || self.read_binary(now, connection, frame))
    }

    fn read_binary(&mut self, now: Millis, connection: Connection, frame: Vec<u8>) -> Step {
        let mut step = Step::default();
        if !self.hear(now, connection, frame.len() as u64, &mut step) {
            return step;
        }
        let Some(member) = self.members.get(&connection) else { return step };
        if member.yjs.is_none() {
            self.fault(connection, None, "the frame is binary: send text frames of JSON", &mut step);
            return step;
        }
        if !member.joined && !self.seeding.is_waiting(connection) {
            // It waited when the room was lost.
            step.extend(self.welcome(now, connection));
        }
        if self.seeding.is_waiting(connection) {
            self.hold(now, connection, frame, &mut step);
        } else {
            self.take(now, connection, frame, &mut step);
        }
        step
    }

    /// Lets a connection join, at once or when the document has begun.
    pub(super) fn welcome(&mut self, now: Millis, connection: Connection) -> Step {
        self.admit(now, Newcomer { connection, presence: None, update: None })
    }

    fn hold(&mut self, now: Millis, connection: Connection, frame: Vec<u8>, step: &mut Step) {
        let Some(yjs) = self.members.get_mut(&connection).and_then(|member| member.yjs.as_mut()) else { return };
        if yjs.held.iter().map(Vec::len).sum::<usize>() + frame.len() > MAX_HELD {
            return self.turn_away(now, connection, step);
        }
        yjs.held.push(frame);
    }

    /// Lets a connection join, whose document has begun: asks for what it has, and tells it of the others.
    pub(super) fn join_provider(&mut self, now: Millis, connection: Connection, step: &mut Step) {
        let Some(document) = &mut self.document else { return };
        let vector = match document.state_vector(now) {
            Ok(vector) => vector,
            Err(error) => {
                self.report(&error, step);
                return self.turn_away(now, connection, step);
            }
        };
        let Some(member) = self.members.get_mut(&connection) else { return };
        (member.joined, member.ready) = (true, true);
        let held = member.yjs.as_mut().map(|yjs| std::mem::take(&mut yjs.held)).unwrap_or_default();
        let job = self.definition.hooks.on_user_connected.then(|| member.job(now, Task::Connected));
        let session = Rc::clone(member.id());
        self.attach(connection, &mut step.effects);
        step.effects.push(Effect::SendBytes { to: To::One(connection), frame: yjs::step1(&vector) });
        self.write(|| Entry::Join { session: &session }, &mut step.effects);
        self.send_awareness(connection, step);
        step.jobs.extend(job.and_then(|job| self.lanes.enter(job)));
        for frame in held {
            self.take(now, connection, frame, step);
        }
    }

    /// A frame of a connection that has joined.
    fn take(&mut self, now: Millis, connection: Connection, mut frame: Vec<u8>, step: &mut Step) {
        if !self.members.get(&connection).is_some_and(|member| member.joined) {
            return;
        }
        match Frame::parse(&frame) {
            Some(Frame::Step1(vector)) => self.answer(now, connection, vector, step),
            Some(Frame::Step2(update)) => {
                self.has_answered(connection);
                frame.drain(..frame.len() - update.len());
                self.merge(now, connection, frame, true, step);
            }
            Some(Frame::Update(update)) => {
                frame.drain(..frame.len() - update.len());
                self.merge(now, connection, frame, false, step);
            }
            Some(Frame::Awareness(update)) => {
                let at = frame.len() - update.len();
                self.tell(now, connection, frame, at, step);
            }
            Some(Frame::QueryAwareness) => self.send_awareness(connection, step),
            None => self.break_off(now, connection, step),
        }
    }

    /// Sends a connection what it lacks that has this much. What it edited before it asked is stored by then, so that a
    /// client can tell by the answer that it is.
    fn answer(&mut self, now: Millis, connection: Connection, vector: &[u8], step: &mut Step) {
        if self.group.has_edit_of(connection) {
            self.flush(now, step);
        }
        let Some(document) = &mut self.document else { return };
        let lacking = match document.diff_since_vector(now, vector) {
            Ok(Some(lacking)) => lacking,
            Ok(None) => return self.break_off(now, connection, step),
            Err(error) => {
                self.report(&error, step);
                return self.turn_away(now, connection, step);
            }
        };
        let mut frame: fn(&[u8]) -> Vec<u8> = yjs::step2;
        for update in lacking {
            step.effects.push(Effect::SendBytes { to: To::One(connection), frame: frame(&update) });
            frame = yjs::update;
        }
    }

    /// Asks a provider what it has, which it answers when it has read all that was sent before.
    pub(super) fn ask_what_it_has(&mut self, now: Millis, connection: Connection, step: &mut Step) {
        let (Some(document), Some(member)) = (&mut self.document, self.members.get_mut(&connection)) else { return };
        let Some(yjs) = &mut member.yjs else { return };
        match document.state_vector(now) {
            Ok(vector) => {
                yjs.is_asked = true;
                step.effects.push(Effect::SendBytes { to: To::One(connection), frame: yjs::step1(&vector) });
            }
            Err(error) => drop(self.report(&error, step)),
        }
    }

    fn has_answered(&mut self, connection: Connection) {
        if let Some(yjs) = self.members.get_mut(&connection).and_then(|member| member.yjs.as_mut()) {
            yjs.is_asked = false;
        }
    }

    /// Takes what a connection changed, or what it has and the room lacks.
    fn merge(&mut self, now: Millis, connection: Connection, update: Vec<u8>, is_answer: bool, step: &mut Step) {
        let (Some(document), Some(member)) = (&mut self.document, self.members.get(&connection)) else { return };
        let may_write = member.access == Access::Write;
        if !may_write && !is_answer {
            return self.deny(connection, "this connection may only read", step);
        }
        let update = match document.validate(update) {
            Ok(Some(update)) => update,
            Ok(None) => return,
            Err(error) if error.is_malformed() => return self.break_off(now, connection, step),
            Err(error) => return self.deny(connection, &error.to_string(), step),
        };
        if may_write {
            let (origin, user) = (member.origin.clone(), member.user.json.clone());
            return self.edit(now, Edit { connection: Some(connection), origin, user, update }, step);
        }
        match document.has_new_changes(now, &update) {
            Ok(false) => {}
            Ok(true) => self.deny(connection, "this connection may only read: what it changed is not kept", step),
            Err(error) => drop(self.report(&error, step)),
        }
    }

    /// What a session speaks, as long as it is there.
    pub(super) fn protocol_of(&self, session: &str) -> Protocol {
        let found = self.members.values().find(|member| &**member.id() == session);
        found.map(Member::protocol).unwrap_or_default()
    }

    /// Tells a connection that something may not be.
    pub(super) fn deny(&mut self, connection: Connection, reason: &str, step: &mut Step) {
        self.fault(connection, None, reason, step);
    }

    /// Closes a connection whose frames nobody understands.
    pub(super) fn break_off(&mut self, now: Millis, connection: Connection, step: &mut Step) {
        if let Some(session) = self.members.get(&connection).map(Member::id) {
            step.effects.extend(self.entry(|| Entry::Refused { session }));
        }
        self.remove(now, connection, MALFORMED, "the frame is none of the Yjs protocol", step);
    }
}
