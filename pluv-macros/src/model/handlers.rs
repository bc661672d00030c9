//! The meaning of the annotated impl.

use heck::ToLowerCamelCase as _;
use proc_macro2::{Ident, Span};
use syn::{Attribute, GenericArgument, Path, PathArguments, Type, ext::IdentExt as _, spanned::Spanned};

use super::{
    Params, cfgs, docs,
    hook_kind::{HOOKS, HookKind},
    runtime,
    signature::{
        CALL, answer, complete, handler_params, is_named, is_nothing, plain, return_span, returned, shared_receiver,
        typed,
    },
    timed::{self, TaskMethod, TickMethod},
};
use crate::{
    errors::Errors,
    names::hint,
    parse::{AssociatedItem, Implementation, Marker, MarkerKind, Method, Options, Text, crate_alone, take_marker},
};

/// The handlers of a room.
pub(crate) struct Handlers {
    pub(crate) runtime: Path,
    /// The impl, without the markers.
    pub(crate) implementation: Implementation,
    /// The events and procedures of clients.
    pub(crate) calls: Vec<Call>,
    /// The procedures of the worker.
    pub(crate) worker_calls: Vec<Call>,
    pub(crate) tasks: Vec<TaskMethod>,
    pub(crate) ticks: Vec<TickMethod>,
    pub(crate) hooks: Vec<Hook>,
}

/// A method that clients call: an event or a procedure.
pub(crate) struct Call {
    pub(crate) name: Text,
    pub(crate) kind: CallKind,
    pub(crate) method: Ident,
    pub(crate) is_async: bool,
    /// Whether the worker alone calls it, so that it has no client.
    pub(crate) is_worker: bool,
    pub(crate) params: Params,
    pub(crate) docs: String,
    /// The `#[cfg]`s of the method.
    pub(crate) cfgs: Vec<Attribute>,
    /// The span for errors about its return type.
    pub(crate) returns: Span,
}

pub(crate) enum CallKind {
    Event,
    Procedure {
        reply: Text,
        /// The answer's type in the signature.
        answer: Box<Type>,
        /// Whether the answer's type has a name: an `impl Trait` has none.
        is_named: bool,
    },
}

impl Call {
    /// Returns the name of a procedure's answer.
    pub(crate) fn reply(&self) -> Option<&Text> {
        match &self.kind {
            CallKind::Procedure { reply, .. } => Some(reply),
            CallKind::Event => None,
        }
    }
}

/// A method that the room calls.
pub(crate) struct Hook {
    pub(crate) kind: &'static HookKind,
    pub(crate) method: Ident,
    pub(crate) is_async: bool,
    /// The spans of its parameters.
    pub(crate) params: Vec<Span>,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) returns: Span,
}

