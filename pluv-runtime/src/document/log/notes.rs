//! What a room has to remember beside its document.

use super::Log;
use crate::document::sql::{Result, Sql, Value};

impl<S: Sql> Log<S> {
    /// What was noted under `key`.
    ///
    /// # Errors
    /// When storage fails.
    pub(crate) fn metadata(&mut self, key: &str) -> Result<Option<String>> {
        self.tried(|log| {
            if !log.schema.exists(&log.sql)? {
                return Ok(None);
            }
            let rows = log.sql.exec("SELECT value FROM pluv_meta WHERE key = ?", vec![key.into()])?;
            Ok(rows.into_iter().flatten().next().and_then(|value| match value {
                Value::Text(text) => Some(text),
                _ => None,
            }))
        })
    }

    /// Notes `value` under `key`, or forgets what was noted there. One row written.
    ///
    /// # Errors
    /// When storage fails.
    pub(crate) fn set_metadata(&mut self, key: &str, value: Option<&str>) -> Result<()> {
        self.tried(|log| {
            log.schema.create(&log.sql)?;
            match value {
                Some(value) => log.sql.exec(
                    "INSERT OR REPLACE INTO pluv_meta (key, value) VALUES (?, ?)",
                    vec![key.into(), value.into()],
                ),
                None => log.sql.exec("DELETE FROM pluv_meta WHERE key = ?", vec![key.into()]),
            }
            .map(drop)
        })
    }
}
