//! Errors of tokens and of keys.

/// The limit of a token, in bytes: 16 KiB, which is the platform's limit of a whole URL.
pub(super) const MAX_TOKEN: usize = 16 * 1024;

/// The reason why a token is rejected. The message is fit for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// There is no token.
    #[error("the room needs a token: connect with one in the query parameter `token`")]
    Missing,
    /// The token is longer than a room accepts.
    #[error("the token is too long: it has {size} bytes, and the limit is {MAX_TOKEN}")]
    TooLong {
        /// The token's length, in bytes.
        size: usize,
    },
    /// The token is not a signed JWT.
    #[error("the token is malformed: it must be a signed JWT")]
    Malformed,
    /// The token's header has `crit`.
    #[error("the token's header has `crit`, and the room supports no extension: omit it")]
    Critical,
    /// The signature is of none of the keys.
    #[error("the token is forged: none of the room's keys made its signature")]
    Forged,
    /// `exp` has passed.
    #[error("the token has expired: get a new one and connect with it")]
    Expired,
    /// `nbf` is in the future.
    #[error("the token is not valid yet: wait until its `nbf`")]
    NotYet,
    /// A claim is missing.
    #[error("the token has no `{0}`: sign one that has the claim")]
    NoClaim(
        /// The claim's name.
        &'static str,
    ),
    /// The token is for another room.
    #[error("the token is for another room: get one for this room")]
    OtherRoom,
    /// The token has no user.
    #[error("the token has no user")]
    NoUser,
    /// A claim has the wrong type.
    #[error("the token can't be read: {0}")]
    Claims(
        /// The claim, and the reason.
        String,
    ),
    /// The user is not of the room's type.
    #[error("the token's user can't be read: {0}")]
    User(
        /// The field, and the reason.
        String,
    ),
}

/// The reason why a room has no keys, or they do not sign. It is for the deployer of the worker, and contains no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no variable with a key.
    #[error("the room has users and no key: name a variable that holds a secret for their tokens")]
    Missing,
    /// The variable is empty, or blank.
    #[error("the variable `{variable}` is empty: set it with `npx wrangler secret put {variable}`, or remove it")]
    Empty {
        /// The variable's name.
        variable: String,
    },
    /// The variable holds a private key, which a room does not need.
    #[error(
        "the variable `{variable}` holds a private key: replace it with the public key that belongs to it, and leave the \
         private one to the identity provider"
    )]
    Private {
        /// The variable's name.
        variable: String,
    },
    /// The variable holds a public key, and the feature `asymmetric` is off.
    #[error(
        "the variable `{variable}` holds a PEM or JSON, which is not a secret: enable the feature `asymmetric` of \
         `pluv-runtime` to verify with a public key, or set the variable to a random text"
    )]
    Feature {
        /// The variable's name.
        variable: String,
    },
    /// The variable looks like a PEM or a JWKS, and holds no supported public key.
    #[error(
        "the variable `{variable}` holds no supported public key: set it to a PEM (`BEGIN PUBLIC KEY`) or a JWKS \
         (`{{\"keys\":[..]}}`) of RSA with 2048 to 4096 bits, EC P-256 or Ed25519"
    )]
    Unsupported {
        /// The variable's name.
        variable: String,
    },
    /// The first variable holds a public key, which can't sign.
    #[error(
        "the variable `{variable}` holds a public key, so only the identity provider can sign tokens: get one from it, or \
         put a variable with a secret first"
    )]
    Public {
        /// The variable's name.
        variable: String,
    },
    /// The claims can't be serialized as JSON.
    #[error("the token's claims can't be written as JSON: {0}")]
    Claims(
        /// The error of the user's `Serialize`.
        String,
    ),
    /// The token would exceed the limit of a room.
    #[error("the token would have {size} bytes, and the limit is {MAX_TOKEN}: keep less in the user")]
    TooLong {
        /// The token's length, in bytes.
        size: usize,
    },
}
