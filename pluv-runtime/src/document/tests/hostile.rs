//! Updates that are well-formed and meant to take much memory.

use crate::update::lib0::write_number;

/// The structs that a hostile document is made of.
pub(super) type Kind = fn(&mut Structs);

/// Kinds by their names, each of which takes the most memory for something else.
pub(super) const KINDS: &[(&str, Kind)] = &[
    ("letters", |structs| structs.push(&[4, 1, 1, b'a', 1, b'x'], 1)),
    ("emoji", |structs| structs.push(&[4, 1, 1, b'a', 4, 0xf0, 0x9f, 0x99, 0x82], 2)),
    ("values", |structs| structs.push(&[8, 1, 1, b'a', 1, 127], 1)),
    ("texts", |structs| structs.push(&[8, 1, 1, b'a', 4, 119, 1, b'x', 119, 0, 119, 0, 119, 1, b'y'], 4)),
    ("arrays", |structs| structs.push(&[8, 1, 1, b'a', 5, 117, 0, 117, 0, 117, 1, 127, 117, 0, 117, 0], 5)),
    ("maps", |structs| structs.push(&[8, 1, 1, b'a', 3, 118, 0, 118, 0, 118, 1, 1, b'k', 127], 3)),
    ("buffers", |structs| structs.push(&[8, 1, 1, b'a', 3, 116, 0, 116, 1, 7, 116, 0], 3)),
    ("keys", |structs| {
        let key = structs.clock.to_le_bytes().map(|byte| b'a' + byte % 16);
        structs.push(&[&[0x28, 1, 1, b'a', 4], &key[..], &[1, 127]].concat(), 1);
    }),
    ("types", |structs| structs.push(&[7, 1, 1, b'a', 1], 1)),
    ("elements", |structs| structs.push(&[7, 1, 1, b'a', 3, 1, b'p'], 1)),
    ("roots", |structs| {
        let name = structs.clock.to_le_bytes().map(|byte| b'a' + byte % 16);
        structs.push(&[&[8, 1, 4], &name[..], &[1, 127]].concat(), 1);
    }),
    ("embeds", |structs| structs.push(&[&[5, 1, 1, b'a', 14], &b"[[],[],{},[0]]"[..]].concat(), 1)),
    ("formats", |structs| structs.push(&[&[6, 1, 1, b'a', 1, b'b', 10], &b"{\"a\":{}  }"[..]].concat(), 1)),
    ("binaries", |structs| structs.push(&[3, 1, 1, b'a', 1, 0], 1)),
    ("collected", |structs| {
        structs.push(&[0, 1], 1);
        structs.push(&[4, 1, 1, b'a', 1, b'x'], 1);
    }),
    ("clients", |structs| {
        // Each after the one of another: side by side, `yrs` would compare each with all.
        let previous = structs.previous;
        let mut item = vec![0x84];
        write_number(&mut item, previous);
        item.extend([0, 1, b'x']);
        structs.push(if previous == 0 { &[4, 1, 1, b'a', 1, b'x'] } else { &item }, 1);
        structs.next_client();
    }),
    ("deletions", |structs| {
        structs.push(&[4, 1, 1, b'a', 1, b'x'], 1);
        structs.delete(structs.clock - 1, 1);
        structs.push(&[4, 1, 1, b'a', 1, b'x'], 1);
    }),
    ("cuts", |structs| {
        let text = [b'x'; 64];
        let first = structs.clock;
        structs.push(&[&[4, 1, 1, b'a', 64], &text[..]].concat(), 64);
        (0..31).for_each(|cut| structs.delete(first + 2 * cut, 1));
    }),
];

/// Structs of clients, one after another, and deletions of them.
#[derive(Clone)]
pub(super) struct Structs {
    client: u64,
    /// The client before it; 0 is none.
    previous: u64,
    /// The clock of the next struct.
    clock: u32,
    first: u32,
    count: u64,
    bytes: Vec<u8>,
    /// Sections that are complete.
    sections: Vec<Vec<u8>>,
    deletions: Vec<(u32, u32)>,
}

impl Structs {
    pub(super) fn new() -> Self {
        Self {
            client: 1,
            previous: 0,
            clock: 0,
            first: 0,
            count: 0,
            bytes: Vec::new(),
            sections: Vec::new(),
            deletions: Vec::new(),
        }
    }

    fn push(&mut self, bytes: &[u8], len: u32) {
        self.bytes.extend_from_slice(bytes);
        self.count += 1;
        self.clock += len;
    }

    fn delete(&mut self, clock: u32, len: u32) {
        self.deletions.push((clock, len));
    }

    fn next_client(&mut self) {
        self.end_section();
        self.previous = self.client;
        // Far apart, as random ones are.
        self.client = self.client.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 12;
        (self.clock, self.first) = (0, 0);
    }

    fn end_section(&mut self) {
        if self.count > 0 {
            let mut section = Vec::new();
            write_number(&mut section, self.count);
            write_number(&mut section, self.client);
            write_number(&mut section, self.first.into());
            section.append(&mut self.bytes);
            self.sections.push(section);
        }
        (self.count, self.first) = (0, self.clock);
    }

    /// How many bytes the next update has so far.
    fn len(&self) -> usize {
        self.bytes.len() + self.sections.iter().map(Vec::len).sum::<usize>() + 3 * self.deletions.len()
    }

    /// The next update of a kind, of about so many bytes.
    pub(super) fn update(&mut self, kind: Kind, len: usize) -> Vec<u8> {
        let mut so_far = 0;
        while so_far < len {
            for _ in 0..100 {
                kind(self);
            }
            so_far = self.len();
        }
        let client = self.client;
        self.end_section();
        let mut update = Vec::new();
        write_number(&mut update, self.sections.len() as u64);
        self.sections.drain(..).for_each(|section| update.extend(section));
        write_number(&mut update, u64::from(!self.deletions.is_empty()));
        if !self.deletions.is_empty() {
            write_number(&mut update, client);
            write_number(&mut update, self.deletions.len() as u64);
            for (clock, len) in self.deletions.drain(..) {
                write_number(&mut update, clock.into());
                write_number(&mut update, len.into());
            }
        }
        update
    }
}
