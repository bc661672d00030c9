//! The document of a room: from the edits of clients to the storage, and from there to the other clients.

use std::rc::Rc;

use super::{
    ConnectionId,
    connection::{Connection, Connections},
    edit_queue::{Edit, EditQueue, Next},
    effect::{Effect, Step},
    event_log::LogEntry,
};
use crate::{
    auth::Access,
    document::{Document, StoreError},
    protocol::{self, Origin, document_frame, yjs},
    update::{ValidatedUpdate, decode_base64},
};

/// The `state` of `$registered` where there is a document: any update will do, as clients only look whether there is one.
const SOME_STATE: &str = r#""AAA=""#;

/// The document, if the room has one, and the edits that wait to be stored.
#[derive(Debug)]
pub(super) struct RoomDocument {
    document: Option<Box<dyn Document>>,
    queue: EditQueue,
    /// Whether the host knows of edits that wait.
    has_pending: bool,
}

/// The result of a flush.
#[derive(Debug, Default)]
#[must_use]
pub(super) struct Flushed {
    /// The edits that were not stored, with their authors.
    pub(super) rejected: Vec<(Option<ConnectionId>, StoreError)>,
    /// The last edit that was stored: its origin, and its user as JSON.
    pub(super) last: Option<(Rc<Origin>, Rc<str>)>,
}

/// The document as a joining client gets it.
pub(super) struct JoinSnapshot {
    /// The `changeKind`.
    pub(super) kind: &'static str,
    pub(super) state: Vec<u8>,
    pub(super) version: Option<u64>,
}

impl RoomDocument {
    pub(super) fn new(document: Option<Box<dyn Document>>) -> Self {
        Self { document, queue: EditQueue::default(), has_pending: false }
    }

    pub(super) fn exists(&self) -> bool {
        self.document.is_some()
    }

    /// The document.
    ///
    /// # Errors
    /// When the room has none.
    pub(super) fn get(&mut self) -> Result<&mut (dyn Document + 'static), StoreError> {
        self.document.as_deref_mut().ok_or_else(|| StoreError::Failed("this room has no storage".to_owned()))
    }

    pub(super) fn get_if_exists(&mut self) -> Option<&mut (dyn Document + 'static)> {
        self.document.as_deref_mut()
    }

