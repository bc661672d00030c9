//! Who may enter a room: the tokens that let users in, and the keys that they are signed with.
//!
//! A token is a JWT (RFC 7519). Its key decides the algorithm, never its header: a secret makes and verifies HS256,
//! and with the feature `asymmetric` a public key verifies RS256, ES256 or `EdDSA`.
//!
//! Nothing in here reads the clock: the time comes as a parameter.

#[cfg(feature = "asymmetric")]
mod asymmetric;
mod claims;
mod error;
mod grant;
mod hmac_provider;
mod keys;
mod provider;
#[cfg(test)]
mod tests;

pub use self::{
    claims::Claims,
    error::{KeyError, TokenError},
    grant::{Access, Grant, IntoGrant},
    keys::Keys,
};

/// A new id, unique for ever: a UUID of version 4.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
