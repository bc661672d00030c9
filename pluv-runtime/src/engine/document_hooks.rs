//! The hooks that follow from the document: `on_storage_updated` some time after it has changed, and `on_room_deleted` before
//! it is deleted.
//!
//! Both are driven by the alarm. Their rows are stored, as the room may hibernate or crash before they are due.

use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::AbortHandle;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    admin::{AdminError, AdminResponse},
    connection::Author,
    definition::Types,
    job::{Job, JobKind},
    state::RoomState,
    step::Step,
    timers::{HOOK_TIMEOUT, RETRY_DELAY, Timer, retry_delay},
};
use crate::{
    document::{Document, StoreError},
    error::Error,
    protocol::{Millis, Origin, Protocol},
};

/// Time for which changes of the document are collected before `on_storage_updated` runs, in milliseconds.
const COLLECT: Millis = 1_000;

const CHANGED: &str = "changed";
const DELETION: &str = "deletion";

/// A change of the document that `on_storage_updated` has not been told.
///
/// While the hook runs, the row counts it as failed and due again later: so a panic or a crash needs no other record.
#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    due: Millis,
    /// The session that made the last change.
    session: String,
    user: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Protocol::is_pluv")]
    protocol: Protocol,
    #[serde(default)]
    failures: u32,
}

/// A run of `on_storage_updated`.
#[derive(Debug)]
struct Running {
    abort: AbortHandle,
    /// Whether the document has changed since it began.
    is_outdated: bool,
}

/// A deletion that is due later, or under way. The row counts as failed while the hook runs, like [`Changed`].
#[derive(Debug, Default, Serialize, Deserialize)]
struct Deletion {
    due: Millis,
    #[serde(default)]
    failures: u32,
    /// The run of `on_room_deleted`, and the version of the document that it was given.
    #[serde(skip)]
    running: Option<(AbortHandle, u64)>,
    /// Whether the worker requested it, so that a new connection does not cancel it.
    #[serde(skip)]
    is_requested: bool,
}

/// The state of both hooks.
#[derive(Debug)]
pub(super) struct DocumentHooks {
    room: Rc<str>,
    types: Types,
    /// Whether the rows were read since the room woke.
    is_loaded: bool,
    /// Time to read them again, after a failure.
    reload: Option<Millis>,
    changed: Option<Changed>,
    running: Option<Running>,
    deletion: Option<Deletion>,
    /// Requests that wait for the deletion.
    requests: Vec<oneshot::Sender<AdminResponse>>,
}

impl DocumentHooks {
    pub(super) fn new(room: Rc<str>, types: Types) -> Self {
        Self {
            room,
            types,
            is_loaded: false,
            reload: None,
            changed: None,
            running: None,
            deletion: None,
            requests: Vec::new(),
        }
    }

    /// Their rows in the room's timers.
    pub(super) fn timers(&self) -> [(Timer, Option<Millis>); 3] {
        [
            (Timer::StorageUpdated, self.changed.as_ref().map(|changed| changed.due)),
            (Timer::Deletion, self.deletion.as_ref().map(|deletion| deletion.due)),
            (Timer::Reload, self.reload),
        ]
    }

    /// Reads the rows, once. Returns whether they are known.
    pub(super) fn load(&mut self, document: &mut dyn Document, step: &mut Step) -> bool {
        if self.is_loaded {
            return true;
        }
        let mut read = || -> Result<_, StoreError> { Ok((document.metadata(CHANGED)?, document.metadata(DELETION)?)) };
        match read() {
            Ok((changed, deletion)) => {
                (self.is_loaded, self.reload) = (true, None);
                self.changed = changed.and_then(|json| serde_json::from_str(&json).ok());
                self.deletion = deletion.and_then(|json| serde_json::from_str(&json).ok());
            }
            Err(error) => {
                step.log_error(&error);
                self.reload = Some(step.now + RETRY_DELAY);
            }
        }
        self.is_loaded
    }

