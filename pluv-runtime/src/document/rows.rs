//! The rows of the log, of the snapshot, and of what was quarantined.
//!
//! The log is a stream of bytes: entry after entry, each behind its length. A position is a place in that stream and is
//! never given out twice while a room is awake. A row holds a stretch of it and is keyed by where it starts. Either it
//! is a block of whole entries, or it is one piece of an entry that is longer than a row; its `head` is where its first
//! entry starts, so that a reader finds its way again after a row that it can't read. Positions that no row covers are
//! where something was quarantined.
//!
//! The snapshot is the document as it was at the last compaction, in parts.
//! Each part has the length and the checksum of the whole, so that parts of two snapshots are never taken for one. A
//! checksum for the whole, as the snapshot is the only copy of all that it holds, and as it is read and written only
//! where yrs does far more work on the same bytes.

use std::ops::Range;

use super::tables::Result;
use crate::sql::{Database, SqlError, Value};

/// Something in storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CorruptRange {
    /// An entry of the log: its `span`. Its neighbours in the same row stay.
    Entry(Range<i64>),
    /// The rows of the log that start at these positions.
    Rows(Range<i64>),
    /// These parts of the snapshot.
    Snapshot(Range<i64>),
}

impl CorruptRange {
    /// Past every position and part: the largest integer that JavaScript passes on unharmed.
    pub(super) const END: i64 = (1 << 53) - 1;

    /// All of the snapshot.
    pub(crate) const SNAPSHOT: Self = Self::Snapshot(-Self::END..Self::END);
}

/// Something that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Corruption {
    pub(crate) range: CorruptRange,
    pub(crate) reason: String,
}

impl Corruption {
    pub(super) fn new(range: CorruptRange, reason: &str) -> Self {
        Self { range, reason: reason.to_owned() }
    }
}

/// Moves what is at `range` to the table of damaged rows; does nothing where nothing is. The caller has a transaction.
pub(super) fn quarantine(sql: &Database, range: &CorruptRange, reason: &str) -> Result<()> {
    match range {
        CorruptRange::Entry(span) => move_entry(sql, span, reason),
        CorruptRange::Rows(starts) => move_rows(sql, starts, reason),
        CorruptRange::Snapshot(parts) => move_parts(sql, parts, reason),
    }
}

/// The most that a row of the log or the snapshot holds, in bytes. The platform refuses a row of over 2 MB; half of
/// that leaves room for the other columns, bounds what is copied at a time, and costs a 20 MB document 20 rows.
pub(super) const CHUNK: usize = 1 << 20;

/// How long a row may get by adding entries to it, in bytes. Each addition writes the row anew, and counts as one row
/// written. A row up to this fits a page of `SQLite`, 4,096 bytes with 35 of header and some 20 for the other columns,
/// and a page is what is written for the smallest row too.
pub(super) const BLOCK: usize = 4_000;

/// The longest entry or snapshot, in bytes: half of the 128 MB of a wasm instance. Above all it keeps a damaged length
/// from exhausting memory; what a document may weigh is for the room's limits to say.
pub(super) const LARGEST: usize = 64 << 20;

/// Bytes before each entry: its length, little-endian.
const PREFIX: usize = 4;

/// A row to be stored.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) start: i64,
    pub(super) head: i64,
    pub(super) data: Vec<u8>,
}

/// An update that was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its place in the log: its end is where a compaction can stop, the whole names it when it is quarantined.
    pub(crate) span: Range<i64>,
    pub(crate) data: Vec<u8>,
}

/// The length of an update in the log.
pub(super) fn framed_len(update: &[u8]) -> usize {
    PREFIX + update.len()
}

/// Adds an update that is no longer than [`LARGEST`].
pub(super) fn frame(update: &[u8], data: &mut Vec<u8>) {
    data.extend_from_slice(&(update.len() as u32).to_le_bytes());
    data.extend_from_slice(update);
}

