//! The declarations of types that derive `TS`.

use std::{
    any::{Any, TypeId, type_name},
    panic::{self, AssertUnwindSafe},
};

use ts_rs::{Config, TS, TypeVisitor};

use super::syntax::repair;
use crate::api::{Declaration, Declarations, Typed};

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
                self.faults.push(explain(&<T as TS>::name(&config()), &*reason));
                "unknown".to_owned()
            }
        }
    }
}

fn explain(name: &str, reason: &(dyn Any + Send)) -> String {
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
