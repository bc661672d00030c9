//! The handle of a room: its procedures as methods, for the worker.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{Path, Type};

use crate::model::{Call, CallKind, Handlers};

/// Expands the types of the handle, for a block of their own: the room's module may have types of any name.
pub(super) fn handle(handlers: &Handlers) -> TokenStream {
    let Handlers { runtime, implementation, calls, worker_calls, .. } = handlers;
    let room = &implementation.self_ty;
    // An error about a type that a procedure names is the same as that of the procedure, and so reported once, if what the compiler
    // suggests is: it may suggest a parameter of the impl.
    let own_impl = &implementation.token;
    let own = worker_calls.iter().filter_map(|call| method(runtime, room, call, &quote!(call), &quote!(&self.0)));
    let of_user =
        calls.iter().filter_map(|call| method(runtime, room, call, &quote!(call_by), &quote!(self.handle, &self.user)));
    quote! {
        type __Room = <#room as #runtime::Handlers>::Room;

        // With a parameter, as a public type could not name a private room.
        #[derive(Debug)]
        pub struct __Handle<R>(#runtime::Handle<R>);

        #[automatically_derived]
        impl<R> ::core::convert::From<#runtime::Handle<R>> for __Handle<R> {
            fn from(handle: #runtime::Handle<R>) -> Self {
                Self(handle)
            }
        }

        #[automatically_derived]
        impl<R> ::core::ops::Deref for __Handle<R> {
            type Target = #runtime::Handle<R>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        pub struct __UserHandle<'a, R, U> {
            handle: &'a #runtime::Handle<R>,
            user: U,
        }

        impl<R, U> ::core::fmt::Debug for __UserHandle<'_, R, U> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str("UserHandle")
            }
        }

        #[allow(dead_code, private_interfaces, unreachable_pub)]
        #own_impl __Handle<__Room> {
            /// The room's procedures, called as this user.
            #[must_use]
            pub fn as_user<U>(&self, user: U) -> __UserHandle<'_, __Room, U> {
                __UserHandle { handle: &self.0, user }
            }

            #(#own)*
        }

        #[allow(dead_code, private_interfaces, unreachable_pub)]
        #own_impl __UserHandle<'_, __Room, <__Room as #runtime::Room>::User> {
            #(#of_user)*
        }
    }
}

/// The method that calls a procedure by the runtime's function `function`. An answer that borrows can't be read, and one
/// whose type has no name has none.
fn method(
    runtime: &Path,
    room: &Type,
    call: &Call,
    function: &TokenStream,
    handle: &TokenStream,
) -> Option<TokenStream> {
    let Call { name, kind, method, params, docs, cfgs, .. } = call;
    let CallKind::Procedure { answer, is_named: true, .. } = kind else { return None };
    if has_lifetime(answer.to_token_stream()) {
        return None;
    }
    let (name, answer) = (name.value(), without_self(answer.to_token_stream(), room));
    let (parameter, input, argument) = match &params.input {
        Some(input) => {
            let input = without_self(input.to_token_stream(), room);
            (Some(quote!(input: #input)), input, quote!(input))
        }
        None => (None, quote!(()), quote!(())),
    };
    Some(quote! {
        #(#cfgs)*
        #[doc = #docs]
        pub fn #method(&self, #parameter) -> #runtime::Call<'_, __Room, #input, #answer> {
            #runtime::__private::#function(#handle, #name, #argument)
        }
    })
}

/// Returns the tokens with the room in place of `Self`.
fn without_self(tokens: TokenStream, room: &Type) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(name) if name == "Self" => quote!(<#room>),
            TokenTree::Group(group) => {
                TokenTree::Group(Group::new(group.delimiter(), without_self(group.stream(), room))).into()
            }
            other => other.into(),
        })
        .collect()
}

/// Returns whether a type names a lifetime other than `'static`, or has a reference without one.
fn has_lifetime(tokens: TokenStream) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Punct(punct) if punct.as_char() == '&' => true,
        TokenTree::Punct(punct) if punct.as_char() == '\'' => {
            !matches!(tokens.get(at + 1), Some(TokenTree::Ident(name)) if name == "static")
        }
        TokenTree::Group(group) => has_lifetime(group.stream()),
        _ => false,
    })
}
