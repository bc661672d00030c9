//! The calls to a database that the document is stored by, and its tables.

use std::{fmt, result};

/// A database that answers at once, as a Durable Object's `SQLite` does.
///
/// A caller must not ask for what the platform refuses: a value or row over 2 MB, more than 100 parameters, `BEGIN`
/// and its like.
pub trait Sql: fmt::Debug {
    /// Runs one statement and hands over each row of its answer as it comes, so that two need not be held at once.
    /// `row` must not use the database.
    ///
    /// # Errors
    /// When the database refuses the statement or fails.
    fn each(&self, statement: &str, params: Vec<Value>, row: impl FnMut(Vec<Value>)) -> Result<()>;

    /// How many rows were written so far, as the platform counts them.
    fn rows_written(&self) -> u64;

    /// Runs `run` in a transaction: if it fails, or the commit does, nothing of what it wrote is there. Never nested.
    ///
    /// # Errors
    /// What `run` returns, and when the database can't commit.
    fn transaction<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T>;

    /// Runs one statement and returns its rows.
    ///
    /// # Errors
    /// When the database refuses the statement or fails.
    fn exec(&self, statement: &str, params: Vec<Value>) -> Result<Vec<Vec<Value>>> {
        let mut rows = Vec::new();
        self.each(statement, params, |row| rows.push(row))?;
        Ok(rows)
    }
}

impl<S: Sql> Sql for std::rc::Rc<S> {
    fn each(&self, statement: &str, params: Vec<Value>, row: impl FnMut(Vec<Value>)) -> Result<()> {
        (**self).each(statement, params, row)
    }

    fn rows_written(&self) -> u64 {
        (**self).rows_written()
    }

    fn transaction<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        (**self).transaction(run)
    }
}

/// A value in a row or for a parameter. A type that is missing here, a float, is read as `Null`; nothing of ours is
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// None.
    Null,
    /// Within 53 bits, as it passes through a JavaScript number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    pub(super) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

pub(crate) type Result<T> = result::Result<T, SqlError>;

/// Storage failed, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SqlError(pub(crate) String);

/// The statements that lead from each version to the next; version 0 is a room without tables. Never change one that
/// has been released: add.
pub(super) const MIGRATIONS: &[&[&str]] = &[&[
    // The small columns come before the data, which may lie on pages of its own that nobody need read for them.
    "CREATE TABLE pluv_log
        (start INTEGER PRIMARY KEY, head INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL)",
    "CREATE TABLE pluv_snapshot
        (part INTEGER PRIMARY KEY, length INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL)",
    "CREATE TABLE pluv_damaged
        (id INTEGER PRIMARY KEY, source TEXT NOT NULL, place, head, length, crc, reason TEXT NOT NULL, data)",
]];

/// The tables of one database. They are made by the first write: each costs two written rows, and most rooms only chat.
#[derive(Debug)]
pub(super) struct Schema {
    migrations: &'static [&'static [&'static str]],
    /// Whether the tables are there, in the current version; `None` before the first look.
    exists: Option<bool>,
}

impl Schema {
    pub(super) fn new(migrations: &'static [&'static [&'static str]]) -> Self {
        Self { migrations, exists: None }
    }

    /// Whether there are tables. Those of an older version are migrated first.
    pub(super) fn exists(&mut self, sql: &impl Sql) -> Result<bool> {
        if let Some(exists) = self.exists {
            return Ok(exists);
        }
        let version = self.version(sql)?;
        if version > 0 {
            self.migrate(sql, version)?;
        }
        self.exists = Some(version > 0);
        Ok(version > 0)
    }

    /// Makes the tables unless they are there.
    pub(super) fn create(&mut self, sql: &impl Sql) -> Result<()> {
        if !self.exists(sql)? {
            self.migrate(sql, 0)?;
            self.exists = Some(true);
        }
        Ok(())
    }

    /// Reads the version anew next time: storage failed, and its state is not known.
    pub(super) fn reset(&mut self) {
        self.exists = None;
    }

    /// The version that is stored, at most the one known.
    fn version(&self, sql: &impl Sql) -> Result<usize> {
        if sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'pluv_meta'", vec![])?.is_empty() {
            return Ok(0);
        }
        let rows = sql.exec("SELECT value FROM pluv_meta WHERE key = 'schema'", vec![])?;
        let Some(value) = rows.first().and_then(|row| row.first()) else { return Ok(0) };
        let known = self.migrations.len();
        match value.as_integer().map(usize::try_from) {
            Some(Ok(version)) if version <= known => Ok(version),
            Some(Ok(version)) => Err(SqlError(format!(
                "the document was written by a newer version: its tables have version {version}, this one knows {known}"
            ))),
            _ => Err(SqlError(format!("the version of the room's tables can't be read: {value:?}"))),
        }
    }

    fn migrate(&self, sql: &impl Sql, from: usize) -> Result<()> {
        let missing = self.migrations.get(from..).unwrap_or_default();
        if missing.is_empty() {
            return Ok(());
        }
        sql.transaction(|| {
            sql.exec("CREATE TABLE IF NOT EXISTS pluv_meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID", vec![])?;
            for statement in missing.iter().copied().flatten() {
                sql.exec(statement, vec![])?;
            }
            let version = (from + missing.len()) as i64;
            sql.exec("INSERT OR REPLACE INTO pluv_meta (key, value) VALUES ('schema', ?)", vec![version.into()])?;
            Ok(())
        })
    }
}
