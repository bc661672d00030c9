//! Longer pieces of short ones. `yrs` has no such function: it joins pieces only as it applies an update, in time and
//! memory for the square of their number.

use std::{borrow::Cow, collections::HashSet, ops::Range};

use super::{
    content::STRING,
    error::UpdateError,
    lib0::{Id, write_number},
    structs::{Struct, Structs, walk},
};

/// How heavy a piece grows, in bytes of a worker's memory. Something may lie between the pieces that are joined; `yrs`
/// then splits them again, each time copying what is to the right. Without a bound that would be quadratic in turn.
const MAX_PIECE: u64 = 512 << 10;

/// Items of one client that `yrs` joins to one if nothing lies between them.
#[derive(Default)]
pub(super) struct Run {
    /// The kind and right origin of its items, and the id that the next one has as its origin.
    last: Option<(u8, Option<Id>, Id)>,
    items: u64,
}

impl Run {
    /// Whether `item` goes on with the run.
    fn continues(&self, item: &Struct) -> bool {
        match (&self.last, &item.piece) {
            (Some((kind, right, last)), Some(piece)) => {
                *kind == piece.kind
                    && last.0 == item.client
                    && *right == item.right_origin
                    && Some(*last) == item.origin
            }
            _ => false,
        }
    }

    /// Adds `item`; returns the bytes that joining it with those before takes.
    pub(super) fn push(&mut self, item: &Struct) -> u64 {
        self.items = if self.continues(item) { self.items + 1 } else { 0 };
        let last = (item.client, item.end() - 1);
        self.last = item.piece.as_ref().map(|piece| (piece.kind, item.right_origin, last));
        // It is copied once into each one before it.
        item.piece.as_ref().map_or(0, |piece| self.items * piece.weight)
    }
}

/// An update that says what `update` says, in which text and lists of plain values that go on with those before them
/// are joined with them.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(super) fn join(update: &[u8]) -> Result<Vec<u8>, UpdateError> {
    let mut joined = Structs::default();
    let mut run = Run::default();
    let mut open: Option<Open<'_>> = None;
    let deletions = walk(update, |item| {
        let next = Open::new(item, update);
        match (&mut open, next) {
            (Some(open), Some(next)) if run.continues(item) && open.weight + next.weight <= MAX_PIECE => {
                open.add(&next);
            }
            (open, next) => {
                if let Some(done) = open.take() {
                    done.write(&mut joined);
                }
                if next.is_none() {
                    joined.push(item.client, 1, item.clock..item.end(), &update[item.bytes.clone()]);
                }
                *open = next;
            }
        }
        run.push(item);
    })?;
    if let Some(done) = open {
        done.write(&mut joined);
    }
    Ok(joined.encode(&update[deletions..]))
}

/// The items between which and the one before them in their client's list another item lies: as in a text that was edited
/// in its middle, whose pieces are never joined.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(super) fn separated(update: &[u8]) -> Result<HashSet<Id>, UpdateError> {
    let mut separated = HashSet::new();
    walk(update, |item| {
        if let (Some((left, before)), Some((right, after))) = (item.origin, item.right_origin)
            && left == right
            && before + 1 == after
        {
            separated.insert((right, after));
        }
    })?;
    Ok(separated)
}

/// The bytes of [`Facts::joining`](super::Facts::joining) with regard to what lies between the pieces.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(super) fn joining(update: &[u8], separated: &HashSet<Id>) -> Result<u64, UpdateError> {
    let mut run = Run::default();
    let mut sum = 0;
    walk(update, |item| {
        if separated.contains(&(item.client, item.clock)) {
            run = Run::default();
        }
        sum += run.push(item);
    })?;
    Ok(sum)
}

/// A piece that more may be added to.
struct Open<'a> {
    client: u64,
    clocks: Range<u32>,
    /// Its item up to the length of its content.
    head: &'a [u8],
    /// The length as it is written: bytes of text, or values.
    len: u64,
    weight: u64,
    content: Cow<'a, [u8]>,
}

impl<'a> Open<'a> {
    /// An item of `update` as a piece, if it is one.
    fn new(item: &Struct, update: &'a [u8]) -> Option<Self> {
        let piece = item.piece.as_ref()?;
        let content = &update[piece.start..item.bytes.end];
        let len = if piece.kind == STRING { content.len() as u64 } else { item.len.into() };
        // The shortest form, which is the one that was read.
        let mut written = Vec::with_capacity(4);
        write_number(&mut written, len);
        let head = &update[item.bytes.start..piece.start - written.len()];
        let (client, clocks) = (item.client, item.clock..item.end());
        Some(Self { client, clocks, head, len, weight: piece.weight, content: Cow::Borrowed(content) })
    }

    fn add(&mut self, next: &Self) {
        self.clocks.end = next.clocks.end;
        self.content.to_mut().extend_from_slice(&next.content);
        self.len += next.len;
        self.weight += next.weight;
    }

    fn write(self, to: &mut Structs) {
        let mut bytes = self.head.to_vec();
        write_number(&mut bytes, self.len);
        bytes.extend_from_slice(&self.content);
        to.push(self.client, 1, self.clocks, &bytes);
    }
}
