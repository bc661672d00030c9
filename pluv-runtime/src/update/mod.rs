//! Validation of untrusted Yjs updates: each passes it before `yrs` reads a byte of it.
//!
//! An update (V1 encoding) comes from anyone who may write to a room. `yrs` takes what its own peers send, and some of
//! what they never would makes it recurse without bound, lose deletions, read another value than stock Yjs does, or
//! panic (see [`Problem`]). [`validate`] is one pass over the bytes that accepts what stock Yjs and `yrs` write and
//! refuses the rest; [`normalize`] mends what is well-formed and would cost `yrs` too much. Both know the update
//! alone: whether it applies to a document is seen by [`has_gap`], [`dependencies`] and [`are_parents_valid`].

mod content;
mod dependencies;
mod error;
mod join;
pub(crate) mod lib0;
mod nesting;
mod sections;
mod state;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};

pub(crate) use self::error::UpdateError;
use self::{content::Tally, lib0::Reader};
pub(crate) use self::{
    dependencies::{Batches, MAX_CLIENTS, are_parents_valid, batches, dependencies, has_gap, split},
    error::Problem,
    nesting::nesting,
    sections::MergedUpdate,
    state::{read_vector, state, trim, write_vector},
};

/// How deep arrays and maps of a plain value may nest.
///
/// `yrs` decodes, encodes and drops them by recursion. `serde_json`, which it uses for the values of formats and
/// embeds, gives up at 128; the same limit for all kinds keeps a value readable wherever it moves. 100 levels take some
/// tens of kilobytes of a worker's stack, of which there is 1 MB.
pub(crate) const MAX_DEPTH: usize = 100;

/// The highest clock that an item may reach. `yrs` subtracts clocks as `i32`.
pub(crate) const MAX_CLOCK: u32 = i32::MAX as u32;

/// The highest client id: the largest integer that JavaScript has exactly, and 53 bits are what `yrs` keeps of one.
pub(crate) const MAX_CLIENT: u64 = (1 << 53) - 1;

/// How many clients of one update may share the low bits of their ids, as many bits as it takes to number the clients.
///
/// `yrs` hashes a client id to itself, so that ids made to collide cost quadratic time: 16,000 took 3 s to load. Of
/// random ids, as clients draw them, no more than a dozen share them.
const MAX_COLLIDING: usize = 64;

/// Bytes that `yrs` may take for a moment to join the pieces of an update, before [`normalize`] joins them itself.
pub(crate) const MAX_JOINING: u64 = 32 << 20;

/// An update that passed [`validate`], so that it may be applied and stored.
#[derive(Clone, Debug)]
pub struct ValidatedUpdate {
    pub(crate) bytes: Vec<u8>,
    /// How much memory it takes once it is applied, in bytes, at most.
    pub(crate) estimated_memory: u64,
    /// How many shared types it makes.
    pub(crate) types: u32,
    /// How many of its items name the item that they are in by its id.
    pub(crate) parents: u32,
    /// Bytes, at most, that it takes for a moment to join its pieces.
    pub(crate) joining: u64,
}

impl ValidatedUpdate {
    /// Returns its length, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl Default for ValidatedUpdate {
    /// Returns an update without changes.
    fn default() -> Self {
        Self { bytes: vec![0, 0], estimated_memory: 0, types: 0, parents: 0, joining: 0 }
    }
}

/// What [`validate`] learns of an update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Neither a struct other than a skip nor a deletion: there is nothing to store.
    pub(crate) empty: bool,
    /// Structs: items, collected ranges and skips.
    pub(crate) structs: u32,
    /// Clients that the structs are of.
    pub(crate) clients: u32,
    /// Ranges of the delete set.
    pub(crate) deletes: u32,
    /// Shared types made inside others: what a chain of nested types can grow by, at most.
    pub(crate) types: u32,
    /// Items that name the item that they are in by its id.
    pub(crate) parents: u32,
    /// Skips: parts that the update's maker did not have either.
    pub(crate) skips: u32,
    /// Bytes, at most, that `yrs` takes for a moment to join pieces of text or lists that follow each other.
    ///
    /// It joins them from the last to the first and keeps each intermediate result until all are joined: 145,000 pieces
    /// of one character (1 MB) take 15 GB and half a minute. Pieces that something lies between stay apart, which an
    /// update alone does not show.
    pub(crate) joining: u64,
    /// Bytes, at most, that a document holds for this update once it is applied, without what its deletions cut.
    pub(crate) estimated_memory: u64,
}

