//! The signature of a handler: its checks, and the completion of `Context` and `Result`.

use std::iter::Peekable;

use proc_macro2::{Span, TokenStream, TokenTree, token_stream};
use syn::{
    FnArg, GenericArgument, Path, PathArguments, PathSegment, ReceiverKind, ReturnType, Safety, Signature, Type,
    spanned::Spanned,
};

use crate::{errors::Errors, expand::generated_at};

/// The parameters of a handler besides `&self`.
#[derive(Clone, Default)]
pub(crate) struct Params {
    /// The place of the context.
    pub(crate) context: Option<Span>,
    /// The type of the input.
    pub(crate) input: Option<Box<Type>>,
}

/// The parameters of a kind of handler, for errors.
#[derive(Clone, Copy)]
pub(super) struct Form {
    context: &'static str,
    input: &'static str,
    ty: &'static str,
    /// The reason why there are no more.
    why: &'static str,
}

/// An event or a procedure.
pub(super) const CALL: Form = Form {
    context: "Context",
    input: "input",
    ty: "Input",
    why: "a handler takes one input, as clients send one object",
};

/// A task.
pub(super) const TASK: Form =
    Form { context: "TaskContext", why: "a task takes one input, whose type is what it is scheduled by", ..CALL };

/// A tick.
pub(super) const TICK: Form = Form {
    input: "elapsed",
    ty: "Duration",
    why: "a tick takes the time since the last one, and nothing else",
    ..TASK
};

impl Form {
    /// The signature of a method, with the type of its input.
    fn signature(self, method: &str, input: &str) -> String {
        format!("fn {method}(&self, cx: &{}, {}: {input})", self.context, self.input)
    }

    /// The signature of any such method.
    fn any(self) -> String {
        self.signature("name", self.ty)
    }
}

/// The names of contexts.
const CONTEXTS: [&str; 2] = ["Context", "TaskContext"];

const GENERIC: &str = "a room's handler can't be generic: write the type of its input";

/// The error about an input that borrows.
const BORROWED: &str = "an input can't borrow from its JSON, whose strings may be escaped: write a type that owns its data, \
                        with `String` in place of `&str`";

/// Reports a handler that is `unsafe`, `const`, `extern`, variadic or generic. Lifetimes are fine.
pub(super) fn plain(signature: &Signature, form: Form, errors: &mut Errors) -> bool {
    let before = errors.len();
    if let Safety::Unsafe(token) = &signature.safety {
        errors.at(token, "a room's handler can't be `unsafe`, as only the room calls it: remove that word");
    }
    if let Some(token) = &signature.constness {
        errors.at(token, "a room's handler can't be `const`, as only the room calls it: remove that word");
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, "a room's handler can't be `extern`, as only the room calls it: write `fn` alone");
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(variadic, format!("a room's handler can't be variadic: write `{}`", form.any()));
    }
    if signature.generics.type_params().next().is_some() || signature.generics.const_params().next().is_some() {
        errors.at(&signature.generics, GENERIC);
    }
    errors.len() == before
}

