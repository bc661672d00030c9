//! Syntax to meaning: a room, and the roles of its methods.

mod definition;
mod handlers;
mod signature;

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Path};

pub(crate) use self::{
    definition::Definition,
    handlers::{Call, CallKind, Handlers, Hook, HookKind},
    signature::Params,
};
use crate::parse::Text;

/// A name on the wire, with the place that it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

impl From<&Text> for Name {
    fn from(text: &Text) -> Self {
        Self { text: text.value(), span: text.span() }
    }
}

/// The path of the runtime: as `crate = ".."` says, or as Cargo names it.
pub(crate) fn runtime(path: Option<Path>) -> Path {
    path.unwrap_or_else(|| syn::parse_quote!(::pluv))
}

/// The doc comment, as text.
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

/// The `#[cfg]`s, under which everything generated for the item stands too.
pub(crate) fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}
