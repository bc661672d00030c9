//! What wrangler deploys, held against a room: a class that is bound and has `SQLite`, and a crate that is built.
//!
//! As in the crate itself there is one way through: `find` the file, `parse` it to a `Value`, read the
//! `Configuration` out of it, `check` that against the room, and write a `message` with the `lines` to paste.

mod check;
mod classes;
mod configuration;
mod find;
mod fix;
mod lines;
mod message;
mod parse;
mod value;

use syn::ext::IdentExt as _;

use self::{
    check::{Place, Problem, Room},
    configuration::Configuration,
    find::File,
};
use crate::{errors::Errors, model::Definition, names::is_binding};

/// Checks a room against the configuration beside its `Cargo.toml`, and tells the name of that file, if there is one.
pub(crate) fn check(definition: &Definition, errors: &mut Errors) -> Option<&'static str> {
    let can_be_bound = definition.item.generics.params.is_empty() && is_binding(&definition.binding.value());
    if !definition.options.wrangler || !can_be_bound {
        return None;
    }
    let file = File::of_this_crate()?;
    report(&file, definition, errors);
    Some(file.name)
}

fn report(file: &File, definition: &Definition, errors: &mut Errors) {
    let name = &definition.item.ident;
    let (class, binding) = (name.unraw().to_string(), definition.binding.value());
    let value = match file.read() {
        Ok(value) => value,
        Err(fault) => return errors.at(name, message::unreadable(file, &fault)),
    };
    let configuration = match Configuration::new(&value) {
        Ok(configuration) => configuration,
        Err(fault) => return errors.at(name, message::misshapen(file, &fault)),
    };
    let problems = check::room(&configuration, &Room { class: &class, binding: &binding });
    let (of_binding, of_room): (Vec<Problem>, Vec<_>) =
        problems.into_iter().partition(|problem| problem.place == Place::Binding && definition.has_binding);
    if !of_room.is_empty() {
        errors.at(name, message::problems(file, &value, &of_room));
    }
    if !of_binding.is_empty() {
        errors.at(&definition.binding, message::problems(file, &value, &of_binding));
    }
}

#[cfg(test)]
mod tests;
