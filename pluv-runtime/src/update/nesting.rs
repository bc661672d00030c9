//! How deep an update nests shared types.

use super::{Id, UpdateError, sections::walk};

/// The most shared types inside each other that `update` has, itself not counting what they are put into.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn nesting(update: &[u8]) -> Result<u32, UpdateError> {
    let items = read(update)?;
    // For each item that which it is in, as far as that is of this update.
    let parents = resolve(
        items.len(),
        |at| match items[at].place {
            Place::Beyond => Next::Found(None),
            Place::In(parent) => Next::Found(find(&items, parent)),
            Place::Beside(sibling) => find(&items, sibling).map_or(Next::Found(None), Next::Same),
        },
        |parent, _| parent,
    );
    let depths = resolve(
        items.len(),
        |at| parents[at].map_or(Next::Found(0), Next::Same),
        |depth, at| depth + u32::from(items[at].is_type),
    );
    Ok(depths.into_iter().max().unwrap_or_default())
}

/// What follows from an item.
enum Next<T> {
    /// The answer of another item.
    Same(usize),
    Found(T),
}

/// The answer of each of `count` items: that of another one, or its own, and then `step` for each on the way back. Items
/// in a circle, which no client writes, get the default.
fn resolve<T: Copy + Default>(count: usize, next: impl Fn(usize) -> Next<T>, step: impl Fn(T, usize) -> T) -> Vec<T> {
    let mut answers = vec![None; count];
    let mut is_asked = vec![false; count];
    let mut path = Vec::new();
    for start in 0..count {
        let mut at = start;
        let mut answer = loop {
            if let Some(answer) = answers[at] {
                break answer;
            }
            if std::mem::replace(&mut is_asked[at], true) {
                break T::default();
            }
            path.push(at);
            match next(at) {
                Next::Same(other) => at = other,
                Next::Found(answer) => break answer,
            }
        };
        for item in path.drain(..).rev() {
            answer = step(answer, item);
            answers[item] = Some(answer);
        }
    }
    answers.into_iter().map(Option::unwrap_or_default).collect()
}

/// An item of an update.
struct Item {
    client: u64,
    clock: u32,
    end: u32,
    is_type: bool,
    place: Place,
}

/// Where an item is.
enum Place {
    /// In a root type, or in none.
    Beyond,
    /// In the type of this item.
    In(Id),
    /// Where this item is.
    Beside(Id),
}

/// The items, sorted by their ids.
fn read(update: &[u8]) -> Result<Vec<Item>, UpdateError> {
    let mut items = Vec::new();
    walk(update, |client, clock, item| {
        let place = match (item.origin.or(item.right_origin), item.parent) {
            (Some(sibling), _) => Place::Beside(sibling),
            (None, Some(parent)) => Place::In(parent),
            (None, None) => Place::Beyond,
        };
        items.push(Item { client, clock, end: clock + item.len, is_type: item.is_type, place });
    })?;
    items.sort_unstable_by_key(|item| (item.client, item.clock));
    Ok(items)
}

fn find(items: &[Item], (client, clock): Id) -> Option<usize> {
    let after = items.partition_point(|item| (item.client, item.clock) <= (client, clock));
    let index = after.checked_sub(1)?;
    let item = &items[index];
    (item.client == client && clock < item.end).then_some(index)
}
