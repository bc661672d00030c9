//! What the annotated impl means.

use proc_macro2::{Ident, Span};
use syn::{Attribute, GenericArgument, Path, PathArguments, Signature, Type, spanned::Spanned};

use super::{
    Name, Params, docs, runtime,
    signature::{
        answered, complete_contexts, handler_params, is_named, is_nothing, plain, return_span, returned,
        shared_receiver, typed,
    },
};
use crate::{
    errors::Errors,
    names::{camel_case, closest},
    parse::{Implementation, Marker, MarkerKind, Member, Method, Options, take_marker},
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
    /// Where to point when its return type is wrong.
    pub(crate) returns: Span,
}

pub(crate) enum CallKind {
    Event,
    Procedure {
        reply: Name,
        /// What its signature calls the answer.
        answer: Box<Type>,
        /// Whether the answer has a name, which one of an `impl Trait` does not.
        is_named: bool,
    },
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
    OnUserConnected,
    OnUserDisconnected,
    OnMessage,
    GetInitialStorage,
    OnStorageUpdated,
    OnRoomDeleted,
}

impl HookKind {
    const ALL: [(&'static str, Self); 8] = [
        ("create", Self::Create),
        ("authorize", Self::Authorize),
        ("on_user_connected", Self::OnUserConnected),
        ("on_user_disconnected", Self::OnUserDisconnected),
        ("on_message", Self::OnMessage),
        ("get_initial_storage", Self::GetInitialStorage),
        ("on_storage_updated", Self::OnStorageUpdated),
        ("on_room_deleted", Self::OnRoomDeleted),
    ];

    /// How the hook is written.
    fn signature(self) -> &'static str {
        match self {
            Self::Create => "fn create(env: &Env) -> Result<Self>",
            Self::Authorize => "async fn authorize(req: &Request, env: &Env, room: &str) -> Result<Option<User>>",
            Self::OnUserConnected => "async fn on_user_connected(&self, cx: &Context<'_, Self>) -> Result<()>",
            Self::OnUserDisconnected => "async fn on_user_disconnected(&self, cx: &Context<'_, Self>) -> Result<()>",
            Self::OnMessage => {
                "async fn on_message(&self, cx: &Context<'_, Self>, message: &Message<'_>) -> Result<()>"
            }
            Self::OnStorageUpdated => "async fn on_storage_updated(&self, cx: &Context<'_, Self>) -> Result<()>",
            Self::OnRoomDeleted => "async fn on_room_deleted(&self, room: &Deleted<'_>) -> Result<()>",
            Self::GetInitialStorage => "async fn get_initial_storage(&self, room: &str) -> Result<Option<Vec<u8>>>",
        }
    }

    /// Whether a signature can be called as this hook. What the types are is for rustc to say.
    fn fits(self, signature: &Signature) -> bool {
        let params = typed(signature).len();
        let is_async = signature.asyncness.is_some();
        let shared =
            signature.receiver().map(|receiver| matches!(receiver.kind, syn::ReceiverKind::Reference(_, _, None)));
        let returns = returned(signature);
        match self {
            Self::Create => shared.is_none() && params == 1 && !is_async && returns.is_some(),
            Self::Authorize => shared.is_none() && params == 3 && returns.is_some(),
            Self::OnRoomDeleted => shared == Some(true) && params == 1,
            Self::OnUserConnected | Self::OnUserDisconnected | Self::OnStorageUpdated => {
                shared == Some(true) && params <= 1
            }
            Self::GetInitialStorage => shared == Some(true) && params == 1 && returns.is_some(),
            Self::OnMessage => shared == Some(true) && params == 2,
        }
    }
}

