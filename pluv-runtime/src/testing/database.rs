//! A database that is as strict as a Durable Object's, counts what is dear, and fails or dies when told to.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use rusqlite::{
    Connection, StatementStatus,
    types::{self, ValueRef},
};

use crate::document::{Sql, SqlError, Value};

type Result<T> = std::result::Result<T, SqlError>;

/// What the platform allows in a value and in a row, in bytes.
const MAX_ROW: usize = 2_000_000;
const MAX_PARAMS: usize = 100;

/// How a call to the storage fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It does nothing and returns an error; the next ones work.
    Error,
    /// It does all that it should and returns an error all the same, as when the answer is lost.
    ErrorAfter,
    /// The host dies in it: what is not committed is gone, and the room with all its connections.
    Crash,
}

/// A handle to a database; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Database(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    db: RefCell<Connection>,
    calls: Cell<u64>,
    fault: Cell<Option<(u64, Fault)>>,
    dead: Cell<bool>,
    in_transaction: Cell<bool>,
    /// How many writes are still to fail, and whether there is no space for any.
    failing: Cell<u32>,
    full: Cell<bool>,
    written: Cell<u64>,
    read: Cell<u64>,
    scanned: Cell<i32>,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Inner {
            db: RefCell::new(sound(Connection::open_in_memory())),
            calls: Cell::new(0),
            fault: Cell::new(None),
            dead: Cell::new(false),
            in_transaction: Cell::new(false),
            failing: Cell::new(0),
            full: Cell::new(false),
            written: Cell::new(0),
            read: Cell::new(0),
            scanned: Cell::new(0),
        }))
    }

    /// Lets the call after `calls` more meet its fault. Statements and commits are calls.
    pub(crate) fn at(&self, calls: u64, fault: Fault) {
        self.0.fault.set(Some((self.0.calls.get() + calls, fault)));
    }

    /// Back after a crash; no fault is pending.
    pub(crate) fn reopen(&self) {
        assert!(self.0.db.borrow().is_autocommit());
        self.0.dead.set(false);
        self.0.fault.set(None);
    }

    /// Whether it has crashed and was not reopened.
    pub(crate) fn is_dead(&self) -> bool {
        self.0.dead.get()
    }

    /// Looks at what is stored, without counting or faults.
    pub(crate) fn untroubled<T>(&self, look: impl FnOnce() -> T) -> T {
        let Inner { calls, fault, dead, failing, full, written, read, .. } = &*self.0;
        let before = (calls.get(), fault.take(), dead.take(), failing.take(), full.take(), written.get(), read.get());
        let result = look();
        calls.set(before.0);
        fault.set(before.1);
        dead.set(before.2);
        failing.set(before.3);
        full.set(before.4);
        written.set(before.5);
        read.set(before.6);
        result
    }

    /// Lets the next writes fail.
    pub(crate) fn fail_writes(&self, writes: u32) {
        self.0.failing.set(writes);
    }

    /// Leaves no space for anything, or again for all; what is there can be read and deleted.
    pub(crate) fn set_full(&self, is_full: bool) {
        self.0.full.set(is_full);
    }

    pub(crate) fn calls(&self) -> u64 {
        self.0.calls.get()
    }

    /// Runs a statement without counting or faults.
    pub(crate) fn run(&self, statement: &str) -> usize {
        sound(self.0.db.borrow().execute(statement, []))
    }

    /// The one number that a query returns.
    pub(crate) fn number(&self, query: &str) -> i64 {
        sound(sound(self.0.db.borrow().prepare_cached(query)).query_row([], |row| row.get(0)))
    }

    /// The names of the tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        let db = self.0.db.borrow();
        let mut query = sound(db.prepare_cached("SELECT name FROM sqlite_master WHERE type = 'table'"));
        let names = sound(query.query_map([], |row| row.get(0)));
        names.map(sound).collect()
    }

    fn call<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        let inner = &self.0;
        if inner.dead.get() {
            return Err(SqlError("the room is gone".into()));
        }
        let call = inner.calls.replace(inner.calls.get() + 1);
        match inner.fault.get().filter(|(at, _)| *at == call).map(|(_, fault)| fault) {
            None => run(),
            Some(Fault::Error) => Err(SqlError("the storage failed".into())),
            Some(Fault::ErrorAfter) => run().and(Err(SqlError("lost the answer".into()))),
            Some(Fault::Crash) => {
                inner.dead.set(true);
                if inner.in_transaction.get() {
                    self.run("ROLLBACK");
                }
                Err(SqlError("crashed".into()))
            }
        }
    }

    fn check_writable(&self, verb: &str) -> Result<()> {
        let Inner { failing, full, .. } = &*self.0;
        if verb == "SELECT" {
            return Ok(());
        }
        if failing.get() > 0 {
            failing.set(failing.get() - 1);
            return Err(SqlError("the storage failed".into()));
        }
        // What is deleted makes space.
        if full.get() && verb != "DELETE" {
            return Err(SqlError("database or disk is full".into()));
        }
        Ok(())
    }

    fn query(&self, statement: &str, params: Vec<Value>, row: &mut dyn FnMut(Vec<Value>)) -> Result<()> {
        let failed = |error: rusqlite::Error| SqlError(error.to_string());
        let verb = statement.split_whitespace().next().unwrap_or_default();
        self.check_writable(verb)?;
        assert!(params.len() <= MAX_PARAMS, "{} parameters", params.len());
        let sizes = params.iter().map(|value| match value {
            Value::Blob(bytes) => bytes.len(),
            Value::Text(text) => text.len(),
            _ => 9,
        });
        assert!(sizes.sum::<usize>() <= MAX_ROW, "a row of over 2 MB: {statement}");
        assert!(["SELECT", "INSERT", "DELETE", "CREATE", "ALTER", "UPDATE"].contains(&verb), "{statement}");

        let db = self.0.db.borrow();
        let before = db.total_changes();
        let tables = || -> u64 {
            let mut count = sound(db.prepare_cached("SELECT COUNT(*) FROM sqlite_master"));
            sound(count.query_row([], |row| row.get(0)))
        };
        let tables_before = if verb == "CREATE" { tables() } else { 0 };
        let mut prepared = db.prepare_cached(statement).map_err(failed)?;
        let columns = prepared.column_count();
        for (index, value) in params.into_iter().enumerate() {
            match value {
                Value::Null => prepared.raw_bind_parameter(index + 1, types::Null),
                Value::Integer(value) => {
                    assert!(value.abs() < 1 << 53, "{value} is not safe in JavaScript");
                    prepared.raw_bind_parameter(index + 1, value)
                }
                Value::Text(value) => prepared.raw_bind_parameter(index + 1, value),
                Value::Blob(value) => prepared.raw_bind_parameter(index + 1, value),
            }
            .map_err(failed)?;
        }
        let mut rows = prepared.raw_query();
        while let Some(found) = rows.next().map_err(failed)? {
            self.0.read.set(self.0.read.get() + 1);
            row((0..columns)
                .map(|index| match sound(found.get_ref(index)) {
                    ValueRef::Null | ValueRef::Real(_) => Value::Null,
                    ValueRef::Integer(value) => Value::Integer(value),
                    ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
                })
                .collect());
        }
        drop(rows);
        self.0.scanned.set(self.0.scanned.get() + prepared.reset_status(StatementStatus::FullscanStep));
        let made = if verb == "CREATE" { tables() - tables_before } else { 0 };
        let written = db.total_changes() - before + 2 * made;
        self.0.written.set(self.0.written.get() + written);
        Ok(())
    }
}

