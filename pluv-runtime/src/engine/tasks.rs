//! The tasks of a room: calls of its own methods at a time. They are rows of a table, which the alarm runs.
//!
//! A task runs at least once. When a run begins its row counts it as failed and due again later, so that a panic or a crash needs
//! no other record; a run that ends well deletes the row in its transaction.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fmt,
    rc::Rc,
};

use futures_util::future::AbortHandle;
use serde::{Deserialize, Serialize};

use super::{
    cron::Cron,
    definition::Definition,
    job::{Job, JobKind},
    step::Step,
    timers::{HOOK_TIMEOUT, RETRY_DELAY, Timer, retry_delay},
};
use crate::{
    error::Error,
    protocol::Millis,
    sql::{Database, SqlError, Value, from_row},
};

/// Runs of a task before it counts as failed: the last one is 85 minutes after the first.
const MAX_RUNS: u32 = 10;

/// Tasks that an alarm starts at most; the next alarm follows at once.
const MAX_STARTED: i64 = 64;

/// The bytes that an input may have as JSON, so that its row is within the platform's 2 MB.
const MAX_INPUT: usize = 1_000_000;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS pluv_task (id INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT, \
                     input TEXT NOT NULL, due INTEGER, failures INTEGER NOT NULL DEFAULT 0, error TEXT)";

/// The key of a row of cron, whose input is the schedule. Those of users have another prefix.
const CRON: &str = "cron";

/// A task that a room has.
#[derive(Clone, Copy, Debug)]
pub struct TaskInfo {
    name: &'static str,
    pub(crate) is_sync: bool,
    timeout: Millis,
    cron: Option<Cron>,
}

impl TaskInfo {
    /// A task by its name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, is_sync: false, timeout: HOOK_TIMEOUT, cron: None }
    }

    /// Of a method that is not `async`.
    #[must_use]
    pub const fn sync(self) -> Self {
        Self { is_sync: true, ..self }
    }

    /// Aborted after so many milliseconds.
    #[must_use]
    pub const fn timeout(self, timeout: Millis) -> Self {
        Self { timeout, ..self }
    }

    /// Run at these times.
    #[must_use]
    pub const fn cron(self, cron: Cron) -> Self {
        Self { cron: Some(cron), ..self }
    }

    /// Its name in the table.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// The id of a scheduled task: no other of the room has or had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
pub struct TaskId(i64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A task that is scheduled, or has failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduledTask {
    /// Its id.
    pub id: TaskId,
    /// The task's name.
    pub name: String,
    /// The key of `schedule_as`.
    pub key: Option<String>,
    /// Its input, as JSON.
    pub input: String,
    /// When it runs, or runs again, in milliseconds since the Unix epoch. None has failed for good: it does not run any more.
    pub due: Option<Millis>,
    /// How often it ran without success.
    pub failures: u32,
}

/// A task that has failed for good, as the hook `task_failed` gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedTask {
    /// Its id, by which it can be canceled: it stays in the table until then.
    pub id: TaskId,
    /// The task's name.
    pub name: String,
    /// Its input, as JSON.
    pub input: String,
    /// The last error, for the log.
    pub error: String,
}

/// A row that is due.
#[derive(Deserialize)]
struct Row {
    id: TaskId,
    name: String,
    key: Option<String>,
    input: String,
    due: Millis,
    failures: u32,
    error: Option<String>,
}

/// A run that was started and has not begun: what its row says of it now, and once it has.
#[derive(Clone, Copy, Debug)]
struct Start {
    before: Millis,
    due: Millis,
    failures: u32,
}

/// The tasks of a room.
#[derive(Debug)]
pub(crate) struct Tasks {
    room: Rc<str>,
    tasks: &'static [TaskInfo],
    has_hook: bool,
    database: Database,
    /// When the rows are due; none before they were read, and after a transaction was rolled back.
    due: Option<BTreeSet<(Millis, TaskId)>>,
    /// Whether the table is known to be there.
    has_table: Cell<bool>,
    /// Whether rows have changed since the last transaction ended.
    is_changed: bool,
    /// Whether rows of schedules may be missing or outdated.
    is_cron_outdated: bool,
    /// Time to read the rows again, after a failure.
    reload: Option<Millis>,
    /// Those that run.
    running: BTreeMap<TaskId, AbortHandle>,
    /// Those of them that wait in the same turn for others that are due.
    starting: BTreeMap<TaskId, Start>,
    last: TaskId,
}

