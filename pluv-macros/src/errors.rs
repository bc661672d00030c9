//! Errors, collected so that one build shows all of them.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The errors of one expansion.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Reports an error at the tokens of `place`.
    pub(crate) fn at(&mut self, place: impl ToTokens, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new_spanned(place, message));
    }

    /// Reports an error at a span.
    pub(crate) fn span(&mut self, span: Span, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new(span, message));
    }

    /// Reports an error about two places, and shows the code between them too: a macro can't point to both.
    pub(crate) fn between(&mut self, first: Span, second: Span, message: impl std::fmt::Display) {
        let ends = [Ident::new("first", first), Ident::new("second", second)];
        self.0.push(syn::Error::new_spanned(TokenStream::from_iter(ends.map(TokenTree::Ident)), message));
    }

    /// Reports an error that `syn` found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// Returns the number of errors.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the errors as `compile_error!`s.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }
}

#[cfg(test)]
impl Errors {
    /// Returns the messages.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}
