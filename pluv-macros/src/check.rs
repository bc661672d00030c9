//! Checks of items that were parsed.

use syn::spanned::Spanned as _;

use crate::{
    errors::Errors,
    model::{Call, Definition, Handlers, TaskKind, TaskMethod},
    names::{event_name_error, is_binding},
    parse::{Limit, Options, Text, retention},
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
    check_limits(&definition.options, errors);
    let binding = definition.binding.value();
    if !is_binding(&binding) {
        errors.at(
            &definition.binding,
            format!("`{binding}` can't be a binding: use letters, digits and `_`, as in `binding = \"ROOM\"`"),
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

fn check_storage(options: &Options, errors: &mut Errors) {
    if let Some(text) = &options.retention {
        if retention(&text.value()).is_err() {
            let message =
                "`retention` says how long a document is kept: write `\"keep\"`, `\"delete\"`, or a time as `\"30d\"`";
            errors.at(text, message);
        }
        if options.storage.is_none() {
            errors.at(text, "there is no document to keep: `retention` needs `storage = Yrs`");
        }
    }
}

fn check_limits(options: &Options, errors: &mut Errors) {
    for option in &options.limits {
        if let Err(reason) = option.value() {
            errors.at(&option.value, reason);
        }
        let missing = match &*option.name.to_string() {
            "storage" if options.storage.is_none() => "storage = Yrs",
            "user" | "user_id" if options.user.is_none() => "user = User",
            _ => continue,
        };
        errors.at(&option.value, format!("the limit `{}` needs `{missing}` beside `limits(..)`", option.name));
    }
    let of = |name: &str| options.limits.iter().find(|limit| limit.name == name);
    let Some(message) = of("message").filter(|_| options.storage.is_some()) else { return };
    let storage = of("storage").map_or(Ok(DEFAULT_STORAGE), Limit::value);
    if let (Ok(bytes), Ok(storage)) = (message.value(), storage) {
        // A client sends its whole document when it joins, in base64.
        let needed = storage.div_ceil(3) * 4 + ENVELOPE;
        if bytes < needed {
            let reason = format!(
                "a client with a document of {storage} bytes could not join, as it sends it whole: write `message = {needed}` \
                 or more, or a smaller `storage`"
            );
            errors.at(&message.value, reason);
        }
    }
}

/// The default limit of a document, as in the runtime.
const DEFAULT_STORAGE: u64 = 5_000_000;

/// The bytes of a message besides the document.
const ENVELOPE: u64 = 1_000;

fn check_path(path: &Text, errors: &mut Errors) {
    let text = path.value();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/-._~!&'()*+,;=:@".contains(c);
    if !text.starts_with('/') || text.ends_with('/') || text.contains("//") {
        let fixed = format!("/{}", text.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"));
        let fixed = if fixed == "/" { "/api/pluv" } else { &fixed };
        errors.at(path, format!("a path begins with one slash and does not end with one: write `path = \"{fixed}\"`"));
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
    // A generic room is reported at its struct only.
    if !handlers.has_room() {
        errors.at(&implementation.self_ty, "a room is a struct: write `impl Room`, with its name");
    }
    for (i, call) in handlers.calls.iter().enumerate() {
        check_call(call, &handlers.calls[..i], errors);
    }
    for (i, call) in handlers.worker_calls.iter().enumerate() {
        check_call(call, &handlers.worker_calls[..i], errors);
        if HANDLE_METHODS.iter().any(|method| call.method == method) {
            let message = format!("a room's handle has a method `{}` of its own: rename this procedure", call.method);
            errors.at(&call.method, message);
        }
    }
    for (i, task) in handlers.tasks.iter().enumerate() {
        check_task(task, &handlers.tasks[..i], errors);
    }
}

/// The methods of each room's handle.
const HANDLE_METHODS: [&str; 13] = [
    "room",
    "broadcast",
    "send_to_user",
    "sessions",
    "size",
    "evict",
    "evict_user",
    "evict_all",
    "storage",
    "update_storage",
    "delete",
    "as_user",
    "deref",
];

fn check_call(call: &Call, before: &[Call], errors: &mut Errors) {
    check_name(&call.name, errors);
    let reply = call.reply();
    if let Some(reply) = reply.filter(|reply| reply.value() != format!("{}Result", call.name.value())) {
        check_name(reply, errors);
    }
    if reply.is_some() && call.name.value() == "then" {
        let message = "a procedure can't be called `then`, as JavaScript would take `room.call` for a promise: rename \
                       it, or set another name with `#[procedure(name = \"..\")]`";
        errors.at(&call.name, message);
    }
    // Two handlers under `#[cfg]` may exclude each other.
    let both = |other: &&Call| other.cfgs.is_empty() && call.cfgs.is_empty();
    let same = |other: &&Call| other.name.value() == call.name.value() && both(other);
    if let Some(first) = before.iter().find(same) {
        let message = format!(
            "the event `{}` is handled twice, by `{}` and by `{}`: rename one of them, or its event with \
             `#[event(name = \"..\")]`",
            call.name.value(),
            first.method,
            call.method
        );
        return errors.between(first.name.span(), call.name.span(), message);
    }
    let Some(own) = reply else { return };
    let same_reply = |other: &&Call| other.reply().is_some_and(|reply| reply.value() == own.value()) && both(other);
    if let Some((first, other)) = before.iter().find(same_reply).and_then(|first| Some((first, first.reply()?))) {
        let message = format!(
            "the answers of `{}` and of `{}` are both called `{}`: give one of them another name with \
             `#[procedure(reply = \"..\")]`",
            first.method,
            call.method,
            own.value()
        );
        errors.between(other.span(), own.span(), message);
    }
}

fn check_task(task: &TaskMethod, before: &[TaskMethod], errors: &mut Errors) {
    let both = before.iter().filter(|other| other.cfgs.is_empty() && task.cfgs.is_empty());
    for other in both {
        let (first, second) = (&other.method, &task.method);
        if other.name.value() == task.name.value() {
            let message = format!("`{first}` and `{second}` are both the task `{}`: rename one", task.name.value());
            return errors.between(other.name.span(), task.name.span(), message);
        }
        if let (TaskKind::Scheduled { input: one }, TaskKind::Scheduled { input: two }) = (&other.kind, &task.kind)
            && quote::quote!(#one).to_string() == quote::quote!(#two).to_string()
        {
            let message = format!(
                "`{first}` and `{second}` take the same input, which names the task to schedule: give one a type of its own"
            );
            return errors.between(one.span(), two.span(), message);
        }
    }
}

fn check_name(name: &Text, errors: &mut Errors) {
    if let Some(reason) = event_name_error(&name.value()) {
        errors.at(name, reason);
    }
}
