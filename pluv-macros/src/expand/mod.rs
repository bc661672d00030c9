//! Meaning to tokens: calls into the runtime. Nothing here can fail, and nothing is decided here.

mod assertions;
mod definition;
mod handlers;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericParam, Generics, LifetimeParam, TypeParam, WherePredicate};

pub(crate) use self::{definition::definition, handlers::handlers};

/// Generated code at the user's place: found there, and no concern of their lints.
pub(crate) fn generated_at(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// Generics with `'static` parameters, as a room's are. A generic room is refused; with these it is refused once.
fn static_generics(generics: &Generics) -> Generics {
    let mut lasting = generics.clone();
    for parameter in &generics.params {
        let bound: WherePredicate = match parameter {
            GenericParam::Type(TypeParam { ident, .. }) => syn::parse_quote!(#ident: 'static),
            GenericParam::Lifetime(LifetimeParam { lifetime, .. }) => syn::parse_quote!(#lifetime: 'static),
            GenericParam::Const(_) => continue,
        };
        lasting.make_where_clause().predicates.push(bound);
    }
    lasting
}

/// The same tokens, found at another place. They mean what they meant.
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
