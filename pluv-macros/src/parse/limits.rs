//! The limits of `#[pluv::room(limits(..))]`.

use proc_macro2::Ident;
use syn::{Lit, Token, ext::IdentExt as _, parenthesized, parse::ParseStream, token::Paren};

use super::options::{list, milliseconds};
use crate::{errors::Errors, names::hint};

/// The definition of a limit.
struct Known {
    name: &'static str,
    /// An example for errors.
    example: &'static str,
    unit: &'static str,
    /// The minimum and maximum, as in the runtime; of a time in milliseconds.
    range: (u64, u64),
}

const fn known(name: &'static str, example: &'static str, unit: &'static str, range: (u64, u64)) -> Known {
    Known { name, example, unit, range }
}

const LIMITS: [Known; 8] = [
    known("connections", "connections = 500", "", (1, 32_768)),
    known("message", "message = 100_000", "bytes", (1_024, 32 << 20)),
    known("messages_per_second", "messages_per_second = 100", "", (1, 1_000_000)),
    known("presence", "presence = 2_000", "bytes", (2, 1_000_000)),
    known("user", "user = 2_000", "bytes", (2, 16_384)),
    known("user_id", "user_id = 64", "bytes", (1, 16_384)),
    known("storage", "storage = 5_000_000", "bytes", (1, 10_000_000)),
    known("idle", "idle = \"90s\"", "", (1_000, 86_400_000)),
];

impl Known {
    /// Returns how the limit is written, for errors.
    fn written(&self) -> String {
        let unit = if self.unit.is_empty() { String::new() } else { format!(", in {}", self.unit) };
        format!("write `{}`{unit}", self.example)
    }
}

/// A limit as it is written.
pub(crate) struct Limit {
    pub(crate) name: Ident,
    pub(crate) value: Lit,
    known: &'static Known,
}

impl Limit {
    /// Returns whether its value is a time.
    pub(crate) fn is_time(&self) -> bool {
        self.known.name == "idle"
    }

    /// Returns the value; of a time, in milliseconds.
    ///
    /// # Errors
    /// With the reason, if the value is invalid.
    pub(crate) fn value(&self) -> Result<u64, String> {
        let Known { name, unit, range: (least, most), .. } = self.known;
        let value = match &self.value {
            Lit::Str(text) if self.is_time() => milliseconds(&text.value()).ok_or_else(|| self.known.written())?,
            // A number that is too large for an integer is above every maximum.
            Lit::Int(number) if !self.is_time() && number.suffix().is_empty() => {
                number.base10_parse().unwrap_or(u64::MAX)
            }
            _ => return Err(self.known.written()),
        };
        if (*least..=*most).contains(&value) {
            Ok(value)
        } else if self.is_time() {
            Err("a connection may be idle for one second to one day: write `idle = \"90s\"`".to_owned())
        } else {
            let range = format!("the limit `{name}` is from {least} to {most} {unit}");
            Err(range.trim_end().to_owned())
        }
    }
}

/// Reads `limits(storage = 5_000_000)`.
pub(super) fn parse(input: ParseStream<'_>, name: &Ident, errors: &mut Errors) -> syn::Result<Vec<Limit>> {
    const EXAMPLE: &str = "limits(storage = 5_000_000)";
    if !input.peek(Paren) {
        return Err(syn::Error::new(name.span(), format!("the limits are a list: write `{EXAMPLE}`")));
    }
    let content;
    parenthesized!(content in input);
    let mut limits: Vec<Limit> = Vec::new();
    list(&content, errors, |input, _| {
        let limit = limit(input)?;
        if limits.iter().any(|other| other.name == limit.name) {
            return Err(syn::Error::new(limit.name.span(), format!("the limit `{}` is given twice", limit.name)));
        }
        limits.push(limit);
        Ok(())
    })?;
    Ok(limits)
}

/// Reads `name = value`.
fn limit(input: ParseStream<'_>) -> syn::Result<Limit> {
    let name = input.call(Ident::parse_any).map_err(|error| {
        syn::Error::new(error.span(), "a limit is expected here: write `storage = 5_000_000`, in bytes")
    })?;
    let text = name.to_string();
    let Some(known) = LIMITS.iter().find(|known| known.name == text) else {
        let hint = hint(&text, &LIMITS.map(|known| known.name), "there are");
        return Err(syn::Error::new(name.span(), format!("there is no limit `{text}`: {hint}")));
    };
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(name.span(), format!("the limit `{text}` needs a value: {}", known.written())));
    }
    input.parse::<Token![=]>()?;
    let place = input.span();
    let wrong = || syn::Error::new(place, format!("a limit is written out: {}", known.written()));
    let value = input.parse().map_err(|_| wrong())?;
    if input.peek(Ident::peek_any) {
        return Err(input.error(format!("a comma is missing after the limit `{text}`")));
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        // An expression, as in `60 * 5`.
        return Err(wrong());
    }
    Ok(Limit { name, value, known })
}
