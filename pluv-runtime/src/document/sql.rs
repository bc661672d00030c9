//! The few calls to a database that storage is made of.

use std::{error, fmt, result};

/// A database that answers at once, as a Durable Object's `SQLite` does.
///
/// What the platform refuses, a caller must not ask for: a value or row over 2 MB, more than 100 parameters, `BEGIN`
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError(pub(crate) String);

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for SqlError {}
