//! Validation of untrusted Yjs updates: each passes it before `yrs` reads a byte of it.
//!
//! An update (V1 encoding) comes from anyone who may write to a room. `yrs` takes what its own peers send, and some of
//! what they never would makes it recurse without bound, lose deletions, read another value than stock Yjs does, or
//! panic (see [`Problem`]). [`validate`] is one pass over the bytes that accepts what stock Yjs and `yrs` write and
//! rejects the rest; [`normalize`] mends what is well-formed and would cost `yrs` too much. Both know the update
//! alone: whether it applies to a document is seen by [`has_gap`], [`dependencies`] and [`are_parents_valid`].

mod content;
mod dependencies;
mod error;
mod join;
pub(crate) mod lib0;
mod merge;
mod nesting;
mod structs;
#[cfg(test)]
mod tests;
mod validate;

use base64::{Engine as _, engine::general_purpose::STANDARD};

pub(crate) use self::{
    dependencies::{Batches, MAX_CLIENTS, are_parents_valid, batches, dependencies, has_gap},
    error::{Problem, UpdateError},
    merge::{MergedUpdate, read_vector, state, trim, write_vector},
    nesting::nesting,
    validate::{MAX_JOINING, ValidatedUpdate, normalize, validate},
};

/// Decodes standard base64 with padding, as a browser's `btoa` writes it.
///
/// # Errors
/// When it has other characters, the URL-safe ones and spaces included, or padding that is missing or too much.
pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>, UpdateError> {
    STANDARD.decode(text).map_err(|error| {
        use base64::DecodeError::{InvalidByte, InvalidLastSymbol, InvalidLength, InvalidPadding};
        let at = match error {
            InvalidByte(at, _) | InvalidLastSymbol(at, _) => at,
            InvalidLength(_) | InvalidPadding => text.len(),
        };
        UpdateError::new(Problem::Base64, at)
    })
}

/// Encodes as standard base64 with padding, as a browser's `atob` reads it.
#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
