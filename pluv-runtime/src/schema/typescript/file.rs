//! The file of a room.

use std::fmt::Write as _;

use super::{
    layout::{comment, laid_out, uncommented},
    optional::optional,
};
use crate::schema::description::{Call, Description, Output};

/// The client that the file brings along. It knows no room.
pub(super) const CLIENT: &str = include_str!("client.ts");

/// What TypeScript or the file itself calls something else.
pub(super) const TAKEN: &[&str] = &["Array", "Record", "connect", "yjs", "CrdtLibraryType", "NoopCrdtDocFactory"];

/// The file of the room that is described.
///
/// # Errors
/// Why there can't be one, for who wrote the room.
pub(super) fn file(room: &Description) -> Result<String, String> {
    let name = room.name;
    check_types(room)?;
    let outputs = room.outputs.list.as_ref().map_err(|reason| format!("the output type of `{name}`: {reason}"))?;
    check_procedures(room, outputs)?;
    let mut text = format!(
        "// The room `{name}`, made by `cargo test`: what is changed here is lost.\n/* eslint-disable */\n\n{}",
        import(room)
    );
    for declaration in room.declared.types.values() {
        let docs = declaration.docs.as_deref().map(uncommented).unwrap_or_default();
        let declared = optional(&declaration.text, &room.declared);
        let _ = write!(text, "\n{}export {}\n", comment(&docs, 0), laid_out(&declared, 0));
    }
    let _ = write!(text, "\n{}\n{CLIENT}\n{}", room_type(room, &outputs_type(room, outputs)), connect(room));
    Ok(text)
}

fn check_types(room: &Description) -> Result<(), String> {
    if let Some(reason) = room.declared.faults.first() {
        return Err(format!("of what `{}` sends or takes, {reason}", room.name));
    }
    if let Some(name) = room.declared.clashes.first() {
        return Err(format!(
            "two types that `{}` sends or takes are called `{name}` in TypeScript: give one of them another name with \
             `#[ts(rename = \"..\")]`",
            room.name
        ));
    }
    let output = format!("{}Output", room.name);
    let own = [room.name, &output];
    let taken = |name: &&String| own.iter().chain(TAKEN).any(|taken| name == taken) || name.starts_with("Pluv");
    if let Some(name) = room.declared.types.keys().find(taken) {
        return Err(format!(
            "the type `{name}` can't be called so in the file of `{}`, which calls something else so: give it another \
             name with `#[ts(rename = \"..\")]`",
            room.name
        ));
    }
    Ok(())
}

/// The answers of procedures are told apart by their names, as `connect` tells procedures.
fn check_procedures(room: &Description, outputs: &[Output]) -> Result<(), String> {
    let name = room.name;
    let procedures = || room.calls.iter().filter_map(|call| Some((call.name, call.reply?)));
    for (at, (procedure, reply)) in procedures().enumerate() {
        if procedure == "then" {
            return Err(format!(
                "`{name}` has a procedure `then`, which JavaScript would take for that of a promise: give it another \
                 name with `#[procedure(name = \"..\")]`"
            ));
        }
        let other = if outputs.iter().any(|output| output.name == reply) {
            format!("an output of `{name}`")
        } else if let Some((before, _)) = procedures().take(at).find(|(_, before)| *before == reply) {
            format!("the answer of the procedure `{before}` of `{name}`")
        } else {
            continue;
        };
        return Err(format!(
            "`{reply}` is {other}, and the answer of the procedure `{procedure}`: give that another name with \
             `#[procedure(reply = \"..\")]`"
        ));
    }
    Ok(())
}

/// The types of the stock client's packages. Without these packages they are any type, which `connect` does not mind.
fn import(room: &Description) -> &'static str {
    if room.has_storage {
        "// @ts-ignore: `connect` does without the package.\nimport type { yjs } from \"@pluv/crdt-yjs\";\n"
    } else {
        "// @ts-ignore: `connect` does without the package.\n\
         import type { CrdtLibraryType, NoopCrdtDocFactory } from \"@pluv/crdt\";\n"
    }
}

/// The record of all that the room can send, answers of procedures too.
fn outputs_type(room: &Description, outputs: &[Output]) -> String {
    let mut text = String::from("{ ");
    for output in outputs {
        let _ = write!(text, "{}{}: {}, ", comment(output.docs, 0), key(&output.name), output.data);
    }
    for call in &room.calls {
        if let Some(reply) = call.reply {
            let _ = write!(text, "{}: {}, ", key(reply), call.answer());
        }
    }
    text.push('}');
    text
}

fn room_type(room: &Description, outputs: &str) -> String {
    let Description { name, docs, has_user, has_storage, user, presence, calls, .. } = room;
    let unknown = "{ [name: string]: any }";
    let authorize = match user {
        Some(user) if *has_user => format!("PluvAuthorize<{user}>"),
        _ => "null".to_owned(),
    };
    let crdt = if *has_storage { "typeof yjs" } else { "CrdtLibraryType<NoopCrdtDocFactory>" };
    let mut text = String::new();
    let output_docs = room.outputs.docs.as_deref().map(uncommented).unwrap_or_default();
    let _ = write!(text, "{}export type {name}Output = {};\n\n", comment(&output_docs, 0), laid_out(outputs, 0));
    let _ = write!(text, "{}export type {name} = {{\n  _defs: {{\n", comment(docs, 0));
    let _ = write!(text, "    authorize: {authorize};\n    crdt: {crdt};\n    events: {{\n");
    for call in calls {
        let (docs, input) = (comment(call.docs, 3), call.input());
        let _ = writeln!(text, "{docs}      {}: PluvEvent<{input}, {name}Output>;", key(call.name));
    }
    text.push_str("    };\n    // What only `connect` reads.\n    procedures: {\n");
    for call in calls.iter().filter(|call| call.reply.is_some()) {
        let (docs, input, answer) = (comment(call.docs, 3), call.input(), call.answer());
        let _ = writeln!(text, "{docs}      {}: {{ input: {input}; answer: {answer} }};", key(call.name));
    }
    let presence = presence.as_deref().unwrap_or(unknown);
    let _ = write!(text, "    }};\n    output: {name}Output;\n    presence: {presence};\n  }};\n}};\n");
    text.replace("{\n    };", "{};")
}

impl Call {
    fn input(&self) -> String {
        match &self.input {
            Some(input) => format!("PluvInput<{input}>"),
            // What an event without an input is sent with is not read.
            None => "{}".to_owned(),
        }
    }

    fn answer(&self) -> &str {
        self.answer.as_deref().unwrap_or("unknown")
    }
}

fn connect(room: &Description) -> String {
    let Description { name, path, has_user, .. } = room;
    format!(
        "/** Connects to the room `name` of `{name}`, and stays connected until `close`. */\n\
         export function connect<R extends PluvRoom = {name}>(name: string, options: PluvOptions<R> = {{}}): \
         PluvConnection<R> {{\n  \
           return new PluvConnection<R>(name, {{ path: {path:?}, authorize: {has_user} }}, options);\n\
         }}\n"
    )
}

/// A name as a key of an object.
fn key(name: &str) -> String {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    if name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit()) {
        name.to_owned()
    } else {
        crate::protocol::quoted(name)
    }
}
