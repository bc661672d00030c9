//! The error of handlers and hooks.

use std::{error::Error as StdError, fmt};

/// The result of a handler or hook.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a handler or hook failed.
///
/// A message made by [`Error::client`] is sent to the client that caused it. Any other error is made by `?` or
/// [`Error::internal`]; the client reads `internal error`, and the log has the whole of it.
pub struct Error {
    kind: Kind,
    is_permanent: bool,
}

enum Kind {
    Client(String),
    Internal(Box<dyn StdError>),
}

/// The message that a client gets in place of an internal error.
pub(crate) const INTERNAL: &str = "internal error";

impl Error {
    /// An error whose message is sent to the client.
    pub fn client(message: impl Into<String>) -> Self {
        Self::of(Kind::Client(message.into()))
    }

    /// An error for the log alone.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::of(Kind::Internal(message.into().into()))
    }

    fn of(kind: Kind) -> Self {
        Self { kind, is_permanent: false }
    }

    /// An error that another try would not mend: a `#[task]` that fails with it does not run again.
    #[must_use]
    pub fn permanent(self) -> Self {
        Self { is_permanent: true, ..self }
    }

    pub(crate) fn is_permanent(&self) -> bool {
        self.is_permanent
    }

    /// The message for the client.
    #[must_use]
    pub fn client_message(&self) -> &str {
        match &self.kind {
            Kind::Client(message) => message,
            Kind::Internal(_) => INTERNAL,
        }
    }

    /// Whether the message is kept from the client.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        matches!(self.kind, Kind::Internal(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Client(message) => f.write_str(message),
            Kind::Internal(error) => {
                write!(f, "{error}")?;
                let mut source = error.source();
                while let Some(cause) = source {
                    write!(f, ": {cause}")?;
                    source = cause.source();
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Client(message) => f.debug_tuple("Client").field(message).finish(),
            Kind::Internal(error) => f.debug_tuple("Internal").field(error).finish(),
        }
    }
}

// `Error` is no `std::error::Error` itself, as that would overlap with this.
impl<E: StdError + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::of(Kind::Internal(Box::new(error)))
    }
}

/// For a worker's own code, which the platform answers with 500 and logs.
impl From<Error> for worker::Error {
    fn from(error: Error) -> Self {
        Self::RustError(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_error_keeps_its_message() {
        let error = Error::client("the room is full");
        assert_eq!(error.client_message(), "the room is full");
        assert!(!error.is_internal());
    }

    #[test]
    fn errors_are_errors_of_the_worker() {
        let error: worker::Error = Error::internal("no database").into();
        assert_eq!(error.to_string(), "no database");
    }

    #[test]
    fn any_other_error_shows_nothing_to_the_client() {
        let error: Error = std::io::Error::other("password of the database").into();
        assert_eq!(error.client_message(), "internal error");
        assert_eq!(error.to_string(), "password of the database");
    }
}