impl Handlers {
    pub(crate) fn new(mut implementation: Implementation, options: Options, errors: &mut Errors) -> Self {
        crate_alone(&options, errors);
        // The expansion uses the target, so that the reference is one error.
        while let Type::Reference(reference) = implementation.self_ty {
            errors.at(reference.and_token, "a room is a struct: write `impl Room`, with its name");
            implementation.self_ty = *reference.elem;
        }
        // A generic room is reported at its struct only.
        make_static(&mut implementation.self_ty);
        let runtime = runtime(options.krate);
        let (mut calls, mut tasks, mut ticks, mut hooks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut known: Vec<Ident> = Vec::new();
        implementation.items.retain_mut(|item| {
            let AssociatedItem::Method(method) = item else { return true };
            let Some(marker) = take_marker(&mut method.attributes, errors) else { return true };
            method.is_handler = true;
            // Two handlers under `#[cfg]` may exclude each other.
            if cfgs(&method.attributes).is_empty() {
                let ident = &method.signature.ident;
                if let Some(first) = known.iter().find(|first| *first == ident) {
                    let message = format!("there are two handlers `{ident}`: rename or remove one");
                    errors.between(first.span(), ident.span(), message);
                    return false;
                }
                known.push(ident.clone());
            }
            match marker.kind {
                MarkerKind::Hook => {
                    hooks.extend(hook(method, &marker, errors).filter(|hook| is_first(hook, &hooks, errors)));
                }
                MarkerKind::Task => tasks.extend(timed::task(method, &marker, errors)),
                MarkerKind::Tick => ticks.extend(timed::tick(method, &marker, errors)),
                MarkerKind::Event | MarkerKind::Procedure => calls.extend(call(method, &marker, errors)),
            }
            complete(&mut method.signature, &runtime);
            true
        });
        let (worker_calls, calls) = calls.into_iter().partition(|call: &Call| call.is_worker);
        Self { runtime, implementation, calls, worker_calls, tasks, ticks, hooks }
    }

    /// Returns whether the impl is that of a struct, so that code can be generated for it.
    pub(crate) fn has_room(&self) -> bool {
        matches!(self.implementation.self_ty, Type::Path(_))
    }
}

/// Makes elided lifetimes `'static`.
fn make_static(ty: &mut Type) {
    let Type::Path(path) = ty else { return };
    let Some(PathArguments::AngleBracketed(arguments)) = path.path.segments.last_mut().map(|last| &mut last.arguments)
    else {
        return;
    };
    for argument in &mut arguments.args {
        if let GenericArgument::Lifetime(lifetime) = argument
            && lifetime.ident == "_"
        {
            lifetime.ident = Ident::new("static", lifetime.ident.span());
        }
    }
}

/// Reports a hook whose role another method has, and returns whether there is none.
fn is_first(hook: &Hook, before: &[Hook], errors: &mut Errors) -> bool {
    // Two hooks under `#[cfg]` may exclude each other.
    let same = |other: &&Hook| other.kind == hook.kind && other.cfgs.is_empty() && hook.cfgs.is_empty();
    let Some(first) = before.iter().find(same) else { return true };
    let (role, one, other) = (hook.kind.role(), &first.method, &hook.method);
    let message = format!("both `{one}` and `{other}` are the hook `{role}`: remove one of them");
    errors.between(one.span(), other.span(), message);
    false
}

fn call(method: &Method, marker: &Marker, errors: &mut Errors) -> Option<Call> {
    let signature = &method.signature;
    let is_plain = plain(signature, CALL, errors);
    let is_shared = shared_receiver(signature, CALL, errors);
    // Errors about the other parameters would be misleading without `self`.
    let params = if is_shared { handler_params(signature, CALL, errors) } else { None };
    let name = marker.name.clone().unwrap_or_else(|| default_name(&signature.ident));
    let kind = if marker.kind == MarkerKind::Procedure {
        let Some(ty) = returned(signature).filter(|ty| !is_nothing(ty)) else {
            let message = "a procedure returns its answer: write `-> Result<Answer>`, or make it an `#[event]`";
            errors.span(return_span(signature), message);
            return None;
        };
        CallKind::Procedure {
            reply: marker.reply.clone().unwrap_or_else(|| Text::new(&format!("{}Result", name.value()), name.span())),
            answer: Box::new(answer(ty).clone()),
            is_named: is_named(quote::quote!(#ty)),
        }
    } else {
        CallKind::Event
    };
    if !is_plain {
        return None;
    }
    Some(Call {
        name,
        kind,
        method: signature.ident.clone(),
        is_async: signature.asyncness.is_some(),
        is_worker: marker.is_worker,
        params: params?,
        docs: docs(&method.attributes),
        cfgs: cfgs(&method.attributes),
        returns: return_span(signature),
    })
}

fn default_name(method: &Ident) -> Text {
    Text::new(&method.unraw().to_string().to_lower_camel_case(), method.span())
}

fn hook(method: &Method, marker: &Marker, errors: &mut Errors) -> Option<Hook> {
    let signature = &method.signature;
    // A bare `#[hook]` has the role of its method's name.
    let (name, known) = match &marker.role {
        Some(role) => (role, HOOKS.each_ref().map(HookKind::role)),
        None => (&signature.ident, HOOKS.each_ref().map(|kind| kind.method)),
    };
    let at = known.iter().position(|known| name == known);
    let Some(kind) = at.map(|at| &HOOKS[at]) else {
        let hint = hint(&name.to_string(), &known, "there are");
        errors.at(name, format!("there is no hook `{name}`: {hint}"));
        return None;
    };
    if !plain(signature, CALL, errors) {
        return None;
    }
    if !kind.fits(signature) {
        let signature_of_hook = kind.signature(&signature.ident);
        let message = format!("this is not how the hook `{name}` is written: write `{signature_of_hook}`");
        errors.at(signature, message);
        return None;
    }
    Some(Hook {
        kind,
        method: signature.ident.clone(),
        is_async: signature.asyncness.is_some(),
        params: typed(signature).into_iter().map(Spanned::span).collect(),
        cfgs: cfgs(&method.attributes),
        returns: return_span(signature),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_becomes_an_event_in_camel_case() {
        let names = [
            ("send_message", "sendMessage"),
            ("double", "double"),
            ("_private__name_", "privateName"),
            ("ping_2", "ping2"),
            ("size3d_set", "size3dSet"),
            ("größe_ändern", "größeÄndern"),
        ];
        for (method, event) in names {
            assert_eq!(default_name(&Ident::new(method, Span::call_site())).value(), event);
        }
    }
}
