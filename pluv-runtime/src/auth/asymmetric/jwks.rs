//! Public keys as a JWKS (RFC 7517).

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::auth::{KeyError, keys::Key};

#[derive(Deserialize)]
struct Set {
    keys: Vec<Map<String, Value>>,
}

/// The keys that verify tokens. RFC 7517, 5: what is not understood is skipped.
pub(super) fn keys(variable: &str, json: &str) -> Result<Vec<Key>, KeyError> {
    let Ok(set) = serde_json::from_str::<Set>(json) else {
        return Err(KeyError::Unusable { variable: variable.to_owned() });
    };
    // Each kind of private key has the member `d`.
    if set.keys.iter().any(|key| key.contains_key("d")) {
        return Err(KeyError::Private { variable: variable.to_owned() });
    }
    Ok(set.keys.into_iter().filter_map(key).collect())
}

fn key(members: Map<String, Value>) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(Value::Object(members)).ok()?;
    let algorithm = algorithm(&jwk.algorithm)?;
    let common = &jwk.common;
    let fits = common.key_algorithm.is_none_or(|declared| declared == algorithm.into())
        && common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    fits.then_some(Key { algorithm, id: jwk.common.key_id, key })
}

/// The one algorithm that a key is used for. A symmetric key has none: it would be no secret.
fn algorithm(parameters: &AlgorithmParameters) -> Option<Algorithm> {
    match parameters {
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Some(Algorithm::ES256),
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Some(Algorithm::EdDSA),
        _ => None,
    }
}
