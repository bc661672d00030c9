//! A room's impl: its events by name, and its hooks.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Attribute, Path, Type, spanned::Spanned as _};

use super::{
    assertions::{assertions, plain_answers, types},
    generated_at, moved, static_generics,
};
use crate::{
    model::{Call, CallKind, Handlers, Hook, HookKind, Params},
    names::upper_snake_case,
};

/// Expands a room's impl.
pub(crate) fn handlers(handlers: &Handlers) -> TokenStream {
    let Handlers { runtime, implementation, calls, hooks } = handlers;
    let self_ty = &implementation.self_ty;
    let generics = static_generics(&implementation.generics);
    let item = implementation.with(&generics);
    let is_generic = !generics.params.is_empty();
    let is_of_any = is_generic && implementation.of_trait.is_some();
    if !handlers.has_room() || is_of_any {
        return item;
    }
    let events = calls.iter().map(|call| info(runtime, call));
    let types = calls.iter().map(|call| types(runtime, call));
    let export = (!is_generic).then(|| export(runtime, self_ty)).flatten();
    let present = hooks.iter().filter_map(present);
    let place = generated_at(self_ty.span());
    let create = create(runtime, hooks, is_generic);
    let room = if is_generic {
        // Nothing can be asserted of a type with parameters.
        quote_spanned!(place=> Self)
    } else {
        let (assertions, needs) =
            (assertions(runtime, calls), hooks.iter().filter_map(|hook| needs(runtime, self_ty, hook)));
        // Not an error of the macro's own: beside an impl of the room's own, rustc reports that there are two.
        let misplaced = implementation.of_trait.as_ref().map(|(path, _)| {
            let place = generated_at(path.span());
            let runtime = moved(runtime, place);
            quote_spanned!(place=> #runtime::__private::reject_trait_impl();)
        });
        let replies = calls.iter().filter_map(|call| reply(runtime, call));
        quote! {
            <#self_ty as #runtime::__private::Identity<{
                #misplaced
                #(#needs)*
                #assertions
                let __messages = #runtime::__private::messages_of::<#self_ty>();
                #(#replies)*
                0
            }>>::Type
        }
    };
    let dispatch = dispatch(runtime, calls);
    let hooks = hooks.iter().map(|hook| hook_method(runtime, hook));
    let body = quote! {
        type Room = #room;
        const EVENTS: &'static [#runtime::EventInfo] = &[#(#events),*];
        const EVENT_TYPES: &'static [#runtime::schema::EventTypes] = &[#(#types),*];
        const HOOKS: #runtime::Hooks = {
            #[allow(unused_mut)]
            let mut hooks = #runtime::Hooks::none();
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
    quote!(#item #handlers #export)
}

/// Calls a user's method. An error about its return type points to that type.
fn call(method: &Ident, is_async: bool, returns: Span, arguments: &TokenStream) -> TokenStream {
    let span = generated_at(returns);
    let wait = is_async.then(|| quote_spanned!(span=> .await));
    quote_spanned!(span=> Self::#method(#arguments) #wait)
}

/// An argument. An error about its parameter's type points to that type.
fn argument(name: &str, place: Span) -> Ident {
    Ident::new(name, generated_at(place))
}

/// The context as an argument. A parameter of another type is reported by a trait.
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

/// The test that writes the room's file of TypeScript, with the runtime's feature `ts`.
fn export(runtime: &Path, room: &Type) -> Option<TokenStream> {
    let Type::Path(path) = room else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    let test = format_ident!("export_bindings_{}", upper_snake_case(name.trim_start_matches("r#")).to_lowercase());
    Some(quote!(#runtime::__private::export_bindings!(#room, #test);))
}

fn dispatch(runtime: &Path, calls: &[Call]) -> TokenStream {
    let arms = calls.iter().map(|call| arm(runtime, call));
    let imports = plain_answers(runtime, calls);
    let body = if calls.is_empty() {
        quote!(::core::result::Result::Ok(#runtime::__private::Outcome::Unhandled))
    } else {
        quote! {
            match message.name() {
                #(#arms)*
                _ => ::core::result::Result::Ok(#runtime::__private::Outcome::Unhandled),
            }
        }
    };
    quote! {
        #[allow(unused_variables)]
        async fn dispatch(
            &self,
            cx: &#runtime::Context<'_, Self>,
            message: #runtime::Message<'_>,
        ) -> #runtime::Result<#runtime::__private::Outcome> {
            #imports
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
                #runtime::__private::input::<<Self as #runtime::Handlers>::Room, _>(&message)?
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
    let Hook { kind, cfgs, .. } = hook;
    let name = Ident::new(kind.method(), Span::call_site());
    (*kind != HookKind::Create).then(|| quote!(#(#cfgs)* { hooks.#name = true; }))
}

/// Asserts that the room has the options that a hook needs.
fn needs(runtime: &Path, room: &Type, hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, cfgs, .. } = hook;
    let needs = match kind {
        HookKind::Authorize => quote!(assert_has_user),
        HookKind::InitialStorage | HookKind::StorageUpdated | HookKind::RoomDeleted => quote!(assert_has_document),
        HookKind::Create | HookKind::UserConnected | HookKind::UserDisconnected | HookKind::Message => return None,
    };
    let place = generated_at(method.span());
    let (runtime, room) = (moved(runtime, place), moved(room, place));
    let path = quote_spanned!(place=> #runtime::__private::#needs::<#room>);
    Some(quote!(#(#cfgs)* #path();))
}

/// Asserts that a procedure's answer is called as no message of the room's output is.
fn reply(runtime: &Path, call: &Call) -> Option<TokenStream> {
    let (reply, cfgs) = (call.reply()?, &call.cfgs);
    let name = &reply.text;
    let message = format!(
        "the answer of `{}` is called `{name}`, and so is a message of the room's output: give it another name with \
         `#[procedure(reply = \"..\")]`",
        call.method
    );
    let place = generated_at(reply.span);
    let runtime = moved(runtime, place);
    Some(quote_spanned!(place=> #(#cfgs)* #runtime::__private::assert_no_message(__messages, #name, #message);))
}

fn hook_method(runtime: &Path, hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, is_async, params, cfgs, returns } = hook;
    let (receiver, names): (_, &[&str]) = match kind {
        HookKind::Create => return None,
        HookKind::Authorize => (None, &["req", "env", "room"]),
        HookKind::UserConnected | HookKind::UserDisconnected | HookKind::StorageUpdated => {
            (Some(quote!(self,)), &["cx"])
        }
        HookKind::InitialStorage | HookKind::RoomDeleted => (Some(quote!(self,)), &["room"]),
        HookKind::Message => (Some(quote!(self,)), &["cx", "message"]),
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
        HookKind::RoomDeleted => {
            (quote!(&self, room: &#runtime::FinalState<'_>), quote!(()), quote_spanned!(place=> hook))
        }
        HookKind::InitialStorage => (
            quote!(&self, room: &str),
            quote!(::core::option::Option<::std::vec::Vec<u8>>),
            quote_spanned!(place=> initial_storage),
        ),
        HookKind::Message => (
            quote!(&self, cx: &#runtime::Context<'_, Self>, message: &#runtime::Message<'_>),
            quote!(()),
            quote_spanned!(place=> hook),
        ),
        _ => (quote!(&self, cx: &#runtime::Context<'_, Self>), quote!(()), quote_spanned!(place=> hook)),
    };
    let result = quote_spanned!(place=> #found::__private::#convert(#returned));
    let name = Ident::new(kind.method(), Span::call_site());
    Some(quote! {
        #(#cfgs)*
        #[allow(unused_variables)]
        async fn #name(#takes) -> #runtime::Result<#answers> {
            #result
        }
    })
}

/// Makes the room: by its hook, or where there is none from nothing; a room that is refused is never made.
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
