//! A room's struct: the room's types and options, and the class of Durable Objects.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Generics, Path, Type, spanned::Spanned as _};

use super::{generated_at, lasting, moved};
use crate::{
    model::{Definition, limit, retention},
    outputs::Output,
    parse::Text,
    seen::OfStruct,
};

/// The expansion of a room's struct, which was checked against the file `configuration`.
pub(crate) fn definition(definition: &Definition, seen: &OfStruct, configuration: Option<&str>) -> TokenStream {
    let item = &definition.item;
    let (room, declared, fieldless) = (room(definition, seen), declared(definition), fieldless(definition));
    let class = if definition.is_room() {
        class(definition)
    } else {
        unserved(&definition.runtime, &lasting(&item.generics), &named(definition))
    };
    let configuration = configuration.map(depend);
    quote!(#item #room #declared #fieldless #class #configuration)
}

/// The type itself, with its parameters.
fn named(definition: &Definition) -> TokenStream {
    let (name, (_, arguments, _)) = (&definition.item.ident, definition.item.generics.split_for_impl());
    quote!(#name #arguments)
}

/// What can't be a room, and was refused, for `pluv::serve!`: that says no more of it.
pub(super) fn unserved(runtime: &Path, generics: &Generics, room: &TokenStream) -> TokenStream {
    let (parameters, _, clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #runtime::__private::Served for #room #clause {
            const OPTIONS: #runtime::Options = #runtime::Options::new("", "");

            fn route<'__a>(
                _: &'__a #runtime::__private::Request,
                _: &'__a #runtime::__private::Env,
            ) -> #runtime::__private::Routed<'__a> {
                ::core::unreachable!()
            }
        }
    }
}

/// Makes a file beside `Cargo.toml` one that the crate is built from, so that a change of it is seen. Nothing of it is
/// in what is built.
fn depend(file: &str) -> TokenStream {
    let file = format!("/{file}");
    quote! {
        const _: &[::core::primitive::u8] =
            ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #file));
    }
}

