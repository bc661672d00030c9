//! The room's own tables and its key-value store, for handlers.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    sql::{Database, Params, Rows, check_names, from_row},
};

/// The `SQLite` of the room's object, for the room's own tables.
///
/// Statements are those of a Durable Object: bindings are question marks, there is no `BEGIN` (a handler that is not `async` is a
/// transaction, an `async` one has [`Context::transaction`](crate::Context::transaction)), and at most 100 parameters and 2 MB a row. Names that
/// begin with `pluv_` are pluv's own tables, and refused.
///
/// ```ignore
/// cx.sql().exec("INSERT INTO rounds (topic, average) VALUES (?, ?)", params![topic, average])?;
/// let past: Vec<Past> = cx.sql().query("SELECT topic, average FROM rounds LIMIT ?", params![10])?;
/// let count: i64 = cx.sql().query_one("SELECT COUNT(*) FROM rounds", params![])?;
/// ```
#[derive(Clone)]
pub struct Sql {
    database: Database,
}

impl Sql {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Runs a statement, and returns how many rows it wrote as the platform counts and bills them: with those of indexes.
    ///
    /// # Errors
    /// When the database refuses the statement or a parameter, or fails.
    pub fn exec(&self, statement: &str, params: Params) -> Result<u64> {
        let before = self.database.rows_written();
        let mut rows = self.rows_of(statement, params)?;
        while rows.next()?.is_some() {}
        drop(rows);
        Ok(self.database.rows_written() - before)
    }

    /// Returns how many rows were written since the room woke, as the platform counts and bills them: also those of its state, its
    /// key-value store and its tasks.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.database.rows_written()
    }

    /// Returns all rows: each a struct by the names of the columns, a tuple by their order, or the only column.
    ///
    /// # Errors
    /// As for [`exec`](Self::exec), and when a row does not fit the type: the column is named.
    pub fn query<T: DeserializeOwned>(&self, statement: &str, params: Params) -> Result<Vec<T>> {
        self.rows(statement, params)?.collect()
    }

    /// Returns the only row.
    ///
    /// # Errors
    /// As for [`query`](Self::query), and when there is no row or more than one.
    pub fn query_one<T: DeserializeOwned>(&self, statement: &str, params: Params) -> Result<T> {
        let row = self.query_optional(statement, params)?;
        row.ok_or_else(|| Error::internal("the query has no row: `query_optional` returns an `Option`"))
    }

    /// Returns the only row, or `None` if there is none.
    ///
    /// # Errors
    /// As for [`query`](Self::query), and when there is more than one row.
    pub fn query_optional<T: DeserializeOwned>(&self, statement: &str, params: Params) -> Result<Option<T>> {
        let mut rows = self.rows(statement, params)?;
        let row = rows.next().transpose()?;
        match rows.next() {
            None => Ok(row),
            Some(_) => Err(Error::internal("the query has more than one row: `query` returns all of them")),
        }
    }

    /// Returns the rows one by one, for results that are too large to hold. Read them before anything else is awaited.
    ///
    /// # Errors
    /// As for [`query`](Self::query); an error of a row is that row's.
    pub fn rows<T: DeserializeOwned>(
        &self,
        statement: &str,
        params: Params,
    ) -> Result<impl Iterator<Item = Result<T>> + use<'_, T>> {
        let mut rows = self.rows_of(statement, params)?;
        Ok(std::iter::from_fn(move || {
            let values = rows.next().transpose()?;
            Some(values.map_err(Error::from).and_then(|values| Ok(from_row(rows.columns(), values)?)))
        }))
    }

    fn rows_of(&self, statement: &str, params: Params) -> Result<Box<dyn Rows + '_>> {
        check_names(statement)?;
        Ok(self.database.query(statement, params.0?)?)
    }
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sql").finish_non_exhaustive()
    }
}

/// The room's key-value store: values of serde by their keys, in a table of the object's `SQLite`.
///
/// A value is stored as JSON, of at most 2 MB with its key.
#[derive(Clone)]
pub struct Kv {
    database: Database,
}

/// The table, which is made by the first write: it costs two written rows.
const CREATE_KV: &str = "CREATE TABLE IF NOT EXISTS pluv_kv (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID";

impl Kv {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Returns the value of a key, or `None` if it has none.
    ///
    /// # Errors
    /// When the database fails, or the value is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        if !self.exists()? {
            return Ok(None);
        }
        let rows = self.database.exec("SELECT value FROM pluv_kv WHERE key = ?", vec![key.into()])?;
        let row = rows.into_iter().next();
        row.map(|row| from_json(key, &from_row::<String>(&[String::new()], row)?)).transpose()
    }

    /// Stores a value, in place of the key's last one.
    ///
    /// # Errors
    /// When the database fails, or the value can't be written as JSON.
    pub fn put<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let json = serde_json::to_string(value)?;
        self.database.exec(CREATE_KV, Vec::new())?;
        self.database
            .exec("INSERT OR REPLACE INTO pluv_kv (key, value) VALUES (?, ?)", vec![key.into(), json.into()])?;
        Ok(())
    }

    /// Returns the keys that begin with `prefix`, in their order, with their values.
    ///
    /// # Errors
    /// When the database fails, or a value is not a `T`.
    pub fn list<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<(String, T)>> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        // The keys with a prefix follow each other, from the prefix on.
        let mut rows =
            self.database.query("SELECT key, value FROM pluv_kv WHERE key >= ? ORDER BY key", vec![prefix.into()])?;
        let mut found = Vec::new();
        while let Some(values) = rows.next()? {
            let (key, json): (String, String) = from_row(rows.columns(), values)?;
            if !key.starts_with(prefix) {
                break;
            }
            let value = from_json(&key, &json)?;
            found.push((key, value));
        }
        Ok(found)
    }

    /// Deletes a key, and returns whether it had a value.
    ///
    /// # Errors
    /// When the database fails.
    pub fn delete(&self, key: &str) -> Result<bool> {
        let sql = "DELETE FROM pluv_kv WHERE key = ? RETURNING 1";
        Ok(self.exists()? && !self.database.exec(sql, vec![key.into()])?.is_empty())
    }

    fn exists(&self) -> Result<bool> {
        Ok(self.database.has_table("pluv_kv")?)
    }
}