impl Handlers {
    pub(crate) fn new(mut implementation: Implementation, options: Options, errors: &mut Errors) -> Self {
        for name in options.names.iter().filter(|name| *name != "crate") {
            errors
                .at(name, format!("the option `{name}` goes on the struct: write a bare `#[pluv::room]` on its impl"));
        }
        // What follows from a reference is said of what it refers to.
        while let Type::Reference(reference) = implementation.self_ty {
            errors.at(reference.and_token, "a room is a struct: write `impl Room`, with its name");
            implementation.self_ty = *reference.elem;
        }
        // What is generic is refused at the struct; what follows from it is no error of its own.
        last(&mut implementation.self_ty);
        let (mut calls, mut hooks) = (Vec::new(), Vec::new());
        let mut seen: Vec<Ident> = Vec::new();
        implementation.members.retain_mut(|member| {
            let Member::Method(method) = member else { return true };
            let Some(marker) = take_marker(&mut method.attributes, errors) else { return true };
            method.is_handler = true;
            // Of two under `#[cfg]` there may never be both.
            if cfgs(&method.attributes).is_empty() {
                let ident = &method.signature.ident;
                if let Some(first) = seen.iter().find(|first| *first == ident) {
                    let message = format!("there are two handlers `{ident}`: rename or remove one");
                    errors.between(first.span(), ident.span(), message);
                    return false;
                }
                seen.push(ident.clone());
            }
            match marker.kind {
                MarkerKind::Hook => hooks.extend(hook(method, errors)),
                MarkerKind::Event | MarkerKind::Procedure => calls.extend(call(method, &marker, errors)),
            }
            complete_contexts(&mut method.signature);
            true
        });
        Self { runtime: runtime(options.krate), implementation, calls, hooks }
    }

    /// Whether anything can be generated for the impl: it is that of a struct.
    pub(crate) fn has_room(&self) -> bool {
        matches!(self.implementation.self_ty, Type::Path(_))
    }
}

/// Makes elided lifetimes last, as those of a room do.
fn last(ty: &mut Type) {
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

fn call(method: &Method, marker: &Marker, errors: &mut Errors) -> Option<Call> {
    let signature = &method.signature;
    let is_plain = plain(signature, errors);
    let is_shared = shared_receiver(signature, errors);
    // What follows `self` says little where `self` is missing.
    let params = if is_shared { handler_params(signature, errors) } else { None };
    let name = marker.name.as_ref().map_or_else(|| default_name(&signature.ident), Name::from);
    let kind = match marker.kind {
        MarkerKind::Procedure => {
            let Some(ty) = returned(signature).filter(|ty| !is_nothing(ty)) else {
                let message = "a procedure returns its answer: write `-> Result<Answer>`, or make it an `#[event]`";
                errors.span(return_span(signature), message);
                return None;
            };
            let reply = marker
                .reply
                .as_ref()
                .map_or_else(|| Name { text: format!("{}Result", name.text), span: name.span }, Name::from);
            CallKind::Procedure {
                reply,
                answer: Box::new(answered(ty).clone()),
                is_named: is_named(quote::quote!(#ty)),
            }
        }
        MarkerKind::Event | MarkerKind::Hook => CallKind::Event,
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
    let text = method.to_string();
    Name { text: camel_case(text.trim_start_matches("r#")), span: method.span() }
}

fn hook(method: &Method, errors: &mut Errors) -> Option<Hook> {
    let signature = &method.signature;
    let name = signature.ident.to_string();
    let Some((_, kind)) = HookKind::ALL.into_iter().find(|(known, _)| *known == name) else {
        let names = HookKind::ALL.map(|(name, _)| name);
        let hint = match closest(&name, &names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are `{}`", names.join("`, `")),
        };
        errors.at(&signature.ident, format!("there is no hook `{name}`: {hint}"));
        return None;
    };
    if !plain(signature, errors) {
        return None;
    }
    if !kind.fits(signature) {
        errors.at(signature, format!("this is not how the hook `{name}` is written: write `{}`", kind.signature()));
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

/// The `#[cfg]`s, which what is generated for the method stands under too.
fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}
