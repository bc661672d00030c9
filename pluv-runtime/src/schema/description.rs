//! The description of a room, from which its JSON and its TypeScript are written.

use std::any::TypeId;

use serde::Serialize;
use serde_json::{Value, json};

#[cfg(feature = "ts")]
use super::outputs::{Output, outputs};
use crate::{
    api::{Declarations, EventTypes, Handlers, Options, Room, RoomTypes},
    document::NoStorage,
};

/// A room's events with their types, where these are known.
#[derive(Debug)]
pub(crate) struct Description {
    pub(super) options: Options,
    pub(super) types: RoomTypes,
    pub(super) has_storage: bool,
    pub(super) user: Option<String>,
    pub(super) presence: Option<String>,
    pub(super) shared: Option<String>,
    /// The messages that the room can send, or why they can't be listed.
    #[cfg(feature = "ts")]
    pub(super) outputs: Result<Vec<Output>, String>,
    /// The doc comment of the output type.
    #[cfg(feature = "ts")]
    pub(super) docs_of_outputs: Option<String>,
    pub(super) calls: Vec<Call>,
    #[cfg(feature = "ts")]
    pub(super) declared: Declarations,
    /// The declared types that clients receive.
    #[cfg(feature = "ts")]
    pub(super) sent: std::collections::BTreeSet<String>,
}

/// An event or a procedure.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) docs: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<String>,
}

impl Description {
    /// Describes the room of `R`.
    pub(crate) fn of<R: Handlers>() -> Self {
        let types = <R::Room as Room>::TYPES;
        let mut declared = Declarations::default();
        let user = types.user.and_then(|name| name(&mut declared));
        let presence = types.presence.and_then(|name| name(&mut declared));
        let shared = types.shared.and_then(|name| name(&mut declared));
        let calls = R::EVENTS.iter().enumerate().map(|(at, event)| {
            let types = R::EVENT_TYPES.get(at).copied().unwrap_or_default();
            let answer = types.answer.and_then(|name| name(&mut declared));
            (types, Call { name: event.name(), docs: event.docs(), reply: event.reply(), input: None, answer })
        });
        let calls: Vec<_> = calls.collect();
        #[cfg(feature = "ts")]
        let (outputs, docs_of_outputs) = match types.output {
            Some(definition) => {
                let definition = definition(&mut declared);
                (outputs(&definition.text, &declared, types.messages), definition.docs)
            }
            None => (Ok(Vec::new()), None),
        };
        #[cfg(feature = "ts")]
        let sent = declared.types.keys().cloned().collect();
        let input = |(types, call): (EventTypes, Call)| Call {
            input: types.input.and_then(|name| name(&mut declared)),
            ..call
        };
        Self {
            calls: calls.into_iter().map(input).collect(),
            options: <R::Room as Room>::OPTIONS,
            types,
            has_storage: TypeId::of::<<R::Room as Room>::Storage>() != TypeId::of::<NoStorage>(),
            user,
            presence,
            shared,
            #[cfg(feature = "ts")]
            outputs,
            #[cfg(feature = "ts")]
            docs_of_outputs,
            #[cfg(feature = "ts")]
            declared,
            #[cfg(feature = "ts")]
            sent,
        }
    }

    /// Returns the description as JSON, without what is not known.
    pub(crate) fn into_json(self) -> Value {
        let (procedures, events): (Vec<_>, Vec<_>) = self.calls.into_iter().partition(|call| call.reply.is_some());
        let mut json = json!({
            "name": self.options.name,
            "docs": self.types.docs,
            "path": self.options.path,
            "authorize": self.options.has_user,
            "storage": self.has_storage,
            "events": events,
            "procedures": procedures,
        });
        let known = [("user", self.user), ("presence", self.presence), ("shared", self.shared)];
        for (key, ty) in known.into_iter().filter_map(|(key, ty)| Some((key, ty?))) {
            json[key] = ty.into();
        }
        #[cfg(feature = "ts")]
        {
            json["outputs"] = json!(self.outputs.unwrap_or_default());
            let types = self.declared.types.into_iter();
            json["types"] =
                types.map(|(name, ty)| (name, Value::from(ty.docs.unwrap_or_default() + &ty.text))).collect();
        }
        json
    }
}
