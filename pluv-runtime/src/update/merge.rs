//! Updates that are merged and compared without being decoded, and state vectors.

use yrs::{IdSet, StateVector, block::ClientID};

use super::{
    error::{Problem, UpdateError},
    lib0::{Reader, write_number},
    structs::{Section, Structs, deletions, sections, walk, write_deletions},
};

/// Updates of which some are to be merged.
///
/// In place of `merge_updates_v1` of `yrs`, which decodes every item, and that for every choice anew. In release, 8
/// updates of 30 B were merged in 2.4 µs (`yrs`: 4.2 µs), 8 of 750 B in 22 µs (86 µs), 2 of 1 MB of one text in 3.5 ms
/// (8.6 ms), and 2 of 1.1 MB with 50,000 items each in 6.7 ms (48 ms), for three audiences in 12 ms (101 ms).
pub(crate) struct MergedUpdate<'a>(Vec<Part<'a>>);

struct Part<'a> {
    update: &'a [u8],
    sections: Vec<Section>,
    deletions: IdSet,
}

impl<'a> MergedUpdate<'a> {
    /// Looks through updates once, however often they are merged.
    ///
    /// # Errors
    /// Those of [`validate`](super::validate), which all have passed.
    pub(crate) fn new(updates: &[&'a [u8]]) -> Result<Self, UpdateError> {
        let part = |update: &&'a [u8]| {
            let (sections, at) = sections(update, |_| true)?;
            Ok(Part { update, sections, deletions: deletions(update, at)? })
        };
        updates.iter().map(part).collect::<Result<_, _>>().map(Self)
    }

    /// Those with these indexes, as one. `None` where the structs of a client do not simply follow each other.
    pub(crate) fn merge(&self, indexes: &[usize]) -> Option<Vec<u8>> {
        let parts = || indexes.iter().filter_map(|index| self.0.get(*index));
        let mut sections: Vec<_> =
            parts().flat_map(|part| part.sections.iter().map(|section| (section, part.update))).collect();
        sections.sort_by_key(|(section, _)| (section.client, section.clocks.start));
        let mut merged = Structs::default();
        if !sections.into_iter().all(|(section, update)| merged.push_section(update, section.clone())) {
            return None;
        }
        let mut deletions = IdSet::new();
        parts().for_each(|part| deletions.merge_with(part.deletions.clone()));
        Some(merged.encode(&write_deletions(&deletions)))
    }
}

/// Returns the state vector of a client whose whole document is `update`.
///
/// In place of `encode_state_vector_from_update_v1` of `yrs`, which decodes every item. In release, it took 0.1 µs for
/// 21 B (`yrs`: 0.3 µs), 31 µs for 5.9 KB (61 µs) and 10 ms for 2 MB of many items (38 ms); for 2 MB of two texts both
/// took 1.3 ms.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn state(update: &[u8]) -> Result<StateVector, UpdateError> {
    let mut state = StateVector::default();
    walk(update, |item| {
        let client = ClientID::new(item.client);
        if !item.skip && item.clock == state.get(&client) {
            state.set_max(client, item.end());
        }
    })?;
    Ok(state)
}

/// An update without what a document has: structs that it knows, and deletions of what is `deleted` in it. `None` where it
/// knows none of the structs: then it is an edit, and not a client's whole document.
///
/// In place of `diff_updates_v1` of `yrs`, which keeps all deletions and does not tell an edit from a whole document. In
/// release, it took 1.3 µs for 189 B (`yrs`: 1.7 µs), 33 µs for 5.9 KB (60 µs) and 19 ms for 2 MB of many items (45 ms); for
/// an edit of 21 B, of which it says that it is one, 0.4 µs (0.3 µs).
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn trim(
    update: &[u8],
    known: &StateVector,
    deleted: impl FnOnce() -> IdSet,
) -> Result<Option<Vec<u8>>, UpdateError> {
    let mut is_known = false;
    let (sections, deletions_at) = sections(update, |item| {
        let is_new = !item.skip && item.end() > known.get(&ClientID::new(item.client));
        is_known |= !is_new;
        is_new
    })?;
    if !is_known {
        return Ok(None);
    }
    let mut trimmed = Structs::default();
    for section in sections {
        trimmed.push_section(update, section);
    }
    let mut deletions = deletions(update, deletions_at)?;
    deletions.diff_with(&deleted());
    Ok(Some(trimmed.encode(&write_deletions(&deletions))))
}

/// Reads a state vector, but for the clients that a document which has `known` knows nothing of: it has nothing of
/// theirs to give, and they may be many.
///
/// In place of `StateVector::decode_v1` of `yrs`, which takes all clients into a map that ids can be made to collide in.
/// It is as fast (70 to 80 ns for three clients).
///
/// # Errors
/// The problem, and the byte that it is at.
pub(crate) fn read_vector(bytes: &[u8], known: &StateVector) -> Result<StateVector, UpdateError> {
    let mut reader = Reader::new(bytes);
    let mut vector = StateVector::default();
    for _ in 0..reader.count(2)? {
        let client = ClientID::new(reader.client()?);
        let clock = reader.clock()?;
        if known.contains_client(&client) {
            vector.set_max(client, clock);
        }
    }
    if reader.left() > 0 {
        return Err(reader.error(Problem::Trailing));
    }
    Ok(vector)
}

/// Writes a state vector as stock Yjs does, with the highest clients first; `encode_v1` of `yrs` has no order. It is as
/// fast (40 to 50 ns for three clients).
pub(crate) fn write_vector(vector: &StateVector) -> Vec<u8> {
    let mut clients: Vec<_> = vector.iter().collect();
    clients.sort_unstable_by(|one, other| other.cmp(one));
    let mut bytes = Vec::with_capacity(1 + 10 * clients.len());
    write_number(&mut bytes, clients.len() as u64);
    for (client, clock) in clients {
        write_number(&mut bytes, client.get());
        write_number(&mut bytes, (*clock).into());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That of a document with `1: 3` and `2^53 - 1: 300`, as stock Yjs 13.6.33 writes it.
    const STOCK: [u8; 13] = [2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xac, 2, 1, 3];

    fn vector(clients: &[(u64, u32)]) -> StateVector {
        clients.iter().map(|(client, clock)| (ClientID::new(*client), *clock)).collect()
    }

    #[test]
    fn a_state_vector_is_as_stock_clients_have_it() {
        let both = vector(&[(1, 3), ((1 << 53) - 1, 300)]);
        assert_eq!(write_vector(&both), STOCK);
        assert_eq!(read_vector(&STOCK, &both), Ok(both));
        assert_eq!(write_vector(&StateVector::default()), [0]);
        assert_eq!(read_vector(&[0], &vector(&[(1, 1)])), Ok(StateVector::default()));
    }

    #[test]
    fn clients_that_nobody_knows_are_left_out() {
        assert_eq!(read_vector(&STOCK, &vector(&[(1, 9)])), Ok(vector(&[(1, 3)])));
        let mut many = Vec::new();
        write_number(&mut many, 100_000);
        (0..100_000_u64).for_each(|client| [client << 20, 1].into_iter().for_each(|n| write_number(&mut many, n)));
        assert_eq!(read_vector(&many, &StateVector::default()), Ok(StateVector::default()));
    }

    #[test]
    fn what_is_no_state_vector_is_refused() {
        for len in 0..STOCK.len() {
            assert!(read_vector(&STOCK[..len], &StateVector::default()).is_err(), "{len}");
        }
        for bytes in [&[0, 0][..], &[0xff; 30], &[1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]] {
            assert!(read_vector(bytes, &StateVector::default()).is_err(), "{bytes:?}");
        }
    }
}
