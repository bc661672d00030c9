//! Public keys as PEM.

use ed25519_dalek::pkcs8::DecodePublicKey;
use jsonwebtoken::{Algorithm, DecodingKey};
use rsa::{RsaPublicKey, pkcs1::DecodeRsaPublicKey, traits::PublicKeyParts};

use crate::auth::keys::Key;

/// How long a line is, in characters (RFC 7468, 3). The parser takes no other.
const LINE: usize = 64;

/// The key, of whichever of the kinds it is.
pub(super) fn key(pem: &str) -> Option<Key> {
    let pem = &wrapped(pem)?;
    rsa(pem).or_else(|| p256(pem)).or_else(|| ed25519(pem))
}

/// The same PEM in lines of the length that the standard wants. A variable often has it all in one line, with `\n`
/// spelled out or left away.
fn wrapped(pem: &str) -> Option<String> {
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
