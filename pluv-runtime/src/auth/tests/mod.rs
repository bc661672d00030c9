//! Tokens and keys, from the outside: what gets in, and the many things that do not.

#[cfg(feature = "asymmetric")]
mod asymmetric;
mod grants;
mod hostile;
mod secrets;
mod tokens;
mod vectors;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use sha2::Sha256;

use super::{Claims, Grant, Keys, TokenError};

/// The time of most tests, in seconds since the Unix epoch.
const NOW: u64 = 1_700_000_000;
const ROOM: &str = "lobby";
const SECRET: &str = "correct horse battery staple";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User {
    id: String,
    name: String,
}

fn ada() -> User {
    User { id: "u1".to_owned(), name: "Ada".to_owned() }
}

/// Keys of secrets alone.
fn secrets(values: &[&str]) -> Keys {
    Keys::parse(values.iter().map(|value| ("PLUV_SECRET", *value))).expect("each one is a secret")
}

fn keys() -> Keys {
    secrets(&[SECRET])
}

/// A token that gets in.
fn good() -> String {
    keys().sign(&Claims::new(ROOM, Grant::write(ada()), NOW)).expect("a secret signs")
}

/// The claims of a token that gets in, to be changed.
fn payload() -> Value {
    json!({ "room": ROOM, "user": ada(), "exp": NOW + 60 })
}

/// `payload` with a member changed, or without it if that is null.
fn payload_with(name: &str, value: impl Into<Value>) -> Value {
    let mut payload = payload();
    match value.into() {
        Value::Null => payload.as_object_mut().expect("it is one").remove(name),
        value => payload.as_object_mut().expect("it is one").insert(name.to_owned(), value),
    };
    payload
}

/// Any token at all: `sign` makes its signature.
fn token(header: &Value, payload: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    raw_token(&header.to_string(), &payload.to_string(), sign)
}

fn raw_token(header: &str, payload: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(payload.as_bytes()));
    let signature = base64url(&sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// A token of HS256 by `SECRET`, with any claims.
fn signed(payload: &Value) -> String {
    token(&json!({ "alg": "HS256" }), payload, hs256(SECRET.as_bytes()))
}

fn hs256(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    move |message| {
        let mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length will do").chain_update(message);
        mac.finalize().into_bytes().to_vec()
    }
}

/// Verifies at `NOW`, for `ROOM`.
fn enter(keys: &Keys, token: &str) -> Result<Claims<Box<RawValue>>, TokenError> {
    keys.verify(token, ROOM, NOW)
}

/// Why `token` does not get in.
fn token_error(token: &str) -> TokenError {
    enter(&keys(), token).expect_err("it must not get in")
}

/// Base64 for URLs, without padding (RFC 4648, 5). Written apart from the one that it tests.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | usize::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..=chunk.len() {
            text.push(char::from(DIGITS[bits >> (18 - 6 * i) & 63]));
        }
    }
    text
}

/// Tries copies of `token` with something changed, and returns how many it tried. None gets in.
fn mutate(keys: &Keys, token: &str, times: u32) -> u32 {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut tried = 0;
    for _ in 0..times {
        let mutant = random.mutant(token);
        if mutant != token {
            assert!(enter(keys, &mutant).is_err(), "a forged token got in: {mutant}");
            tried += 1;
        }
    }
    tried
}

/// Xorshift: the same numbers in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).expect("it fits")).expect("it is below `end`")
    }

    /// A character that a token may have, or, seldom, one that it may not.
    fn char(&mut self) -> char {
        const CHARS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0";
        if self.below(50) == 0 { 'é' } else { char::from(CHARS[self.below(CHARS.len())]) }
    }

    fn mutant(&mut self, token: &str) -> String {
        let mut chars: Vec<char> = token.chars().collect();
        for _ in 0..=self.below(3) {
            let at = self.below(chars.len());
            match self.below(7) {
                0 => chars[at] = self.char(),
                1 => chars.insert(at, self.char()),
                2 if chars.len() > 1 => drop(chars.remove(at)),
                3 => chars.truncate(at.max(1)),
                4 => chars.push(self.char()),
                5 => {
                    let other = self.below(chars.len());
                    chars.swap(at, other);
                }
                _ => {
                    // Whole parts change places, or come twice.
                    let text: String = chars.iter().collect();
                    let mut parts: Vec<&str> = text.split('.').collect();
                    let part = parts[self.below(parts.len())];
                    let to = self.below(parts.len());
                    parts[to] = part;
                    chars = parts.join(".").chars().collect();
                    chars.push(self.char());
                }
            }
        }
        chars.into_iter().collect()
    }
}
