//! Text to values.

use jsonc_parser::{JsonValue, ParseOptions, parse_to_value};
use toml::de::{DeTable, DeValue};

use super::{
    find::Format,
    value::{List, Table, Value},
};

/// What is wrong with a text, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// Parses the text of a file, which is a table.
pub(super) fn parse(text: &str, format: Format) -> Result<Value, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Format::Toml => from_toml(text),
        Format::Json => from_json(text),
    }
}

fn from_toml(text: &str) -> Result<Value, Fault> {
    match DeTable::parse(text) {
        Ok(table) => Ok(toml_table(table.get_ref(), text, false)),
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            Err(Fault { line, reason: error.message().to_owned() })
        }
    }
}

fn toml_table(table: &DeTable<'_>, text: &str, inline: bool) -> Value {
    let entry = |(key, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
        (key.get_ref().clone().into_owned(), toml_value(value, text))
    };
    Value::Table(Table { entries: table.iter().map(entry).collect(), inline })
}

fn toml_value(value: &toml::Spanned<DeValue<'_>>, text: &str) -> Value {
    // The place of a table that has a header is its header.
    let in_braces = |value: &toml::Spanned<DeValue<'_>>| text[value.span()].starts_with('{');
    match value.get_ref() {
        DeValue::Table(table) => toml_table(table, text, in_braces(value)),
        DeValue::Array(array) => {
            let items = array.iter().map(|item| toml_value(item, text)).collect();
            let has_headers = array.iter().next().is_some_and(|item| item.get_ref().is_table() && !in_braces(item));
            Value::List(List { items, inline: !has_headers })
        }
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        _ => Value::Other,
    }
}

fn from_json(text: &str) -> Result<Value, Fault> {
    // Wrangler takes comments and trailing commas, and nothing else that JSON has not.
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    match parse_to_value(text, &options) {
        Ok(Some(JsonValue::Object(object))) => Ok(json_value(JsonValue::Object(object))),
        Ok(_) => Err(Fault { line: 1, reason: "an object is expected".to_owned() }),
        Err(error) => Err(Fault { line: error.line_display(), reason: lower_case(&error.kind().to_string()) }),
    }
}

fn json_value(value: JsonValue<'_>) -> Value {
    match value {
        JsonValue::Object(object) => {
            let entries = object.into_iter().map(|(key, value)| (key.into_owned(), json_value(value))).collect();
            Value::Table(Table { entries, inline: true })
        }
        JsonValue::Array(array) => {
            Value::List(List { items: array.into_iter().map(json_value).collect(), inline: true })
        }
        JsonValue::String(text) => Value::Text(text.into_owned()),
        JsonValue::Number(_) | JsonValue::Boolean(_) | JsonValue::Null => Value::Other,
    }
}

fn lower_case(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
}
