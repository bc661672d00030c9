//! What can't work, though each part of it can be understood.

use syn::Type;

use crate::{
    errors::Errors,
    model::{Call, CallKind, Definition, Handlers, Name, is_generic, retention},
    names::{is_binding, unusable},
    parse::{Options, Text},
};

const GENERIC: &str = "a room can't be generic, as its struct is one class of Durable Objects: write the types that it \
                       is used with";

/// Checks a room's struct.
pub(crate) fn definition(definition: &Definition, errors: &mut Errors) {
    let generics = &definition.item.generics;
    if !generics.params.is_empty() {
        errors.at(generics, GENERIC);
    }
    if let Some(path) = &definition.options.path {
        check_path(path, errors);
    }
    check_storage(&definition.options, errors);
    let binding = definition.binding.value();
    if !is_binding(&binding) {
        errors.at(
            &definition.binding,
            format!(
                "`{binding}` can't be a binding: use letters, digits and `_`, and give a name with `binding = \"ROOM\"`"
            ),
        );
    }
    for secret in definition.options.secrets.iter().flatten() {
        if secret.value().trim().is_empty() {
            errors.at(secret, "the name of a variable can't be empty: write `secret = \"PLUV_SECRET\"`");
        }
    }
    let cors = definition.options.cors.as_deref().unwrap_or_default();
    for origin in cors {
        check_origin(origin, cors.len(), errors);
    }
}

/// The largest document, in bytes of its encoding: what an isolate's memory has room for while someone joins.
const MAX_STORAGE: u64 = 10_000_000;

fn check_storage(options: &Options, errors: &mut Errors) {
    if let Some(text) = &options.retention {
        if retention(&text.value()).is_err() {
            let message = "this is no time to keep a document: write `\"keep\"`, `\"delete\"`, or a time as `\"30d\"` or `\"12h\"`";
            errors.at(text, message);
        }
        if options.storage.is_none() {
            errors.at(text, "there is no document to keep: `retention` needs `storage = Yrs`");
        }
    }
    if let Some(limit) = &options.storage_limit {
        match limit.base10_parse::<u64>() {
            Ok(1..=MAX_STORAGE) => {}
            _ => errors.at(limit, format!("the limit of a document is from 1 to {MAX_STORAGE} bytes")),
        }
        if options.storage.is_none() {
            errors.at(limit, "there is no document to limit: `limits(storage = ..)` needs `storage = Yrs`");
        }
    }
}

fn check_path(path: &Text, errors: &mut Errors) {
    let text = path.value();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/-._~!&'()*+,;=:@".contains(c);
    if !text.starts_with('/') || text.ends_with('/') || text.contains("//") {
        let shown = format!("/{}", text.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"));
        let shown = if shown == "/" { "/api/pluv" } else { &shown };
        errors.at(path, format!("a path begins with one slash and does not end with one: write `path = \"{shown}\"`"));
    } else if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        errors.at(path, format!("`{c}` can't stand in a path as it is: use letters, digits, `-`, `_` and `/`"));
    }
}

fn check_origin(origin: &Text, count: usize, errors: &mut Errors) {
    let text = origin.value();
    if text == "*" {
        if count > 1 {
            errors.at(origin, "`*` is every origin, so it stands alone: write `cors = \"*\"`");
        }
        return;
    }
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let valid = |host: &str| !host.is_empty() && !host.contains(|c: char| "/?#*@".contains(c) || c.is_whitespace());
    if !host.is_some_and(valid) || text.chars().any(char::is_uppercase) {
        errors.at(
            origin,
            format!(
                "`{text}` is no origin as browsers send it: write `cors = \"https://app.example\"`, in lower case and \
                 without a path, or `cors = \"*\"`"
            ),
        );
    }
}

/// Checks a room's impl.
pub(crate) fn handlers(handlers: &Handlers, errors: &mut Errors) {
    let implementation = &handlers.implementation;
    if let Some((path, _)) = &implementation.of_trait {
        errors.at(path, "a room's handlers stand in an impl of its own, not in that of a trait: write `impl Room`");
    }
    if !implementation.generics.params.is_empty() {
        errors.at(&implementation.generics, GENERIC);
    }
    match &implementation.self_ty {
        Type::Path(path) if is_generic(&path.path) && implementation.generics.params.is_empty() => {
            errors.at(&path.path, GENERIC);
        }
        Type::Path(_) => {}
        other => errors.at(other, "a room is a struct: write `impl Room`, with its name"),
    }
    for (i, call) in handlers.calls.iter().enumerate() {
        check_call(call, &handlers.calls[..i], errors);
    }
}

fn check_call(call: &Call, before: &[Call], errors: &mut Errors) {
    check_name(&call.name, errors);
    if let CallKind::Procedure { reply, .. } = &call.kind
        && reply.text != format!("{}Result", call.name.text)
    {
        check_name(reply, errors);
    }
    // Of two under `#[cfg]` there may never be both.
    let same = |other: &&Call| other.name.text == call.name.text && other.cfgs.is_empty() && call.cfgs.is_empty();
    if let Some(first) = before.iter().find(same) {
        let message = format!(
            "the event `{}` is handled twice, by `{}` and by `{}`: rename one of them, or its event with \
             `#[event(name = \"..\")]`",
            call.name.text, first.method, call.method
        );
        errors.between(first.name.span, call.name.span, message);
    }
}

fn check_name(name: &Name, errors: &mut Errors) {
    if let Some(reason) = unusable(&name.text) {
        errors.span(name.span, reason);
    }
}
