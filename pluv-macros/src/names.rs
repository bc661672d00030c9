//! Checks of names, and suggestions for typos.

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

/// Returns whether a binding can be called `name`.
pub(crate) fn is_binding(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// Returns the end of an error about an unknown name: the most similar known name, or `all` of them.
pub(crate) fn hint(typo: &str, known: &[&str], all: &str) -> String {
    let closest = known.iter().map(|name| (strsim::osa_distance(typo, name), *name)).min();
    match closest {
        // Up to a third of the name may differ, as in rustc.
        Some((distance, name)) if distance <= name.len().max(3) / 3 => format!("did you mean `{name}`?"),
        _ => format!("{all} `{}`", known.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_name_is_a_javascript_name_without_a_dollar() {
        for name in ["sendMessage", "SEND_MESSAGE", "_x", "größe", "v2"] {
            assert_eq!(event_name_error(name), None);
        }
        for name in ["", "$send", "send$", "2nd", "send message", "chat:send", "a-b"] {
            assert!(event_name_error(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_typo_suggests_the_most_similar_name() {
        let known = ["user", "presence", "output", "relay_unknown"];
        let hint = |typo| hint(typo, &known, "there are");
        assert_eq!(hint("presense"), "did you mean `presence`?");
        assert_eq!(hint("ouptut"), "did you mean `output`?");
        assert_eq!(hint("relay_unkown"), "did you mean `relay_unknown`?");
        assert_eq!(hint("database"), "there are `user`, `presence`, `output`, `relay_unknown`");
    }
}
