//! What else stands in the file of a room, which the macro is not given: the types that it names, and its other impls.
//!
//! Nothing depends on it that rustc does not check too. A macro's own words are better, and say what to write.

use syn::{Attribute, Ident, Item, ItemImpl, Type};

use crate::parse::is_room;

/// A file, and the module in it where the room stands.
pub(crate) struct Beside {
    items: Vec<Item>,
    module: Vec<Ident>,
    /// Whether `crate::` begins in it.
    is_root: bool,
}

impl Beside {
    /// The file of a room's struct.
    pub(crate) fn of_struct(source: &str, is_root: bool, room: &Ident) -> Option<Self> {
        Self::new(source, is_root, |item| type_name(item).is_some_and(|name| name == room))
    }

    /// The file of a room's impl.
    pub(crate) fn of_impl(source: &str, is_root: bool, room: &Type) -> Option<Self> {
        let room = text(room);
        Self::new(source, is_root, |item| impl_of(item, &room).is_some())
    }

    /// The file, unless what stands in one module stands in another too: then who knows which is meant.
    fn new(source: &str, is_root: bool, is_here: impl Fn(&Item) -> bool) -> Option<Self> {
        let items = syn::parse_file(source).ok()?.items;
        let mut modules = Vec::new();
        find_modules(&items, &mut Vec::new(), &is_here, &mut modules);
        let module = modules.pop().filter(|_| modules.is_empty())?;
        Some(Self { items, module, is_root })
    }

    /// The struct, enum or union that `ty` names, if it can be seen and is always as it is written.
    pub(crate) fn find(&self, ty: &Type) -> Option<&Item> {
        let Type::Path(path) = ty else { return None };
        if path.qself.is_some() || path.path.leading_colon.is_some() {
            return None;
        }
        let mut segments: Vec<_> = path.path.segments.iter().map(|segment| &segment.ident).collect();
        let name = segments.pop()?;
        let mut module = self.module.clone();
        for (at, segment) in segments.into_iter().enumerate() {
            match &*segment.to_string() {
                "self" if at == 0 => {}
                "crate" if at == 0 && self.is_root => module.clear(),
                "crate" => return None,
                "super" => drop(module.pop()?),
                _ => module.push(segment.clone()),
            }
        }
        let mut named =
            self.items_of(&module)?.iter().filter(|item| type_name(item).is_some_and(|known| known == name));
        let found = named.next().filter(|found| is_as_written(attributes(found)));
        // Of several under `#[cfg]`, one is meant.
        found.filter(|_| named.next().is_none())
    }

    /// The impls of the room with `#[pluv::room]` on them that are always there, in order.
    pub(crate) fn impls(&self, room: &Type) -> Vec<&ItemImpl> {
        let room = text(room);
        let items = self.items_of(&self.module).unwrap_or_default();
        let all = items.iter().filter_map(|item| impl_of(item, &room));
        all.filter(|item| item.attrs.iter().any(is_room) && is_as_written(&item.attrs)).collect()
    }

    /// Whether a type of this name is `Deref`.
    pub(crate) fn is_deref(&self, name: &Ident) -> bool {
        let of_deref = |item: &Item| {
            let Item::Impl(item) = item else { return false };
            let of_trait = item.trait_.as_ref().and_then(|(path, _)| path.segments.last());
            of_trait.is_some_and(|last| last.ident == "Deref")
                && matches!(&*item.self_ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == *name))
        };
        self.items.iter().any(of_deref) || self.items_of(&self.module).unwrap_or_default().iter().any(of_deref)
    }

    fn items_of(&self, module: &[Ident]) -> Option<&[Item]> {
        let mut items = &*self.items;
        for name in module {
            items = items.iter().find_map(|item| match item {
                Item::Mod(module) if module.ident == *name => module.content.as_ref().map(|(_, items)| &**items),
                _ => None,
            })?;
        }
        Some(items)
    }
}

