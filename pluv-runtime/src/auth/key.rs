//! A key that verifies tokens.

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, errors::ErrorKind};
use serde_json::value::RawValue;

use super::error::TokenError;

/// A key that verifies tokens of one algorithm.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    /// The `kid` of tokens that the key signed; a key without one may have signed any.
    pub(super) id: Option<String>,
    pub(super) key: DecodingKey,
}

impl Key {
    /// Returns whether a token with this header may be of the key.
    pub(super) fn may_have_signed(&self, header: &Header) -> bool {
        let is_named = match (&self.id, &header.kid) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => true,
        };
        is_named && self.algorithm == header.alg
    }

    /// Returns the token's claims as JSON, or `None` if the signature is not of this key.
    pub(super) fn verify(&self, token: &str) -> Result<Option<Box<RawValue>>, TokenError> {
        let mut validation = Validation::new(self.algorithm);
        // `Claims::parse` checks the claims, at the time that it is given.
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
