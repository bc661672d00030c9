//! The description of a room, from which its JSON and its TypeScript are written.

use std::any::TypeId;

use serde_json::{Map, Value, json};

use super::types::{Declarations, EventTypes, RoomTypes};
use crate::{
    api::{Handlers, Options, Room},
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
    /// The messages that the room can send, or why they can't be listed.
    pub(super) outputs: Result<Vec<Output>, String>,
    /// The doc comment of the output type.
    #[cfg(feature = "ts")]
    pub(super) docs_of_outputs: Option<String>,
    pub(super) calls: Vec<Call>,
    pub(super) declared: Declarations,
    /// The declared types that clients receive.
    #[cfg(feature = "ts")]
    pub(super) sent: std::collections::BTreeSet<String>,
}

/// A message that a room can send.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) docs: &'static str,
    pub(super) data: String,
}

/// An event or a procedure.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) docs: &'static str,
    pub(super) reply: Option<&'static str>,
    pub(super) input: Option<String>,
    pub(super) answer: Option<String>,
}

impl Description {
    /// Describes the room of `R`.
    pub(crate) fn of<R: Handlers>() -> Self {
        let types = <R::Room as Room>::TYPES;
        let mut declared = Declarations::default();
        let user = types.user.and_then(|name| name(&mut declared));
        let presence = types.presence.and_then(|name| name(&mut declared));
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
                (super::typescript::outputs(&definition.text, &declared, types.messages()), definition.docs)
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
            #[cfg(feature = "ts")]
            outputs,
            #[cfg(not(feature = "ts"))]
            outputs: Ok(Vec::new()),
            #[cfg(feature = "ts")]
            docs_of_outputs,
            declared,
            #[cfg(feature = "ts")]
            sent,
        }
    }

    /// Returns the description as JSON, without what is not known.
    pub(crate) fn into_json(self) -> Value {
        let (procedures, events): (Vec<_>, Vec<_>) = self.calls.into_iter().partition(|call| call.reply.is_some());
        let list = |calls: Vec<Call>| calls.into_iter().map(Call::into_json).collect::<Value>();
        let mut json = json!({
            "name": self.options.name,
            "docs": self.types.docs,
            "path": self.options.path,
            "authorize": self.options.has_user,
            "storage": self.has_storage,
            "events": list(events),
            "procedures": list(procedures),
        });
        let known = [("user", self.user), ("presence", self.presence)];
        for (key, ty) in known.into_iter().filter_map(|(key, ty)| Some((key, ty?))) {
            json[key] = ty.into();
        }
        if cfg!(feature = "ts") {
            let outputs = self.outputs.unwrap_or_default().into_iter();
            json["outputs"] = outputs
                .map(|output| json!({ "name": output.name, "docs": output.docs, "data": output.data }))
                .collect();
            let types = self.declared.types.into_iter();
            json["types"] =
                types.map(|(name, ty)| (name, Value::from(ty.docs.unwrap_or_default() + &ty.text))).collect();
        }
        json
    }
}

impl Call {
    fn into_json(self) -> Value {
        let mut json = Map::new();
        json.insert("name".to_owned(), self.name.into());
        json.insert("docs".to_owned(), self.docs.into());
        let known = [("reply", self.reply.map(str::to_owned)), ("input", self.input), ("answer", self.answer)];
        json.extend(known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))));
        json.into()
    }
}
