//! Syntax to meaning: what a room is, and what its methods are to it.

mod definition;
mod handlers;
mod signature;

use proc_macro2::Span;
use syn::Path;

pub(crate) use self::{
    definition::{Definition, retention},
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

/// Where the runtime is: as `crate = ".."` says, or as Cargo names it.
fn runtime(path: Option<Path>) -> Path {
    path.unwrap_or_else(|| syn::parse_quote!(::pluv))
}
