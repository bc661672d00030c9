//! What clients tell of themselves: a state for each, with a clock.

use super::{MAX_NUMBER, reader::Reader};

/// How deep a state may nest. Clients compare states by recursion.
const MAX_DEPTH: usize = 100;

/// What is told of one client.
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

/// What an update of the awareness tells, in its order. Where it is malformed comes a `None`, and nothing after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries<'a> {
    reader: Reader<'a>,
    left: u64,
}

impl<'a> Entries<'a> {
    /// Those of an update; `None` where it does not say how many they are.
    pub(crate) fn of(update: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(update);
        let left = reader.number()?;
        Some(Self { reader, left })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Option<Entry<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 && self.reader.is_at_end() {
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
    let (client, clock) = (reader.number()?, reader.number()?);
    // A client that is told of itself counts on from there.
    (clock < MAX_NUMBER).then_some(())?;
    Some(Entry { client, clock, state: reader.buffer()? })
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