impl Tasks {
    pub(super) fn new(room: Rc<str>, definition: &Definition, database: Database) -> Self {
        Self {
            room,
            tasks: definition.tasks,
            has_hook: definition.hooks.on_task_failed,
            database,
            due: None,
            has_table: Cell::new(false),
            is_changed: false,
            is_cron_outdated: true,
            reload: None,
            running: BTreeMap::new(),
            starting: BTreeMap::new(),
            last: TaskId(0),
        }
    }

    /// Their row in the room's timers.
    pub(super) fn timer(&self) -> (Timer, Option<Millis>) {
        let rows = self.due.iter().flatten().filter(|(_, id)| !self.starting.contains_key(id));
        let first = rows.map(|(due, _)| *due).next().into_iter();
        let first = first.chain(self.starting.values().map(|start| start.due)).min();
        (Timer::Task, self.reload.or(first))
    }

    /// Reads the rows, in a room that has tasks.
    pub(super) fn load(&mut self, step: &mut Step) {
        if self.tasks.is_empty() {
            return;
        }
        self.reload = None;
        if let Err(error) = self.rows() {
            self.failed_to_read(&error, step);
        }
    }

    fn failed_to_read(&mut self, error: &SqlError, step: &mut Step) {
        step.log_error(error);
        self.due = None;
        self.reload = Some(step.now + RETRY_DELAY);
    }

    /// When the rows are due. Reads them once.
    fn rows(&mut self) -> Result<&mut BTreeSet<(Millis, TaskId)>, SqlError> {
        let due = match self.due.take() {
            Some(due) => due,
            None => self.read()?,
        };
        Ok(self.due.insert(due))
    }

    fn read(&mut self) -> Result<BTreeSet<(Millis, TaskId)>, SqlError> {
        let mut due = BTreeSet::new();
        if !self.has_table()? {
            return Ok(due);
        }
        let mut rows = self.database.query("SELECT id, due FROM pluv_task ORDER BY id", Vec::new())?;
        while let Some(values) = rows.next()? {
            let (id, at): (TaskId, Option<Millis>) = from_row(rows.columns(), values)?;
            self.last = self.last.max(id);
            due.extend(at.map(|at| (at, id)));
        }
        Ok(due)
    }

    /// Changes rows. After a failure it is not known whether they have changed, so that they are read again.
    fn write(&mut self, statement: &str, params: Vec<Value>) -> Result<Vec<Vec<Value>>, SqlError> {
        self.database.exec(statement, params).inspect_err(|_| self.due = None)
    }

    fn has_table(&self) -> Result<bool, SqlError> {
        if !self.has_table.get() {
            self.has_table.set(self.database.has_table("pluv_task")?);
        }
        Ok(self.has_table.get())
    }

    fn create_table(&self) -> Result<(), SqlError> {
        if !self.has_table.get() {
            self.database.exec(TABLE, Vec::new())?;
            self.has_table.set(true);
        }
        Ok(())
    }

    /// Makes sure that each task with a schedule has a row, and no other one does: once, and again after a deletion.
    pub(super) fn start_cron(&mut self, step: &mut Step) {
        if std::mem::take(&mut self.is_cron_outdated)
            && let Err(error) = self.try_start_cron(step.now)
        {
            self.is_cron_outdated = true;
            self.failed_to_read(&error, step);
        }
    }

