//! The validation of an update.

use std::borrow::Cow;

use super::{
    content::{SPLIT, Tally},
    error::{Problem, UpdateError},
    join::{Run, join, joining, separated},
    lib0::Reader,
    structs::{read_deletions, read_structs},
};

/// Bytes that `yrs` may take for a moment to join the pieces of an update, before [`normalize`] joins them itself.
pub(crate) const MAX_JOINING: u64 = 32 << 20;

/// An update that passed [`validate`], so that it may be applied and stored.
#[derive(Clone, Debug)]
pub struct ValidatedUpdate {
    pub(crate) bytes: Vec<u8>,
    pub(crate) facts: Facts,
}

impl ValidatedUpdate {
    /// Validates an update.
    pub(crate) fn new(bytes: Vec<u8>) -> Result<Self, UpdateError> {
        let facts = validate(&bytes)?;
        Ok(Self { bytes, facts })
    }

    /// Returns its length, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl Default for ValidatedUpdate {
    /// Returns an update without changes.
    fn default() -> Self {
        Self { bytes: vec![0, 0], facts: Facts { empty: true, ..Facts::default() } }
    }
}

/// The properties of an update that [`validate`] has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Neither a struct other than a skip nor a deletion: there is nothing to store.
    pub(crate) empty: bool,
    /// Structs: items, collected ranges and skips.
    pub(crate) structs: u32,
    /// Clients that the structs are of.
    pub(crate) clients: u32,
    /// Ranges of the delete set.
    pub(crate) deletes: u32,
    /// Shared types made inside others: the most that a chain of nested types can grow by.
    pub(crate) types: u32,
    /// Items that name the item that they are in by its id.
    pub(crate) parents: u32,
    /// Skips: parts that the update's maker did not have either.
    pub(crate) skips: u32,
    /// Bytes, at most, that `yrs` takes for a moment to join pieces of text or lists that follow each other.
    ///
    /// It joins them from the last to the first and keeps each intermediate result until all are joined: 145,000 pieces
    /// of one character (1 MB) take 15 GB and half a minute. Pieces that something lies between stay apart, which an
    /// update alone does not show.
    pub(crate) joining: u64,
    /// Bytes, at most, that a document holds for this update once it is applied, without what its deletions cut.
    pub(crate) estimated_memory: u64,
}

impl Facts {
    /// Bytes as in `estimated_memory` if each deletion cuts a range out of an item: [`estimated_memory`](Self::estimated_memory) counts the deletions
    /// alone, because of a whole document they are mostly of what is gone already.
    pub(crate) fn memory_with_deletions(&self) -> u64 {
        self.estimated_memory + u64::from(self.deletes) * SPLIT
    }
}

/// Checks that `update` is a well-formed V1 update that `yrs` reads as stock Yjs does.
///
/// # Errors
/// The problem, and the byte that it is at. Nothing of a rejected update may be applied.
pub(crate) fn validate(update: &[u8]) -> Result<Facts, UpdateError> {
    let reader = &mut Reader::new(update);
    let mut tally = Tally::default();
    let (mut run, mut joining, mut skips) = (Run::default(), 0, 0);
    read_structs(reader, &mut tally, |item| {
        skips += u32::from(item.skip);
        joining += run.push(item);
    })?;
    read_deletions(reader, &mut tally, |_, _, _| {})?;
    if reader.left() > 0 {
        return Err(reader.error(Problem::Trailing));
    }
    let structs = tally.items + tally.ranges;
    Ok(Facts {
        empty: structs == skips && tally.deletes == 0,
        structs,
        clients: tally.clients,
        deletes: tally.deletes,
        types: tally.types,
        parents: tally.parents,
        skips,
        joining,
        estimated_memory: tally.estimated_memory(),
    })
}

/// Makes an update of pieces whose joining would take more than [`MAX_JOINING`] safe to apply: one of longer pieces, which
/// says the same. Such an update comes of many small ones that were merged without a document.
///
/// # Errors
/// Those of [`validate`], which `update` has passed, and [`Problem::TooManyPieces`] if that is not enough.
pub(crate) fn normalize(update: &[u8]) -> Result<(Cow<'_, [u8]>, Facts), UpdateError> {
    let separated = separated(update)?;
    if joining(update, &separated)? <= MAX_JOINING {
        return Ok((Cow::Borrowed(update), validate(update)?));
    }
    let joined = join(update)?;
    if joining(&joined, &separated)? > MAX_JOINING {
        return Err(UpdateError::new(Problem::TooManyPieces, 0));
    }
    let facts = validate(&joined)?;
    Ok((Cow::Owned(joined), facts))
}
