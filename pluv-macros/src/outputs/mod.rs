//! The names of what a room sends: variants of an enum that serde writes, and that the macro on the struct is not given.
//!
//! So it looks for the enum where it most often stands, in the module of the struct. One that stands elsewhere is checked
//! when the room's TypeScript is exported.

mod find;
mod names;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, fs};

use proc_macro::Span;
use syn::{ItemEnum, Type};

use crate::{errors::Errors, model::Definition};

/// Checks the names of a room's outputs, if the enum can be seen.
pub(crate) fn check(definition: &Definition, errors: &mut Errors) {
    let Some(output) = &definition.options.output else { return };
    let found = source().and_then(|source| find::beside(&source, &definition.item.ident, output));
    if let Some(found) = found {
        check_names(output, &found, errors);
    }
}

/// The file that is compiled. Editors have none.
fn source() -> Option<String> {
    let file = proc_macro::is_available().then(|| Span::call_site().local_file()).flatten()?;
    fs::read_to_string(file).ok()
}

fn check_names(output: &Type, found: &ItemEnum, errors: &mut Errors) {
    let mut known = HashMap::new();
    for (variant, name) in names::written(found) {
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