    fn try_start_cron(&mut self, now: Millis) -> Result<(), SqlError> {
        let mut scheduled: Vec<_> = self.tasks.iter().filter_map(|task| Some((task.name, task.cron?))).collect();
        if self.tasks.is_empty() || (scheduled.is_empty() && !self.has_table()?) {
            return Ok(());
        }
        self.rows()?;
        self.create_table()?;
        self.is_changed = false;
        for row in self.database.exec("SELECT name, input FROM pluv_task WHERE key = ?", vec![CRON.into()])? {
            let (name, text): (String, String) = from_row(&[String::new(), String::new()], row)?;
            let count = scheduled.len();
            scheduled.retain(|(known, cron)| *known != name || cron.text() != text);
            if scheduled.len() == count {
                self.delete("key = ? AND name = ?", vec![CRON.into(), name.as_str().into()])?;
            }
        }
        for (name, cron) in scheduled {
            self.insert(now, name, Some(CRON), cron.text().to_owned(), cron.next(now))?;
        }
        Ok(())
    }

    /// Whether rows have changed since the last transaction ended.
    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Schedules a task, in a transaction. A key replaces the task that has it.
    ///
    /// # Errors
    /// When the input is too large, or the database fails.
    pub(crate) fn schedule(
        &mut self,
        now: Millis,
        name: &str,
        key: Option<&str>,
        input: String,
        due: Millis,
    ) -> Result<TaskId, Error> {
        if input.len() > MAX_INPUT {
            let length = input.len();
            return Err(Error::internal(format!(
                "the input of the task `{name}` takes {length} bytes as JSON: the limit is {MAX_INPUT}"
            )));
        }
        self.rows()?;
        self.create_table()?;
        let key = key.map(user_key);
        if let Some(key) = &key {
            self.delete("key = ?", vec![key.as_str().into()])?;
        }
        Ok(self.insert(now, name, key.as_deref(), input, due)?)
    }

    fn insert(
        &mut self,
        now: Millis,
        name: &str,
        key: Option<&str>,
        input: String,
        due: Millis,
    ) -> Result<TaskId, SqlError> {
        // An id is never used again: the time is in it, and so many tasks are not scheduled in a millisecond.
        let id = TaskId((now as i64 * 1_024).max(self.last.0 + 1));
        let row = vec![id.0.into(), name.into(), key.map_or(Value::Null, Value::from), input.into(), due.into()];
        self.write("INSERT INTO pluv_task (id, name, key, input, due) VALUES (?, ?, ?, ?, ?)", row)?;
        self.last = id;
        self.is_changed = true;
        self.rows()?.insert((due, id));
        Ok(id)
    }

