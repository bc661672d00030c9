//! The durable log of a room's document: a snapshot and the updates since.

use super::{
    rows::{self, BLOCK, CHUNK, CorruptRange, Corruption, Entry, LARGEST, Row},
    tables::{MIGRATIONS, Result, Schema},
};
use crate::sql::{Database, SqlError, Value};

/// The log is left alone up to here, in bytes: some 1,800 edits of one character, in 17 rows.
const SMALLEST: u64 = 64 << 10;

/// The log is never left longer than this, in bytes, however big the document: some 30,000 edits of one character,
/// which a load has to apply one by one.
const LONGEST: u64 = 1 << 20;

/// The log may grow to the snapshot's size divided by this. A compaction writes the snapshot anew, so that a byte of edit
/// pays for four bytes of snapshot, and a load reads at most a quarter more than the document.
const SHARE: u64 = 4;

/// How many bytes are stored of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogSize {
    /// From the first byte of the log to its last, so with what has been quarantined from between.
    pub(crate) log: u64,
    /// Bytes of the snapshot.
    pub(crate) snapshot: u64,
}

impl LogSize {
    /// Whether the log should be compacted. Rows don't count on their own: small updates share them, and a log of one edit
    /// a wake, each in a row of its own, stays under 2,000 rows.
    pub(crate) fn needs_compaction(&self) -> bool {
        self.log >= (self.snapshot / SHARE).clamp(SMALLEST, LONGEST)
    }
}

/// The stored parts of a document.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) snapshot: Option<Vec<u8>>,
    /// The updates since, oldest first.
    pub(crate) entries: Vec<Entry>,
    /// The ranges that can't be read. They stay until they are quarantined, by the caller or the next compaction.
    pub(crate) damage: Vec<Corruption>,
    /// Where the log ends: a compaction up to here replaces all of it.
    pub(crate) end: i64,
}

/// The log of one document.
///
/// Nothing is read before it is needed, and no table made before the first write. Several updates share a row, which is
/// written anew for each addition: an append is one row written, and a compaction has few to delete. A `Log` adds only to
/// rows that it began itself, so what an earlier one left is never touched, readable or not.
///
/// After an error nothing is taken as known: the next call looks at the database again.
#[derive(Debug)]
pub(crate) struct Log {
    sql: Database,
    schema: Schema,
    /// The size of what is stored, in bytes; `None` before it was first read.
    extent: Option<Extent>,
    /// The row that the next updates go into.
    tail: Option<Row>,
    /// No position below this is given out again, so that a compaction to come can't take a new entry for an old one.
    used: i64,
    /// The corrupt ranges that the last read found, not yet quarantined.
    damage: Vec<Corruption>,
}

#[derive(Clone, Copy, Debug)]
struct Extent {
    /// The positions of the log's first byte and after its last.
    start: i64,
    end: i64,
    /// Bytes.
    snapshot: i64,
}

impl Log {
    /// Does nothing yet.
    pub(crate) fn new(sql: impl Into<Database>) -> Self {
        Self::with_migrations(sql, MIGRATIONS)
    }

