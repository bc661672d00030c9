//! The document of a room: from the edits of clients to the storage, and from there to the other clients.

use futures_channel::oneshot;

use super::{
    admin::AdminResponse,
    close::{CloseReason, Refusal},
    connection::{Author, Connection, ConnectionId, Connections},
    definition::{Definition, Retention},
    document_hooks::DocumentHooks,
    edit_queue::{Edit, EditQueue, Next},
    job::Change,
    state::RoomState,
    step::{Effect, LogEntry, Step},
    timers::Timer,
};
use crate::{
    auth::Access,
    document::{Document, StoreError},
    error::Error,
    protocol::{self, Millis, Origin, Protocol, UpdateStorage, decode, document_frame, yjs},
    update::{ValidatedUpdate, decode_base64},
};

/// The `state` of `$registered` where there is a document: any update will do, as clients only look whether there is one.
const SOME_STATE: &str = r#""AAA=""#;

/// The document, if the room has one, with the edits that wait to be stored and the hooks that follow from it.
#[derive(Debug)]
pub(super) struct RoomDocument {
    document: Option<Box<dyn Document>>,
    queue: EditQueue,
    /// After a change in a transaction that has not ended: the edits of clients that were stored in it too, and whether an
    /// earlier commit was under way.
    uncommitted: Option<(Vec<Edit<ValidatedUpdate>>, bool)>,
    /// Whether the host knows of edits that wait.
    has_pending: bool,
    hooks: DocumentHooks,
    /// Whether the room has the hook `on_storage_updated`.
    is_observed: bool,
    retention: Retention,
    /// Whether there may be more to delete than the document.
    uses_sql: bool,
}

/// The document as a joining client gets it.
pub(super) struct JoinSnapshot {
    /// The `changeKind`.
    pub(super) kind: &'static str,
    pub(super) state: Vec<u8>,
    pub(super) version: Option<u64>,
}

impl RoomDocument {
    pub(super) fn new(room: std::rc::Rc<str>, document: Option<Box<dyn Document>>, definition: &Definition) -> Self {
        Self {
            document,
            queue: EditQueue::default(),
            uncommitted: None,
            has_pending: false,
            hooks: DocumentHooks::new(room, definition.types),
            is_observed: definition.hooks.on_storage_updated,
            retention: definition.retention,
            uses_sql: definition.uses_sql,
        }
    }

    /// The document.
    ///
    /// # Errors
    /// When the room has none.
    pub(super) fn get(&mut self) -> Result<&mut (dyn Document + 'static), StoreError> {
        self.document.as_deref_mut().ok_or_else(|| StoreError::Failed("this room has no storage".to_owned()))
    }

    // Joining.

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
    /// The reason, for the client.
    pub(super) fn parse(&self, update: &str) -> Result<Option<ValidatedUpdate>, String> {
        let Some(document) = &self.document else { return Ok(None) };
        let update = decode_base64(update).map_err(|error| format!("`data.update`: {error}"))?;
        document.validate(update).map_err(|error| format!("`data.update`: {error}"))
    }

    /// The document for a connection that joins. If it is empty, the connection's own `update` becomes the document.
    ///
    /// # Errors
    /// When the document can't be read, or the update can't be stored.
    pub(super) fn join_snapshot(
        &mut self,
        connection: &Connection,
        update: Option<&ValidatedUpdate>,
        connections: &Connections,
        step: &mut Step,
    ) -> Result<JoinSnapshot, StoreError> {
        let Some(document) = self.document.as_deref_mut() else {
            return Ok(JoinSnapshot { kind: "empty", state: Vec::new(), version: None });
        };
        let mut kind = "unchanged";
        if document.is_empty(step.now)? {
            match update.filter(|_| connection.access == Access::Write) {
                None => kind = "empty",
                Some(update) => {
                    kind = "initialized";
                    let author = connection.author();
                    if self.store(update, &author, connections, step)? {
                        self.changed(&author, step);
                    }
                }
            }
        }
        let document = self.get()?;
        Ok(JoinSnapshot { kind, state: document.encode_state(step.now)?, version: Some(document.version(step.now)?) })
    }

    // Updates of clients.

    /// Handles `$updateStorage`.
    ///
    /// # Errors
    /// Why the update is not accepted.
    pub(super) fn update_storage(
        &mut self,
        id: ConnectionId,
        data: &str,
        connections: &mut Connections,
        step: &mut Step,
    ) -> Result<(), Refusal> {
        let data: UpdateStorage<'_> = decode(data, "data")?;
        let is_echo = data.origin.as_deref() == Some(protocol::ORIGIN_INITIALIZED);
        if self.document.is_none() {
            // Every client echoes what it was given, also the nothing that a room without a document gives.
            return if is_echo { Ok(()) } else { Err("this room has no storage".to_owned().into()) };
        }
        let Some(connection) = connections.get(id) else { return Ok(()) };
        connection.check_joined()?;
        if !is_echo {
            check_access(connection)?;
        }
        let update = self.parse(&data.update.0)?;
        if is_echo {
            self.echo(id, update.unwrap_or_default(), connections, step)
        } else {
            update.map_or(Ok(()), |update| self.accept(id, update, connections, step))
        }
    }

