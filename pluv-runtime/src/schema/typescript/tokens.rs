//! The pieces of a type in TypeScript, as far as types need it that ts-rs wrote.

use std::borrow::Cow;

/// A piece of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Where it begins.
    pub(super) at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a number or a quoted text.
    Word,
    /// A comment of several lines, with its marks.
    Comment,
    /// A single sign.
    Sign,
}

impl<'a> Token<'a> {
    pub(super) fn is(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    /// Where it ends.
    pub(super) fn end(&self) -> usize {
        self.at + self.text.len()
    }

    pub(super) fn is_quoted(&self) -> bool {
        self.text.starts_with('"')
    }

    /// What a quoted text says, if it is escaped: ts-rs leaves the names of fields and variants as they are.
    pub(super) fn escaped(&self) -> Option<String> {
        serde_json::from_str(self.text).ok()
    }

    /// What a quoted text says; a name says itself.
    pub(super) fn unquoted(&self) -> Cow<'a, str> {
        let plain = || self.text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(self.text);
        self.escaped().map_or_else(|| plain().into(), Cow::Owned)
    }
}

/// Takes a type apart.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, len) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("/*") {
            (Kind::Comment, comment_len(rest))
        } else if first == '"' {
            (Kind::Word, quoted_len(rest))
        } else if is_word(first) {
            (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
        } else if rest.starts_with("=>") {
            (Kind::Sign, 2)
        } else {
            (Kind::Sign, first.len_utf8())
        };
        tokens.push(Token { kind, text: &rest[..len], at });
        at += len;
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-')
}

/// Lines of a doc comment may say `*/`, and then end no comment of ts-rs: its last line is that alone.
fn comment_len(text: &str) -> usize {
    let end = if text.starts_with("/**\n *") { "\n */" } else { "*/" };
    text.find(end).map_or(text.len(), |at| at + end.len())
}

/// A text may have quotes in it that are not escaped: the last one has something after it that goes on with a type.
fn quoted_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if ends_text(text[at + 1..].trim_start()) => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn ends_text(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([':', '?', ',', ';', '|', '&', ']', '}', ')', '>', '='])
}

/// By how much a sign opens brackets, or closes them.
pub(super) fn depth(token: &Token<'_>) -> isize {
    match token.text {
        "{" | "[" | "(" | "<" if token.kind == Kind::Sign => 1,
        "}" | "]" | ")" | ">" if token.kind == Kind::Sign => -1,
        _ => 0,
    }
}
