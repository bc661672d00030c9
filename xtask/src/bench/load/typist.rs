//! What is typed: a text to begin with, and edits of one character each.

use yrs::encoding::write::Write as _;

/// The root type of the document that has the text.
const ROOT: &str = "text";

/// Whoever wrote the text that was there before.
const FIRST_AUTHOR: u64 = 0x9e37_79b9;

/// A piece of that text, in bytes.
const PAGE: u32 = 100_000;

/// How many characters are typed at one place before the next one, which is anywhere in the text.
const WORD: u32 = 8;

/// Struct `ContentString` of Yjs's first encoding, and what may precede the content.
const STRING: u8 = 4;
const HAS_LEFT: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;

/// A text of so many bytes, as updates that follow each other.
pub(crate) fn pages(size: u32) -> impl Iterator<Item = Vec<u8>> {
    (0..size).step_by(PAGE as usize).map(move |start| {
        let text: String = (start..size.min(start + PAGE)).map(letter).collect();
        let left = start.checked_sub(1).map(|clock| (FIRST_AUTHOR, clock));
        insertion((FIRST_AUTHOR, start), left, None, &text)
    })
}

/// One who types into such a text.
#[derive(Debug)]
pub(crate) struct Typist {
    client: u64,
    clock: u32,
    size: u32,
    /// The text is typed right of this character.
    place: u32,
}

impl Typist {
    /// The `index`th of those who type into a text of `size` bytes, which are at least two.
    pub(crate) fn new(index: usize, size: u32) -> Self {
        // Numbers as large as those that clients draw.
        let client = 0x8000_0000 + (index as u64 + 1) * 0x0010_0007;
        Self { client, clock: 0, size, place: 0 }
    }

    /// What Yjs knows them by.
    pub(crate) fn client(&self) -> u64 {
        self.client
    }

    /// How many characters they have typed.
    pub(crate) fn typed(&self) -> u32 {
        self.clock
    }

    /// The next character that they type, as an update.
    pub(crate) fn edit(&mut self) -> Vec<u8> {
        let id = (self.client, self.clock);
        let left = if self.clock.is_multiple_of(WORD) {
            self.place = somewhere(self.client, self.clock) % (self.size - 1);
            (FIRST_AUTHOR, self.place)
        } else {
            (self.client, self.clock - 1)
        };
        let update = insertion(id, Some(left), Some((FIRST_AUTHOR, self.place + 1)), &letter(self.clock).to_string());
        self.clock += 1;
        update
    }
}

fn letter(clock: u32) -> char {
    char::from(b"etaoin shrdlu"[clock as usize % 13])
}

/// A number that looks like chance, and is the same each time.
fn somewhere(client: u64, clock: u32) -> u32 {
    let mixed = (client << 32 | u64::from(clock)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32
}

/// Text between two characters, each given by its client and clock.
fn insertion(id: (u64, u32), left: Option<(u64, u32)>, right: Option<(u64, u32)>, text: &str) -> Vec<u8> {
    let mut update = Vec::with_capacity(text.len() + 40);
    update.extend([1, 1]); // clients, structs
    update.write_var(id.0);
    update.write_var(id.1);
    update.write_u8(STRING | left.map_or(0, |_| HAS_LEFT) | right.map_or(0, |_| HAS_RIGHT));
    for (client, clock) in left.into_iter().chain(right) {
        update.write_var(client);
        update.write_var(clock);
    }
    if left.is_none() && right.is_none() {
        update.write_u8(1); // the parent is a root type
        update.write_string(ROOT);
    }
    update.write_string(text);
    update.write_u8(0); // deletions
    update
}

#[cfg(test)]
mod tests {
    use yrs::{
        Doc, GetString as _, ReadTxn as _, Transact as _, Update, block::ClientID, updates::decoder::Decode as _,
    };

    use super::*;

    #[test]
    fn what_is_typed_is_a_document() {
        let doc = Doc::new();
        let apply = |update: Vec<u8>| {
            let update = Update::decode_v1(&update).expect("it is an update");
            doc.transact_mut().apply_update(update).expect("it fits");
        };
        pages(250_001).for_each(apply);
        let mut typists = [Typist::new(0, 250_001), Typist::new(1, 250_001)];
        for _ in 0..100 {
            typists.iter_mut().for_each(|typist| apply(typist.edit()));
        }
        let transaction = doc.transact();
        assert!(!transaction.has_missing_updates());
        let text = transaction.get_text(ROOT).expect("it is there").get_string(&transaction);
        assert_eq!(text.len(), 250_201);
        for typist in &typists {
            assert_eq!(transaction.state_vector().get(&ClientID::new(typist.client())), typist.typed());
        }
    }

    #[test]
    fn a_character_is_a_small_update() {
        let mut typist = Typist::new(49, 1_000_000);
        assert!((0..1000).all(|_| typist.edit().len() < 36));
    }
}
