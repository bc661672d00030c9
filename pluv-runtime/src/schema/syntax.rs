//! TypeScript types as ts-rs writes them: parsed into words, signs and brackets, repaired, and laid out.

use std::{borrow::Cow, ops::Range};

use crate::protocol::quoted;

const INDENT: &str = "  ";

/// A part of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) kind: Kind,
    /// The part's text; of a group with its brackets.
    pub(super) text: &'a str,
    start: usize,
    /// The content of a group.
    pub(super) inner: Vec<Self>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a number or a quoted text.
    Word,
    /// A comment of several lines, with its marks.
    Comment,
    /// A sign that is no bracket.
    Sign,
    /// A pair of brackets.
    Group,
}

impl<'a> Part<'a> {
    pub(super) fn is(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    pub(super) fn is_group(&self, open: char) -> bool {
        self.kind == Kind::Group && self.text.starts_with(open)
    }

    pub(super) fn is_quoted(&self) -> bool {
        self.text.starts_with('"')
    }

    /// Returns a quoted text without its quotes; ts-rs does not escape the names of fields and variants.
    pub(super) fn unquoted(&self) -> Cow<'a, str> {
        let plain = || self.text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(self.text);
        serde_json::from_str(self.text).map_or_else(|_| plain().into(), Cow::Owned)
    }

    fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// Parses a type, or any code of TypeScript.
pub(super) fn parse(text: &str) -> Vec<Part<'_>> {
    parse_until(None, text, &mut 0)
}

fn parse_until<'a>(close: Option<char>, text: &'a str, at: &mut usize) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    while let Some(first) = text[*at..].chars().next() {
        let (start, rest) = (*at, &text[*at..]);
        let mut inner = Vec::new();
        let (kind, len) = match first {
            _ if first.is_whitespace() => {
                *at += first.len_utf8();
                continue;
            }
            _ if Some(first) == close => break,
            _ if rest.starts_with("/*") => (Kind::Comment, comment_len(rest)),
            '"' => (Kind::Word, quoted_len(rest)),
            _ if is_word(first) => (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            _ if rest.starts_with("=>") => (Kind::Sign, 2),
            '{' | '[' | '(' | '<' => {
                *at += 1;
                inner = parse_until(Some(closing(first)), text, at);
                (Kind::Group, text.len().min(*at + 1) - start)
            }
            _ => (Kind::Sign, first.len_utf8()),
        };
        *at = start + len;
        parts.push(Part { kind, text: &rest[..len], start, inner });
    }
    parts
}

fn closing(open: char) -> char {
    match open {
        '{' => '}',
        '[' => ']',
        '(' => ')',
        _ => '>',
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-')
}

/// A line of a doc comment may contain `*/`, which does not end a comment of ts-rs: its last line has nothing else.
fn comment_len(text: &str) -> usize {
    let end = if text.starts_with("/**\n *") { "\n */" } else { "*/" };
    text.find(end).map_or(text.len(), |at| at + end.len())
}

/// A text may contain quotes that are not escaped: after the last one the type continues.
fn quoted_len(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' if continues_type(text[at + 1..].trim_start()) => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn continues_type(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([':', '?', ',', ';', '|', '&', ']', '}', ')', '>', '='])
}

/// Returns the parts between signs; empty ones are omitted.
pub(super) fn split<'p, 'a>(parts: &'p [Part<'a>], signs: &'p [&str]) -> impl Iterator<Item = &'p [Part<'a>]> {
    let is_sign = |part: &Part<'_>| part.kind == Kind::Sign && signs.contains(&part.text);
    parts.split(is_sign).filter(|parts| !parts.is_empty())
}

/// Returns the text of adjacent parts of `text`.
pub(super) fn text_of<'t>(text: &'t str, parts: &[Part<'_>]) -> &'t str {
    match (parts.first(), parts.last()) {
        (Some(first), Some(last)) => &text[first.start..last.range().end],
        _ => "",
    }
}

/// Returns the definition of `type Name = ..;`.
pub(super) fn definition<'p, 'a>(declaration: &'p [Part<'a>]) -> &'p [Part<'a>] {
    let definition = declaration.iter().position(|part| part.is("=")).map_or(0, |at| at + 1);
    let end = declaration.len() - usize::from(declaration.last().is_some_and(|part| part.is(";")));
    &declaration[definition.min(end)..end]
}

/// A field of an object type.
pub(super) struct Field<'p, 'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) is_optional: bool,
    pub(super) ty: &'p [Part<'a>],
    colon: usize,
}

/// Returns the fields of an object type.
pub(super) fn fields<'p, 'a>(object: &'p Part<'a>) -> impl Iterator<Item = Field<'p, 'a>> {
    split(&object.inner, &[",", ";"]).filter_map(|field| {
        let start = field.iter().position(|part| part.kind != Kind::Comment)?;
        let (is_optional, key, colon, ty) = match &field[start..] {
            [key, mark, colon, ty @ ..] if mark.is("?") && colon.is(":") => (true, key, colon, ty),
            [key, colon, ty @ ..] if colon.is(":") => (false, key, colon, ty),
            _ => return None,
        };
        Some(Field { name: key.unquoted(), is_optional, ty, colon: colon.start })
    })
}

