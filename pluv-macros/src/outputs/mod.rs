//! What a room sends: variants of an enum that serde writes, and that the macro on the struct is not given.
//!
//! So it looks for the enum where it most often stands, in the module of the struct. The names of one that stands elsewhere
//! are checked when the room's TypeScript is exported, without the doc comments of its variants.

mod find;
mod names;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use syn::{ItemEnum, Type};

use crate::{
    errors::Errors,
    model::{Definition, docs},
    place,
};

/// What is known of an output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) docs: String,
}

/// Checks the names of a room's outputs, and reads those with a doc comment, if the enum can be seen.
pub(crate) fn read(definition: &Definition, errors: &mut Errors) -> Vec<Output> {
    let Some(output) = &definition.options.output else { return Vec::new() };
    let found = place::source().and_then(|source| find::beside(&source, &definition.item.ident, output));
    let Some(found) = found else { return Vec::new() };
    check_names(output, &found, errors);
    documented(&found)
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
