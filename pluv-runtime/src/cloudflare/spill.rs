//! Sessions that are too big for their socket's attachment, in the object's `SQLite`.

use worker::{Result, SqlStorage, SqlStorageValue};

/// The stored sessions. The table is made when the first one comes, which in most rooms is never.
#[derive(Debug)]
pub(super) struct Spill {
    sql: SqlStorage,
}

impl Spill {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { sql }
    }

    pub(super) fn put(&self, session: &str, state: Vec<u8>) -> Result<()> {
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS pluv_session (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
            None,
        )?;
        self.sql.exec(
            "INSERT OR REPLACE INTO pluv_session (id, state) VALUES (?, ?)",
            vec![session.into(), SqlStorageValue::Blob(state)],
        )?;
        Ok(())
    }

    pub(super) fn get(&self, session: &str) -> Option<Vec<u8>> {
        let cursor = self.sql.exec("SELECT state FROM pluv_session WHERE id = ?", vec![session.into()]).ok()?;
        match cursor.raw().next()?.ok()?.into_iter().next()? {
            SqlStorageValue::Blob(state) => Some(state),
            _ => None,
        }
    }

    pub(super) fn delete(&self, session: &str) -> Result<()> {
        self.sql.exec("DELETE FROM pluv_session WHERE id = ?", vec![session.into()])?;
        Ok(())
    }

    /// Deletes all but these.
    pub(super) fn retain(&self, sessions: &[String]) -> Result<()> {
        let table = self.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'pluv_session'", None)?;
        if table.raw().next().is_none() {
            return Ok(());
        }
        let stored: Vec<_> = self.sql.exec("SELECT id FROM pluv_session", None)?.raw().collect::<Result<_>>()?;
        for value in stored.into_iter().flatten() {
            match value {
                SqlStorageValue::String(session) if !sessions.contains(&session) => self.delete(&session)?,
                _ => {}
            }
        }
        Ok(())
    }
}
