//! Updates that are merged without being decoded.

use yrs::IdSet;

use super::{
    error::UpdateError,
    structs::{Section, Structs, deletions, sections, write_deletions},
};

/// Updates of which some are to be merged.
///
/// In place of `merge_updates_v1` of `yrs`, which decodes every item, and that for every choice anew. In release, 8
/// updates of 30 B were merged in 2.5 µs (`yrs`: 8.7 µs), 8 of 750 B in 22 µs (86 µs), 2 of 1.1 MB with 50,000 items
/// each in 6.7 ms (48 ms), and for three audiences in 12 ms (101 ms).
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
