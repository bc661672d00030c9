//! The content of items (text, plain values, formats, shared types), and how much memory it takes.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{
    error::{Problem, UpdateError},
    lib0::Reader,
};

/// How deep arrays and maps of a plain value may nest.
///
/// `yrs` decodes, encodes and drops them by recursion. `serde_json`, which it uses for the values of formats and
/// embeds, gives up at 128; the same limit for all kinds keeps a value readable wherever it moves. 100 levels take some
/// tens of kilobytes of a worker's stack, of which there is 1 MB.
pub(super) const MAX_DEPTH: usize = 100;

/// A plain value, without what it points to.
pub(super) const VALUE: u64 = 24;

/// The most bytes that a deletion adds if it cuts a range out of an item: two more items.
pub(super) const SPLIT: u64 = 430;

/// Content that can be joined with more of its kind.
pub(super) struct Piece {
    pub(super) kind: u8,
    /// Bytes of a worker's memory.
    pub(super) weight: u64,
    /// Where its text or values begin, after their length.
    pub(super) start: usize,
}

/// Counts of the contents of an update, by kind.
#[derive(Debug, Default)]
pub(super) struct Tally<'a> {
    pub(super) clients: u32,
    pub(super) items: u32,
    pub(super) ranges: u32,
    pub(super) deletes: u32,
    pub(super) delete_clients: u32,
    pub(super) types: u32,
    pub(super) parents: u32,
    pub(super) values: u32,
    collections: u32,
    maps: u32,
    entries: u32,
    keys: u32,
    roots: u32,
    pub(super) lists: u32,
    strings: u32,
    bytes: u64,
    root: Option<&'a str>,
}

impl<'a> Tally<'a> {
    /// Text that an item holds.
    pub(super) fn text(&mut self, text: &str) {
        // Up to eight bytes sit in the item itself.
        if text.len() > 8 {
            self.bytes(text.len());
        }
    }

    /// Counts a string or buffer that is on the heap.
    pub(super) fn bytes(&mut self, len: usize) {
        self.strings += 1;
        self.bytes += len as u64;
    }

    /// An array or map among plain values.
    pub(super) fn collection(&mut self, map: bool) {
        self.collections += 1;
        self.maps += u32::from(map);
    }

    /// An entry of a map among plain values.
    pub(super) fn entry(&mut self, key: usize) {
        self.entries += 1;
        self.bytes += key as u64;
    }

    /// An item under a key of a shared map.
    pub(super) fn key(&mut self, key: &str) {
        self.keys += 1;
        self.bytes += key.len() as u64;
    }

    /// An item of a root type. Items of the same one mostly follow each other.
    pub(super) fn root(&mut self, name: &'a str) {
        if self.root != Some(name) {
            self.root = Some(name);
            self.roots += 1;
            self.bytes += name.len() as u64;
        }
    }

    /// Bytes, at most, that `yrs` holds for all of this on a 64-bit machine; a worker's 32-bit memory takes less. What
    /// each kind takes was measured on documents of little else, with the allocator's rounding, and rounded up.
    pub(super) fn estimated_memory(&self) -> u64 {
        // A client has a list of structs in a map, and a place in the delete set.
        u64::from(self.clients) * 320
            // A box, and a place in a list that doubles when it is full.
            + u64::from(self.items) * 240
            + u64::from(self.ranges) * 56
            + u64::from(self.deletes) * 20
            + u64::from(self.delete_clients) * 80
            + u64::from(self.types) * 260
            + u64::from(self.roots) * 420
            // A shared name, and an entry in the map of the type.
            + u64::from(self.keys) * 230
            // A value may also be a shared string, for which the allocator takes no less than 32 bytes.
            + u64::from(self.values) * VALUE
            // Of a list, room for four of them at least.
            + u64::from(self.lists) * 112
            + u64::from(self.strings) * 48
            + u64::from(self.collections) * 40
            + u64::from(self.maps) * 300
            + u64::from(self.entries) * 150
            + self.bytes
    }
}

pub(super) const DELETED: u8 = 1;
const OLD_JSON: u8 = 2;
const BINARY: u8 = 3;
pub(super) const STRING: u8 = 4;
const EMBED: u8 = 5;
const FORMAT: u8 = 6;
pub(super) const TYPE: u8 = 7;
const VALUES: u8 = 8;
const SUBDOCUMENT: u8 = 9;