/// Cuts updates into rows from the position `start` on and hands each to `write` before it makes the next. Returns
/// where the last one ends.
pub(super) fn pack(start: i64, updates: &[&[u8]], mut write: impl FnMut(Row) -> Result<()>) -> Result<i64> {
    let mut row = Row { start, head: start, data: Vec::new() };
    for update in updates {
        if !row.data.is_empty() && row.data.len() + framed_len(update) > CHUNK {
            row = flush(row, &mut write)?;
        }
        if framed_len(update) <= CHUNK {
            frame(update, &mut row.data);
            continue;
        }
        let (first, rest) = update.split_at(CHUNK - PREFIX);
        let head = row.start;
        row.data.reserve_exact(CHUNK);
        row.data.extend_from_slice(&(update.len() as u32).to_le_bytes());
        row.data.extend_from_slice(first);
        for piece in rest.chunks(CHUNK) {
            row = Row { head, data: piece.to_vec(), ..flush(row, &mut write)? };
        }
        row = flush(row, &mut write)?;
    }
    if !row.data.is_empty() {
        row = flush(row, &mut write)?;
    }
    Ok(row.start)
}

/// Writes a row and starts the next.
fn flush(row: Row, write: &mut impl FnMut(Row) -> Result<()>) -> Result<Row> {
    let end = row.start + row.data.len() as i64;
    write(row)?;
    Ok(Row { start: end, head: end, data: Vec::new() })
}

/// Whether an entry of this block ends at the offset `at`.
pub(super) fn is_boundary(block: &[u8], at: usize) -> bool {
    let mut offset = 0;
    while offset < at {
        let Some(entry) = entry_at(block, offset) else { return false };
        offset = entry.end;
    }
    offset == at
}

/// Where the data of the entry at this offset lies; `None` if the block does not hold all of it.
fn entry_at(block: &[u8], offset: usize) -> Option<Range<usize>> {
    let length = u32::from_le_bytes(*block.get(offset..)?.first_chunk::<PREFIX>()?);
    let from = offset + PREFIX;
    let to = from.checked_add(length as usize)?;
    (to <= block.len()).then_some(from..to)
}

/// The entries of the log, gathered row by row.
#[derive(Debug, Default)]
pub(super) struct Entries {
    whole: Vec<Entry>,
    damage: Vec<Corruption>,
    /// The entry that goes on in the next row.
    open: Option<Open>,
}

/// Rows of one long entry.
#[derive(Debug)]
struct Open {
    head: i64,
    /// The positions at which its rows start.
    rows: Range<i64>,
    /// Where the next row must start.
    end: i64,
    /// How long the entry is.
    length: usize,
    data: Vec<u8>,
    /// Why it can't be read.
    fault: Option<&'static str>,
}

impl Entries {
    /// Takes the next row: start, head, CRC and data.
    pub(super) fn row(&mut self, row: Vec<Value>) {
        let Ok([Value::Integer(start), head, crc, data]) = <[Value; 4]>::try_from(row) else { return };
        let (Value::Integer(head), Value::Integer(crc), Value::Blob(data)) = (head, crc, data) else {
            return self.row_damaged(start, "a column is not of its type");
        };
        if crc != i64::from(crc32fast::hash(&data)) {
            self.row_damaged(start, "the data does not have its checksum");
        } else if head == start {
            self.close();
            self.block(start, &data);
        } else {
            self.piece(start, head, &data);
        }
    }

    /// Returns the entries and the corrupt ranges, when there are no more rows.
    pub(super) fn finish(mut self) -> (Vec<Entry>, Vec<Corruption>) {
        self.close();
        (self.whole, self.damage)
    }

    fn row_damaged(&mut self, start: i64, reason: &str) {
        self.close();
        self.damage.push(Corruption::new(CorruptRange::Rows(start..start + 1), reason));
    }

    fn block(&mut self, start: i64, data: &[u8]) {
        let mut found = Vec::new();
        let mut offset = 0;
        while let Some(entry) = entry_at(data, offset) {
            let span = start + offset as i64..start + entry.end as i64;
            offset = entry.end;
            found.push(Entry { span, data: data[entry].to_vec() });
        }
        if offset == data.len() && offset > 0 {
            self.whole.append(&mut found);
        } else if let (0, Some((prefix, first))) = (offset, data.split_first_chunk::<PREFIX>()) {
            self.open(start, u32::from_le_bytes(*prefix) as usize, first);
        } else {
            self.row_damaged(start, "it does not hold whole entries");
        }
    }

