//! How a document begins: by `get_initial_storage`, or by the first client that brings one.

use std::rc::Rc;

use super::{Core, Step, storage::admit};
use crate::{
    auth::Access,
    document::StoreError,
    error::{Error, INTERNAL},
    protocol::{AGAIN_LATER, Origin},
    room::{
        Millis,
        effect::{Connection, Effect},
        job::{Job, Task},
        leash::{Leash, PATIENCE},
        people::Presence,
        session::Member,
    },
    update::ValidatedUpdate,
};

/// What a newcomer is given.
pub(super) struct Beginning {
    /// The `changeKind`.
    pub(super) kind: &'static str,
    /// The document.
    pub(super) state: Vec<u8>,
}

/// What it is given in a room without a document.
const NO_STORAGE: Beginning = Beginning { kind: "empty", state: Vec::new() };

/// What a client is first told of a document that is there: any update will do, as it only asks whether there is one.
const SOME_STATE: &str = r#""AAA=""#;

/// Whether the room's own beginning of its document was asked for.
#[derive(Debug, Default)]
pub(super) enum Seeding {
    /// Not since the room woke.
    #[default]
    Unasked,
    /// The hook runs, and these wait for it.
    Asked { waiting: Vec<Newcomer>, leash: Leash },
    /// It was, or the document is there.
    Done,
}

/// A connection that wants to join.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub(super) connection: Connection,
    /// The presence that it brings, where its user has none.
    pub(super) presence: Option<Presence>,
    /// The document that it brings.
    pub(super) update: Option<ValidatedUpdate>,
}

impl Seeding {
    pub(super) fn is_waiting(&self, connection: Connection) -> bool {
        matches!(self, Self::Asked { waiting, .. } if waiting.iter().any(|newcomer| newcomer.connection == connection))
    }

    pub(super) fn leave(&mut self, connection: Connection) {
        if let Self::Asked { waiting, .. } = self {
            waiting.retain(|newcomer| newcomer.connection != connection);
        }
    }
}

