//! Valid and invalid tokens, made without the code under test.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use hmac::{Hmac, Mac as _};
use rsa::signature::{SignatureEncoding as _, Signer as _};
use serde_json::{Value, json};

/// The secret of the fixture's rooms.
pub const SECRET: &str = "the secret of the tests";
/// The secret before the last rotation.
pub const PREVIOUS_SECRET: &str = "the secret that was rotated out";

/// Seconds since the Unix epoch.
#[must_use]
pub fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// A token under construction, to be changed and signed.
#[derive(Clone, Debug)]
pub struct Token {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

impl Token {
    /// A token that lets the user `id` into `room`.
    #[must_use]
    pub fn new(room: &str, id: &str) -> Self {
        let now = seconds();
        Self {
            header: json!({ "alg": "HS256", "typ": "JWT" }),
            claims: json!({
                "room": room,
                "sub": id,
                "user": { "id": id },
                "iat": now,
                "exp": now + 60,
                "jti": format!("of {id} at {now}"),
                "access": "write",
            }),
        }
    }

    /// Sets a claim.
    #[must_use]
    pub fn with(mut self, claim: &str, value: Value) -> Self {
        self.claims[claim] = value;
        self
    }

    /// Removes a claim.
    #[must_use]
    pub fn without(mut self, claim: &str) -> Self {
        if let Some(claims) = self.claims.as_object_mut() {
            claims.remove(claim);
        }
        self
    }

    /// Sets the algorithm in the header.
    #[must_use]
    pub fn algorithm(mut self, name: &str) -> Self {
        self.header["alg"] = json!(name);
        self
    }

    /// Returns the header and the claims, encoded for signing.
    #[must_use]
    pub fn unsigned(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }

    /// Sets the id of the signing key in the header.
    #[must_use]
    pub fn key(mut self, id: &str) -> Self {
        self.header["kid"] = json!(id);
        self
    }

    /// Returns the token with the signature that `sign` makes.
    #[must_use]
    pub fn signed(&self, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let unsigned = self.unsigned();
        let signature = sign(unsigned.as_bytes());
        format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Returns the token, signed by HMAC with SHA-256.
    #[must_use]
    pub fn sign(&self, secret: &str) -> String {
        self.signed(|message| hs256(secret, message))
    }
}

fn hs256(secret: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Signs by HMAC with SHA-512.
///
/// # Panics
/// Never: HMAC takes a key of any length.
#[must_use]
pub fn hs512(secret: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha512>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// The private keys of the fixture's identity provider, which are used in tests only.
macro_rules! private_key {
    ($name:literal) => {
        include_str!(concat!("../../pluv-runtime/src/auth/testdata/", $name, ".private.pem"))
    };
}

/// Signs by RSA, as the fixture's identity provider does.
///
/// # Panics
/// Never: the key is valid.
#[must_use]
pub fn rs256(message: &[u8]) -> Vec<u8> {
    let key = rsa::RsaPrivateKey::from_pkcs8_pem(private_key!("rsa")).expect("it is a key");
    rsa::pkcs1v15::SigningKey::<sha2::Sha256>::new(key).sign(message).to_vec()
}

/// Signs by ECDSA on P-256, as the fixture's identity provider does.
///
/// # Panics
/// Never: the key is valid.
#[must_use]
pub fn es256(message: &[u8]) -> Vec<u8> {
    let key = p256::ecdsa::SigningKey::from_pkcs8_pem(private_key!("p256")).expect("it is a key");
    let signature: p256::ecdsa::Signature = key.sign(message);
    signature.to_vec()
}

/// Signs by Ed25519, as the fixture's identity provider does.
///
/// # Panics
/// Never: the key is valid.
#[must_use]
pub fn eddsa(message: &[u8]) -> Vec<u8> {
    let key = ed25519_dalek::SigningKey::from_pkcs8_pem(private_key!("ed25519")).expect("it is a key");
    key.sign(message).to_vec()
}
