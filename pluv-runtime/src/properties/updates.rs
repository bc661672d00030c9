//! Updates of documents.

use super::{
    INPUTS,
    alone::{alone, keeps_nothing},
    check_update::{apply, decode_accepted},
    mutate::mutate,
};
use crate::document::tests::random::Random;

/// The memory that an update may take, and the document that it is applied to, in bytes.
const MEMORY: usize = 4_000_000;

/// Updates of stock Yjs, each after its length, of which the small ones.
fn corpus() -> Vec<&'static [u8]> {
    let mut left: &[u8] = include_bytes!("../update/testdata/updates.bin");
    let mut updates = Vec::new();
    while let Some((length, rest)) = left.split_first_chunk() {
        let (update, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        updates.push(update);
        left = rest;
    }
    updates.retain(|update| update.len() < 400);
    updates
}

#[test]
fn an_update_is_refused_or_taken_by_yrs() {
    let test = "properties::updates::an_update_is_refused_or_taken_by_yrs";
    alone(test, MEMORY, ["updates"], |_| {
        let corpus = corpus();
        let mut random = Random::new(3);
        let mut taken = 0;
        keeps_nothing(INPUTS, || {
            let update = mutate(&mut random, &corpus);
            let Some(decoded) = decode_accepted(&update) else { return };
            taken += 1;
            if taken % 4 == 0 {
                apply(decoded, &update, corpus[random.below(corpus.len() as u64) as usize]);
            }
        });
        assert!(taken > INPUTS / 50, "{taken} of them pass, which says little");
    });
}
