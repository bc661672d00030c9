//! Names: from Rust's cases to those of the wire and of the platform, and from a typo to what was meant.

/// `send_message` as `sendMessage`.
pub(crate) fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    for (i, word) in name.split('_').filter(|word| !word.is_empty()).enumerate() {
        let mut chars = word.chars();
        if i > 0 {
            camel.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        }
        camel.extend(chars);
    }
    camel
}

/// `ChatRoom` as `CHAT_ROOM`, and `HTTPRoom` as `HTTP_ROOM`.
pub(crate) fn upper_snake_case(name: &str) -> String {
    let chars: Vec<_> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (i, c) in chars.iter().enumerate() {
        let after_lower = i > 0 && (chars[i - 1].is_lowercase() || chars[i - 1].is_numeric());
        let before_lower = i > 0 && chars[i - 1].is_uppercase() && chars.get(i + 1).is_some_and(|c| c.is_lowercase());
        if c.is_uppercase() && (after_lower || before_lower) {
            snake.push('_');
        }
        snake.extend(c.to_uppercase());
    }
    snake
}

/// Why clients could not use `name` as an event's name, if they could not.
pub(crate) fn unusable(name: &str) -> Option<String> {
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

/// The one of `known` that a typo most likely meant.
pub(crate) fn closest<'a>(typo: &str, known: &[&'a str]) -> Option<&'a str> {
    let (distance, name) = known.iter().map(|name| (distance(typo, name), *name)).min()?;
    // A third of the name may be wrong, as rustc has it.
    (distance <= name.len().max(3) / 3).then_some(name)
}

/// How many letters must be inserted, deleted, replaced, or swapped with the next, to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
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
            assert_eq!(unusable(name), None);
        }
        for name in ["", "$send", "send$", "2nd", "send message", "chat:send", "a-b"] {
            assert!(unusable(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_typo_finds_what_was_meant() {
        let known = ["user", "presence", "output", "relay_unknown"];
        assert_eq!(closest("presense", &known), Some("presence"));
        assert_eq!(closest("ouptut", &known), Some("output"));
        assert_eq!(closest("relay_unkown", &known), Some("relay_unknown"));
        assert_eq!(closest("database", &known), None);
    }
}
