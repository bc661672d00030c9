//! The file of a room: its contents, and its place beside the crate's `Cargo.toml`.

use std::{env, ffi::OsStr, fmt::Write as _, fs, path::Path};

use serde::Serialize;

use super::{
    description::{Call, Description},
    outputs::Output,
    syntax::{comment, fields, lay_out, object, parse, uncomment, with_optional_fields},
};
use crate::{
    api::{Handlers, Options, Room},
    probe::Probe,
};

/// The environment variable with another directory than `bindings`, relative to the crate's own.
const DIRECTORY: &str = "PLUV_BINDINGS_DIR";
/// The environment variable with the mode; in the mode `check` nothing is written.
const MODE: &str = "PLUV_BINDINGS";

/// The client in each file. It knows no room.
pub(super) const CLIENT: &str = include_str!("client.ts");

/// The names that TypeScript or the file itself uses for something else.
pub(super) const TAKEN: &[&str] = &["Array", "Record", "connect", "yjs", "CrdtLibraryType", "NoopCrdtDocFactory"];

/// Writes the file of the room of `R`, whose crate is in `manifest`, or checks it.
///
/// # Panics
/// When there can't be such a file, or it differs from the one that exists: this is for tests.
pub(crate) fn export<R: Handlers>(manifest: &str) {
    let directory = env::var_os(DIRECTORY).unwrap_or_else(|| "bindings".into());
    let path = Path::new(manifest).join(directory).join(format!("{}.ts", <R::Room as Room>::OPTIONS.name));
    let is_check = env::var_os(MODE).as_deref() == Some(OsStr::new("check"));
    let text = describe::<R>().and_then(|room| file(&room));
    let result = text.and_then(|text| place(&path, &text, is_check));
    if let Err(reason) = result {
        panic!("{reason}");
    }
}

/// Describes the room of `R`, with the fields optional that clients may omit.
///
/// # Errors
/// The types whose JSON differs from what ts-rs declares, and what to write.
pub(super) fn describe<R: Handlers>() -> Result<Description, String> {
    let mut room = Description::of::<R>();
    let mut probe = Probe::default();
    probe.read::<<R::Room as Room>::Presence>();
    for read in R::EVENT_TYPES.iter().filter_map(|event| event.probe) {
        read(&mut probe);
    }
    let mut reasons = apply(&probe, &mut room);
    let presence = <R::Room as Room>::Presence::default();
    reasons.extend(unsent(&room, room.presence.as_deref(), &presence));
    if let Some(user) = Probe::default().read::<<R::Room as Room>::User>() {
        reasons.extend(unsent(&room, room.user.as_deref(), &user));
    }
    if reasons.is_empty() { Ok(room) } else { Err(reasons.join("\n")) }
}

/// Compares what clients send with what is declared, and makes fields optional that they may omit.
fn apply(probe: &Probe, room: &mut Description) -> Vec<String> {
    let mut reasons = Vec::new();
    for (path, name) in &room.declared.names {
        let Some(declaration) = room.declared.types.get_mut(name) else { continue };
        let parts = parse(&declaration.text);
        let Some(object) = object(&parts) else { continue };
        let Some(read) = probe.read_as.get(path).and_then(|path| probe.find(path)) else {
            if probe.scalars.contains(path) {
                reasons.push(format!(
                    "`{name}` is read as another type than ts-rs declares, as by `#[serde(from = \"..\")]` or \
                     `#[serde(transparent)]`: name that type with `#[ts(as = \"..\")]`"
                ));
            }
            continue;
        };
        for field in fields(object) {
            let is_tag = matches!(field.ty, [only] if only.is_quoted());
            if !field.is_optional && !is_tag && !read.fields.contains(&*field.name) {
                reasons.push(format!(
                    "`{name}` is read without the field `{}`, as by `#[serde(rename(deserialize = \"..\"))]` or \
                     `#[serde(skip_deserializing)]`, which ts-rs does not support: write `#[ts(rename = \"..\")]` for \
                     the name that clients send, `#[ts(skip)]`, or `#[ts(as = \"..\")]` for a type that is converted",
                    field.name
                ));
            }
        }
        let is_sent = room.sent.contains(name);
        // `PluvInput` makes an `Option` optional, unless its null may be one of its values.
        let is_optional = |field: &str| match read.options.get(field) {
            Some(is_nullable) => *is_nullable,
            None => !is_sent && read.omissible.contains(field),
        };
        declaration.text = with_optional_fields(&declaration.text, is_optional);
    }
    reasons
}

