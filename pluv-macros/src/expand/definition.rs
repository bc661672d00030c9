//! A room's struct: the room's types and options, and the class of Durable Objects.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Generics, LitStr, Path, Type, spanned::Spanned as _};

use super::{generated_at, moved, static_generics};
use crate::{model::Definition, parse::retention};

/// Expands a room's struct, which was checked against the file `configuration`.
pub(crate) fn definition(definition: &Definition, configuration: Option<&str>) -> TokenStream {
    let Definition { runtime, item, .. } = definition;
    let implementation = TraitImpl::of(definition);
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

/// The parts of a trait impl for the struct.
struct TraitImpl {
    name: TokenStream,
    generics: Generics,
}

impl TraitImpl {
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

/// Lets `pluv::serve!` accept a room with errors, so that it reports no further one.
pub(super) fn unroutable(runtime: &Path, generics: &Generics, room: &TokenStream) -> TokenStream {
    let (parameters, _, clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #runtime::__private::Routable for #room #clause {
            const ENTRY: #runtime::__private::Entry = #runtime::__private::Entry::refused();
        }
    }
}

/// Makes the crate depend on a file beside `Cargo.toml`, so that a change rebuilds it. Its content is not kept.
fn dependency(file: &str) -> TokenStream {
    let file = format!("/{file}");
    quote! {
        const _: &[::core::primitive::u8] =
            ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #file));
    }
}

fn room(definition: &Definition, implementation: &TraitImpl) -> TokenStream {
    let Definition { runtime, options, docs, .. } = definition;
    let types = [
        RoomType::new(definition, "User", options.user.as_ref(), &quote!(())),
        RoomType::new(definition, "Presence", options.presence.as_ref(), &quote!(#runtime::Json)),
        RoomType::new(definition, "Output", options.output.as_ref(), &quote!(#runtime::NoOutput)),
    ];
    let (aliases, associated) = (types.iter().map(|ty| &ty.alias), types.iter().map(|ty| &ty.associated));
    let schema = types.iter().map(|ty| &ty.schema);
    let shared = options.shared.as_ref().map(|shared| {
        let place = generated_at(shared.span());
        let runtime = moved(runtime, place);
        quote_spanned!(place=> .shared::<<Self as #runtime::contract::HasShared>::Shared>())
    });
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
        #(#associated)*
        type Storage = #runtime::#storage;
        const OPTIONS: #runtime::Options = #values;
        const TYPES: #runtime::schema::RoomTypes = #runtime::schema::RoomTypes::new(#docs) #(#schema)* #shared #messages;
    };
    let room = implementation.of_trait(&quote!(#runtime::Room), &items);
    // A block for aliases of the types: each type is named once, so that an unknown one is one error.
    quote!(const _: () = { #(#aliases)* #room };)
}

/// Returns the options that are not types.
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
    let functions = |option: &str, ty: Option<&Type>| {
        let ty = ty?;
        let place = generated_at(ty.span());
        let (runtime, option) = (moved(runtime, place), Ident::new(option, Span::call_site()));
        let functions = quote_spanned!(place=> #runtime::StateType::of::<#ty>());
        Some(quote!(#option: ::core::option::Option::Some(#functions),))
    };
    let (state, shared) = (functions("state", options.state.as_ref()), functions("shared", options.shared.as_ref()));
    let migrations = options.migrations.iter().map(|path| {
        let file = LitStr::new(&format!("/{}", path.value()), path.span());
        // An error about a file that is missing points to its path.
        quote_spanned! {path.span()=>
            (#path, ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #file)))
        }
    });
    let migrations = (!options.migrations.is_empty()).then(|| quote!(migrations: &[#(#migrations),*],));
    let uses_sql =
        (options.state.is_some() || options.shared.is_some() || options.has_sql()).then(|| quote!(uses_sql: true,));
    let retention = options.retention.as_ref().and_then(|text| retention(&text.value()).ok()?);
    let retention = retention.map(|after| {
        let after = duration(after);
        quote!(retention: #runtime::Retention::Delete { after: #after },)
    });
    quote! {
        #runtime::Options {
            #path #secrets #cors #has_user #relay_unknown #debug #limits #retention #state #shared #uses_sql #migrations
            ..#runtime::Options::new(#name, #binding)
        }
    }
}

/// A type of the room.
struct RoomType {
    /// The alias of the option's type.
    alias: Option<TokenStream>,
    /// The associated type of the room's trait.
    associated: TokenStream,
    /// The call that describes it to the schema.
    schema: Option<TokenStream>,
}

impl RoomType {
    /// Returns the room's type `name`: the option's type with assertions about its traits, or the default.
    fn new(definition: &Definition, name: &str, ty: Option<&Type>, default: &TokenStream) -> Self {
        let Some(ty) = ty else {
            let name = format_ident!("{name}");
            return Self { alias: None, associated: quote!(type #name = #default;), schema: None };
        };
        let place = generated_at(ty.span());
        let (runtime, method) = (moved(&definition.runtime, place), Ident::new(&name.to_lowercase(), place));
        let (assert, alias) = (format_ident!("assert_{method}"), Ident::new(&format!("__{name}"), place));
        let name = Ident::new(name, place);
        let schema = Some(quote_spanned!(place=> .#method::<<Self as #runtime::Room>::#name>()));
        if !definition.item.generics.params.is_empty() {
            return Self { alias: None, associated: quote_spanned!(place=> type #name = #ty;), schema };
        }
        let id = (method == "user").then(|| {
            quote_spanned! {place=>
                let _: fn(&#runtime::contract::UserWithStringId<#alias>) =
                    |user| #runtime::__private::assert_user_id(&user.id);
            }
        });
        let associated = quote_spanned! {place=>
            type #name = <#alias as #runtime::__private::Identity<{
                #runtime::__private::#assert::<#alias>();
                #id
                0
            }>>::Type;
        };
        Self { alias: Some(quote_spanned!(place=> type #alias = #ty;)), associated, schema }
    }
}

/// The traits by which handlers know that the room has a user, an output, a state and SQL.
fn markers(definition: &Definition, implementation: &TraitImpl) -> TokenStream {
    let Definition { runtime, options, .. } = definition;
    let user = options.user.as_ref().map(|_| implementation.of_trait(&quote!(#runtime::contract::HasUser), &quote!()));
    let output = options.output.as_ref().map(|_| {
        let declared = quote!(type Declared = <Self as #runtime::Room>::Output;);
        implementation.of_trait(&quote!(#runtime::contract::HasOutput), &declared)
    });
    let state = options.state.as_ref().map(|state| {
        let place = generated_at(state.span());
        let declared = quote_spanned!(place=> type State = #state;);
        implementation.of_trait(&quote!(#runtime::contract::HasState), &declared)
    });
    let shared = options.shared.as_ref().map(|shared| {
        let place = generated_at(shared.span());
        let declared = quote_spanned!(place=> type Shared = #shared;);
        implementation.of_trait(&quote!(#runtime::contract::HasShared), &declared)
    });
    let sql = options.has_sql().then(|| implementation.of_trait(&quote!(#runtime::contract::HasSql), &quote!()));
    quote!(#user #output #state #shared #sql)
}

/// Implements the creation of a struct without fields, which needs no hook `create`; a room with errors is never created.
fn fieldless(definition: &Definition, implementation: &TraitImpl) -> Option<TokenStream> {
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
