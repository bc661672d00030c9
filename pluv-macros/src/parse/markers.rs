//! The attributes on the methods of a room's impl: `#[event]`, `#[procedure]`, `#[task]`, `#[tick]` and `#[hook]`.

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, LitStr, Meta, Token, ext::IdentExt as _, parse::ParseStream, punctuated::Punctuated};

use super::{
    Text,
    options::{milliseconds, value},
};
use crate::{errors::Errors, names::hint};

/// The role that a method is marked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkerKind {
    Event,
    Procedure,
    Task,
    Tick,
    Hook,
}

/// A marker with its options.
pub(crate) struct Marker {
    pub(crate) kind: MarkerKind,
    pub(crate) name: Option<Text>,
    pub(crate) reply: Option<Text>,
    /// Whether the worker alone calls a procedure.
    pub(crate) is_worker: bool,
    /// The schedule of a task.
    pub(crate) cron: Option<Text>,
    /// The time that a task may take, in milliseconds.
    pub(crate) timeout: Option<u64>,
    /// The time between two ticks, in milliseconds.
    pub(crate) every: Option<u64>,
    /// The role in `#[hook(..)]`.
    pub(crate) role: Option<Ident>,
    /// Whether an option was rejected: what is missing may be what it stands for.
    pub(crate) is_rejected: bool,
}

impl MarkerKind {
    fn of(attribute: &Attribute) -> Option<Self> {
        // `#[event]` or `#[pluv::event]`.
        let last = attribute.path().segments.last()?;
        let known = attribute.path().segments.len() == 1 || attribute.path().segments.first()?.ident == "pluv";
        let kinds = [Self::Event, Self::Procedure, Self::Task, Self::Tick, Self::Hook];
        kinds.into_iter().find(|kind| known && last.ident == kind.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Procedure => "procedure",
            Self::Task => "task",
            Self::Tick => "tick",
            Self::Hook => "hook",
        }
    }
}

/// Reports markers on an item that is not a method, and removes them.
pub(crate) fn reject_markers(attributes: &mut Vec<Attribute>, errors: &mut Errors) {
    attributes.retain(|attribute| {
        let Some(kind) = MarkerKind::of(attribute) else { return true };
        errors.at(attribute, format!("`#[{}]` goes on a method", kind.name()));
        false
    });
}

/// Removes the marker from a method's attributes, and returns it. A method has at most one.
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
    let mut marker = Marker {
        kind,
        name: None,
        reply: None,
        is_worker: false,
        cron: None,
        timeout: None,
        every: None,
        role: None,
        is_rejected: false,
    };
    let before = errors.len();
    let options = |input: ParseStream<'_>| Punctuated::<_, Token![,]>::parse_terminated_with(input, option);
    let result = match &attribute.meta {
        Meta::List(list) if kind == MarkerKind::Tick => {
            list.parse_args_with(period).map(|period| marker.every = Some(period))
        }
        _ if kind == MarkerKind::Tick => Err(syn::Error::new_spanned(attribute, PERIOD)),
        Meta::Path(_) => Ok(()),
        Meta::List(list) if kind == MarkerKind::Hook => list.parse_args_with(role).map(|role| marker.role = Some(role)),
        Meta::List(list) => list.parse_args_with(options).map(|options| {
            for option in options {
                set(&mut marker, option, errors);
            }
        }),
        Meta::NameValue(value) => {
            Err(syn::Error::new_spanned(value, format!("write `#[{0}]`, or `#[{0}(..)]` with options", kind.name())))
        }
    };
    if let Err(error) = result {
        errors.push(error);
    }
    marker.is_rejected = errors.len() > before;
    marker
}

const PERIOD: &str = "a tick says how often it runs, from 10 ms to a minute: write `#[tick(\"50ms\")]`";

/// Reads `"50ms"` of `#[tick("50ms")]`, in milliseconds.
fn period(input: ParseStream<'_>) -> syn::Result<u64> {
    let place = input.span();
    let text = input.parse::<LitStr>().ok().filter(|_| input.is_empty()).map(|text| text.value());
    input.parse::<TokenStream>()?;
    let period = text.and_then(|text| milliseconds(&text));
    period.filter(|period| (10..=60_000).contains(period)).ok_or_else(|| syn::Error::new(place, PERIOD))
}

/// Reads `create` of `#[hook(create)]`.
fn role(input: ParseStream<'_>) -> syn::Result<Ident> {
    let place = input.span();
    let role = input.call(Ident::parse_any).ok().filter(|_| input.is_empty());
    // Remaining tokens would be an error of syn too.
    input.parse::<TokenStream>()?;
    role.ok_or_else(|| syn::Error::new(place, "`#[hook(..)]` names the hook's role: write it as in `#[hook(create)]`"))
}

/// Reads an option `name = "text"`, or `worker`.
fn option(input: ParseStream<'_>) -> syn::Result<(Ident, Option<Text>)> {
    let name = input
        .call(Ident::parse_any)
        .map_err(|error| syn::Error::new(error.span(), "an option is expected here: write `name = \"..\"`"))?;
    if name == "worker" {
        return Ok((name, None));
    }
    let value = value(input, &name, &format!("{name} = \"..\""))?;
    Ok((name, Some(value)))
}

fn set(marker: &mut Marker, (name, value): (Ident, Option<Text>), errors: &mut Errors) {
    let text = name.to_string();
    let Some(value) = value.filter(|_| text != "worker") else {
        if marker.kind != MarkerKind::Procedure {
            let kind = marker.kind.name();
            return errors.at(name, format!("`#[{kind}]` has no option `worker`: it is for a `#[procedure(worker)]`"));
        }
        marker.is_worker = true;
        return;
    };
    let slot = match (&*text, marker.kind) {
        ("name", _) => &mut marker.name,
        ("reply", MarkerKind::Procedure) => &mut marker.reply,
        ("cron", MarkerKind::Task) => &mut marker.cron,
        ("timeout", MarkerKind::Task) => {
            let timeout = milliseconds(&value.value()).filter(|timeout| (1_000..=900_000).contains(timeout));
            if timeout.is_none() {
                errors.at(value, "a task may take from one second to 15 minutes: write `timeout = \"2m\"`");
            }
            marker.timeout = timeout;
            return;
        }
        (_, kind) => {
            let known: &[&str] = match kind {
                MarkerKind::Procedure => &["name", "reply", "worker"],
                MarkerKind::Task => &["name", "cron", "timeout"],
                _ => &["name"],
            };
            let hint = hint(&text, known, "it takes");
            return errors.at(name, format!("`#[{}]` has no option `{text}`: {hint}", kind.name()));
        }
    };
    if slot.replace(value).is_some() {
        errors.at(name, format!("the option `{text}` is given twice"));
    }
}
