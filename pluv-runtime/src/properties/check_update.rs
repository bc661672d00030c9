//! Properties of an update that passes validation. The fuzz target checks them too, so nothing but `update` is imported.

use yrs::{
    Doc, OffsetKind, Options, ReadTxn as _, StateVector, Transact as _, Update, block::ClientID, merge_updates_v1,
    updates::decoder::Decode as _,
};

use crate::update::{has_gap, normalize, validate};

/// Decodes an update if it passes validation; then `yrs` must be able to.
pub(crate) fn decode_accepted(update: &[u8]) -> Option<Update> {
    validate(update).ok()?;
    let (normalized, _) = normalize(update).ok()?;
    Some(Update::decode_v1(&normalized).expect("an update that passes validation can be decoded"))
}

/// Applies an update to the document of another.
pub(crate) fn apply(decoded: Update, update: &[u8], base: &[u8]) {
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
