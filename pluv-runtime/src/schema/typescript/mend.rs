//! What ts-rs writes and TypeScript does not read.

use super::tokens::{Token, depth, tokens};
use crate::protocol::quoted;

/// A type of ts-rs, as TypeScript reads it: names are escaped, and the keys of a map are such as it may have.
pub(super) fn mended(text: &str) -> String {
    let all = tokens(text);
    let parameters = parameters(&all);
    let mut mended = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, token) in all.iter().enumerate() {
        mended.push_str(&text[copied..token.at]);
        copied = token.end();
        let (before, is_key) = (&all[..at], is_key(&all[..at]));
        match token.text {
            // JSON has them as texts, and a map need not have both.
            "boolean" if is_key => mended.push_str(r#""true" | "false""#),
            "]" if ends_booleans(before) => mended.push_str("]?"),
            parameter if is_key && parameters.contains(&parameter) => {
                mended.extend([parameter, " & (string | number)"]);
            }
            _ if token.is_quoted() && token.escaped().is_none() => mended.push_str(&quoted(&token.unquoted())),
            _ => mended.push_str(token.text),
        }
    }
    mended + &text[copied..]
}

/// Whether `K` of `[key in K]` follows.
fn is_key(before: &[Token<'_>]) -> bool {
    matches!(before, [.., open, key, word] if open.is("[") && key.text == "key" && word.text == "in")
}

fn ends_booleans(before: &[Token<'_>]) -> bool {
    matches!(before, [rest @ .., key] if key.text == "boolean" && is_key(rest))
}

/// The parameters of `type Name<A, B> = ..`.
fn parameters<'a>(all: &[Token<'a>]) -> Vec<&'a str> {
    let [keyword, _, bracket, rest @ ..] = all else { return Vec::new() };
    if keyword.text != "type" || !bracket.is("<") {
        return Vec::new();
    }
    let (mut open, mut is_next, mut names) = (1, true, Vec::new());
    for token in rest {
        if is_next {
            names.push(token.text);
        }
        open += depth(token);
        if open == 0 {
            break;
        }
        is_next = open == 1 && token.is(",");
    }
    names
}
