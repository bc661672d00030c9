//! The router: from a request's URL to a room, and the CORS headers of the token endpoint.
//!
//! It is pure: the platform reads the request and writes the response.

use std::{error::Error, fmt};

use percent_encoding::percent_decode_str;

use crate::protocol::Protocol;

/// The longest name of a room, in bytes. It fits a URL, a log line and the platform's own ids, and is enough for a path or
/// two UUIDs.
const MAX_NAME: usize = 256;

/// How long a browser may cache the response to a preflight, in seconds. The lowest of the browsers' own upper bounds is
/// 2 hours (Chromium); after 10 minutes a change of the list takes effect.
const MAX_AGE: &str = "600";

/// A route of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The token endpoint.
    Authorize { room: Result<String, NameError> },
    /// The WebSocket of a client of this protocol.
    Room {
        protocol: Protocol,
        room: Result<String, NameError>,
        /// The room of a request over HTTP, whose path may go on below the room's: a slash in its name is encoded.
        http_room: Result<String, NameError>,
        token: Option<String>,
    },
}

/// Returns the route that a URL names, of the room whose routes are below `base`; `None` for any other URL.
///
/// `path` and `query` are percent-encoded, as received.
pub(crate) fn target(base: &str, path: &str, query: Option<&str>) -> Option<Target> {
    let rest = path.strip_prefix(base)?.strip_prefix('/')?;
    let (kind, name) = rest.split_once('/').unwrap_or((rest, ""));
    let room = match name {
        "" => parse_name(query_value(query, "room").unwrap_or_default()),
        // A slash in a name may be encoded or not.
        encoded => parse_name(percent_decode_str(encoded).collect()),
    };
    let first = name.split('/').next().unwrap_or_default();
    let http_room = match first {
        "" => room.clone(),
        encoded => parse_name(percent_decode_str(encoded).collect()),
    };
    let protocol = match kind {
        "authorize" if kind == rest => return Some(Target::Authorize { room }),
        "room" => Protocol::Pluv,
        "yjs" => Protocol::Yjs,
        _ => return None,
    };
    Some(Target::Room { protocol, room, http_room, token: token(query) })
}

/// Returns the token. The stock client encodes it twice; a token itself has no `%`.
fn token(query: Option<&str>) -> Option<String> {
    let once = query_value(query, "token")?;
    let once = String::from_utf8_lossy(&once);
    Some(percent_decode_str(&once).decode_utf8_lossy().into_owned())
}

/// Returns the decoded value of the first query parameter called `name`.
///
/// `form_urlencoded` would do, but replaces what is not UTF-8, and two rooms would share a name.
fn query_value(query: Option<&str>, name: &str) -> Option<Vec<u8>> {
    query?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (form_decode(key) == name.as_bytes()).then(|| form_decode(value))
    })
}

/// Decodes a part of a query, in which a `+` is a space.
fn form_decode(text: &str) -> Vec<u8> {
    percent_decode_str(&text.replace('+', " ")).collect()
}

/// The reason why a text can't be the name of a room.
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

/// Checks that `text` can be the name of a room.
pub(crate) fn check_name(text: &str) -> Result<(), NameError> {
    match text.len() {
        0 => Err(NameError::Missing),
        length if length > MAX_NAME => Err(NameError::TooLong(length)),
        _ => Ok(()),
    }
}

fn parse_name(bytes: Vec<u8>) -> Result<String, NameError> {
    let name = String::from_utf8(bytes).map_err(|_| NameError::NotUtf8)?;
    check_name(&name).map(|()| name)
}

