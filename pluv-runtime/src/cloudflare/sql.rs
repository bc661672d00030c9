//! The object's `SQLite`, for the document.

use std::{cell::Cell, fmt};

use worker::{
    SqlStorage, SqlStorageValue, State,
    wasm_bindgen::{self, JsCast, JsValue, prelude::wasm_bindgen},
};

use crate::document::{Sql, SqlError, Value};

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
pub(super) struct Database {
    sql: SqlStorage,
    storage: Transactional,
    written: Cell<u64>,
}

impl Database {
    pub(super) fn new(state: &State) -> Result<Self, JsValue> {
        Ok(Self {
            sql: state.storage().sql(),
            storage: JsValue::from(state.as_raw().storage()?).unchecked_into(),
            written: Cell::new(0),
        })
    }
}

impl Sql for Database {
    fn each(&self, statement: &str, params: Vec<Value>, mut row: impl FnMut(Vec<Value>)) -> Result<(), SqlError> {
        let params: Vec<_> = params.into_iter().map(to_platform).collect();
        let cursor = self.sql.exec(statement, params).map_err(failed)?;
        for values in cursor.raw() {
            row(values.map_err(failed)?.into_iter().map(from_platform).collect());
        }
        self.written.set(self.written.get() + cursor.rows_written() as u64);
        Ok(())
    }

    fn rows_written(&self) -> u64 {
        self.written.get()
    }

    fn transaction<T>(&self, run: impl FnOnce() -> Result<T, SqlError>) -> Result<T, SqlError> {
        let mut run = Some(run);
        let mut result = None;
        let committed = self.storage.transaction_sync(&mut || {
            let outcome = run.take().map(|run| run());
            let failed = matches!(outcome, Some(Err(_)));
            result = outcome;
            // What is thrown rolls back.
            if failed { Err(JsValue::NULL) } else { Ok(()) }
        });
        match (result, committed) {
            (Some(Ok(value)), Ok(_)) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(failed(format!("{error:?}"))),
            (None, Ok(_)) => Err(failed("the transaction did not run")),
        }
    }
}

fn to_platform(value: Value) -> SqlStorageValue {
    match value {
        Value::Null => SqlStorageValue::Null,
        Value::Integer(value) => SqlStorageValue::Integer(value),
        Value::Text(value) => SqlStorageValue::String(value),
        Value::Blob(value) => SqlStorageValue::Blob(value),
    }
}

fn from_platform(value: SqlStorageValue) -> Value {
    match value {
        SqlStorageValue::Integer(value) => Value::Integer(value),
        // The platform gives every number as a float.
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within 53 bits")]
        SqlStorageValue::Float(value) if value.fract() == 0.0 => Value::Integer(value as i64),
        SqlStorageValue::String(value) => Value::Text(value),
        SqlStorageValue::Blob(value) => Value::Blob(value),
        SqlStorageValue::Null | SqlStorageValue::Boolean(_) | SqlStorageValue::Float(_) => Value::Null,
    }
}

fn failed(error: impl fmt::Display) -> SqlError {
    SqlError(error.to_string())
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}
