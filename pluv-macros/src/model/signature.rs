//! What can be told from a method's signature.

use std::iter::Peekable;

use proc_macro2::{Span, TokenStream, TokenTree, token_stream};
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

const CONTEXT: &str = "the context is a shared reference: write `cx: &Context<'_, Self>`";

/// Why an input can't borrow.
pub(crate) const BORROWED: &str = "what is read from a message can't borrow from it, where a text may be escaped: write a \
                                   type that owns its data, with `String` in place of `&str`";

/// Reports what no function of a room may be: `unsafe`, `const`, `extern`, variadic, or generic. Lifetimes are fine.
pub(super) fn plain(signature: &Signature, errors: &mut Errors) -> bool {
    let before = errors.len();
    if let Safety::Unsafe(token) = &signature.safety {
        errors.at(token, "a room's handler can't be `unsafe`: nobody calls it who could promise anything");
    }
    if let Some(token) = &signature.constness {
        errors.at(token, "a room's handler can't be `const`, as it runs when a client asks: remove that word");
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, "a room's handler can't be `extern`, as only the room calls it: write `fn` alone");
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(variadic, format!("a room's handler can't be variadic: write `{HANDLER}`"));
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
            errors.at(receiver, "a room's handler takes `&self`: write that");
            false
        }
    }
}

/// The parameters of an event's or a procedure's handler.
pub(super) fn handler_params(signature: &Signature, errors: &mut Errors) -> Option<Params> {
    let types = typed(signature);
    match &types[..] {
        [] => Some(Params::Nothing),
        [context] if is_shared(context) => check_context(context, errors).then(|| Params::Context(context.span())),
        [context, input] if is_shared(context) => {
            let (has_context, has_input) = (check_context(context, errors), check_input(input, errors));
            (has_context && has_input).then(|| Params::Input(context.span(), Box::new((*input).clone())))
        }
        [context] | [context, _] if is_context(context) => {
            errors.at(context, CONTEXT);
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

/// Reports a context that does not say whose it is.
fn check_context(context: &Type, errors: &mut Errors) -> bool {
    let is_whole = !lacks_room(context);
    if !is_whole {
        errors.at(context, "a context is that of its room: write `cx: &Context<'_, Self>`");
    }
    is_whole
}

/// Writes out a context that does not say whose it is, which was reported, so that it is no second error.
pub(super) fn complete_contexts(signature: &mut Signature) {
    for input in &mut signature.inputs {
        if let FnArg::Typed(typed) = input
            && lacks_room(&typed.ty)
        {
            let mut ty = &mut *typed.ty;
            while let Type::Reference(reference) = ty {
                ty = &mut reference.elem;
            }
            if let Type::Path(path) = ty
                && let Some(last) = path.path.segments.last_mut()
            {
                last.arguments = PathArguments::AngleBracketed(syn::parse_quote!(<'_, Self>));
            }
        }
    }
}

/// Whether it is `&Context` or `&Context<'_>`.
fn lacks_room(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => lacks_room(&reference.elem),
        Type::Path(path) => path.path.segments.last().filter(|last| last.ident == "Context").is_some_and(|last| {
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return true };
            !arguments.args.iter().any(|argument| matches!(argument, GenericArgument::Type(_)))
        }),
        _ => false,
    }
}

/// Reports an input that can't be read from a message: it owns what it is made of.
fn check_input(input: &Type, errors: &mut Errors) -> bool {
    let before = errors.len();
    match input {
        _ if is_context(input) => {
            errors.at(input, format!("a handler takes its context once, and then its input: write `{HANDLER}`"));
        }
        Type::Reference(reference) => {
            errors.at(reference, format!("an input is taken by value: write `{}`", owned(&reference.elem)));
        }
        Type::ImplTrait(_) => errors.at(input, GENERIC),
        _ => {
            if let Some(place) = borrowed(quote::quote!(#input)) {
                errors.span(place, BORROWED);
            }
        }
    }
    errors.len() == before
}

/// The first place where a type borrows from what it is read from. A `Cow` owns what it reads, and a `PhantomData` nothing.
pub(crate) fn borrowed(ty: TokenStream) -> Option<Span> {
    let mut tokens = ty.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => return Some(punct.span()),
            TokenTree::Punct(punct) if punct.as_char() == '\'' => match tokens.peek() {
                Some(TokenTree::Ident(name)) if name == "static" => {}
                Some(name) => return Some(name.span()),
                None => return None,
            },
            TokenTree::Ident(name) if name == "Cow" || name == "PhantomData" => skip_arguments(&mut tokens),
            TokenTree::Group(group) => {
                if let Some(place) = borrowed(group.stream()) {
                    return Some(place);
                }
            }
            _ => {}
        }
    }
    None
}

/// Skips `<..>`, where that follows.
fn skip_arguments(tokens: &mut Peekable<token_stream::IntoIter>) {
    let mut depth = 0;
    while let Some(token) = tokens.peek() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' => depth -= 1,
            _ if depth == 0 => return,
            _ => {}
        }
        tokens.next();
        if depth == 0 {
            return;
        }
    }
}

/// How a type is called that owns what this one is.
fn owned(ty: &Type) -> String {
    match ty {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::Slice(slice) => format!("Vec<{}>", shown(&slice.elem)),
        other => shown(other),
    }
}

/// Whether it is the context, by its name, however it is taken.
fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_context(&reference.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            last.ident == "Context"
                || matches!(&last.arguments, PathArguments::AngleBracketed(arguments) if arguments.args.iter().any(
                    |argument| matches!(argument, GenericArgument::Type(inner) if is_context(inner))
                ))
        }),
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

/// What a return type says of an answer: the `T` of a `Result<T>`, or itself.
pub(super) fn answered(ty: &Type) -> &Type {
    let Type::Path(path) = ty else { return ty };
    match path.path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) if is_result(ty) => match arguments.args.first() {
            Some(GenericArgument::Type(ty)) => ty,
            _ => ty,
        },
        _ => ty,
    }
}

/// Whether a type has a name: one with an `impl Trait` in it has none.
pub(super) fn is_named(tokens: TokenStream) -> bool {
    tokens.into_iter().all(|token| match token {
        TokenTree::Ident(name) => name != "impl",
        TokenTree::Group(group) => is_named(group.stream()),
        _ => true,
    })
}

/// Where to point when the return type is wrong.
pub(super) fn return_span(signature: &Signature) -> Span {
    returned(signature).map_or_else(|| signature.ident.span(), Spanned::span)
}
