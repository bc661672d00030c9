//! Names of rooms.

use std::{error::Error, fmt};

/// The longest name, in bytes. It has to fit a URL, a log line and the platform's own ids, and is enough for a path or
/// two UUIDs.
pub(crate) const MAX_NAME: usize = 256;

/// Why something can't be a room's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameError {
    Missing,
    TooLong(usize),
    NotUtf8,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the room's name is missing: add it to the path, or as `?room=NAME`"),
            Self::TooLong(length) => write!(f, "the room's name has {length} bytes: the limit is {MAX_NAME}"),
            Self::NotUtf8 => f.write_str("the room's name is not UTF-8: percent-encode it as UTF-8"),
        }
    }
}

impl Error for NameError {}

/// Whether there can be a room of this name.
pub(crate) fn check_name(text: &str) -> Result<(), NameError> {
    name(text.as_bytes()).map(drop)
}

/// Reads a room's name: any UTF-8 that is not empty and not too long.
pub(super) fn name(bytes: &[u8]) -> Result<String, NameError> {
    match bytes.len() {
        0 => Err(NameError::Missing),
        length if length > MAX_NAME => Err(NameError::TooLong(length)),
        _ => str::from_utf8(bytes).map(str::to_owned).map_err(|_| NameError::NotUtf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_any_text_of_1_to_256_bytes() {
        let longest = "é".repeat(128);
        for text in ["a", "a b/c?d", "部屋", "..", &longest] {
            assert_eq!(name(text.as_bytes()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        assert_eq!(name(b""), Err(NameError::Missing));
        assert_eq!(name(&[b'a'; 257]), Err(NameError::TooLong(257)));
        assert_eq!(name(b"\xff"), Err(NameError::NotUtf8));
        assert_eq!(NameError::TooLong(257).to_string(), "the room's name has 257 bytes: the limit is 256");
    }
}
