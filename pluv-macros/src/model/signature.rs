//! A method's signature: its mistakes, and its types as the macro completes them.

use std::iter::Peekable;

use proc_macro2::{Span, TokenStream, TokenTree, token_stream};
use syn::{
    FnArg, GenericArgument, Path, PathArguments, ReceiverKind, ReturnType, Safety, Signature, Type, spanned::Spanned,
};

use crate::{errors::Errors, expand::generated_at};

/// The parameters of a handler besides `&self`.
#[derive(Clone)]
pub(crate) enum Params {
    /// Nothing.
    Nothing,
    /// The context, at this place.
    Context(Span),
    /// The context, and an input of this type.
    Input(Span, Box<Type>),
}

/// A handler's signature, for errors.
const HANDLER: &str = "fn name(&self, cx: &Context, input: Input)";

const GENERIC: &str = "a room's handler can't be generic: write the type that clients send";

/// Why an input can't borrow.
const BORROWED: &str = "an input can't borrow from its message, whose strings may be escaped: write a type that owns its \
                        data, with `String` in place of `&str`";

/// Reports a handler that is `unsafe`, `const`, `extern`, variadic or generic. Lifetimes are fine.
pub(super) fn plain(signature: &Signature, errors: &mut Errors) -> bool {
    let before = errors.len();
    if let Safety::Unsafe(token) = &signature.safety {
        errors.at(token, "a room's handler can't be `unsafe`, as only the room calls it: remove that word");
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
            format!("`{0}` takes no `&self`: write `fn {0}(&self, cx: &Context)`", signature.ident),
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
        [context] if is_shared(context) => Some(Params::Context(context.span())),
        [context, input] if is_shared(context) => {
            check_input(input, errors).then(|| Params::Input(context.span(), Box::new((*input).clone())))
        }
        [context] | [context, _] if is_context(context) => {
            errors.at(context, "the context is a shared reference: write `cx: &Context`");
            None
        }
        [other] | [other, _] => {
            let ident = &signature.ident;
            let message = format!(
                "the context comes first after `&self`: write `fn {ident}(&self, cx: &Context, input: {})`",
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

/// Completes `Context`, whatever is imported, to the runtime's own of this room, and `Result<T>` to the runtime's.
pub(super) fn complete(signature: &mut Signature, runtime: &Path) {
    for input in &mut signature.inputs {
        if let FnArg::Typed(typed) = input {
            complete_context(&mut typed.ty, runtime);
        }
    }
    if let ReturnType::Type(_, ty) = &mut signature.output
        && let Type::Path(path) = &mut **ty
        && path.qself.is_none()
        && is_bare(&path.path, "Result")
        && let PathArguments::AngleBracketed(arguments) = &path.path.segments[0].arguments
        && arguments.args.len() == 1
    {
        qualify(&mut path.path, runtime);
    }
}

/// Completes `Context` or `Context<'_>`, and only adds the room to a longer path.
fn complete_context(ty: &mut Type, runtime: &Path) {
    match ty {
        Type::Reference(reference) => complete_context(&mut reference.elem, runtime),
        Type::Path(path) => {
            let is_bare = is_bare(&path.path, "Context");
            let Some(last) = path.path.segments.last_mut().filter(|last| last.ident == "Context") else { return };
            match &mut last.arguments {
                PathArguments::AngleBracketed(arguments) if arguments.args.iter().all(is_lifetime) => {
                    arguments.args.push(syn::parse_quote!(Self));
                }
                arguments @ PathArguments::None => {
                    *arguments = PathArguments::AngleBracketed(syn::parse_quote!(<'_, Self>));
                }
                _ => return,
            }
            if is_bare {
                qualify(&mut path.path, runtime);
            }
        }
        _ => {}
    }
}

fn is_lifetime(argument: &GenericArgument) -> bool {
    matches!(argument, GenericArgument::Lifetime(_))
}

/// Whether a path is `name` alone.
fn is_bare(path: &Path, name: &str) -> bool {
    path.leading_colon.is_none() && path.segments.len() == 1 && path.segments[0].ident == name
}

/// Makes a bare name one of the runtime, at the same place.
fn qualify(path: &mut Path, runtime: &Path) {
    let Some(mut last) = path.segments.pop() else { return };
    last.ident.set_span(generated_at(last.ident.span()));
    *path = runtime.clone();
    path.segments.push(last);
    let place = path.segments[path.segments.len() - 1].ident.span();
    path.segments.iter_mut().for_each(|segment| segment.ident.set_span(place));
}

/// Reports an input that can't be read from a message: it must own its data.
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
fn borrowed(ty: TokenStream) -> Option<Span> {
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

/// The name of the owned form of a type.
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
            FnArg::Receiver(_) => None,
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

/// The return type, if one is written.
pub(super) fn returned(signature: &Signature) -> Option<&Type> {
    match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty),
    }
}

/// Whether a return type is a `Result`, by its name.
fn is_result(ty: &Type) -> bool {
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

/// The type of a procedure's answer: the `T` of a `Result<T>`, or the return type itself.
pub(super) fn answer(ty: &Type) -> &Type {
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

/// The place of an error about the return type.
pub(super) fn return_span(signature: &Signature) -> Span {
    returned(signature).map_or_else(|| signature.ident.span(), Spanned::span)
}
