//! A room's impl: its events by name, and its hooks.

use heck::ToSnakeCase as _;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Attribute, Path, Type, spanned::Spanned as _};

use super::{
    assertions::{assertions, plain_answers, types},
    generated_at,
    handle::handle,
    moved, static_generics,
    timed::{task_inputs, timed},
};
use crate::model::{Call, CallKind, Handlers, Hook};

/// Expands a room's impl.
pub(crate) fn handlers(model: &Handlers) -> TokenStream {
    let Handlers { runtime, implementation, calls, worker_calls, tasks, ticks, hooks } = model;
    let self_ty = &implementation.self_ty;
    let generics = static_generics(&implementation.generics);
    let item = implementation.with(&generics);
    let is_generic = !generics.params.is_empty();
    let is_of_any = is_generic && implementation.of_trait.is_some();
    if !model.has_room() || is_of_any {
        return item;
    }
    let events = calls.iter().map(|call| info(runtime, call));
    let types = calls.iter().map(|call| types(runtime, call));
    let export = (!is_generic).then(|| export(runtime, self_ty)).flatten();
    let present = hooks.iter().filter_map(present);
    let place = generated_at(self_ty.span());
    let create = create(runtime, hooks, is_generic);
    let room = if is_generic {
        // No assertions about a type with parameters.
        quote_spanned!(place=> Self)
    } else {
        let (assertions, of_hooks) =
            (assertions(runtime, calls), hooks.iter().filter_map(|hook| assertion(runtime, self_ty, hook)));
        // Not an error of the macro: rustc reports a second impl of the room's own.
        let misplaced = implementation.of_trait.as_ref().map(|(path, _)| {
            let place = generated_at(path.span());
            let runtime = moved(runtime, place);
            quote_spanned!(place=> #runtime::__private::reject_trait_impl();)
        });
        let replies = calls.iter().filter_map(|call| reply(runtime, call));
        quote! {
            <#self_ty as #runtime::__private::Identity<{
                #misplaced
                #(#of_hooks)*
                #assertions
                let __messages = #runtime::__private::messages_of::<#self_ty>();
                #(#replies)*
                0
            }>>::Type
        }
    };
    let sync: Vec<_> = hooks.iter().filter_map(sync).collect();
    let sync = (!sync.is_empty()).then(|| quote!(hooks.sync = &[#(#sync),*];));
    let dispatch = dispatch(runtime, calls, false);
    let dispatch_worker = (!worker_calls.is_empty()).then(|| {
        let procedures = worker_calls.iter().map(|call| info(runtime, call));
        let dispatch = self::dispatch(runtime, worker_calls, true);
        quote!(const WORKER_PROCEDURES: &'static [#runtime::EventInfo] = &[#(#procedures),*]; #dispatch)
    });
    let timed = timed(runtime, tasks, ticks);
    let hooks = hooks.iter().map(|hook| hook_method(runtime, hook));
    let handle_type = match is_generic {
        true => quote!(#runtime::Handle<Self::Room>),
        false => quote!(__Handle<Self::Room>),
    };
    let body = quote! {
        type Room = #room;
        type Handle = #handle_type;
        const EVENTS: &'static [#runtime::EventInfo] = &[#(#events),*];
        const EVENT_TYPES: &'static [#runtime::schema::EventTypes] = &[#(#types),*];
        const HOOKS: #runtime::Hooks = {
            #[allow(unused_mut)]
            let mut hooks = #runtime::Hooks::none();
            #(#present)*
            #sync
            hooks
        };

        #timed
        #create
        #dispatch
        #dispatch_worker
        #(#hooks)*
    };
    // An error about a second impl points to its type.
    let (at, room) = (moved(runtime, place), moved(self_ty, place));
    let (parameters, _, clause) = generics.split_for_impl();
    let handlers = quote_spanned! {place=>
        #[automatically_derived]
        impl #parameters #at::Handlers for #room #clause { #body }
    };
    if is_generic {
        return quote!(#item #handlers);
    }
    let (inputs, handle) = (task_inputs(runtime, self_ty, tasks), handle(model));
    quote!(#item const _: () = { #handle #handlers }; #inputs #export)
}

/// Calls a user's method. An error about its return type points to that type.
pub(super) fn call(method: &Ident, is_async: bool, returns: Span, arguments: &TokenStream) -> TokenStream {
    let span = generated_at(returns);
    let wait = is_async.then(|| quote_spanned!(span=> .await));
    quote_spanned!(span=> Self::#method(#arguments) #wait)
}

/// Returns an argument. An error about its parameter's type points to that type.
fn argument(name: &str, place: Span) -> Ident {
    Ident::new(name, generated_at(place))
}

/// Returns the context as an argument. A parameter of another type is reported by a trait.
fn context_at(runtime: &Path, place: Span) -> TokenStream {
    let (cx, place) = (argument("cx", place), generated_at(place));
    let runtime = moved(runtime, place);
    quote_spanned!(place=> #runtime::__private::context(#cx))
}

/// Returns the context of a task as an argument.
pub(super) fn task_context_at(runtime: &Path, place: Span) -> TokenStream {
    let (cx, place) = (argument("cx", place), generated_at(place));
    let runtime = moved(runtime, place);
    quote_spanned!(place=> #runtime::__private::task_context(#cx))
}

fn info(runtime: &Path, call: &Call) -> TokenStream {
    let Call { name, kind, docs, cfgs, is_async, .. } = call;
    let sync = (!is_async).then(|| quote!(.sync()));
    // Not the literal itself, whose span would make the code the user's own.
    let name = name.value();
    match kind {
        CallKind::Event => quote!(#(#cfgs)* #runtime::EventInfo::event(#name, #docs)#sync),
        CallKind::Procedure { reply, .. } => {
            let reply = reply.value();
            quote!(#(#cfgs)* #runtime::EventInfo::procedure(#name, #reply, #docs)#sync)
        }
    }
}

/// Generates the test that writes the room's TypeScript file, with the runtime's feature `ts`.
fn export(runtime: &Path, room: &Type) -> Option<TokenStream> {
    let Type::Path(path) = room else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    let test = format_ident!("export_bindings_{}", name.trim_start_matches("r#").to_snake_case());
    Some(quote!(#runtime::__private::export_bindings!(#room, #test);))
}

/// The events and procedures of clients by name, or the procedures of the worker.
fn dispatch(runtime: &Path, calls: &[Call], is_worker: bool) -> TokenStream {
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
    let (name, context) = match is_worker {
        true => (quote!(dispatch_worker), quote!(TaskContext)),
        false => (quote!(dispatch), quote!(Context)),
    };
    quote! {
        #[allow(unused_variables)]
        async fn #name(
            &self,
            cx: &#runtime::#context<'_, Self>,
            message: #runtime::Message<'_>,
        ) -> #runtime::Result<#runtime::__private::Outcome> {
            #imports
            #body
        }
    }
}

fn arm(runtime: &Path, call: &Call) -> TokenStream {
    let Call { name, kind, method, is_async, is_worker, params, cfgs, returns, .. } = call;
    let name = name.value();
    let context = if *is_worker { task_context_at } else { context_at };
    let cx = params.context.map(|place| context(runtime, place)).into_iter();
    let input = params.input.iter().map(|ty| {
        let place = generated_at(ty.span());
        let runtime = moved(runtime, place);
        quote_spanned!(place=> #runtime::__private::input::<<Self as #runtime::Handlers>::Room, _>(&message)?)
    });
    let returned = self::call(method, *is_async, *returns, &quote!(self #(, #cx)* #(, #input)*));
    let place = generated_at(*returns);
    let found = moved(runtime, place);
    let outcome = match kind {
        CallKind::Event => quote_spanned!(place=> #found::__private::event(#returned)),
        CallKind::Procedure { reply, .. } => {
            let reply = reply.value();
            let room = quote_spanned!(place=> <Self as #found::Handlers>::Room);
            quote_spanned! {place=> {
                let returned = #returned;
                #found::__private::kind(&returned).answer::<#room>(#reply, returned)
            }}
        }
    };
    quote!(#(#cfgs)* #name => #outcome,)
}

/// Returns the name of a hook that the runtime runs as a transaction, if it is not `async`.
fn sync(hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, cfgs, is_async, .. } = hook;
    let name = kind.method;
    (!is_async && kind.has_context()).then(|| quote!(#(#cfgs)* #name))
}

/// Declares a hook to the runtime, which always calls `create`: of that it has to know whether it waits.
fn present(hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, cfgs, is_async, .. } = hook;
    let name = Ident::new(if kind.is_create() { "async_create" } else { kind.method }, Span::call_site());
    let is_told = if kind.is_create() { *is_async } else { !kind.is_migration() };
    is_told.then(|| quote!(#(#cfgs)* { hooks.#name = true; }))
}

/// Asserts that the room has the options that a hook needs.
fn assertion(runtime: &Path, room: &Type, hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, cfgs, .. } = hook;
    let place = generated_at(method.span());
    let assertion = Ident::new(kind.assertion?, place);
    let (runtime, room) = (moved(runtime, place), moved(room, place));
    let path = quote_spanned!(place=> #runtime::__private::#assertion::<#room>);
    Some(quote!(#(#cfgs)* #path();))
}

/// Asserts that no message of the room's output has the name of a procedure's answer.
fn reply(runtime: &Path, call: &Call) -> Option<TokenStream> {
    let (reply, cfgs) = (call.reply()?, &call.cfgs);
    let name = reply.value();
    let message = format!(
        "the answer of `{}` is called `{name}`, and so is a message of the room's output: give it another name with \
         `#[procedure(reply = \"..\")]`",
        call.method
    );
    let place = generated_at(reply.span());
    let runtime = moved(runtime, place);
    Some(quote_spanned!(place=> #(#cfgs)* #runtime::__private::assert_no_message(__messages, #name, #message);))
}

fn hook_method(runtime: &Path, hook: &Hook) -> Option<TokenStream> {
    let Hook { kind, method, is_async, params, cfgs, returns } = hook;
    if kind.is_create() {
        return None;
    }
    let receiver = kind.has_receiver().then(|| quote!(self,));
    // A hook may leave its last parameter out.
    let names = kind.params.iter().filter_map(|param| param.split_once(": ")).map(|(name, _)| name);
    let arguments = names.zip(params).map(|(name, place)| match name {
        "cx" if kind.params.contains(&"cx: &TaskContext") => task_context_at(runtime, *place),
        "cx" => context_at(runtime, *place),
        name => argument(name, *place).into_token_stream(),
    });
    let returned = call(method, *is_async, *returns, &quote!(#receiver #(#arguments),*));
    let place = generated_at(*returns);
    let found = moved(runtime, place);
    if kind.is_migration() {
        let room = quote_spanned!(place=> <Self as #found::Handlers>::Room);
        let result = quote_spanned!(place=> #found::__private::migrated::<#room, _>(#returned));
        return Some(quote! {
            #(#cfgs)*
            #[allow(unused_variables)]
            fn migrate_state(stored: #runtime::serde_json::Value) -> #runtime::MigratedState {
                #result
            }
        });
    }
    let user = quote_spanned!(place=> <<Self as #found::Handlers>::Room as #found::Room>::User);
    let (answer, convert) = match kind.returns {
        "Option<User>" => {
            (quote!(::core::option::Option<#runtime::Grant<#user>>), quote_spanned!(place=> authorize::<#user>))
        }
        "Option<Vec<u8>>" => {
            (quote!(::core::option::Option<::std::vec::Vec<u8>>), quote_spanned!(place=> initial_storage))
        }
        "Response" => (quote!(#runtime::__private::Response), quote_spanned!(place=> response)),
        _ => (quote!(()), quote_spanned!(place=> hook)),
    };
    let params = kind.params.iter().map(|param| match *param {
        "&self" => quote!(&self),
        "req: &Request" => quote!(req: &#runtime::__private::Request),
        "env: &Env" => quote!(env: &#runtime::__private::Env),
        "cx: &Context" => quote!(cx: &#runtime::Context<'_, Self>),
        "cx: &TaskContext" => quote!(cx: &#runtime::TaskContext<'_, Self>),
        "upgrade: &Upgrade" => quote!(upgrade: &#runtime::Upgrade),
        "req: Request" => quote!(req: #runtime::__private::Request),
        "user: Option<User>" => {
            quote!(user: ::core::option::Option<<<Self as #runtime::Handlers>::Room as #runtime::Room>::User>)
        }
        "task: &FailedTask" => quote!(task: &#runtime::FailedTask),
        "message: &Message<'_>" => quote!(message: &#runtime::Message<'_>),
        "room: &FinalState<'_>" => quote!(room: &#runtime::FinalState<'_>),
        _ => quote!(room: &str),
    });
    let result = quote_spanned!(place=> #found::__private::#convert(#returned));
    let name = Ident::new(kind.method, Span::call_site());
    Some(quote! {
        #(#cfgs)*
        #[allow(unused_variables)]
        async fn #name(#(#params),*) -> #runtime::Result<#answer> {
            #result
        }
    })
}

/// Creates the room by its hook, or a struct without fields without one. A room with errors is never created.
fn create(runtime: &Path, hooks: &[Hook], is_rejected: bool) -> TokenStream {
    if is_rejected {
        return create_method(runtime, &[], &quote!(::core::unreachable!()));
    }
    let own: Vec<_> = hooks.iter().filter(|hook| hook.kind.is_create()).collect();
    let methods = own.iter().map(|Hook { method, is_async, params, cfgs, returns, .. }| {
        let arguments = ["env", "room"].iter().zip(params).map(|(name, place)| argument(name, *place));
        let returned = call(method, *is_async, *returns, &quote!(#(#arguments),*));
        let place = generated_at(*returns);
        let found = moved(runtime, place);
        let room = quote_spanned!(place=> Self);
        create_method(runtime, cfgs, &quote_spanned!(place=> #found::__private::create::<#room>(#returned)))
    });
    // If all hooks `create` are under `#[cfg]`, there may be none.
    let absent = own.iter().map(|hook| {
        let conditions = hook.cfgs.iter().filter_map(|cfg| cfg.meta.require_list().ok()).map(|list| &list.tokens);
        quote!(not(all(#(#conditions),*)))
    });
    let absent: Option<Attribute> = (!own.is_empty()).then(|| syn::parse_quote!(#[cfg(all(#(#absent),*))]));
    let default = own.iter().all(|hook| !hook.cfgs.is_empty()).then(|| {
        let body = quote! {
            ::core::result::Result::Ok((
                <<Self as #runtime::Handlers>::Room as #runtime::__private::Fieldless>::new(),
                <<Self as #runtime::Handlers>::Room as #runtime::Room>::OPTIONS.limits,
            ))
        };
        create_method(runtime, absent.as_slice(), &body)
    });
    quote!(#(#methods)* #default)
}

fn create_method(runtime: &Path, cfgs: &[Attribute], body: &TokenStream) -> TokenStream {
    quote! {
        #(#cfgs)*
        #[allow(unused_variables)]
        async fn create(env: &#runtime::__private::Env, room: &str) -> #runtime::Result<(Self, #runtime::Limits)> {
            #body
        }
    }
}