impl Facts {
    /// Bytes as in `estimated_memory` if each deletion cuts a range out of an item: [`estimated_memory`](Self::estimated_memory) counts the deletions
    /// alone, because of a whole document they are mostly of what is gone already.
    pub(crate) fn memory_with_deletions(&self) -> u64 {
        self.estimated_memory + u64::from(self.deletes) * content::SPLIT
    }
}

const GC: u8 = 0;
const SKIP: u8 = 10;

const HAS_ORIGIN: u8 = 1 << 7;
const HAS_RIGHT_ORIGIN: u8 = 1 << 6;
const HAS_PARENT_SUB: u8 = 1 << 5;

/// Checks that `update` is a well-formed V1 update that `yrs` reads as stock Yjs does.
///
/// # Errors
/// What is wrong and at which byte. Nothing of a refused update may be applied.
pub(crate) fn validate(update: &[u8]) -> Result<Facts, UpdateError> {
    let reader = &mut Reader::new(update);
    let mut tally = Tally::default();
    let structs = read_structs(reader, &mut tally)?;
    let (clients, skips) = (structs.clients, structs.skips);
    let deletes = read_delete_set(reader, &mut tally)?;
    if reader.left() > 0 {
        return Err(reader.error(Problem::Trailing));
    }
    Ok(Facts {
        empty: structs.structs == skips && deletes == 0,
        structs: structs.structs,
        clients,
        deletes,
        types: tally.types,
        parents: tally.parents,
        skips,
        joining: structs.joining,
        estimated_memory: tally.estimated_memory(),
    })
}

/// Makes an update of pieces whose joining would take more than [`MAX_JOINING`] safe to apply: one of longer pieces, which
/// says the same. Such an update comes of many small ones that were merged without a document.
///
/// # Errors
/// Those of [`validate`], which `update` has passed, and [`Problem::Pieces`] if that is not enough.
pub(crate) fn normalize(update: &[u8]) -> Result<(Cow<'_, [u8]>, Facts), UpdateError> {
    let separated = join::separated(update)?;
    if join::joining(update, &separated)? <= MAX_JOINING {
        return Ok((Cow::Borrowed(update), validate(update)?));
    }
    let joined = join::join(update)?;
    if join::joining(&joined, &separated)? > MAX_JOINING {
        return Err(UpdateError::new(Problem::Pieces, 0));
    }
    let facts = validate(&joined)?;
    Ok((Cow::Owned(joined), facts))
}

#[derive(Default)]
struct Structs {
    joining: u64,
    structs: u32,
    skips: u32,
    clients: u32,
}

fn read_structs<'a>(reader: &mut Reader<'a>, tally: &mut Tally<'a>) -> Result<Structs, UpdateError> {
    let mut sum = Structs::default();
    let mut ids = Ids::default();
    let clients = reader.count(4)?;
    for _ in 0..clients {
        let start = reader.at();
        let structs = reader.count(2)?;
        if structs == 0 {
            return Err(UpdateError::new(Problem::Empty, start));
        }
        let client = reader.client()?;
        ids.push(client, start);
        tally.clients += 1;
        let mut clock = reader.clock()?;
        let mut run = Run::default();
        for _ in 0..structs {
            let at = reader.at();
            let item = read_struct(reader, tally)?;
            if item.len == 0 {
                return Err(UpdateError::new(Problem::Empty, at));
            }
            sum.skips += u32::from(item.skip);
            sum.joining += run.push(&item, client, clock);
            clock = advance(clock, item.len, at)?;
        }
        sum.structs += structs;
    }
    ids.finish()?;
    sum.clients = clients;
    Ok(sum)
}

