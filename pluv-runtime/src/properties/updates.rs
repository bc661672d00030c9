//! Updates of documents.

use yrs::{
    Doc, OffsetKind, Options, ReadTxn as _, StateVector, Transact as _, Update, block::ClientID, merge_updates_v1,
    updates::decoder::Decode as _,
};

use super::{
    INPUTS,
    alone::{alone, keeps_nothing},
    mutate::mutate,
};
use crate::{
    document::tests::random::Random,
    update::{has_gap, normalize, validate},
};

/// What an update may take, and the document that it is applied to, in bytes.
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
            if validate(&update).is_err() {
                return;
            }
            let Ok((eased, _)) = normalize(&update) else { return };
            let decoded = Update::decode_v1(&eased).expect("what passes can be decoded");
            taken += 1;
            if taken % 4 == 0 {
                apply(decoded, &update, corpus[random.below(corpus.len() as u64) as usize]);
            }
        });
        assert!(taken > INPUTS / 50, "{taken} of them pass, which says little");
    });
}

/// Applies an update to the document of another.
fn apply(decoded: Update, update: &[u8], base: &[u8]) {
    let options = Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(7)) };
    let doc = Doc::with_options(options);
    let mut transaction = doc.transact_mut();
    let base = Update::decode_v1(base).expect("it is of Yjs");
    drop(transaction.apply_update(base));
    if !has_gap(&decoded.insertions(true), &transaction.state_vector()) {
        // What names a parent that is no type is refused here.
        drop(transaction.apply_update(decoded));
    }
    let all = transaction.encode_state_as_update_v1(&StateVector::default());
    assert!(validate(&all).is_ok(), "{update:?}");
    let merged = merge_updates_v1([update, &all]).expect("both can be decoded");
    assert!(validate(&merged).is_ok(), "{update:?}");
}