    /// Begins an entry that goes on after its first piece.
    fn open(&mut self, start: i64, length: usize, first: &[u8]) {
        if length > LARGEST {
            return self.row_damaged(start, "an entry is longer than any can be");
        }
        let mut data = Vec::new();
        data.reserve_exact(length);
        data.extend_from_slice(first);
        let end = start + framed_len(first) as i64;
        self.open = Some(Open { head: start, rows: start..start + 1, end, length, data, fault: None });
    }

    fn piece(&mut self, start: i64, head: i64, data: &[u8]) {
        let mut open = match self.open.take_if(|open| open.head == head) {
            Some(open) => open,
            None => {
                self.close();
                let fault = Some("the beginning of its entry is missing");
                Open { head, rows: start..start, end: start, length: 0, data: Vec::new(), fault }
            }
        };
        open.rows.end = start + 1;
        if open.fault.is_none() && open.end != start {
            open.fault = Some("a part of the entry is missing");
        }
        if open.fault.is_some() {
            open.data = Vec::new();
        } else {
            open.data.extend_from_slice(data);
            open.end += data.len() as i64;
            if open.data.len() == open.length {
                self.whole.push(Entry { span: open.head..open.end, data: open.data });
                return;
            }
        }
        self.open = Some(open);
    }

    /// Ends the rows of an entry that is not whole.
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            let reason = open.fault.unwrap_or("the rest of the entry is missing");
            self.damage.push(Corruption::new(CorruptRange::Rows(open.rows), reason));
        }
    }
}

/// Adds a row. One that is there already is an error, not replaced.
pub(super) fn add(sql: &Database, row: Row) -> Result<()> {
    write(sql, "INSERT", row)
}

/// Writes a row in place of a shorter version of itself, which counts as one row written.
pub(super) fn replace(sql: &Database, row: Row) -> Result<()> {
    write(sql, "INSERT OR REPLACE", row)
}

fn write(sql: &Database, verb: &str, row: Row) -> Result<()> {
    let Row { start, head, data } = row;
    let crc = crc32fast::hash(&data);
    sql.exec(
        &format!("{verb} INTO pluv_log (start, head, crc, data) VALUES (?, ?, ?, ?)"),
        vec![start.into(), head.into(), crc.into(), data.into()],
    )?;
    Ok(())
}

pub(super) fn read_log(sql: &Database) -> Result<Entries> {
    let mut entries = Entries::default();
    sql.each("SELECT start, head, crc, data FROM pluv_log ORDER BY start", vec![], |row| entries.row(row))?;
    Ok(entries)
}