/// Reports anything but `&self`.
pub(super) fn shared_receiver(signature: &Signature, form: Form, errors: &mut Errors) -> bool {
    let Some(receiver) = signature.receiver() else {
        errors.at(
            &signature.ident,
            format!("`{0}` takes no `&self`: write `fn {0}(&self, cx: &{1})`", signature.ident, form.context),
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

/// Returns the parameters of a handler, or reports what is wrong with them.
pub(super) fn handler_params(signature: &Signature, form: Form, errors: &mut Errors) -> Option<Params> {
    let types = typed(signature);
    match &types[..] {
        [] => Some(Params::default()),
        [context] if is_shared(context) => Some(Params { context: Some(context.span()), input: None }),
        [context, input] if is_shared(context) => {
            let input_type = Some(Box::new((*input).clone()));
            check_input(input, form, errors).then(|| Params { context: Some(context.span()), input: input_type })
        }
        [context] | [context, _] if is_context(context) => {
            errors.at(context, format!("the context is a shared reference: write `cx: &{}`", form.context));
            None
        }
        [other] | [other, _] => {
            let written = form.signature(&signature.ident.to_string(), &source_text(other));
            errors.at(other, format!("the context comes first after `&self`: write `{written}`"));
            None
        }
        [_, _, third, ..] => {
            errors.at(third, format!("{}: write `{}`", form.why, form.any()));
            None
        }
    }
}

/// Completes `Context` to the runtime's type of this room, and `Result<T>` to the runtime's, whatever is imported.
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

/// Completes `Context` or `Context<'_>`, or the other one; a longer path only gets the room as an argument.
fn complete_context(ty: &mut Type, runtime: &Path) {
    match ty {
        Type::Reference(reference) => complete_context(&mut reference.elem, runtime),
        Type::Path(path) => {
            let is_bare = CONTEXTS.iter().any(|name| is_bare(&path.path, name));
            let is_context = |last: &&mut PathSegment| CONTEXTS.iter().any(|name| last.ident == name);
            let Some(last) = path.path.segments.last_mut().filter(is_context) else { return };
            match &mut last.arguments {
                PathArguments::AngleBracketed(arguments)
                    if arguments.args.iter().all(|argument| matches!(argument, GenericArgument::Lifetime(_))) =>
                {
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

/// Returns whether a path is `name` without a module.
fn is_bare(path: &Path, name: &str) -> bool {
    path.leading_colon.is_none() && path.segments.len() == 1 && path.segments[0].ident == name
}

/// Adds the runtime's path to a name, at the same span.
fn qualify(path: &mut Path, runtime: &Path) {
    let Some(mut last) = path.segments.pop() else { return };
    last.ident.set_span(generated_at(last.ident.span()));
    *path = runtime.clone();
    path.segments.push(last);
    let place = path.segments[path.segments.len() - 1].ident.span();
    path.segments.iter_mut().for_each(|segment| segment.ident.set_span(place));
}

/// Reports an input that does not own its data, and so can't be deserialized from a message.
fn check_input(input: &Type, form: Form, errors: &mut Errors) -> bool {
    let before = errors.len();
    match input {
        _ if is_context(input) => {
            let written = form.any();
            errors.at(input, format!("a handler takes its context once, and then its input: write `{written}`"));
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

/// Returns the first place where a type borrows from its input. A deserialized `Cow` is owned, and a `PhantomData` is empty.
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

/// Skips `<..>`, if it follows.
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

/// Returns the name of the owned form of a type.
fn owned(ty: &Type) -> String {
    match ty {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::Slice(slice) => format!("Vec<{}>", source_text(&slice.elem)),
        other => source_text(other),
    }
}

/// Returns whether a type is the context by its name, or a pointer to it.
fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_context(&reference.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            CONTEXTS.iter().any(|name| last.ident == name)
                || matches!(&last.arguments, PathArguments::AngleBracketed(arguments) if arguments.args.iter().any(
                    |argument| matches!(argument, GenericArgument::Type(inner) if is_context(inner))
                ))
        }),
        _ => false,
    }
}

/// Returns the types of the parameters without the receiver.
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

/// Returns whether a type is a shared reference.
fn is_shared(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_none())
}

/// Returns a type as it is written in source code.
fn source_text(ty: &Type) -> String {
    quote::quote!(#ty).to_string().replace(" :: ", "::").replace(" < ", "<").replace(" >", ">")
}

/// Returns the return type, if there is one.
pub(super) fn returned(signature: &Signature) -> Option<&Type> {
    match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty),
    }
}

/// Returns the `T` of a `Result<T>` or a `Result<T, E>`, which is known by its name.
fn ok_type(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let Some(GenericArgument::Type(ty)) = arguments.args.first() else { return None };
    Some(ty)
}

/// Returns whether a type is `()`, or a `Result` of it.
pub(super) fn is_nothing(ty: &Type) -> bool {
    ok_type(ty).map_or_else(|| matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty()), is_nothing)
}

/// Returns the type of a procedure's answer: the `T` of a `Result<T>`, or the return type itself.
pub(super) fn answer(ty: &Type) -> &Type {
    ok_type(ty).unwrap_or(ty)
}

/// Returns whether a type has a name: one with an `impl Trait` in it has none.
pub(super) fn is_named(tokens: TokenStream) -> bool {
    tokens.into_iter().all(|token| match token {
        TokenTree::Ident(name) => name != "impl",
        TokenTree::Group(group) => is_named(group.stream()),
        _ => true,
    })
}

/// Returns the span for errors about the return type.
pub(super) fn return_span(signature: &Signature) -> Span {
    returned(signature).map_or_else(|| signature.ident.span(), Spanned::span)
}
