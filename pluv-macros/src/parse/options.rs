//! The options of `#[pluv::room(..)]`.
//!
//! They are read by hand. `darling` and `serde_tokenstream` read values as expressions or up to a comma, and so neither
//! reads the type in `presence = Map<String, u8>`; nor do their errors say what to write.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use syn::{
    LitBool, LitStr, Path, Token, Type,
    ext::IdentExt as _,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    token::Bracket,
};

use super::limits::{self, Limit};
use crate::{errors::Errors, names::hint};

const NAMES: &[&str] = &[
    "user",
    "presence",
    "output",
    "storage",
    "state",
    "shared",
    "sql",
    "migrations",
    "retention",
    "limits",
    "path",
    "binding",
    "secret",
    "cors",
    "relay_unknown",
    "debug",
    "wrangler",
    "crate",
];

/// A text with its span.
pub(crate) type Text = LitStr;

/// The options as they are written.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) user: Option<Type>,
    pub(crate) presence: Option<Type>,
    pub(crate) output: Option<Type>,
    /// The only storage is `Yrs`.
    pub(crate) storage: Option<Ident>,
    pub(crate) state: Option<Type>,
    pub(crate) shared: Option<Type>,
    pub(crate) sql: bool,
    /// Paths of files, from the package's directory.
    pub(crate) migrations: Vec<Text>,
    pub(crate) retention: Option<Text>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) path: Option<Text>,
    pub(crate) binding: Option<Text>,
    pub(crate) secrets: Option<Vec<Text>>,
    pub(crate) cors: Option<Vec<Text>>,
    pub(crate) relay_unknown: bool,
    pub(crate) debug: bool,
    /// Whether the room is checked against wrangler's configuration.
    pub(crate) wrangler: bool,
    pub(crate) krate: Option<Path>,
    /// The names of all given options, in order.
    pub(crate) names: Vec<Ident>,
}

impl Options {
    /// Returns whether the room has tables of its own.
    pub(crate) fn has_sql(&self) -> bool {
        self.sql || !self.migrations.is_empty()
    }
}

/// Reads the options of `#[pluv::room(..)]`.
pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options { wrangler: true, ..Options::default() };
    let all = |input: ParseStream<'_>| list(input, errors, |input, errors| option(input, &mut options, errors));
    if let Err(error) = all.parse2(tokens) {
        errors.push(error);
    }
    options
}

/// Reads a list with commas between its elements. A mistake in one element does not hide those in the next.
pub(super) fn list(
    input: ParseStream<'_>,
    errors: &mut Errors,
    mut element: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) -> syn::Result<()> {
    while !input.is_empty() {
        if let Err(error) = element(input, errors) {
            errors.push(error);
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            input.parse::<TokenTree>()?;
        }
        input.parse::<Option<Token![,]>>()?;
    }
    Ok(())
}

fn option(input: ParseStream<'_>, options: &mut Options, errors: &mut Errors) -> syn::Result<()> {
    let name = input.call(Ident::parse_any)?;
    let text = name.to_string();
    if !NAMES.contains(&&*text) {
        let hint = hint(&text, NAMES, "there are");
        return Err(syn::Error::new(name.span(), format!("there is no option `{text}`: {hint}")));
    }
    if options.names.contains(&name) {
        return Err(syn::Error::new(name.span(), format!("the option `{text}` is given twice")));
    }
    options.names.push(name.clone());
    match &*text {
        "user" => options.user = Some(value(input, &name, "user = User")?),
        "presence" => options.presence = Some(value(input, &name, "presence = Presence")?),
        "output" => options.output = Some(value(input, &name, "output = Output")?),
        "storage" => {
            options.storage = {
                let kind = value(input, &name, "storage = Yrs")?;
                if kind != "Yrs" {
                    return Err(wrong(Ident::span(&kind), &name, "storage = Yrs"));
                }
                Some(kind)
            }
        }
        "state" => options.state = Some(value(input, &name, "state = State")?),
        "shared" => options.shared = Some(value(input, &name, "shared = Shared")?),
        "sql" => options.sql = !input.peek(Token![=]) || boolean(input, &name, "sql")?,
        "migrations" => options.migrations = texts(input, &name, "migrations/0001_init.sql")?,
        "retention" => options.retention = Some(one_text(input, &name, "30d")?),
        "limits" => options.limits = limits::parse(input, &name, errors)?,
        "path" => options.path = Some(one_text(input, &name, "/api/pluv")?),
        "binding" => options.binding = Some(one_text(input, &name, "CHAT")?),
        "secret" => options.secrets = Some(texts(input, &name, "PLUV_SECRET")?),
        "cors" => options.cors = Some(texts(input, &name, "https://app.example")?),
        "relay_unknown" => options.relay_unknown = !input.peek(Token![=]) || boolean(input, &name, "relay_unknown")?,
        "debug" => options.debug = !input.peek(Token![=]) || boolean(input, &name, "debug")?,
        "wrangler" => options.wrangler = boolean(input, &name, "wrangler = false")?,
        _ => {
            let path = one_text(input, &name, "pluv")?;
            options.krate = Some(path.parse().map_err(|_| wrong(path.span(), &name, "crate = \"pluv\""))?);
        }
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error(format!("a comma is missing after the option `{text}`")));
    }
    Ok(())
}

