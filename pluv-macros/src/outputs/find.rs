//! The enum that an option names.

use syn::{Attribute, Ident, Item, ItemEnum, Type};

/// The enum that `output` names in the module where the room's struct stands.
pub(super) fn beside(source: &str, room: &Ident, output: &Type) -> Option<ItemEnum> {
    let Type::Path(path) = output else { return None };
    let name = path.path.get_ident()?;
    if !source.contains(&format!("enum {name}")) {
        return None;
    }
    in_module_of(syn::parse_file(source).ok()?.items, room, name)
}

fn in_module_of(items: Vec<Item>, room: &Ident, name: &Ident) -> Option<ItemEnum> {
    if items.iter().any(|item| matches!(item, Item::Struct(item) if item.ident == *room)) {
        let mut named = items.into_iter().filter_map(|item| match item {
            Item::Enum(item) if item.ident == *name => Some(item),
            _ => None,
        });
        let found = named.next().filter(|found| !is_conditional(&found.attrs));
        // Of several under `#[cfg]`, one is meant.
        return found.filter(|_| named.next().is_none());
    }
    items.into_iter().find_map(|item| match item {
        Item::Mod(module) => in_module_of(module.content?.1, room, name),
        _ => None,
    })
}

/// Whether it is not always there, or not always as it is written.
pub(super) fn is_conditional(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr"))
}