    /// A client's whole document, right after it got the room's: it takes the changes of others from now on, and may bring
    /// edits that it made offline.
    fn echo(
        &mut self,
        id: ConnectionId,
        update: ValidatedUpdate,
        connections: &mut Connections,
        step: &mut Step,
    ) -> Result<(), Refusal> {
        let Some(connection) = connections.get_mut(id) else { return Ok(()) };
        if !connection.ready {
            let missing = self.get().and_then(|it| it.diff_since(step.now, &update, connection.sent_version));
            let missing = missing.map_err(|error| unavailable(&error, step))?;
            connection.ready = true;
            connection.sent_version = None;
            for update in missing {
                step.send_text(id, storage_updated(&update, &connection.origin));
            }
            connections.mark_changed(id);
        }
        self.accept(id, update, connections, step)
    }

    /// Sends a provider the changes that it lacks. Its own edits are stored before, so that the answer tells it that they
    /// are.
    ///
    /// # Errors
    /// When the state vector is malformed, or the document can't be read.
    pub(super) fn answer_state_vector(
        &mut self,
        id: ConnectionId,
        vector: &[u8],
        connections: &Connections,
        step: &mut Step,
    ) -> Result<(), Refusal> {
        if self.queue.has_edit_of(id) {
            self.flush(connections, step);
            if step.has_refused(id) {
                return Ok(());
            }
        }
        let missing = self.get().and_then(|document| document.diff_since_vector(step.now, vector));
        let missing = missing.map_err(|error| unavailable(&error, step))?.ok_or(CloseReason::InvalidMessage)?;
        let mut encode: fn(&[u8]) -> Vec<u8> = yjs::step2;
        for update in missing {
            step.send_binary(id, encode(&update));
            encode = yjs::update;
        }
        Ok(())
    }

    /// A change of a provider, or its answer to the room's state vector.
    ///
    /// # Errors
    /// Why the update is not accepted.
    pub(super) fn provider_update(
        &mut self,
        id: ConnectionId,
        update: Vec<u8>,
        is_answer: bool,
        connections: &Connections,
        step: &mut Step,
    ) -> Result<(), Refusal> {
        let (Some(connection), Some(document)) = (connections.get(id), &self.document) else { return Ok(()) };
        if !is_answer {
            check_access(connection)?;
        }
        match document.validate(update) {
            Ok(Some(update)) => self.accept(id, update, connections, step),
            Ok(None) => Ok(()),
            Err(error) if error.is_malformed() => Err(CloseReason::InvalidMessage.into()),
            Err(error) => Err(error.to_string().into()),
        }
    }

    /// Stores the update of a connection that may write, at once or with those that follow. A connection that may only read
    /// may send what the document has already.
    fn accept(
        &mut self,
        id: ConnectionId,
        update: ValidatedUpdate,
        connections: &Connections,
        step: &mut Step,
    ) -> Result<(), Refusal> {
        let Some(connection) = connections.get(id) else { return Ok(()) };
        if connection.access == Access::Read {
            let is_new = self.get().and_then(|document| document.has_new_changes(step.now, &update));
            return if is_new.map_err(|error| unavailable(&error, step))? { check_access(connection) } else { Ok(()) };
        }
        let next = self.queue.push(step.now, Edit { connection: Some(id), author: connection.author(), update });
        if next != Next::Flush {
            self.has_pending = true;
            step.effect(Effect::EditPending { connection: id });
        }
        self.proceed(next, connections, step);
        Ok(())
    }

    // Storing and sending.

    /// The event loop had its turn.
    pub(super) fn yielded(&mut self, connections: &Connections, step: &mut Step) {
        let next = self.queue.yielded();
        self.proceed(next, connections, step);
    }

    /// The last group is durable: then comes the work that can wait until edits were sent, as compaction.
    pub(super) fn committed(&mut self, connections: &Connections, step: &mut Step) {
        let next = self.queue.committed(step.now);
        self.proceed(next, connections, step);
        match self.document.as_mut().map(|document| document.maintain(step.now)) {
            Some(Ok(notes)) => notes.iter().for_each(|note| step.log_error(note)),
            Some(Err(error)) => step.log_error(&error),
            None => {}
        }
    }

    fn proceed(&mut self, next: Next, connections: &Connections, step: &mut Step) {
        match next {
            Next::Wait => {}
            Next::Yield { pause } => step.effect(Effect::Yield { pause }),
            Next::Flush => self.flush(connections, step),
        }
    }