/// The id of an item: client and clock.
type Id = (u64, u32);

/// A struct that was read.
#[derive(Default)]
struct Struct {
    /// How many clocks it takes.
    len: u32,
    skip: bool,
    origin: Option<Id>,
    right_origin: Option<Id>,
    /// The type that it is in, where neither of its neighbours says so.
    parent: Option<Id>,
    /// Whether it is a shared type.
    is_type: bool,
    /// Whether nothing can be in it: it is neither a shared type nor what may have been one.
    is_leaf: bool,
    /// Text or plain values, which `yrs` joins with those that follow.
    piece: Option<Piece>,
}

/// Content that can be joined with more of its kind.
struct Piece {
    kind: u8,
    /// Bytes of a worker's memory.
    weight: u64,
    /// Where its text or values begin, after their length.
    start: usize,
}

fn read_struct<'a>(reader: &mut Reader<'a>, tally: &mut Tally<'a>) -> Result<Struct, UpdateError> {
    let at = reader.at();
    let info = reader.byte()?;
    let mut item = Struct::default();
    if matches!(info, GC | SKIP) {
        tally.ranges += 1;
        item.skip = info == SKIP;
        item.len = reader.clock()?;
        return Ok(item);
    }
    tally.items += 1;
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
    Ok(item)
}

/// Items of one client that `yrs` joins to one if nothing lies between them.
#[derive(Default)]
struct Run {
    /// The kind and right origin of its items, and the id that the next one has as its origin.
    last: Option<(u8, Option<Id>, Id)>,
    items: u64,
}

impl Run {
    /// Whether `item` goes on with the run.
    fn continues(&self, item: &Struct) -> bool {
        match (&self.last, &item.piece) {
            (Some((kind, right, last)), Some(piece)) => {
                *kind == piece.kind && *right == item.right_origin && Some(*last) == item.origin
            }
            _ => false,
        }
    }

    /// Adds `item`, which begins at `clock`; returns the bytes that joining it with those before takes.
    fn push(&mut self, item: &Struct, client: u64, clock: u32) -> u64 {
        self.items = if self.continues(item) { self.items + 1 } else { 0 };
        // A clock that overflows is refused by the caller.
        let end = clock.saturating_add(item.len).saturating_sub(1);
        self.last = item.piece.as_ref().map(|piece| (piece.kind, item.right_origin, (client, end)));
        // It is copied once into each one before it.
        item.piece.as_ref().map_or(0, |piece| self.items * piece.weight)
    }
}

/// Reads the deletions; returns their number.
fn read_delete_set(reader: &mut Reader<'_>, tally: &mut Tally<'_>) -> Result<u32, UpdateError> {
    let mut sum = 0;
    let mut ids = Ids::default();
    let clients = reader.count(2)?;
    for _ in 0..clients {
        let start = reader.at();
        ids.push(reader.client()?, start);
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
            if len == 0 {
                return Err(UpdateError::new(Problem::Empty, at));
            }
            end = advance(clock, len, at)?;
        }
        sum += ranges;
    }
    ids.finish()?;
    Ok(sum)
}

/// `clock` after `len` more; the struct is `at` a byte.
fn advance(clock: u32, len: u32, at: usize) -> Result<u32, UpdateError> {
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

/// The bytes of standard base64 with padding, as a browser's `btoa` writes it.
///
/// # Errors
/// What is not that: other characters, the URL-safe ones included, spaces, or padding that is missing or too much.
pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>, UpdateError> {
    STANDARD.decode(text).map_err(|error| {
        use base64::DecodeError::{InvalidByte, InvalidLastSymbol, InvalidLength, InvalidPadding};
        let at = match error {
            InvalidByte(at, _) | InvalidLastSymbol(at, _) => at,
            InvalidLength(_) | InvalidPadding => text.len(),
        };
        UpdateError::new(Problem::Base64, at)
    })
}

/// Standard base64 with padding, as a browser's `atob` reads it.
#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
