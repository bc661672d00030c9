//! A database with the limits of a Durable Object's, which counts rows, and fails or crashes on demand.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use rusqlite::{
    Connection, StatementStatus,
    types::{self, ValueRef},
};

use crate::sql::{Driver, MAX_INTEGER, Rows, SqlError, Value};

type Result<T> = std::result::Result<T, SqlError>;

/// The platform's limit of a value and of a row, in bytes.
const MAX_ROW: usize = 2_000_000;
const MAX_PARAMS: usize = 100;

/// Statements that the platform refuses.
const TRANSACTIONS: [&str; 6] = ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"];

/// How a call to the storage fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The call does nothing and returns an error; later calls work.
    Error,
    /// The call succeeds but returns an error, as when the answer is lost.
    ErrorAfter,
    /// The host crashes in the call: uncommitted changes are lost, and the room with all its connections.
    Crash,
}

/// A handle to a database; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Database(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    db: RefCell<Connection>,
    state: Cell<State>,
}

/// The counts of a database, and its pending failures.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    calls: u64,
    /// The number of a call, and its fault.
    fault: Option<(u64, Fault)>,
    is_dead: bool,
    /// How many transactions are open, one in the other.
    depth: u32,
    /// The number of writes that are still to fail.
    failing: u32,
    is_full: bool,
    written: u64,
    read: u64,
    scanned: i32,
}

impl Database {
    pub(crate) fn new() -> Self {
        let db = expect_ok(Connection::open_in_memory());
        Self(Rc::new(Inner { db: RefCell::new(db), state: Cell::default() }))
    }

    fn update<T>(&self, update: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.state.get();
        let result = update(&mut state);
        self.0.state.set(state);
        result
    }

    /// Lets a call fail after `calls` more. Statements and commits are calls.
    pub(crate) fn at(&self, calls: u64, fault: Fault) {
        self.update(|state| state.fault = Some((state.calls + calls, fault)));
    }

    /// Makes the database usable after a crash, without a pending fault.
    pub(crate) fn reopen(&self) {
        assert!(self.0.db.borrow().is_autocommit());
        self.update(|state| (state.is_dead, state.fault) = (false, None));
    }

    /// Returns whether it has crashed and was not reopened.
    pub(crate) fn is_dead(&self) -> bool {
        self.0.state.get().is_dead
    }

    /// Runs a function without counting or faults.
    pub(crate) fn untroubled<T>(&self, run: impl FnOnce() -> T) -> T {
        let state = self.0.state.take();
        let result = run();
        self.0.state.set(state);
        result
    }

    /// Lets the next writes fail.
    pub(crate) fn fail_writes(&self, writes: u32) {
        self.update(|state| state.failing = writes);
    }

    /// Fills the storage or frees space again. In full storage, rows can be read and deleted.
    pub(crate) fn set_full(&self, is_full: bool) {
        self.update(|state| state.is_full = is_full);
    }

    pub(crate) fn calls(&self) -> u64 {
        self.0.state.get().calls
    }

    /// Runs a statement without counting or faults.
    pub(crate) fn run(&self, statement: &str) -> usize {
        expect_ok(self.0.db.borrow().execute(statement, []))
    }

    /// Returns the number that a query selects.
    pub(crate) fn number(&self, query: &str) -> i64 {
        expect_ok(expect_ok(self.0.db.borrow().prepare_cached(query)).query_row([], |row| row.get(0)))
    }

    /// Returns the names of the tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        let db = self.0.db.borrow();
        let mut query = expect_ok(db.prepare_cached("SELECT name FROM sqlite_master WHERE type = 'table'"));
        let names = expect_ok(query.query_map([], |row| row.get(0)));
        names.map(expect_ok).collect()
    }

    fn call<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.is_dead() {
            return Err(SqlError("the room is gone".into()));
        }
        let fault = self.update(|state| {
            state.calls += 1;
            state.fault.filter(|(at, _)| at + 1 == state.calls)
        });
        match fault.map(|(_, fault)| fault) {
            None => run(),
            Some(Fault::Error) => Err(SqlError("the storage failed".into())),
            Some(Fault::ErrorAfter) => run().and(Err(SqlError("lost the answer".into()))),
            Some(Fault::Crash) => {
                if self.update(|state| {
                    state.is_dead = true;
                    state.depth > 0
                }) {
                    self.run("ROLLBACK");
                }
                Err(SqlError("crashed".into()))
            }
        }
    }

    fn check_writable(&self, verb: &str) -> Result<()> {
        self.update(|state| match verb {
            "SELECT" => Ok(()),
            _ if state.failing > 0 => {
                state.failing -= 1;
                Err(SqlError("the storage failed".into()))
            }
            // A deletion frees space.
            _ if state.is_full && verb != "DELETE" => Err(SqlError("database or disk is full".into())),
            _ => Ok(()),
        })
    }

    fn run_query(&self, statement: &str, params: Vec<Value>) -> Result<Found> {
        let failed = |error: rusqlite::Error| SqlError(error.to_string());
        let verb = statement.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        if TRANSACTIONS.contains(&verb.as_str()) {
            return Err(SqlError(format!("`{verb}` is not allowed: use a transaction of the room")));
        }
        self.check_writable(&verb)?;
        if params.len() > MAX_PARAMS {
            return Err(SqlError(format!("too many SQL variables: {} of at most {MAX_PARAMS}", params.len())));
        }
        let size = |value: &Value| match value {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            _ => 9,
        };
        if params.iter().map(size).sum::<usize>() > MAX_ROW {
            return Err(SqlError("string or blob too big: a row has at most 2 MB".to_owned()));
        }
        let db = self.0.db.borrow();
        let before = db.total_changes();
        let tables = || -> u64 {
            let mut count = expect_ok(db.prepare_cached("SELECT COUNT(*) FROM sqlite_master"));
            expect_ok(count.query_row([], |row| row.get(0)))
        };
        let tables_before = if verb == "CREATE" { tables() } else { 0 };
        // Parameters are of the last of several statements.
        let (first, last) = statement.trim().trim_end_matches(';').rsplit_once(';').unwrap_or(("", statement));
        db.execute_batch(first).map_err(failed)?;
        let mut prepared = db.prepare_cached(last).map_err(failed)?;
        let columns: Vec<_> = prepared.column_names().into_iter().map(str::to_owned).collect();
        for (index, value) in params.into_iter().enumerate() {
            match value {
                Value::Null => prepared.raw_bind_parameter(index + 1, types::Null),
                Value::Integer(value) => {
                    assert!(value.abs() <= MAX_INTEGER, "{value} is not safe in JavaScript");
                    prepared.raw_bind_parameter(index + 1, value)
                }
                Value::Real(value) => prepared.raw_bind_parameter(index + 1, value),
                Value::Text(value) => prepared.raw_bind_parameter(index + 1, value),
                Value::Blob(value) => prepared.raw_bind_parameter(index + 1, value),
            }
            .map_err(failed)?;
        }
        let mut found = Found { columns, rows: VecDeque::new() };
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            self.update(|state| state.read += 1);
            let value = |index| match expect_ok(row.get_ref(index)) {
                ValueRef::Null => Value::Null,
                ValueRef::Real(value) => Value::Real(value),
                ValueRef::Integer(value) => Value::Integer(value),
                ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
            };
            found.rows.push_back((0..found.columns.len()).map(value).collect());
        }
        drop(rows);
        let made = if verb == "CREATE" { tables() - tables_before } else { 0 };
        let written = db.total_changes() - before + 2 * made;
        let scanned = prepared.reset_status(StatementStatus::FullscanStep);
        self.update(|state| {
            state.scanned += scanned;
            state.written += written;
        });
        Ok(found)
    }
}

