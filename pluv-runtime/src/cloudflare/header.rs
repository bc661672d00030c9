//! JSON in a header.

/// JSON that a header can carry: what is not ASCII, escaped.
pub(super) fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::ascii;

    #[test]
    fn json_is_made_ascii_and_stays_the_same_json() {
        let json = r#"{"name":"Zoë 😀 \"x\""}"#;
        let text = ascii(json);
        assert!(text.is_ascii());
        let read = |json| serde_json::from_str::<serde_json::Value>(json).expect("it is JSON");
        assert_eq!(read(&text), read(json));
    }
}
