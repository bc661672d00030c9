//! A room's struct: the room's types and options, and the class of Durable Objects.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Path, Type, spanned::Spanned as _};

use super::{generated_at, moved};
use crate::{
    model::{Definition, limit, retention},
    outputs::Output,
    parse::Text,
};

/// The expansion of a room's struct, of whose outputs these are documented, and which was checked against the file
/// `configuration`.
pub(crate) fn definition(definition: &Definition, outputs: &[Output], configuration: Option<&str>) -> TokenStream {
    let item = &definition.item;
    if !item.generics.params.is_empty() {
        return quote!(#item);
    }
    let (room, declared, fieldless, class) =
        (room(definition, outputs), declared(definition), fieldless(definition), class(definition));
    let configuration = configuration.map(depend);
    quote!(#item #room #declared #fieldless #class #configuration)
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

fn room(definition: &Definition, outputs: &[Output]) -> TokenStream {
    let Definition { runtime, item, binding, docs, options, .. } = definition;
    let name = &item.ident;
    let text = name.to_string();
    let types = [("user", &options.user), ("presence", &options.presence), ("output", &options.output)];
    let types = types.into_iter().filter_map(|(name, ty)| {
        let (name, ty) = (format_ident!("{name}"), ty.as_ref()?);
        Some(quote!(.#name::<#ty>()))
    });
    let output_docs = (!outputs.is_empty()).then(|| {
        let each = outputs.iter().map(|Output { name, docs }| quote!((#name, #docs)));
        quote!(.output_docs(&[#(#each),*]))
    });
    let user = options.user.as_ref().map_or_else(|| quote!(()), |ty| asked(runtime, ty, &user_asks(runtime, ty)));
    let presence = options.presence.as_ref().map_or_else(
        || quote!(#runtime::Json),
        |ty| asked(runtime, ty, &each(runtime, ty, &["received", "sent", "begun"])),
    );
    let output = options
        .output
        .as_ref()
        .map_or_else(|| quote!(#runtime::NoOutput), |ty| asked(runtime, ty, &each(runtime, ty, &["sent"])));
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
    quote! {
        #[automatically_derived]
        impl #runtime::Room for #name {
            type User = #user;
            type Presence = #presence;
            type Output = #output;
            type Storage = #runtime::#storage;
            const OPTIONS: #runtime::Options =
                #runtime::Options::new(#text, #binding) #path #secrets #cors #has_user #relay_unknown #debug
                    #limits #retention;
            const TYPES: #runtime::schema::RoomTypes = #runtime::schema::RoomTypes::new(#docs) #(#types)* #output_docs;
        }
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

/// A type of the user, once all that is asked of it holds.
fn asked(runtime: &Path, ty: &Type, asks: &TokenStream) -> TokenStream {
    let place = generated_at(ty.span());
    let runtime = moved(runtime, place);
    quote_spanned!(place=> <#ty as #runtime::__private::Itself<{ #asks 0 }>>::Itself)
}

/// Asks for each thing by its name in the runtime.
fn each(runtime: &Path, ty: &Type, names: &[&str]) -> TokenStream {
    let place = generated_at(ty.span());
    let (runtime, ty) = (moved(runtime, place), moved(ty, place));
    let names = names.iter().map(|name| Ident::new(name, place));
    quote_spanned!(place=> #(#runtime::__private::#names::<#ty>();)*)
}

fn user_asks(runtime: &Path, ty: &Type) -> TokenStream {
    let wire = each(runtime, ty, &["received", "sent"]);
    let place = generated_at(ty.span());
    let (runtime, ty) = (moved(runtime, place), moved(ty, place));
    quote_spanned! {place=>
        #wire
        let _: fn(&#runtime::contract::UserWithStringId<#ty>) = |user| #runtime::__private::user_id(&user.id);
    }
}

/// What the options make of the room, for what needs them.
fn declared(definition: &Definition) -> TokenStream {
    let Definition { runtime, item, options, .. } = definition;
    let name = &item.ident;
    let user = options.user.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            impl #runtime::contract::KnowsUsers for #name {}
        }
    });
    let output = options.output.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            impl #runtime::contract::Sends for #name {
                type Declared = <Self as #runtime::Room>::Output;
            }
        }
    });
    quote!(#user #output)
}

fn list(method: &TokenStream, texts: &[Text]) -> TokenStream {
    quote!(.#method(&[#(#texts),*]))
}

/// A struct without fields can be made without a `create` hook.
fn fieldless(definition: &Definition) -> Option<TokenStream> {
    let Definition { runtime, item, .. } = definition;
    let name = &item.ident;
    definition.fieldless.then(|| {
        quote! {
            #[automatically_derived]
            impl #runtime::__private::Fieldless for #name {
                fn new() -> Self {
                    Self {}
                }
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