/// The rows of a statement.
struct Found {
    columns: Vec<String>,
    rows: VecDeque<Vec<Value>>,
}

impl Rows for Found {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self) -> Result<Option<Vec<Value>>> {
        Ok(self.rows.pop_front())
    }
}

impl Driver for Database {
    fn query(&self, statement: &str, params: Vec<Value>) -> Result<Box<dyn Rows + '_>> {
        let found = self.call(|| self.run_query(statement, params))?;
        Ok(Box::new(found))
    }

    fn rows_written(&self) -> u64 {
        self.0.state.get().written
    }

    fn transaction(&self, run: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        if self.is_dead() {
            return Err(SqlError("the room is gone".into()));
        }
        let (depth, written) = self.update(|state| {
            state.depth += 1;
            (state.depth - 1, state.written)
        });
        let (begin, commit, roll_back) = match depth {
            0 => ("BEGIN".to_owned(), "COMMIT".to_owned(), "ROLLBACK".to_owned()),
            _ => (
                format!("SAVEPOINT inner_{depth}"),
                format!("RELEASE inner_{depth}"),
                format!("ROLLBACK TO inner_{depth}; RELEASE inner_{depth}"),
            ),
        };
        self.run(&begin);
        let mut is_over = false;
        let result = run().and_then(|()| {
            self.call(|| {
                self.run(&commit);
                is_over = true;
                Ok(())
            })
        });
        self.update(|state| state.depth = depth);
        if result.is_err() && !is_over {
            self.update(|state| state.written = written);
            if !self.0.db.borrow().is_autocommit() {
                expect_ok(self.0.db.borrow().execute_batch(&roll_back));
            }
        }
        result
    }
}

#[cfg(test)]
impl Database {
    /// Returns the fault that occurred since the last call, if any.
    pub(crate) fn take_fault(&self) -> Option<Fault> {
        self.update(|state| state.fault.take_if(|(at, _)| *at < state.calls)).map(|(_, fault)| fault)
    }

    /// Returns the rows written since the last call, counted as in workerd: each row that is inserted, replaced or deleted,
    /// and two for a table.
    pub(crate) fn take_written(&self) -> u64 {
        self.update(|state| std::mem::take(&mut state.written))
    }

    /// Returns the number of rows read since the last call.
    pub(crate) fn take_read(&self) -> u64 {
        self.update(|state| std::mem::take(&mut state.read))
    }

    /// Returns the rows that were scanned without an index since the last call.
    pub(crate) fn take_scanned(&self) -> i32 {
        self.update(|state| std::mem::take(&mut state.scanned))
    }

    /// Returns everything that is stored.
    pub(crate) fn dump(&self) -> Vec<(String, Vec<types::Value>)> {
        let db = self.0.db.borrow();
        let all = |table: &str| -> Vec<(String, Vec<types::Value>)> {
            let mut query = expect_ok(db.prepare(&format!("SELECT * FROM {table}")));
            let columns = query.column_count();
            let values =
                |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<_>>();
            expect_ok(query.query_map([], |row| Ok((table.to_owned(), values(row)?)))).map(expect_ok).collect()
        };
        let tables = all("sqlite_master");
        let names = tables.iter().filter_map(|(_, row)| match row.get(1) {
            Some(types::Value::Text(name)) => Some(name),
            _ => None,
        });
        let rows: Vec<_> = names.flat_map(|name| all(name)).collect();
        [tables, rows].concat()
    }
}

/// Returns a result that `SQLite` in memory always has.
fn expect_ok<T>(result: rusqlite::Result<T>) -> T {
    result.expect("a statement on SQLite in memory succeeds")
}
