//! What serde reads without, and TypeScript could not tell that it may.

use std::collections::BTreeSet;

use super::tokens::{Kind, Token, depth, tokens};
use crate::schema::types::Declarations;

/// A type in which a field that is an `Option` of what may be null itself may be left out: that it is one shows in
/// nothing else, as null or null is null.
pub(super) fn optional(text: &str, declared: &Declarations) -> String {
    let all = tokens(text);
    let mut optional = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, colon) in all.iter().enumerate().filter(|(_, token)| token.is(":")) {
        let is_field = at > 0 && all[at - 1].kind == Kind::Word;
        if is_field && is_option_of_null(value(&all[at + 1..]), declared) {
            optional.extend([&text[copied..colon.at], "?"]);
            copied = colon.at;
        }
    }
    optional + &text[copied..]
}

/// The type of a field, up to the next one.
fn value<'a, 'text>(rest: &'a [Token<'text>]) -> &'a [Token<'text>] {
    let mut open = 0;
    let end = rest.iter().position(|token| {
        open += depth(token);
        open < 0 || open == 0 && (token.is(",") || token.is(";"))
    });
    &rest[..end.unwrap_or(rest.len())]
}

fn is_option_of_null(ty: &[Token<'_>], declared: &Declarations) -> bool {
    match ty {
        [inner @ .., or, null] if or.is("|") && null.text == "null" => {
            may_be_null(inner, declared, &mut BTreeSet::new())
        }
        _ => false,
    }
}

/// Whether null is a value of a type, by itself or by what it is called.
fn may_be_null<'a>(ty: &[Token<'a>], declared: &'a Declarations, seen: &mut BTreeSet<&'a str>) -> bool {
    let mut open = 0;
    let parts = ty.split(|token| {
        open += depth(token);
        open == 0 && token.is("|")
    });
    for part in parts {
        // Its name alone, or with what it is generic over.
        let [name, rest @ ..] = part else { continue };
        if name.kind != Kind::Word || rest.first().is_some_and(|next| !next.is("<")) {
            continue;
        }
        if name.text == "null" {
            return true;
        }
        let Some(declaration) = declared.types.get(name.text).filter(|_| seen.insert(name.text)) else { continue };
        let Some((_, definition)) = declaration.text.split_once(" = ") else { continue };
        if may_be_null(&tokens(definition.trim_end_matches(';')), declared, seen) {
            return true;
        }
    }
    false
}
