//! The public keys of an identity provider, and what they verify.

mod jwks;
mod pem;
mod verifiers;

use super::{KeyError, keys::Key};

pub(super) use self::verifiers::verifier;

/// The keys that the value of `variable` holds: one of a PEM, one or more of a JWKS.
pub(super) fn public_keys(variable: &str, value: &str) -> Result<Vec<Key>, KeyError> {
    let value = value.trim();
    let keys = match value.contains("-----BEGIN ") {
        true => pem::key(value).into_iter().collect(),
        false => jwks::keys(variable, value)?,
    };
    // A key that its algorithm rejects is found here, and not when the first token comes.
    let keys: Vec<_> = keys.into_iter().filter(|key| verifier(key.algorithm, &key.key).is_ok()).collect();
    if keys.is_empty() { Err(KeyError::Unusable { variable: variable.to_owned() }) } else { Ok(keys) }
}
