//! How entries lie in the rows of the log; pure.
//!
//! The log is a stream of bytes: entry after entry, each behind its length. A position is a place in that stream and is
//! never given out twice while a room is awake. A row holds a stretch of it and is keyed by where it starts. Either it
//! is a block of whole entries, or it is one piece of an entry that is longer than a row; its `head` is where its first
//! entry starts, so that a reader finds its way again after a row that it can't read. Positions that no row covers are
//! where something was set aside.

use std::ops::Range;

use super::{
    corruption::{CorruptRange, Corruption},
    sql::Value,
};

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
#[derive(Debug)]
pub(super) struct Row {
    pub(super) start: i64,
    pub(super) head: i64,
    pub(super) data: Vec<u8>,
}

/// An update that was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its place in the log: its end is where a fold can stop, the whole names it when it is quarantined.
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
pub(super) fn pack<E>(start: i64, updates: &[&[u8]], mut write: impl FnMut(Row) -> Result<(), E>) -> Result<i64, E> {
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
fn flush<E>(row: Row, write: &mut impl FnMut(Row) -> Result<(), E>) -> Result<Row, E> {
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

    /// What was found, when there are no more rows.
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
