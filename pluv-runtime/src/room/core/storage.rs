//! The document: how it reaches a newcomer, and how an edit reaches everyone.

use std::{any::Any, rc::Rc};

use super::{
    Core, Step,
    diary::Entry,
    group::{Edit, Next},
};
use crate::{
    auth::Access,
    document::{Document, StoreError, Usage},
    error::{Error, INTERNAL},
    protocol::{self, Origin, decode, document_frame},
    room::{
        Millis,
        effect::{Connection, Effect, To},
        job::Job,
        storage::Change,
    },
    update::{ValidatedUpdate, decode_base64},
};

impl Core {
    /// `$updateStorage`.
    pub(super) fn update_storage(&mut self, now: Millis, connection: Connection, data: &str) -> Result<Step, String> {
        let data: protocol::UpdateStorage<'_> = decode(data, "data")?;
        let is_echo = data.origin.as_deref() == Some(protocol::ORIGIN_INITIALIZED);
        let Some(document) = &self.document else {
            // Every client echoes what it was given, also the nothing that a room without storage gives.
            return if is_echo { Ok(Step::default()) } else { Err("this room has no storage".to_owned()) };
        };
        let Some(member) = self.members.get(&connection) else {
            return Ok(Step::default());
        };
        if !member.joined {
            return Err("send `$initializeSession` first".to_owned());
        }
        if !is_echo && member.access == Access::Read {
            return Err("this connection may only read".to_owned());
        }
        let update = admit(&**document, &data.update.0)?;
        let (origin, user) = (Rc::clone(&member.origin), Rc::clone(&member.user.json));
        let mut step = Step::default();
        if is_echo {
            self.echo(now, connection, update.unwrap_or_default(), &mut step)?;
        } else if let Some(update) = update {
            self.edit(now, Edit { connection: Some(connection), origin, user, update }, &mut step);
        }
        Ok(step)
    }

    /// A client's whole document, right after it got the room's: it is ready for what others change, and may bring
    /// what it changed while it was away.
    fn echo(
        &mut self,
        now: Millis,
        connection: Connection,
        update: ValidatedUpdate,
        step: &mut Step,
    ) -> Result<(), String> {
        let Some(document) = &mut self.document else { return Ok(()) };
        let Some(member) = self.members.get_mut(&connection) else { return Ok(()) };
        let (origin, user) = (Rc::clone(&member.origin), Rc::clone(&member.user.json));
        let (shown, access) = (member.shown, member.access);
        let catch_up = |document: &mut dyn Document| {
            Ok((
                document.diff_since(now, &update, shown)?,
                access == Access::Write || document.has_new_changes(now, &update)?,
            ))
        };
        let (missed, is_news) = match catch_up(&mut **document) {
            Ok(found) => found,
            Err(error) => {
                self.report(&error, step);
                // It would never be shown a change.
                self.turn_away(now, connection, step);
                return Ok(());
            }
        };
        if !member.ready {
            member.ready = true;
            member.shown = None;
            for missed in missed {
                step.effects.push(storage_updated(To::One(connection), &missed, &origin));
            }
            self.attach(connection, &mut step.effects);
        }
        if access == Access::Write {
            self.edit(now, Edit { connection: Some(connection), origin, user, update }, step);
        } else if is_news {
            return Err("this connection may only read: what it changed is not kept".to_owned());
        }
        Ok(())
    }

    /// Stores an edit and shows it to everyone else, at once or with those that follow.
    pub(super) fn edit(&mut self, now: Millis, edit: Edit<ValidatedUpdate>, step: &mut Step) {
        let connection = edit.connection;
        let next = self.group.push(now, edit);
        if next != Next::Flush {
            self.awaited = true;
            step.effects.extend(connection.map(|connection| Effect::Waits { connection }));
        }
        self.proceed(now, next, step);
    }

    /// Others have had their turn, so it may be that of the edits that wait.
    pub(crate) fn turn(&mut self, now: Millis) -> Step {
        let mut step = Step::default();
        let next = self.group.turn();
        self.proceed(now, next, &mut step);
        step
    }

