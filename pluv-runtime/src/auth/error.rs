//! What is wrong with keys and tokens.

use std::{error::Error, fmt};

use super::keys::MAX_TOKEN;

/// Why a room has no keys, or they do not sign. It is for the one who deploys the worker, and shows no key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no variable to take a key from.
    Missing,
    /// The variable is empty, or blank.
    Empty {
        /// Its name.
        variable: String,
    },
    /// The variable holds a private key, which a room does not need.
    Private {
        /// Its name.
        variable: String,
    },
    /// The variable holds a public key, and the feature `asymmetric` is off.
    Feature {
        /// Its name.
        variable: String,
    },
    /// The variable looks like a PEM or a JWKS, and holds no public key that can be used.
    Unusable {
        /// Its name.
        variable: String,
    },
    /// The first variable holds a public key, which can't sign.
    Public {
        /// Its name.
        variable: String,
    },
    /// The claims can't be written as JSON.
    Claims(
        /// What the user's `Serialize` said.
        String,
    ),
    /// The token would be so long that the room refused it.
    TooLong {
        /// Its length, in bytes.
        size: usize,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => {
                f.write_str("the room has users and no key: name a variable that holds a secret for their tokens")
            }
            Self::Empty { variable } => write!(
                f,
                "the variable `{variable}` is empty: set it with `npx wrangler secret put {variable}`, or remove it"
            ),
            Self::Private { variable } => write!(
                f,
                "the variable `{variable}` holds a private key: replace it with the public key that belongs to it, and \
                 leave the private one to the identity provider"
            ),
            Self::Feature { variable } => write!(
                f,
                "the variable `{variable}` holds a PEM or JSON, which is no secret: enable the feature `asymmetric` of \
                 `pluv-runtime` to verify with a public key, or set the variable to a random text"
            ),
            Self::Unusable { variable } => write!(
                f,
                "the variable `{variable}` holds no public key that the room can use: set it to a PEM (`BEGIN PUBLIC \
                 KEY`) or a JWKS (`{{\"keys\":[..]}}`) of RSA with 2048 to 4096 bits, EC P-256 or Ed25519"
            ),
            Self::Public { variable } => write!(
                f,
                "the variable `{variable}` holds a public key, so only the identity provider can sign tokens: ask it \
                 for one, or put a variable with a secret first"
            ),
            Self::Claims(reason) => write!(f, "the token's claims can't be written as JSON: {reason}"),
            Self::TooLong { size } => {
                write!(f, "the token would have {size} bytes, and a room takes {MAX_TOKEN}: keep less in the user")
            }
        }
    }
}

impl Error for KeyError {}

/// Why a token lets nobody in. The message is fit for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// There is none.
    Missing,
    /// It is longer than a room takes.
    TooLong {
        /// Its length, in bytes.
        size: usize,
    },
    /// It is no signed JWT.
    Malformed,
    /// Its header has `crit`.
    Critical,
    /// None of the keys made its signature.
    Forged,
    /// Its `exp` has passed.
    Expired,
    /// Its `nbf` has not come.
    NotYet,
    /// It lacks a claim.
    NoClaim(
        /// The claim's name.
        &'static str,
    ),
    /// It is for another room.
    OtherRoom,
    /// It has no user.
    NoUser,
    /// A claim has the wrong type.
    Claims(
        /// Which, and why.
        String,
    ),
    /// Its user is not of the room's type.
    User(
        /// Which field, and why.
        String,
    ),
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the room needs a token: connect with one in the query parameter `token`"),
            Self::TooLong { size } => {
                write!(f, "the token is too long: it has {size} bytes, and a room takes {MAX_TOKEN}")
            }
            Self::Malformed => f.write_str("the token is malformed: it must be a signed JWT"),
            Self::Critical => {
                f.write_str("the token's header has `crit`, and the room knows no extension: leave it out")
            }
            Self::Forged => f.write_str("the token is forged: none of the room's keys made its signature"),
            Self::Expired => f.write_str("the token has expired: get another one and connect with that"),
            Self::NotYet => f.write_str("the token is not valid yet: wait until its `nbf`"),
            Self::NoClaim(name) => write!(f, "the token has no `{name}`: sign one that has the claim"),
            Self::OtherRoom => f.write_str("the token is for another room: get one for this room"),
            Self::NoUser => f.write_str("the token has no user"),
            Self::Claims(reason) => write!(f, "the token can't be read: {reason}"),
            Self::User(reason) => write!(f, "the token's user can't be read: {reason}"),
        }
    }
}

impl Error for TokenError {}
