//! The meaning of the annotated impl.

use proc_macro2::{Ident, Span};
use syn::{Attribute, GenericArgument, Path, PathArguments, Signature, Type, ext::IdentExt as _, spanned::Spanned};

use super::{
    Name, Params, cfgs, docs, runtime,
    signature::{
        answer, complete, handler_params, is_named, is_nothing, plain, return_span, returned, shared_receiver, typed,
    },
};
use crate::{
    errors::Errors,
    names::{camel_case, hint},
    parse::{Implementation, Marker, MarkerKind, Member, Method, Options, crate_alone, take_marker},
};

/// The handlers of a room.
pub(crate) struct Handlers {
    pub(crate) runtime: Path,
    /// The impl, without the markers.
    pub(crate) implementation: Implementation,
    pub(crate) calls: Vec<Call>,
    pub(crate) hooks: Vec<Hook>,
}

/// A method that clients call: an event or a procedure.
pub(crate) struct Call {
    pub(crate) name: Name,
    pub(crate) kind: CallKind,
    pub(crate) method: Ident,
    pub(crate) is_async: bool,
    pub(crate) params: Params,
    pub(crate) docs: String,
    /// The `#[cfg]`s that it stands under.
    pub(crate) cfgs: Vec<Attribute>,
    /// The place of an error about its return type.
    pub(crate) returns: Span,
}

pub(crate) enum CallKind {
    Event,
    Procedure {
        reply: Name,
        /// The answer's type, as the signature names it.
        answer: Box<Type>,
        /// Whether the answer has a name, which one of an `impl Trait` does not.
        is_named: bool,
    },
}

impl Call {
    /// The name of a procedure's answer.
    pub(crate) fn reply(&self) -> Option<&Name> {
        match &self.kind {
            CallKind::Procedure { reply, .. } => Some(reply),
            CallKind::Event => None,
        }
    }
}

/// A method that the room itself calls.
pub(crate) struct Hook {
    pub(crate) kind: HookKind,
    pub(crate) method: Ident,
    pub(crate) is_async: bool,
    /// The places of its parameters.
    pub(crate) params: Vec<Span>,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) returns: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookKind {
    Create,
    Authorize,
    UserConnected,
    UserDisconnected,
    Message,
    InitialStorage,
    StorageUpdated,
    RoomDeleted,
}

impl HookKind {
    const ALL: [Self; 8] = [
        Self::Create,
        Self::Authorize,
        Self::UserConnected,
        Self::UserDisconnected,
        Self::Message,
        Self::InitialStorage,
        Self::StorageUpdated,
        Self::RoomDeleted,
    ];

    /// The name in `#[hook(..)]`.
    fn role(self) -> &'static str {
        self.method().trim_start_matches("on_").trim_start_matches("get_")
    }

    /// The name of the method that a bare `#[hook]` stands on, which is that of the runtime's trait too.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Authorize => "authorize",
            Self::UserConnected => "on_user_connected",
            Self::UserDisconnected => "on_user_disconnected",
            Self::Message => "on_message",
            Self::InitialStorage => "get_initial_storage",
            Self::StorageUpdated => "on_storage_updated",
            Self::RoomDeleted => "on_room_deleted",
        }
    }

    /// The signature of a hook whose method is called `name`.
    fn signature(self, name: &Ident) -> String {
        match self {
            Self::Create => format!("fn {name}(env: &Env) -> Result<Self>"),
            Self::Authorize => {
                format!("async fn {name}(req: &Request, env: &Env, room: &str) -> Result<Option<User>>")
            }
            Self::UserConnected | Self::UserDisconnected | Self::StorageUpdated => {
                format!("async fn {name}(&self, cx: &Context) -> Result<()>")
            }
            Self::Message => format!("async fn {name}(&self, cx: &Context, message: &Message<'_>) -> Result<()>"),
            Self::RoomDeleted => format!("async fn {name}(&self, room: &FinalState<'_>) -> Result<()>"),
            Self::InitialStorage => format!("async fn {name}(&self, room: &str) -> Result<Option<Vec<u8>>>"),
        }
    }

    /// Whether a signature can be called as this hook. Its types are checked by rustc.
    fn fits(self, signature: &Signature) -> bool {
        let params = typed(signature).len();
        let is_async = signature.asyncness.is_some();
        let shared =
            signature.receiver().map(|receiver| matches!(receiver.kind, syn::ReceiverKind::Reference(_, _, None)));
        let returns = returned(signature).is_some();
        match self {
            Self::Create => shared.is_none() && params == 1 && !is_async && returns,
            Self::Authorize => shared.is_none() && params == 3 && returns,
            Self::RoomDeleted => shared == Some(true) && params == 1,
            Self::UserConnected | Self::UserDisconnected | Self::StorageUpdated => shared == Some(true) && params <= 1,
            Self::InitialStorage => shared == Some(true) && params == 1 && returns,
            Self::Message => shared == Some(true) && params == 2,
        }
    }
}