    /// The document was changed.
    pub(super) fn document_changed(&mut self, author: &Author, document: &mut dyn Document, step: &mut Step) {
        // The hook's context has a user, which code without a client is none of where the room knows users.
        if (self.types.user)(&author.user).is_err() {
            return;
        }
        let Ok(user) = RawValue::from_string((*author.user).to_owned()) else { return };
        let (session, protocol) = (author.origin.id().to_string(), author.protocol);
        let known = self.changed.take();
        let (due, failures) = known.as_ref().map_or((step.now + COLLECT, 0), |known| (known.due, known.failures));
        let is_new = known.is_none_or(|known| known.session != session);
        self.changed = Some(Changed { due, session, user, protocol, failures });
        if let Some(running) = &mut self.running {
            running.is_outdated = true;
        }
        if is_new {
            self.save_changed(document, step);
        }
    }

    /// Starts `on_storage_updated` if it is due, or aborts the run that takes too long.
    pub(super) fn run_storage_updated(&mut self, document: &mut dyn Document, step: &mut Step) {
        let now = step.now;
        let Some(changed) = self.changed.as_mut().filter(|changed| changed.due <= now) else { return };
        if let Some(running) = &self.running {
            changed.due = now + HOOK_TIMEOUT;
            return running.abort.abort();
        }
        changed.failures += 1;
        changed.due = now + HOOK_TIMEOUT.max(retry_delay(changed.failures));
        match (self.types.user)(changed.user.get()) {
            Ok(user) => {
                let (abort, registration) = AbortHandle::new_pair();
                self.running = Some(Running { abort, is_outdated: false });
                let session = changed.session.as_str().into();
                let author = Author {
                    origin: Rc::new(Origin::new(&self.room, session, changed.user.get())),
                    user: Rc::clone(&user.json),
                    protocol: changed.protocol,
                };
                step.jobs.push(Job::of_room(&author, user, now, JobKind::StorageUpdated).aborted_by(registration));
            }
            // The room's user type has changed since.
            Err(_) => self.changed = None,
        }
        self.save_changed(document, step);
    }

    /// `on_storage_updated` has ended.
    pub(super) fn storage_updated_ended(&mut self, succeeded: bool, document: &mut dyn Document, step: &mut Step) {
        let Some(running) = self.running.take() else { return };
        match &mut self.changed {
            Some(changed) if !succeeded => changed.due = step.now + retry_delay(changed.failures),
            Some(changed) if running.is_outdated => (changed.due, changed.failures) = (step.now + COLLECT, 0),
            _ => self.changed = None,
        }
        self.save_changed(document, step);
    }

    /// Whether a deletion is due later or under way.
    pub(super) fn is_deletion_scheduled(&self) -> bool {
        self.deletion.is_some()
    }

    /// Whether the worker has requested a deletion.
    pub(super) fn is_deletion_requested(&self) -> bool {
        self.deletion.as_ref().is_some_and(|deletion| deletion.is_requested)
    }

    /// Schedules a deletion, as the room is empty.
    pub(super) fn schedule_deletion(&mut self, due: Millis, document: &mut dyn Document, step: &mut Step) {
        self.deletion = Some(Deletion { due, ..Deletion::default() });
        if due > step.now {
            self.save_deletion(document, step);
        }
    }

    /// Cancels a deletion, as someone has connected; unless the worker has requested it.
    pub(super) fn cancel_deletion(&mut self, document: &mut dyn Document, step: &mut Step) {
        if self.deletion.take_if(|deletion| !deletion.is_requested).is_some() {
            self.save_deletion(document, step);
        }
    }

    /// The worker requests a deletion, which has to be started with [`run_room_deleted`](Self::run_room_deleted).
    pub(super) fn request_deletion(&mut self, now: Millis) -> oneshot::Receiver<AdminResponse> {
        let (sender, receiver) = oneshot::channel();
        self.requests.push(sender);
        let deletion = self.deletion.get_or_insert_default();
        deletion.is_requested = true;
        if deletion.running.is_none() {
            deletion.due = now;
        }
        receiver
    }

