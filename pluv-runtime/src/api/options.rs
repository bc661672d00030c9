//! A room's options, as data.

use crate::engine::{Limits, Retention};

/// The options of `#[pluv::room(..)]` that are no types.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The struct's name, which is the class that `wrangler.toml` names.
    pub name: &'static str,
    /// The name of the Durable Object binding.
    pub binding: &'static str,
    /// The path that the room's routes hang below, without a slash at its end.
    pub path: &'static str,
    /// The variables that hold the secrets of tokens: the first one signs, each one verifies.
    pub secrets: &'static [&'static str],
    /// The origins that may call the token endpoint from another site; `*` is any.
    pub cors: &'static [&'static str],
    /// Whether the room declares a user, and so wants a token.
    pub has_user: bool,
    /// Whether an event without a handler is relayed to everyone.
    pub relay_unknown: bool,
    /// Whether the room writes its event log.
    pub debug: bool,
    /// The limits of the room.
    pub limits: Limits,
    /// What happens to the document when nobody is connected.
    pub retention: Retention,
}

impl Options {
    /// The defaults of a room called `name` whose object is bound as `binding`.
    #[must_use]
    pub const fn new(name: &'static str, binding: &'static str) -> Self {
        Self {
            name,
            binding,
            path: "/api/pluv",
            secrets: &["PLUV_SECRET", "PLUV_SECRET_PREVIOUS"],
            cors: &[],
            has_user: false,
            relay_unknown: false,
            debug: false,
            limits: Limits::new(),
            retention: Retention::Keep,
        }
    }

    /// With another path, which begins with `/` and does not end with one.
    #[must_use]
    pub const fn path(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// With other variables for the secrets.
    #[must_use]
    pub const fn secrets(self, secrets: &'static [&'static str]) -> Self {
        Self { secrets, ..self }
    }

    /// With calls from other sites allowed.
    #[must_use]
    pub const fn cors(self, cors: &'static [&'static str]) -> Self {
        Self { cors, ..self }
    }

    /// With a user.
    #[must_use]
    pub const fn has_user(self) -> Self {
        Self { has_user: true, ..self }
    }

    /// With other limits.
    #[must_use]
    pub const fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With another retention of the document.
    #[must_use]
    pub const fn retention(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// With the event log.
    #[must_use]
    pub const fn debug(self) -> Self {
        Self { debug: true, ..self }
    }

    /// With unknown events relayed.
    #[must_use]
    pub const fn relay_unknown(self) -> Self {
        Self { relay_unknown: true, ..self }
    }
}

impl Limits {
    /// The limits that the room `R` declares.
    #[must_use]
    pub const fn of<R: super::Handlers>() -> Self {
        <R::Room as super::Room>::OPTIONS.limits
    }
}