fn find_modules(items: &[Item], path: &mut Vec<Ident>, is_here: &impl Fn(&Item) -> bool, found: &mut Vec<Vec<Ident>>) {
    if items.iter().any(is_here) {
        found.push(path.clone());
    }
    for item in items {
        if let Item::Mod(module) = item
            && let Some((_, items)) = &module.content
        {
            path.push(module.ident.clone());
            find_modules(items, path, is_here, found);
            path.pop();
        }
    }
}

fn impl_of<'a>(item: &'a Item, room: &str) -> Option<&'a ItemImpl> {
    match item {
        Item::Impl(item) => (text(&item.self_ty) == room).then_some(item),
        _ => None,
    }
}

/// A type, however it is spaced.
fn text(ty: &Type) -> String {
    quote::quote!(#ty).to_string().split_whitespace().collect()
}

/// What a type is called.
pub(crate) fn type_name(item: &Item) -> Option<&Ident> {
    match item {
        Item::Struct(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

/// What stands on a type.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        _ => &[],
    }
}

/// Attributes that change nothing of what stands below them.
const INERT: [&str; 13] = [
    "doc",
    "derive",
    "serde",
    "ts",
    "allow",
    "expect",
    "warn",
    "deny",
    "forbid",
    "deprecated",
    "must_use",
    "non_exhaustive",
    "repr",
];

/// Whether it is always there, and always as it is written: any other attribute may be a macro, which makes of it what it
/// likes.
pub(crate) fn is_as_written(attributes: &[Attribute]) -> bool {
    attributes.iter().all(|attribute| is_room(attribute) || INERT.iter().any(|name| attribute.path().is_ident(name)))
}

/// Whether it is not always there, or not always as it is written: of a part of a type, which no macro makes anything of.
pub(crate) fn is_conditional(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr"))
}

/// Whether a trait is derived for the type, by its name.
pub(crate) fn derives(item: &Item, name: &str) -> bool {
    attributes(item).iter().filter(|attribute| attribute.path().is_ident("derive")).any(|attribute| {
        let mut found = false;
        // What it does not understand is rustc's to report.
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.segments.last().is_some_and(|last| last.ident == name);
            Ok(())
        });
        found
    })
}

#[cfg(test)]
mod tests {
    use quote::format_ident;
    use syn::parse_str;

    use super::*;

    #[track_caller]
    fn finds(source: &str, ty: &str) -> bool {
        let beside = Beside::of_struct(source, true, &format_ident!("Chat"));
        beside.is_some_and(|beside| beside.find(&parse_str(ty).expect("it is a type")).is_some())
    }

    #[test]
    fn a_type_is_found_by_its_path_from_the_module_of_the_room() {
        let source = "enum Top {} mod a { struct Chat; enum Output {} mod b { struct Deep; } }";
        for ty in ["Output", "self::Output", "super::Top", "crate::Top", "b::Deep", "crate::a::b::Deep", "Output<u8>"] {
            assert!(finds(source, ty), "{ty}");
        }
        for ty in ["Top", "::a::Output", "super::super::Top", "other::Output", "<A as B>::Output", "[Output]"] {
            assert!(!finds(source, ty), "{ty}");
        }
    }

    #[test]
    fn what_may_be_another_is_not_found() {
        for source in [
            "struct Chat; #[cfg(test)] enum Output {}",
            "struct Chat; #[cfg_attr(test, derive(Debug))] enum Output {}",
            "struct Chat; #[with_more_variants] enum Output {}",
            "struct Chat; enum Output {} #[cfg(test)] enum Output {}",
            "mod a { struct Chat; enum Output {} } mod b { struct Chat; enum Output {} }",
            "fn f() { struct Chat; enum Output {} }",
            "struct Chat; enum Output {} and what is no Rust",
        ] {
            assert!(!finds(source, "Output"), "{source}");
        }
    }

    #[test]
    fn a_derive_is_known_by_its_last_name() {
        let item = |source: &str| parse_str::<Item>(source).expect("it is an item");
        assert!(derives(&item("#[derive(Debug, serde::Serialize)] struct A;"), "Serialize"));
        assert!(!derives(&item("#[derive(Debug)] #[serde(Serialize)] struct A;"), "Serialize"));
    }
}
