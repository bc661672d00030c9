//! Edits of the kinds that people make.

use yrs::{Array as _, Doc, GetString as _, Map as _, Text as _, Transact as _, TransactionMut};

use crate::document::{has_changed, tests::random::Random};

/// From here on a text or array rather shrinks.
const LONG: usize = 300;

const WORDS: [&str; 8] = ["a", "bc", " ", "def ", "é", "日本", "🙂", "👩‍🚀!"];

/// Edits a document, and gives the change as an update if it is one.
pub(super) fn edit(doc: &Doc, random: &mut Random) -> Option<Vec<u8>> {
    let (text, map, array) = (doc.get_or_insert_text("t"), doc.get_or_insert_map("m"), doc.get_or_insert_array("a"));
    let mut transaction = doc.transact_mut();
    // Sometimes several changes are one update.
    for _ in 0..=random.below(8) / 6 {
        match random.below(10) {
            0..6 => edit_text(&text, &mut transaction, random),
            6 | 7 => {
                let key = format!("k{}", random.below(5));
                if random.below(3) == 0 {
                    map.remove(&mut transaction, &key);
                } else {
                    map.insert(&mut transaction, key, WORDS[random.below(8) as usize]);
                }
            }
            _ => edit_array(&array, &mut transaction, random),
        }
    }
    update(&transaction)
}

/// The change that a transaction has made, if any.
fn update(transaction: &TransactionMut<'_>) -> Option<Vec<u8>> {
    has_changed(transaction).then(|| transaction.encode_update_v1())
}

/// An edit that changes something, whatever is there.
pub(super) fn insert_mark(doc: &Doc) -> Option<Vec<u8>> {
    let text = doc.get_or_insert_text("t");
    let mut transaction = doc.transact_mut();
    text.insert(&mut transaction, 0, "!");
    update(&transaction)
}

/// An edit that takes more of the log than of the document, as it is written over again and again.
pub(super) fn overwrite(doc: &Doc, random: &mut Random) -> Option<Vec<u8>> {
    let map = doc.get_or_insert_map("m");
    let mut transaction = doc.transact_mut();
    map.insert(&mut transaction, format!("k{}", random.below(5)), "sentence ".repeat(20));
    update(&transaction)
}

/// An edit that fills the log, so that it is folded.
pub(super) fn paste(doc: &Doc) -> Option<Vec<u8>> {
    let map = doc.get_or_insert_map("m");
    let mut transaction = doc.transact_mut();
    map.insert(&mut transaction, "long", "x".repeat(66_000));
    update(&transaction)
}

/// Undoes the edit that filled the log.
pub(super) fn unpaste(doc: &Doc) -> Option<Vec<u8>> {
    let map = doc.get_or_insert_map("m");
    let mut transaction = doc.transact_mut();
    map.remove(&mut transaction, "long");
    update(&transaction)
}

fn edit_text(text: &yrs::TextRef, transaction: &mut TransactionMut<'_>, random: &mut Random) {
    let places = places(&text.get_string(transaction));
    let last = places.len() as u64 - 1;
    let at = random.below(last + 1);
    if last > 0 && random.below(if places.len() > LONG { 2 } else { 4 }) == 0 {
        let to = (at + random.below(12)).min(last);
        text.remove_range(transaction, places[at as usize], places[to as usize] - places[at as usize]);
    } else {
        text.insert(transaction, places[at as usize], WORDS[random.below(8) as usize]);
    }
}

fn edit_array(array: &yrs::ArrayRef, transaction: &mut TransactionMut<'_>, random: &mut Random) {
    let length = array.len(transaction);
    let at = random.below(u64::from(length) + 1) as u32;
    if length > 0 && random.below(if length as usize > LONG { 2 } else { 4 }) == 0 {
        array.remove_range(transaction, at, (random.below(3) as u32).min(length - at));
    } else {
        array.insert(transaction, at, random.below(1_000) as i64);
    }
}

/// Where a text can be cut, in UTF-16 units: between any two characters.
fn places(text: &str) -> Vec<u32> {
    let ends = text.chars().scan(0, |end, char| {
        *end += char.len_utf16() as u32;
        Some(*end)
    });
    std::iter::once(0).chain(ends).collect()
}
