//! What a token gives to its user.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// How long a token lasts unless its grant says it otherwise. It is used at once, to connect.
const DEFAULT_EXPIRY: Duration = Duration::from_secs(60);

/// What a connection may do with the room's document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Read it and change it.
    #[default]
    Write,
    /// Read it.
    Read,
}

/// Whom a token lets in, what for, and for how long. A user alone may write, for 60 seconds.
pub struct Grant<U> {
    pub(crate) user: U,
    pub(crate) access: Access,
    pub(super) expiry: Duration,
}

impl<U> Grant<U> {
    /// Lets `user` in, to read and to write.
    #[must_use]
    pub const fn write(user: U) -> Self {
        Self { user, access: Access::Write, expiry: DEFAULT_EXPIRY }
    }

    /// Lets `user` in, to read alone.
    #[must_use]
    pub const fn read(user: U) -> Self {
        Self { user, access: Access::Read, expiry: DEFAULT_EXPIRY }
    }

    /// With a token that lasts for `expiry` from when it is signed, in whole seconds, rounded up. A connection that it
    /// has opened stays open.
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

/// What the hook `authorize` may return in its `Result`: the user or a [`Grant`], or `None` to refuse.
#[diagnostic::on_unimplemented(
    message = "`authorize` can't return `Result<{Self}>`",
    label = "return `Result<Option<User>>` or `Result<Option<Grant<User>>>`, of the room's own user"
)]
pub trait IntoGrant<U> {
    /// The grant that it stands for.
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
