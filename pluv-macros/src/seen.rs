//! What is seen of a room in its file, besides what the macro is given.

use syn::{Field, Fields, Item, Type};

use crate::{
    beside::{Beside, attributes, derives, type_name},
    check,
    errors::Errors,
    model::{BORROWED, Call, Definition, Handlers, Name, Params, borrowed},
    outputs::{self, Output},
    parse::{is_room, options_among},
    place,
};

/// What is seen of a struct.
#[derive(Default)]
pub(crate) struct OfStruct {
    /// The outputs with a doc comment.
    pub(crate) outputs: Vec<Output>,
    pub(crate) user_without_id: Option<syn::Error>,
    pub(crate) borrowed_user: Option<syn::Error>,
    pub(crate) borrowed_presence: Option<syn::Error>,
}

/// What is seen of an impl.
#[derive(Clone, Copy, Default)]
pub(crate) struct OfImpl {
    /// Whether another impl has the room's handlers.
    pub(crate) has_another_impl: bool,
    /// Whether the struct is no room.
    pub(crate) is_plain_struct: bool,
}

/// Looks at what a room's options name.
pub(crate) fn of_struct(definition: &Definition, errors: &mut Errors) -> OfStruct {
    let beside =
        place::source().and_then(|(source, is_root)| Beside::of_struct(&source, is_root, &definition.item.ident));
    beside.map_or_else(OfStruct::default, |beside| types(definition, &beside, errors))
}

pub(crate) fn types(definition: &Definition, beside: &Beside, errors: &mut Errors) -> OfStruct {
    let options = &definition.options;
    let found = |ty: &Option<Type>| ty.as_ref().and_then(|ty| Some((ty.clone(), beside.find(ty)?)));
    let outputs = options.output.as_ref().map(|output| outputs::read(output, beside, errors));
    let reason = |ty: &Option<Type>, reason: &dyn Fn(&Item) -> Option<String>| {
        let (ty, item) = found(ty)?;
        reason(item).map(|reason| syn::Error::new_spanned(ty, reason))
    };
    OfStruct {
        outputs: outputs.unwrap_or_default(),
        user_without_id: reason(&options.user, &|item| no_id(item, beside)),
        borrowed_user: reason(&options.user, &borrows),
        borrowed_presence: reason(&options.presence, &borrows),
    }
}

/// Why clients can't tell such users apart, if they can't.
fn no_id(item: &Item, beside: &Beside) -> Option<String> {
    let name = type_name(item)?;
    let has_id = match item {
        Item::Struct(item) => fields(&item.fields).any(|field| field.ident.as_ref().is_some_and(|name| name == "id")),
        _ => false,
    };
    (!has_id && !beside.is_deref(name)).then(|| {
        format!("clients tell users apart by their field `id`, and `{name}` has none: write `pub id: String` in it")
    })
}

