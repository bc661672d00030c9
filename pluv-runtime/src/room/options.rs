//! A room's options, as data.

use super::{Limits, Retention};

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
    /// Whether the log tells of the life of the room.
    pub debug: bool,
    /// How much the room takes.
    pub limits: Limits,
    /// What becomes of the document when nobody is there.
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

    /// With another end for the document.
    #[must_use]
    pub const fn retention(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// With the life of the room in the log.
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
