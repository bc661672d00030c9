//! Authentication: the tokens that admit users to a room, and the keys that sign and verify them.
//!
//! A token is a JWT (RFC 7519). Its key decides the algorithm, never its header: a secret signs and verifies HS256,
//! and with the feature `asymmetric` a public key verifies RS256, ES256 or `EdDSA`.
//!
//! Nothing in here reads the clock: the time is a parameter.

mod claims;
mod error;
mod key;
mod keys;
#[cfg(feature = "asymmetric")]
mod public_keys;
#[cfg(test)]
mod tests;

pub(crate) use self::claims::new_id;
pub use self::{
    claims::{Access, Claims, Grant, IntoGrant},
    error::{KeyError, TokenError},
    keys::Keys,
};