    /// What was stored is safe, so the edits that came meanwhile have their turn.
    pub(crate) fn committed(&mut self, now: Millis) -> Step {
        let mut step = Step::default();
        let next = self.group.committed(now);
        self.proceed(now, next, &mut step);
        if let Some(document) = &mut self.document {
            match document.maintain(now) {
                Ok(notes) => {
                    let notes = notes.into_iter().map(|note| format!("room `{}`: {note}", self.name));
                    step.effects.extend(notes.map(|message| Effect::Log { message }));
                }
                Err(error) => drop(self.report(&error, &mut step)),
            }
        }
        step
    }

    fn proceed(&mut self, now: Millis, next: Next, step: &mut Step) {
        match next {
            Next::Wait => {}
            Next::Turn => step.effects.push(Effect::Turn { pause: false }),
            Next::Pause => step.effects.push(Effect::Turn { pause: true }),
            Next::Flush => self.flush(now, step),
        }
    }

    /// The document, loaded, for the room's own code.
    pub(in crate::room) fn document(&mut self, now: Millis) -> Result<&dyn Any, StoreError> {
        self.storage()?.doc(now)
    }

    /// What the document takes.
    pub(in crate::room) fn usage(&mut self) -> Result<Usage, StoreError> {
        self.storage()?.usage()
    }

    pub(super) fn storage(&mut self) -> Result<&mut (dyn Document + 'static), StoreError> {
        self.document.as_deref_mut().ok_or_else(|| StoreError::Failed("this room has no storage".to_owned()))
    }

    /// Makes a change that a handler asked for.
    pub(super) fn change(&mut self, now: Millis, job: &Job, change: Change, step: &mut Step) {
        // It is made in what is loaded, which nobody may be shown before it is stored: so it does not wait.
        self.flush(now, step);
        let update = match self.document(now) {
            Ok(doc) => change(doc),
            Err(error) => return self.fail(job, &Error::internal(error.to_string()), &mut step.effects),
        };
        let (Some(update), Some(document)) = (update, &mut self.document) else { return };
        let (origin, user) = (Rc::clone(&job.origin), Rc::clone(&job.user.json));
        let edit = Edit { connection: None, origin, user, update };
        match document.append(now, edit.update.clone()) {
            Ok(()) => self.show_stored(now, &[edit], step),
            Err(error) => {
                document.unload();
                let error = match error {
                    StoreError::Failed(reason) => Error::internal(reason),
                    error => Error::client(error.to_string()),
                };
                self.fail(job, &error, &mut step.effects);
            }
        }
    }

    /// Stores the edits that wait together, and shows to each connection what the others changed.
    pub(super) fn flush(&mut self, now: Millis, step: &mut Step) {
        let edits = self.group.take();
        if std::mem::take(&mut self.awaited) {
            step.effects.push(Effect::NoneWaits);
        }
        let Some(document) = self.document.as_mut().filter(|_| !edits.is_empty()) else { return };
        let updates: Vec<_> = edits.iter().map(|edit| &edit.update).collect();
        let results = match document.store(now, &updates) {
            Ok(results) => results,
            Err(error) => {
                document.unload();
                edits.iter().map(|_| Err(error.clone())).collect()
            }
        };
        self.write(|| Entry::Store { edits: edits.len() }, &mut step.effects);
        let mut stored = Vec::new();
        for (edit, result) in edits.into_iter().zip(results) {
            match result {
                Ok(Some(update)) => {
                    let Edit { connection, origin, user, .. } = edit;
                    stored.push(Edit { connection, origin, user, update });
                }
                Ok(None) => {}
                Err(error) => self.refuse_edit(now, edit.connection, &error, step),
            }
        }
        self.show_stored(now, &stored, step);
    }

    fn refuse_edit(&mut self, now: Millis, connection: Option<Connection>, error: &StoreError, step: &mut Step) {
        let message = self.report(error, step);
        if let Some(connection) = connection {
            if let StoreError::Failed(_) = error {
                // Its document has what the room's has not: who comes back brings all of it.
                return self.turn_away(now, connection, step);
            }
            if !self.listens(connection) {
                return self.deny(connection, &message, step);
            }
            let refusal = self.refuse(connection, None, &format!("`{}`: {message}", protocol::UPDATE_STORAGE));
            step.effects.extend(refusal.effects);
        }
    }

