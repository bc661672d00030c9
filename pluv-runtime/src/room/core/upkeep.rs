//! What a room does by itself: it tells its code that the document has changed, and deletes what nobody comes back for.
//!
//! Both wait for the one alarm of the object. What they wait for is noted in storage, as the room may sleep or crash
//! meanwhile.

use std::{
    rc::Rc,
    task::{Poll, Waker},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Core, Step, diary::Entry, garbage::Pinged, seeding::Seeding};
use crate::{
    auth::Access,
    error::Error,
    protocol::Origin,
    room::{
        Evict, Millis, Protocol,
        effect::{Connection, Effect},
        job::{Job, Task},
        leash::{Leash, PATIENCE},
        retention::Retention,
        types::Typed,
    },
    storage::{Document, StoreError},
};

/// How long changes of the document are gathered before the room's code is told, in milliseconds.
const GATHER: Millis = 1_000;

/// The pause before a failed hook is tried again, in milliseconds; each failure doubles it, up to [`LONGEST`].
const RETRY: Millis = 10_000;
const LONGEST: Millis = 3_600_000;

const CHANGED: &str = "changed";
const DELETION: &str = "deletion";

/// In place of the connection of a job that none causes. Such a job waits for no other.
const NOBODY: Connection = Connection(u32::MAX);

/// What waits for the alarm.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    /// Whether what was noted has been read since the room woke.
    is_read: bool,
    changed: Option<Changed>,
    telling: Option<Telling>,
    deletion: Option<Deletion>,
    /// Who waits for the end of `on_room_deleted`.
    waiting: Vec<Waker>,
    /// When the alarm is set for, as far as is known.
    alarm: Option<Millis>,
    /// Whether it may be set for something else: a crash may have come between what was noted and its alarm.
    is_unsure: bool,
}

impl Upkeep {
    /// When something of it is due.
    fn due(&self) -> Option<Millis> {
        let changed = self.changed.as_ref().map(|changed| changed.due);
        let deletion = self.deletion.as_ref().map(|deletion| deletion.due);
        changed.into_iter().chain(deletion).min()
    }
}

/// The document has changed, and the room's code does not know yet.
///
/// While it is being told this is noted as one more failure, to be tried again later: should the hook panic, or the machine
/// die, it is so without another word.
#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    due: Millis,
    /// Who changed it last.
    session: String,
    user: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Protocol::is_pluv")]
    protocol: Protocol,
    #[serde(default)]
    failures: u32,
}

/// The room's code is being told of a change.
#[derive(Debug)]
struct Telling {
    leash: Leash,
    /// Whether the document has changed again since.
    has_news: bool,
}

/// The document is to be deleted. While the room's code is being given it, this is noted as a failure, as [`Changed`] is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Deletion {
    due: Millis,
    #[serde(default)]
    failures: u32,
    #[serde(skip)]
    given: Option<Given>,
    /// Whether it was asked for, and is not called off by who comes.
    #[serde(skip)]
    is_wanted: bool,
}

/// The room's code is being given the document before it is deleted.
#[derive(Debug)]
struct Given {
    leash: Leash,
    /// The document's mark.
    mark: u64,
}

impl Core {
    /// The document was changed by a connection.
    pub(super) fn document_changed(&mut self, now: Millis, origin: &Origin, user: &str, step: &mut Step) {
        if !self.definition.hooks.on_storage_updated {
            return;
        }
        self.read_notes(step);
        let (due, failures) =
            self.upkeep.changed.as_ref().map_or((now + GATHER, 0), |known| (known.due, known.failures));
        let same = self.upkeep.changed.as_ref().filter(|known| *known.session == **origin.id());
        let is_news = same.is_none();
        let protocol = same.map_or_else(|| self.protocol_of(origin.id()), |known| known.protocol);
        let Ok(user) = RawValue::from_string(user.to_owned()) else { return };
        self.upkeep.changed = Some(Changed { due, session: origin.id().to_string(), user, protocol, failures });
        if let Some(telling) = &mut self.upkeep.telling {
            telling.has_news = true;
        }
        if is_news {
            self.note(CHANGED, step);
        }
        self.set_alarm(now, step);
    }

