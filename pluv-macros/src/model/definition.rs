//! The meaning of the annotated struct.

use syn::{Data, DeriveInput, Ident, Path};

use super::{docs, runtime};
use crate::{
    names::upper_snake_case,
    parse::{Options, Text},
};

/// A room.
pub(crate) struct Definition {
    pub(crate) runtime: Path,
    pub(crate) item: DeriveInput,
    pub(crate) binding: Text,
    /// Whether an option names the binding.
    pub(crate) has_binding: bool,
    pub(crate) docs: String,
    /// Whether it can be made out of nothing.
    pub(crate) fieldless: bool,
    pub(crate) options: Options,
}

impl Definition {
    pub(crate) fn new(item: DeriveInput, mut options: Options) -> Self {
        let has_binding = options.binding.is_some();
        let binding = options.binding.take().unwrap_or_else(|| default_binding(&item.ident));
        let fieldless = matches!(&item.data, Data::Struct(data) if data.fields.is_empty());
        let docs = docs(&item.attrs);
        Self { runtime: runtime(options.krate.take()), item, binding, has_binding, docs, fieldless, options }
    }

    /// Whether it can be a room: a struct that is one class.
    pub(crate) fn is_room(&self) -> bool {
        matches!(self.item.data, Data::Struct(_)) && self.item.generics.params.is_empty()
    }
}

fn default_binding(name: &Ident) -> Text {
    Text::new(&upper_snake_case(&name.to_string()), name.span())
}