    /// Cancels a task, in a transaction, and returns whether there was one. One that runs goes on, and does not run again.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn cancel(&mut self, id: TaskId) -> Result<bool, SqlError> {
        self.delete("id = ? AND key IS NOT 'cron'", vec![id.0.into()])
    }

    /// Cancels the task with a key; see [`cancel`](Self::cancel).
    pub(crate) fn cancel_key(&mut self, key: &str) -> Result<bool, SqlError> {
        self.delete("key = ?", vec![user_key(key).into()])
    }

    fn delete(&mut self, condition: &str, params: Vec<Value>) -> Result<bool, SqlError> {
        if !self.has_table()? {
            return Ok(false);
        }
        let sql = format!("DELETE FROM pluv_task WHERE {condition} RETURNING id, due");
        let deleted = self.write(&sql, params)?;
        let was_there = !deleted.is_empty();
        self.is_changed |= was_there;
        for row in deleted {
            let (id, due): (TaskId, Option<Millis>) = from_row(&[String::new(), String::new()], row)?;
            if let Some(due) = due {
                self.rows()?.remove(&(due, id));
            }
        }
        Ok(was_there)
    }

    /// Returns the tasks that are scheduled or have failed for good, in the order in which they are due.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn scheduled(&self) -> Result<Vec<ScheduledTask>, SqlError> {
        if !self.has_table()? {
            return Ok(Vec::new());
        }
        let sql = "SELECT id, name, key, input, due, failures FROM pluv_task WHERE key IS NOT 'cron' \
                   ORDER BY due IS NULL, due, id";
        let mut rows = self.database.query(sql, Vec::new())?;
        let mut found = Vec::new();
        while let Some(values) = rows.next()? {
            let (id, name, key, input, due, failures): (_, _, Option<String>, _, _, _) =
                from_row(rows.columns(), values)?;
            let key = key.and_then(|key| key.strip_prefix(USER).map(str::to_owned));
            found.push(ScheduledTask { id, name, key, input, due, failures });
        }
        Ok(found)
    }

    /// Starts the tasks that are due, and aborts runs that take too long.
    pub(super) fn run_due(&mut self, step: &mut Step) {
        if let Err(error) = self.try_run_due(step) {
            self.failed_to_read(&error, step);
        }
    }

    fn try_run_due(&mut self, step: &mut Step) -> Result<(), SqlError> {
        let now = step.now;
        if self.tasks.is_empty() || self.rows()?.first().is_none_or(|(due, _)| *due > now) {
            return Ok(());
        }
        let sql =
            "SELECT id, name, key, input, due, failures, error FROM pluv_task WHERE due <= ? ORDER BY due, id LIMIT ?";
        let due = self.database.exec(sql, vec![now.into(), MAX_STARTED.into()])?;
        let columns = ["id", "name", "key", "input", "due", "failures", "error"].map(str::to_owned);
        for values in due {
            let row: Row = from_row(&columns, values)?;
            let (id, failures) = (row.id, row.failures + 1);
            if self.starting.contains_key(&id) {
                continue;
            }
            if let Some(abort) = self.running.remove(&id) {
                abort.abort();
                self.replace(id, row.due, Some(now + retry_delay(row.failures)), row.failures, None)?;
                continue;
            }
            let task = self.tasks.iter().find(|task| task.name == row.name);
            let timeout = task.map_or(HOOK_TIMEOUT, |task| task.timeout);
            let due = now + timeout.max(retry_delay(failures));
            let work = match task {
                Some(_) if row.failures < MAX_RUNS => {
                    let input = (row.key.as_deref() != Some(CRON)).then_some(row.input);
                    JobKind::Scheduled { id, input }
                }
                _ if self.has_hook => {
                    let error = match task {
                        Some(_) => row.error.unwrap_or_else(|| "it panicked, or its host crashed".to_owned()),
                        None => "the room has no task of this name".to_owned(),
                    };
                    JobKind::TaskFailed(FailedTask { id, name: row.name.clone(), input: row.input, error })
                }
                _ => {
                    step.log_error(&format_args!("the task `{}` with the id {id} has failed: it is kept", row.name));
                    self.give_up(now, id)?;
                    continue;
                }
            };
            let (abort, registration) = AbortHandle::new_pair();
            self.running.insert(id, abort);
            self.starting.insert(id, Start { before: row.due, due, failures });
            let job = Job::of_nobody(&self.room, now, work).aborted_by(registration);
            step.jobs.push(match task {
                Some(task) => job.named(task.name),
                None => job,
            });
        }
        Ok(())
    }

    /// A run begins. Returns whether it is to go on: the task may have been canceled since it was started. Those that were
    /// started with it have not begun, so that one that panics does not count against them.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn begin(&mut self, id: TaskId) -> Result<bool, SqlError> {
        let Some(Start { before, due, failures }) = self.starting.remove(&id) else { return Ok(false) };
        let sql = "UPDATE pluv_task SET due = ?, failures = ? WHERE id = ? RETURNING id";
        let is_there = !self.write(sql, vec![due.into(), failures.into(), id.0.into()])?.is_empty();
        if is_there {
            let rows = self.rows()?;
            rows.remove(&(before, id));
            rows.insert((due, id));
        } else {
            self.running.remove(&id);
        }
        Ok(is_there)
    }

    /// Replaces what a row says of its next run.
    fn replace(
        &mut self,
        id: TaskId,
        before: Millis,
        due: Option<Millis>,
        failures: u32,
        error: Option<&str>,
    ) -> Result<(), SqlError> {
        let sql = "UPDATE pluv_task SET due = ?, failures = ?, error = ? WHERE id = ?";
        let values = [due.map_or(Value::Null, Value::from), failures.into(), error.map_or(Value::Null, Value::from)];
        self.write(sql, values.into_iter().chain([id.0.into()]).collect())?;
        self.is_changed = true;
        let rows = self.rows()?;
        rows.remove(&(before, id));
        rows.extend(due.map(|due| (due, id)));
        Ok(())
    }

    /// A run ended well: the row goes, in its transaction, or is due again as its schedule says.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn succeeded(&mut self, now: Millis, id: TaskId) -> Result<(), SqlError> {
        self.running.remove(&id);
        self.reschedule(now, id)?;
        self.delete("id = ? AND key IS NOT 'cron'", vec![id.0.into()])?;
        Ok(())
    }

    /// Sets the next time of a row of a schedule. Returns whether it is one.
    fn reschedule(&mut self, now: Millis, id: TaskId) -> Result<bool, SqlError> {
        let Some((name, due)) = self.row::<(String, Millis)>("name, due", "id = ? AND key = 'cron'", id)? else {
            return Ok(false);
        };
        let cron = self.tasks.iter().find(|task| task.name == name).and_then(|task| task.cron);
        if let Some(cron) = cron {
            self.replace(id, due, Some(cron.next(now)), 0, None)?;
        }
        Ok(cron.is_some())
    }

    fn row<T: serde::de::DeserializeOwned>(
        &self,
        columns: &str,
        condition: &str,
        id: TaskId,
    ) -> Result<Option<T>, SqlError> {
        let sql = format!("SELECT {columns} FROM pluv_task WHERE {condition}");
        let mut rows = self.database.query(&sql, vec![id.0.into()])?;
        let values = rows.next()?;
        Ok(values.map(|values| from_row(rows.columns(), values)).transpose()?)
    }

    /// A run failed with `error`: it runs again later, unless it was the last one. The same for the hook `task_failed`.
    pub(super) fn failed(&mut self, id: TaskId, error: &str, is_last: bool, step: &mut Step) {
        self.running.remove(&id);
        if let Err(error) = self.try_failed(step.now, id, error, is_last) {
            self.failed_to_read(&error, step);
        }
    }

    fn try_failed(&mut self, now: Millis, id: TaskId, error: &str, is_last: bool) -> Result<(), SqlError> {
        // A task that was canceled meanwhile has no row.
        let Some((due, failures)) = self.row::<(Millis, u32)>("due, failures", "id = ? AND due IS NOT NULL", id)?
        else {
            return Ok(());
        };
        let failures = if is_last { MAX_RUNS } else { failures };
        // The hook follows the last run at once.
        let next = if failures == MAX_RUNS { now } else { now + retry_delay(failures) };
        self.replace(id, due, Some(next), failures, Some(error))
    }

    /// The hook `task_failed` has ended well: the row is kept, and does not run any more, or at the next time of its schedule.
    pub(super) fn reported(&mut self, id: TaskId, step: &mut Step) {
        self.running.remove(&id);
        if let Err(error) = self.give_up(step.now, id) {
            self.failed_to_read(&error, step);
        }
    }

    fn give_up(&mut self, now: Millis, id: TaskId) -> Result<(), SqlError> {
        if self.reschedule(now, id)? {
            return Ok(());
        }
        let row: Option<(Millis, u32, Option<String>)> =
            self.row("due, failures, error", "id = ? AND due IS NOT NULL", id)?;
        row.map_or(Ok(()), |(due, failures, error)| self.replace(id, due, None, failures, error.as_deref()))
    }

    /// The transaction of a handler has ended.
    pub(super) fn end_transaction(&mut self, is_committed: bool) {
        let is_changed = std::mem::take(&mut self.is_changed);
        if !is_committed {
            // It may have been made in the transaction.
            self.has_table.set(false);
            self.due = self.due.take().filter(|_| !is_changed);
        }
    }

    /// All rows were deleted.
    pub(super) fn cleared(&mut self) {
        self.running.values().for_each(AbortHandle::abort);
        self.running.clear();
        self.starting.clear();
        self.due = Some(BTreeSet::new());
        self.is_cron_outdated = true;
    }
}

/// The prefix of a user's key.
const USER: &str = "key:";

fn user_key(key: &str) -> String {
    format!("{USER}{key}")
}