/// Deletes the entries up to the position `up_to`, and no byte after it: a row that goes on is cut.
pub(super) fn trim(sql: &Database, up_to: i64) -> Result<()> {
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
            if !is_boundary(data, at) {
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
fn move_rows(sql: &Database, starts: &Range<i64>, reason: &str) -> Result<()> {
    sql.exec(
        "INSERT INTO pluv_damaged (source, place, head, crc, reason, data)
         SELECT 'log', start, head, crc, ?, data FROM pluv_log WHERE start >= ? AND start < ?",
        vec![reason.into(), starts.start.into(), starts.end.into()],
    )?;
    sql.exec("DELETE FROM pluv_log WHERE start >= ? AND start < ?", vec![starts.start.into(), starts.end.into()])?;
    Ok(())
}

/// Moves one entry to the table of damaged rows, and leaves its neighbours in the same row.
fn move_entry(sql: &Database, span: &Range<i64>, reason: &str) -> Result<()> {
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

/// Replaces the snapshot. The caller has a transaction.
pub(super) fn write_snapshot(sql: &Database, snapshot: &[u8]) -> Result<()> {
    let (length, crc) = (snapshot.len() as i64, crc32fast::hash(snapshot));
    // One row even of nothing: a snapshot without bytes is not the absence of one.
    let parts = snapshot.len().div_ceil(CHUNK).max(1);
    for part in 0..parts {
        let from = part * CHUNK;
        let data = snapshot[from..snapshot.len().min(from + CHUNK)].to_vec();
        sql.exec(
            "INSERT OR REPLACE INTO pluv_snapshot (part, length, crc, data) VALUES (?, ?, ?, ?)",
            vec![(part as i64).into(), length.into(), crc.into(), data.into()],
        )?;
    }
    sql.exec("DELETE FROM pluv_snapshot WHERE part >= ? OR part < 0", vec![(parts as i64).into()])?;
    Ok(())
}

/// Reads the snapshot, part by part so that it is not held twice. What can't be read is added to `damage`.
pub(super) fn read_snapshot(sql: &Database, damage: &mut Vec<Corruption>) -> Result<Option<Vec<u8>>> {
    let mut parts = Parts::default();
    sql.each("SELECT part, length, crc, data FROM pluv_snapshot ORDER BY part", vec![], |row| parts.row(row))?;
    Ok(parts.finish(damage))
}

/// Moves parts to the table of damaged rows.
fn move_parts(sql: &Database, parts: &Range<i64>, reason: &str) -> Result<()> {
    sql.exec(
        "INSERT INTO pluv_damaged (source, place, length, crc, reason, data)
         SELECT 'snapshot', part, length, crc, ?, data FROM pluv_snapshot WHERE part >= ? AND part < ?",
        vec![reason.into(), parts.start.into(), parts.end.into()],
    )?;
    sql.exec("DELETE FROM pluv_snapshot WHERE part >= ? AND part < ?", vec![parts.start.into(), parts.end.into()])?;
    Ok(())
}

/// The parts, gathered one by one.
#[derive(Debug, Default)]
struct Parts {
    /// How many have been read, the ones that don't belong not counted.
    read: i64,
    length: i64,
    crc: i64,
    data: Vec<u8>,
    /// Why the snapshot can't be read.
    fault: Option<&'static str>,
    /// The first part after the last one.
    extra: Option<i64>,
}

impl Parts {
    fn row(&mut self, row: Vec<Value>) {
        let Ok([Value::Integer(part), length, crc, data]) = <[Value; 4]>::try_from(row) else { return };
        if self.fault.is_some() || self.extra.is_some() {
            return;
        }
        if self.read > 0 && self.data.len() as i64 == self.length {
            self.extra = Some(part);
            return;
        }
        if let Err(fault) = self.part(part, length, crc, data) {
            self.fault = Some(fault);
            self.data = Vec::new();
        }
    }

    fn part(&mut self, part: i64, length: Value, crc: Value, data: Value) -> std::result::Result<(), &'static str> {
        let (Value::Integer(length), Value::Integer(crc), Value::Blob(data)) = (length, crc, data) else {
            return Err("a column is not of its type");
        };
        if part != self.read {
            return Err("a part is missing");
        }
        if part == 0 {
            let whole = usize::try_from(length).ok().filter(|length| *length <= LARGEST);
            self.data.reserve_exact(whole.ok_or("it is longer than any can be")?);
            (self.length, self.crc) = (length, crc);
        }
        if (length, crc) != (self.length, self.crc) {
            return Err("its parts are of different snapshots");
        }
        if (self.data.len() + data.len()) as i64 > length {
            return Err("it is longer than it says");
        }
        self.read += 1;
        self.data.extend_from_slice(&data);
        Ok(())
    }

    fn finish(self, damage: &mut Vec<Corruption>) -> Option<Vec<u8>> {
        let fault = if self.fault.is_some() {
            self.fault
        } else if self.read == 0 {
            return None;
        } else if self.data.len() as i64 != self.length {
            Some("its last parts are missing")
        } else if i64::from(crc32fast::hash(&self.data)) != self.crc {
            Some("the data does not have its checksum")
        } else {
            None
        };
        if let Some(fault) = fault {
            damage.push(Corruption::new(CorruptRange::SNAPSHOT, fault));
            return None;
        }
        if let Some(extra) = self.extra {
            damage.push(Corruption::new(
                CorruptRange::Snapshot(extra..CorruptRange::END),
                "a part more than the snapshot has",
            ));
        }
        Some(self.data)
    }
}
