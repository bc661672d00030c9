//! The limits of `#[pluv::room(limits(..))]`.

use proc_macro2::Ident;
use syn::{
    Lit, Token,
    ext::IdentExt as _,
    parenthesized,
    parse::{Parse, ParseStream},
    token::Paren,
};

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
    for limit in content.parse_terminated(Limit::parse, Token![,])? {
        let text = limit.name.to_string();
        if LIMITS.iter().all(|(known, _)| *known != text) {
            errors.at(&limit.name, unknown(&text));
        } else if limits.iter().any(|other| other.name == limit.name) {
            errors.at(&limit.name, format!("the limit `{text}` is given twice"));
        } else {
            limits.push(limit);
        }
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

impl Parse for Limit {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let wrong = |error: syn::Error| syn::Error::new(error.span(), written(&name.to_string()));
        input.parse::<Token![=]>().map_err(wrong)?;
        let value = input.parse().map_err(wrong)?;
        Ok(Self { name, value })
    }
}
