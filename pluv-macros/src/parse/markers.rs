//! The attributes on the methods of a room's impl: `#[event]`, `#[procedure]` and `#[hook]`.

use proc_macro2::Ident;
use syn::{Attribute, Meta, Token, ext::IdentExt as _, punctuated::Punctuated};

use super::Text;
use crate::{errors::Errors, names::closest};

/// What a method is marked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkerKind {
    Event,
    Procedure,
    Hook,
}

/// A marker with its options.
pub(crate) struct Marker {
    pub(crate) kind: MarkerKind,
    pub(crate) name: Option<Text>,
    pub(crate) reply: Option<Text>,
}

impl MarkerKind {
    fn of(attribute: &Attribute) -> Option<Self> {
        // `#[event]`, and `#[pluv::event]` as one might write it.
        let last = attribute.path().segments.last()?;
        let known = attribute.path().segments.len() == 1 || attribute.path().segments.first()?.ident == "pluv";
        match &*last.ident.to_string() {
            "event" if known => Some(Self::Event),
            "procedure" if known => Some(Self::Procedure),
            "hook" if known => Some(Self::Hook),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Procedure => "procedure",
            Self::Hook => "hook",
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Event => &["name"],
            Self::Procedure => &["name", "reply"],
            Self::Hook => &[],
        }
    }
}

/// Takes the markers off what is no method.
pub(crate) fn refuse_markers(attributes: &mut Vec<Attribute>, errors: &mut Errors) {
    attributes.retain(|attribute| {
        let Some(kind) = MarkerKind::of(attribute) else { return true };
        errors.at(attribute, format!("`#[{}]` goes on a method", kind.name()));
        false
    });
}

/// Takes the marker off a method's attributes. A method has at most one.
pub(crate) fn take_marker(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Marker> {
    let mut found: Option<Marker> = None;
    attributes.retain(|attribute| {
        let Some(kind) = MarkerKind::of(attribute) else { return true };
        match &found {
            None => found = Some(marker(kind, attribute, errors)),
            Some(first) if first.kind == kind => {
                errors.at(attribute, format!("this method is marked `#[{}]` twice", kind.name()));
            }
            Some(first) => {
                let (a, b) = (first.kind.name(), kind.name());
                errors.at(attribute, format!("a method can't be both `#[{a}]` and `#[{b}]`"));
            }
        }
        false
    });
    found
}

fn marker(kind: MarkerKind, attribute: &Attribute, errors: &mut Errors) -> Marker {
    let mut marker = Marker { kind, name: None, reply: None };
    match &attribute.meta {
        Meta::Path(_) => {}
        Meta::List(list) => match list.parse_args_with(Punctuated::<Given, Token![,]>::parse_terminated) {
            Ok(given) => {
                for option in given {
                    set(&mut marker, option, errors);
                }
            }
            Err(error) => errors.push(error),
        },
        Meta::NameValue(value) => {
            errors.at(value, format!("write `#[{0}]`, or `#[{0}(..)]` with options", kind.name()));
        }
    }
    marker
}

/// `name = "text"`.
struct Given {
    name: Ident,
    value: Text,
}

impl syn::parse::Parse for Given {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        let name = input
            .call(Ident::parse_any)
            .map_err(|error| syn::Error::new(error.span(), "an option is expected here: write `name = \"..\"`"))?;
        let example = format!("`{name} = \"..\"`");
        input.parse::<Token![=]>().map_err(|_| syn::Error::new(name.span(), format!("write {example}")))?;
        let value = input.parse().map_err(|error| syn::Error::new(error.span(), format!("write {example}")))?;
        Ok(Self { name, value })
    }
}

fn set(marker: &mut Marker, Given { name, value }: Given, errors: &mut Errors) {
    let (kind, known) = (marker.kind.name(), marker.kind.options());
    let text = name.to_string();
    let slot = match &*text {
        "name" if known.contains(&"name") => &mut marker.name,
        "reply" if known.contains(&"reply") => &mut marker.reply,
        _ => {
            let hint = match closest(&text, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => "it takes none".to_owned(),
                None => format!("it takes `{}`", known.join("`, `")),
            };
            return errors.at(name, format!("`#[{kind}]` has no option `{text}`: {hint}"));
        }
    };
    if slot.replace(value).is_some() {
        errors.at(name, format!("the option `{text}` is given twice"));
    }
}
