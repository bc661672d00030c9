//! Where a room stands in its file, which the macro is not told.

use std::{env, fs, slice};

use proc_macro::Span;
use syn::{Block, Ident, ImplItem, Item, Stmt, Type};

/// The file that is compiled, and whether the crate begins in it. Editors have none.
pub(crate) fn source() -> Option<(String, bool)> {
    let file = proc_macro::is_available().then(|| Span::call_site().local_file()).flatten()?;
    let stem = file.file_stem()?.to_string_lossy().replace('-', "_");
    let is_root = ["lib", "main"].contains(&&*stem) || env::var("CARGO_CRATE_NAME").is_ok_and(|name| name == stem);
    Some((fs::read_to_string(file).ok()?, is_root))
}

/// Whether the impl of this room stands in the body of a function. A test that stands there never runs.
pub(crate) fn is_in_function(room: &Type) -> bool {
    let Some((source, _)) = source() else { return false };
    // What stands at the start of its line is in no function, and to read a file takes a while.
    Span::call_site().column() > 1 && finds_in_function(&source, room)
}

fn finds_in_function(source: &str, room: &Type) -> bool {
    // One that a macro makes is not found at all.
    syn::parse_file(source).is_ok_and(|file| !in_modules(&file.items, room) && in_functions(&file.items, room))
}

fn in_modules(items: &[Item], room: &Type) -> bool {
    items.iter().any(|item| match item {
        Item::Mod(module) => module.content.as_ref().is_some_and(|(_, items)| in_modules(items, room)),
        item => is_impl(item, room),
    })
}

fn in_functions(items: &[Item], room: &Type) -> bool {
    items.iter().any(|item| match item {
        Item::Mod(module) => module.content.as_ref().is_some_and(|(_, items)| in_functions(items, room)),
        Item::Fn(function) => in_block(&function.block, room),
        Item::Impl(item) => item.items.iter().any(|item| match item {
            ImplItem::Fn(method) => in_block(&method.block, room),
            _ => false,
        }),
        _ => false,
    })
}

fn in_block(block: &Block, room: &Type) -> bool {
    block.stmts.iter().any(|statement| match statement {
        Stmt::Item(item) => {
            is_impl(item, room) || in_modules(slice::from_ref(item), room) || in_functions(slice::from_ref(item), room)
        }
        _ => false,
    })
}

fn is_impl(item: &Item, room: &Type) -> bool {
    matches!(item, Item::Impl(item) if item.trait_.is_none() && name(&item.self_ty) == name(room))
}

fn name(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::finds_in_function;

    #[test]
    fn a_room_in_a_function_is_told_from_one_in_a_module() {
        let finds = |source: &str| finds_in_function(source, &parse_quote!(Chat));
        for source in [
            "fn f() { struct Chat; impl Chat {} }",
            "mod m { pub fn f() { fn g() { impl Chat {} } } }",
            "impl Other { fn f() { impl Chat {} } }",
            "fn f() { mod m { impl Chat {} } }",
        ] {
            assert!(finds(source), "{source}");
        }
        for source in [
            "impl Chat {}",
            "mod m { impl Chat {} }",
            "impl Chat {} fn f() { impl Chat {} }",
            "fn f() { impl Other {} impl Room for Chat {} }",
            "make!(Chat);",
            "no rust",
        ] {
            assert!(!finds(source), "{source}");
        }
    }
}
