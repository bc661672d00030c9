//! Longer pieces of short ones.

use std::collections::HashSet;

use super::{
    Id, Run, Struct, UpdateError,
    content::STRING,
    content::Tally,
    lib0::{Reader, write_number},
    read_struct,
    sections::walk,
};

/// How heavy a piece grows, in bytes of a worker's memory. Something may lie between the pieces that are joined; `yrs`
/// then splits them again, each time copying what is to the right. Without a bound that would be quadratic in turn.
const MAX_PIECE: u64 = 512 << 10;

/// An update that says what `update` says, in which text and lists of plain values that go on with those before them
/// are joined with them.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(super) fn join(update: &[u8]) -> Result<Vec<u8>, UpdateError> {
    let reader = &mut Reader::new(update);
    let mut tally = Tally::default();
    let mut joined = Vec::with_capacity(update.len());
    let clients = reader.count(4)?;
    write_number(&mut joined, clients.into());
    for _ in 0..clients {
        let structs = reader.count(2)?;
        let mut left = structs;
        let start = reader.at();
        let client = reader.client()?;
        let mut clock = reader.clock()?;
        let head = &update[start..reader.at()];
        let mut body = Vec::new();
        let mut run = Run::default();
        let mut open: Option<Open<'_>> = None;
        for _ in 0..structs {
            let start = reader.at();
            let item = read_struct(reader, &mut tally)?;
            let bytes = &update[start..reader.at()];
            let continues = run.continues(&item);
            run.push(&item, client, clock);
            clock = clock.saturating_add(item.len);
            let next = Open::new(&item, bytes, start);
            match (&mut open, next) {
                (Some(open), Some(next)) if continues && open.weight + next.weight <= MAX_PIECE => {
                    open.add(&next);
                    left -= 1;
                }
                (open, next) => {
                    if let Some(done) = open.take() {
                        done.write(&mut body);
                    }
                    if next.is_none() {
                        body.extend_from_slice(bytes);
                    }
                    *open = next;
                }
            }
        }
        if let Some(done) = open {
            done.write(&mut body);
        }
        write_number(&mut joined, left.into());
        joined.extend_from_slice(head);
        joined.append(&mut body);
    }
    joined.extend_from_slice(&update[reader.at()..]);
    Ok(joined)
}

/// The items between which and the one before them in their client's list another item lies: as in a text that was edited
/// in its middle, whose pieces are never joined.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(super) fn separated(update: &[u8]) -> Result<HashSet<Id>, UpdateError> {
    let mut separated = HashSet::new();
    walk(update, |_, _, item| {
        if let (Some((left, before)), Some((right, after))) = (item.origin, item.right_origin)
            && left == right
            && before + 1 == after
        {
            separated.insert((right, after));
        }
    })?;
    Ok(separated)
}

/// What [`Facts::joining`](super::Facts::joining) is with regard to what lies between the pieces.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(super) fn joining(update: &[u8], separated: &HashSet<Id>) -> Result<u64, UpdateError> {
    let mut run = Run::default();
    let mut sum = 0;
    walk(update, |client, clock, item| {
        if separated.contains(&(client, clock)) {
            run = Run::default();
        }
        sum += run.push(item, client, clock);
    })?;
    Ok(sum)
}

/// A piece that more may be added to.
struct Open<'a> {
    /// Its item up to the length of its content.
    head: &'a [u8],
    /// The length as it is written: bytes of text, or values.
    len: u64,
    weight: u64,
    content: Content<'a>,
}

enum Content<'a> {
    One(&'a [u8]),
    Joined(Vec<u8>),
}

impl<'a> Open<'a> {
    /// `item` as a piece, if it is one; `bytes` are all of it, from `start` on.
    fn new(item: &Struct, bytes: &'a [u8], start: usize) -> Option<Self> {
        let piece = item.piece.as_ref()?;
        let (head, content) = bytes.split_at(piece.start - start);
        let len = if piece.kind == STRING { content.len() as u64 } else { item.len.into() };
        // The shortest form, which is the one that was read.
        let mut written = Vec::with_capacity(4);
        write_number(&mut written, len);
        let head = &head[..head.len() - written.len()];
        Some(Self { head, len, weight: piece.weight, content: Content::One(content) })
    }

    fn add(&mut self, next: &Self) {
        let mut content = match std::mem::replace(&mut self.content, Content::One(&[])) {
            Content::One(bytes) => bytes.to_vec(),
            Content::Joined(bytes) => bytes,
        };
        content.extend_from_slice(next.content.bytes());
        self.content = Content::Joined(content);
        self.len += next.len;
        self.weight += next.weight;
    }

    fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(self.head);
        write_number(into, self.len);
        into.extend_from_slice(self.content.bytes());
    }
}

impl Content<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::One(bytes) => bytes,
            Self::Joined(bytes) => bytes,
        }
    }
}
