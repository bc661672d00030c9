//! The messages of an output type.

use std::collections::BTreeSet;

use serde::Serialize;

use super::syntax::{Kind, Part, definition, fields, parse, split, text_of};
use crate::api::Declarations;

/// A message that a room can send.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) docs: &'static str,
    pub(super) data: String,
}

/// Lists the messages of an output type, which is an enum with `#[serde(tag = "type", content = "data")]`; `docs` are
/// their doc comments.
///
/// # Errors
/// The reason why a room can't send the type, for its author.
pub(super) fn outputs(
    ty: &str,
    declared: &Declarations,
    docs: &[(&'static str, &'static str)],
) -> Result<Vec<Output>, String> {
    let all = parse(ty);
    if ty == "never" {
        return Ok(Vec::new());
    }
    let mut outputs: Vec<Output> = Vec::new();
    let mut names = BTreeSet::new();
    for variant in split(&all, &["|"]) {
        let Some((name, data)) = message(ty, variant) else {
            let shown = text_of(ty, variant);
            return Err(format!(
                "it can't be sent as `{shown}`: the output type is an enum that writes `type` and `data`, so put \
                 `#[serde(tag = \"type\", content = \"data\")]` on it"
            ));
        };
        if name.starts_with('$') {
            return Err(format!("`{name}` can't be sent: names that begin with `$` belong to the protocol"));
        }
        if !names.insert(name.clone()) {
            return Err(format!("two of its variants are called `{name}`: rename one of them"));
        }
        if !is_object(&data, declared) {
            return Err(format!(
                "the data of `{name}` must be an object, and is `{data}`: give its variant named fields"
            ));
        }
        let docs = docs.iter().find(|(known, _)| *known == name).map_or("", |(_, docs)| docs);
        outputs.push(Output { name, docs, data });
    }
    Ok(outputs)
}

/// Returns the name and the data of `{ "type": "name", "data": .. }`, which may have no data.
fn message(ty: &str, variant: &[Part<'_>]) -> Option<(String, String)> {
    let [object] = variant else { return None };
    let (mut name, mut data) = (None, "null".to_owned());
    for field in fields(object).filter(|_| object.is_group('{')) {
        match (&*field.name, field.ty) {
            ("type", [only]) if only.is_quoted() => name = Some(only.unquoted().into_owned()),
            ("data", parts @ [_, ..]) => data = text_of(ty, parts).to_owned(),
            _ => return None,
        }
    }
    Some((name?, data))
}

/// Returns whether JSON of this type is an object or null, as far as that is known.
fn is_object(ty: &str, declared: &Declarations) -> bool {
    let mut ty = ty;
    // A chain of names is no longer than the list of declarations, unless it is a circle.
    for _ in 0..=declared.types.len() {
        let parts = parse(ty);
        let parts = definition(&parts);
        let Some(first) = parts.first() else { return true };
        if parts.iter().any(|part| part.is_group('[')) || first.is_quoted() {
            return false;
        }
        if first.kind != Kind::Word {
            return true;
        }
        if matches!(first.text, "number" | "string" | "boolean" | "bigint" | "Array") {
            return false;
        }
        match declared.types.get(first.text) {
            Some(declaration) => ty = &declaration.text,
            None => return true,
        }
    }
    true
}