impl Sql for Database {
    fn rows_written(&self) -> u64 {
        self.0.written.get()
    }

    fn each(&self, statement: &str, params: Vec<Value>, mut row: impl FnMut(Vec<Value>)) -> Result<()> {
        self.call(|| self.query(statement, params, &mut row))
    }

    fn transaction<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.0.dead.get() {
            return Err(SqlError("the room is gone".into()));
        }
        assert!(!self.0.in_transaction.replace(true), "a transaction in a transaction");
        let written = self.0.written.get();
        self.run("BEGIN");
        let result = run().and_then(|value| {
            self.call(|| {
                self.run("COMMIT");
                Ok(value)
            })
        });
        self.0.in_transaction.set(false);
        if result.is_err() {
            self.0.written.set(written);
            if !self.0.db.borrow().is_autocommit() {
                self.run("ROLLBACK");
            }
        }
        result
    }
}

#[cfg(test)]
impl Database {
    /// The fault that has been met since the last call, if one was.
    pub(crate) fn take_fault(&self) -> Option<Fault> {
        let (at, fault) = self.0.fault.get()?;
        (at < self.0.calls.get()).then(|| {
            self.0.fault.set(None);
            fault
        })
    }

    /// Rows written since the last call, counted as workerd does: each row that is inserted, replaced or deleted, and
    /// two for a table.
    pub(crate) fn take_written(&self) -> u64 {
        self.0.written.take()
    }

    /// Rows returned since the last call.
    pub(crate) fn take_read(&self) -> u64 {
        self.0.read.take()
    }

    /// Rows that were passed by in a scan of a whole table since the last call.
    pub(crate) fn take_scanned(&self) -> i32 {
        self.0.scanned.take()
    }

    /// All that is stored, to compare.
    pub(crate) fn dump(&self) -> Vec<(String, Vec<types::Value>)> {
        let db = self.0.db.borrow();
        let all = |table: &str| -> Vec<(String, Vec<types::Value>)> {
            let mut query = sound(db.prepare(&format!("SELECT * FROM {table}")));
            let columns = query.column_count();
            let values =
                |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<_>>();
            sound(query.query_map([], |row| Ok((table.to_owned(), values(row)?)))).map(sound).collect()
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

/// What `SQLite` in memory does not fail at.
fn sound<T>(result: rusqlite::Result<T>) -> T {
    result.expect("SQLite in memory takes what it is given")
}
