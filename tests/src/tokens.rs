//! Tokens, good and bad, made without the code under test.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};

/// The secret of the fixture's rooms.
pub const SECRET: &str = "the secret of the tests";
/// The one before it.
pub const PREVIOUS_SECRET: &str = "the secret that was rotated out";

/// Seconds since the Unix epoch.
#[must_use]
pub fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// A token to be changed and signed.
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

    /// With another claim.
    #[must_use]
    pub fn with(mut self, claim: &str, value: Value) -> Self {
        self.claims[claim] = value;
        self
    }

    /// Without a claim.
    #[must_use]
    pub fn without(mut self, claim: &str) -> Self {
        if let Some(claims) = self.claims.as_object_mut() {
            claims.remove(claim);
        }
        self
    }

    /// With another algorithm in its header.
    #[must_use]
    pub fn algorithm(mut self, name: &str) -> Self {
        self.header["alg"] = json!(name);
        self
    }

    /// The header and the claims, as they are signed.
    #[must_use]
    pub fn unsigned(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }

    /// The token, signed by HMAC with SHA-256.
    ///
    /// # Panics
    /// Never: a key of any length will do.
    #[must_use]
    pub fn sign(&self, secret: &str) -> String {
        let unsigned = self.unsigned();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
        mac.update(unsigned.as_bytes());
        format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}
