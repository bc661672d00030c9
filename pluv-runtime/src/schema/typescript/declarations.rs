//! Types that derive `TS`, and all that they are made of.

use std::any::TypeId;

use ts_rs::{Config, TS, TypeVisitor};

use crate::schema::types::{Declaration, Declarations, Typed};

#[diagnostic::do_not_recommend]
impl<T: TS + 'static> Typed for T {
    fn name(declared: &mut Declarations) -> Option<String> {
        declared.visit::<T>();
        T::visit_generics(declared);
        Some(<T as TS>::name(&config()))
    }

    fn definition(declared: &mut Declarations) -> Option<String> {
        T::visit_dependencies(declared);
        Some(T::inline(&config()))
    }

    fn docs() -> Option<String> {
        <T as TS>::docs()
    }
}

/// JSON has numbers alone.
fn config() -> Config {
    Config::new().with_large_int("number")
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // What has no file of its own has a name that TypeScript knows.
        if T::output_path().is_some() {
            let declaration = Declaration { text: T::decl(&config()), docs: T::docs() };
            let name = T::ident(&config());
            if *self.types.entry(name.clone()).or_insert_with(|| declaration.clone()) != declaration {
                self.clashes.push(name);
            }
        }
        T::visit_dependencies(self);
    }
}
