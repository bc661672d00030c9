//! The protocol of the Yjs providers: binary frames, with numbers and buffers as lib0 writes them.
//!
//! The payload of a frame of the sync protocol, an update or a state vector, is read by the document.

#[cfg(test)]
mod tests;

use crate::update::lib0::{Reader, write_buffer, write_number};

/// The close code for a connection that was wanted, and is no more: `y-websocket` does not come back after 4400 to 4499.
pub(crate) const ENDED: u16 = 4403;

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const AUTH: u64 = 2;
const QUERY: u64 = 3;

const STEP_1: u64 = 0;
const STEP_2: u64 = 1;
const UPDATE: u64 = 2;

const PERMISSION_DENIED: u64 = 0;

/// The highest number that JavaScript has exactly. Clients give up on a frame with a higher one.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// A frame of a client. What it carries is its end: nothing follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// The client's state vector: it wants the rest.
    Step1(&'a [u8]),
    /// The changes that the room lacks: the answer to its own state vector.
    Step2(&'a [u8]),
    /// A change of the client.
    Update(&'a [u8]),
    /// Where cursors are, and whatever else clients tell each other of themselves.
    Awareness(&'a [u8]),
    /// The client wants all of that.
    QueryAwareness,
}

impl<'a> Frame<'a> {
    /// Reads a frame; `None` is one that no client sends.
    pub(crate) fn parse(frame: &'a [u8]) -> Option<Self> {
        let reader = &mut Reader::new(frame);
        match reader.number().ok()? {
            SYNC => match reader.number().ok()? {
                STEP_1 => last_buffer(reader).map(Self::Step1),
                STEP_2 => last_buffer(reader).map(Self::Step2),
                UPDATE => last_buffer(reader).map(Self::Update),
                _ => None,
            },
            AWARENESS => last_buffer(reader).map(Self::Awareness),
            QUERY if reader.left() == 0 => Some(Self::QueryAwareness),
            _ => None,
        }
    }
}

/// Reads a buffer that nothing follows.
fn last_buffer<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    reader.buffer().ok().filter(|_| reader.left() == 0)
}

/// The most bytes that a number takes.
const MAX_VARINT: usize = 8;

/// Asks a client for what it knows of itself and of others.
#[expect(clippy::cast_possible_truncation, reason = "it is small")]
pub(crate) const QUERY_AWARENESS: [u8; 1] = [QUERY as u8];

/// Asks for what the room lacks, which has this much.
pub(crate) fn step1(vector: &[u8]) -> Vec<u8> {
    sync(STEP_1, vector)
}

/// The changes that a client lacks.
pub(crate) fn step2(update: &[u8]) -> Vec<u8> {
    sync(STEP_2, update)
}

/// A change of someone else.
pub(crate) fn update(update: &[u8]) -> Vec<u8> {
    sync(UPDATE, update)
}

fn sync(kind: u64, content: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(content.len() + 2 + MAX_VARINT);
    write_number(&mut frame, SYNC);
    write_number(&mut frame, kind);
    write_buffer(&mut frame, content);
    frame
}

/// The awareness of some clients, by their clocks and states; `null` is one that is gone.
pub(crate) fn awareness(known: &[(u64, u64, &str)]) -> Vec<u8> {
    let mut update = Vec::new();
    write_number(&mut update, known.len() as u64);
    for (client, clock, state) in known {
        write_number(&mut update, *client);
        write_number(&mut update, *clock);
        write_buffer(&mut update, state.as_bytes());
    }
    let mut frame = Vec::with_capacity(update.len() + 1 + MAX_VARINT);
    write_number(&mut frame, AWARENESS);
    write_buffer(&mut frame, &update);
    frame
}

/// Says that something may not be, and why.
pub(crate) fn denied(reason: &str) -> Vec<u8> {
    let mut frame = Vec::with_capacity(reason.len() + 2 + MAX_VARINT);
    write_number(&mut frame, AUTH);
    write_number(&mut frame, PERMISSION_DENIED);
    write_buffer(&mut frame, reason.as_bytes());
    frame
}

/// How deep a state may nest. Clients compare states by recursion.
const MAX_DEPTH: usize = 100;

/// The entry of one client in an awareness update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// The client, as Yjs knows it.
    pub(crate) client: u64,
    /// A higher one is newer.
    pub(crate) clock: u64,
    state: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Whether the client is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.state == b"null"
    }

    /// How long the state is, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.state.len()
    }

    /// The state, a JSON object of which nothing is wrong but what only a parser sees; `None` where it is something
    /// else.
    pub(crate) fn state(&self) -> Option<&'a str> {
        let state = str::from_utf8(self.state).ok()?;
        (state.starts_with('{') && depth(state) <= MAX_DEPTH).then_some(state)
    }
}

/// The entries of an awareness update, in its order. Where it is malformed comes a `None`, and nothing after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries<'a> {
    reader: Reader<'a>,
    left: u64,
}

impl<'a> Entries<'a> {
    /// Those of an update; `None` where it does not say how many they are.
    pub(crate) fn of(update: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(update);
        let left = reader.number().ok()?;
        Some(Self { reader, left })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Option<Entry<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 && self.reader.left() == 0 {
            return None;
        }
        let found = if self.left == 0 { None } else { entry(&mut self.reader) };
        match found {
            Some(_) => self.left -= 1,
            None => *self = Self { reader: Reader::new(&[]), left: 0 },
        }
        Some(found)
    }
}

fn entry<'a>(reader: &mut Reader<'a>) -> Option<Entry<'a>> {
    let (client, clock) = (reader.number().ok()?, reader.number().ok()?);
    // A client that is told of itself counts on from there.
    (clock < MAX_NUMBER).then_some(())?;
    Some(Entry { client, clock, state: reader.buffer().ok()? })
}

/// How deep a JSON value nests.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
