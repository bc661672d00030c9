//! The meaning of the annotated struct.

use heck::ToShoutySnakeCase as _;
use syn::{Data, DeriveInput, Ident, Path};

use super::{docs, runtime};
use crate::parse::{Options, Text};

/// A room.
pub(crate) struct Definition {
    pub(crate) runtime: Path,
    pub(crate) item: DeriveInput,
    pub(crate) binding: Text,
    /// Whether an option sets the binding.
    pub(crate) has_binding: bool,
    pub(crate) docs: String,
    /// Whether it can be created without a hook.
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

    /// Returns whether it can be a room: a struct that is one class.
    pub(crate) fn is_room(&self) -> bool {
        matches!(self.item.data, Data::Struct(_)) && self.item.generics.params.is_empty()
    }
}

fn default_binding(name: &Ident) -> Text {
    Text::new(&name.to_string().to_shouty_snake_case(), name.span())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_becomes_a_binding_in_upper_snake_case() {
        let names = [("Chat", "CHAT"), ("ChatRoom", "CHAT_ROOM"), ("HTTPRoom", "HTTP_ROOM"), ("Room2Go", "ROOM2_GO")];
        for (room, binding) in names {
            assert_eq!(default_binding(&Ident::new(room, proc_macro2::Span::call_site())).value(), binding);
        }
    }
}
