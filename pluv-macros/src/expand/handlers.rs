//! A room's impl: its events by name, and its hooks.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, GenericArgument, Path, PathArguments, Type};

use crate::{
    model::{Call, CallKind, Handlers, Hook, HookKind, Params},
    names::upper_snake_case,
};

/// The expansion of a room's impl.
pub(crate) fn handlers(handlers: &Handlers) -> TokenStream {
    let Handlers { runtime, implementation, calls, hooks } = handlers;
    let self_ty = &implementation.self_ty;
    let is_room = matches!(self_ty, Type::Path(_))
        && implementation.of_trait.is_none()
        && implementation.generics.params.is_empty();
    if !is_room {
        return quote!(#implementation);
    }
    let events = calls.iter().map(|call| info(runtime, call));
    let types = calls.iter().map(|call| types(runtime, call));
    let export = export(runtime, self_ty);
    let present = hooks.iter().filter_map(present);
    let create = hooks
        .iter()
        .find(|hook| hook.kind == HookKind::Create)
        .map_or_else(|| default_create(runtime), |hook| create(runtime, hook));
    let hooks = hooks.iter().map(|hook| hook_method(runtime, hook));
    let dispatch = dispatch(runtime, calls);
    quote! {
        #implementation

        #[automatically_derived]
        impl #runtime::Handlers for #self_ty {
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
        }

        #export
    }
}

/// The call of a user's method, which an error about its return type points to that type.
fn call(method: &Ident, is_async: bool, returns: Span, arguments: &TokenStream) -> TokenStream {
    // Generated code at the user's place: found there, and no concern of their lints.
    let span = Span::call_site().located_at(returns);
    let wait = is_async.then(|| quote_spanned!(span=> .await));
    quote_spanned!(span=> Self::#method(#arguments) #wait)
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
        Params::Input(ty) => Some(quote!(.input::<#ty>())),
        Params::Nothing | Params::Context => None,
    };
    let answer = match kind {
        CallKind::Procedure { answer: Some(ty), fallible: false, .. } => Some(quote!(.answer::<#ty>())),
        CallKind::Procedure { answer: Some(ty), fallible: true, .. } => Some(match first_argument(ty) {
            Some(ty) => quote!(.answer::<#ty>()),
            None => quote!(.answer::<<#ty as #runtime::__private::Fallible>::Answer>()),
        }),
        CallKind::Procedure { answer: None, .. } | CallKind::Event => None,
    };
    quote!(#(#cfgs)* #runtime::schema::EventTypes::new() #input #answer)
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
        Params::Context => quote!(self, cx),
        Params::Input(ty) => quote!(self, cx, call.input::<#ty>()?),
    };
    let returned = self::call(method, *is_async, *returns, &arguments);
    let outcome = match kind {
        CallKind::Event => quote!(#runtime::__private::event(#returned)),
        CallKind::Procedure { reply, fallible, .. } => {
            let reply = &reply.text;
            let answer = if *fallible { quote!(try_procedure) } else { quote!(procedure) };
            quote!(#runtime::__private::#answer(#reply, #returned))
        }
    };
    quote!(#(#cfgs)* #name => #outcome,)
}

/// The line that says that the room has this hook, where the runtime asks.
fn present(hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, cfgs, .. } = hook;
    (*kind != HookKind::Create).then(|| quote!(#(#cfgs)* let hooks = hooks.#method();))
}

fn hook_method(runtime: &Path, hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, is_async, params, cfgs, returns } = hook;
    let arguments = match kind {
        HookKind::Create => return None,
        HookKind::Authorize => quote!(req, env, room),
        HookKind::OnUserConnected | HookKind::OnUserDisconnected | HookKind::OnStorageUpdated if *params == 0 => {
            quote!(self)
        }
        HookKind::OnUserConnected | HookKind::OnUserDisconnected | HookKind::OnStorageUpdated => quote!(self, cx),
        HookKind::GetInitialStorage | HookKind::OnRoomDeleted => quote!(self, room),
        HookKind::OnMessage => quote!(self, cx, message),
    };
    let returned = call(method, *is_async, *returns, &arguments);
    let (takes, answers, convert) = match kind {
        HookKind::Authorize => (
            quote!(req: &#runtime::__private::Request, env: &#runtime::__private::Env, room: &str),
            quote!(::core::option::Option<#runtime::Grant<<Self as #runtime::Room>::User>>),
            quote!(authorize),
        ),
        HookKind::OnRoomDeleted => (quote!(&self, room: &#runtime::Deleted<'_>), quote!(()), quote!(hook)),
        HookKind::GetInitialStorage => {
            (quote!(&self, room: &str), quote!(::core::option::Option<::std::vec::Vec<u8>>), quote!(initial_storage))
        }
        HookKind::OnMessage => {
            (quote!(&self, cx: &#runtime::Context<'_, Self>, message: &#runtime::Message<'_>), quote!(()), quote!(hook))
        }
        _ => (quote!(&self, cx: &#runtime::Context<'_, Self>), quote!(()), quote!(hook)),
    };
    Some(quote! {
        #(#cfgs)*
        #[allow(unused_variables)]
        async fn #method(#takes) -> #runtime::Result<#answers> {
            #runtime::__private::#convert(#returned)
        }
    })
}

fn create(runtime: &Path, hook: &Hook) -> TokenStream {
    let Hook { method, is_async, cfgs, returns, .. } = hook;
    let returned = call(method, *is_async, *returns, &quote!(env));
    create_method(runtime, cfgs, &quote!(#runtime::__private::create(#returned)))
}

fn default_create(runtime: &Path) -> TokenStream {
    create_method(runtime, &[], &quote!(::core::result::Result::Ok(<Self as #runtime::__private::Fieldless>::new())))
}

fn create_method(runtime: &Path, cfgs: &[Attribute], body: &TokenStream) -> TokenStream {
    quote! {
        #(#cfgs)*
        #[allow(unused_variables)]
        fn create(env: &#runtime::__private::Env) -> #runtime::Result<Self> {
            #body
        }
    }
}
