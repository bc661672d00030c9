//! Which of a room's routes a URL is.

use super::{
    decode::{Plus, percent_decode, query_value},
    name::{NameError, name},
};
use crate::protocol::Protocol;

/// A route of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The token endpoint.
    Authorize { room: Result<String, NameError> },
    /// The WebSocket of a client of this protocol.
    Room { protocol: Protocol, room: Result<String, NameError>, token: Option<String> },
}

/// The route that a URL is, of the room whose routes are below `base`; `None` where it is none of them.
///
/// `path` and `query` are as they came, percent-encoded.
pub(crate) fn target(base: &str, path: &str, query: Option<&str>) -> Option<Target> {
    let rest = path.strip_prefix(base)?.strip_prefix('/')?;
    let by_query = || name(&query_value(query, "room").unwrap_or_default());
    let target = match rest.split_once('/') {
        None if rest == "authorize" => Target::Authorize { room: by_query() },
        None => Target::Room { protocol: protocol(rest)?, room: by_query(), token: token(query) },
        Some((kind, "")) => Target::Room { protocol: protocol(kind)?, room: by_query(), token: token(query) },
        // A slash in a name may be encoded or not.
        Some((kind, encoded)) => Target::Room {
            protocol: protocol(kind)?,
            room: name(&percent_decode(encoded, Plus::IsPlus)),
            token: token(query),
        },
    };
    Some(target)
}

/// The protocol that is spoken below a part of the path.
fn protocol(part: &str) -> Option<Protocol> {
    match part {
        "room" => Some(Protocol::Pluv),
        "yjs" => Some(Protocol::Yjs),
        _ => None,
    }
}

/// The token. The stock client encodes it twice; a token itself has no `%`.
fn token(query: Option<&str>) -> Option<String> {
    let once = query_value(query, "token")?;
    let once = String::from_utf8_lossy(&once);
    Some(String::from_utf8_lossy(&percent_decode(&once, Plus::IsPlus)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(path: &str, query: Option<&str>) -> Option<(Result<String, NameError>, Option<String>)> {
        match target("/api/pluv", path, query)? {
            Target::Room { protocol: Protocol::Pluv, room, token } => Some((room, token)),
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
            Target::Room { protocol: Protocol::Yjs, room, token } => Some((room, token)),
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
    fn what_is_not_below_the_base_is_left_alone() {
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
}