    /// Stores the edits that wait, together, and sends to each connection the changes of the others.
    pub(super) fn flush(&mut self, connections: &Connections, step: &mut Step) {
        let edits = self.queue.take();
        if std::mem::take(&mut self.has_pending) {
            step.effect(Effect::EditsDurable);
        }
        let Some(document) = self.document.as_mut().filter(|_| !edits.is_empty()) else { return };
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
        for (Edit { connection, author, .. }, result) in edits.into_iter().zip(results) {
            match result {
                Ok(Some(update)) => stored.push(Edit { connection, author, update }),
                Ok(None) => {}
                Err(error) => {
                    let refusal = match (&error, author.protocol) {
                        // Its document is ahead of the room's: when it comes back it brings all of it.
                        (StoreError::Failed(_), _) => unavailable(&error, step),
                        (_, Protocol::Pluv) => format!("`{}`: {error}", protocol::UPDATE_STORAGE).into(),
                        (_, Protocol::Yjs) => error.to_string().into(),
                    };
                    if let Some(connection) = connection {
                        step.refused.push((connection, refusal));
                    }
                }
            }
        }
        if let Some(Edit { author, .. }) = stored.last() {
            let author = author.clone();
            self.publish(&stored, connections, step);
            self.changed(&author, step);
        }
    }

    /// Stores the initial document that the room's hook returned, if it returned one.
    ///
    /// # Errors
    /// When it is no document, or can't be stored.
    pub(super) fn begin(
        &mut self,
        update: Option<Vec<u8>>,
        author: &Author,
        connections: &Connections,
        step: &mut Step,
    ) -> Result<(), Error> {
        let Some(update) = update else { return Ok(()) };
        let update = self.get()?.validate(update).map_err(|error| Error::internal(error.to_string()))?;
        update.map_or(Ok(()), |update| self.store(&update, author, connections, step).map(drop))?;
        Ok(())
    }

    /// Stores an update by itself, and sends it to all connections that are ready. Returns whether it changed the document.
    ///
    /// # Errors
    /// When it can't be stored: then the document is unloaded.
    pub(super) fn store(
        &mut self,
        update: &ValidatedUpdate,
        author: &Author,
        connections: &Connections,
        step: &mut Step,
    ) -> Result<bool, StoreError> {
        let document = self.get()?;
        let results = document.store(step.now, &[update]).inspect_err(|_| document.unload())?;
        let Some(update) = results.into_iter().next().transpose()?.flatten() else { return Ok(false) };
        self.publish(&[Edit { connection: None, author: author.clone(), update }], connections, step);
        Ok(true)
    }

    /// Makes a change in the loaded document, stores it, and sends it to all connections that are ready. Runs in the
    /// transaction of a handler.
    ///
    /// # Errors
    /// When it can't be stored: then the transaction has to be rolled back.
    pub(super) fn change(
        &mut self,
        change: Change,
        author: Author,
        connections: &Connections,
        step: &mut Step,
    ) -> Result<(), StoreError> {
        // Nothing of the loaded document may be sent before it is stored: so the change does not wait.
        let was_committing = self.queue.is_committing();
        let (edits, _) = self.uncommitted.get_or_insert_with(|| (Vec::new(), was_committing));
        edits.extend_from_slice(self.queue.waiting());
        self.flush(connections, step);
        let document = self.get()?;
        let Some(update) = change(document.doc(step.now)?) else { return Ok(()) };
        document.append(step.now, update.clone()).inspect_err(|_| document.unload())?;
        let edit = Edit { connection: None, author, update };
        self.publish(std::slice::from_ref(&edit), connections, step);
        self.changed(&edit.author, step);
        Ok(())
    }

    /// The transaction of a handler has ended. If it was rolled back, the edits of clients that were stored in it are stored
    /// again.
    pub(super) fn end_transaction(&mut self, is_committed: bool, connections: &Connections, step: &mut Step) {
        let Some((edits, was_committing)) = self.uncommitted.take().filter(|_| !is_committed) else { return };
        if let Some(document) = &mut self.document {
            document.unload();
        }
        for edit in edits {
            // They are flushed below, whatever the queue would wait for.
            let _ = self.queue.push(step.now, edit);
        }
        // The transaction's effects, which tell the host of them and of a commit, are lost.
        self.has_pending = true;
        if !was_committing {
            self.queue.forget_commit();
        }
        self.flush(connections, step);
    }

