//! The claims of a token, and the grant that they are made of.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::error::TokenError;
use crate::protocol::decode;

/// The lifetime of a token by default. A client uses it at once, to connect.
const DEFAULT_EXPIRY: Duration = Duration::from_secs(60);

/// The tolerance for clocks of a token's signer and of the room that differ, in seconds.
const LEEWAY: u64 = 5;

/// The permissions of a connection for the room's document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Read and change.
    #[default]
    Write,
    /// Read only.
    Read,
}

/// The permission of a user to enter a room, with its access and lifetime. A user alone stands for write access with a
/// token of 60 seconds.
pub struct Grant<U> {
    pub(crate) user: U,
    pub(crate) access: Access,
    pub(super) expiry: Duration,
}

impl<U> Grant<U> {
    /// Grants `user` read and write access.
    #[must_use]
    pub const fn write(user: U) -> Self {
        Self { user, access: Access::Write, expiry: DEFAULT_EXPIRY }
    }

    /// Grants `user` read access only.
    #[must_use]
    pub const fn read(user: U) -> Self {
        Self { user, access: Access::Read, expiry: DEFAULT_EXPIRY }
    }

    /// Sets the lifetime of the token from its signature on, in whole seconds, rounded up. A connection that was opened
    /// with the token outlives it.
    #[must_use]
    pub fn expires_in(self, expiry: Duration) -> Self {
        Self { expiry, ..self }
    }
}

impl<U> From<U> for Grant<U> {
    fn from(user: U) -> Self {
        Self::write(user)
    }
}

// Not derived: a user may be private, and need not be `Debug`.
impl<U> fmt::Debug for Grant<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("access", &self.access).field("expiry", &self.expiry).finish_non_exhaustive()
    }
}

/// A value that the hook `authorize` may return in its `Result`: the user or a [`Grant`], or `None` to reject.
#[diagnostic::on_unimplemented(
    message = "`authorize` can't return `Result<{Self}>`",
    label = "return `Result<Option<User>>` or `Result<Option<Grant<User>>>`, of the room's own user"
)]
pub trait IntoGrant<U> {
    /// Converts the value into a grant, or into `None` to reject.
    fn into_grant(self) -> Option<Grant<U>>;
}

impl<U> IntoGrant<U> for Option<U> {
    fn into_grant(self) -> Option<Grant<U>> {
        self.map(Grant::write)
    }
}

impl<U> IntoGrant<U> for Option<Grant<U>> {
    fn into_grant(self) -> Self {
        self
    }
}

/// The claims of a token.
#[derive(Clone, Debug, Serialize)]
pub struct Claims<U> {
    room: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    pub(crate) user: U,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    pub(crate) access: Access,
}

impl<U: Serialize> Claims<U> {
    /// Returns the claims that admit the user of `grant` to `room` from `now` on, in seconds since the Unix epoch. `sub` is
    /// the user's `id` if that is a string.
    #[must_use]
    pub fn new(room: &str, grant: Grant<U>, now: u64) -> Self {
        let Grant { user, access, expiry } = grant;
        let seconds = expiry.as_secs().saturating_add(u64::from(expiry.subsec_nanos() > 0));
        Self {
            room: room.to_owned(),
            sub: id(&user),
            user,
            iat: Some(now),
            exp: now.saturating_add(seconds),
            jti: Some(new_id()),
            access,
        }
    }
}

/// Returns the user's `id`. A user that can't be serialized has none here, and fails when the token is signed.
fn id(user: &impl Serialize) -> Option<String> {
    match serde_json::to_value(user).ok()?.get_mut("id")?.take() {
        serde_json::Value::String(id) => Some(id),
        _ => None,
    }
}

impl Claims<Box<RawValue>> {
    /// Deserializes the user as the room's own type.
    ///
    /// # Errors
    /// When the token's user does not fit that type. The error names the field.
    pub fn user<U: DeserializeOwned>(&self) -> Result<U, TokenError> {
        decode(self.user.get(), "user").map_err(TokenError::User)
    }

    /// Deserializes the claims of a token whose signature is valid, and checks them at `now`, in seconds since the Unix
    /// epoch.
    ///
    /// `iat` is not checked, as RFC 7519 has no rule for a wrong one; `nbf` is the claim for that.
    pub(super) fn parse(json: &str, room: &str, now: u64) -> Result<Self, TokenError> {
        let payload: Payload = decode(json, "claims").map_err(TokenError::Claims)?;
        let exp = payload.exp.ok_or(TokenError::NoClaim("exp"))?;
        // RFC 7519, 4.1.4: a token is invalid at the time of `exp`, not only after it.
        if now >= exp.saturating_add(LEEWAY) {
            return Err(TokenError::Expired);
        }
        if payload.nbf.is_some_and(|nbf| now.saturating_add(LEEWAY) < nbf) {
            return Err(TokenError::NotYet);
        }
        if payload.room.ok_or(TokenError::NoClaim("room"))? != room {
            return Err(TokenError::OtherRoom);
        }
        Ok(Self {
            room: room.to_owned(),
            sub: payload.sub,
            user: payload.user.ok_or(TokenError::NoUser)?,
            iat: payload.iat,
            exp,
            jti: payload.jti,
            access: payload.access,
        })
    }
}

/// The claims as received: an identity provider may omit some, and add its own.
#[derive(Deserialize)]
struct Payload {
    room: Option<String>,
    sub: Option<String>,
    user: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "seconds")]
    iat: Option<u64>,
    #[serde(default, deserialize_with = "seconds")]
    exp: Option<u64>,
    #[serde(default, deserialize_with = "seconds")]
    nbf: Option<u64>,
    jti: Option<String>,
    #[serde(default)]
    access: Access,
}

/// Deserializes a `NumericDate` of RFC 7519, which may have a fraction. One before 1970 is taken as 1970.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.map(|seconds| seconds as u64))
}

/// Returns a new unique id: a UUID of version 4.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
