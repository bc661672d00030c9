//! A room's struct: the room's types and options, and the class of Durable Objects.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Generics, Path, Type, spanned::Spanned as _};

use super::{generated_at, moved, static_generics};
use crate::{model::Definition, parse::retention};

/// Expands a room's struct. It was checked against the file `configuration`.
pub(crate) fn definition(definition: &Definition, configuration: Option<&str>) -> TokenStream {
    let Definition { runtime, item, .. } = definition;
    let implementation = Implementation::of(definition);
    let (room, markers, fieldless) = (
        room(definition, &implementation),
        markers(definition, &implementation),
        fieldless(definition, &implementation),
    );
    let class = if definition.is_room() {
        let name = &item.ident;
        quote!(#runtime::__private::durable_object!(#name, #runtime::__private::assert_handlers::<#name>());)
    } else {
        unroutable(runtime, &implementation.generics, &implementation.name)
    };
    let configuration = configuration.map(dependency);
    quote!(#item #room #markers #fieldless #class #configuration)
}

/// The parts of an impl for the struct.
struct Implementation {
    name: TokenStream,
    generics: Generics,
}

impl Implementation {
    fn of(definition: &Definition) -> Self {
        let (name, (_, arguments, _)) = (&definition.item.ident, definition.item.generics.split_for_impl());
        Self { name: quote!(#name #arguments), generics: static_generics(&definition.item.generics) }
    }

    /// Implements a trait with these items.
    fn of_trait(&self, path: &TokenStream, items: &TokenStream) -> TokenStream {
        let (name, (parameters, _, clause)) = (&self.name, self.generics.split_for_impl());
        quote! {
            #[automatically_derived]
            impl #parameters #path for #name #clause { #items }
        }
    }
}

/// Makes `pluv::serve!` take what was refused as a room and reported, so that it reports no more.
pub(super) fn unroutable(runtime: &Path, generics: &Generics, room: &TokenStream) -> TokenStream {
    let (parameters, _, clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #runtime::__private::Routable for #room #clause {
            const ENTRY: #runtime::__private::Entry = #runtime::__private::Entry::refused();
        }
    }
}

/// Makes the crate depend on a file beside `Cargo.toml`, so that a change of it is seen. Its content is not kept.
fn dependency(file: &str) -> TokenStream {
    let file = format!("/{file}");
    quote! {
        const _: &[::core::primitive::u8] =
            ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #file));
    }
}

fn room(definition: &Definition, implementation: &Implementation) -> TokenStream {
    let Definition { runtime, options, docs, .. } = definition;
    let given = [
        Given::new(definition, "User", options.user.as_ref(), &quote!(())),
        Given::new(definition, "Presence", options.presence.as_ref(), &quote!(#runtime::Json)),
        Given::new(definition, "Output", options.output.as_ref(), &quote!(#runtime::NoOutput)),
    ];
    let (aliases, set) = (given.iter().map(|given| &given.alias), given.iter().map(|given| &given.set));
    let known = given.iter().map(|given| &given.known);
    let messages = options.output.as_ref().map(|_| {
        quote! {
            .with_messages({
                #[allow(unused_imports)]
                use #runtime::__private::UnknownMessages as _;
                #runtime::__private::Messages::<<Self as #runtime::Room>::Output>::ALL
            })
        }
    });
    let storage = options.storage.as_ref().map_or_else(|| quote!(NoStorage), |kind| quote!(#kind));
    let values = values(definition);
    let items = quote! {
        #(#set)*
        type Storage = #runtime::#storage;
        const OPTIONS: #runtime::Options = #values;
        const TYPES: #runtime::schema::RoomTypes = #runtime::schema::RoomTypes::new(#docs) #(#known)* #messages;
    };
    let room = implementation.of_trait(&quote!(#runtime::Room), &items);
    // A block, for the other names of the types: each stands once, so that one that does not exist is one error.
    quote!(const _: () = { #(#aliases)* #room };)
}

/// The options that are no types.
fn values(definition: &Definition) -> TokenStream {
    let Definition { runtime, item, binding, options, .. } = definition;
    let name = item.ident.to_string();
    let duration = |milliseconds: u64| {
        let milliseconds = Literal::u64_unsuffixed(milliseconds);
        quote!(::core::time::Duration::from_millis(#milliseconds))
    };
    let path = options.path.as_ref().map(|path| quote!(path: #path,));
    let secrets = options.secrets.as_ref().map(|names| quote!(secrets: &[#(#names),*],));
    let cors = options.cors.as_ref().map(|origins| quote!(cors: &[#(#origins),*],));
    let has_user = options.user.as_ref().map(|_| quote!(has_user: true,));
    let debug = options.debug.then(|| quote!(debug: true,));
    let relay_unknown = options.relay_unknown.then(|| quote!(relay_unknown: true,));
    let limits = options.limits.iter().filter_map(|limit| {
        let (name, value) = (&limit.name, limit.value().ok()?);
        let value = if limit.is_time() {
            duration(value)
        } else {
            let value = Literal::u64_unsuffixed(value);
            quote!(#value)
        };
        Some(quote!(.#name(#value)))
    });
    let limits = (!options.limits.is_empty()).then(|| quote!(limits: #runtime::Limits::new() #(#limits)*,));
    let retention = options.retention.as_ref().and_then(|text| retention(&text.value()).ok()?);
    let retention = retention.map(|after| {
        let after = duration(after);
        quote!(retention: #runtime::Retention::Delete { after: #after },)
    });
    quote! {
        #runtime::Options {
            #path #secrets #cors #has_user #relay_unknown #debug #limits #retention
            ..#runtime::Options::new(#name, #binding)
        }
    }
}

/// A type of the room.
struct Given {
    /// Another name for the type in the option.
    alias: Option<TokenStream>,
    /// The type of the room's trait.
    set: TokenStream,
    /// The call that describes it to the schema.
    known: Option<TokenStream>,
}

impl Given {
    /// The type `name` of the room: that of the option, once all that it must implement is asserted, or the default.
    fn new(definition: &Definition, name: &str, ty: Option<&Type>, default: &TokenStream) -> Self {
        let Some(ty) = ty else {
            let name = format_ident!("{name}");
            return Self { alias: None, set: quote!(type #name = #default;), known: None };
        };
        let place = generated_at(ty.span());
        let (runtime, method) = (moved(&definition.runtime, place), Ident::new(&name.to_lowercase(), place));
        let (assert, alias) = (format_ident!("assert_{method}"), Ident::new(&format!("__{name}"), place));
        let name = Ident::new(name, place);
        let known = Some(quote_spanned!(place=> .#method::<<Self as #runtime::Room>::#name>()));
        if !definition.item.generics.params.is_empty() {
            return Self { alias: None, set: quote_spanned!(place=> type #name = #ty;), known };
        }
        let id = (method == "user").then(|| {
            quote_spanned! {place=>
                let _: fn(&#runtime::contract::UserWithStringId<#alias>) =
                    |user| #runtime::__private::assert_user_id(&user.id);
            }
        });
        let set = quote_spanned! {place=>
            type #name = <#alias as #runtime::__private::Identity<{
                #runtime::__private::#assert::<#alias>();
                #id
                0
            }>>::Type;
        };
        Self { alias: Some(quote_spanned!(place=> type #alias = #ty;)), set, known }
    }
}

/// The traits by which handlers know that the room has a user and an output.
fn markers(definition: &Definition, implementation: &Implementation) -> TokenStream {
    let Definition { runtime, options, .. } = definition;
    let user = options.user.as_ref().map(|_| implementation.of_trait(&quote!(#runtime::contract::HasUser), &quote!()));
    let output = options.output.as_ref().map(|_| {
        let declared = quote!(type Declared = <Self as #runtime::Room>::Output;);
        implementation.of_trait(&quote!(#runtime::contract::HasOutput), &declared)
    });
    quote!(#user #output)
}

/// A struct without fields can be made without the hook `create`; one that is refused is never made.
fn fieldless(definition: &Definition, implementation: &Implementation) -> Option<TokenStream> {
    let runtime = &definition.runtime;
    let new = if !definition.is_room() {
        quote!(::core::unreachable!())
    } else if definition.fieldless {
        quote!(Self {})
    } else {
        return None;
    };
    Some(implementation.of_trait(&quote!(#runtime::__private::Fieldless), &quote!(fn new() -> Self { #new })))
}
