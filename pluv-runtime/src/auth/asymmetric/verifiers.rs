//! RS256, ES256 and `EdDSA`.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::JwtVerifier,
    errors::{self, ErrorKind},
};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey, traits::PublicKeyParts};
use sha2::{Digest, Sha256};
use signature::{Error, Verifier};

/// The least size of an RSA key, in bits (RFC 7518, 3.3).
const MIN_RSA: usize = 2048;

/// What verifies tokens of `algorithm`. It fails for a key of another kind, and for one that is no such key.
pub(in crate::auth) fn verifier(algorithm: Algorithm, key: &DecodingKey) -> errors::Result<Box<dyn JwtVerifier>> {
    match (algorithm, key.kind()) {
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => Ok(Box::new(Rs256::new(n, e)?)),
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => Ok(Box::new(Es256::new(point)?)),
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => Ok(Box::new(EdDsa::new(point)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

struct Rs256(RsaPublicKey);

impl Rs256 {
    fn new(n: &[u8], e: &[u8]) -> errors::Result<Self> {
        let invalid = |reason: String| ErrorKind::InvalidRsaKey(reason);
        // It checks the exponent, and that the key has 4096 bits at most.
        let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e))
            .map_err(|error| invalid(error.to_string()))?;
        if key.n().bits() < MIN_RSA {
            return Err(invalid("fewer than 2048 bits".to_owned()).into());
        }
        Ok(Self(key))
    }
}

impl Verifier<Vec<u8>> for Rs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        let digest = Sha256::digest(message);
        self.0.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct Es256(p256::ecdsa::VerifyingKey);

impl Es256 {
    fn new(point: &[u8]) -> errors::Result<Self> {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| ErrorKind::InvalidEcdsaKey)?;
        Ok(Self(key))
    }
}

impl Verifier<Vec<u8>> for Es256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        self.0.verify(message, &p256::ecdsa::Signature::from_slice(signature)?)
    }
}

impl JwtVerifier for Es256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

struct EdDsa(ed25519_dalek::VerifyingKey);

impl EdDsa {
    fn new(point: &[u8]) -> errors::Result<Self> {
        let key = ed25519_dalek::VerifyingKey::try_from(point).map_err(|_| ErrorKind::InvalidEddsaKey)?;
        if key.is_weak() {
            return Err(ErrorKind::InvalidEddsaKey.into());
        }
        Ok(Self(key))
    }
}

impl Verifier<Vec<u8>> for EdDsa {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_slice(signature)?)
    }
}

impl JwtVerifier for EdDsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
