//! From a room to the file beside its crate's `Cargo.toml`.

use std::{env, ffi::OsStr, fs, path::Path};

use super::{file::file, source};
use crate::{
    room::{Handlers, Room},
    schema::Description,
};

/// Another directory than `bindings`, from the crate's own on.
const DIRECTORY: &str = "PLUV_BINDINGS_DIR";
/// What to do: `check` writes nothing.
const MODE: &str = "PLUV_BINDINGS";

/// Writes the file of the room `R`, whose crate is in `manifest`; or checks it.
///
/// # Panics
/// When there can't be such a file, or it differs from the one that is there: this is for tests.
pub(crate) fn export<R: Handlers>(manifest: &str) {
    let directory = env::var_os(DIRECTORY).unwrap_or_else(|| "bindings".into());
    let path = Path::new(manifest).join(directory).join(format!("{}.ts", <R::Room as Room>::OPTIONS.name));
    let check = env::var_os(MODE).as_deref() == Some(OsStr::new("check"));
    let text = source::read::<R>(Path::new(manifest)).and_then(|defaults| {
        let mut room = Description::of::<R>();
        for (name, fields) in defaults {
            if let Some(declaration) = room.declared.types.get_mut(&name) {
                declaration.text = source::with_defaults(&declaration.text, &fields);
            }
        }
        file(&room)
    });
    let result = text.and_then(|text| place(&path, &text, check));
    if let Err(reason) = result {
        panic!("{reason}");
    }
}

/// Makes the file what it should be, or checks that it is.
fn place(path: &Path, text: &str, check: bool) -> Result<(), String> {
    let shown = path.display();
    // A checkout may have given its lines the ends of another system.
    if fs::read_to_string(path).is_ok_and(|present| present.replace("\r\n", "\n") == text) {
        return Ok(());
    }
    if check {
        return Err(format!("{shown} is not what the room gives: run `cargo test` without `{MODE}`, and commit it"));
    }
    let directory = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(directory).and_then(|()| fs::write(path, text));
    written.map_err(|error| format!("{shown} can't be written: {error}"))
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