    /// Shows edits that have been stored, and asks to be told when they are safe.
    fn show_stored(&mut self, now: Millis, edits: &[Edit<Vec<u8>>], step: &mut Step) {
        let Some(Edit { origin, user, .. }) = edits.last() else { return };
        self.show(edits, step);
        self.commit(step);
        self.document_changed(now, origin, user, step);
    }

    /// Shows a change that was stored by itself, and that no connection is to be spared.
    pub(super) fn stored(&mut self, update: Vec<u8>, origin: &Rc<Origin>, step: &mut Step) {
        let edit = Edit { connection: None, origin: Rc::clone(origin), user: "null".into(), update };
        self.show(&[edit], step);
        self.commit(step);
    }

    /// Asks to be told when what was stored is safe.
    fn commit(&mut self, step: &mut Step) {
        if self.group.commit() {
            step.effects.push(Effect::Commit);
        }
    }

    /// Tells all that are ready, each of what others changed.
    fn show(&self, edits: &[Edit<Vec<u8>>], step: &mut Step) {
        let Some(document) = &self.document else { return };
        let mut authors: Vec<_> = edits.iter().filter_map(|edit| edit.connection).collect();
        authors.sort_unstable();
        authors.dedup();
        let (authors, readers): (Vec<_>, Vec<_>) = self
            .members
            .iter()
            .filter(|(_, member)| member.ready)
            .map(|(connection, _)| *connection)
            .partition(|connection| authors.binary_search(connection).is_ok());
        let others = |author: Connection| -> Vec<_> {
            (0..edits.len()).filter(|index| edits[*index].connection != Some(author)).collect()
        };
        let all = (readers, (0..edits.len()).collect());
        let each = authors.into_iter().map(|author| (vec![author], others(author)));
        let audiences = std::iter::once(all).chain(each).filter(|(to, choice)| !to.is_empty() && !choice.is_empty());
        let (audiences, choices): (Vec<Vec<Connection>>, Vec<Vec<usize>>) = audiences.unzip();
        let updates: Vec<_> = edits.iter().map(|edit| &*edit.update).collect();
        match document.merge(&updates, &choices) {
            Ok(merged) => {
                for ((to, choice), update) in audiences.into_iter().zip(&choices).zip(merged) {
                    let (listeners, providers): (Vec<_>, Vec<_>) = to.into_iter().partition(|to| self.listens(*to));
                    // A message has one cause: of several, the last.
                    if let Some(index) = choice.last().filter(|_| !listeners.is_empty()) {
                        let origin = &edits[*index].origin;
                        step.effects.push(storage_updated(To::Many(listeners), &update, origin));
                    }
                    if !providers.is_empty() {
                        let frame = protocol::yjs::update(&update);
                        step.effects.push(Effect::SendBytes { to: To::Many(providers), frame });
                    }
                }
            }
            Err(error) => drop(self.report(&error, step)),
        }
    }

    /// What a client is told of an error of the storage; the log gets the rest.
    pub(super) fn report(&self, error: &StoreError, step: &mut Step) -> String {
        if let StoreError::Failed(_) = error {
            step.effects.push(Effect::Log { message: format!("room `{}`: {error}", self.name) });
            return INTERNAL.to_owned();
        }
        error.to_string()
    }
}

/// The update that a client wrote, if it says anything.
pub(super) fn admit(document: &dyn Document, text: &str) -> Result<Option<ValidatedUpdate>, String> {
    let update = decode_base64(text).map_err(|error| format!("`data.update`: {error}"))?;
    document.validate(update).map_err(|reason| format!("`data.update`: {reason}"))
}

fn storage_updated(to: To, update: &[u8], origin: &Origin) -> Effect {
    Effect::Send { to, frame: document_frame(protocol::STORAGE_UPDATED, None, update, origin) }
}
