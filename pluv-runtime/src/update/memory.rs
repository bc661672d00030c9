//! How much memory an update takes once it is applied.

/// A plain value, without what it points to.
pub(super) const VALUE: u64 = 24;

/// What a deletion adds, at most, if it cuts a range out of an item: two more items.
pub(super) const SPLIT: u64 = 430;

/// What an update holds, by kind.
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

    /// A string or buffer that is on the estimated_memory.
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
