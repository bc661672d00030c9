//! The table `pluv_snapshot`: the document as it was at the last fold, in parts.
//!
//! Each part has the length and the checksum of the whole, so that parts of two snapshots are never taken for one. A
//! checksum for the whole, as the snapshot is the only copy of all that it holds, and as it is read and written only
//! where yrs does far more work on the same bytes.

use std::ops::Range;

use super::{
    corruption::{CorruptRange, Corruption},
    frames::{CHUNK, LARGEST},
    sql::{Result, Sql, Value},
};

/// Replaces the snapshot. The caller has a transaction.
pub(super) fn write(sql: &impl Sql, snapshot: &[u8]) -> Result<()> {
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
pub(super) fn read(sql: &impl Sql, damage: &mut Vec<Corruption>) -> Result<Option<Vec<u8>>> {
    let mut parts = Parts::default();
    sql.each("SELECT part, length, crc, data FROM pluv_snapshot ORDER BY part", vec![], |row| parts.row(row))?;
    Ok(parts.finish(damage))
}

/// Moves parts to the table of damaged rows.
pub(super) fn move_parts(sql: &impl Sql, parts: &Range<i64>, reason: &str) -> Result<()> {
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
