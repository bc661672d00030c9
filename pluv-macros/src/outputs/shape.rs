//! How serde writes a type: clients read `{"type": .., "data": {..}}`.

use syn::{Fields, Item, ItemEnum, Type, Variant};

use super::names::{Said, read, written};
use crate::{
    beside::{Beside, type_name},
    errors::Errors,
};

const TAGGED: &str = "#[serde(tag = \"type\", content = \"data\")]";

/// Reports what clients could not read.
pub(super) fn check(output: &Type, found: &Item, beside: &Beside, errors: &mut Errors) {
    let Item::Enum(found) = found else {
        let name = type_name(found).map_or_else(String::new, ToString::to_string);
        if !names_its_type(found) {
            let what = "and what a room sends is an enum, with a variant for each message";
            errors.at(
                output,
                format!("`{name}` is no enum, {what}: write `enum {name} {{ .. }}`, with `{TAGGED}` on it"),
            );
        }
        return;
    };
    let said = read(&found.attrs);
    if said.is_converted {
        return;
    }
    if said.tag.as_deref() != Some("type") || said.content.as_deref() != Some("data") {
        let name = &found.ident;
        errors
            .at(output, format!("clients read `type` and `data`, and `{name}` is not sent so: write `{TAGGED}` on it"));
        return;
    }
    check_data(output, found, beside, errors);
}

/// Whether a struct has the fields of a message itself.
fn names_its_type(item: &Item) -> bool {
    let Item::Struct(item) = item else { return false };
    read(&item.attrs).is_converted
        || item.fields.iter().any(|field| {
            let name = field.ident.as_ref().map(ToString::to_string);
            read(&field.attrs).rename.or(name).is_some_and(|name| name.trim_start_matches("r#") == "type")
        })
}

fn check_data(output: &Type, found: &ItemEnum, beside: &Beside, errors: &mut Errors) {
    for (variant, _) in written(found) {
        let is_object = match &variant.fields {
            Fields::Named(_) | Fields::Unit => true,
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => !is_no_object(&fields.unnamed[0].ty, beside),
            Fields::Unnamed(_) => false,
        };
        if !is_object && !is_written_otherwise(variant) {
            let (name, variant) = (&found.ident, &variant.ident);
            let message = format!(
                "the data of `{name}::{variant}` is no object, which clients read: give it fields with names, as in \
                 `{variant} {{ text: String }}`"
            );
            errors.at(output, message);
        }
    }
}

fn is_written_otherwise(variant: &Variant) -> bool {
    let is_converted = |said: Said| said.is_converted;
    is_converted(read(&variant.attrs)) || variant.fields.iter().any(|field| is_converted(read(&field.attrs)))
}

/// Whether a type is one that serde writes as something else than an object, by its name.
fn is_no_object(ty: &Type, beside: &Beside) -> bool {
    const NAMES: [&str; 18] = [
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64", "bool",
        "char", "String", "Vec",
    ];
    match ty {
        Type::Path(path) => {
            let first = path.path.segments.first().filter(|_| path.path.segments.len() == 1);
            first.is_some_and(|first| NAMES.iter().any(|name| first.ident == name)) && beside.find(ty).is_none()
        }
        Type::Tuple(_) | Type::Array(_) | Type::Slice(_) => true,
        Type::Reference(reference) => matches!(&*reference.elem, Type::Path(path) if path.path.is_ident("str")),
        _ => false,
    }
}
