//! The table `pluv_log`. A row is keyed by the position of its first byte in the log; see [`frames`](super::frames) for
//! what it holds.

use std::ops::Range;

use super::{
    frames::{self, Entries, Row},
    sql::{Result, Sql, SqlError, Value},
};

/// Adds a row. One that is there already is an error, not replaced.
pub(super) fn add(sql: &impl Sql, row: Row) -> Result<()> {
    let crc = crc32fast::hash(&row.data);
    insert(sql, row, crc)
}

/// Adds a row whose checksum is known.
pub(super) fn insert(sql: &impl Sql, row: Row, crc: u32) -> Result<()> {
    put(sql, "INSERT INTO pluv_log (start, head, crc, data) VALUES (?, ?, ?, ?)", row, crc)
}

/// Writes a row in place of a shorter version of itself, which counts as one row written.
pub(super) fn replace(sql: &impl Sql, row: Row, crc: u32) -> Result<()> {
    put(sql, "INSERT OR REPLACE INTO pluv_log (start, head, crc, data) VALUES (?, ?, ?, ?)", row, crc)
}

fn put(sql: &impl Sql, statement: &str, row: Row, crc: u32) -> Result<()> {
    sql.exec(statement, vec![row.start.into(), row.head.into(), crc.into(), row.data.into()])?;
    Ok(())
}

pub(super) fn read(sql: &impl Sql) -> Result<Entries> {
    let mut entries = Entries::default();
    sql.each("SELECT start, head, crc, data FROM pluv_log ORDER BY start", vec![], |row| entries.row(row))?;
    Ok(entries)
}

/// Deletes the entries up to the position `up_to`, and no byte after it: a row that goes on is cut.
pub(super) fn trim(sql: &impl Sql, up_to: i64) -> Result<()> {
    let last = sql.exec(
        "SELECT start, length(data) FROM pluv_log WHERE start < ? ORDER BY start DESC LIMIT 1",
        vec![up_to.into()],
    )?;
    let mut rest = Vec::new();
    if let Some([Value::Integer(start), Value::Integer(length)]) = last.first().map(Vec::as_slice)
        && start + length > up_to
    {
        let row = sql.exec("SELECT data FROM pluv_log WHERE start = ?", vec![(*start).into()])?;
        if let Some([Value::Blob(data)]) = row.first().map(Vec::as_slice) {
            let at = (up_to - start) as usize;
            if !frames::is_boundary(data, at) {
                return Err(SqlError(format!("no entry of the log ends at {up_to}")));
            }
            rest = data[at..].to_vec();
        }
    }
    sql.exec("DELETE FROM pluv_log WHERE start < ?", vec![up_to.into()])?;
    if !rest.is_empty() {
        add(sql, Row { start: up_to, head: up_to, data: rest })?;
    }
    Ok(())
}

/// Moves the rows that start at these positions to the table of damaged rows.
pub(super) fn move_rows(sql: &impl Sql, starts: &Range<i64>, reason: &str) -> Result<()> {
    sql.exec(
        "INSERT INTO pluv_damaged (source, place, head, crc, reason, data)
         SELECT 'log', start, head, crc, ?, data FROM pluv_log WHERE start >= ? AND start < ?",
        vec![reason.into(), starts.start.into(), starts.end.into()],
    )?;
    sql.exec("DELETE FROM pluv_log WHERE start >= ? AND start < ?", vec![starts.start.into(), starts.end.into()])?;
    Ok(())
}

/// Moves one entry to the table of damaged rows, and leaves its neighbours in the same row.
pub(super) fn move_entry(sql: &impl Sql, span: &Range<i64>, reason: &str) -> Result<()> {
    let mut rows = sql.exec(
        "SELECT start, data FROM pluv_log WHERE start <= ? ORDER BY start DESC LIMIT 1",
        vec![span.start.into()],
    )?;
    let row = rows.pop().and_then(|row| <[Value; 2]>::try_from(row).ok());
    let Some([Value::Integer(start), Value::Blob(data)]) = row else { return move_rows(sql, span, reason) };

    let within = |position: i64| usize::try_from(position - start).ok().filter(|offset| *offset <= data.len());
    let (Some(from), Some(to)) = (within(span.start), within(span.end)) else {
        // It goes on in the next rows, so it has them to itself.
        return move_rows(sql, span, reason);
    };
    sql.exec(
        "INSERT INTO pluv_damaged (source, place, head, crc, reason, data) VALUES ('log', ?1, ?1, ?2, ?3, ?4)",
        vec![span.start.into(), crc32fast::hash(&data[from..to]).into(), reason.into(), data[from..to].to_vec().into()],
    )?;
    sql.exec("DELETE FROM pluv_log WHERE start = ?", vec![start.into()])?;
    for (start, data) in [(start, &data[..from]), (span.end, &data[to..])] {
        if !data.is_empty() {
            add(sql, Row { start, head: start, data: data.to_vec() })?;
        }
    }
    Ok(())
}
