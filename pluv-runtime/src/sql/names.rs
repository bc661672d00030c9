//! The names in a statement: those of pluv's own tables are not for users' statements.

use crate::error::{Error, Result};

/// The prefix of pluv's own tables.
const PREFIX: &str = "pluv_";

/// Checks that a statement names none of pluv's own tables, whichever way it quotes them.
///
/// # Errors
/// The name that it must not use.
pub(crate) fn check_names(statement: &str) -> Result<()> {
    let mut rest = statement;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '-' if rest.starts_with("--") => ("", rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => ("", rest[2..].find("*/").map_or(rest.len(), |end| end + 4)),
            // A text in single quotes is a name too where SQLite expects one.
            '\'' | '"' | '`' => quoted(rest, first),
            '[' => quoted(rest, ']'),
            letter if is_in_name(letter) => {
                let length = rest.find(|letter| !is_in_name(letter)).unwrap_or(rest.len());
                (&rest[..length], length)
            }
            other => ("", other.len_utf8()),
        };
        if token.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) {
            return Err(Error::internal(format!(
                "the statement names `{token}`: names that begin with `{PREFIX}` are pluv's own tables (bind a text that begins so)"
            )));
        }
        rest = &rest[length..];
    }
    Ok(())
}

/// Returns the text in quotes at the beginning, and its length with both quotes.
fn quoted(rest: &str, close: char) -> (&str, usize) {
    let inner = &rest[1..];
    let end = inner.find(close).unwrap_or(inner.len());
    (&inner[..end], (end + 2).min(rest.len()))
}

fn is_in_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_tables_are_not_for_statements() {
        let statements = [
            "SELECT * FROM pluv_log",
            "select * from PLUV_meta",
            r#"DELETE FROM "pluv_log""#,
            "DELETE FROM `Pluv_log`",
            "DELETE FROM [pluv_log]",
            "DELETE FROM 'pluv_log'",
            "DELETE FROM main.pluv_log",
            "SELECT 'it''s', a FROM b, pluv_log",
            "SELECT 1 -- '\nFROM pluv_log",
            "SELECT 1 /* ' */ FROM pluv_log",
            "CREATE VIEW a AS SELECT * FROM pluv_log",
            "ALTER TABLE a RENAME TO pluv_a",
        ];
        for statement in statements {
            let error = check_names(statement).expect_err(statement).to_string();
            assert!(error.contains("names that begin with `pluv_`"), "{error}");
        }
    }

    #[test]
    fn all_else_is() {
        let statements = [
            "SELECT * FROM log -- of pluv_log",
            "SELECT /* pluv_log */ 1",
            "SELECT * FROM my_pluv_log WHERE a = 'see pluv_log' AND pluv = 1",
            "SELECT 'open",
            "SELECT \"",
            "/*",
            "",
            "SELECT 'é' FROM übersicht",
        ];
        for statement in statements {
            check_names(statement).expect(statement);
        }
    }
}