/// Reads the value after `=`.
pub(super) fn value<T: Parse>(input: ParseStream<'_>, name: &Ident, example: &str) -> syn::Result<T> {
    let has_equals = input.parse::<Option<Token![=]>>()?.is_some();
    if !has_equals || input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(name.span(), format!("the option `{name}` needs a value: write `{example}`")));
    }
    let place = input.span();
    input.parse().map_err(|_| wrong(place, name, example))
}

fn wrong(place: Span, name: &Ident, example: &str) -> syn::Error {
    syn::Error::new(place, format!("this is no value for the option `{name}`: write `{example}`"))
}

fn one_text(input: ParseStream<'_>, name: &Ident, example: &str) -> syn::Result<Text> {
    value(input, name, &format!("{name} = \"{example}\""))
}

fn boolean(input: ParseStream<'_>, name: &Ident, example: &str) -> syn::Result<bool> {
    value(input, name, example).map(|value: LitBool| value.value)
}

/// A text, or a list of texts.
struct Texts(Vec<Text>);

impl Parse for Texts {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(Bracket) {
            return Ok(Self(vec![input.parse()?]));
        }
        let list = input.parse::<Group>()?;
        let texts = Punctuated::<Text, Token![,]>::parse_terminated.parse2(list.stream())?;
        if texts.is_empty() { Err(input.error("a text is missing")) } else { Ok(Self(texts.into_iter().collect())) }
    }
}

fn texts(input: ParseStream<'_>, name: &Ident, example: &str) -> syn::Result<Vec<Text>> {
    let ahead = input.fork();
    let is_list = ahead.parse::<Token![=]>().is_ok() && ahead.peek(Bracket);
    let example = if is_list { format!("[\"{example}\"]") } else { format!("\"{example}\"") };
    value(input, name, &format!("{name} = {example}")).map(|Texts(texts)| texts)
}

/// Returns how long a document is kept without connections, in milliseconds; `None` is for ever.
///
/// # Errors
/// If `text` is not a valid time.
pub(crate) fn retention(text: &str) -> Result<Option<u64>, ()> {
    match text {
        "keep" => return Ok(None),
        "delete" => return Ok(Some(0)),
        _ => {}
    }
    match milliseconds(text) {
        // The time of an alarm is a number of JavaScript: a century is enough.
        Some(after) if after > 0 && after <= 36_525 * 86_400_000 => Ok(Some(after)),
        _ => Err(()),
    }
}

/// Reads a time such as `30d`, in milliseconds.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let count: u64 = text[..digits].parse().ok()?;
    let milliseconds: u64 = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    count.checked_mul(milliseconds)
}

/// Reports every option but `crate`, as the others go on the room's struct.
pub(crate) fn crate_alone(options: &Options, errors: &mut Errors) {
    for name in options.names.iter().filter(|name| *name != "crate") {
        errors.at(name, format!("the option `{name}` goes on the room's struct: write it in its `#[pluv::room(..)]`"));
    }
}