impl Handlers {
    pub(crate) fn new(mut implementation: Implementation, options: Options, errors: &mut Errors) -> Self {
        crate_alone(&options, errors);
        // Everything that follows from a reference would be reported of its target.
        while let Type::Reference(reference) = implementation.self_ty {
            errors.at(reference.and_token, "a room is a struct: write `impl Room`, with its name");
            implementation.self_ty = *reference.elem;
        }
        // A generic room is refused at its struct; what follows from that is no error of its own.
        make_static(&mut implementation.self_ty);
        let runtime = runtime(options.krate);
        let (mut calls, mut hooks) = (Vec::new(), Vec::new());
        let mut known: Vec<Ident> = Vec::new();
        implementation.members.retain_mut(|member| {
            let Member::Method(method) = member else { return true };
            let Some(marker) = take_marker(&mut method.attributes, errors) else { return true };
            method.is_handler = true;
            // Of two under `#[cfg]` there may never be both.
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
                MarkerKind::Event | MarkerKind::Procedure => calls.extend(call(method, &marker, errors)),
            }
            complete(&mut method.signature, &runtime);
            true
        });
        Self { runtime, implementation, calls, hooks }
    }

    /// Whether anything can be generated for the impl: it is that of a struct.
    pub(crate) fn has_room(&self) -> bool {
        matches!(self.implementation.self_ty, Type::Path(_))
    }
}

/// Makes elided lifetimes `'static`, as those of a room are.
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

/// Whether no other method has the hook's role.
fn is_first(hook: &Hook, before: &[Hook], errors: &mut Errors) -> bool {
    // Of two under `#[cfg]` there may never be both.
    let same = |other: &&Hook| other.kind == hook.kind && other.cfgs.is_empty() && hook.cfgs.is_empty();
    let Some(first) = before.iter().find(same) else { return true };
    let (role, one, other) = (hook.kind.role(), &first.method, &hook.method);
    let message = format!("both `{one}` and `{other}` are the hook `{role}`: remove one of them");
    errors.between(one.span(), other.span(), message);
    false
}

fn call(method: &Method, marker: &Marker, errors: &mut Errors) -> Option<Call> {
    let signature = &method.signature;
    let is_plain = plain(signature, errors);
    let is_shared = shared_receiver(signature, errors);
    // The other parameters say little where `self` is missing.
    let params = if is_shared { handler_params(signature, errors) } else { None };
    let name = marker.name.as_ref().map_or_else(|| default_name(&signature.ident), Name::from);
    let kind = if marker.kind == MarkerKind::Procedure {
        let Some(ty) = returned(signature).filter(|ty| !is_nothing(ty)) else {
            let message = "a procedure returns its answer: write `-> Result<Answer>`, or make it an `#[event]`";
            errors.span(return_span(signature), message);
            return None;
        };
        let default = || Name { text: format!("{}Result", name.text), span: name.span };
        CallKind::Procedure {
            reply: marker.reply.as_ref().map_or_else(default, Name::from),
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
        params: params?,
        docs: docs(&method.attributes),
        cfgs: cfgs(&method.attributes),
        returns: return_span(signature),
    })
}

fn default_name(method: &Ident) -> Name {
    Name { text: camel_case(&method.unraw().to_string()), span: method.span() }
}

fn hook(method: &Method, marker: &Marker, errors: &mut Errors) -> Option<Hook> {
    let signature = &method.signature;
    // A bare `#[hook]` is told by its method's name.
    let (name, known) = match &marker.role {
        Some(role) => (role, HookKind::ALL.map(HookKind::role)),
        None => (&signature.ident, HookKind::ALL.map(HookKind::method)),
    };
    let at = known.iter().position(|known| name == known);
    let Some(kind) = at.map(|at| HookKind::ALL[at]) else {
        let hint = hint(&name.to_string(), &known, "there are");
        errors.at(name, format!("there is no hook `{name}`: {hint}"));
        return None;
    };
    if !plain(signature, errors) {
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
