//! Types that derive `TS`, and all that they are made of.

use std::{
    any::{Any, TypeId, type_name},
    panic::{self, AssertUnwindSafe},
};

use ts_rs::{Config, TS, TypeVisitor};

use super::mend::mended;
use crate::schema::types::{Declaration, Declarations, Typed};

#[diagnostic::do_not_recommend]
impl<T: TS + 'static> Typed for T {
    fn name(declared: &mut Declarations) -> Option<String> {
        declared.visit::<T>();
        T::visit_generics(declared);
        Some(mended(&<T as TS>::name(&config())))
    }

    fn definition(declared: &mut Declarations) -> Option<String> {
        declared.name_path::<T>();
        T::visit_dependencies(declared);
        Some(declared.written::<T>(T::inline))
    }

    fn docs() -> Option<String> {
        <T as TS>::docs()
    }
}

/// JSON has numbers alone.
fn config() -> Config {
    Config::new().with_large_int("number")
}

impl Declarations {
    /// Notes what a type is called that is declared; others are not.
    fn name_path<T: TS + ?Sized>(&mut self) -> bool {
        let is_declared = T::output_path().is_some();
        if is_declared {
            self.paths.insert(type_name::<T>(), T::ident(&config()));
        }
        is_declared
    }

    /// What `write` says of `T`. Where ts-rs gives up it panics: that is noted, and the type is `unknown`.
    fn written<T: TS + ?Sized>(&mut self, write: fn(&Config) -> String) -> String {
        match panic::catch_unwind(AssertUnwindSafe(|| write(&config()))) {
            Ok(text) => mended(&text),
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
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // What has no file of its own has a name that TypeScript knows.
        if self.name_path::<T>() {
            let declaration = Declaration { text: self.written::<T>(T::decl), docs: T::docs() };
            let name = T::ident(&config());
            if *self.types.entry(name.clone()).or_insert_with(|| declaration.clone()) != declaration {
                self.clashes.push(name);
            }
        }
        T::visit_dependencies(self);
    }
}
