//! What serde calls the variants of an enum.

use syn::{Attribute, Ident, ItemEnum, LitStr, Token, Variant, ext::IdentExt as _, parse::ParseStream};

use crate::beside::is_conditional;

/// The variants that can be written, and what each is called. One under a condition is left out.
pub(super) fn written(item: &ItemEnum) -> Vec<(&Variant, String)> {
    let all = read(&item.attrs);
    let variants = item.variants.iter().filter(|variant| !is_conditional(&variant.attrs));
    let named = variants.filter_map(|variant| {
        let own = read(&variant.attrs);
        let name = own.rename.unwrap_or_else(|| {
            let name = variant.ident.unraw().to_string();
            all.rename_all.as_deref().map_or_else(|| name.clone(), |case| in_case(&name, case))
        });
        (!own.is_skipped).then_some((variant, name))
    });
    named.collect()
}

/// What `#[serde(..)]` says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) tag: Option<String>,
    pub(super) content: Option<String>,
    pub(super) rename: Option<String>,
    rename_all: Option<String>,
    is_skipped: bool,
    /// Whether it is written as something else.
    pub(super) is_converted: bool,
}

pub(super) fn read(attributes: &[Attribute]) -> Said {
    let mut said = Said::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        // What it does not understand is serde's to report.
        let _ = attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            match &*name {
                "rename" => said.rename = text(meta.input)?.or_else(|| said.rename.take()),
                "rename_all" => said.rename_all = text(meta.input)?.or_else(|| said.rename_all.take()),
                "tag" => said.tag = text(meta.input)?,
                "content" => said.content = text(meta.input)?,
                "skip" | "skip_serializing" => said.is_skipped = true,
                "into" | "remote" | "with" | "serialize_with" | "transparent" => {
                    said.is_converted = true;
                    text(meta.input)?;
                }
                _ => drop(text(meta.input)?),
            }
            Ok(())
        });
    }
    said
}

/// The text of `= ".."` or of `(serialize = "..")`, and nothing of anything else.
fn text(input: ParseStream<'_>) -> syn::Result<Option<String>> {
    if input.peek(syn::token::Paren) {
        let inner;
        syn::parenthesized!(inner in input);
        let mut found = None;
        while !inner.is_empty() {
            let key = Ident::parse_any(&inner)?;
            let value = text(&inner)?;
            if key == "serialize" {
                found = value;
            }
            if !inner.is_empty() {
                inner.parse::<Token![,]>()?;
            }
        }
        return Ok(found);
    }
    if !input.peek(Token![=]) {
        return Ok(None);
    }
    input.parse::<Token![=]>()?;
    Ok(Some(input.parse::<LitStr>()?.value()))
}

/// The name of a variant in one of serde's cases.
fn in_case(name: &str, case: &str) -> String {
    let snake = || snake_case(name);
    match case {
        "lowercase" => name.to_ascii_lowercase(),
        "UPPERCASE" => name.to_ascii_uppercase(),
        "camelCase" => {
            let first = name.chars().next().map_or(0, char::len_utf8);
            name[..first].to_ascii_lowercase() + &name[first..]
        }
        "snake_case" => snake(),
        "SCREAMING_SNAKE_CASE" => snake().to_ascii_uppercase(),
        "kebab-case" => snake().replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => snake().to_ascii_uppercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

/// As serde has it: each capital begins a word.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (i, c) in name.char_indices() {
        if i > 0 && c.is_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