/// Returns the headers that let `origin` read a response of the token endpoint, if `allowed` lists it or has `*`.
///
/// A listed origin may send cookies; under `*` no browser sends any.
pub(crate) fn cors_headers(
    allowed: &[&str],
    origin: Option<&str>,
    preflight: bool,
    asked_headers: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if allowed.is_empty() {
        return headers;
    }
    let any = allowed.contains(&"*");
    if !any {
        // The response differs by origin, also for one that is not allowed: a cache must know.
        headers.push(("Vary", "Origin".to_owned()));
    }
    let Some(origin) = origin.filter(|origin| any || allowed.contains(origin)) else {
        return headers;
    };
    if any {
        headers.push(("Access-Control-Allow-Origin", "*".to_owned()));
    } else {
        headers.push(("Access-Control-Allow-Origin", origin.to_owned()));
        headers.push(("Access-Control-Allow-Credentials", "true".to_owned()));
    }
    if preflight {
        headers.push(("Access-Control-Allow-Methods", "GET".to_owned()));
        headers.push(("Access-Control-Max-Age", MAX_AGE.to_owned()));
        if let Some(asked) = asked_headers {
            headers.push(("Access-Control-Allow-Headers", asked.to_owned()));
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(path: &str, query: Option<&str>) -> Option<(Result<String, NameError>, Option<String>)> {
        match target("/api/pluv", path, query)? {
            Target::Room { protocol: Protocol::Pluv, room, token, .. } => Some((room, token)),
            _ => None,
        }
    }

    #[test]
    fn the_token_endpoint_names_the_room_by_query() {
        let found = target("/api/pluv", "/api/pluv/authorize", Some("user=1&room=a%20b"));
        assert_eq!(found, Some(Target::Authorize { room: Ok("a b".to_owned()) }));
        let found = target("/api/pluv", "/api/pluv/authorize", None);
        assert_eq!(found, Some(Target::Authorize { room: Err(NameError::Missing) }));
    }

    #[test]
    fn the_socket_names_the_room_by_path() {
        assert_eq!(room("/api/pluv/room/lobby", None), Some((Ok("lobby".to_owned()), None)));
        assert_eq!(room("/api/pluv/room/%E9%83%A8%2F1", None), Some((Ok("部/1".to_owned()), None)));
        assert_eq!(room("/api/pluv/room/a/b", None), Some((Ok("a/b".to_owned()), None)));
        assert_eq!(room("/api/pluv/room/a+b", None), Some((Ok("a+b".to_owned()), None)));
    }

    #[test]
    fn the_socket_names_the_room_by_query_where_the_path_does_not() {
        assert_eq!(room("/api/pluv/room", Some("room=a")), Some((Ok("a".to_owned()), None)));
        assert_eq!(room("/api/pluv/room/", Some("room=a")), Some((Ok("a".to_owned()), None)));
        assert_eq!(room("/api/pluv/room/b", Some("room=a")), Some((Ok("b".to_owned()), None)));
        assert_eq!(room("/api/pluv/room", None), Some((Err(NameError::Missing), None)));
    }

    #[test]
    fn a_yjs_provider_has_a_path_of_its_own() {
        let found = |path, query| match target("/api/pluv", path, query)? {
            Target::Room { protocol: Protocol::Yjs, room, token, .. } => Some((room, token)),
            _ => None,
        };
        assert_eq!(found("/api/pluv/yjs/a/b", Some("token=t")), Some((Ok("a/b".to_owned()), Some("t".to_owned()))));
        assert_eq!(found("/api/pluv/yjs/", Some("room=a")), Some((Ok("a".to_owned()), None)));
        assert_eq!(found("/api/pluv/yjs", None), Some((Err(NameError::Missing), None)));
        assert_eq!(found("/api/pluv/room/a", None), None);
    }

    #[test]
    fn a_token_may_be_encoded_once_or_twice() {
        for query in ["token=a.b-_c%3D", "token=a%2Eb-_c%3D", "token=a%252Eb-_c%253D"] {
            assert_eq!(room("/api/pluv/room/a", Some(query)).and_then(|(_, token)| token).as_deref(), Some("a.b-_c="));
        }
    }

    #[test]
    fn other_urls_are_left_alone() {
        for path in [
            "/",
            "/api/pluv",
            "/api/pluv/",
            "/api/pluvs/room/a",
            "/api/pluv/rooms/a",
            "/api/pluv/authorize/a",
            "/api/pluv/yjss/a",
        ] {
            assert_eq!(target("/api/pluv", path, Some("room=a")), None, "{path}");
        }
    }

    fn decoded(text: &str) -> Vec<u8> {
        percent_decode_str(text).collect()
    }

    #[test]
    fn percent_encoding_is_decoded() {
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
    fn a_plus_is_a_space_in_a_query_only() {
        assert_eq!(decoded("a+b"), b"a+b");
        assert_eq!(form_decode("a+b%2B"), b"a b+");
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

    #[test]
    fn a_name_that_is_not_utf8_is_rejected_in_the_path_and_in_the_query() {
        assert_eq!(room("/api/pluv/room/%ff", None), Some((Err(NameError::NotUtf8), None)));
        assert_eq!(room("/api/pluv/room", Some("room=%ff")), Some((Err(NameError::NotUtf8), None)));
    }

    #[test]
    fn a_name_is_any_text_of_1_to_256_bytes() {
        let longest = "é".repeat(128);
        for text in ["a", "a b/c?d", "部屋", "..", &longest] {
            assert_eq!(parse_name(text.into()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn an_invalid_name_is_rejected_with_the_reason() {
        assert_eq!(parse_name(Vec::new()), Err(NameError::Missing));
        assert_eq!(parse_name(vec![b'a'; 257]), Err(NameError::TooLong(257)));
        assert_eq!(parse_name(vec![0xff]), Err(NameError::NotUtf8));
        assert_eq!(NameError::TooLong(257).to_string(), "the room's name has 257 bytes: the limit is 256");
    }

    const APP: &str = "https://app.example";

    fn header(headers: &[(&'static str, String)], name: &str) -> Option<String> {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn no_origin_is_allowed_by_default() {
        assert_eq!(cors_headers(&[], Some(APP), true, None), []);
    }

    #[test]
    fn a_listed_origin_is_allowed_with_its_cookies() {
        let headers = cors_headers(&["https://other.example", APP], Some(APP), false, None);
        assert_eq!(header(&headers, "Access-Control-Allow-Origin").as_deref(), Some(APP));
        assert_eq!(header(&headers, "Access-Control-Allow-Credentials").as_deref(), Some("true"));
        assert_eq!(header(&headers, "Vary").as_deref(), Some("Origin"));
        assert_eq!(header(&headers, "Access-Control-Allow-Methods"), None);
    }

    #[test]
    fn another_origin_gets_only_the_vary_header() {
        for origin in [Some("https://evil.example"), Some("null"), Some("https://app.example.evil"), None] {
            assert_eq!(cors_headers(&[APP], origin, true, None), [("Vary", "Origin".to_owned())]);
        }
    }

    #[test]
    fn any_origin_is_allowed_without_cookies() {
        let headers = cors_headers(&["*"], Some("https://some.example"), false, None);
        assert_eq!(headers, [("Access-Control-Allow-Origin", "*".to_owned())]);
    }

    #[test]
    fn a_preflight_response_allows_the_requested_headers() {
        let headers = cors_headers(&[APP], Some(APP), true, Some("authorization, x-id"));
        assert_eq!(header(&headers, "Access-Control-Allow-Methods").as_deref(), Some("GET"));
        assert_eq!(header(&headers, "Access-Control-Allow-Headers").as_deref(), Some("authorization, x-id"));
        assert_eq!(header(&headers, "Access-Control-Max-Age").as_deref(), Some("600"));
    }
}
