//! The application's events: what runs for them, and what follows.

use std::rc::Rc;

use super::{Core, Step};
use crate::{
    error::Error,
    protocol::{Incoming, frame, frame_with_id},
    room::{
        Millis,
        call::{Kind, Outcome},
        effect::{Connection, Effect, To},
        job::{Job, Task},
        outbox::{Outbox, Wish},
        people::Presence,
    },
};

impl Core {
    /// An application event: a job, which may have to wait for its turn.
    pub(super) fn event(&mut self, now: Millis, connection: Connection, frame: &Incoming<'_>) -> Result<Step, String> {
        let Some(member) = self.members.get(&connection) else {
            return Ok(Step::default());
        };
        // Nobody was told of it yet, so nothing can come from it.
        if !member.joined {
            return Err("send `$initializeSession` first".to_owned());
        }
        let (name, data, id) = (Rc::from(&*frame.name), frame.data.to_owned(), frame.id.map(Rc::from));
        let job = member.job(now, Task::Event { name, data, id });
        if let Some(reason) = self.lanes.would_wait(&job).and_then(|bytes| self.backlog(bytes)) {
            return Err(reason);
        }
        Ok(Step { effects: Vec::new(), jobs: self.lanes.enter(job).into_iter().collect() })
    }

    /// A handler ended: all of what it wanted is done, or nothing.
    pub(crate) fn finish(&mut self, now: Millis, job: &Job, result: Result<(Outcome, Outbox), Error>) -> Step {
        let mut step = Step::default();
        let result = result.and_then(|(outcome, outbox)| Ok((outcome, outbox.into_wishes()?)));
        self.write_end(now, job, result.is_err(), &mut step.effects);
        match (&job.task, result) {
            (_, Ok((Outcome(Kind::Initial(update)), _))) => self.begun(now, job, Ok(update), &mut step),
            (Task::InitialStorage, Err(error)) => self.begun(now, job, Err(error), &mut step),
            (Task::Deleted { mark, .. }, result) => self.told_deleted(now, *mark, result.map(drop), &mut step),
            (Task::StorageUpdated, Err(error)) => self.told_changed(now, job, Err(&error), &mut step),
            (task, Ok((outcome, wishes))) => {
                for wish in wishes {
                    self.grant(now, job, wish, &mut step);
                }
                self.conclude(job, outcome, &mut step.effects);
                if matches!(task, Task::StorageUpdated) {
                    self.told_changed(now, job, Ok(()), &mut step);
                }
            }
            (_, Err(error)) => self.fail(job, &error, &mut step.effects),
        }
        step.jobs.extend(self.lanes.next(job.connection));
        step
    }

    fn grant(&mut self, now: Millis, job: &Job, wish: Wish, step: &mut Step) {
        let (to, output) = match wish {
            Wish::Broadcast(output) => (self.everyone(), output),
            Wish::BroadcastOthers(output) => (self.everyone_but(job.connection), output),
            Wish::Send(session, output) => match self.find(job, &session) {
                Some(connection) => (To::One(connection), output),
                None => return,
            },
            Wish::SetPresence(presence) => {
                let presence = Presence { changed: Some(now), ..presence };
                return self.show_presence(job.connection, presence, &mut step.effects);
            }
            Wish::Evict(evict) => {
                self.evict(now, &evict, step);
                return;
            }
            Wish::Edit(change) => return self.change(now, job, change, step),
            Wish::Collect => return step.effects.push(Effect::Collect),
        };
        step.effects.push(Effect::Send { to, frame: output.into_frame(&job.origin) });
    }

    /// The connection of a session, which most often is the job's own.
    fn find(&self, job: &Job, session: &str) -> Option<Connection> {
        if &**job.origin.id() == session {
            return Some(job.connection).filter(|connection| self.listens(*connection));
        }
        let found = self.members.values().find(|member| &**member.id() == session).map(|member| member.connection);
        found.filter(|connection| self.listens(*connection))
    }

    fn conclude(&self, job: &Job, outcome: Outcome, effects: &mut Vec<Effect>) {
        match outcome.0 {
            Kind::Done | Kind::Initial(_) => {}
            Kind::Answer { name, data } => {
                if self.members.contains_key(&job.connection) {
                    let frame = frame_with_id(name, &data, job.request(), &job.origin);
                    effects.push(Effect::Send { to: To::One(job.connection), frame });
                }
            }
            Kind::Unhandled => self.unhandled(job, effects),
        }
    }

    /// An event without a handler: relayed, or an error.
    fn unhandled(&self, job: &Job, effects: &mut Vec<Effect>) {
        let Task::Event { name, data, .. } = &job.task else { return };
        if self.definition.relay_unknown {
            effects.push(Effect::Send { to: self.everyone(), frame: frame(name, data, &job.origin) });
            return;
        }
        let known: Vec<String> = self.definition.events.iter().map(|event| format!("`{}`", event.name())).collect();
        let hint =
            if known.is_empty() { "it takes no events".to_owned() } else { format!("it takes {}", known.join(", ")) };
        let message = format!("this room has no event `{name}`: {hint}");
        effects.extend(self.tell_error(job.connection, job.request(), &message));
    }

    pub(super) fn fail(&self, job: &Job, error: &Error, effects: &mut Vec<Effect>) {
        if error.is_internal() {
            effects.push(self.log_of(job, error));
        }
        effects.extend(self.tell_error(job.connection, job.request(), error.client_message()));
    }

    /// What the log is told of an error.
    pub(super) fn log_of(&self, job: &Job, error: &Error) -> Effect {
        let message = format!("room `{}`, session `{}`, `{}`: {error}", self.name, job.origin.id(), job.name());
        Effect::Log { message }
    }
}
