//! What a token says.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{Access, Grant, TokenError, new_id};
use crate::protocol::decode;

/// How far the clocks of a token's signer and of the room may lie apart, in seconds.
const LEEWAY: u64 = 5;

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
    /// The claims that let `grant` into `room` from now on; `now` counts seconds since the Unix epoch. `sub` is the
    /// user's `id`, if that is a string.
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

/// The user's `id`. A user that can't be written as JSON has none here, and the signature fails over it.
fn id(user: &impl Serialize) -> Option<String> {
    match serde_json::to_value(user).ok()?.get_mut("id")?.take() {
        serde_json::Value::String(id) => Some(id),
        _ => None,
    }
}

impl Claims<Box<RawValue>> {
    /// The user, as the room's own type.
    ///
    /// # Errors
    /// When the token's user does not fit that type. The error names the field.
    pub fn user<U: DeserializeOwned>(&self) -> Result<U, TokenError> {
        decode(self.user.get(), "user").map_err(TokenError::User)
    }

    /// Reads the claims of a token whose signature fits, and checks them; `now` counts seconds since the Unix epoch.
    ///
    /// `iat` is not checked, as no rule says how a wrong one is to be treated; `nbf` is the claim for that.
    pub(super) fn read(json: &str, room: &str, now: u64) -> Result<Self, TokenError> {
        let payload: Payload = decode(json, "claims").map_err(TokenError::Claims)?;
        let exp = payload.exp.ok_or(TokenError::NoClaim("exp"))?;
        // RFC 7519, 4.1.4: it must be refused on the time of `exp`, not only after.
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

/// The claims as they come: an identity provider may leave some out, and add its own.
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

/// A `NumericDate` of RFC 7519, which may have a fraction. One before 1970 is as good as 1970.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.map(|seconds| seconds as u64))
}
