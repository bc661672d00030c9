//! What the annotated struct means.

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

/// How long a document stays when nobody is there, in milliseconds; none is for ever. `Err` where `text` does not say.
pub(crate) fn retention(text: &str) -> Result<Option<u64>, ()> {
    match text {
        "keep" => return Ok(None),
        "delete" => return Ok(Some(0)),
        _ => {}
    }
    match time(text)? {
        0 => Err(()),
        // An alarm is a number of JavaScript; no document waits for more than a century.
        after if after <= 36_525 * 86_400_000 => Ok(Some(after)),
        _ => Err(()),
    }
}

/// A time like `30d`, in milliseconds. `Err` where `text` is none.
pub(super) fn time(text: &str) -> Result<u64, ()> {
    let unit = text.chars().last().ok_or(())?;
    let count: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(drop)?;
    let milliseconds: u64 = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return Err(()),
    };
    count.checked_mul(milliseconds).ok_or(())
}

fn default_binding(name: &Ident) -> Text {
    Text::new(&upper_snake_case(&name.to_string()), name.span())
}
