//! The structs and the deletions of an update: how they are read, and written.

use std::{collections::BTreeMap, ops::Range};

use yrs::{ID, IdSet, block::ClientID};

use super::{
    content::{self, Piece, Tally},
    error::{Problem, UpdateError},
    lib0::{Id, MAX_CLOCK, Reader, write_number},
};

/// How many clients of one update may share the low bits of their ids, as many bits as it takes to number the clients.
///
/// `yrs` hashes a client id to itself, so that ids made to collide cost quadratic time: 16,000 took 3 s to load. Of
/// random ids, as clients draw them, no more than a dozen share them.
const MAX_COLLIDING: usize = 64;

const GC: u8 = 0;
const SKIP: u8 = 10;

const HAS_ORIGIN: u8 = 1 << 7;
const HAS_RIGHT_ORIGIN: u8 = 1 << 6;
const HAS_PARENT_SUB: u8 = 1 << 5;

/// A struct that was read.
#[derive(Default)]
pub(super) struct Struct {
    pub(super) client: u64,
    pub(super) clock: u32,
    /// How many clocks it takes.
    pub(super) len: u32,
    /// Where it is in the update.
    pub(super) bytes: Range<usize>,
    pub(super) skip: bool,
    pub(super) origin: Option<Id>,
    pub(super) right_origin: Option<Id>,
    /// The type that it is in, where neither of its neighbours says so.
    pub(super) parent: Option<Id>,
    /// Whether it is a shared type.
    pub(super) is_type: bool,
    /// Whether nothing can be in it: it is neither a shared type nor a deleted item, which may have been one.
    pub(super) is_leaf: bool,
    /// Text or plain values, which `yrs` joins with those that follow.
    pub(super) piece: Option<Piece>,
}

impl Struct {
    /// The clock after its last.
    pub(super) fn end(&self) -> u32 {
        self.clock + self.len
    }

    /// The structs that a document must have before it can take this one.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = Id> {
        let before = (!self.skip && self.clock > 0).then(|| (self.client, self.clock - 1));
        [before, self.origin, self.right_origin, self.parent].into_iter().flatten()
    }
}

/// Reads all structs, and calls `each` for them.
///
/// # Errors
/// The problem, and the byte that it is at.
pub(super) fn read_structs<'a>(
    reader: &mut Reader<'a>,
    tally: &mut Tally<'a>,
    mut each: impl FnMut(&Struct),
) -> Result<(), UpdateError> {
    let mut ids = Ids::default();
    for _ in 0..reader.count(4)? {
        let start = reader.at();
        let structs = reader.count(2)?;
        if structs == 0 {
            return Err(UpdateError::new(Problem::Empty, start));
        }
        let client = reader.client()?;
        ids.push(client, start);
        tally.clients += 1;
        let mut clock = reader.clock()?;
        for _ in 0..structs {
            let item = read_struct(reader, tally, client, clock)?;
            clock = item.end();
            each(&item);
        }
    }
    ids.finish()
}

/// Reads the struct of `client` at `clock`.
pub(super) fn read_struct<'a>(
    reader: &mut Reader<'a>,
    tally: &mut Tally<'a>,
    client: u64,
    clock: u32,
) -> Result<Struct, UpdateError> {
    let at = reader.at();
    let info = reader.byte()?;
    let mut item = Struct { client, clock, ..Struct::default() };
    if matches!(info, GC | SKIP) {
        tally.ranges += 1;
        item.skip = info == SKIP;
        item.len = reader.clock()?;
    } else {
        tally.items += 1;
        read_item(reader, tally, info, at, &mut item)?;
    }
    end_of_range(clock, item.len, at)?;
    item.bytes = at..reader.at();
    Ok(item)
}

