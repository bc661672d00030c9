//! What of an update a document does not have.

use yrs::{ID, IdSet, StateVector, block::ClientID};

use super::{
    UpdateError,
    heap::Tally,
    needs::Part,
    read_struct,
    reader::{Reader, write_number},
};

/// What a client has whose whole document is `update`.
///
/// # Errors
/// Those of [`check`](super::check), which `update` has passed.
pub(crate) fn state(update: &[u8]) -> Result<StateVector, UpdateError> {
    let reader = &mut Reader::new(update);
    let mut tally = Tally::default();
    let mut state = StateVector::default();
    for _ in 0..reader.count(4)? {
        let structs = reader.count(2)?;
        let client = reader.client()?;
        let mut clock = reader.clock()?;
        let mut is_there = clock == 0;
        for _ in 0..structs {
            let item = read_struct(reader, &mut tally)?;
            is_there &= !item.skip;
            clock += item.len;
            if is_there {
                state.set_max(ClientID::new(client), clock);
            }
        }
    }
    Ok(state)
}

/// An update without what a document has: structs that it knows, and deletions of what is `deleted` in it. `None` where it
/// knows none of the structs: then it is an edit, and not a client's whole document.
///
/// # Errors
/// Those of [`check`](super::check), which `update` has passed.
pub(crate) fn trim(
    update: &[u8],
    known: &StateVector,
    deleted: impl FnOnce() -> IdSet,
) -> Result<Option<Vec<u8>>, UpdateError> {
    let reader = &mut Reader::new(update);
    let mut tally = Tally::default();
    let mut part = Part::default();
    let mut is_trimmed = false;
    for _ in 0..reader.count(4)? {
        let structs = reader.count(2)?;
        let client = reader.client()?;
        let mut clock = reader.clock()?;
        let known = known.get(&ClientID::new(client));
        // The first struct that is new, at least in part: its number, where it is, and its clock.
        let mut new = None;
        for index in 0..structs {
            let at = reader.at();
            let item = read_struct(reader, &mut tally)?;
            if new.is_none() && !item.skip && clock + item.len > known {
                new = Some((index, at, clock));
            }
            clock += item.len;
        }
        let (before, at, clock) = new.unwrap_or((structs, reader.at(), clock));
        is_trimmed |= before > 0;
        part.push(client, clock, structs - before, &update[at..reader.at()]);
    }
    if !is_trimmed {
        return Ok(None);
    }
    let mut deletions = IdSet::new();
    for _ in 0..reader.count(2)? {
        let client = ClientID::new(reader.client()?);
        for _ in 0..reader.count(2)? {
            let clock = reader.clock()?;
            deletions.insert(ID::new(client, clock), reader.clock()?);
        }
    }
    deletions.diff_with(&deleted());
    Ok(Some(part.finish(&encode(&deletions))))
}

fn encode(deletions: &IdSet) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_number(&mut bytes, deletions.iter().filter(|(_, ranges)| !ranges.is_empty()).count() as u64);
    for (client, ranges) in deletions.iter().filter(|(_, ranges)| !ranges.is_empty()) {
        write_number(&mut bytes, client.get());
        write_number(&mut bytes, ranges.len() as u64);
        for range in ranges.iter() {
            write_number(&mut bytes, range.start.into());
            write_number(&mut bytes, (range.end - range.start).into());
        }
    }
    bytes
}
