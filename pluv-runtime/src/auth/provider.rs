//! The cryptography behind `jsonwebtoken`, of no more algorithms than a room takes.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
};

use super::hmac_provider::Hs256;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // These convert keys to JWKs, which nothing here does.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes it the one that `jsonwebtoken` uses. A worker that has installed another one keeps it: each key still allows
/// its own algorithm only.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.as_bytes())?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.try_get_as_bytes()?)?)),
        #[cfg(feature = "asymmetric")]
        (algorithm, family) if family != AlgorithmFamily::Hmac => super::asymmetric::verifier(*algorithm, key),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}