/// Compares a value that clients are sent with the declaration of its type.
fn unsent(room: &Description, name: Option<&str>, value: &impl Serialize) -> Vec<String> {
    let declaration = name.and_then(|name| room.declared.types.get(name));
    let (Some(declaration), Ok(json)) = (declaration, serde_json::to_value(value)) else { return Vec::new() };
    let parts = parse(&declaration.text);
    let fields = object(&parts).into_iter().flat_map(fields);
    let missing = fields.filter(|field| !field.is_optional && json.get(&*field.name).is_none());
    let reason = |field: &str| {
        format!(
            "`{}` may be sent without the field `{field}`, as by `#[serde(skip_serializing_if = \"..\")]` or \
             `#[serde(rename(serialize = \"..\"))]`, which ts-rs does not support: write `#[ts(optional = nullable)]` for \
             a field that may be missing, or `#[ts(rename = \"..\")]` for the name that clients see",
            name.unwrap_or_default()
        )
    };
    missing.map(|field| reason(&field.name)).collect()
}

/// Writes the file, or checks it.
fn place(path: &Path, text: &str, is_check: bool) -> Result<(), String> {
    let shown = path.display();
    // A checkout may have converted the ends of lines.
    if fs::read_to_string(path).is_ok_and(|present| present.replace("\r\n", "\n") == text) {
        return Ok(());
    }
    if is_check {
        return Err(format!("{shown} is not what the room gives: run `cargo test` without `{MODE}`, and commit it"));
    }
    let directory = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(directory).and_then(|()| fs::write(path, text));
    written.map_err(|error| format!("{shown} can't be written: {error}"))
}

/// Returns the file of a room.
///
/// # Errors
/// The reason why there can't be one, for the room's author.
pub(super) fn file(room: &Description) -> Result<String, String> {
    let name = room.options.name;
    check_types(room)?;
    let outputs = room.outputs.as_ref().map_err(|reason| format!("the output type of `{name}`: {reason}"))?;
    check_procedures(room, outputs)?;
    let mut text = format!(
        "// The room `{name}`, generated by `cargo test`: do not edit.\n/* eslint-disable */\n\n{}",
        import(room)
    );
    for declaration in room.declared.types.values() {
        let docs = declaration.docs.as_deref().map(uncomment).unwrap_or_default();
        let _ = write!(text, "\n{}export {}\n", comment(&docs, 0), lay_out(&declaration.text, 0));
    }
    let _ = write!(text, "\n{}\n{CLIENT}\n{}", room_type(room, &outputs_type(room, outputs)), connect(room));
    Ok(text)
}

fn check_types(room: &Description) -> Result<(), String> {
    let room_name = room.options.name;
    if let Some(reason) = room.declared.faults.first() {
        return Err(format!("of what `{room_name}` sends or takes, {reason}"));
    }
    if let Some(name) = room.declared.clashes.first() {
        return Err(format!(
            "two types that `{room_name}` sends or takes are called `{name}` in TypeScript: give one of them another \
             name with `#[ts(rename = \"..\")]`"
        ));
    }
    let output = format!("{room_name}Output");
    let own = [room_name, &output];
    let taken = |name: &&String| own.iter().chain(TAKEN).any(|taken| name == taken) || name.starts_with("Pluv");
    if let Some(name) = room.declared.types.keys().find(taken) {
        return Err(format!(
            "the type `{name}` can't be called so in the file of `{room_name}`, which calls something else so: give it \
             another name with `#[ts(rename = \"..\")]`"
        ));
    }
    Ok(())
}

/// Checks that the answers of procedures have names of their own, by which clients tell them apart.
fn check_procedures(room: &Description, outputs: &[Output]) -> Result<(), String> {
    let name = room.options.name;
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

/// Returns the import from the stock client's packages. Without these it is `any`, which `connect` works with.
fn import(room: &Description) -> &'static str {
    if room.has_storage {
        "// @ts-ignore: `connect` does without the package.\nimport type { yjs } from \"@pluv/crdt-yjs\";\n"
    } else {
        "// @ts-ignore: `connect` does without the package.\n\
         import type { CrdtLibraryType, NoopCrdtDocFactory } from \"@pluv/crdt\";\n"
    }
}

