//! All that can be told of a room.

use std::any::TypeId;

use serde_json::{Map, Value, json};

use super::types::{Declarations, EventTypes, RoomTypes, TypeInfo};
use crate::{
    room::{Handlers, Room},
    storage::NoStorage,
};

/// A room: its events with their types, where these are known.
#[derive(Debug)]
pub(crate) struct Description {
    pub(super) name: &'static str,
    pub(super) docs: &'static str,
    pub(super) path: &'static str,
    pub(super) has_user: bool,
    pub(super) has_storage: bool,
    pub(super) user: Option<String>,
    pub(super) presence: Option<String>,
    pub(super) outputs: Outputs,
    pub(super) calls: Vec<Call>,
    pub(super) declared: Declarations,
}

/// What a room can send.
#[derive(Debug)]
pub(super) struct Outputs {
    /// The doc comment of the type.
    #[cfg(feature = "ts")]
    pub(super) docs: Option<String>,
    /// Each with its data; or why it can't be told.
    pub(super) list: Result<Vec<Output>, String>,
}

impl Outputs {
    /// Nothing, or nothing that is known.
    fn none() -> Self {
        Self {
            #[cfg(feature = "ts")]
            docs: None,
            list: Ok(Vec::new()),
        }
    }
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
    /// Describes the room `R`.
    pub(crate) fn of<R: Handlers>() -> Self {
        let mut declared = Declarations::default();
        let mut name = |ty: Option<TypeInfo>| ty.and_then(|ty| (ty.name)(&mut declared));
        let (user, presence) = (name(<R::Room as Room>::TYPES.user), name(<R::Room as Room>::TYPES.presence));
        let calls = R::EVENTS.iter().enumerate().map(|(at, event)| {
            let types = R::EVENT_TYPES.get(at).copied().unwrap_or(EventTypes::new());
            Call {
                name: event.name(),
                docs: event.docs(),
                reply: event.reply(),
                input: name(types.input),
                answer: name(types.answer),
            }
        });
        let calls = calls.collect();
        let outputs = <R::Room as Room>::TYPES
            .output
            .map_or_else(Outputs::none, |ty| outputs(ty, <R::Room as Room>::TYPES, &mut declared));
        Self {
            name: <R::Room as Room>::OPTIONS.name,
            docs: <R::Room as Room>::TYPES.docs,
            path: <R::Room as Room>::OPTIONS.path,
            has_user: <R::Room as Room>::OPTIONS.has_user,
            has_storage: TypeId::of::<<R::Room as Room>::Storage>() != TypeId::of::<NoStorage>(),
            user,
            presence,
            outputs,
            calls,
            declared,
        }
    }

    /// As JSON. What is not known is not there.
    pub(crate) fn into_json(self) -> Value {
        let (procedures, events): (Vec<_>, Vec<_>) = self.calls.into_iter().partition(|call| call.reply.is_some());
        let list = |calls: Vec<Call>| calls.into_iter().map(Call::into_json).collect::<Value>();
        let mut json = json!({
            "name": self.name,
            "docs": self.docs,
            "path": self.path,
            "authorize": self.has_user,
            "storage": self.has_storage,
            "events": list(events),
            "procedures": list(procedures),
        });
        let known = [("user", self.user), ("presence", self.presence)];
        for (key, ty) in known.into_iter().filter_map(|(key, ty)| Some((key, ty?))) {
            json[key] = ty.into();
        }
        if cfg!(feature = "ts") {
            let outputs = self.outputs.list.unwrap_or_default();
            json["outputs"] = outputs
                .into_iter()
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

#[cfg(feature = "ts")]
fn outputs(ty: TypeInfo, room: RoomTypes, declared: &mut Declarations) -> Outputs {
    let definition = (ty.definition)(declared).unwrap_or_default();
    let mut list = super::typescript::outputs(&definition, declared);
    for output in list.iter_mut().flatten() {
        let docs = room.messages.iter().find(|(name, _)| *name == output.name);
        output.docs = docs.map_or("", |(_, docs)| docs);
    }
    Outputs { docs: (ty.docs)(), list }
}

#[cfg(not(feature = "ts"))]
fn outputs(_: TypeInfo, _: RoomTypes, _: &mut Declarations) -> Outputs {
    Outputs::none()
}
