//! How deep an update nests shared types.

use super::{
    error::UpdateError,
    lib0::Id,
    structs::{Struct, walk},
};

/// The most shared types inside each other that `update` has, itself not counting what they are put into.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn nesting(update: &[u8]) -> Result<u32, UpdateError> {
    let mut items = Vec::new();
    walk(update, |item| items.push(Item::new(item)))?;
    items.sort_unstable_by_key(|item| item.id);
    let mut path = Vec::new();
    for start in 0..items.len() {
        let (mut next, mut depth) = (Some(start), 0);
        while let Some(at) = next {
            if let Some(known) = items[at].depth {
                depth = known;
                break;
            }
            // In a circle, which no client writes, it stays.
            items[at].depth = Some(0);
            path.push(at);
            next = items[at].link.and_then(|(id, _)| find(&items, id));
        }
        let mut is_in_type = next.is_some_and(|at| items[at].is_type);
        while let Some(at) = path.pop() {
            let item = &mut items[at];
            let is_inside = matches!(item.link, Some((_, Link::Inside)));
            depth += u32::from(is_inside && is_in_type);
            item.depth = Some(depth);
            is_in_type = item.is_type;
        }
    }
    let depths = items.iter().map(|item| item.depth.unwrap_or_default() + u32::from(item.is_type));
    Ok(depths.max().unwrap_or_default())
}

/// An item of an update.
struct Item {
    id: Id,
    end: u32,
    is_type: bool,
    /// The item that says where it is; none if it is in a root type.
    link: Option<(Id, Link)>,
    /// How many types of the update it is in, once that is known.
    depth: Option<u32>,
}

#[derive(Clone, Copy)]
enum Link {
    /// It is in the type of that item.
    Inside,
    /// It is where that item is.
    Beside,
}

impl Item {
    fn new(item: &Struct) -> Self {
        let sibling = item.origin.or(item.right_origin).map(|id| (id, Link::Beside));
        let link = sibling.or(item.parent.map(|id| (id, Link::Inside)));
        Self { id: (item.client, item.clock), end: item.end(), is_type: item.is_type, link, depth: None }
    }
}

fn find(items: &[Item], id: Id) -> Option<usize> {
    let index = items.partition_point(|item| item.id <= id).checked_sub(1)?;
    let item = &items[index];
    (item.id.0 == id.0 && id.1 < item.end).then_some(index)
}
