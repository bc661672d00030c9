//! Types over several lines, as one would write them.

use super::tokens::{Kind, Token, tokens};

const INDENT: &str = "  ";

/// A type, with each field of an object on a line of its own; `indent` is how deep it stands.
pub(super) fn laid_out(text: &str, indent: usize) -> String {
    let all = tokens(text);
    let mut out = Layout { text: String::new(), open: Vec::new(), indent };
    for (at, token) in all.iter().enumerate() {
        out.push(token, at.checked_sub(1).map(|at| &all[at]), all.get(at + 1));
    }
    out.text
}

/// A comment of `JSDoc`.
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

/// What a comment of `JSDoc` says.
pub(super) fn uncommented(comment: &str) -> String {
    let inner = comment.trim().trim_start_matches("/**").trim_end_matches("*/").trim();
    let lines = inner.lines().map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix('*').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).trim_end()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

struct Layout<'a> {
    text: String,
    /// The open brackets, and whether each has its content on lines of its own.
    open: Vec<(&'a str, bool)>,
    indent: usize,
}

impl<'a> Layout<'a> {
    fn push(&mut self, token: &Token<'a>, before: Option<&Token<'a>>, after: Option<&Token<'a>>) {
        let is = |token: Option<&Token<'_>>, sign| token.is_some_and(|token| token.is(sign));
        let in_block = matches!(self.open.last(), Some(("{", true)));
        match (token.kind, token.text) {
            (Kind::Comment, text) => {
                self.text.push_str(comment(&uncommented(text), self.depth()).trim_start());
                self.margin();
            }
            (Kind::Sign, "{") => {
                let is_block = !is(after, "[") && !is(after, "}");
                self.open.push(("{", is_block));
                self.text.push('{');
                match is_block {
                    true => self.line(),
                    false if !is(after, "}") => self.text.push(' '),
                    false => {}
                }
            }
            (Kind::Sign, "}") => {
                self.open.pop();
                if in_block {
                    if !is(before, ",") {
                        self.text.push(';');
                    }
                    self.line();
                } else if !is(before, "{") {
                    self.text.push(' ');
                }
                self.text.push('}');
            }
            (Kind::Sign, sign @ ("<" | "[" | "(")) => {
                self.open.push((sign, false));
                self.text.push_str(sign);
            }
            (Kind::Sign, sign @ (">" | "]" | ")")) => {
                self.open.pop();
                self.text.push_str(sign);
            }
            (Kind::Sign, ",") if in_block => {
                self.text.push(';');
                if !is(after, "}") {
                    self.line();
                }
            }
            (Kind::Sign, sign @ (":" | ",")) => self.text.extend([sign, " "]),
            (Kind::Sign, sign @ ("|" | "&" | "=" | "=>")) => self.text.extend([" ", sign, " "]),
            (Kind::Word, word) if before.is_some_and(|before| before.kind == Kind::Word) => {
                self.text.extend([" ", word]);
            }
            (Kind::Word | Kind::Sign, text) => self.text.push_str(text),
        }
    }

    fn depth(&self) -> usize {
        self.indent + self.open.iter().filter(|(_, is_block)| *is_block).count()
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.margin();
    }

    fn margin(&mut self) {
        self.text.push_str(&INDENT.repeat(self.depth()));
    }
}