/// Returns the record of all that the room can send, answers of procedures included.
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
    if let Some(shared) = &room.shared {
        let docs = comment("The room's `shared` state: the whole of it, or the fields that have changed.", 0);
        let fields = format!("globalThis.Partial<{shared}>");
        let _ = write!(
            text,
            "{docs}shared: {{ version: number, whole: boolean, fields: {fields}, removed?: string[], }}, "
        );
    }
    text.push('}');
    text
}

fn room_type(room: &Description, outputs: &str) -> String {
    let Description { options, types, has_storage, user, presence, shared, calls, .. } = room;
    let name = options.name;
    let unknown = "{ [name: string]: any }";
    let authorize = match user {
        Some(user) if options.has_user => format!("PluvAuthorize<{user}>"),
        _ => "null".to_owned(),
    };
    let crdt = if *has_storage { "typeof yjs" } else { "CrdtLibraryType<NoopCrdtDocFactory>" };
    let mut text = String::new();
    let output_docs = room.docs_of_outputs.as_deref().map(uncomment).unwrap_or_default();
    let _ = write!(text, "{}export type {name}Output = {};\n\n", comment(&output_docs, 0), lay_out(outputs, 0));
    let _ = write!(text, "{}export type {name} = {{\n  _defs: {{\n", comment(types.docs, 0));
    let _ = write!(text, "    authorize: {authorize};\n    crdt: {crdt};\n    events: {{\n");
    for call in calls {
        let (docs, input) = (comment(call.docs, 3), call.input());
        let _ = writeln!(text, "{docs}      {}: PluvEvent<{input}, {name}Output>;", key(call.name));
    }
    text.push_str("    };\n    // Used by `connect` only.\n    procedures: {\n");
    for call in calls.iter().filter(|call| call.reply.is_some()) {
        let (docs, input, answer) = (comment(call.docs, 3), call.input(), call.answer());
        let _ = writeln!(text, "{docs}      {}: {{ input: {input}; answer: {answer} }};", key(call.name));
    }
    let presence = presence.as_deref().unwrap_or(unknown);
    let _ = write!(text, "    }};\n    output: {name}Output;\n    presence: {presence};\n");
    if let Some(shared) = shared {
        let _ = writeln!(text, "    shared: {shared};");
    }
    text.push_str("  };\n};\n");
    text.replace("{\n    };", "{};")
}

impl Call {
    fn input(&self) -> String {
        match &self.input {
            Some(input) => format!("PluvInput<{input}>"),
            // The data of an event without an input is not read.
            None => "{}".to_owned(),
        }
    }

    fn answer(&self) -> &str {
        self.answer.as_deref().unwrap_or("unknown")
    }
}

fn connect(room: &Description) -> String {
    let Options { name, path, has_user, .. } = &room.options;
    let shared = if room.shared.is_some() { ", shared: true" } else { "" };
    format!(
        "/** Connects to the room `name` of `{name}`, and stays connected until `close`. */\n\
         export function connect<R extends PluvRoom = {name}>(name: string, options: PluvOptions<R> = {{}}): \
         PluvConnection<R> {{\n  \
           return new PluvConnection<R>(name, {{ path: {path:?}, authorize: {has_user}{shared} }}, options);\n\
         }}\n"
    )
}

/// Returns a name as a key of an object.
fn key(name: &str) -> String {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    if name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit()) {
        name.to_owned()
    } else {
        crate::protocol::quoted(name)
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_file_is_written_and_then_checked() {
        let directory = std::env::temp_dir().join(format!("pluv-bindings-{}", std::process::id()));
        let path = directory.join("deeper/Chat.ts");
        let missing = place(&path, "one", true).expect_err("there is none");
        assert!(missing.contains("run `cargo test`"), "{missing}");
        place(&path, "one\n", false).expect("it is written");
        place(&path, "one\n", true).expect("it is the same");
        assert!(place(&path, "two\n", true).is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "one\n", "a check writes nothing");
        std::fs::write(&path, "one\r\n").expect("it is written");
        place(&path, "one\n", true).expect("only the ends of lines differ");
        std::fs::remove_dir_all(directory).expect("it is removed");
    }
}
