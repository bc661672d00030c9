//! Percent-encoding, undone.

use std::borrow::Cow;

/// Whether a `+` is a space, as in what forms send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plus {
    IsSpace,
    IsPlus,
}

/// Undoes percent-encoding. A `%` without two digits after it stands for itself, as browsers have it.
pub(super) fn percent_decode(text: &str, plus: Plus) -> Cow<'_, [u8]> {
    let encoded = |byte: &u8| *byte == b'%' || (*byte == b'+' && plus == Plus::IsSpace);
    if !text.as_bytes().iter().any(encoded) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let byte = match (first, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = after;
                digit(*high) << 4 | digit(*low)
            }
            (b'+', _) if plus == Plus::IsSpace => b' ',
            (byte, _) => *byte,
        };
        decoded.push(byte);
    }
    Cow::Owned(decoded)
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        _ => (hex | 0x20) - b'a' + 10,
    }
}

/// The decoded value of a query's first parameter `name`.
pub(super) fn query_value<'a>(query: Option<&'a str>, name: &str) -> Option<Cow<'a, [u8]>> {
    query?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (*percent_decode(key, Plus::IsSpace) == *name.as_bytes()).then(|| percent_decode(value, Plus::IsSpace))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Vec<u8> {
        percent_decode(text, Plus::IsPlus).into_owned()
    }

    #[test]
    fn percent_encoding_is_undone() {
        assert_eq!(decoded("a%20b%2Fc"), b"a b/c");
        assert_eq!(decoded("%c3%A9"), "é".as_bytes());
        assert_eq!(decoded("%ff"), [0xff]);
    }

    #[test]
    fn a_percent_sign_without_digits_stands_for_itself() {
        assert_eq!(decoded("100%"), b"100%");
        assert_eq!(decoded("%2"), b"%2");
        assert_eq!(decoded("%zz%41"), b"%zzA");
    }

    #[test]
    fn a_plus_is_a_space_in_a_query_alone() {
        assert_eq!(decoded("a+b"), b"a+b");
        assert_eq!(*percent_decode("a+b%2B", Plus::IsSpace), *b"a b+");
    }

    #[test]
    fn the_first_parameter_of_a_name_counts() {
        let query = Some("x=1&room=a%20b&room=c&empty&r%6Fom2=d");
        assert_eq!(query_value(query, "room").as_deref(), Some(&b"a b"[..]));
        assert_eq!(query_value(query, "room2").as_deref(), Some(&b"d"[..]));
        assert_eq!(query_value(query, "empty").as_deref(), Some(&b""[..]));
        assert_eq!(query_value(query, "token"), None);
        assert_eq!(query_value(None, "room"), None);
    }
}
