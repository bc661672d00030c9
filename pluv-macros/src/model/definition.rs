//! What the annotated struct means.

use syn::{Ident, ItemStruct, Path, Type};

use super::runtime;
use crate::{
    names::upper_snake_case,
    parse::{Options, Text},
};

/// A room.
pub(crate) struct Definition {
    pub(crate) runtime: Path,
    pub(crate) item: ItemStruct,
    pub(crate) user: Option<Type>,
    pub(crate) presence: Option<Type>,
    pub(crate) output: Option<Type>,
    pub(crate) path: Option<Text>,
    pub(crate) binding: Text,
    pub(crate) secrets: Option<Vec<Text>>,
    pub(crate) cors: Option<Vec<Text>>,
    pub(crate) relay_unknown: bool,
    /// Whether it can be made out of nothing.
    pub(crate) fieldless: bool,
}

impl Definition {
    pub(crate) fn new(item: ItemStruct, options: Options) -> Self {
        let Options { user, presence, output, path, binding, secrets, cors, relay_unknown, krate, names: _ } = options;
        Self {
            runtime: runtime(krate),
            binding: binding.unwrap_or_else(|| default_binding(&item.ident)),
            fieldless: item.fields.is_empty(),
            item,
            user,
            presence,
            output,
            path,
            secrets,
            cors,
            relay_unknown,
        }
    }
}

fn default_binding(name: &Ident) -> Text {
    Text::new(&upper_snake_case(&name.to_string()), name.span())
}