    /// Sends edits that were written, and asks for the end of the commit unless one is under way.
    fn publish(&mut self, edits: &[Edit<Vec<u8>>], connections: &Connections, step: &mut Step) {
        self.send(edits, connections, step);
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
                step.broadcast_text(listeners, storage_updated(&update, &edits[*index].author.origin));
            }
            if !providers.is_empty() {
                step.broadcast_binary(providers, yjs::update(&update));
            }
        }
    }

    // Hooks.

    /// The document was changed: `on_storage_updated` is due.
    pub(super) fn changed(&mut self, author: &Author, step: &mut Step) {
        if !self.is_observed {
            return;
        }
        self.load_hooks(step);
        if let Some(document) = self.document.as_deref_mut() {
            self.hooks.document_changed(author, document, step);
        }
    }

    /// Reads the rows of the hooks, once. Returns whether they are known.
    pub(super) fn load_hooks(&mut self, step: &mut Step) -> bool {
        self.document.as_deref_mut().is_none_or(|document| self.hooks.load(document, step))
    }

    /// The rows of the hooks in the room's timers.
    pub(super) fn timers(&self) -> [(Timer, Option<Millis>); 3] {
        self.hooks.timers()
    }

    /// The first connection has come: a deletion that was scheduled is cancelled.
    pub(super) fn occupied(&mut self, step: &mut Step) {
        if self.load_hooks(step)
            && let Some(document) = self.document.as_deref_mut()
        {
            self.hooks.cancel_deletion(document, step);
        }
    }

    /// The last connection has left: the deletion is scheduled, as the retention says.
    pub(super) fn emptied(&mut self, connections: &Connections, step: &mut Step) {
        let Retention::Delete { after } = self.retention else { return };
        if self.hooks.is_deletion_requested() {
            return;
        }
        // The last edits of those who have left belong to the document.
        self.flush(connections, step);
        self.load_hooks(step);
        let Some(document) = self.document.as_deref_mut() else { return };
        match document.is_blank() {
            Ok(true) if !self.uses_sql => {}
            Ok(_) => {
                let due = step.now.saturating_add(after.as_millis().try_into().unwrap_or(Millis::MAX));
                self.hooks.schedule_deletion(due, document, step);
                self.hooks.run_room_deleted(true, document, step);
            }
            Err(error) => step.log_error(&error),
        }
    }

    /// Runs the hooks that are due, once their rows are loaded.
    pub(super) fn run_hooks(&mut self, connections: &Connections, step: &mut Step) {
        if connections.is_empty() && !self.hooks.is_deletion_scheduled() {
            // A deploy closes all connections without telling the room.
            self.emptied(connections, step);
        }
        if let Some(document) = self.document.as_deref_mut() {
            self.hooks.run_storage_updated(document, step);
            self.hooks.run_room_deleted(connections.is_empty(), document, step);
        }
    }

    /// `on_storage_updated` has ended.
    pub(super) fn storage_updated_ended(&mut self, succeeded: bool, step: &mut Step) {
        if let Some(document) = self.document.as_deref_mut() {
            self.hooks.storage_updated_ended(succeeded, document, step);
        }
    }

    /// The worker requests the deletion, after all connections were closed. Returns its end, or `None` if there is nothing.
    pub(super) fn request_deletion(
        &mut self,
        connections: &Connections,
        step: &mut Step,
    ) -> Option<oneshot::Receiver<AdminResponse>> {
        self.flush(connections, step);
        self.load_hooks(step);
        let document = self.document.as_deref_mut()?;
        match document.is_blank() {
            Ok(true) if !self.uses_sql => return None,
            Ok(_) => {}
            Err(error) => step.log_error(&error),
        }
        let response = self.hooks.request_deletion(step.now);
        self.hooks.run_room_deleted(connections.is_empty(), document, step);
        Some(response)
    }

    /// `on_room_deleted` has ended, which was given this version. Returns whether the deletion goes on: then the connections
    /// have to be closed, and [`delete`](Self::delete) called.
    pub(super) fn room_deleted_ended(&mut self, version: u64, is_empty: bool) -> bool {
        self.hooks.room_deleted_ended(version, is_empty)
    }

    /// Deletes the document and the room's state, if the hook succeeded and the document still has this version.
    pub(super) fn delete(
        &mut self,
        version: u64,
        result: Result<(), Error>,
        state: &mut RoomState,
        step: &mut Step,
    ) -> bool {
        let Some(document) = self.document.as_deref_mut() else { return false };
        self.hooks.delete(version, result, document, state, step)
    }
}

/// Checks that a connection may write.
fn check_access(connection: &Connection) -> Result<(), Refusal> {
    match connection.access {
        Access::Write => Ok(()),
        Access::Read => Err("read-only connection: change rejected".to_owned().into()),
    }
}

/// Closes the connection, as the storage failed: it would be ahead of the room, or never be sent a change.
fn unavailable(error: &StoreError, step: &mut Step) -> Refusal {
    step.log_error(error);
    CloseReason::DocumentUnavailable.into()
}

/// A `$storageUpdated` frame.
fn storage_updated(update: &[u8], origin: &Origin) -> String {
    document_frame(protocol::STORAGE_UPDATED, None, update, origin)
}