    /// The last connection has left.
    pub(super) fn emptied(&mut self, now: Millis, step: &mut Step) {
        self.garbage.end();
        self.plan_deletion(now, step);
        self.set_alarm(now, step);
    }

    fn plan_deletion(&mut self, now: Millis, step: &mut Step) {
        let Retention::Delete { after } = self.definition.retention else { return };
        let after = after.as_millis() as Millis;
        if self.upkeep.deletion.as_ref().is_some_and(|deletion| deletion.is_wanted) {
            return;
        }
        // The last edits of those who have left are a part of the document.
        self.flush(now, step);
        let Some(document) = &mut self.document else { return };
        match document.is_blank() {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => return drop(self.report(&error, step)),
        }
        self.read_notes(step);
        self.upkeep.deletion = Some(Deletion { due: now + after, ..Deletion::default() });
        if after == 0 {
            self.delete(now, step);
        } else {
            self.note(DELETION, step);
        }
    }

    /// Someone is there again.
    pub(super) fn peopled(&mut self, now: Millis, step: &mut Step) {
        self.garbage.begin(now, self.limits.idle);
        self.read_notes(step);
        if self.upkeep.deletion.take_if(|deletion| !deletion.is_wanted).is_some() {
            self.note(DELETION, step);
        }
        self.set_alarm(now, step);
    }

    /// The alarm. It may come late, twice, or for something that is no more.
    pub(crate) fn alarm(&mut self, now: Millis, pinged: Pinged<'_>) -> Step {
        let mut step = Step::default();
        self.read_notes(&mut step);
        let due = self.upkeep.alarm.take();
        self.write(|| Entry::Alarm { late: due.map(|due| now.saturating_sub(due)) }, &mut step.effects);
        self.look(now, pinged, &mut step);
        if self.document.is_some() && !self.upkeep.is_read {
            // What else it came for is not known.
            self.set_alarm(now, &mut step);
            return step;
        }
        if self.members.is_empty() && self.upkeep.deletion.is_none() {
            // A deploy closes every connection, and tells the room of none.
            self.plan_deletion(now, &mut step);
        }
        if self.upkeep.changed.as_ref().is_some_and(|changed| changed.due <= now) {
            self.tell_changed(now, &mut step);
        }
        self.delete(now, &mut step);
        self.set_alarm(now, &mut step);
        step
    }

    fn tell_changed(&mut self, now: Millis, step: &mut Step) {
        let Some(changed) = &mut self.upkeep.changed else { return };
        if let Some(telling) = &self.upkeep.telling {
            changed.due = now + PATIENCE;
            return telling.leash.cut();
        }
        let (session, user, protocol) =
            (changed.session.as_str().into(), changed.user.get().to_owned(), changed.protocol);
        changed.failures += 1;
        changed.due = now + PATIENCE.max(pause(changed.failures));
        match self.member(NOBODY, session, &user, Access::Write) {
            Ok(member) => {
                let leash = Leash::default();
                self.upkeep.telling = Some(Telling { leash: leash.clone(), has_news: false });
                let job = member.job(now, Task::StorageUpdated);
                step.jobs.push(Job { protocol, leash: Some(leash), ..job });
            }
            // The room's users are of another type now.
            Err(_) => self.upkeep.changed = None,
        }
        self.note(CHANGED, step);
    }

    /// The document is to be deleted now; everyone was sent away.
    pub(crate) fn delete_now(&mut self, now: Millis) -> Step {
        let mut step = Step::default();
        self.flush(now, &mut step);
        self.read_notes(&mut step);
        match self.document.as_mut().map(|document| document.is_blank()) {
            None | Some(Ok(true)) => return step,
            Some(Ok(false)) => {}
            Some(Err(error)) => drop(self.report(&error, &mut step)),
        }
        let deletion = self.upkeep.deletion.get_or_insert_default();
        deletion.is_wanted = true;
        if deletion.given.is_none() {
            deletion.due = now;
            self.delete(now, &mut step);
        }
        self.set_alarm(now, &mut step);
        step
    }