fn room(definition: &Definition, seen: &OfStruct) -> TokenStream {
    let Definition { runtime, item, binding, docs, options, .. } = definition;
    let text = item.ident.to_string();
    let types = [
        given(definition, "User", options.user.as_ref(), &quote!(()), |ty| {
            let (read, id) =
                (read(runtime, ty, seen.borrowed_user.as_ref()), id(runtime, ty, seen.user_without_id.as_ref()));
            let sent = each(runtime, ty, &["sent"]);
            quote!(#read #sent #id)
        }),
        given(definition, "Presence", options.presence.as_ref(), &quote!(#runtime::Json), |ty| {
            let read = read(runtime, ty, seen.borrowed_presence.as_ref());
            let rest = each(runtime, ty, &["sent", "begun"]);
            quote!(#read #rest)
        }),
        given(definition, "Output", options.output.as_ref(), &quote!(#runtime::NoOutput), |ty| {
            each(runtime, ty, &["sent"])
        }),
    ];
    let aliases = types.iter().map(|given| &given.alias);
    let set = types.iter().map(|given| &given.set);
    let known = types.iter().map(|given| &given.known);
    let output_docs = (!seen.outputs.is_empty()).then(|| {
        let each = seen.outputs.iter().map(|Output { name, docs }| quote!((#name, #docs)));
        quote!(.output_docs(&[#(#each),*]))
    });
    let storage = options.storage.as_ref().map_or_else(|| quote!(NoStorage), |kind| quote!(#kind));
    let path = options.path.as_ref().map(|path| quote!(.path(#path)));
    let secrets = options.secrets.as_deref().map(|names| list(&quote!(secrets), names));
    let cors = options.cors.as_deref().map(|origins| list(&quote!(cors), origins));
    let has_user = options.user.as_ref().map(|_| quote!(.has_user()));
    let limits = limits(definition);
    let retention = options.retention.as_ref().and_then(|text| retention(&text.value()).ok()?);
    let retention = retention.map(|after| quote!(.retention(#runtime::Retention::Delete { after: #after })));
    let debug = options.debug.then(|| quote!(.debug()));
    let relay_unknown = options.relay_unknown.then(|| quote!(.relay_unknown()));
    let (name, generics) = (named(definition), lasting(&item.generics));
    let (parameters, _, clause) = generics.split_for_impl();
    // A block, for the other names of the types: each stands once, so that one that is not there is one error.
    quote! {
        const _: () = {
            #(#aliases)*

            #[automatically_derived]
            impl #parameters #runtime::Room for #name #clause {
                #(#set)*
                type Storage = #runtime::#storage;
                const OPTIONS: #runtime::Options =
                    #runtime::Options::new(#text, #binding) #path #secrets #cors #has_user #relay_unknown #debug
                        #limits #retention;
                const TYPES: #runtime::schema::RoomTypes = #runtime::schema::RoomTypes::new(#docs) #(#known)* #output_docs;
            }
        };
    }
}

/// A type of the room.
struct Given {
    /// Another name for what the option names.
    alias: Option<TokenStream>,
    /// What it is in the room.
    set: TokenStream,
    /// That the schema knows it.
    known: Option<TokenStream>,
}

/// The type `name` of the room: what the option names, once all that is asked of it holds, or the default.
fn given(
    definition: &Definition,
    name: &str,
    ty: Option<&Type>,
    default: &TokenStream,
    asks: impl FnOnce(&TokenStream) -> TokenStream,
) -> Given {
    let Definition { runtime, item, .. } = definition;
    let Some(ty) = ty else {
        let name = format_ident!("{name}");
        return Given { alias: None, set: quote!(type #name = #default;), known: None };
    };
    let place = generated_at(ty.span());
    let (runtime, method) = (moved(runtime, place), Ident::new(&name.to_lowercase(), place));
    let (name, alias) = (Ident::new(name, place), Ident::new(&format!("__{name}"), place));
    let known = Some(quote_spanned!(place=> .#method::<<Self as #runtime::Room>::#name>()));
    if !item.generics.params.is_empty() {
        return Given { alias: None, set: quote_spanned!(place=> type #name = #ty;), known };
    }
    let asks = asks(&quote!(#alias));
    Given {
        alias: Some(quote_spanned!(place=> type #alias = #ty;)),
        set: quote_spanned!(place=> type #name = <#alias as #runtime::__private::Itself<{ #asks 0 }>>::Itself;),
        known,
    }
}

fn limits(definition: &Definition) -> Option<TokenStream> {
    let Definition { runtime, options, .. } = definition;
    let each: Vec<_> = options
        .limits
        .iter()
        .filter_map(|option| {
            let (name, value) = (&option.name, Literal::u64_unsuffixed(limit(option).ok()?));
            Some(quote!(.#name(#value)))
        })
        .collect();
    (!each.is_empty()).then(|| quote!(.limits(#runtime::Limits::new() #(#each)*)))
}

/// Asks for each thing by its name in the runtime.
fn each(runtime: &Path, ty: &TokenStream, names: &[&str]) -> TokenStream {
    let place = generated_at(ty.span());
    let runtime = moved(runtime, place);
    let names = names.iter().map(|name| Ident::new(name, place));
    quote_spanned!(place=> #(#runtime::__private::#names::<#ty>();)*)
}

/// Asks for what is read, or says what was seen: inside of the type, so that nothing else is said of it.
fn read(runtime: &Path, ty: &TokenStream, seen: Option<&syn::Error>) -> TokenStream {
    seen.map_or_else(|| each(runtime, ty, &["received"]), syn::Error::to_compile_error)
}

/// Asks for an id that is a string, or says that there is none.
fn id(runtime: &Path, ty: &TokenStream, seen: Option<&syn::Error>) -> TokenStream {
    let ask = || {
        let place = generated_at(ty.span());
        let runtime = moved(runtime, place);
        quote_spanned! {place=>
            let _: fn(&#runtime::contract::UserWithStringId<#ty>) = |user| #runtime::__private::user_id(&user.id);
        }
    };
    seen.map_or_else(ask, syn::Error::to_compile_error)
}

/// What the options make of the room, for what needs them.
fn declared(definition: &Definition) -> TokenStream {
    let Definition { runtime, item, options, .. } = definition;
    let (name, generics) = (named(definition), lasting(&item.generics));
    let (parameters, _, clause) = generics.split_for_impl();
    let user = options.user.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            impl #parameters #runtime::contract::KnowsUsers for #name #clause {}
        }
    });
    let output = options.output.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            impl #parameters #runtime::contract::Sends for #name #clause {
                type Declared = <Self as #runtime::Room>::Output;
            }
        }
    });
    quote!(#user #output)
}

fn list(method: &TokenStream, texts: &[Text]) -> TokenStream {
    quote!(.#method(&[#(#texts),*]))
}

/// A struct without fields can be made without a `create` hook, and what is refused is not made.
fn fieldless(definition: &Definition) -> Option<TokenStream> {
    let Definition { runtime, item, .. } = definition;
    let new = if !definition.is_room() {
        quote!(::core::unreachable!())
    } else if definition.fieldless {
        quote!(Self {})
    } else {
        return None;
    };
    let (name, generics) = (named(definition), lasting(&item.generics));
    let (parameters, _, clause) = generics.split_for_impl();
    Some(quote! {
        #[automatically_derived]
        impl #parameters #runtime::__private::Fieldless for #name #clause {
            fn new() -> Self {
                #new
            }
        }
    })
}

/// The class that the platform makes objects of. It has the struct's name, and so stands in a block of its own.
fn class(definition: &Definition) -> TokenStream {
    let Definition { runtime, item, .. } = definition;
    let name = &item.ident;
    quote! {
        const _: () = {
            type __Room = <#name as #runtime::__private::Itself<{
                #runtime::__private::has_handlers::<#name>()
            }>>::Itself;

            #[automatically_derived]
            impl #runtime::__private::Served for #name {
                const OPTIONS: #runtime::Options = <__Room as #runtime::Room>::OPTIONS;

                fn route<'a>(
                    req: &'a #runtime::__private::Request,
                    env: &'a #runtime::__private::Env,
                ) -> #runtime::__private::Routed<'a> {
                    ::std::boxed::Box::pin(<__Room as #runtime::RoomExt>::route(req, env))
                }
            }

            const _: () = {
                // What the attribute's own expansion takes for granted.
                #[allow(unused_imports)]
                use ::std::prelude::v1::*;
                use ::worker::wasm_bindgen;

                // Not `worker`'s attribute, which makes a promise for each event: that costs more than the rest of most.
                #[::worker::wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen)]
                pub struct #name {
                    object: #runtime::__private::Object<__Room>,
                }

                #[::worker::wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen)]
                impl #name {
                    #[wasm_bindgen(constructor)]
                    pub fn new(state: ::worker::worker_sys::DurableObjectState, env: ::worker::Env) -> Self {
                        Self { object: #runtime::__private::Object::new(state, env) }
                    }

                    #[wasm_bindgen(js_name = fetch)]
                    pub fn fetch(
                        &self,
                        req: ::worker::worker_sys::web_sys::Request,
                    ) -> ::worker::wasm_bindgen::JsValue {
                        self.object.fetch(req)
                    }

                    #[wasm_bindgen(js_name = alarm)]
                    pub fn alarm(&self) -> ::worker::wasm_bindgen::JsValue {
                        self.object.alarm()
                    }

                    #[wasm_bindgen(js_name = webSocketMessage)]
                    pub fn web_socket_message(
                        &self,
                        ws: ::worker::worker_sys::web_sys::WebSocket,
                        message: ::worker::wasm_bindgen::JsValue,
                    ) -> ::worker::wasm_bindgen::JsValue {
                        self.object.message(ws, &message)
                    }

                    #[wasm_bindgen(js_name = webSocketClose)]
                    pub fn web_socket_close(
                        &self,
                        ws: ::worker::worker_sys::web_sys::WebSocket,
                        code: u32,
                        reason: ::std::string::String,
                    ) -> ::worker::wasm_bindgen::JsValue {
                        self.object.close(ws, code, &reason)
                    }

                    #[wasm_bindgen(js_name = webSocketError)]
                    pub fn web_socket_error(
                        &self,
                        ws: ::worker::worker_sys::web_sys::WebSocket,
                    ) -> ::worker::wasm_bindgen::JsValue {
                        self.object.error(ws)
                    }
                }
            };
        };
    }
}
