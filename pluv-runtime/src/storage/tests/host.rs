//! A database that is as strict as a Durable Object's, counts what is dear, and fails or dies when told to.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use rusqlite::{
    Connection, Row, StatementStatus,
    types::{self, ValueRef},
};

use crate::storage::sql::{Result, Sql, SqlError, Value};

/// What the platform allows in a value and in a row, in bytes.
const MAX_ROW: usize = 2_000_000;
const MAX_PARAMS: usize = 100;

/// What happens at the call that `Host::at` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call does nothing and returns an error; the next ones work.
    Error,
    /// The call does all that it should and returns an error.
    ErrorAfter,
    /// What is not committed is gone, and no call works until `reopen`.
    Crash,
}

/// A handle to a database; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Host(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    db: RefCell<Connection>,
    calls: Cell<u64>,
    fault: Cell<Option<(u64, Fault)>>,
    dead: Cell<bool>,
    in_transaction: Cell<bool>,
    written: Cell<u64>,
    read: Cell<u64>,
    scanned: Cell<i32>,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Inner {
            db: RefCell::new(Connection::open_in_memory().unwrap()),
            calls: Cell::new(0),
            fault: Cell::new(None),
            dead: Cell::new(false),
            in_transaction: Cell::new(false),
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

    /// The fault that has been met since the last call, if one was.
    pub(crate) fn take_fault(&self) -> Option<Fault> {
        let (at, fault) = self.0.fault.get()?;
        (at < self.0.calls.get()).then(|| {
            self.0.fault.set(None);
            fault
        })
    }

    /// Lets a test look at what is stored, without counting or faults.
    pub(crate) fn untroubled<T>(&self, look: impl FnOnce() -> T) -> T {
        let Inner { calls, fault, dead, written, read, .. } = &*self.0;
        let before = (calls.get(), fault.take(), dead.take(), written.get(), read.get());
        let result = look();
        calls.set(before.0);
        fault.set(before.1);
        dead.set(before.2);
        written.set(before.3);
        read.set(before.4);
        result
    }

    pub(crate) fn calls(&self) -> u64 {
        self.0.calls.get()
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

    /// Runs a test's own statement, without counting or faults.
    pub(crate) fn run(&self, statement: &str) -> usize {
        self.0.db.borrow().execute(statement, []).unwrap()
    }

    /// The one number that a query returns.
    pub(crate) fn number(&self, query: &str) -> i64 {
        self.0.db.borrow().prepare_cached(query).unwrap().query_row([], |row| row.get(0)).unwrap()
    }

    /// All that is stored, to compare.
    pub(crate) fn dump(&self) -> Vec<(String, Vec<types::Value>)> {
        let db = self.0.db.borrow();
        let all = |table: &str| -> Vec<(String, Vec<types::Value>)> {
            let mut query = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = query.column_count();
            let values = |row: &Row<'_>| (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<_>>();
            query.query_map([], |row| Ok((table.to_owned(), values(row)?))).unwrap().map(|row| row.unwrap()).collect()
        };
        let tables = all("sqlite_master");
        let names = tables.iter().filter_map(|(_, row)| match row.get(1) {
            Some(types::Value::Text(name)) => Some(name),
            _ => None,
        });
        let rows: Vec<_> = names.flat_map(|name| all(name)).collect();
        [tables, rows].concat()
    }

    fn call<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        let inner = &self.0;
        if inner.dead.get() {
            return Err(SqlError("the room is gone".into()));
        }
        let call = inner.calls.replace(inner.calls.get() + 1);
        match inner.fault.get().filter(|(at, _)| *at == call).map(|(_, fault)| fault) {
            None => run(),
            Some(Fault::Error) => Err(SqlError("no space left".into())),
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

    fn query(&self, statement: &str, params: Vec<Value>, row: &mut dyn FnMut(Vec<Value>)) -> Result<()> {
        let failed = |error: rusqlite::Error| SqlError(error.to_string());
        assert!(params.len() <= MAX_PARAMS, "{} parameters", params.len());
        let sizes = params.iter().map(|value| match value {
            Value::Blob(bytes) => bytes.len(),
            Value::Text(text) => text.len(),
            _ => 9,
        });
        assert!(sizes.sum::<usize>() <= MAX_ROW, "a row of over 2 MB: {statement}");
        let verb = statement.split_whitespace().next().unwrap();
        assert!(["SELECT", "INSERT", "DELETE", "CREATE", "ALTER", "UPDATE"].contains(&verb), "{statement}");

        let db = self.0.db.borrow();
        let before = db.total_changes();
        let mut count = db.prepare_cached("SELECT COUNT(*) FROM sqlite_master").unwrap();
        let mut tables = || -> u64 { count.query_row([], |row| row.get(0)).unwrap() };
        let tables_before = tables();
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
                .map(|index| match found.get_ref(index).unwrap() {
                    ValueRef::Null | ValueRef::Real(_) => Value::Null,
                    ValueRef::Integer(value) => Value::Integer(value),
                    ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
                })
                .collect());
        }
        drop(rows);
        self.0.scanned.set(self.0.scanned.get() + prepared.reset_status(StatementStatus::FullscanStep));
        let written = db.total_changes() - before + 2 * (tables() - tables_before);
        self.0.written.set(self.0.written.get() + written);
        Ok(())
    }
}

impl Sql for Host {
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
