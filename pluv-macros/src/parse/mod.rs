//! Tokens to syntax, without its meaning.

mod implementation;
mod limits;
mod markers;
mod options;

use proc_macro2::TokenStream;
use syn::{
    Attribute, Data, DeriveInput, Token, Visibility,
    parse::{ParseStream, Parser},
};

pub(crate) use self::{
    implementation::{AssociatedItem, Implementation, Method},
    limits::Limit,
    markers::{Marker, MarkerKind, take_marker},
    options::{Options, Text, crate_alone, parse as options, retention},
};
use crate::errors::Errors;

/// The item that `#[pluv::room]` stands on.
pub(crate) enum Item {
    /// A struct, which is a room, or another type, which was reported.
    Type(Box<DeriveInput>),
    /// An impl, which has a room's handlers.
    Impl(Box<Implementation>),
}

/// The error about an attribute on another item.
const PLACES: &str = "`#[pluv::room]` goes on a struct, with the room's options, and on its impl, bare";

/// Reads the annotated item. `None` where it is neither a type nor an impl, which has been reported.
pub(crate) fn item(tokens: TokenStream, errors: &mut Errors) -> Option<Item> {
    let parsed = |input: ParseStream<'_>| -> syn::Result<Item> {
        let ahead = input.fork();
        Attribute::parse_outer(&ahead)?;
        ahead.parse::<Visibility>()?;
        if ahead.peek(Token![struct]) || ahead.peek(Token![enum]) || ahead.peek(Token![union]) {
            let mut item: DeriveInput = input.parse()?;
            let place = match &item.data {
                Data::Struct(_) => None,
                Data::Enum(data) => Some(data.enum_token.span),
                Data::Union(data) => Some(data.union_token.span),
            };
            if let Some(place) = place {
                errors.span(place, PLACES);
            }
            item.attrs.retain(|attribute| {
                let is_second = attribute.path().segments.last().is_some_and(|last| last.ident == "room");
                if is_second {
                    errors.at(attribute, "`#[pluv::room]` stands here twice: write one, with all options in it");
                }
                !is_second
            });
            return Ok(Item::Type(Box::new(item)));
        }
        if ahead.peek(Token![impl]) || (ahead.peek(Token![unsafe]) && ahead.peek2(Token![impl])) {
            return implementation::parse(input, errors).map(Box::new).map(Item::Impl);
        }
        Err(ahead.error(PLACES))
    };
    match parsed.parse2(tokens) {
        Ok(item) => Some(item),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}
