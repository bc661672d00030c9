//! The frames that pluv clients send.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Json;

/// A client's frame: `{"type": string, "data": object}`, and an `id` if the sender waits for a response.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) name: Cow<'a, str>,
    /// A JSON object, as the client wrote it.
    pub(crate) data: &'a str,
    /// The JSON value that the response must repeat, as the client wrote it.
    pub(crate) id: Option<&'a str>,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

impl<'a> Incoming<'a> {
    /// Parses a frame.
    ///
    /// # Errors
    /// The reason, for the sender.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        // Serde would accept an array for the struct.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(diagnose(text));
        }
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else {
            return Err(diagnose(text));
        };
        if frame.name.is_empty() {
            return Err("`type` is empty: write the name of an event".to_owned());
        }
        // The client's JSON may omit the data of an event that has none.
        let data = frame.data.map_or("{}", RawValue::get);
        if !data.starts_with('{') {
            return Err("`data` must be an object".to_owned());
        }
        let id = frame.id.map(RawValue::get);
        if id.is_some_and(|id| !id.starts_with(|first: char| matches!(first, '"' | '-' | '0'..='9'))) {
            return Err("`id` must be a string or a number".to_owned());
        }
        Ok(Self { name: frame.name, data, id })
    }
}

/// Returns the reason why a frame could not be parsed.
fn diagnose(text: &str) -> String {
    const EXAMPLE: &str = r#"as in {"type": "name", "data": {}}"#;
    let fields = match serde_json::from_str::<&RawValue>(text) {
        Err(error) => return format!("the frame is not JSON: {error}"),
        Ok(value) if !value.get().starts_with('{') => {
            return format!("the frame must be a JSON object, {EXAMPLE}");
        }
        Ok(value) => match serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get()) {
            Ok(fields) => fields,
            Err(error) => return format!("the frame is invalid: {error}"),
        },
    };
    match fields.get("type").map(|value| value.get()) {
        None => format!("`type` is missing: send an object, {EXAMPLE}"),
        Some(name) if !name.starts_with('"') => "`type` must be a string".to_owned(),
        // The remaining causes: a duplicate field, or an invalid escape.
        Some(_) => match serde_json::from_str::<Frame<'_>>(text) {
            Err(error) => format!("the frame is invalid: {error}"),
            Ok(_) => "the frame is invalid".to_owned(),
        },
    }
}

/// The data of `$initializeSession`.
#[derive(Debug, Deserialize)]
pub(crate) struct InitializeSession<'a> {
    #[serde(default)]
    pub(crate) presence: Option<Json>,
    #[serde(borrow, default)]
    pub(crate) update: Option<Text<'a>>,
}

/// The data of `$updatePresence`.
#[derive(Debug, Deserialize)]
pub(crate) struct UpdatePresence {
    pub(crate) presence: Json,
}

/// The data of `$updateStorage`.
#[derive(Debug, Deserialize)]
pub(crate) struct UpdateStorage<'a> {
    pub(crate) origin: Option<String>,
    #[serde(borrow)]
    pub(crate) update: Text<'a>,
}

/// A string that may be long, and is copied only if it has escapes.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Incoming, InitializeSession, Text, UpdateStorage};
    use crate::protocol::decode;

    fn error(text: &str) -> String {
        Incoming::parse(text).expect_err("it is malformed")
    }

    #[test]
    fn a_frame_is_parsed() {
        let frame = Incoming::parse(r#" {"data":{"message":"hi"},"type":"sendMessage"} "#).expect("it is well formed");
        assert_eq!(frame.name, "sendMessage");
        assert_eq!(frame.data, r#"{"message":"hi"}"#);
        assert_eq!(frame.id, None);
    }

    #[test]
    fn data_may_be_omitted() {
        for text in [r#"{"type":"a"}"#, r#"{"type":"a","data":null}"#] {
            assert_eq!(Incoming::parse(text).expect("it is well formed").data, "{}");
        }
    }

    #[test]
    fn an_id_is_kept_as_it_was_written() {
        let frame = Incoming::parse(r#"{"type":"a","id":"x\u00e9"}"#).expect("it is well formed");
        assert_eq!(frame.id, Some(r#""x\u00e9""#));
        let frame = Incoming::parse(r#"{"type":"a","id":-7}"#).expect("it is well formed");
        assert_eq!(frame.id, Some("-7"));
        assert_eq!(error(r#"{"type":"a","id":{}}"#), "`id` must be a string or a number");
    }

    #[test]
    fn an_escaped_name_is_unescaped() {
        assert_eq!(Incoming::parse(r#"{"type":"\u0024ping"}"#).expect("it is well formed").name, "$ping");
    }

    #[test]
    fn a_frame_that_is_not_json_is_reported() {
        assert!(error("hello").starts_with("the frame is not JSON: "));
        assert!(error("").starts_with("the frame is not JSON: "));
        assert!(error(r#"{"type":"a""#).starts_with("the frame is not JSON: "));
        assert!(error(r#"{"type":"a"} x"#).starts_with("the frame is not JSON: "));
    }

    #[test]
    fn a_frame_that_is_not_an_object_is_reported() {
        for text in ["null", "5", r#""a""#, "[]", r#"["a",{}]"#, "true"] {
            assert!(error(text).starts_with("the frame must be a JSON object"), "{text}");
        }
    }

    #[test]
    fn a_type_that_is_missing_or_not_a_string_is_reported() {
        assert!(error("{}").starts_with("`type` is missing"));
        assert!(error(r#"{"data":{}}"#).starts_with("`type` is missing"));
        assert_eq!(error(r#"{"type":5}"#), "`type` must be a string");
        assert_eq!(error(r#"{"type":null,"data":{}}"#), "`type` must be a string");
        assert!(error(r#"{"type":""}"#).starts_with("`type` is empty"));
    }

    #[test]
    fn data_that_is_not_an_object_is_reported() {
        for data in ["5", "[]", r#""x""#, "true"] {
            assert_eq!(error(&format!(r#"{{"type":"a","data":{data}}}"#)), "`data` must be an object");
        }
    }

    #[test]
    fn a_duplicate_field_is_reported() {
        assert!(error(r#"{"type":"a","type":"b"}"#).contains("duplicate field `type`"));
    }

    #[test]
    fn a_long_string_is_not_copied() {
        let update = |json| decode::<UpdateStorage<'_>>(json, "data").expect("it is well formed").update.0;
        assert!(matches!(update(r#"{"update":"AAA="}"#), Cow::Borrowed("AAA=")));
        assert_eq!(update(r#"{"update":"A\/A="}"#), "A/A=");
        let json = r#"{"update":"AAA="}"#;
        let data: InitializeSession<'_> = decode(json, "data").expect("it is well formed");
        assert!(matches!(data.update, Some(Text(Cow::Borrowed("AAA=")))));
    }

    #[test]
    fn deep_nesting_does_not_overflow_the_stack() {
        let text = format!(r#"{{"type":"a","data":{{"x":{}{}}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let _ = Incoming::parse(&text);
    }
}
