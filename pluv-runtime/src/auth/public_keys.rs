//! The public keys of an identity provider, as PEM or JWKS, and the verification of RS256, ES256 and `EdDSA`.

use ed25519_dalek::pkcs8::DecodePublicKey;
use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::JwtVerifier,
    errors::{self, ErrorKind},
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey, pkcs1::DecodeRsaPublicKey, traits::PublicKeyParts};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use signature::{Error, Verifier};

use super::{error::KeyError, key::Key};

/// The least size of an RSA key, in bits (RFC 7518, 3.3).
const MIN_RSA: usize = 2048;

/// The length of a line in a PEM, in characters (RFC 7468, 3). The parser accepts no other.
const LINE: usize = 64;

/// Parses the keys in the value of `variable`: one of a PEM, one or more of a JWKS.
pub(super) fn parse(variable: &str, value: &str) -> Result<Vec<Key>, KeyError> {
    let value = value.trim();
    let keys = match value.contains("-----BEGIN ") {
        true => parse_pem(value).into_iter().collect(),
        false => parse_jwks(variable, value)?,
    };
    // A key that its algorithm rejects is found here, and not with the first token.
    let keys: Vec<_> = keys.into_iter().filter(|key| verifier(key.algorithm, &key.key).is_ok()).collect();
    if keys.is_empty() { Err(KeyError::Unsupported { variable: variable.to_owned() }) } else { Ok(keys) }
}

/// Parses the key of a PEM, of any of the supported kinds.
fn parse_pem(pem: &str) -> Option<Key> {
    let pem = &wrap(pem)?;
    rsa(pem).or_else(|| p256(pem)).or_else(|| ed25519(pem))
}

/// Wraps a PEM in lines of the standard's length. A variable often has it in one line, with `\n` spelled out or left
/// out.
fn wrap(pem: &str) -> Option<String> {
    let pem = pem.replace("\\n", "\n");
    let (label, rest) = pem.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let (body, end) = rest.split_once("-----END ")?;
    let mut text = format!("-----BEGIN {label}-----\n");
    for (i, c) in body.chars().filter(|c| !c.is_whitespace()).enumerate() {
        if i > 0 && i % LINE == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text.push_str("\n-----END ");
    text.push_str(end.trim_end());
    Some(text)
}

fn rsa(pem: &str) -> Option<Key> {
    let key = RsaPublicKey::from_public_key_pem(pem).ok().or_else(|| RsaPublicKey::from_pkcs1_pem(pem).ok())?;
    let key = DecodingKey::from_rsa_raw_components(&key.n().to_bytes_be(), &key.e().to_bytes_be());
    Some(Key { algorithm: Algorithm::RS256, id: None, key })
}

fn p256(pem: &str) -> Option<Key> {
    let key = p256::ecdsa::VerifyingKey::from_public_key_pem(pem).ok()?;
    let key = DecodingKey::from_ec_der(key.to_encoded_point(false).as_bytes());
    Some(Key { algorithm: Algorithm::ES256, id: None, key })
}

fn ed25519(pem: &str) -> Option<Key> {
    let key = ed25519_dalek::VerifyingKey::from_public_key_pem(pem).ok()?;
    Some(Key { algorithm: Algorithm::EdDSA, id: None, key: DecodingKey::from_ed_der(key.as_bytes()) })
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Map<String, Value>>,
}

/// Parses the keys of a JWKS that verify tokens. RFC 7517, 5: unsupported keys are skipped.
fn parse_jwks(variable: &str, json: &str) -> Result<Vec<Key>, KeyError> {
    let Ok(set) = serde_json::from_str::<Jwks>(json) else {
        return Err(KeyError::Unsupported { variable: variable.to_owned() });
    };
    // Each kind of private key has the member `d`.
    if set.keys.iter().any(|key| key.contains_key("d")) {
        return Err(KeyError::Private { variable: variable.to_owned() });
    }
    Ok(set.keys.into_iter().filter_map(parse_jwk).collect())
}

fn parse_jwk(members: Map<String, Value>) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(Value::Object(members)).ok()?;
    // A symmetric key has no algorithm here: a published one is not a secret.
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    let common = &jwk.common;
    let verifies = common.key_algorithm.is_none_or(|declared| declared == algorithm.into())
        && common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    verifies.then_some(Key { algorithm, id: jwk.common.key_id, key })
}

type Verify = dyn Fn(&[u8], &[u8]) -> Result<(), Error>;

/// A public key that verifies signatures of messages.
struct PublicKey {
    algorithm: Algorithm,
    verify: Box<Verify>,
}

/// Returns the verifier of tokens of `algorithm`.
///
/// # Errors
/// When the key is of another kind, or invalid.
pub(super) fn verifier(algorithm: Algorithm, key: &DecodingKey) -> errors::Result<Box<dyn JwtVerifier>> {
    let verify: Box<Verify> = match (algorithm, key.kind()) {
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            // It checks the exponent, and that the key has 4096 bits at most.
            let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e))
                .map_err(|error| ErrorKind::InvalidRsaKey(error.to_string()))?;
            if key.n().bits() < MIN_RSA {
                return Err(ErrorKind::InvalidRsaKey(format!("fewer than {MIN_RSA} bits")).into());
            }
            Box::new(move |message, signature| {
                let digest = Sha256::digest(message);
                key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature).map_err(|_| Error::new())
            })
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| ErrorKind::InvalidEcdsaKey)?;
            Box::new(move |message, signature| key.verify(message, &p256::ecdsa::Signature::from_slice(signature)?))
        }
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => {
            let key = ed25519_dalek::VerifyingKey::try_from(&point[..]).map_err(|_| ErrorKind::InvalidEddsaKey)?;
            if key.is_weak() {
                return Err(ErrorKind::InvalidEddsaKey.into());
            }
            Box::new(move |message, signature| {
                key.verify_strict(message, &ed25519_dalek::Signature::from_slice(signature)?)
            })
        }
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    };
    Ok(Box::new(PublicKey { algorithm, verify }))
}

impl Verifier<Vec<u8>> for PublicKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        (self.verify)(message, signature)
    }
}

impl JwtVerifier for PublicKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