impl Core {
    /// The `state` of `$registered`, as JSON.
    pub(super) fn first_state(&mut self, effects: &mut Vec<Effect>) -> &'static str {
        let Some(document) = &mut self.document else { return "null" };
        match document.is_blank() {
            Ok(true) => "null",
            Ok(false) => SOME_STATE,
            Err(error) => {
                effects.push(Effect::Log { message: format!("room `{}`: {error}", self.name) });
                SOME_STATE
            }
        }
    }

    /// The document that a client brings, checked.
    pub(super) fn seed_of(&self, update: Option<&str>) -> Result<Option<ValidatedUpdate>, String> {
        let (Some(document), Some(text)) = (&self.document, update.filter(|text| !text.is_empty())) else {
            return Ok(None);
        };
        admit(&**document, text)
    }

    /// Lets a newcomer join, at once or when the document has begun.
    pub(super) fn admit(&mut self, now: Millis, newcomer: Newcomer) -> Step {
        let mut step = Step::default();
        if let Seeding::Asked { waiting, .. } = &mut self.seeding {
            let connection = newcomer.connection;
            waiting.push(newcomer);
            self.attach(connection, &mut step.effects);
            return step;
        }
        if let (Seeding::Unasked, Some(document)) = (&self.seeding, &mut self.document) {
            match document.is_empty(now) {
                Ok(true) if self.definition.hooks.get_initial_storage => {
                    let connection = newcomer.connection;
                    step.jobs.extend(self.ask(now, newcomer));
                    self.attach(connection, &mut step.effects);
                    step.effects.push(Effect::Patience(Some(PATIENCE)));
                    return step;
                }
                Ok(_) => self.seeding = Seeding::Done,
                Err(error) => {
                    self.report(&error, &mut step);
                    self.turn_away(now, newcomer.connection, &mut step);
                    return step;
                }
            }
        }
        self.receive(now, newcomer, &mut step);
        step
    }

    /// Asks the room's code for the beginning of the document.
    fn ask(&mut self, now: Millis, newcomer: Newcomer) -> Option<Job> {
        let job = self.members.get(&newcomer.connection)?.job(now, Task::InitialStorage);
        let leash = Leash::default();
        self.seeding = Seeding::Asked { waiting: vec![newcomer], leash: leash.clone() };
        self.lanes.enter(Job { leash: Some(leash), ..job })
    }

    /// The room's code has answered.
    pub(super) fn begun(&mut self, now: Millis, job: &Job, answer: Result<Option<Vec<u8>>, Error>, step: &mut Step) {
        let Seeding::Asked { waiting, .. } = std::mem::take(&mut self.seeding) else { return };
        step.effects.push(Effect::Patience(None));
        let begun = answer.and_then(|update| match update {
            Some(update) => self.begin(now, &job.origin, update, step),
            None => Ok(()),
        });
        if let Err(error) = begun {
            if error.is_internal() {
                step.effects.push(self.log_of(job, &error));
            }
            // To let clients begin it themselves would put their document in place of the room's.
            for Newcomer { connection, .. } in waiting {
                if error.is_internal() {
                    self.turn_away(now, connection, step);
                } else {
                    self.refuse_for_good(now, connection, error.client_message(), step);
                }
            }
            return;
        }
        self.seeding = Seeding::Done;
        for newcomer in waiting {
            self.receive(now, newcomer, step);
        }
        if self.members.is_empty() {
            // They have all left, and nobody else will.
            self.emptied(now, step);
        }
    }

    /// The room's code takes too long: nobody is to wait for it, and who comes next asks again.
    pub(crate) fn lose_patience(&self) {
        if let Seeding::Asked { leash, .. } = &self.seeding {
            leash.cut();
        }
    }

    fn begin(&mut self, now: Millis, origin: &Rc<Origin>, update: Vec<u8>, step: &mut Step) -> Result<(), Error> {
        let Some(document) = &mut self.document else { return Ok(()) };
        if let Some(update) = document.validate(update).map_err(|error| Error::internal(error.to_string()))? {
            for news in document.store(now, &[&update])? {
                if let Some(news) = news? {
                    self.stored(news, origin, step);
                }
            }
        }
        Ok(())
    }

    /// Gives a newcomer the document, or takes over its own where there is none, and lets it join.
    fn receive(&mut self, now: Millis, newcomer: Newcomer, step: &mut Step) {
        if !self.listens(newcomer.connection) {
            return self.join_provider(now, newcomer.connection, step);
        }
        let storage = match self.hand_out(now, &newcomer, step) {
            Ok(storage) => storage,
            Err(StoreError::Failed(reason)) => {
                self.report(&StoreError::Failed(reason), step);
                return self.turn_away(now, newcomer.connection, step);
            }
            Err(error) => {
                let reason = format!("`data.update`: {error}");
                return step.effects.extend(self.refuse(newcomer.connection, None, &reason).effects);
            }
        };
        let job = self.join(now, newcomer, &storage, &mut step.effects);
        step.jobs.extend(job);
    }

    fn hand_out(&mut self, now: Millis, newcomer: &Newcomer, step: &mut Step) -> Result<Beginning, StoreError> {
        let Some(document) = &mut self.document else { return Ok(NO_STORAGE) };
        let mut kind = "unchanged";
        if document.is_empty(now)? {
            let may_write = self.members.get(&newcomer.connection).is_some_and(|member| member.access == Access::Write);
            match newcomer.update.as_ref().filter(|_| may_write) {
                None => kind = "empty",
                Some(update) => {
                    kind = "initialized";
                    let news = document.store(now, &[update])?.into_iter().next().transpose()?.flatten();
                    if let (Some(news), Some(member)) = (news, self.members.get(&newcomer.connection)) {
                        let (origin, user) = (Rc::clone(&member.origin), Rc::clone(&member.user.json));
                        self.stored(news, &origin, step);
                        self.document_changed(now, &origin, &user, step);
                    }
                }
            }
        }
        let Some(document) = &mut self.document else { return Ok(NO_STORAGE) };
        let state = document.encode_state(now)?;
        let shown = document.version(now)?;
        if let Some(member) = self.members.get_mut(&newcomer.connection) {
            member.shown = Some(shown);
        }
        Ok(Beginning { kind, state })
    }

    /// Closes a connection that can't be given the document now, so that its client tries again.
    pub(super) fn turn_away(&mut self, now: Millis, connection: Connection, step: &mut Step) {
        let refusal = self.refuse(connection, None, INTERNAL);
        step.effects.extend(refusal.effects);
        self.remove(now, connection, AGAIN_LATER, "the document can't be opened now", step);
    }

    /// Closes a connection for which the room's code has a message: its client does not try again by itself.
    fn refuse_for_good(&mut self, now: Millis, connection: Connection, message: &str, step: &mut Step) {
        let Some(protocol) = self.members.get(&connection).map(Member::protocol) else { return };
        step.effects.extend(self.refuse(connection, None, message).effects);
        self.remove(now, connection, protocol.refused(), "the room's code refused it", step);
    }
}
