//! What can be told from a method's signature.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use syn::{
    FnArg, GenericArgument, PathArguments, Receiver, ReceiverKind, ReturnType, Safety, Signature, Type,
    spanned::Spanned,
};

use crate::errors::Errors;

/// What a handler takes besides `&self`.
#[derive(Clone)]
pub(crate) enum Params {
    /// Nothing.
    Nothing,
    /// The context, at this place.
    Context(Span),
    /// The context, and an input of this type.
    Input(Span, Box<Type>),
}

/// What a handler's signature must look like, for messages.
pub(super) const HANDLER: &str = "fn name(&self, cx: &Context<'_, Self>, input: Input)";

const GENERIC: &str = "a room's handler can't be generic: write the type that clients send";

const BORROWED: &str = "an input can't borrow from the message, where a text may be escaped: write a type that owns its \
                        data, with `String` in place of `&str`";

/// Reports what no function of a room may be: `unsafe`, `const`, `extern`, variadic, or generic. Lifetimes are fine.
pub(super) fn plain(signature: &Signature, errors: &mut Errors) -> bool {
    let before = errors.len();
    if let Safety::Unsafe(token) = &signature.safety {
        errors.at(token, "a room's handler can't be `unsafe`: nobody calls it who could promise anything");
    }
    if let Some(token) = &signature.constness {
        errors.at(token, "a room's handler can't be `const`");
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, "a room's handler can't be `extern`");
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(variadic, "a room's handler can't be variadic");
    }
    if signature.generics.type_params().next().is_some() || signature.generics.const_params().next().is_some() {
        errors.at(&signature.generics, GENERIC);
    }
    errors.len() == before
}

/// Reports anything but `&self`.
pub(super) fn shared_receiver(signature: &Signature, errors: &mut Errors) -> bool {
    let Some(receiver) = signature.receiver() else {
        errors.at(
            &signature.ident,
            format!("`{0}` takes no `&self`: write `fn {0}(&self, cx: &Context<'_, Self>)`", signature.ident),
        );
        return false;
    };
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => true,
        ReceiverKind::Reference(_, _, Some(_)) => {
            let why =
                "handlers overlap while one awaits, so write `&self` and keep what changes in a `Cell` or `RefCell`";
            errors.at(receiver, why);
            false
        }
        _ => {
            errors.at(receiver, "a room's handler takes `&self`");
            false
        }
    }
}

/// The parameters of an event's or a procedure's handler.
pub(super) fn handler_params(signature: &Signature, errors: &mut Errors) -> Option<Params> {
    let types = typed(signature);
    match &types[..] {
        [] => Some(Params::Nothing),
        [context] if is_shared(context) => Some(Params::Context(context.span())),
        [context, input] if is_shared(context) => {
            check_input(input, errors).then(|| Params::Input(context.span(), Box::new((*input).clone())))
        }
        [context] | [context, _] if is_context(context) => {
            errors.at(context, "the context is a shared reference: write `cx: &Context<'_, Self>`");
            None
        }
        [other] | [other, _] => {
            let ident = &signature.ident;
            let message = format!(
                "the context comes first after `&self`: write `fn {ident}(&self, cx: &Context<'_, Self>, input: {})`",
                shown(other)
            );
            errors.at(other, message);
            None
        }
        [_, _, third, ..] => {
            let message = format!("a handler takes one input, as clients send one object: write `{HANDLER}`");
            errors.at(third, message);
            None
        }
    }
}

/// Reports an input that can't be read from a message: it owns what it is made of.
fn check_input(input: &Type, errors: &mut Errors) -> bool {
    let before = errors.len();
    match input {
        Type::Reference(reference) => {
            errors.at(reference, format!("an input is taken by value: write `{}`", shown(&reference.elem)));
        }
        Type::ImplTrait(_) => errors.at(input, GENERIC),
        Type::Path(path) => {
            let arguments = path.path.segments.last().map(|last| &last.arguments);
            if let Some(PathArguments::AngleBracketed(arguments)) = arguments {
                let lifetime = arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::Lifetime(lifetime) if lifetime.ident != "static" => Some(lifetime),
                    _ => None,
                });
                if let Some(lifetime) = lifetime {
                    errors.at(lifetime, BORROWED);
                }
            }
        }
        _ => {}
    }
    errors.len() == before
}

/// Whether it is the context, by its name, however it is taken.
fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_context(&reference.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Context"),
        _ => false,
    }
}

/// The types of the parameters, without the receiver.
pub(super) fn typed(signature: &Signature) -> Vec<&Type> {
    signature
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some(&*typed.ty),
            FnArg::Receiver(Receiver { .. }) => None,
        })
        .collect()
}

/// Whether it is a shared reference, as a context is.
fn is_shared(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_none())
}

/// A type as one would write it.
fn shown(ty: &Type) -> String {
    quote::quote!(#ty).to_string().replace(" :: ", "::").replace(" < ", "<").replace(" >", ">")
}

/// What a function returns, if it says so.
pub(super) fn returned(signature: &Signature) -> Option<&Type> {
    match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty),
    }
}

/// Whether a return type is a `Result`, by its name.
pub(super) fn is_result(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Result"))
}

/// Whether a type is `()`, or a `Result` of it.
pub(super) fn is_nothing(ty: &Type) -> bool {
    match ty {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Path(path) if is_result(ty) => match path.path.segments.last().map(|last| &last.arguments) {
            Some(PathArguments::AngleBracketed(arguments)) => {
                matches!(arguments.args.first(), Some(GenericArgument::Type(ty)) if is_nothing(ty))
            }
            _ => false,
        },
        _ => false,
    }
}

/// A return type as it can be named outside of its function: without that one's lifetimes. None for an `impl Trait`.
pub(super) fn elsewhere(ty: &Type) -> Option<Type> {
    syn::parse2(without_lifetimes(quote::quote!(#ty))?).ok()
}

fn without_lifetimes(tokens: TokenStream) -> Option<TokenStream> {
    let mut in_lifetime = false;
    let tokens = tokens.into_iter().map(|token| {
        let was = std::mem::replace(&mut in_lifetime, matches!(&token, TokenTree::Punct(p) if p.as_char() == '\''));
        Some(match token {
            TokenTree::Ident(name) if was => TokenTree::Ident(Ident::new("static", name.span())),
            TokenTree::Ident(name) if name == "impl" => return None,
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_lifetimes(group.stream())?);
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        })
    });
    tokens.collect()
}

/// Where to point when the return type is wrong.
pub(super) fn return_span(signature: &Signature) -> Span {
    returned(signature).map_or_else(|| signature.ident.span(), Spanned::span)
}
