//! The tables of the document.

use crate::sql::{Database, SqlError};

pub(super) type Result<T> = std::result::Result<T, SqlError>;

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
    pub(super) fn exists(&mut self, sql: &Database) -> Result<bool> {
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
    pub(super) fn create(&mut self, sql: &Database) -> Result<()> {
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
    fn version(&self, sql: &Database) -> Result<usize> {
        if !sql.has_table("pluv_meta")? {
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

    fn migrate(&self, sql: &Database, from: usize) -> Result<()> {
        let missing = self.migrations.get(from..).unwrap_or_default();
        if missing.is_empty() {
            return Ok(());
        }
        sql.transaction::<_, SqlError>(|| {
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