    /// Waits until the room's code that is being given the document has ended.
    pub(crate) fn poll_deleted(&mut self, waker: &Waker) -> Poll<()> {
        if self.upkeep.deletion.as_ref().is_none_or(|deletion| deletion.given.is_none()) {
            return Poll::Ready(());
        }
        self.upkeep.waiting.push(waker.clone());
        Poll::Pending
    }

    /// Whether the document has been deleted, or is about to be: nothing failed.
    pub(crate) fn deletion_goes_on(&self) -> bool {
        self.upkeep.deletion.as_ref().is_none_or(|deletion| deletion.is_wanted)
    }

    fn delete(&mut self, now: Millis, step: &mut Step) {
        let is_empty = self.members.is_empty();
        let Some(deletion) = self.upkeep.deletion.as_mut().filter(|deletion| deletion.due <= now) else { return };
        if !is_empty && !deletion.is_wanted {
            // It was not called off when someone came, as the storage failed.
            self.upkeep.deletion = None;
            return self.note(DELETION, step);
        }
        if let Some(given) = &deletion.given {
            deletion.due = now + PATIENCE;
            return given.leash.cut();
        }
        let Some(document) = &mut self.document else { return };
        deletion.failures += 1;
        let (state, mark) = match document.whole(now).and_then(|state| Ok((state, document.mark(now)?))) {
            Ok(found) => found,
            Err(error) => return self.deletion_failed(now, &error.to_string(), step),
        };
        let leash = Leash::default();
        deletion.given = Some(Given { leash: leash.clone(), mark });
        deletion.due = now + PATIENCE.max(pause(deletion.failures));
        let user = Typed { json: "null".into(), value: Rc::new(()) };
        let origin = Rc::new(Origin::new(&self.name, "".into(), "null"));
        let (protocol, task, leash) = (Protocol::Pluv, Task::Deleted { state, mark }, Some(leash));
        step.jobs.push(Job { connection: NOBODY, protocol, origin, user, key: "".into(), at: now, task, leash });
        self.note(DELETION, step);
    }

    /// `on_storage_updated` has ended.
    pub(super) fn told_changed(&mut self, now: Millis, job: &Job, result: Result<(), &Error>, step: &mut Step) {
        let Some(telling) = self.upkeep.telling.take() else { return };
        if let Err(error) = result {
            step.effects.push(self.log_of(job, error));
        }
        if let Some(changed) = &mut self.upkeep.changed {
            match result {
                Err(_) => changed.due = now + pause(changed.failures),
                Ok(()) if telling.has_news => (changed.due, changed.failures) = (now + GATHER, 0),
                Ok(()) => self.upkeep.changed = None,
            }
        }
        self.note(CHANGED, step);
        self.set_alarm(now, step);
    }

    /// `on_room_deleted` has ended, which was given the document of this mark.
    pub(super) fn told_deleted(&mut self, now: Millis, mark: u64, result: Result<(), Error>, step: &mut Step) {
        self.upkeep.waiting.drain(..).for_each(Waker::wake);
        // Someone came meanwhile: then nothing is deleted, or not by this.
        let is_given = |deletion: &&mut Deletion| deletion.given.as_ref().is_some_and(|given| given.mark == mark);
        let Some(deletion) = self.upkeep.deletion.as_mut().filter(is_given) else { return };
        deletion.given = None;
        if !self.members.is_empty() {
            if !deletion.is_wanted {
                return;
            }
            self.evict(now, &Evict::all().because("the room was deleted"), step);
        }
        let deleted = result.map_err(|error| error.to_string()).and_then(|()| match &mut self.document {
            Some(document) => clear(&mut **document, now, mark).map_err(|error| error.to_string()),
            None => Ok(true),
        });
        // Also where it failed: the document may be gone all the same, as the storage's answer was lost.
        self.seeding = Seeding::default();
        match deleted {
            Ok(true) => {
                self.upkeep.deletion = None;
                self.upkeep.changed = None;
                self.note(DELETION, step);
                self.note(CHANGED, step);
                self.set_alarm(now, step);
            }
            // The room's code gets what is there now.
            Ok(false) => {
                if let Some(deletion) = &mut self.upkeep.deletion {
                    (deletion.due, deletion.failures) = (now, 0);
                }
                self.delete(now, step);
                self.set_alarm(now, step);
            }
            Err(reason) => self.deletion_failed(now, &reason, step),
        }
    }

