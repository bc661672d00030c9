//! The declarations of types that derive `TS`, and the messages of an output type.

use std::{
    any::{Any, TypeId, type_name},
    collections::BTreeSet,
    panic::{self, AssertUnwindSafe},
};

use ts_rs::{Config, TS, TypeVisitor};

use super::syntax::{Kind, Part, definition, fields, parse, repair, split, text_of};
use crate::schema::{
    description::Output,
    types::{Declaration, Declarations, Typed},
};

#[diagnostic::do_not_recommend]
impl<T: TS + 'static> Typed for T {
    fn name(declared: &mut Declarations) -> Option<String> {
        declared.visit::<T>();
        T::visit_generics(declared);
        Some(repair(&<T as TS>::name(&config())))
    }

    fn definition(declared: &mut Declarations) -> Declaration {
        T::visit_dependencies(declared);
        Declaration { text: declared.write::<T>(T::inline), docs: <T as TS>::docs() }
    }
}

/// Returns the configuration of ts-rs: JSON has one type of numbers.
fn config() -> Config {
    Config::new().with_large_int("number")
}

impl Declarations {
    /// Returns what `write` writes for `T`. Where ts-rs panics, that becomes a fault, and the type is `unknown`.
    fn write<T: TS + ?Sized>(&mut self, write: fn(&Config) -> String) -> String {
        match panic::catch_unwind(AssertUnwindSafe(|| write(&config()))) {
            Ok(text) => repair(&text),
            Err(reason) => {
                self.faults.push(fault(&<T as TS>::name(&config()), &*reason));
                "unknown".to_owned()
            }
        }
    }
}

fn fault(name: &str, reason: &(dyn Any + Send)) -> String {
    let text = reason.downcast_ref::<String>().map(String::as_str).or_else(|| reason.downcast_ref().copied());
    let text = text.unwrap_or_default();
    let remedy = if text.contains("flattened") {
        "in place of an `Option`, flatten a struct whose fields are options"
    } else {
        "say what it is with `#[ts(type = \"..\")]`"
    };
    format!("`{name}` can't be written in TypeScript, `{text}`: {remedy}")
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.visited.insert(TypeId::of::<T>()) {
            return;
        }
        // A type without a file of its own has a name that TypeScript knows.
        if T::output_path().is_some() {
            let declaration = Declaration { text: self.write::<T>(T::decl), docs: T::docs() };
            let name = T::ident(&config());
            self.names.insert(type_name::<T>(), name.clone());
            if *self.types.entry(name.clone()).or_insert_with(|| declaration.clone()) != declaration {
                self.clashes.push(name);
            }
        }
        T::visit_dependencies(self);
    }
}

/// Lists the messages of an output type, which is an enum with `#[serde(tag = "type", content = "data")]`; `docs` are
/// their doc comments.
///
/// # Errors
/// The reason why a room can't send the type, for its author.
pub(in crate::schema) fn outputs(
    ty: &str,
    declared: &Declarations,
    docs: &[(&'static str, &'static str)],
) -> Result<Vec<Output>, String> {
    let all = parse(ty);
    if ty == "never" {
        return Ok(Vec::new());
    }
    let mut outputs: Vec<Output> = Vec::new();
    let mut names = BTreeSet::new();
    for variant in split(&all, &["|"]) {
        let Some((name, data)) = message(ty, variant) else {
            let shown = text_of(ty, variant);
            return Err(format!(
                "it can't be sent as `{shown}`: the output type is an enum that writes `type` and `data`, so put \
                 `#[serde(tag = \"type\", content = \"data\")]` on it"
            ));
        };
        if name.starts_with('$') {
            return Err(format!("`{name}` can't be sent: names that begin with `$` belong to the protocol"));
        }
        if !names.insert(name.clone()) {
            return Err(format!("two of its variants are called `{name}`: rename one of them"));
        }
        if !is_object(&data, declared) {
            return Err(format!(
                "the data of `{name}` must be an object, and is `{data}`: give its variant named fields"
            ));
        }
        let docs = docs.iter().find(|(known, _)| *known == name).map_or("", |(_, docs)| docs);
        outputs.push(Output { name, docs, data });
    }
    Ok(outputs)
}

/// Returns the name and the data of `{ "type": "name", "data": .. }`, which may have no data.
fn message(ty: &str, variant: &[Part<'_>]) -> Option<(String, String)> {
    let [object] = variant else { return None };
    let (mut name, mut data) = (None, "null".to_owned());
    for field in fields(object).filter(|_| object.is_group('{')) {
        match (&*field.name, field.ty) {
            ("type", [only]) if only.is_quoted() => name = Some(only.unquoted().into_owned()),
            ("data", parts @ [_, ..]) => data = text_of(ty, parts).to_owned(),
            _ => return None,
        }
    }
    Some((name?, data))
}

/// Returns whether JSON of this type is an object or null, as far as that is known.
fn is_object(ty: &str, declared: &Declarations) -> bool {
    let mut ty = ty;
    // A chain of names is no longer than the list of declarations, unless it is a circle.
    for _ in 0..=declared.types.len() {
        let parts = parse(ty);
        let parts = definition(&parts);
        let Some(first) = parts.first() else { return true };
        if parts.iter().any(|part| part.is_group('[')) || first.is_quoted() {
            return false;
        }
        if first.kind != Kind::Word {
            return true;
        }
        if matches!(first.text, "number" | "string" | "boolean" | "bigint" | "Array") {
            return false;
        }
        match declared.types.get(first.text) {
            Some(declaration) => ty = &declaration.text,
            None => return true,
        }
    }
    true
}
