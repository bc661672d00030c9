//! The object's `SQLite`.

use std::{cell::Cell, fmt};

use worker::{
    SqlCursor, SqlCursorRawIterator, SqlStorage, SqlStorageValue, State,
    wasm_bindgen::{self, JsCast, JsValue, prelude::wasm_bindgen},
};

use crate::sql::{Driver, MAX_INTEGER, Rows, SqlError, Value};

// `worker` does not wrap it.
#[wasm_bindgen(wasm_bindgen = wasm_bindgen)]
extern "C" {
    /// A `DurableObjectStorage`.
    type Transactional;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(this: &Transactional, run: &mut dyn FnMut() -> Result<(), JsValue>)
    -> Result<JsValue, JsValue>;
}

/// The object's database.
pub(super) struct ObjectDatabase {
    sql: SqlStorage,
    storage: Transactional,
    written: Cell<u64>,
}

impl ObjectDatabase {
    pub(super) fn new(state: &State) -> Result<Self, JsValue> {
        Ok(Self {
            sql: state.storage().sql(),
            storage: JsValue::from(state.as_raw().storage()?).unchecked_into(),
            written: Cell::new(0),
        })
    }
}

impl Driver for ObjectDatabase {
    fn query(&self, statement: &str, params: Vec<Value>) -> Result<Box<dyn Rows + '_>, SqlError> {
        let params: Vec<_> = params.into_iter().map(to_platform).collect();
        let cursor = self.sql.exec(statement, params).map_err(failed)?;
        Ok(Box::new(Cursor { columns: cursor.column_names(), rows: cursor.raw(), cursor, written: &self.written }))
    }

    fn rows_written(&self) -> u64 {
        self.written.get()
    }

    fn transaction(&self, run: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<(), SqlError> {
        let mut result = None;
        let committed = self.storage.transaction_sync(&mut || {
            let outcome = run();
            // What is thrown rolls back.
            let thrown = outcome.as_ref().copied().map_err(|_| JsValue::NULL);
            result = Some(outcome);
            thrown
        });
        match (result, committed) {
            (Some(result), committed) => {
                result.and_then(|()| committed.map(drop).map_err(|error| failed(format!("{error:?}"))))
            }
            // The code within panicked: what it had borrowed is lost with the instance, so that nothing may go on.
            (None, Err(panic)) => wasm_bindgen::throw_val(panic),
            (None, Ok(_)) => Err(failed("the transaction did not run")),
        }
    }
}

/// The rows of a statement.
struct Cursor<'a> {
    columns: Vec<String>,
    rows: SqlCursorRawIterator,
    cursor: SqlCursor,
    written: &'a Cell<u64>,
}

impl Rows for Cursor<'_> {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self) -> Result<Option<Vec<Value>>, SqlError> {
        let Some(values) = self.rows.next() else { return Ok(None) };
        Ok(Some(values.map_err(failed)?.into_iter().map(from_platform).collect()))
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        self.written.set(self.written.get() + self.cursor.rows_written() as u64);
    }
}

fn to_platform(value: Value) -> SqlStorageValue {
    match value {
        Value::Null => SqlStorageValue::Null,
        Value::Integer(value) => SqlStorageValue::Integer(value),
        Value::Real(value) => SqlStorageValue::Float(value),
        Value::Text(value) => SqlStorageValue::String(value),
        Value::Blob(value) => SqlStorageValue::Blob(value),
    }
}

fn from_platform(value: SqlStorageValue) -> Value {
    match value {
        SqlStorageValue::Integer(value) => Value::Integer(value),
        // The platform gives every number as a float.
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within 53 bits")]
        SqlStorageValue::Float(value) if value.fract() == 0.0 && value.abs() <= MAX_INTEGER as f64 => {
            Value::Integer(value as i64)
        }
        SqlStorageValue::Float(value) => Value::Real(value),
        SqlStorageValue::String(value) => Value::Text(value),
        SqlStorageValue::Blob(value) => Value::Blob(value),
        SqlStorageValue::Null | SqlStorageValue::Boolean(_) => Value::Null,
    }
}

fn failed(error: impl fmt::Display) -> SqlError {
    SqlError(error.to_string())
}

impl fmt::Debug for ObjectDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectDatabase").finish_non_exhaustive()
    }
}