    fn deletion_failed(&mut self, now: Millis, reason: &str, step: &mut Step) {
        let Some(deletion) = &mut self.upkeep.deletion else { return };
        deletion.is_wanted = false;
        deletion.due = now + pause(deletion.failures);
        step.effects.push(Effect::Log { message: format!("room `{}`, `on_room_deleted`: {reason}", self.name) });
        self.note(DELETION, step);
        self.set_alarm(now, step);
    }

    pub(super) fn read_notes(&mut self, step: &mut Step) {
        let Some(document) = self.document.as_mut().filter(|_| !self.upkeep.is_read) else { return };
        let mut read = || -> Result<_, StoreError> { Ok((document.note(CHANGED)?, document.note(DELETION)?)) };
        match read() {
            Ok((changed, deletion)) => {
                self.upkeep.is_read = true;
                self.upkeep.changed = changed.and_then(|json| serde_json::from_str(&json).ok());
                self.upkeep.deletion = deletion.and_then(|json| serde_json::from_str(&json).ok());
                self.upkeep.is_unsure |= self.upkeep.due().is_some();
            }
            Err(error) => drop(self.report(&error, step)),
        }
    }

    fn note(&mut self, key: &str, step: &mut Step) {
        let value = match key {
            CHANGED => self.upkeep.changed.as_ref().and_then(|changed| serde_json::to_string(changed).ok()),
            _ => self.upkeep.deletion.as_ref().and_then(|deletion| serde_json::to_string(deletion).ok()),
        };
        let Some(document) = &mut self.document else { return };
        if let Err(error) = document.set_note(key, value.as_deref()) {
            self.report(&error, step);
        }
    }

    /// The platform has said when the alarm comes.
    pub(super) fn alarm_is(&mut self, due: Millis) {
        self.upkeep.alarm = Some(due);
        self.upkeep.is_unsure = false;
    }

    /// The alarm was set before the room slept.
    pub(super) fn alarm_is_unknown(&mut self) {
        self.upkeep.is_unsure = true;
    }

    /// Sets the alarm for what is due first, where that is not what it is set for.
    pub(super) fn set_alarm(&mut self, now: Millis, step: &mut Step) {
        self.read_notes(step);
        let mut due = self.upkeep.due().into_iter().chain(self.garbage.due(now, self.limits.idle)).min();
        if self.document.is_some() && !self.upkeep.is_read {
            // What else it is for is not known.
            self.upkeep.is_unsure = true;
            due = Some(due.map_or(now + RETRY, |due| due.min(now + RETRY)));
        }
        if std::mem::take(&mut self.upkeep.is_unsure) || self.upkeep.alarm != due {
            self.upkeep.alarm = due;
            step.effects.push(Effect::Alarm(due));
        }
    }
}

/// Deletes the document if it still has this mark, and says whether it did.
fn clear(document: &mut dyn Document, now: Millis, mark: u64) -> Result<bool, StoreError> {
    let is_same = document.mark(now)? == mark;
    if is_same {
        document.clear()?;
    }
    Ok(is_same)
}

/// How long to wait after so many failures, in milliseconds.
fn pause(failures: u32) -> Millis {
    RETRY.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST)
}
