//! The meaning of the syntax: a room, and the roles of its methods.

mod definition;
mod handlers;
mod hook_kind;
mod signature;
mod timed;

use syn::{Attribute, Expr, ExprLit, Lit, Meta, Path};

pub(crate) use self::{
    definition::Definition,
    handlers::{Call, CallKind, Handlers, Hook},
    signature::Params,
    timed::{TaskKind, TaskMethod, TickMethod},
};
/// Returns the path of the runtime: that of `crate = ".."`, or `::pluv`.
pub(crate) fn runtime(path: Option<Path>) -> Path {
    path.unwrap_or_else(|| syn::parse_quote!(::pluv))
}

/// Returns the text of the doc comments.
pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<_> = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

/// Returns the `#[cfg]`s, which are copied to everything generated for the item.
pub(crate) fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}
