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

use std::sync::atomic::{AtomicBool, Ordering};

use syn::ext::IdentExt as _;

use self::{
    check::{Place, Problem, Room},
    configuration::Configuration,
    find::File,
};
use crate::{errors::Errors, model::Definition, names::is_binding};

/// Whether a room of this crate was checked: what is wrong with the whole file is told at the first.
static IS_CHECKED: AtomicBool = AtomicBool::new(false);

/// Checks a room against the configuration beside its `Cargo.toml`, and tells the name of that file, if there is one.
pub(crate) fn check(definition: &Definition, errors: &mut Errors) -> Option<&'static str> {
    let can_be_bound = definition.is_room() && is_binding(&definition.binding.value());
    if !definition.options.wrangler || !can_be_bound {
        return None;
    }
    let file = File::of_this_crate()?;
    let is_first = !IS_CHECKED.swap(true, Ordering::Relaxed);
    report(&file, definition, is_first, errors);
    Some(file.name)
}

fn report(file: &File, definition: &Definition, is_first: bool, errors: &mut Errors) {
    let name = &definition.item.ident;
    let (class, binding) = (name.unraw().to_string(), definition.binding.value());
    let value = match file.read() {
        Ok(value) => value,
        Err(fault) if is_first => return errors.at(name, message::unreadable(file, &fault)),
        Err(_) => return,
    };
    let configuration = match Configuration::new(&value) {
        Ok(configuration) => configuration,
        Err(fault) if is_first => return errors.at(name, message::misshapen(file, &fault)),
        Err(_) => return,
    };
    let mut problems = check::room(&configuration, &Room { class: &class, binding: &binding });
    problems.retain(|problem| is_first || problem.place != Place::Worker);
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
