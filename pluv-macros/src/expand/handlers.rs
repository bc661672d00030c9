//! A room's impl: its events by name, and its hooks.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Attribute, Path, Type, spanned::Spanned as _};

use super::{
    asks::{asks, plain, types},
    definition::unserved,
    generated_at, lasting, moved,
};
use crate::{
    model::{Call, CallKind, Handlers, Hook, HookKind, Params},
    names::upper_snake_case,
    seen::OfImpl,
};

/// The expansion of a room's impl, with a test that exports its types where one can stand.
pub(crate) fn handlers(handlers: &Handlers, seen: OfImpl, exports: bool) -> TokenStream {
    let Handlers { runtime, implementation, calls, hooks } = handlers;
    let self_ty = &implementation.self_ty;
    let generics = lasting(&implementation.generics);
    let item = implementation.with(&generics);
    let is_generic = !generics.params.is_empty();
    let is_of_any = is_generic && implementation.of_trait.is_some();
    if !handlers.has_room() || seen.has_another_impl || is_of_any {
        return item;
    }
    let events = calls.iter().map(|call| info(runtime, call));
    let types = calls.iter().map(|call| types(runtime, call));
    let export = (exports && !is_generic).then(|| export(runtime, self_ty)).flatten();
    let present = hooks.iter().filter_map(present);
    let place = generated_at(self_ty.span());
    let create = create(runtime, hooks, is_generic);
    let room = if is_generic {
        // What has parameters can't be asked for anything.
        quote_spanned!(place=> Self)
    } else {
        let (asks, needs) = (asks(runtime, calls), hooks.iter().filter_map(|hook| needs(runtime, self_ty, hook)));
        quote! {
            <#self_ty as #runtime::__private::Itself<{
                #(#needs)*
                #asks
                #runtime::__private::is_room::<#self_ty>()
            }>>::Itself
        }
    };
    let dispatch = dispatch(runtime, calls);
    let hooks = hooks.iter().map(|hook| hook_method(runtime, hook));
    let body = quote! {
        type Room = #room;
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
    let (at, room) = (moved(runtime, place), moved(self_ty, place));
    let (parameters, _, clause) = generics.split_for_impl();
    let handlers = quote_spanned! {place=>
        #[automatically_derived]
        impl #parameters #at::Handlers for #room #clause { #body }
    };
    let served = seen.is_plain_struct.then(|| unserved(runtime, &generics, &quote!(#self_ty)));
    quote!(#item #handlers #export #served)
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

/// The context as an argument. What takes something else is told what a context is.
fn context_at(runtime: &Path, place: Span) -> TokenStream {
    let (cx, place) = (argument("cx", place), generated_at(place));
    let runtime = moved(runtime, place);
    quote_spanned!(place=> #runtime::__private::context(#cx))
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

/// The test that writes the room's file of TypeScript, if the runtime has a use for it.
fn export(runtime: &Path, room: &Type) -> Option<TokenStream> {
    let Type::Path(path) = room else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    let test = format_ident!("export_bindings_{}", upper_snake_case(name.trim_start_matches("r#")).to_lowercase());
    Some(quote!(#runtime::__private::export_bindings!(#room, #test);))
}

fn dispatch(runtime: &Path, calls: &[Call]) -> TokenStream {
    let arms = calls.iter().map(|call| arm(runtime, call));
    let plain = calls.iter().any(|call| matches!(call.kind, CallKind::Procedure { .. })).then(|| plain(runtime));
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
            #plain
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
            let cx = context_at(runtime, *context);
            quote!(self, #cx)
        }
        Params::Input(context, ty) => {
            let cx = context_at(runtime, *context);
            let place = generated_at(ty.span());
            let runtime = moved(runtime, place);
            let input = quote_spanned! {place=>
                #runtime::__private::input::<<Self as #runtime::Handlers>::Room, _>(&call)?
            };
            quote!(self, #cx, #input)
        }
    };
    let returned = self::call(method, *is_async, *returns, &arguments);
    let place = generated_at(*returns);
    let found = moved(runtime, place);
    let outcome = match kind {
        CallKind::Event => quote_spanned!(place=> #found::__private::event(#returned)),
        CallKind::Procedure { reply, .. } => {
            let reply = &reply.text;
            let room = quote_spanned!(place=> <Self as #found::Handlers>::Room);
            quote_spanned! {place=> {
                let returned = #returned;
                #found::__private::kind(&returned).answer::<#room>(#reply, returned)
            }}
        }
    };
    quote!(#(#cfgs)* #name => #outcome,)
}

/// The line that says that the room has this hook, where the runtime asks.
fn present(hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, cfgs, .. } = hook;
    (*kind != HookKind::Create).then(|| quote!(#(#cfgs)* let hooks = hooks.#method();))
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
    let arguments = names.iter().zip(params).map(|(name, place)| match *name {
        "cx" => context_at(runtime, *place),
        name => argument(name, *place).into_token_stream(),
    });
    let returned = call(method, *is_async, *returns, &quote!(#receiver #(#arguments),*));
    let place = generated_at(*returns);
    let found = moved(runtime, place);
    let user = quote_spanned!(place=> <<Self as #found::Handlers>::Room as #found::Room>::User);
    let (takes, answers, convert) = match kind {
        HookKind::Authorize => (
            quote!(req: &#runtime::__private::Request, env: &#runtime::__private::Env, room: &str),
            quote!(::core::option::Option<#runtime::Grant<#user>>),
            quote_spanned!(place=> authorize::<#user>),
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

/// How the room is made: by its hook, or where there is none out of nothing; and what is refused is not made.
fn create(runtime: &Path, hooks: &[Hook], is_refused: bool) -> TokenStream {
    if is_refused {
        return create_method(runtime, &[], &quote!(::core::unreachable!()));
    }
    let own: Vec<_> = hooks.iter().filter(|hook| hook.kind == HookKind::Create).collect();
    let methods = own.iter().map(|Hook { method, is_async, params, cfgs, returns, .. }| {
        let arguments = params.iter().map(|place| argument("env", *place));
        let returned = call(method, *is_async, *returns, &quote!(#(#arguments),*));
        let place = generated_at(*returns);
        let found = moved(runtime, place);
        let room = quote_spanned!(place=> Self);
        create_method(runtime, cfgs, &quote_spanned!(place=> #found::__private::create::<#room>(#returned)))
    });
    // Of hooks that all stand under a condition, none may be there.
    let absent = own.iter().map(|hook| {
        let conditions = hook.cfgs.iter().filter_map(|cfg| cfg.meta.require_list().ok()).map(|list| &list.tokens);
        quote!(not(all(#(#conditions),*)))
    });
    let absent: Option<Attribute> = (!own.is_empty()).then(|| syn::parse_quote!(#[cfg(all(#(#absent),*))]));
    let default = own.iter().all(|hook| !hook.cfgs.is_empty()).then(|| default_create(runtime, absent.as_slice()));
    quote!(#(#methods)* #default)
}

fn default_create(runtime: &Path, cfgs: &[Attribute]) -> TokenStream {
    create_method(
        runtime,
        cfgs,
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