    pub(super) fn with_migrations(sql: impl Into<Database>, migrations: &'static [&'static [&'static str]]) -> Self {
        Self { sql: sql.into(), schema: Schema::new(migrations), extent: None, tail: None, used: 0, damage: Vec::new() }
    }

    /// Stores an update and returns where it ends. One row written.
    ///
    /// # Errors
    /// When storage fails, or the update is over 64 MiB. Then it is not stored, unless storage failed to say so.
    pub(crate) fn append(&mut self, update: &[u8]) -> Result<i64> {
        self.append_all(&[update])
    }

    /// Stores updates that came together, all or none, and returns where the last one ends. They stay entries of their
    /// own. One row written for each MiB.
    ///
    /// # Errors
    /// As for [`append`](Self::append).
    pub(crate) fn append_all(&mut self, updates: &[&[u8]]) -> Result<i64> {
        self.tried(|log| log.store(updates))
    }

    /// Reads the document. Nothing is written, unless the tables are of an older version.
    ///
    /// # Errors
    /// When storage fails, or a newer version wrote the tables.
    pub(crate) fn read(&mut self) -> Result<Stored> {
        self.tried(|log| {
            let end = log.extent()?.end;
            if !log.schema.exists(&log.sql)? {
                return Ok(Stored { end, ..Stored::default() });
            }
            let mut damage = Vec::new();
            let snapshot = rows::read_snapshot(&log.sql, &mut damage)?;
            let (entries, damaged) = rows::read_log(&log.sql)?.finish();
            damage.extend(damaged);
            log.damage.clone_from(&damage);
            Ok(Stored { snapshot, entries, damage, end })
        })
    }

    /// Returns the size of what is stored, in bytes. The first time it reads the ends of the log and one column of the snapshot, whatever
    /// their size; then it knows.
    ///
    /// # Errors
    /// When storage fails, or a newer version wrote the tables.
    pub(crate) fn size(&mut self) -> Result<LogSize> {
        self.tried(|log| {
            let Extent { start, end, snapshot } = log.extent()?;
            Ok(LogSize { log: (end - start).unsigned_abs(), snapshot: snapshot.unsigned_abs() })
        })
    }

    /// How many rows were written since this was made, compaction included.
    pub(crate) fn rows_written(&self) -> u64 {
        self.sql.rows_written()
    }

    /// Replaces the snapshot and the entries up to the position `up_to`, which is the end of one, by a new snapshot,
    /// all at once. Entries after it stay. What the last read could not read is quarantined with it.
    ///
    /// # Errors
    /// When storage fails, no entry ends there, or the snapshot is over 64 MiB. Then all is as it was.
    pub(crate) fn compact(&mut self, up_to: i64, snapshot: &[u8]) -> Result<()> {
        self.tried(|log| {
            check_length(snapshot)?;
            log.schema.create(&log.sql)?;
            let extent = log.extent()?;
            log.sql.transaction(|| {
                for Corruption { range, reason } in &log.damage {
                    rows::quarantine(&log.sql, range, reason)?;
                }
                rows::write_snapshot(&log.sql, snapshot)?;
                rows::trim(&log.sql, up_to)
            })?;
            log.damage.clear();
            log.tail.take_if(|tail| tail.start < up_to);
            let start = up_to.clamp(extent.start, extent.end);
            log.extent = Some(Extent { start, snapshot: snapshot.len() as i64, ..extent });
            Ok(())
        })
    }

    /// Moves what can't be read to the table `pluv_damaged`, where it is kept and never read again.
    ///
    /// # Errors
    /// When storage fails. Then all is as it was.
    pub(crate) fn quarantine(&mut self, range: &CorruptRange, reason: &str) -> Result<()> {
        self.tried(|log| {
            if log.schema.exists(&log.sql)? {
                log.sql.transaction(|| rows::quarantine(&log.sql, range, reason))?;
            }
            log.damage.retain(|damage| damage.range != *range);
            log.tail = None;
            log.extent = None;
            Ok(())
        })
    }

    /// Deletes the document, and what was quarantined of it.
    ///
    /// # Errors
    /// When storage fails. Then all is as it was.
    pub(crate) fn clear(&mut self) -> Result<()> {
        self.tried(|log| {
            if log.schema.exists(&log.sql)? {
                // The tables stay: dropping one fails as long as any cursor of the room is open.
                log.sql.transaction(|| {
                    for table in ["pluv_log", "pluv_snapshot", "pluv_damaged"] {
                        log.sql.exec(&format!("DELETE FROM {table}"), vec![])?;
                    }
                    Ok::<_, SqlError>(())
                })?;
            }
            log.damage.clear();
            log.tail = None;
            log.extent = Some(Extent { start: log.used, end: log.used, snapshot: 0 });
            Ok(())
        })
    }

    /// Returns the value stored under `key`.
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

    /// Stores `value` under `key`, or deletes what is stored there. One row written.
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

    fn store(&mut self, updates: &[&[u8]]) -> Result<i64> {
        updates.iter().try_for_each(|update| check_length(update))?;
        if updates.is_empty() {
            return Ok(self.extent()?.end);
        }
        self.schema.create(&self.sql)?;
        let extent = self.extent()?;
        let added: usize = updates.iter().map(|update| rows::framed_len(update)).sum();

        // Taken out, and put back only when its new version is stored.
        let tail = self.tail.take().filter(|tail| tail.data.len() + added <= BLOCK);
        if added <= BLOCK {
            self.tail = Some(self.extend(tail, extent.end, updates)?);
        } else {
            let write = || rows::pack(extent.end, updates, |row| rows::add(&self.sql, row));
            if added <= CHUNK {
                write()?
            } else {
                self.sql.transaction(write)?
            };
        }
        let end = extent.end + added as i64;
        self.used = end;
        self.extent = Some(Extent { end, ..extent });
        Ok(end)
    }

    /// Adds updates to the tail, or to a new one at `end`.
    fn extend(&self, tail: Option<Row>, end: i64, updates: &[&[u8]]) -> Result<Row> {
        let is_new = tail.is_none();
        let mut tail = tail.unwrap_or_else(|| Row { start: end, head: end, data: Vec::with_capacity(BLOCK) });
        updates.iter().for_each(|update| rows::frame(update, &mut tail.data));
        let row = tail.clone();
        if is_new { rows::add(&self.sql, row) } else { rows::replace(&self.sql, row) }?;
        Ok(tail)
    }

    fn extent(&mut self) -> Result<Extent> {
        if let Some(extent) = self.extent {
            return Ok(extent);
        }
        let mut found = Vec::new();
        if self.schema.exists(&self.sql)? {
            // Each looks at one row. `MIN` and `MAX` in one `SELECT` would look at all.
            let rows = self.sql.exec(
                "SELECT (SELECT MIN(start) FROM pluv_log), (SELECT MAX(start) FROM pluv_log),
                        (SELECT length(data) FROM pluv_log ORDER BY start DESC LIMIT 1),
                        (SELECT length FROM pluv_snapshot WHERE part = 0)",
                vec![],
            )?;
            found = rows.into_iter().next().unwrap_or_default();
        }
        let number = |index: usize| found.get(index).and_then(Value::as_integer);
        // A damaged row may say that it has no length, but its start is taken.
        let end = number(1).map_or(0, |last| last + number(2).unwrap_or(0).max(1));
        self.used = self.used.max(end);
        let start = number(0).unwrap_or(self.used);
        let extent = Extent { start, end: self.used, snapshot: number(3).unwrap_or(0).max(0) };
        self.extent = Some(extent);
        Ok(extent)
    }

    /// Drops what is known if `run` fails: storage may then be in either state.
    fn tried<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let result = run(self);
        if result.is_err() {
            self.reset();
        }
        result
    }

    /// Looks at the database again the next time, as what it wrote may be gone.
    pub(crate) fn reset(&mut self) {
        self.schema.reset();
        self.extent = None;
        self.tail = None;
    }
}

fn check_length(data: &[u8]) -> Result<()> {
    if data.len() > LARGEST {
        return Err(SqlError(format!("{} bytes are more than the {LARGEST} that can be stored at once", data.len())));
    }
    Ok(())
}
