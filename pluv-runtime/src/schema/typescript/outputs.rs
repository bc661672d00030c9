//! The messages of a room's output type: an enum with `#[serde(tag = "type", content = "data")]`.

use std::collections::BTreeSet;

use super::tokens::{Kind, Token, depth, tokens};
use crate::schema::{description::Output, types::Declarations};

/// Reads the definition of an output type as the messages that it stands for.
///
/// # Errors
/// Why it can't be what a room sends, for who wrote it.
pub(in crate::schema) fn outputs(definition: &str, declared: &Declarations) -> Result<Vec<Output>, String> {
    let all = tokens(definition);
    if matches!(&all[..], [only] if only.text == "never") {
        return Ok(Vec::new());
    }
    let mut outputs: Vec<Output> = Vec::new();
    let mut names = BTreeSet::new();
    for variant in split(&all, "|") {
        let Some(output) = output(definition, variant) else {
            let shown = shown(definition, variant);
            return Err(format!(
                "it can't be sent as `{shown}`: the output type is an enum that writes `type` and `data`, so put \
                 `#[serde(tag = \"type\", content = \"data\")]` on it"
            ));
        };
        let name = &output.name;
        if name.starts_with('$') {
            return Err(format!("`{name}` can't be sent: names that begin with `$` belong to the protocol"));
        }
        if !names.insert(name.clone()) {
            return Err(format!("two of its variants are called `{name}`: rename one of them"));
        }
        if !is_object(&output.data, declared) {
            let data = &output.data;
            return Err(format!(
                "the data of `{name}` must be an object, and is `{data}`: give its variant named fields"
            ));
        }
        outputs.push(output);
    }
    Ok(outputs)
}

/// `{ "type": "name", "data": .. }`, or without data.
fn output(definition: &str, variant: &[Token<'_>]) -> Option<Output> {
    let [open, fields @ .., close] = variant else { return None };
    if !open.is("{") || !close.is("}") || closes_before_end(variant) {
        return None;
    }
    let (mut name, mut data) = (None, None);
    for field in split(fields, ",") {
        let [key, colon, value @ ..] = field else { return None };
        if !colon.is(":") {
            return None;
        }
        match (&*key.unquoted(), value) {
            ("type", [only]) if only.is_quoted() => name = Some(only.unquoted().into_owned()),
            ("data", [_, ..]) => data = Some(shown(definition, value).to_owned()),
            _ => return None,
        }
    }
    Some(Output { name: name?, docs: "", data: data.unwrap_or_else(|| "null".to_owned()) })
}

/// Whether something follows the bracket that closes the first one.
fn closes_before_end(tokens: &[Token<'_>]) -> bool {
    let mut open = 0;
    tokens[..tokens.len() - 1].iter().any(|token| {
        open += depth(token);
        open == 0
    })
}

/// The parts between signs that stand in no bracket. What is empty is no part.
fn split<'a, 'text>(tokens: &'a [Token<'text>], sign: &'a str) -> impl Iterator<Item = &'a [Token<'text>]> {
    let mut open = 0;
    tokens
        .split(move |token| {
            open += depth(token);
            open == 0 && token.is(sign)
        })
        .filter(|part| !part.is_empty())
}

fn shown<'a>(text: &'a str, tokens: &[Token<'_>]) -> &'a str {
    match tokens {
        [first, .., last] => &text[first.at..last.end()],
        [only] => &text[only.at..only.end()],
        [] => "",
    }
}

/// Whether JSON of this type is an object, or null. What can't be told may be one.
fn is_object(ty: &str, declared: &Declarations) -> bool {
    let mut open = 0;
    let all = tokens(ty);
    let mut ends_array = false;
    for (at, token) in all.iter().enumerate() {
        ends_array = at > 0 && token.is("[") && open == 0;
        if ends_array {
            break;
        }
        open += depth(token);
    }
    let Some(first) = all.first() else { return true };
    if ends_array || first.is("[") {
        return false;
    }
    if first.kind != Kind::Word {
        return true;
    }
    if matches!(first.text, "number" | "string" | "boolean" | "bigint" | "Array") || first.is_quoted() {
        return false;
    }
    match declared.types.get(first.text) {
        Some(declaration) => {
            let (_, definition) = declaration.text.split_once(" = ").unwrap_or_default();
            definition.trim_end_matches(';') == ty || is_object(definition.trim_end_matches(';'), declared)
        }
        None => true,
    }
}