fn read_item<'a>(
    reader: &mut Reader<'a>,
    tally: &mut Tally<'a>,
    info: u8,
    at: usize,
    item: &mut Struct,
) -> Result<(), UpdateError> {
    if info & HAS_ORIGIN != 0 {
        item.origin = Some(reader.id()?);
    }
    if info & HAS_RIGHT_ORIGIN != 0 {
        item.right_origin = Some(reader.id()?);
    }
    if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN) == 0 {
        match reader.byte()? {
            0 => {
                item.parent = Some(reader.id()?);
                tally.parents += 1;
            }
            1 => tally.root(reader.string()?),
            _ => return Err(UpdateError::new(Problem::Parent, reader.at() - 1)),
        }
        if info & HAS_PARENT_SUB != 0 {
            tally.key(reader.string()?);
        }
    }
    // The lower five bits, of which no content uses the fifth: Yjs reads it and `yrs` ignores it.
    let kind = info & 0b1_1111;
    item.is_type = kind == content::TYPE;
    item.is_leaf = !matches!(kind, content::TYPE | content::DELETED);
    (item.len, item.piece) = content::read(reader, tally, kind, at)?;
    Ok(())
}

/// Reads the deletions, and calls `each` with the client, the first clock and the length of each.
///
/// # Errors
/// The problem, and the byte that it is at.
pub(super) fn read_deletions(
    reader: &mut Reader<'_>,
    tally: &mut Tally<'_>,
    mut each: impl FnMut(u64, u32, u32),
) -> Result<(), UpdateError> {
    let mut ids = Ids::default();
    for _ in 0..reader.count(2)? {
        let start = reader.at();
        let client = reader.client()?;
        ids.push(client, start);
        let ranges = reader.count(2)?;
        tally.delete_clients += 1;
        tally.deletes += ranges;
        let mut end = 0;
        for _ in 0..ranges {
            let at = reader.at();
            let clock = reader.clock()?;
            if clock < end {
                return Err(UpdateError::new(Problem::DeleteOrder, at));
            }
            let len = reader.clock()?;
            end = end_of_range(clock, len, at)?;
            each(client, clock, len);
        }
    }
    ids.finish()
}

/// The clock after a range, which is `at` a byte.
fn end_of_range(clock: u32, len: u32, at: usize) -> Result<u32, UpdateError> {
    if len == 0 {
        return Err(UpdateError::new(Problem::Empty, at));
    }
    clock.checked_add(len).filter(|&end| end <= MAX_CLOCK).ok_or(UpdateError::new(Problem::Clock, at))
}

/// The clients of a section, none of which may come twice: of two sections for one client Yjs takes the last, and `yrs`
/// puts their structs one after another and keeps the deletions of one.
#[derive(Default)]
struct Ids {
    seen: Vec<(u64, usize)>,
}

impl Ids {
    fn push(&mut self, client: u64, at: usize) {
        self.seen.push((client, at));
    }

    fn finish(mut self) -> Result<(), UpdateError> {
        self.seen.sort_unstable();
        if let Some(pair) = self.seen.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(UpdateError::new(Problem::ClientTwice, pair[1].1));
        }
        if self.seen.len() > MAX_COLLIDING {
            let low_bits = self.seen.len().next_power_of_two() as u64 - 1;
            self.seen.sort_unstable_by_key(|(client, _)| client & low_bits);
            let alike = self.seen.chunk_by(|(one, _), (other, _)| one & low_bits == other & low_bits);
            if let Some(most) = alike.max_by_key(|group| group.len()).filter(|group| group.len() > MAX_COLLIDING) {
                return Err(UpdateError::new(Problem::Clients, most[0].1));
            }
        }
        Ok(())
    }
}

/// Calls `each` for every struct of an update, and returns the byte at which its deletions begin.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(super) fn walk(update: &[u8], each: impl FnMut(&Struct)) -> Result<usize, UpdateError> {
    let reader = &mut Reader::new(update);
    read_structs(reader, &mut Tally::default(), each)?;
    Ok(reader.at())
}

/// Reads the deletions of an update, which begin `at` a byte.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(super) fn deletions(update: &[u8], at: usize) -> Result<IdSet, UpdateError> {
    let mut reader = Reader::new(update);
    reader.skip(at);
    let mut deletions = IdSet::new();
    read_deletions(&mut reader, &mut Tally::default(), |client, clock, len| {
        deletions.insert(ID::new(ClientID::new(client), clock), len);
    })?;
    Ok(deletions)
}

