//! Tokens to syntax: what the user wrote, and nothing about what it means.

mod implementation;
mod limits;
mod markers;
mod options;

use proc_macro2::TokenStream;
use syn::{
    ItemStruct, Token, Visibility,
    parse::{ParseStream, Parser},
};

pub(crate) use self::{
    implementation::{Implementation, Member, Method},
    limits::{Limit, written},
    markers::{Marker, MarkerKind, take_marker},
    options::{Options, Text},
};
use crate::errors::Errors;

/// What `#[pluv::room]` stands on.
pub(crate) enum Item {
    /// A struct, which is a room.
    Struct(Box<ItemStruct>),
    /// An impl, which has a room's handlers.
    Impl(Box<Implementation>),
}

/// Reads the annotated item. `None` where it is neither a struct nor an impl, which has been reported.
pub(crate) fn item(tokens: TokenStream, errors: &mut Errors) -> Option<Item> {
    let parsed = |input: ParseStream<'_>| -> syn::Result<Item> {
        let ahead = input.fork();
        syn::Attribute::parse_outer(&ahead)?;
        ahead.parse::<Visibility>()?;
        if ahead.peek(Token![struct]) {
            return input.parse().map(Box::new).map(Item::Struct);
        }
        if ahead.peek(Token![impl]) || (ahead.peek(Token![unsafe]) && ahead.peek2(Token![impl])) {
            return implementation::parse(input, errors).map(Box::new).map(Item::Impl);
        }
        Err(ahead.error("`#[pluv::room]` goes on a struct, with the room's options, and on its impl, bare"))
    };
    match parsed.parse2(tokens) {
        Ok(item) => Some(item),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

/// Reads the options of `#[pluv::room(..)]`.
pub(crate) fn options(tokens: TokenStream, errors: &mut Errors) -> Options {
    options::parse(tokens, errors)
}
