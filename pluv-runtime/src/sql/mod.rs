//! The object's database: what platforms implement, and the statements of the room itself and of its handlers.

mod names;
mod row;
mod value;

use std::{fmt, rc::Rc};

pub use self::value::{Params, ToValue, Value};
pub(crate) use self::{names::check_names, row::from_row, value::MAX_INTEGER};

/// A database that answers at once, as a Durable Object's `SQLite` does.
///
/// What the platform refuses, the room itself must not ask for: a value or row over 2 MB, more than 100 parameters, `BEGIN`
/// and its like.
pub trait Driver: fmt::Debug {
    /// Runs a statement and returns its rows.
    ///
    /// # Errors
    /// When the database refuses the statement or fails.
    fn query(&self, statement: &str, params: Vec<Value>) -> Result<Box<dyn Rows + '_>, SqlError>;

    /// How many rows were written so far, as the platform counts them.
    fn rows_written(&self) -> u64;

    /// Runs `run` in a transaction: if it fails, or the commit does, nothing of what it wrote is there. May be nested.
    ///
    /// # Errors
    /// What `run` returns, and when the database can't commit.
    fn transaction(&self, run: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<(), SqlError>;
}

/// The rows of a statement, read one by one.
pub trait Rows {
    /// The names of the columns.
    fn columns(&self) -> &[String];

    /// Returns the next row; none after the last one.
    ///
    /// # Errors
    /// When the database fails.
    fn next(&mut self) -> Result<Option<Vec<Value>>, SqlError>;
}

/// The object's database. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Database(Rc<dyn Driver>);

impl<D: Driver + 'static> From<D> for Database {
    fn from(driver: D) -> Self {
        Self(Rc::new(driver))
    }
}

impl Database {
    /// Runs a statement; its rows are read one by one.
    pub(crate) fn query(&self, statement: &str, params: Vec<Value>) -> Result<Box<dyn Rows + '_>, SqlError> {
        self.0.query(statement, params)
    }

    /// Runs a statement and returns its rows.
    pub(crate) fn exec(&self, statement: &str, params: Vec<Value>) -> Result<Vec<Vec<Value>>, SqlError> {
        let mut found = Vec::new();
        self.each(statement, params, |row| found.push(row))?;
        Ok(found)
    }

    /// Whether there is a table of this name.
    pub(crate) fn has_table(&self, name: &str) -> Result<bool, SqlError> {
        Ok(!self.exec("SELECT 1 FROM sqlite_master WHERE name = ?", vec![name.into()])?.is_empty())
    }

    /// Runs a statement and hands over each row as it comes, so that two need not be held at once.
    pub(crate) fn each(
        &self,
        statement: &str,
        params: Vec<Value>,
        mut row: impl FnMut(Vec<Value>),
    ) -> Result<(), SqlError> {
        let mut rows = self.query(statement, params)?;
        while let Some(values) = rows.next()? {
            row(values);
        }
        Ok(())
    }

    /// How many rows were written since the room woke, as the platform counts and bills them.
    pub(crate) fn rows_written(&self) -> u64 {
        self.0.rows_written()
    }

    /// Runs `run` in a transaction: if it fails, or the commit does, nothing of what it wrote is there.
    pub(crate) fn transaction<T, E: From<SqlError>>(&self, run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let (mut run, mut result) = (Some(run), None);
        let committed = self.0.transaction(&mut || {
            let outcome = run.take().map(|run| run());
            let is_good = matches!(outcome, Some(Ok(_)));
            result = outcome;
            if is_good { Ok(()) } else { Err(SqlError("rolled back".to_owned())) }
        });
        match (result, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(SqlError("the transaction did not run".to_owned()).into()),
        }
    }
}

/// The database failed, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SqlError(pub(crate) String);

/// A row of a table of pluv's own does not fit.
impl From<row::RowError> for SqlError {
    fn from(error: row::RowError) -> Self {
        Self(error.to_string())
    }
}
