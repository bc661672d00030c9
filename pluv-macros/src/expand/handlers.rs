//! A room's impl: its events by name, and its hooks.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, GenericArgument, Path, PathArguments, Type, spanned::Spanned as _};

use super::{generated_at, moved};
use crate::{
    model::{Call, CallKind, Handlers, Hook, HookKind, Params},
    names::upper_snake_case,
};

/// The expansion of a room's impl, with a test that exports its types where one can stand.
pub(crate) fn handlers(handlers: &Handlers, exports: bool) -> TokenStream {
    let Handlers { runtime, implementation, calls, hooks } = handlers;
    let self_ty = &implementation.self_ty;
    if !handlers.is_room() {
        return quote!(#implementation);
    }
    let events = calls.iter().map(|call| info(runtime, call));
    let types = calls.iter().map(|call| types(runtime, call));
    let export = exports.then(|| export(runtime, self_ty)).flatten();
    let present = hooks.iter().filter_map(present);
    let create = hooks
        .iter()
        .find(|hook| hook.kind == HookKind::Create)
        .map_or_else(|| default_create(runtime), |hook| create(runtime, hook));
    let asks = asks(runtime, calls);
    let needs = hooks.iter().filter_map(|hook| needs(runtime, self_ty, hook));
    let dispatch = dispatch(runtime, calls);
    let hooks = hooks.iter().map(|hook| hook_method(runtime, hook));
    let body = quote! {
        type Room = <#self_ty as #runtime::__private::Itself<{
            #(#needs)*
            #(#asks)*
            #runtime::__private::is_room::<#self_ty>()
        }>>::Itself;
        const EVENTS: &'static [#runtime::EventInfo] = &[#(#events),*];
        const EVENT_TYPES: &'static [#runtime::schema::EventTypes] = &[#(#types),*];
        const HOOKS: #runtime::Hooks = {
            let hooks = #runtime::Hooks::none();
            #(#present)*
            hooks
        };

        #create
        #dispatch
        #(#hooks)*
    };
    // A second impl of the same room is found at its type.
    let place = generated_at(self_ty.span());
    let (runtime, room) = (moved(runtime, place), moved(self_ty, place));
    let handlers = quote_spanned!(place=> #[automatically_derived] impl #runtime::Handlers for #room { #body });
    quote!(#implementation #handlers #export)
}

/// The call of a user's method, which an error about its return type points to that type.
fn call(method: &Ident, is_async: bool, returns: Span, arguments: &TokenStream) -> TokenStream {
    let span = generated_at(returns);
    let wait = is_async.then(|| quote_spanned!(span=> .await));
    quote_spanned!(span=> Self::#method(#arguments) #wait)
}

/// An argument, which an error about its parameter's type points to that type.
fn argument(name: &str, place: Span) -> Ident {
    Ident::new(name, generated_at(place))
}

fn info(runtime: &Path, call: &Call) -> TokenStream {
    let Call { name, kind, docs, cfgs, .. } = call;
    let name = &name.text;
    match kind {
        CallKind::Event => quote!(#(#cfgs)* #runtime::EventInfo::event(#name, #docs)),
        CallKind::Procedure { reply, .. } => {
            let reply = &reply.text;
            quote!(#(#cfgs)* #runtime::EventInfo::procedure(#name, #reply, #docs))
        }
    }
}

fn types(runtime: &Path, call: &Call) -> TokenStream {
    let Call { kind, params, cfgs, .. } = call;
    let input = match params {
        Params::Input(_, ty) => Some(quote!(.input::<#ty>())),
        Params::Nothing | Params::Context(_) => None,
    };
    let answer = match (kind, answered(kind)) {
        (_, Some(ty)) => Some(quote!(.answer::<#ty>())),
        (CallKind::Procedure { returned: Some(ty), .. }, None) => {
            Some(quote!(.answer::<<#ty as #runtime::__private::Fallible>::Answer>()))
        }
        _ => None,
    };
    quote!(#(#cfgs)* #runtime::schema::EventTypes::new() #input #answer)
}

/// The type that clients are answered with, where the signature names it.
fn answered(kind: &CallKind) -> Option<&Type> {
    match kind {
        CallKind::Procedure { returned: Some(ty), fallible: true, .. } => first_argument(ty),
        CallKind::Procedure { returned: Some(ty), fallible: false, .. } => Some(&**ty),
        CallKind::Procedure { returned: None, .. } | CallKind::Event => None,
    }
}

/// The `T` of a `Result<T>`.
fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// The test that writes the room's file of TypeScript, if the runtime has a use for it.
fn export(runtime: &Path, room: &Type) -> Option<TokenStream> {
    let Type::Path(path) = room else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    let test = format_ident!("export_bindings_{}", upper_snake_case(name.trim_start_matches("r#")).to_lowercase());
    Some(quote!(#runtime::__private::export_bindings!(#room, #test);))
}

fn dispatch(runtime: &Path, calls: &[Call]) -> TokenStream {
    let arms = calls.iter().map(|call| arm(runtime, call));
    let body = if calls.is_empty() {
        quote!(::core::result::Result::Ok(call.unhandled()))
    } else {
        quote! {
            match call.name() {
                #(#arms)*
                _ => ::core::result::Result::Ok(call.unhandled()),
            }
        }
    };
    quote! {
        #[allow(unused_variables)]
        async fn dispatch(
            &self,
            cx: &#runtime::Context<'_, Self>,
            call: #runtime::__private::Call<'_>,
        ) -> #runtime::Result<#runtime::__private::Outcome> {
            #body
        }
    }
}

fn arm(runtime: &Path, call: &Call) -> TokenStream {
    let Call { name, kind, method, is_async, params, cfgs, returns, .. } = call;
    let name = &name.text;
    let arguments = match params {
        Params::Nothing => quote!(self),
        Params::Context(context) => {
            let cx = argument("cx", *context);
            quote!(self, #cx)
        }
        Params::Input(context, ty) => {
            let cx = argument("cx", *context);
            let place = generated_at(ty.span());
            let (runtime, ty) = (moved(runtime, place), moved(ty, place));
            let input = quote_spanned! {place=>
                #runtime::__private::input::<<Self as #runtime::Handlers>::Room, #ty>(&call)?
            };
            quote!(self, #cx, #input)
        }
    };
    let returned = self::call(method, *is_async, *returns, &arguments);
    let place = generated_at(*returns);
    let found = moved(runtime, place);
    let outcome = match kind {
        CallKind::Event => quote_spanned!(place=> #found::__private::event(#returned)),
        CallKind::Procedure { reply, fallible, .. } => {
            let reply = &reply.text;
            let answer = Ident::new(if *fallible { "try_procedure" } else { "procedure" }, place);
            let rest = fallible.then(|| quote_spanned!(place=> , _));
            quote_spanned! {place=>
                #found::__private::#answer::<<Self as #found::Handlers>::Room, _ #rest>(#reply, #returned)
            }
        }
    };
    quote!(#(#cfgs)* #name => #outcome,)
}

/// The line that says that the room has this hook, where the runtime asks.
fn present(hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, cfgs, .. } = hook;
    (*kind != HookKind::Create).then(|| quote!(#(#cfgs)* let hooks = hooks.#method();))
}

/// What is asked of the types of inputs and answers: of each type once, wherever it stands.
fn asks(runtime: &Path, calls: &[Call]) -> Vec<TokenStream> {
    let (mut seen, mut asks) = (HashSet::new(), Vec::new());
    for Call { kind, params, cfgs, .. } in calls {
        let input = match params {
            Params::Input(_, ty) => Some(("received", &**ty)),
            Params::Nothing | Params::Context(_) => None,
        };
        let answer = answered(kind).map(|ty| ("sent", ty));
        for (name, ty) in input.into_iter().chain(answer) {
            if seen.insert(quote!(#(#cfgs)* #name #ty).to_string()) {
                let place = generated_at(ty.span());
                let (runtime, name, ty) = (moved(runtime, place), Ident::new(name, place), moved(ty, place));
                asks.push(quote_spanned!(place=> #(#cfgs)* #runtime::__private::#name::<#ty>();));
            }
        }
    }
    asks
}

/// What a hook needs of the room's options.
fn needs(runtime: &Path, room: &Type, hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, cfgs, .. } = hook;
    let needs = match kind {
        HookKind::Authorize => quote!(needs_user),
        HookKind::GetInitialStorage | HookKind::OnStorageUpdated | HookKind::OnRoomDeleted => quote!(needs_document),
        HookKind::Create | HookKind::OnUserConnected | HookKind::OnUserDisconnected | HookKind::OnMessage => {
            return None;
        }
    };
    let place = generated_at(method.span());
    let (runtime, room) = (moved(runtime, place), moved(room, place));
    let path = quote_spanned!(place=> #runtime::__private::#needs::<#room>);
    Some(quote!(#(#cfgs)* #path();))
}

fn hook_method(runtime: &Path, hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, is_async, params, cfgs, returns } = hook;
    let (receiver, names): (_, &[&str]) = match kind {
        HookKind::Create => return None,
        HookKind::Authorize => (None, &["req", "env", "room"]),
        HookKind::OnUserConnected | HookKind::OnUserDisconnected | HookKind::OnStorageUpdated => {
            (Some(quote!(self,)), &["cx"])
        }
        HookKind::GetInitialStorage | HookKind::OnRoomDeleted => (Some(quote!(self,)), &["room"]),
        HookKind::OnMessage => (Some(quote!(self,)), &["cx", "message"]),
    };
    // A hook may take less.
    let arguments = names.iter().zip(params).map(|(name, place)| argument(name, *place));
    let returned = call(method, *is_async, *returns, &quote!(#receiver #(#arguments),*));
    let place = generated_at(*returns);
    let found = moved(runtime, place);
    let user = quote_spanned!(place=> <<Self as #found::Handlers>::Room as #found::Room>::User);
    let (takes, answers, convert) = match kind {
        HookKind::Authorize => (
            quote!(req: &#runtime::__private::Request, env: &#runtime::__private::Env, room: &str),
            quote!(::core::option::Option<#runtime::Grant<#user>>),
            quote_spanned!(place=> authorize::<#user, _, _>),
        ),
        HookKind::OnRoomDeleted => {
            (quote!(&self, room: &#runtime::Deleted<'_>), quote!(()), quote_spanned!(place=> hook))
        }
        HookKind::GetInitialStorage => (
            quote!(&self, room: &str),
            quote!(::core::option::Option<::std::vec::Vec<u8>>),
            quote_spanned!(place=> initial_storage),
        ),
        HookKind::OnMessage => (
            quote!(&self, cx: &#runtime::Context<'_, Self>, message: &#runtime::Message<'_>),
            quote!(()),
            quote_spanned!(place=> hook),
        ),
        _ => (quote!(&self, cx: &#runtime::Context<'_, Self>), quote!(()), quote_spanned!(place=> hook)),
    };
    let result = quote_spanned!(place=> #found::__private::#convert(#returned));
    Some(quote! {
        #(#cfgs)*
        #[allow(unused_variables)]
        async fn #method(#takes) -> #runtime::Result<#answers> {
            #result
        }
    })
}

fn create(runtime: &Path, hook: &Hook) -> TokenStream {
    let Hook { method, is_async, params, cfgs, returns, .. } = hook;
    let arguments = params.iter().map(|place| argument("env", *place));
    let returned = call(method, *is_async, *returns, &quote!(#(#arguments),*));
    let place = generated_at(*returns);
    let found = moved(runtime, place);
    create_method(runtime, cfgs, &quote_spanned!(place=> #found::__private::create(#returned)))
}

fn default_create(runtime: &Path) -> TokenStream {
    create_method(
        runtime,
        &[],
        &quote! {
            ::core::result::Result::Ok((
                <<Self as #runtime::Handlers>::Room as #runtime::__private::Fieldless>::new(),
                <<Self as #runtime::Handlers>::Room as #runtime::Room>::OPTIONS.limits,
            ))
        },
    )
}

fn create_method(runtime: &Path, cfgs: &[Attribute], body: &TokenStream) -> TokenStream {
    quote! {
        #(#cfgs)*
        #[allow(unused_variables)]
        fn create(env: &#runtime::__private::Env) -> #runtime::Result<(Self, #runtime::Limits)> {
            #body
        }
    }
}
