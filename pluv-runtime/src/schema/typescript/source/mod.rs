//! The types of a room where they are written, for what serde is told and ts-rs does not follow.
//!
//! ts-rs passes over an attribute of serde that it does not know. What it writes is then not what crosses the wire.

mod attributes;
mod defaults;
mod unfollowed;

use std::{
    any::type_name,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use syn::{Attribute, Item};

use self::unfollowed::{Direction, unfollowed};
use crate::{
    room::{Handlers, Room},
    schema::types::{Declarations, TypeInfo},
};

pub(super) use self::defaults::with_defaults;

/// For types by their names in TypeScript, which of the fields may be left out.
pub(super) type Defaults = BTreeMap<String, Vec<bool>>;

/// Reads the types of the room `R` as far as they stand in the sources of its crate, which are in `manifest`: what
/// clients send and are not sent may leave out what has a default.
///
/// # Errors
/// What is not followed, and what to write.
pub(super) fn read<R: Handlers>(manifest: &Path) -> Result<Defaults, String> {
    let types = Types::of::<R>();
    let package = type_name::<R>().split("::").next().unwrap_or_default();
    let source = manifest.join("src");
    let (mut reasons, mut defaults) = (Vec::new(), Defaults::new());
    for path in files(&source) {
        // Where serde is told nothing, ts-rs does as it does.
        let text = fs::read_to_string(&path).ok().filter(|text| text.contains("serde("));
        let Some(items) = text.and_then(|text| syn::parse_file(&text).ok()) else { continue };
        let shown = path.strip_prefix(manifest).unwrap_or(&path).display();
        let module = package.to_owned() + &module(path.strip_prefix(&source).unwrap_or(&path));
        each(&items.items, &module, &mut |name, item| {
            let Some((name, direction)) = types.find(name) else { return };
            reasons.extend(unfollowed(item, direction).into_iter().map(|reason| format!("{shown}: {reason}")));
            if direction.is_read && !direction.is_written {
                defaults.insert(name.to_owned(), defaults::of(item));
            }
        });
    }
    if reasons.is_empty() { Ok(defaults) } else { Err(reasons.join("\n")) }
}

/// What clients send, and what they are sent.
#[derive(Default)]
struct Types {
    read: Declarations,
    written: Declarations,
}

impl Types {
    fn of<R: Handlers>() -> Self {
        let mut types = Self::default();
        let name = |ty: Option<TypeInfo>, declared: &mut Declarations| ty.map(|ty| (ty.name)(declared));
        for event in R::EVENT_TYPES {
            name(event.input, &mut types.read);
            name(event.answer, &mut types.written);
        }
        let room = <R::Room as Room>::TYPES;
        name(room.presence, &mut types.read);
        name(room.presence, &mut types.written);
        name(room.user, &mut types.written);
        room.output.map(|ty| (ty.definition)(&mut types.written));
        types
    }

    /// What the type of that path is called in TypeScript, and which way it goes, if the room has it.
    fn find(&self, path: &str) -> Option<(&str, Direction)> {
        // What a type is generic over stands behind its path.
        let is_it = |(found, _): &(&&str, _)| found.split('<').next() == Some(path);
        let [read, written] = [&self.read, &self.written].map(|declared| declared.paths.iter().find(is_it));
        let direction = Direction { is_read: read.is_some(), is_written: written.is_some() };
        read.or(written).map(|(_, name)| (&**name, direction))
    }
}

/// The files of Rust in a directory, in the order of their names.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let expand = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    let all = paths.into_iter().flat_map(expand);
    all.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The module that is in a file, from the crate's root on: `::a::b`.
fn module(file: &Path) -> String {
    let file = file.with_extension("");
    let parts: Vec<_> = file.iter().map(|part| part.to_string_lossy()).collect();
    let parts = match &parts[..] {
        [root] if root == "lib" || root == "main" => &[],
        [module @ .., last] if last == "mod" => module,
        all => all,
    };
    parts.iter().map(|part| format!("::{part}")).collect()
}

/// Calls `f` with each struct and enum, and its path. One under `#[cfg]` may not be the one that is meant.
fn each<'a>(items: &'a [Item], module: &str, f: &mut impl FnMut(&str, &'a Item)) {
    let is_there = |attributes: &[Attribute]| !attributes.iter().any(|attribute| attribute.path().is_ident("cfg"));
    for item in items {
        match item {
            Item::Struct(found) if is_there(&found.attrs) => f(&format!("{module}::{}", found.ident), item),
            Item::Enum(found) if is_there(&found.attrs) => f(&format!("{module}::{}", found.ident), item),
            Item::Mod(found) => {
                let inner = found.content.as_ref().map(|(_, items)| &items[..]);
                each(inner.unwrap_or_default(), &format!("{module}::{}", found.ident), f);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{each, module};

    #[test]
    fn a_type_is_found_by_its_module() {
        let modules = ["lib.rs", "main.rs", "a.rs", "a/mod.rs", "a/b.rs"].map(|file| module(Path::new(file)));
        assert_eq!(modules, ["", "", "::a", "::a", "::a::b"]);
        let source = "struct A; #[cfg(test)] struct A(u8); mod b; mod c { enum B { C } mod d { union E { f: u8 } struct F; } } fn f() { struct G; }";
        let mut found = Vec::new();
        each(&syn::parse_file(source).expect("it is Rust").items, "x::a", &mut |path, _| found.push(path.to_owned()));
        assert_eq!(found, ["x::a::A", "x::a::c::B", "x::a::c::d::F"]);
    }
}
