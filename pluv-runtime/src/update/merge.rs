//! Small updates that go out as one. They are put side by side as they were written; to decode and to encode them would
//! take several times as long.

use super::{
    UpdateError,
    lib0::{Reader, write_number},
    walk::{Section, sections},
};

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
