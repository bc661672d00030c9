//! The limits of a room.

use std::time::Duration;

use crate::{document::DEFAULT_LIMIT, error::Error, protocol::Millis};

/// The limits of a room: of its connections, and of each of them. A message that exceeds one is answered with an `$error`
/// that names the limit and the size.
///
/// `#[pluv::room(limits(..))]` sets them, and `create` may set others, as from a variable of the environment:
///
/// ```ignore
/// #[hook(create)]
/// fn new(env: &Env) -> Result<(Self, Limits)> {
///     let seats = env.var("SEATS")?.to_string().parse()?;
///     Ok((Self::default(), Self::limits().connections(seats)))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) connections: u64,
    /// None is derived from the other limits.
    message: Option<u64>,
    pub(crate) messages_per_second: u64,
    pub(crate) presence: u64,
    pub(crate) user: u64,
    pub(crate) user_id: u64,
    pub(crate) storage: u64,
    pub(crate) idle: Millis,
}

/// Bytes of a message in a room without a document: what the platform allowed before it allowed 32 MiB.
const MESSAGE: u64 = 1 << 20;

/// The range of each limit: name, minimum and maximum.
///
/// - `connections`: the platform takes 32,768 for an object (`HibernationManagerImpl` in workerd's source).
/// - `message`: the platform takes 32 MiB (Cloudflare's limits of Workers).
/// - `presence`: it is a row of the object's storage where it does not fit the socket, with the user beside it. A row
///   takes 2 MB (Cloudflare's limits of Durable Objects).
/// - `user`: it comes in a token that is a part of the URL, which takes 16 KB (Cloudflare's limits of Workers).
/// - `storage`: what an isolate's 128 MB have room for while someone joins, as measured.
const RANGES: [(&str, u64, u64); 8] = [
    ("connections", 1, 32_768),
    ("message", 1_024, 32 << 20),
    ("messages_per_second", 1, 1_000_000),
    ("presence", 2, 1_000_000),
    ("user", 2, 16_384),
    ("user_id", 1, 16_384),
    ("storage", 1, 10_000_000),
    ("idle", 1_000, 86_400_000),
];

impl Limits {
    /// The defaults.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "most often the limits to begin with are those of the room")]
    pub const fn new() -> Self {
        Self {
            connections: 10_000,
            message: None,
            messages_per_second: 1_000,
            presence: 8_192,
            user: 4_096,
            user_id: 256,
            storage: DEFAULT_LIMIT as u64,
            idle: 90_000,
        }
    }

    /// With so many connections.
    #[must_use]
    pub const fn connections(self, count: u64) -> Self {
        Self { connections: count, ..self }
    }

    /// With messages of so many bytes.
    #[must_use]
    pub const fn message(self, bytes: u64) -> Self {
        Self { message: Some(bytes), ..self }
    }

    /// With so many messages a second from each connection, and twice as many at once.
    #[must_use]
    pub const fn messages_per_second(self, count: u64) -> Self {
        Self { messages_per_second: count, ..self }
    }

    /// With presences of so many bytes of JSON.
    #[must_use]
    pub const fn presence(self, bytes: u64) -> Self {
        Self { presence: bytes, ..self }
    }

    /// With users of so many bytes of JSON.
    #[must_use]
    pub const fn user(self, bytes: u64) -> Self {
        Self { user: bytes, ..self }
    }

    /// With ids of users of so many bytes.
    #[must_use]
    pub const fn user_id(self, bytes: u64) -> Self {
        Self { user_id: bytes, ..self }
    }

    /// With a document of so many bytes of its encoding.
    #[must_use]
    pub const fn storage(self, bytes: u64) -> Self {
        Self { storage: bytes, ..self }
    }

    /// With connections that may be idle for so long.
    #[must_use]
    pub const fn idle(self, time: Duration) -> Self {
        Self { idle: time.as_millis() as Millis, ..self }
    }

    /// The limit of a message in bytes. Unless it is set, a whole document fits beside the rest: a client sends its own each
    /// time it joins, in base64.
    pub(crate) fn message_bytes(&self, has_document: bool) -> u64 {
        let document = if has_document { self.storage.div_ceil(3) * 4 } else { 0 };
        self.message.unwrap_or((MESSAGE + document).min(32 << 20))
    }

    /// The limit of the document, in bytes.
    pub(crate) fn storage_bytes(&self) -> u64 {
        self.storage
    }

    /// Checks the size of a presence, which is JSON.
    ///
    /// # Errors
    /// The limit that it exceeds; `name` is the presence in the message.
    pub(crate) fn check_presence(&self, name: &str, json: &str) -> Result<(), String> {
        let limit = self.presence;
        match json.len() as u64 {
            bytes if bytes > limit => Err(format!("`{name}` would take {bytes} bytes: the limit is {limit}")),
            _ => Ok(()),
        }
    }

    /// Checks limits that were set at run time.
    ///
    /// # Errors
    /// The first limit that is out of its range.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let message = self.message.unwrap_or(MESSAGE);
        let values = [
            self.connections,
            message,
            self.messages_per_second,
            self.presence,
            self.user,
            self.user_id,
            self.storage,
            self.idle,
        ];
        for ((name, least, most), value) in RANGES.into_iter().zip(values) {
            if value < least || value > most {
                return Err(Error::internal(format!(
                    "the limit `{name}` is {value}: it must be from {least} to {most}"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_within_their_ranges() {
        assert!(Limits::new().check().is_ok());
    }

    #[test]
    fn limit_out_of_range_is_named_with_its_range() {
        let error = |limits: Limits| limits.check().expect_err("it is out of range").to_string();
        assert_eq!(error(Limits::new().connections(0)), "the limit `connections` is 0: it must be from 1 to 32768");
        assert_eq!(
            error(Limits::new().idle(Duration::from_millis(999))),
            "the limit `idle` is 999: it must be from 1000 to 86400000"
        );
        assert_eq!(error(Limits::new().message(1)), "the limit `message` is 1: it must be from 1024 to 33554432");
    }

    #[test]
    fn message_limit_leaves_room_for_a_whole_document() {
        assert_eq!(Limits::new().message_bytes(false), 1 << 20);
        assert!(Limits::new().storage(10_000_000).message_bytes(true) > 13_333_334);
        assert_eq!(Limits::new().message(2_000).message_bytes(true), 2_000);
    }

    #[test]
    fn default_session_fits_its_attachment() {
        let limits = Limits::new();
        assert!(limits.user + limits.presence + 1_000 <= crate::engine::MAX_ATTACHMENT as u64);
    }
}
