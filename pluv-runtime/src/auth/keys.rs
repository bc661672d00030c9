//! The keys of a room's tokens.

use hmac::{Hmac, Mac};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{self, ErrorKind},
};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use signature::{Error, Signer, Verifier};

#[cfg(feature = "asymmetric")]
use super::public_keys;
use super::{
    claims::Claims,
    error::{KeyError, MAX_TOKEN, TokenError},
    key::Key,
};

/// The keys of a room's tokens. The first one signs, and each one verifies, so that a secret can be replaced while its
/// tokens are in use.
#[derive(Debug)]
pub struct Keys {
    signer: SigningKey,
    verifiers: Vec<Key>,
}

/// The first key of a room.
#[derive(Debug)]
enum SigningKey {
    Secret(EncodingKey),
    /// The variable holds a public key, which can't sign.
    Public {
        variable: String,
    },
}

impl Keys {
    /// Parses the keys in variables, given by name and value: a secret for HS256, or, with the feature `asymmetric`, the
    /// public keys of an identity provider.
    ///
    /// A secret is taken unchanged. A public key is a PEM (`BEGIN PUBLIC KEY`, or `BEGIN RSA PUBLIC KEY`) or a JWKS
    /// (RFC 7517), of RSA with 2048 to 4096 bits, EC P-256 or Ed25519. Other keys of a JWKS are skipped.
    ///
    /// # Errors
    /// When there is no variable, or one of them holds no key that verifies tokens.
    pub fn parse<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, KeyError> {
        // A worker that has installed another provider keeps it: each key still allows its own algorithm only.
        let _ = PROVIDER.install_default();
        let mut signer = None;
        let mut verifiers = Vec::new();
        for (name, value) in variables {
            let variable = name.to_owned();
            if value.trim().is_empty() {
                return Err(KeyError::Empty { variable });
            }
            if value.contains("PRIVATE KEY-----") {
                return Err(KeyError::Private { variable });
            }
            let this = if is_public_key(value) {
                verifiers.extend(public_keys(name, value)?);
                SigningKey::Public { variable }
            } else {
                let key = DecodingKey::from_secret(value.as_bytes());
                verifiers.push(Key { algorithm: Algorithm::HS256, id: None, key });
                SigningKey::Secret(EncodingKey::from_secret(value.as_bytes()))
            };
            signer.get_or_insert(this);
        }
        Ok(Self { signer: signer.ok_or(KeyError::Missing)?, verifiers })
    }

    /// Signs a token with the first key.
    ///
    /// # Errors
    /// When the first key is a public one, the user can't be serialized as JSON, or the token exceeds 16 KiB.
    pub fn sign<U: Serialize>(&self, claims: &Claims<U>) -> Result<String, KeyError> {
        let key = match &self.signer {
            SigningKey::Secret(key) => key,
            SigningKey::Public { variable } => return Err(KeyError::Public { variable: variable.clone() }),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, key)
            .map_err(|error| KeyError::Claims(error.to_string()))?;
        match token.len() {
            0..=MAX_TOKEN => Ok(token),
            size => Err(KeyError::TooLong { size }),
        }
    }

    /// Verifies that one of the keys signed `token`, that it is for `room`, and that it is valid at `now`, in seconds since
    /// the Unix epoch, with a tolerance of 5 seconds. An empty token counts as a missing one.
    ///
    /// # Errors
    /// The reason why the token is rejected.
    pub fn verify(&self, token: &str, room: &str, now: u64) -> Result<Claims<Box<RawValue>>, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > MAX_TOKEN {
            return Err(TokenError::TooLong { size: token.len() });
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        // RFC 7515, 4.1.11: each extension that it names must be supported, and none is.
        if header.crit.is_some() {
            return Err(TokenError::Critical);
        }
        for key in self.verifiers.iter().filter(|key| key.may_have_signed(&header)) {
            if let Some(json) = key.verify(token)? {
                return Claims::parse(json.get(), room, now);
            }
        }
        Err(TokenError::Forged)
    }
}

/// Returns whether a variable's value looks like a public key. Such a value is never a secret: anyone who has the public
/// key could sign with it.
fn is_public_key(value: &str) -> bool {
    value.contains("-----BEGIN ") || value.trim_start().starts_with('{') || value.contains("\"kty")
}

/// Rejects a public key.
#[cfg(not(feature = "asymmetric"))]
fn public_keys(variable: &str, _value: &str) -> Result<Vec<Key>, KeyError> {
    Err(KeyError::Feature { variable: variable.to_owned() })
}

#[cfg(feature = "asymmetric")]
fn public_keys(variable: &str, value: &str) -> Result<Vec<Key>, KeyError> {
    public_keys::parse(variable, value)
}

/// The cryptography of `jsonwebtoken`, with HS256 alone unless the feature `asymmetric` is on.
///
/// Its own provider `rust_crypto` has all algorithms behind one function, so that a worker with a secret alone would
/// contain RSA, P-256, P-384 and Ed25519 with their signing.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // They convert keys to JWKs, which nothing here does.
    key_utils: KeyUtils::new_unimplemented(),
};

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> errors::Result<Box<dyn JwtSigner>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.as_bytes())?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> errors::Result<Box<dyn JwtVerifier>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.try_get_as_bytes()?)?)),
        #[cfg(feature = "asymmetric")]
        (algorithm, family) if family != AlgorithmFamily::Hmac => public_keys::verifier(*algorithm, key),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

/// HS256: HMAC with SHA-256 (RFC 7518, 3.2).
pub(super) struct Hs256(Hmac<Sha256>);

impl Hs256 {
    pub(super) fn new(secret: &[u8]) -> errors::Result<Self> {
        Ok(Self(Hmac::new_from_slice(secret).map_err(|_| ErrorKind::InvalidKeyFormat)?))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        // The comparison takes constant time, so that no signature can be guessed byte by byte.
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
