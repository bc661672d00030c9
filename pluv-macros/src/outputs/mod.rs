//! What a room sends: variants of an enum that serde writes, and that the macro on the struct is not given.
//!
//! It is looked at where it stands in the file of the room. One that stands elsewhere is checked when the room's TypeScript
//! is exported, without the doc comments of its variants, and when it is sent.

mod names;
mod shape;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use syn::{Item, ItemEnum, Type};

use crate::{
    beside::{Beside, derives},
    errors::Errors,
    model::docs,
};

/// What is known of an output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) docs: String,
}

/// Checks a room's outputs, and reads those with a doc comment, if the type can be seen.
pub(crate) fn read(output: &Type, beside: &Beside, errors: &mut Errors) -> Vec<Output> {
    let Some(found) = beside.find(output) else { return Vec::new() };
    // Who writes it by hand knows how.
    if derives(found, "Serialize") {
        shape::check(output, found, beside, errors);
    }
    let Item::Enum(found) = found else { return Vec::new() };
    check_names(output, found, errors);
    documented(found)
}

/// The names that an output is sent by, each with the variant.
pub(crate) fn sent(output: &Type, beside: &Beside) -> Vec<(String, String)> {
    let Some(Item::Enum(found)) = beside.find(output) else { return Vec::new() };
    let all = names::written(found).into_iter();
    all.map(|(variant, name)| (name, format!("{}::{}", found.ident, variant.ident))).collect()
}

fn documented(found: &ItemEnum) -> Vec<Output> {
    let all = names::written(found).into_iter().map(|(variant, name)| Output { name, docs: docs(&variant.attrs) });
    all.filter(|output| !output.docs.is_empty()).collect()
}

fn check_names(output: &Type, found: &ItemEnum, errors: &mut Errors) {
    let mut known = HashMap::new();
    for (variant, name) in names::written(found) {
        let variant = &variant.ident;
        if name.starts_with('$') {
            errors.at(
                output,
                format!(
                    "`{}::{variant}` can't be sent as `{name}`: names that begin with `$` belong to the protocol, so \
                     give it another with `#[serde(rename = \"..\")]`",
                    found.ident
                ),
            );
        } else if let Some(first) = known.insert(name.clone(), variant) {
            errors.at(
                output,
                format!(
                    "`{0}::{first}` and `{0}::{variant}` are both sent as `{name}`: rename one of them, or give it \
                     another name with `#[serde(rename = \"..\")]`",
                    found.ident
                ),
            );
        }
    }
}