/// Structs of one client that follow each other.
#[derive(Clone)]
pub(super) struct Section {
    pub(super) client: u64,
    pub(super) count: u32,
    pub(super) clocks: Range<u32>,
    /// Where they are in the update.
    pub(super) bytes: Range<usize>,
}

impl Section {
    /// A section without structs, before one at this clock and byte.
    pub(super) fn new(client: u64, clock: u32, at: usize) -> Self {
        Self { client, count: 0, clocks: clock..clock, bytes: at..at }
    }

    /// Adds the struct that follows.
    pub(super) fn push(&mut self, item: &Struct) {
        self.count += 1;
        self.clocks.end = item.end();
        self.bytes.end = item.bytes.end;
    }
}

/// Returns the structs of each client, from the first one on for which `begins` returns true, and the byte at which the
/// deletions begin.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(super) fn sections(
    update: &[u8],
    mut begins: impl FnMut(&Struct) -> bool,
) -> Result<(Vec<Section>, usize), UpdateError> {
    let mut sections: Vec<Section> = Vec::new();
    let deletions = walk(update, |item| {
        if sections.last().is_none_or(|section| section.client != item.client) && begins(item) {
            sections.push(Section::new(item.client, item.clock, item.bytes.start));
        }
        if let Some(section) = sections.last_mut().filter(|section| section.client == item.client) {
            section.push(item);
        }
    })?;
    Ok((sections, deletions))
}

/// Structs of which an update is written.
#[derive(Default)]
pub(super) struct Structs {
    clients: BTreeMap<u64, Run>,
}

/// The structs of one client, which follow each other.
struct Run {
    count: u32,
    clocks: Range<u32>,
    bytes: Vec<u8>,
}

impl Structs {
    /// How many clients they are of.
    pub(super) fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Adds structs as they are written. Returns whether they follow those of their client; others are not added.
    pub(super) fn push(&mut self, client: u64, count: u32, clocks: Range<u32>, bytes: &[u8]) -> bool {
        let new = || Run { count: 0, clocks: clocks.start..clocks.start, bytes: Vec::new() };
        let run = self.clients.entry(client).or_insert_with(new);
        if run.clocks.end != clocks.start {
            return false;
        }
        run.count += count;
        run.clocks.end = clocks.end;
        run.bytes.extend_from_slice(bytes);
        true
    }

    /// Adds a section of `update`, as [`push`](Self::push) does.
    pub(super) fn push_section(&mut self, update: &[u8], section: Section) -> bool {
        let Section { client, count, clocks, bytes } = section;
        self.push(client, count, clocks, &update[bytes])
    }

    /// Writes the update of these structs and of deletions that are written already.
    pub(super) fn encode(&self, deletions: &[u8]) -> Vec<u8> {
        let len: usize = self.clients.values().map(|run| run.bytes.len() + 20).sum();
        let mut update = Vec::with_capacity(len + deletions.len() + 4);
        write_number(&mut update, self.clients.len() as u64);
        // The highest client first, as Yjs writes them.
        for (client, Run { count, clocks, bytes }) in self.clients.iter().rev() {
            write_number(&mut update, (*count).into());
            write_number(&mut update, *client);
            write_number(&mut update, clocks.start.into());
            update.extend_from_slice(bytes);
        }
        update.extend_from_slice(deletions);
        update
    }
}

/// Writes deletions: those of the highest client first, as Yjs does.
pub(super) fn write_deletions(deletions: &IdSet) -> Vec<u8> {
    let clients: Vec<_> = deletions.iter().filter(|(_, ranges)| !ranges.is_empty()).collect();
    let mut bytes = Vec::new();
    write_number(&mut bytes, clients.len() as u64);
    for (client, ranges) in clients.into_iter().rev() {
        write_number(&mut bytes, client.get());
        write_number(&mut bytes, ranges.len() as u64);
        for range in ranges.iter() {
            write_number(&mut bytes, range.start.into());
            write_number(&mut bytes, (range.end - range.start).into());
        }
    }
    bytes
}
