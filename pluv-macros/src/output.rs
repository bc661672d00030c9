//! `#[pluv::output]`: the enum of everything that a room can send.
//!
//! It derives `Serialize` (and `TS` with the runtime's feature `ts`) by paths through the runtime, so that users need
//! neither crate for it, and it checks the names on the wire and the shape of each variant's data.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Fields, Lit, LitStr, Meta, Token, Type, Variant, ext::IdentExt as _,
    punctuated::Punctuated,
};

use crate::{
    errors::Errors,
    model::{cfgs, docs, runtime},
    parse::{Options, crate_alone},
};

/// Keys of `#[serde(..)]` that would change the wire format of the enum.
const SERDE_KEYS: [&str; 10] =
    ["tag", "content", "untagged", "rename_all", "rename_all_fields", "into", "remote", "transparent", "from", "crate"];

/// Types that serde does not serialize as an object.
const NON_OBJECTS: [&str; 18] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64", "bool",
    "char", "String", "Vec",
];

/// Expands `#[pluv::output]` on `item`.
pub(crate) fn expand(options: Options, item: TokenStream, errors: &mut Errors) -> TokenStream {
    const PLACE: &str = "`#[pluv::output]` goes on an enum, with a variant for each message";
    crate_alone(&options, errors);
    let Ok(mut input) = syn::parse2::<DeriveInput>(item.clone()) else {
        errors.at(item.clone(), PLACE);
        return item;
    };
    let runtime = runtime(options.krate);
    input.attrs.retain_mut(|attribute| own_attribute(attribute, errors));
    let messages = match &input.data {
        Data::Enum(data) => messages(data.variants.iter().collect(), errors),
        Data::Struct(data) => {
            errors.at(data.struct_token, PLACE);
            quote!()
        }
        Data::Union(data) => {
            errors.at(data.union_token, PLACE);
            return item;
        }
    };
    // A rejected struct gets the derives too, so that it is no second error where it is sent.
    let tag = matches!(input.data, Data::Enum(_))
        .then(|| quote!(#[serde(tag = "type", content = "data", rename_all = "camelCase")]));
    let text = |name: &str| {
        let path = quote!(#runtime::__private).to_string().replace(' ', "");
        LitStr::new(&format!("{path}::{name}"), proc_macro2::Span::call_site())
    };
    let (serde, ts, name) = (text("serde"), text("ts_rs"), &input.ident);
    let (parameters, arguments, clause) = input.generics.split_for_impl();
    quote! {
        #[derive(#runtime::__private::Serialize, #runtime::__private::TS)]
        #[serde(crate = #serde)]
        #[ts(crate = #ts)]
        #tag
        #input

        #[automatically_derived]
        impl #parameters #runtime::__private::OutputMessages for #name #arguments #clause {
            const MESSAGES: &'static [(&'static str, &'static str)] = &[#messages];
        }
    }
}

/// Reports and removes derives and options that `#[pluv::output]` adds itself, and returns whether any other is left in the
/// attribute.
fn own_attribute(attribute: &mut Attribute, errors: &mut Errors) -> bool {
    let (path, is_derive) = (attribute.path().clone(), attribute.path().is_ident("derive"));
    let list = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let Some(list) = list.ok().filter(|_| is_derive || path.is_ident("serde")) else { return true };
    let is_added = |meta: &Meta| match meta.path().segments.last() {
        Some(last) if is_derive => last.ident == "Serialize" || last.ident == "TS",
        last => last.is_some_and(|last| SERDE_KEYS.iter().any(|key| last.ident == key)),
    };
    let (added, kept): (Vec<_>, Vec<_>) = list.into_iter().partition(is_added);
    if let Some(first) = added.first() {
        let name = first.path().to_token_stream().to_string().replace(' ', "");
        let message = if is_derive {
            format!("`#[pluv::output]` derives `{name}` itself: remove it here")
        } else {
            format!(
                "`#[pluv::output]` says how its enum is written: remove `{name}` here, or write the enum without \
                 `#[pluv::output]` and with `#[derive(Serialize)]`"
            )
        };
        errors.at(first, message);
    }
    attribute.meta = syn::parse_quote!(#path(#(#kept),*));
    !kept.is_empty()
}

/// Checks the names and shapes of all messages, and returns their names on the wire with their doc comments.
fn messages(variants: Vec<&Variant>, errors: &mut Errors) -> TokenStream {
    let mut known = HashMap::new();
    let mut messages = TokenStream::new();
    for variant in variants {
        let serde = SerdeOptions::of(&variant.attrs);
        if serde.is_skipped {
            continue;
        }
        let name = serde.rename.clone().unwrap_or_else(|| camel_case(&variant.ident.unraw().to_string()));
        let conditions = cfgs(&variant.attrs);
        check_name(variant, &name, errors);
        // Two variants under `#[cfg]` may exclude each other.
        if conditions.is_empty()
            && let Some(first) = known.insert(name.clone(), &variant.ident)
        {
            let second = &variant.ident;
            let message = format!(
                "`{first}` and `{second}` are both sent as `{name}`: rename one of them, or give it another name with \
                 `#[serde(rename = \"..\")]`"
            );
            errors.at(second, message);
        }
        check_data(variant, &serde, errors);
        let docs = docs(&variant.attrs);
        messages.extend(quote!(#(#conditions)* (#name, #docs),));
    }
    messages
}

fn check_name(variant: &Variant, name: &str, errors: &mut Errors) {
    if name.starts_with('$') {
        let message = format!(
            "`{}` can't be sent as `{name}`: names that begin with `$` belong to the protocol, so give it another with \
             `#[serde(rename = \"..\")]`",
            variant.ident
        );
        errors.at(&variant.ident, message);
    }
}

fn check_data(variant: &Variant, serde: &SerdeOptions, errors: &mut Errors) {
    let is_object = match &variant.fields {
        Fields::Named(_) | Fields::Unit => true,
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let field = &fields.unnamed[0];
            SerdeOptions::of(&field.attrs).is_converted || !is_non_object(&field.ty)
        }
        Fields::Unnamed(_) => false,
    };
    if !is_object && !serde.is_converted {
        let name = &variant.ident;
        let message = format!(
            "the data of `{name}` must be an object: give it fields with names, as in `{name} {{ text: String }}`"
        );
        errors.at(&variant.fields, message);
    }
}

/// Returns whether serde serializes a type as something other than an object, by the type's name.
fn is_non_object(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => {
            let only = path.path.segments.first().filter(|_| path.path.segments.len() == 1);
            only.is_some_and(|only| NON_OBJECTS.iter().any(|name| only.ident == name))
        }
        Type::Tuple(_) | Type::Array(_) | Type::Slice(_) => true,
        Type::Reference(reference) => matches!(&*reference.elem, Type::Path(path) if path.path.is_ident("str")),
        _ => false,
    }
}

/// Returns `MessageSent` as `messageSent`. Serde changes the first letter only: `HTTPSent` becomes `hTTPSent`.
fn camel_case(variant: &str) -> String {
    let first = variant.chars().next().map_or(0, char::len_utf8);
    variant[..first].to_ascii_lowercase() + &variant[first..]
}

/// The options of `#[serde(..)]` that change the wire format of a variant or its field.
#[derive(Debug, Default)]
struct SerdeOptions {
    rename: Option<String>,
    is_skipped: bool,
    /// Whether a function of the user serializes it.
    is_converted: bool,
}

impl SerdeOptions {
    fn of(attributes: &[Attribute]) -> Self {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            // Serde reports options that can't be parsed.
            let all = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default();
            for meta in all {
                match &*meta.path().get_ident().map(ToString::to_string).unwrap_or_default() {
                    "rename" => options.rename = renamed(&meta).or(options.rename),
                    "skip" | "skip_serializing" => options.is_skipped = true,
                    "with" | "serialize_with" => options.is_converted = true,
                    _ => {}
                }
            }
        }
        options
    }
}

/// Returns the text of `rename = ".."` or of `rename(serialize = "..")`.
fn renamed(meta: &Meta) -> Option<String> {
    match meta {
        Meta::NameValue(meta) => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        Meta::List(list) => {
            let all = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            all.iter().find(|meta| meta.path().is_ident("serialize")).and_then(renamed)
        }
        Meta::Path(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: &str) -> (String, Vec<String>) {
        let mut errors = Errors::default();
        let tokens = expand(Options::default(), item.parse().expect("these are tokens"), &mut errors);
        (tokens.to_string(), errors.messages())
    }

    #[track_caller]
    fn one(item: &str, part: &str) {
        let (tokens, messages) = expanded(item);
        assert!(matches!(&messages[..], [message] if message.contains(part)), "`{part}` is expected in {messages:#?}");
        assert!(tokens.contains("Output"), "the item is kept: {tokens}");
    }

    fn names(item: &str) -> Vec<(String, String)> {
        let (tokens, messages) = expanded(item);
        assert_eq!(messages, [""; 0]);
        let (_, table) = tokens.split_once("MESSAGES").and_then(|(_, rest)| rest.split_once("= & [")).expect("a table");
        let table = table.split("] ;").next().expect("an end").split(") ,").filter(|entry| entry.contains('"'));
        table
            .map(|entry| entry.split('"').collect::<Vec<_>>())
            .map(|all| (all[1].to_owned(), all[3].to_owned()))
            .collect()
    }

    #[test]
    fn variants_are_named_as_serde_names_them() {
        let item = r#"enum Output {
            /// A user said something.
            /// It is short.
            MessageSent { text: String },
            HTTPSent,
            r#Ended,
            #[serde(rename = "a", alias = "b")] One,
            #[serde(rename(serialize = "c"), bound(serialize = "T: X"))] Two,
            #[serde(rename(deserialize = "d"))] Three,
            #[serde(skip)] Four,
            #[serde(skip_serializing)] Five,
            #[cfg(test)] Six,
        }"#;
        let named = names(item);
        let all: Vec<_> = named.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(all, ["messageSent", "hTTPSent", "ended", "a", "c", "three", "six"]);
        assert_eq!(named[0].1, "A user said something.\\nIt is short.");
    }

    #[test]
    fn protocol_names_and_duplicate_names_are_reported() {
        one(r#"enum Output { #[serde(rename = "$exit")] Exit }"#, "`Exit` can't be sent as `$exit`: names that begin");
        let twice = r#"enum Output { Said { text: String }, #[serde(rename = "said")] Spoken { text: String } }"#;
        one(twice, "`Said` and `Spoken` are both sent as `said`: rename one");
        names(r#"enum Output { #[cfg(a)] Said, #[cfg(not(a))] #[serde(rename = "said")] Spoken }"#);
    }

    #[test]
    fn data_is_an_object_or_nothing() {
        for data in ["u32", "String", "Vec<Data>", "(u8, u8)", "[u8; 2]", "&'static str", "Data, Data", ""] {
            one(&format!("enum Output {{ Said({data}) }}"), "the data of `Said` must be an object");
        }
        for data in ["Data", "other::Text", "HashMap<String, u8>", "Option<Data>", "Box<Data>"] {
            names(&format!("enum Output {{ Said({data}) }}"));
        }
        for variant in [
            "#[serde(skip)] Said(u32)",
            "#[serde(with = \"module\")] Said(u32)",
            "Said(#[serde(with = \"module\")] u32)",
            "Ended",
            "Said {}",
        ] {
            assert_eq!(expanded(&format!("enum Output {{ {variant} }}")).1, [""; 0]);
        }
    }

    #[test]
    fn derives_and_options_of_the_attribute_are_rejected_below_it() {
        one("#[derive(Debug, serde::Serialize)] enum Output {}", "derives `serde::Serialize` itself: remove it here");
        one("#[derive(TS)] enum Output {}", "derives `TS` itself");
        one("#[serde(tag = \"kind\", content = \"data\")] enum Output {}", "remove `tag` here");
        one("#[serde(untagged)] enum Output {}", "remove `untagged` here");
        let (tokens, _) =
            expanded("#[derive(Debug, Serialize, Clone)] #[serde(bound = \"\", tag = \"a\")] enum Output {}");
        assert!(
            tokens.contains("# [derive (Debug , Clone)]") && tokens.contains("# [serde (bound = \"\")]"),
            "{tokens}"
        );
    }

    #[test]
    fn only_an_enum_can_be_an_output() {
        one("struct Output { text: String }", "goes on an enum");
        one("union Output { a: u8 }", "goes on an enum");
        one("fn Output() {}", "goes on an enum");
    }

    #[test]
    fn the_expansion_needs_no_crate_of_the_user() {
        let mut errors = Errors::default();
        let options = Options { krate: Some(syn::parse_quote!(::other)), ..Options::default() };
        let tokens = expand(
            options,
            quote!(
                enum Output {
                    Said,
                }
            ),
            &mut errors,
        )
        .to_string();
        assert!(!tokens.contains("pluv"), "{tokens}");
        assert!(tokens.contains("\"::other::__private::serde\""), "{tokens}");
    }
}
