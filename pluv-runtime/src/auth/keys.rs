//! The keys of a room: what signs its tokens, and what verifies them.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::Serialize;
use serde_json::value::RawValue;

#[cfg(feature = "asymmetric")]
use super::asymmetric::public_keys;
use super::{Claims, KeyError, TokenError, provider};

/// The longest token, in bytes: 16 KiB, which is what the platform takes of a whole URL.
pub(super) const MAX_TOKEN: usize = 16 * 1024;

/// The keys of a room's tokens. The first one signs, each one verifies: so a secret can be replaced while tokens that
/// it signed are still about.
#[derive(Debug)]
pub struct Keys {
    signer: Signer,
    verifiers: Vec<Key>,
}

/// What signs.
#[derive(Debug)]
enum Signer {
    Secret(EncodingKey),
    /// Nothing, as the variable holds a public key.
    Nobody {
        variable: String,
    },
}

/// A key that verifies tokens of one algorithm.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    /// What tokens call it; none where it has no name, and so may have signed any.
    pub(super) id: Option<String>,
    pub(super) key: DecodingKey,
}

/// What a variable holds.
enum Kind {
    Blank,
    Secret,
    PrivateKey,
    PublicKey,
}

impl Keys {
    /// Takes a key from each variable, given by its name and value: a secret for HS256, or, with the feature
    /// `asymmetric`, the public keys of an identity provider.
    ///
    /// A secret is taken as it stands. A public key is a PEM (`BEGIN PUBLIC KEY`, or `BEGIN RSA PUBLIC KEY`) or a JWKS
    /// (RFC 7517), of RSA with 2048 to 4096 bits, EC P-256 or Ed25519. A JWKS may hold other keys too, which are
    /// skipped.
    ///
    /// # Errors
    /// When there is no variable, or one of them holds no key that verifies tokens.
    pub fn parse<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, KeyError> {
        provider::install();
        let mut signer = None;
        let mut verifiers = Vec::new();
        for (name, value) in variables {
            let variable = name.to_owned();
            let this = match kind(value) {
                Kind::Blank => return Err(KeyError::Empty { variable }),
                Kind::PrivateKey => return Err(KeyError::Private { variable }),
                Kind::PublicKey => {
                    verifiers.extend(public_keys(name, value)?);
                    Signer::Nobody { variable }
                }
                Kind::Secret => {
                    let key = DecodingKey::from_secret(value.as_bytes());
                    verifiers.push(Key { algorithm: Algorithm::HS256, id: None, key });
                    Signer::Secret(EncodingKey::from_secret(value.as_bytes()))
                }
            };
            signer.get_or_insert(this);
        }
        Ok(Self { signer: signer.ok_or(KeyError::Missing)?, verifiers })
    }

    /// Signs a token with the first key.
    ///
    /// # Errors
    /// When the first key is a public one, the user can't be written as JSON, or the token is over 16 KiB.
    pub fn sign<U: Serialize>(&self, claims: &Claims<U>) -> Result<String, KeyError> {
        let key = match &self.signer {
            Signer::Secret(key) => key,
            Signer::Nobody { variable } => return Err(KeyError::Public { variable: variable.clone() }),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, key)
            .map_err(|error| KeyError::Claims(error.to_string()))?;
        match token.len() {
            0..=MAX_TOKEN => Ok(token),
            size => Err(KeyError::TooLong { size }),
        }
    }

    /// Verifies that one of the keys signed `token`, for `room`, and that it is valid now: in seconds since the Unix
    /// epoch, give or take 5 for clocks that differ. An empty token is a missing one.
    ///
    /// # Errors
    /// What is wrong with the token.
    pub fn verify(&self, token: &str, room: &str, now: u64) -> Result<Claims<Box<RawValue>>, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > MAX_TOKEN {
            return Err(TokenError::TooLong { size: token.len() });
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        // RFC 7515, 4.1.11: what it names must be understood, and nothing is.
        if header.crit.is_some() {
            return Err(TokenError::Critical);
        }
        for key in self.verifiers.iter().filter(|key| key.fits(&header)) {
            if let Some(json) = key.payload(token)? {
                return Claims::read(json.get(), room, now);
            }
        }
        Err(TokenError::Forged)
    }
}

impl Key {
    /// Whether it may have signed a token with this header.
    fn fits(&self, header: &Header) -> bool {
        let named = match (&self.id, &header.kid) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => true,
        };
        named && self.algorithm == header.alg
    }

    /// What the token says, if this key signed it.
    fn payload(&self, token: &str) -> Result<Option<Box<RawValue>>, TokenError> {
        let mut validation = Validation::new(self.algorithm);
        // The claims are checked by `Claims::read`, by the time that it is given.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        match jsonwebtoken::decode(token, &self.key, &validation) {
            Ok(data) => Ok(Some(data.claims)),
            Err(error) => match error.kind() {
                ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) => Err(TokenError::Malformed),
                _ => Ok(None),
            },
        }
    }
}

/// What a variable holds. Whatever looks like a public key is one and never a secret: everyone knows it, and could
/// sign with it.
fn kind(value: &str) -> Kind {
    if value.trim().is_empty() {
        Kind::Blank
    } else if value.contains("PRIVATE KEY-----") {
        Kind::PrivateKey
    } else if value.contains("-----BEGIN ") || value.trim_start().starts_with('{') || value.contains("\"kty") {
        Kind::PublicKey
    } else {
        Kind::Secret
    }
}

/// Refuses a public key.
#[cfg(not(feature = "asymmetric"))]
fn public_keys(variable: &str, _value: &str) -> Result<Vec<Key>, KeyError> {
    Err(KeyError::Feature { variable: variable.to_owned() })
}
