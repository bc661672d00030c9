//! Names: from Rust's cases to those of the wire and of the platform, and from a typo to the name that was meant.

use heck::{ToLowerCamelCase as _, ToShoutySnakeCase as _};

/// `send_message` as `sendMessage`.
pub(crate) fn camel_case(name: &str) -> String {
    name.to_lower_camel_case()
}

/// `ChatRoom` as `CHAT_ROOM`, and `HTTPRoom` as `HTTP_ROOM`.
pub(crate) fn upper_snake_case(name: &str) -> String {
    name.to_shouty_snake_case()
}

/// Returns why clients can't use `name` as an event's name, if they can't.
pub(crate) fn event_name_error(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("an event's name can't be empty: write one as `sendMessage`, or leave `name` out".to_owned());
    }
    if name.contains('$') {
        return Some(format!("`{name}` can't be an event's name: names with `$` belong to the protocol"));
    }
    let first = |c: char| c.is_alphabetic() || c == '_';
    if name.starts_with(first) && name.chars().all(|c| first(c) || c.is_numeric()) {
        return None;
    }
    Some(format!("`{name}` can't be an event's name: use letters, digits and `_`, as for a name in JavaScript"))
}

/// Whether a binding can be called `name`.
pub(crate) fn is_binding(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// Returns the hint that ends the report of an unknown name: the known one that a typo most likely meant, or `all` of them.
pub(crate) fn hint(typo: &str, known: &[&str], all: &str) -> String {
    let closest = known.iter().map(|name| (strsim::osa_distance(typo, name), *name)).min();
    match closest {
        // A third of the name may be wrong, as in rustc.
        Some((distance, name)) if distance <= name.len().max(3) / 3 => format!("did you mean `{name}`?"),
        _ => format!("{all} `{}`", known.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_becomes_an_event_in_camel_case() {
        assert_eq!(camel_case("send_message"), "sendMessage");
        assert_eq!(camel_case("double"), "double");
        assert_eq!(camel_case("_private__name_"), "privateName");
        assert_eq!(camel_case("ping_2"), "ping2");
        assert_eq!(camel_case("size3d_set"), "size3dSet");
        assert_eq!(camel_case("größe_ändern"), "größeÄndern");
    }

    #[test]
    fn a_struct_becomes_a_binding_in_upper_snake_case() {
        assert_eq!(upper_snake_case("Chat"), "CHAT");
        assert_eq!(upper_snake_case("ChatRoom"), "CHAT_ROOM");
        assert_eq!(upper_snake_case("HTTPRoom"), "HTTP_ROOM");
        assert_eq!(upper_snake_case("Room2Go"), "ROOM2_GO");
    }

    #[test]
    fn a_name_of_an_event_is_one_in_javascript_without_a_dollar() {
        for name in ["sendMessage", "SEND_MESSAGE", "_x", "größe", "v2"] {
            assert_eq!(event_name_error(name), None);
        }
        for name in ["", "$send", "send$", "2nd", "send message", "chat:send", "a-b"] {
            assert!(event_name_error(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_typo_finds_the_name_that_was_meant() {
        let known = ["user", "presence", "output", "relay_unknown"];
        let hint = |typo| hint(typo, &known, "there are");
        assert_eq!(hint("presense"), "did you mean `presence`?");
        assert_eq!(hint("ouptut"), "did you mean `output`?");
        assert_eq!(hint("relay_unkown"), "did you mean `relay_unknown`?");
        assert_eq!(hint("database"), "there are `user`, `presence`, `output`, `relay_unknown`");
    }
}
