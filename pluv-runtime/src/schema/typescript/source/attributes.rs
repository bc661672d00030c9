//! What serde and ts-rs are told.

use syn::{Attribute, Ident, Token, ext::IdentExt as _, parse::ParseStream, token::Paren};

/// The attributes of a type, a variant or a field.
pub(super) struct Attributes {
    serde: Vec<Word>,
    ts: Vec<Word>,
}

/// One of the words of `#[serde(..)]`.
struct Word {
    name: Ident,
    /// Whether brackets follow.
    is_list: bool,
}

impl Attributes {
    pub(super) fn of(attributes: &[Attribute]) -> Self {
        Self { serde: words(attributes, "serde"), ts: words(attributes, "ts") }
    }

    pub(super) fn serde(&self, name: &str) -> bool {
        self.serde.iter().any(|word| word.name == name)
    }

    /// Whether one of these is told to ts-rs itself.
    pub(super) fn ts(&self, names: &[&str]) -> bool {
        self.ts.iter().any(|word| names.iter().any(|name| word.name == name))
    }

    /// Whether serde has two of what `name` says, one to read and one to write: `rename(serialize = "..")`.
    pub(super) fn is_split(&self, name: &str) -> bool {
        self.serde.iter().any(|word| word.name == name && word.is_list)
    }
}

fn words(attributes: &[Attribute], name: &str) -> Vec<Word> {
    let named = attributes.iter().filter(|attribute| attribute.path().is_ident(name));
    named.filter_map(|attribute| attribute.parse_args_with(parse).ok()).flatten().collect()
}

/// The words between commas, some of which are keywords of Rust.
fn parse(input: ParseStream<'_>) -> syn::Result<Vec<Word>> {
    let mut words = Vec::new();
    while !input.is_empty() {
        let name = input.call(Ident::parse_any)?;
        words.push(Word { name, is_list: input.peek(Paren) });
        while !input.is_empty() && !input.peek(Token![,]) {
            input.step(|rest| rest.token_tree().map(|(_, rest)| ((), rest)).ok_or_else(|| rest.error("it ends")))?;
        }
        input.parse::<Option<Token![,]>>()?;
    }
    Ok(words)
}