/// Reads the content of an item that began `at` a byte; returns its length in clocks, and what of it can be joined.
pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    tally: &mut Tally<'a>,
    kind: u8,
    at: usize,
) -> Result<(u32, Option<Piece>), UpdateError> {
    let len = match kind {
        DELETED => reader.clock()?,
        BINARY => {
            tally.bytes(reader.buffer()?.len());
            1
        }
        STRING => {
            let text = reader.string()?;
            tally.text(text);
            let piece = Piece { kind, weight: text.len() as u64, start: reader.at() - text.len() };
            // Clocks count UTF-16 code units. No more of them than bytes, so they fit.
            return Ok((text.encode_utf16().count() as u32, Some(piece)));
        }
        EMBED => read_json(reader, tally)?,
        FORMAT => {
            tally.bytes(reader.string()?.len());
            read_json(reader, tally)?
        }
        TYPE => {
            tally.types += 1;
            read_type(reader, tally)?
        }
        VALUES => {
            tally.lists += 1;
            let values = reader.count(1)?;
            let piece = Piece { kind, weight: u64::from(values) * VALUE, start: reader.at() };
            for _ in 0..values {
                read_value(reader, tally, 0)?;
            }
            return Ok((values, Some(piece)));
        }
        SUBDOCUMENT => return Err(UpdateError::new(Problem::Subdocument, at)),
        OLD_JSON => return Err(UpdateError::new(Problem::OldJson, at)),
        _ => return Err(UpdateError::new(Problem::Content, at)),
    };
    Ok((len, None))
}

fn read_type(reader: &mut Reader<'_>, tally: &mut Tally<'_>) -> Result<u32, UpdateError> {
    const XML_ELEMENT: u8 = 3;
    const XML_HOOK: u8 = 5;
    let at = reader.at();
    match reader.byte()? {
        // Array, map, text, XML fragment, XML text.
        0..=2 | 4 | 6 => {}
        XML_ELEMENT => tally.bytes(reader.string()?.len()),
        XML_HOOK => return Err(UpdateError::new(Problem::XmlHook, at)),
        // What `yrs` has beyond them (weak links, subdocuments, no type) stock Yjs does not read.
        _ => return Err(UpdateError::new(Problem::Type, at)),
    }
    Ok(1)
}

/// Reads a plain value, inside of `depth` others.
fn read_value(reader: &mut Reader<'_>, tally: &mut Tally<'_>, depth: usize) -> Result<(), UpdateError> {
    let at = reader.at();
    tally.values += 1;
    match reader.byte()? {
        // Undefined, null, false, true.
        127 | 126 | 121 | 120 => {}
        125 => reader.signed()?,
        124 => drop(reader.take(4)?),
        // A float or a big integer.
        123 | 122 => drop(reader.take(8)?),
        119 => tally.bytes(reader.string()?.len()),
        116 => tally.bytes(reader.buffer()?.len()),
        kind @ (118 | 117) => {
            if depth == MAX_DEPTH {
                return Err(UpdateError::new(Problem::Depth, at));
            }
            let map = kind == 118;
            tally.collection(map);
            for _ in 0..reader.count(if map { 2 } else { 1 })? {
                if map {
                    tally.entry(reader.string()?.len());
                }
                read_value(reader, tally, depth + 1)?;
            }
        }
        _ => return Err(UpdateError::new(Problem::Value, at)),
    }
    Ok(())
}

/// Reads the JSON of a format or embed.
fn read_json(reader: &mut Reader<'_>, tally: &mut Tally<'_>) -> Result<u32, UpdateError> {
    let at = reader.at();
    let text = reader.string()?;
    let mut too_deep = false;
    let json = Json { tally, too_deep: &mut too_deep, depth: 0 };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match json.deserialize(&mut deserializer).and_then(|()| deserializer.end()) {
        Ok(()) => Ok(1),
        Err(_) if too_deep => Err(UpdateError::new(Problem::Depth, at)),
        Err(_) => Err(UpdateError::new(Problem::Json, at)),
    }
}

/// Reads JSON as `yrs` does, with `serde_json`, and keeps none of it.
struct Json<'t, 'a> {
    tally: &'t mut Tally<'a>,
    too_deep: &'t mut bool,
    depth: usize,
}

impl Json<'_, '_> {
    fn inner<E: Error>(&mut self) -> Result<usize, E> {
        if self.depth == MAX_DEPTH {
            *self.too_deep = true;
            return Err(E::custom("nested too deep"));
        }
        Ok(self.depth + 1)
    }
}

impl<'de> DeserializeSeed<'de> for Json<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.tally.values += 1;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Json<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        i64::try_from(number).map(drop).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.tally.bytes(text.len());
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut values: A) -> Result<(), A::Error> {
        let depth = self.inner()?;
        self.tally.collection(false);
        while values.next_element_seed(Json { tally: self.tally, too_deep: self.too_deep, depth })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let depth = self.inner()?;
        self.tally.collection(true);
        while let Some(len) = entries.next_key_seed(Key)? {
            self.tally.entry(len);
            entries.next_value_seed(Json { tally: self.tally, too_deep: self.too_deep, depth })?;
        }
        Ok(())
    }
}

/// A key of a JSON object, of which only the length is kept.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<usize, E> {
        Ok(key.len())
    }
}