    /// The `state` of `$registered`, as JSON.
    pub(super) fn initial_state(&mut self, step: &mut Step) -> &'static str {
        match self.document.as_mut().map(|document| document.is_blank()) {
            None | Some(Ok(true)) => "null",
            Some(Ok(false)) => SOME_STATE,
            Some(Err(error)) => {
                step.log_error(&error);
                SOME_STATE
            }
        }
    }

    /// Decodes and validates the update of a client; none in a room without a document, or if it has no changes.
    ///
    /// # Errors
    /// What is wrong with it, for the client.
    pub(super) fn parse(&self, update: &str) -> Result<Option<ValidatedUpdate>, String> {
        let Some(document) = &self.document else { return Ok(None) };
        let update = decode_base64(update).map_err(|error| format!("`data.update`: {error}"))?;
        document.validate(update).map_err(|error| format!("`data.update`: {error}"))
    }

    /// The document for a connection that joins. If it is empty, the connection's own `update` becomes the document; then
    /// the stored update is returned as well.
    pub(super) fn join_snapshot(
        &mut self,
        connection: &Connection,
        update: Option<&ValidatedUpdate>,
        step: &Step,
    ) -> Result<(JoinSnapshot, Option<Vec<u8>>), StoreError> {
        let Some(document) = &mut self.document else {
            return Ok((JoinSnapshot { kind: "empty", state: Vec::new(), version: None }, None));
        };
        let (mut kind, mut stored) = ("unchanged", None);
        if document.is_empty(step.now)? {
            match update.filter(|_| connection.access == Access::Write) {
                None => kind = "empty",
                Some(update) => {
                    kind = "initialized";
                    stored = document.store(step.now, &[update])?.into_iter().next().transpose()?.flatten();
                }
            }
        }
        let (state, version) = (document.encode_state(step.now)?, Some(document.version(step.now)?));
        Ok((JoinSnapshot { kind, state, version }, stored))
    }

    /// Stores an update that no connection has to be left out of, and sends it to everyone.
    ///
    /// # Errors
    /// When it can't be stored.
    pub(super) fn store(
        &mut self,
        update: &ValidatedUpdate,
        origin: &Rc<Origin>,
        connections: &Connections,
        step: &mut Step,
    ) -> Result<(), StoreError> {
        let document = self.get()?;
        for stored in document.store(step.now, &[update]).inspect_err(|_| document.unload())? {
            if let Some(update) = stored? {
                self.send_stored(update, origin, connections, step);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends an update that was stored by itself.
    pub(super) fn send_stored(
        &mut self,
        update: Vec<u8>,
        origin: &Rc<Origin>,
        connections: &Connections,
        step: &mut Step,
    ) {
        let edit = Edit { connection: None, origin: Rc::clone(origin), user: "null".into(), update };
        self.send(&[edit], connections, step);
        self.start_commit(step);
    }

    /// Appends a change that was made in the loaded document, and sends it to everyone.
    ///
    /// # Errors
    /// When it can't be stored: then the document is unloaded.
    pub(super) fn append(
        &mut self,
        edit: Edit<Vec<u8>>,
        connections: &Connections,
        step: &mut Step,
    ) -> Result<(), StoreError> {
        let document = self.get()?;
        document.append(step.now, edit.update.clone()).inspect_err(|_| document.unload())?;
        self.send(&[edit], connections, step);
        self.start_commit(step);
        Ok(())
    }

    /// Queues an edit. Returns whether the queue has to be flushed now.
    pub(super) fn push(&mut self, edit: Edit<ValidatedUpdate>, step: &mut Step) -> bool {
        let connection = edit.connection;
        let next = self.queue.push(step.now, edit);
        if next != Next::Flush {
            self.has_pending = true;
            if let Some(connection) = connection {
                step.effect(Effect::EditPending { connection });
            }
        }
        proceed(next, step)
    }

    /// The event loop had its turn. Returns whether the queue has to be flushed now.
    pub(super) fn yielded(&mut self, step: &mut Step) -> bool {
        proceed(self.queue.yielded(), step)
    }

    /// The last group is durable. Returns whether the queue has to be flushed now.
    pub(super) fn committed(&mut self, step: &mut Step) -> bool {
        proceed(self.queue.committed(step.now), step)
    }

    /// Does the work that can wait until edits were sent: compaction.
    pub(super) fn maintain(&mut self, step: &mut Step) {
        match self.document.as_mut().map(|document| document.maintain(step.now)) {
            Some(Ok(notes)) => notes.iter().for_each(|note| step.log_error(note)),
            Some(Err(error)) => step.log_error(&error),
            None => {}
        }
    }

    /// Whether an edit of a connection waits.
    pub(super) fn has_edit_of(&self, connection: ConnectionId) -> bool {
        self.queue.has_edit_of(connection)
    }

    /// Stores the edits that wait, together, and sends to each connection the changes of the others.
    pub(super) fn flush(&mut self, connections: &Connections, step: &mut Step) -> Flushed {
        let edits = self.queue.take();
        if std::mem::take(&mut self.has_pending) {
            step.effect(Effect::EditsDurable);
        }
        let mut flushed = Flushed::default();
        let Some(document) = self.document.as_mut().filter(|_| !edits.is_empty()) else { return flushed };
        let updates: Vec<_> = edits.iter().map(|edit| &edit.update).collect();
        let results = match document.store(step.now, &updates) {
            Ok(results) => results,
            Err(error) => {
                document.unload();
                edits.iter().map(|_| Err(error.clone())).collect()
            }
        };
        step.log_event(|| LogEntry::Store { edits: edits.len() });
        let mut stored = Vec::new();
        for (edit, result) in edits.into_iter().zip(results) {
            let Edit { connection, origin, user, .. } = edit;
            match result {
                Ok(Some(update)) => stored.push(Edit { connection, origin, user, update }),
                Ok(None) => {}
                Err(error) => flushed.rejected.push((connection, error)),
            }
        }
        if let Some(Edit { origin, user, .. }) = stored.last() {
            flushed.last = Some((Rc::clone(origin), Rc::clone(user)));
            self.send(&stored, connections, step);
            self.start_commit(step);
        }
        flushed
    }

    fn start_commit(&mut self, step: &mut Step) {
        if self.queue.start_commit() {
            step.effect(Effect::AwaitCommit);
        }
    }

    /// Sends to all connections that are ready the edits of the others, each as one merged update.
    fn send(&self, edits: &[Edit<Vec<u8>>], connections: &Connections, step: &mut Step) {
        let Some(document) = &self.document else { return };
        let mut authors: Vec<_> = edits.iter().filter_map(|edit| edit.connection).collect();
        authors.sort_unstable();
        authors.dedup();
        let (authors, readers): (Vec<_>, Vec<_>) = connections
            .iter()
            .filter(|connection| connection.ready)
            .map(|connection| connection.id)
            .partition(|connection| authors.binary_search(connection).is_ok());
        let others = |author: ConnectionId| -> Vec<_> {
            (0..edits.len()).filter(|index| edits[*index].connection != Some(author)).collect()
        };
        let all = (readers, (0..edits.len()).collect());
        let each = authors.into_iter().map(|author| (vec![author], others(author)));
        let audiences = std::iter::once(all).chain(each).filter(|(to, choice)| !to.is_empty() && !choice.is_empty());
        let (audiences, choices): (Vec<Vec<ConnectionId>>, Vec<Vec<usize>>) = audiences.unzip();
        let updates: Vec<_> = edits.iter().map(|edit| &*edit.update).collect();
        let merged = match document.merge(&updates, &choices) {
            Ok(merged) => merged,
            Err(error) => return step.log_error(&error),
        };
        for ((to, choice), update) in audiences.into_iter().zip(&choices).zip(merged) {
            let (listeners, providers): (Vec<_>, Vec<_>) = to.into_iter().partition(|to| connections.listens(*to));
            // A message has one origin: of several edits, that of the last.
            if let Some(index) = choice.last().filter(|_| !listeners.is_empty()) {
                step.broadcast_text(listeners, storage_updated(&update, &edits[*index].origin));
            }
            if !providers.is_empty() {
                step.broadcast_binary(providers, yjs::update(&update));
            }
        }
    }
}

/// Requests a turn of the event loop if the edits have to wait for one. Returns whether they have to be flushed now.
fn proceed(next: Next, step: &mut Step) -> bool {
    if let Next::Yield { pause } = next {
        step.effect(Effect::Yield { pause });
    }
    next == Next::Flush
}

/// A `$storageUpdated` frame.
pub(super) fn storage_updated(update: &[u8], origin: &Origin) -> String {
    document_frame(protocol::STORAGE_UPDATED, None, update, origin)
}
