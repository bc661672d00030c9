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
    /// Where they are divided; the end, if they are not.
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

/// The sections of an update, each divided before the first struct of which `parts` says so, and where its deletions begin.
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

/// Updates of which some are to be merged.
pub(crate) struct MergedUpdate<'a>(Vec<Piece<'a>>);

struct Piece<'a> {
    update: &'a [u8],
    sections: Vec<Section>,
    deletions: Vec<Deletion>,
}

/// A client, and the first clock and the one after the last.
type Deletion = (u64, u32, u32);

impl<'a> MergedUpdate<'a> {
    /// Looks through updates once, however often they are merged.
    ///
    /// # Errors
    /// Those of [`validate`](super::validate), which all have passed.
    pub(crate) fn new(updates: &[&'a [u8]]) -> Result<Self, UpdateError> {
        updates.iter().map(|update| Piece::new(update)).collect::<Result<_, _>>().map(Self)
    }

    /// Those with these indexes, as one. `None` where the structs of a client do not simply follow each other.
    pub(crate) fn merge(&self, indexes: &[usize]) -> Option<Vec<u8>> {
        let chosen = || indexes.iter().filter_map(|index| self.0.get(*index));
        let mut sections: Vec<_> =
            chosen().flat_map(|piece| piece.sections.iter().map(|section| (section, piece.update))).collect();
        // The highest client first, as Yjs writes them.
        sections.sort_by_key(|(section, _)| (std::cmp::Reverse(section.client), section.first.clock));
        let of_clients: Vec<_> = sections.chunk_by(|(one, _), (next, _)| one.client == next.client).collect();

        let mut merged = Vec::with_capacity(chosen().map(|piece| piece.update.len()).sum());
        write_number(&mut merged, of_clients.len() as u64);
        for sections in of_clients {
            if sections.windows(2).any(|pair| pair[0].0.end.clock != pair[1].0.first.clock) {
                return None;
            }
            let first = sections[0].0;
            write_number(&mut merged, sections.iter().map(|(section, _)| u64::from(section.end.index)).sum());
            write_number(&mut merged, first.client);
            write_number(&mut merged, first.first.clock.into());
            for (section, update) in sections {
                merged.extend_from_slice(&update[section.first.at..section.end.at]);
            }
        }
        write_deletions(chosen().flat_map(|piece| piece.deletions.iter().copied()).collect(), &mut merged);
        Some(merged)
    }
}

impl<'a> Piece<'a> {
    fn new(update: &'a [u8]) -> Result<Self, UpdateError> {
        let (sections, at) = sections(update, |_, _, _| false)?;
        let mut reader = Reader::new(update);
        reader.skip(at);
        let mut deletions = Vec::new();
        for _ in 0..reader.count(2)? {
            let client = reader.client()?;
            for _ in 0..reader.count(2)? {
                let clock = reader.clock()?;
                deletions.push((client, clock, clock + reader.clock()?));
            }
        }
        Ok(Self { update, sections, deletions })
    }
}

fn write_deletions(mut deletions: Vec<Deletion>, to: &mut Vec<u8>) {
    deletions.sort_unstable();
    let mut joined: Vec<Deletion> = Vec::with_capacity(deletions.len());
    for (client, start, end) in deletions {
        match joined.last_mut() {
            Some((of, _, reach)) if *of == client && start <= *reach => *reach = end.max(*reach),
            _ => joined.push((client, start, end)),
        }
    }
    let of_clients: Vec<_> = joined.chunk_by(|one, next| one.0 == next.0).collect();
    write_number(to, of_clients.len() as u64);
    for ranges in of_clients.into_iter().rev() {
        write_number(to, ranges[0].0);
        write_number(to, ranges.len() as u64);
        for (_, start, end) in ranges {
            write_number(to, (*start).into());
            write_number(to, (end - start).into());
        }
    }
}
