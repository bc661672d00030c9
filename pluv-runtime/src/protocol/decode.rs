//! JSON to a type, with an error that names the field.

use serde::Deserialize;

/// Reads `json` as a `T`; `root` is what the error calls it.
///
/// # Errors
/// A message that names the field, as in "`data.message`: invalid type: integer `5`, expected a string".
pub(crate) fn decode<'a, T: Deserialize<'a>>(json: &'a str, root: &str) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner().to_string();
        // The position counts within this value, not within the frame that the client knows.
        let reason = reason.rfind(" at line ").map_or(&*reason, |end| &reason[..end]);
        match path.as_str() {
            "." | "?" => format!("`{root}`: {reason}"),
            path => format!("`{root}.{path}`: {reason}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::decode;

    #[derive(Debug, Deserialize)]
    struct Input {
        #[serde(rename = "message")]
        _message: String,
        #[serde(default, rename = "tags")]
        _tags: Vec<u8>,
    }

    fn error(json: &str) -> String {
        decode::<Input>(json, "data").expect_err("it is malformed")
    }

    #[test]
    fn an_error_names_the_field() {
        assert_eq!(error(r#"{"message":5}"#), "`data.message`: invalid type: integer `5`, expected a string");
        assert_eq!(
            error(r#"{"message":"a","tags":[1,"x"]}"#),
            "`data.tags[1]`: invalid type: string \"x\", expected u8"
        );
        assert_eq!(error("{}"), "`data`: missing field `message`");
    }
}
