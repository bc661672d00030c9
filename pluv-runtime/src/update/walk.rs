//! Through the structs of an update that has passed [`validate`](super::validate): an error is one of that.

use super::{
    Struct, UpdateError,
    content::Tally,
    lib0::{Reader, write_number},
    read_struct,
};

/// Calls `each` for every struct, with its client and its clock.
pub(super) fn walk(update: &[u8], mut each: impl FnMut(u64, u32, &Struct)) -> Result<(), UpdateError> {
    sections(update, |client, clock, item| {
        each(client, clock, item);
        false
    })
    .map(drop)
}

/// The structs of one client.
pub(super) struct Section {
    pub(super) client: u64,
    pub(super) first: Place,
    /// Where they are separated; the end, if they are not.
    pub(super) parting: Place,
    pub(super) end: Place,
}

/// A place among the structs of a client.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// How many structs are before it.
    pub(super) index: u32,
    /// The byte of the update.
    pub(super) at: usize,
    pub(super) clock: u32,
}

/// The sections of an update, each separated before the first struct of which `parts` says so, and where its deletions begin.
pub(super) fn sections(
    update: &[u8],
    mut parts: impl FnMut(u64, u32, &Struct) -> bool,
) -> Result<(Vec<Section>, usize), UpdateError> {
    let reader = &mut Reader::new(update);
    let mut tally = Tally::default();
    let mut sections = Vec::new();
    for _ in 0..reader.count(4)? {
        let structs = reader.count(2)?;
        let client = reader.client()?;
        let clock = reader.clock()?;
        let first = Place { index: 0, at: reader.at(), clock };
        let (mut end, mut parting) = (first, None);
        for index in 1..=structs {
            let item = read_struct(reader, &mut tally)?;
            if parts(client, end.clock, &item) {
                parting.get_or_insert(end);
            }
            end = Place { index, at: reader.at(), clock: end.clock + item.len };
        }
        sections.push(Section { client, first, parting: parting.unwrap_or(end), end });
    }
    Ok((sections, reader.at()))
}

/// The structs of a part of an update.
#[derive(Default)]
pub(super) struct Part {
    clients: u64,
    structs: Vec<u8>,
}

impl Part {
    /// Adds the structs of a client between two places of `update`.
    pub(super) fn push(&mut self, update: &[u8], client: u64, from: Place, to: Place) {
        if from.index < to.index {
            self.clients += 1;
            write_number(&mut self.structs, (to.index - from.index).into());
            write_number(&mut self.structs, client);
            write_number(&mut self.structs, from.clock.into());
            self.structs.extend_from_slice(&update[from.at..to.at]);
        }
    }

    pub(super) fn finish(self, deletions: &[u8]) -> Vec<u8> {
        let mut update = Vec::with_capacity(self.structs.len() + deletions.len() + 4);
        write_number(&mut update, self.clients);
        update.extend_from_slice(&self.structs);
        update.extend_from_slice(deletions);
        update
    }
}
