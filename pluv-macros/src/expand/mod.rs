//! Meaning to tokens: calls into the runtime. Nothing here can fail.

mod assertions;
mod definition;
mod handle;
mod handlers;
mod timed;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericParam, Generics, LifetimeParam, TypeParam, WherePredicate};

pub(crate) use self::{definition::definition, handlers::handlers};

/// Returns a span for generated code: errors point to `place`, and the user's lints do not apply.
pub(crate) fn generated_at(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// Adds `'static` bounds to generics. A generic room is an error, and without the bounds it would be a second one.
fn static_generics(generics: &Generics) -> Generics {
    let mut bounded = generics.clone();
    for parameter in &generics.params {
        let bound: WherePredicate = match parameter {
            GenericParam::Type(TypeParam { ident, .. }) => syn::parse_quote!(#ident: 'static),
            GenericParam::Lifetime(LifetimeParam { lifetime, .. }) => syn::parse_quote!(#lifetime: 'static),
            GenericParam::Const(_) => continue,
        };
        bounded.make_where_clause().predicates.push(bound);
    }
    bounded
}

/// Returns the same tokens with another location, but with their hygiene.
fn moved(tokens: impl ToTokens, place: Span) -> TokenStream {
    let each = tokens.into_token_stream().into_iter().map(|token| {
        let mut token = match token {
            TokenTree::Group(group) => TokenTree::Group(Group::new(group.delimiter(), moved(group.stream(), place))),
            other => other,
        };
        token.set_span(token.span().located_at(place));
        token
    });
    each.collect()
}