/// Why a type can't be read from a message, where it says so itself.
fn borrows(item: &Item) -> Option<String> {
    let fields: Vec<_> = match item {
        Item::Struct(item) => fields(&item.fields).collect(),
        Item::Enum(item) => item.variants.iter().flat_map(|variant| fields(&variant.fields)).collect(),
        _ => return None,
    };
    let borrowed = |field: &&Field| {
        let ty = &field.ty;
        // A reference, and not a lifetime alone. serde's own attributes may read it otherwise.
        let has_reference = quote::quote!(#ty).to_string().contains('&');
        has_reference
            && borrowed(quote::quote!(#ty)).is_some()
            && !field.attrs.iter().any(|attribute| attribute.path().is_ident("serde"))
    };
    (derives(item, "Deserialize") && fields.iter().any(borrowed))
        .then(|| format!("`{}` borrows: {BORROWED}", type_name(item).map_or_else(String::new, ToString::to_string)))
}

fn fields(fields: &Fields) -> impl Iterator<Item = &Field> {
    fields.iter()
}

/// Looks at what a room's impl goes with.
pub(crate) fn of_impl(handlers: &mut Handlers, errors: &mut Errors) -> OfImpl {
    let room = handlers.implementation.self_ty.clone();
    let beside = place::source().and_then(|(source, is_root)| Beside::of_impl(&source, is_root, &room));
    beside.map_or_else(OfImpl::default, |beside| whole(handlers, &beside, errors))
}

pub(crate) fn whole(handlers: &mut Handlers, beside: &Beside, errors: &mut Errors) -> OfImpl {
    let room = beside.find(&handlers.implementation.self_ty);
    handlers.calls.retain(|call| {
        let Params::Input(_, ty) = &call.params else { return true };
        let reason = beside.find(ty).and_then(borrows);
        if let Some(reason) = &reason {
            errors.at(ty, reason);
        }
        reason.is_none()
    });
    if let Some(options) = room.and_then(|room| options_among(attributes(room)))
        && let Some(output) = &options.output
    {
        let outputs = outputs::sent(output, beside);
        for call in &handlers.calls {
            check_reply(call, &outputs, errors);
        }
    }
    OfImpl {
        has_another_impl: has_another_impl(handlers, beside, errors),
        is_plain_struct: room.is_some_and(|room| !attributes(room).iter().any(is_room)),
    }
}

fn check_reply(call: &Call, outputs: &[(String, String)], errors: &mut Errors) {
    let Some(Name { text, span }) = check::reply(call) else { return };
    if let Some((_, variant)) = outputs.iter().find(|(name, _)| name == text) {
        let message = format!(
            "the answer of `{}` is called `{text}`, and so is `{variant}`: give it another name with \
             `#[procedure(reply = \"..\")]`",
            call.method
        );
        errors.span(*span, message);
    }
}

/// Whether the handlers stand in another impl, so that those of this one are no room's.
fn has_another_impl(handlers: &Handlers, beside: &Beside, errors: &mut Errors) -> bool {
    let implementation = &handlers.implementation;
    let (of_trait, own): (Vec<_>, Vec<_>) =
        beside.impls(&implementation.self_ty).into_iter().partition(|item| item.trait_.is_some());
    if implementation.of_trait.is_some() {
        // That it is of a trait has been said.
        return !own.is_empty() || of_trait.len() > 1;
    }
    let [first, .., _] = &own[..] else { return false };
    let names = |item: &syn::ItemImpl| {
        let methods = item.items.iter().filter_map(|item| match item {
            syn::ImplItem::Fn(method) => Some(method.sig.ident.to_string()),
            _ => None,
        });
        methods.collect::<Vec<_>>()
    };
    if names(first) == implementation.methods() {
        return false;
    }
    let message = "the handlers of a room stand in one impl: move these to its other `#[pluv::room] impl`";
    errors.at(&implementation.self_ty, message);
    true
}

#[cfg(test)]
mod tests {
    use syn::parse_str;

    use super::*;

    #[test]
    fn a_type_that_borrows_is_known_by_its_fields() {
        let borrows = |source: &str| borrows(&parse_str(&format!("#[derive(Deserialize)] {source}")).expect("an item"));
        for source in [
            "struct Say<'a> { text: &'a str }",
            "struct User { id: &'static str }",
            "struct Say<'a>(Vec<&'a str>);",
            "enum Say<'a> { Text(&'a str), Nothing }",
        ] {
            assert!(borrows(source).is_some_and(|reason| reason.contains("`String` in place of `&str`")), "{source}");
        }
        for source in [
            "struct Say { text: String }",
            "struct Say<'a> { text: Cow<'a, str> }",
            "struct Say<'a> { text: Other<'a> }",
            "struct Say<'a>(PhantomData<&'a u8>);",
            "struct Say<'a> { #[serde(skip)] text: &'a str }",
        ] {
            assert_eq!(borrows(source), None, "{source}");
        }
    }
}
