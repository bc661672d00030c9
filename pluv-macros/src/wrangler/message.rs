//! What the compiler says.

use super::{check::Problem, configuration::Misshapen, find::File, lines::lines, parse::Fault, value::Value};

const OFF: &str = "turn this check off with `wrangler = false`";

/// What is wrong, and at the end the lines to paste.
pub(super) fn problems(file: &File, root: &Value, problems: &[Problem]) -> String {
    let what = match problems {
        [problem] => format!(" {}", problem.text),
        _ => problems.iter().map(|problem| format!("\n- {}", problem.text)).collect(),
    };
    let fixes: Vec<_> = problems.iter().map(|problem| lines(&problem.fix, root, file.format)).collect();
    let name = file.name;
    format!(
        "a worker deployed by `{name}` does not have this room:{what}\n\nwrite there, or {OFF}:\n\n{}",
        fixes.join("\n\n")
    )
}

/// The file is no TOML or JSON.
pub(super) fn unreadable(file: &File, fault: &Fault) -> String {
    format!("`{}` can't be read, at line {}: {}; correct that, or {OFF}", file.name, fault.line, fault.reason)
}

/// Something in the file is of the wrong kind.
pub(super) fn misshapen(file: &File, fault: &Misshapen) -> String {
    let Misshapen { path, expected } = fault;
    format!("`{path}` in `{}` has to be {expected}; correct that, or {OFF}", file.name)
}
