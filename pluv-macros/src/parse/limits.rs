//! The limits of `#[pluv::room(limits(..))]`.

use proc_macro2::{Ident, TokenTree};
use syn::{Lit, Token, ext::IdentExt as _, parenthesized, parse::ParseStream, token::Paren};

use crate::{errors::Errors, names::closest};

/// What the limits are called, each with how it is written.
const LIMITS: &[(&str, &str)] = &[
    ("connections", "connections = 500"),
    ("message", "message = 100_000`, in bytes"),
    ("messages_per_second", "messages_per_second = 100"),
    ("presence", "presence = 2_000`, in bytes"),
    ("user", "user = 2_000`, in bytes"),
    ("user_id", "user_id = 64`, in bytes"),
    ("storage", "storage = 5_000_000`, in bytes"),
    ("idle", "idle = \"90s\""),
];

/// A limit, as it was written.
pub(crate) struct Limit {
    pub(crate) name: Ident,
    pub(crate) value: Lit,
}

/// `limits(storage = 5_000_000)`.
pub(super) fn parse(input: ParseStream<'_>, name: &Ident, errors: &mut Errors) -> syn::Result<Vec<Limit>> {
    const EXAMPLE: &str = "limits(storage = 5_000_000)";
    if !input.peek(Paren) {
        return Err(syn::Error::new(name.span(), format!("the limits are a list: write `{EXAMPLE}`")));
    }
    let content;
    parenthesized!(content in input);
    let mut limits: Vec<Limit> = Vec::new();
    while !content.is_empty() {
        match content.call(limit) {
            Ok(limit) => {
                let text = limit.name.to_string();
                if limits.iter().any(|other| other.name == limit.name) {
                    errors.at(&limit.name, format!("the limit `{text}` is given twice"));
                } else {
                    limits.push(limit);
                }
            }
            Err(error) => errors.push(error),
        }
        // What is wrong with one limit does not hide what is wrong with the next.
        while !content.is_empty() && !content.peek(Token![,]) {
            content.parse::<TokenTree>()?;
        }
        content.parse::<Option<Token![,]>>()?;
    }
    Ok(limits)
}

fn unknown(name: &str) -> String {
    let names: Vec<_> = LIMITS.iter().map(|(name, _)| *name).collect();
    let hint = closest(name, &names)
        .map_or_else(|| format!("there are `{}`", names.join("`, `")), |meant| format!("did you mean `{meant}`?"));
    format!("there is no limit `{name}`: {hint}")
}

/// How the limit is written.
pub(crate) fn written(name: &str) -> String {
    let example =
        LIMITS.iter().find(|(known, _)| *known == name).map_or("storage = 5_000_000", |(_, example)| *example);
    // What follows the code stands in the example.
    if example.contains('`') { format!("write `{example}") } else { format!("write `{example}`") }
}

/// `name = value`.
fn limit(input: ParseStream<'_>) -> syn::Result<Limit> {
    let name = input
        .call(Ident::parse_any)
        .map_err(|error| syn::Error::new(error.span(), format!("a limit is expected here: {}", written("storage"))))?;
    let text = name.to_string();
    if LIMITS.iter().all(|(known, _)| *known != text) {
        return Err(syn::Error::new(name.span(), unknown(&text)));
    }
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(name.span(), format!("the limit `{text}` needs a value: {}", written(&text))));
    }
    input.parse::<Token![=]>()?;
    let place = input.span();
    let wrong = || syn::Error::new(place, format!("a limit is written out: {}", written(&text)));
    let value = input.parse().map_err(|_| wrong())?;
    if input.peek(Ident::peek_any) {
        return Err(input.error(format!("a comma is missing after the limit `{text}`")));
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        // As in `60 * 5`.
        return Err(wrong());
    }
    Ok(Limit { name, value })
}