fn from_json<T: DeserializeOwned>(key: &str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Error::internal(format!("the value of `{key}` does not fit: {error}")))
}

impl fmt::Debug for Kv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kv").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::{params, testing};

    #[derive(Debug, PartialEq, Deserialize)]
    struct Past {
        topic: String,
        average: f64,
    }

    fn database() -> Database {
        let database = Database::from(testing::Database::new());
        let statement = "CREATE TABLE rounds (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, average REAL)";
        Sql::new(database.clone()).exec(statement, params![]).expect("the table is made");
        database
    }

    #[test]
    fn rows_are_written_and_read() {
        let database = database();
        let sql = Sql::new(database.clone());
        for (topic, average) in [("lunch", 3.5), ("dinner", 4.0)] {
            let written = sql.exec("INSERT INTO rounds (topic, average) VALUES (?, ?)", params![topic, average]);
            assert_eq!(written.expect("it is written"), 1);
        }
        let past: Vec<Past> = sql.query("SELECT topic, average FROM rounds ORDER BY id", params![]).expect("they fit");
        assert_eq!(past[0], Past { topic: "lunch".into(), average: 3.5 });
        assert_eq!(past[1], Past { topic: "dinner".into(), average: 4.0 });
        let count: i64 = sql.query_one("SELECT COUNT(*) FROM rounds WHERE average > ?", params![3]).expect("it is one");
        assert_eq!(count, 2);
        let topics: Result<Vec<(u32, String)>> =
            sql.rows("SELECT id, topic FROM rounds ORDER BY id DESC", params![]).expect("they are read").collect();
        assert_eq!(topics.expect("they fit"), [(2, "dinner".to_owned()), (1, "lunch".to_owned())]);
    }

    #[test]
    fn one_row_is_one_row() {
        let database = database();
        let sql = Sql::new(database.clone());
        let none = sql.query_optional::<String>("SELECT topic FROM rounds", params![]).expect("there may be none");
        assert_eq!(none, None);
        let error = sql.query_one::<String>("SELECT topic FROM rounds", params![]).expect_err("there must be one");
        assert_eq!(error.to_string(), "the query has no row: `query_optional` returns an `Option`");
        sql.exec("INSERT INTO rounds (topic) VALUES ('a'), ('b')", params![]).expect("they are written");
        let error = sql.query_one::<String>("SELECT topic FROM rounds", params![]).expect_err("there are two");
        assert_eq!(error.to_string(), "the query has more than one row: `query` returns all of them");
    }

    #[test]
    fn errors_are_internal_and_say_what_is_wrong() {
        let database = database();
        let sql = Sql::new(database.clone());
        let errors = [
            (sql.exec("SELECT * FROM missing", params![]), "no such table: missing"),
            (sql.exec("SELECT ?", params![u64::MAX]), "store it as TEXT"),
            (sql.exec("DELETE FROM pluv_log", params![]), "pluv's own tables"),
            (sql.exec("BEGIN", params![]), "is not allowed"),
        ];
        for (result, expected) in errors {
            let error = result.expect_err(expected);
            assert!(error.is_internal() && error.to_string().contains(expected), "{error}");
        }
        let error = sql.query_one::<u8>("SELECT 'x' AS topic", params![]).expect_err("it is a text");
        assert!(error.to_string().contains("invalid type: string \"x\", expected u8"), "{error}");
    }

    #[test]
    fn keys_have_values() {
        let database = database();
        let kv = Kv::new(database.clone());
        assert_eq!(kv.get::<u8>("a").expect("it can be read"), None);
        assert_eq!(kv.list::<u8>("").expect("it can be read"), []);
        assert!(!kv.delete("a").expect("it can be deleted"));
        for key in ["votes/ada", "votes/bob", "votesabc", "vote"] {
            kv.put(key, &BTreeMap::from([("value", 1)])).expect("it is stored");
        }
        kv.put("votes/bob", "two").expect("it is stored");
        assert_eq!(kv.get::<String>("votes/bob").expect("it fits").as_deref(), Some("two"));
        let error = kv.get::<u8>("votes/bob").expect_err("it is a text").to_string();
        assert!(error.starts_with("the value of `votes/bob` does not fit: "), "{error}");
        let votes = kv.list::<serde_json::Value>("votes/").expect("they fit");
        assert_eq!(votes.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["votes/ada", "votes/bob"]);
        assert!(kv.delete("votes/ada").expect("it is deleted"));
        assert!(!kv.delete("votes/ada").expect("it is gone"));
    }
}
