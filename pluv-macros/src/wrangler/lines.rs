//! The lines to paste, in the file's own format, that make up for what is wrong.

use super::{
    find::Format,
    fix::{Entry, Fix, Setting},
    value::Value,
};

/// The lines of a change to a file with `root` in it. A comment says where they go, if that is not plain.
pub(super) fn lines(fix: &Fix, root: &Value, format: Format) -> String {
    match format {
        Format::Toml => toml(fix, root),
        Format::Json => json(fix, root),
    }
}

fn toml(fix: &Fix, root: &Value) -> String {
    let assignments = |entries: &[Entry], separator| {
        let line = |(key, setting): &Entry| format!("{key} = {}", value(setting));
        entries.iter().map(line).collect::<Vec<_>>().join(separator)
    };
    let braces = |entries: &[Entry]| format!("{{ {} }}", assignments(entries, ", "));
    match fix {
        Fix::Push(path, entries) => match inline(root, path) {
            None => format!("[[{}]]\n{}", keys(path), assignments(entries, "\n")),
            Some(depth) if depth == path.len() => format!("# in {}\n{},", keys(path), braces(entries)),
            Some(depth) => {
                format!("# in {}\n{} = [{}]", keys(&path[..depth]), keys(&path[depth..]), braces(entries))
            }
        },
        Fix::Set(path, entries) => match inline(root, path) {
            None if path.is_empty() && has_headers(root) => {
                format!("# above the first table\n{}", assignments(entries, "\n"))
            }
            None if path.is_empty() => assignments(entries, "\n"),
            None if root.deepest(path).1 == path.len() => {
                format!("# in {}\n{}", keys(path), assignments(entries, "\n"))
            }
            None => format!("[{}]\n{}", keys(path), assignments(entries, "\n")),
            Some(depth) if depth == path.len() => format!("# in {}\n{}", keys(path), assignments(entries, ", ")),
            Some(depth) => format!("# in {}\n{} = {}", keys(&path[..depth]), keys(&path[depth..]), braces(entries)),
        },
        Fix::Replace(old, new) => format!("{}{}", instead("#", &assignments(old, "\n")), assignments(new, "\n")),
    }
}

/// How far along `path` there is something, if that is in braces or brackets, to which no header can add.
fn inline(root: &Value, path: &[String]) -> Option<usize> {
    let reached = root.deepest(path).1;
    let is_inline = |depth| match root.deepest(&path[..depth]).0 {
        Value::Table(table) => table.inline,
        Value::List(list) => list.inline,
        Value::Text(_) | Value::Other => false,
    };
    (1..=reached).any(is_inline).then_some(reached)
}

fn has_headers(root: &Value) -> bool {
    root.as_table().into_iter().flat_map(|table| table.entries.values()).any(|value| match value {
        Value::Table(table) => !table.inline,
        Value::List(list) => !list.inline,
        Value::Text(_) | Value::Other => false,
    })
}

/// A path as TOML writes it.
fn keys(path: &[String]) -> String {
    let is_bare = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    path.iter().map(|key| if is_bare(key) { key.clone() } else { quoted(key) }).collect::<Vec<_>>().join(".")
}

fn json(fix: &Fix, root: &Value) -> String {
    let members = |entries: &[Entry], separator| {
        let member = |(key, setting): &Entry| format!("{}: {}", quoted(key), value(setting));
        entries.iter().map(member).collect::<Vec<_>>().join(separator)
    };
    let braces = |entries: &[Entry]| format!("{{ {} }}", members(entries, ", "));
    match fix {
        Fix::Push(path, entries) => match root.deepest(path).1 {
            depth if depth == path.len() => format!("{}{},", within(path), braces(entries)),
            depth => nested(path, depth, &format!("[{}]", braces(entries))),
        },
        Fix::Set(path, entries) => match root.deepest(path).1 {
            depth if depth == path.len() => format!("{}{},", within(path), members(entries, ",\n")),
            depth => nested(path, depth, &braces(entries)),
        },
        Fix::Replace(old, new) => format!("{}{},", instead("//", &members(old, ",\n")), members(new, ",\n")),
    }
}

/// A member that leads along what is left of a path. The comma after it is right also where it comes last.
fn nested(path: &[String], depth: usize, inner: &str) -> String {
    let (last, outer) = path[depth..].split_last().expect("something is left of the path");
    let mut member = format!("{}: {inner}", quoted(last));
    for key in outer.iter().rev() {
        member = format!("{}: {{ {member} }}", quoted(key));
    }
    format!("{}{member},", within(&path[..depth]))
}

/// Where in a file of JSON.
fn within(path: &[String]) -> String {
    if path.is_empty() { String::new() } else { format!("// in {}\n", path.join(".")) }
}

/// What is replaced, as a comment.
fn instead(comment: &str, old: &str) -> String {
    old.lines().map(|line| format!("{comment} instead of {}\n", line.trim_end_matches(','))).collect()
}

fn value(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) => quoted(text),
        Setting::Texts(texts) => {
            format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text in quotes, as TOML and JSON both write it.
fn quoted(text: &str) -> String {
    let escaped = text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
        escaped
    });
    format!("\"{escaped}\"")
}