    /// Starts `on_room_deleted` with the whole document if the deletion is due, or aborts the run that takes too long.
    pub(super) fn run_room_deleted(&mut self, is_empty: bool, document: &mut dyn Document, step: &mut Step) {
        let now = step.now;
        let Some(deletion) = self.deletion.as_mut().filter(|deletion| deletion.due <= now) else { return };
        if !is_empty && !deletion.is_requested {
            // It was not cancelled when someone connected, as the storage failed.
            return self.cancel_deletion(document, step);
        }
        if let Some((abort, _)) = &deletion.running {
            deletion.due = now + HOOK_TIMEOUT;
            return abort.abort();
        }
        deletion.failures += 1;
        let (state, version) = match document.encode_full(now).and_then(|state| Ok((state, document.version(now)?))) {
            Ok(found) => found,
            Err(error) => return self.deletion_failed(&error, document, step),
        };
        let (abort, registration) = AbortHandle::new_pair();
        deletion.running = Some((abort, version));
        deletion.due = now + HOOK_TIMEOUT.max(retry_delay(deletion.failures));
        let kind = JobKind::RoomDeleted { state, version };
        step.jobs.push(Job::of_nobody(&self.room, now, kind).aborted_by(registration));
        self.save_deletion(document, step);
    }

    /// `on_room_deleted` has ended, which was given this version of the document. Returns whether the deletion goes on: not if
    /// the run was superseded, or if someone has connected meanwhile.
    pub(super) fn room_deleted_ended(&mut self, version: u64, is_empty: bool) -> bool {
        let Some(deletion) = &mut self.deletion else { return false };
        let Some(_) = deletion.running.take_if(|(_, running)| *running == version) else { return false };
        is_empty || deletion.is_requested
    }

    /// Deletes the document and the state, if the hook succeeded and the document is the one that the hook was given. Returns
    /// whether it did.
    pub(super) fn delete(
        &mut self,
        version: u64,
        result: Result<(), Error>,
        document: &mut dyn Document,
        state: &mut RoomState,
        step: &mut Step,
    ) -> bool {
        if let Err(error) = result {
            self.deletion_failed(&error, document, step);
            return false;
        }
        match clear(document, state, step.now, version) {
            Ok(true) => {
                self.deletion = None;
                self.changed = None;
                self.save_deletion(document, step);
                self.save_changed(document, step);
                self.requests.drain(..).for_each(|request| drop(request.send(Ok(Vec::new()))));
                return true;
            }
            // The hook runs again with the document of now.
            Ok(false) => {
                if let Some(deletion) = &mut self.deletion {
                    (deletion.due, deletion.failures) = (step.now, 0);
                }
                self.run_room_deleted(true, document, step);
            }
            Err(error) => self.deletion_failed(&error, document, step),
        }
        false
    }

    fn deletion_failed(&mut self, error: &dyn std::fmt::Display, document: &mut dyn Document, step: &mut Step) {
        let Some(deletion) = &mut self.deletion else { return };
        deletion.is_requested = false;
        deletion.due = step.now + retry_delay(deletion.failures);
        step.log_error(&format_args!("`on_room_deleted`: {error}"));
        for request in self.requests.drain(..) {
            let reason = "`on_room_deleted` failed, and the log says why: the document stays".to_owned();
            drop(request.send(Err(AdminError::Failed(reason))));
        }
        self.save_deletion(document, step);
    }

    fn save_changed(&self, document: &mut dyn Document, step: &mut Step) {
        save(CHANGED, self.changed.as_ref(), document, step);
    }

    fn save_deletion(&self, document: &mut dyn Document, step: &mut Step) {
        save(DELETION, self.deletion.as_ref(), document, step);
    }
}

fn save(key: &str, row: Option<&impl Serialize>, document: &mut dyn Document, step: &mut Step) {
    let json = row.and_then(|row| serde_json::to_string(row).ok());
    if let Err(error) = document.set_metadata(key, json.as_deref()) {
        step.log_error(&error);
    }
}

/// Deletes the document and the state if the document still has this version, and returns whether it did.
fn clear(document: &mut dyn Document, state: &mut RoomState, now: Millis, version: u64) -> Result<bool, StoreError> {
    let is_same = document.version(now)? == version;
    if is_same {
        let database = state.database.clone();
        let cleared = database.transaction(|| {
            state.clear()?;
            document.clear()
        });
        cleared.inspect_err(|_| document.unload())?;
    }
    Ok(is_same)
}
