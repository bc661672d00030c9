//! The hooks that a room can have.

use proc_macro2::Ident;
use syn::{ReceiverKind, Signature};

use super::signature::{returned, typed};

type Str = &'static str;

/// A hook that a room can have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HookKind {
    /// The name of the method that a bare `#[hook]` stands on, which is that of the runtime's trait too.
    pub(crate) method: Str,
    pub(crate) params: &'static [Str],
    /// The type in the hook's `Result`.
    pub(crate) returns: Str,
    /// The runtime's assertion about the room.
    pub(crate) assertion: Option<Str>,
}

/// All hooks.
pub(super) static HOOKS: [HookKind; 13] = [
    kind("create", &["env: &Env", "room: &str"], "Self", None),
    kind("authorize", &["req: &Request", "env: &Env", "room: &str"], "Option<User>", Some("assert_has_user")),
    kind("migrate_state", &["stored: serde_json::Value"], "State", Some("assert_has_state")),
    kind("on_wake", &["&self", "cx: &TaskContext"], "()", None),
    kind("on_connect", &["&self", "cx: &Context", "upgrade: &Upgrade"], "()", None),
    kind("on_request", &["&self", "cx: &TaskContext", "req: Request", "user: Option<User>"], "Response", None),
    kind("on_user_connected", &["&self", "cx: &Context"], "()", None),
    kind("on_user_disconnected", &["&self", "cx: &Context"], "()", None),
    kind("on_message", &["&self", "cx: &Context", "message: &Message<'_>"], "()", None),
    kind("on_task_failed", &["&self", "cx: &TaskContext", "task: &FailedTask"], "()", None),
    kind("get_initial_storage", &["&self", "room: &str"], "Option<Vec<u8>>", Some("assert_has_document")),
    kind("on_storage_updated", &["&self", "cx: &Context"], "()", Some("assert_has_document")),
    kind("on_room_deleted", &["&self", "room: &FinalState<'_>"], "()", Some("assert_has_document")),
];

const fn kind(method: Str, params: &'static [Str], returns: Str, assertion: Option<Str>) -> HookKind {
    HookKind { method, params, returns, assertion }
}

impl HookKind {
    /// Returns the name in `#[hook(..)]`.
    pub(crate) fn role(&self) -> Str {
        self.method.trim_start_matches("on_").trim_start_matches("get_")
    }

    /// Returns whether the hook makes the room.
    pub(crate) fn is_create(&self) -> bool {
        self.method == "create"
    }

    /// Returns whether the hook converts a stored state, before there is a room: it is not `async`.
    pub(crate) fn is_migration(&self) -> bool {
        self.method == "migrate_state"
    }

    /// Returns whether the runtime always calls the hook, and so is not told that there is one.
    pub(crate) fn is_always_called(&self) -> bool {
        self.is_create() || self.is_migration()
    }

    /// Returns how many of the last parameters may be left out.
    fn optional(&self) -> usize {
        match self.method {
            "create"
            | "on_request"
            | "on_wake"
            | "on_user_connected"
            | "on_user_disconnected"
            | "on_storage_updated" => 1,
            _ => 0,
        }
    }

    /// Returns whether the hook takes `&self`.
    pub(crate) fn has_receiver(&self) -> bool {
        self.params[0] == "&self"
    }

    /// Returns whether the runtime runs it as a transaction, if it is not `async`.
    pub(crate) fn has_context(&self) -> bool {
        self.params.get(1).is_some_and(|param| param.starts_with("cx: "))
    }

    /// Returns the signature of a hook whose method is called `name`.
    pub(super) fn signature(&self, name: &Ident) -> String {
        let asyncness = if self.is_always_called() { "" } else { "async " };
        format!("{asyncness}fn {name}({}) -> Result<{}>", self.params.join(", "), self.returns)
    }

    /// Returns whether a signature can be called as this hook. Its types are checked by rustc.
    pub(super) fn fits(&self, signature: &Signature) -> bool {
        let receiver =
            signature.receiver().map(|receiver| matches!(receiver.kind, ReceiverKind::Reference(_, _, None)));
        let count = usize::from(receiver.is_some()) + typed(signature).len();
        let is_complete = count <= self.params.len() && count + self.optional() >= self.params.len();
        let has_value = self.returns == "()" || returned(signature).is_some();
        let is_async = signature.asyncness.is_some();
        receiver == self.has_receiver().then_some(true)
            && is_complete
            && has_value
            && !(self.is_migration() && is_async)
    }
}