/// Returns the object of a struct's declaration, up to its flattened parts; `None` for any other type.
pub(super) fn object<'p, 'a>(declaration: &'p [Part<'a>]) -> Option<&'p Part<'a>> {
    let definition = definition(declaration);
    let is_union = definition.iter().any(|part| part.is("|"));
    definition.first().filter(|part| part.is_group('{') && !is_union)
}

/// Returns a struct's declaration with the fields optional that `is_optional` selects.
pub(super) fn with_optional_fields(declaration: &str, is_optional: impl Fn(&str) -> bool) -> String {
    let parts = parse(declaration);
    let fields = object(&parts).into_iter().flat_map(fields);
    let marked = fields.filter(|field| !field.is_optional && is_optional(&field.name));
    replace(declaration, marked.map(|field| (field.colon..field.colon, "?".to_owned())))
}

/// Repairs a type of ts-rs that TypeScript does not accept: names are escaped, and a map's keys are of a type that keys
/// may have.
pub(super) fn repair(text: &str) -> String {
    let parts = parse(text);
    let parameters: Vec<_> = match &parts[..] {
        [keyword, _, list, ..] if keyword.text == "type" && list.is_group('<') => {
            split(&list.inner, &[","]).map(|parameter| parameter[0].text).collect()
        }
        _ => Vec::new(),
    };
    let mut repairs = Vec::new();
    find_repairs(&parts, &parameters, &mut repairs);
    replace(text, repairs)
}

fn find_repairs(parts: &[Part<'_>], parameters: &[&str], repairs: &mut Vec<(Range<usize>, String)>) {
    for part in parts {
        let range = part.range();
        if part.is_quoted() && serde_json::from_str::<String>(part.text).is_err() {
            repairs.push((range.clone(), quoted(&part.unquoted())));
        }
        match &part.inner[..] {
            [key, keyword, of] if part.is_group('[') && key.text == "key" && keyword.text == "in" => {
                if of.text == "boolean" {
                    // JSON has them as texts, and a map need not have both.
                    repairs.push((of.range(), r#""true" | "false""#.to_owned()));
                    repairs.push((range.end..range.end, "?".to_owned()));
                } else if parameters.contains(&of.text) {
                    repairs.push((of.range().end..of.range().end, " & (string | number)".to_owned()));
                }
            }
            inner => find_repairs(inner, parameters, repairs),
        }
    }
}

/// Replaces ranges of `text`, which are in order.
fn replace(text: &str, replacements: impl IntoIterator<Item = (Range<usize>, String)>) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    for (range, replacement) in replacements {
        replaced.extend([&text[copied..range.start], &replacement]);
        copied = range.end;
    }
    replaced + &text[copied..]
}

/// Lays out a type, with each field of an object on a line of its own, at a depth of `indent`.
pub(super) fn lay_out(text: &str, indent: usize) -> String {
    print(&parse(text), indent)
}

fn print(parts: &[Part<'_>], indent: usize) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        let follows_word = at > 0 && parts[at - 1].kind == Kind::Word;
        match (part.kind, part.text) {
            (Kind::Comment, docs) => {
                text.push_str(comment(&uncomment(docs), indent).trim_start());
                text.push_str(&INDENT.repeat(indent));
            }
            (Kind::Group, group) if group.starts_with('{') => text.push_str(&print_object(&part.inner, indent)),
            (Kind::Group, group) => {
                let open = group.chars().next().unwrap_or_default();
                text.push(open);
                text.push_str(&print(&part.inner, indent));
                text.push(closing(open));
            }
            (Kind::Sign, sign @ (":" | ",")) => text.extend([sign, " "]),
            (Kind::Sign, sign @ ("|" | "&" | "=" | "=>")) => text.extend([" ", sign, " "]),
            (Kind::Word, word) if follows_word => text.extend([" ", word]),
            (Kind::Word | Kind::Sign, other) => text.push_str(other),
        }
    }
    text
}

fn print_object(inner: &[Part<'_>], indent: usize) -> String {
    match inner.first() {
        None => "{}".to_owned(),
        Some(first) if first.is_group('[') => format!("{{ {} }}", print(inner, indent)),
        Some(_) => {
            let margin = INDENT.repeat(indent);
            let fields = split(inner, &[",", ";"]).map(|field| print(field, indent + 1));
            let lines: String = fields.map(|field| format!("{margin}{INDENT}{field};\n")).collect();
            format!("{{\n{lines}{margin}}}")
        }
    }
}

/// Returns a `JSDoc` comment.
pub(super) fn comment(docs: &str, indent: usize) -> String {
    let docs = docs.replace("*/", "*\\/");
    let lines: Vec<_> = docs.trim().lines().map(str::trim_end).collect();
    let margin = INDENT.repeat(indent);
    match lines[..] {
        [] => String::new(),
        [line] => format!("{margin}/** {line} */\n"),
        _ => {
            let lines = lines.into_iter().map(|line| format!("{margin} * {line}").trim_end().to_owned() + "\n");
            format!("{margin}/**\n{}{margin} */\n", lines.collect::<String>())
        }
    }
}

/// Returns the text of a `JSDoc` comment.
pub(super) fn uncomment(comment: &str) -> String {
    let inner = comment.trim().trim_start_matches("/**").trim_end_matches("*/").trim();
    let lines = inner.lines().map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix('*').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).trim_end()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}
