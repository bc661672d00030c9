//! What of an update a document does not have.

use yrs::{ID, IdSet, StateVector, block::ClientID};

use super::{
    UpdateError,
    reader::{Reader, write_number},
    walk::{Part, Section, sections, walk},
};

/// What a client has whose whole document is `update`.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn state(update: &[u8]) -> Result<StateVector, UpdateError> {
    let mut state = StateVector::default();
    walk(update, |client, clock, item| {
        let client = ClientID::new(client);
        if !item.skip && clock == state.get(&client) {
            state.set_max(client, clock + item.len);
        }
    })?;
    Ok(state)
}

/// An update without what a document has: structs that it knows, and deletions of what is `deleted` in it. `None` where it
/// knows none of the structs: then it is an edit, and not a client's whole document.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn trim(
    update: &[u8],
    known: &StateVector,
    deleted: impl FnOnce() -> IdSet,
) -> Result<Option<Vec<u8>>, UpdateError> {
    // From the first struct on that is new, at least in part.
    let (sections, deletions_at) =
        sections(update, |client, clock, item| !item.skip && clock + item.len > known.get(&ClientID::new(client)))?;
    if sections.iter().all(|section| section.parting.index == 0) {
        return Ok(None);
    }
    let mut part = Part::default();
    for Section { client, parting, end, .. } in sections {
        part.push(update, client, parting, end);
    }
    let mut reader = Reader::new(&update[deletions_at..]);
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
