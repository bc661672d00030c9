//! The check of names and doc comments: `style.txt` lists the names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::tools;

/// The names, with what to write in their place.
const NAMES: &str = include_str!("style.txt");

/// Words that begin no doc comment: it says what the item is or does, in a whole clause.
const HEADLESS: [&str; 4] = ["What", "Who", "Whose", "Whom"];

/// Endings of the files that are read.
const SOURCES: [&str; 6] = ["rs", "ts", "tsx", "mts", "mjs", "js"];

/// Checks all Rust, TypeScript and JavaScript sources that git has.
///
/// The error has each name and doc comment that is wrong, with its file and line.
pub(crate) fn check() -> Result<()> {
    let root = tools::root();
    let found: Vec<_> = sources(&root)?
        .into_iter()
        .map(|file| {
            let text =
                fs::read_to_string(root.join(&file)).with_context(|| format!("{} cannot be read", file.display()))?;
            Ok(findings(&text).into_iter().map(move |(line, finding)| format!("{}:{line}: {finding}", file.display())))
        })
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    ensure!(found.is_empty(), "{}\n{} names or comments are not in style", found.join("\n"), found.len());
    Ok(())
}

/// Returns the sources below the root of the repository, relative to it, without what git ignores and what is generated.
fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"])
        .current_dir(root)
        .output()
        .context("`git` cannot be run")?;
    ensure!(output.status.success(), "`git ls-files` failed ({})", output.status);
    let is_source = |path: &PathBuf| {
        let is_named = path.extension().is_some_and(|ending| SOURCES.iter().any(|source| ending == *source));
        // Bundles that are committed have the names of others, and this check's own tests have all of them.
        let is_generated =
            path.ends_with("xtask/src/style.rs") || path.components().any(|part| part.as_os_str() == "public");
        is_named && !is_generated && root.join(path).is_file()
    };
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(PathBuf::from).filter(is_source).collect())
}

/// Returns the lines of a source that are not in style, counted from 1, and what is wrong with each.
fn findings(text: &str) -> Vec<(usize, String)> {
    let names: Vec<_> =
        NAMES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" => ")).collect();
    let mut found = Vec::new();
    let mut was_doc = false;
    for (index, line) in text.lines().enumerate() {
        let doc = doc_comment(line);
        if let Some(doc) = doc.filter(|_| !was_doc)
            && let Some(word) = HEADLESS.iter().find(|word| first_word(doc) == **word)
        {
            let message = format!("a doc comment begins with `{word}`: begin with what the item is or does");
            found.push((index + 1, message));
        }
        // The first line of a block is often empty.
        was_doc = doc.is_some_and(|doc| was_doc || !doc.is_empty());
        let code = code(line);
        for (name, replacement) in &names {
            if contains(&code, name) {
                found.push((index + 1, format!("`{name}` is not used: write {replacement}")));
            }
        }
    }
    found
}

/// The text of a line of a doc comment: `///`, `//!`, `/**` or a line of a block that `/**` began.
fn doc_comment(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = ["///", "//!", "/**", "* "].into_iter().find_map(|start| line.strip_prefix(start))?;
    Some(rest.trim())
}

fn first_word(text: &str) -> &str {
    text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default()
}

/// The line without its comment and without what is quoted: prose may use any word.
fn code(line: &str) -> String {
    let mut code = String::new();
    let mut is_quoted = false;
    let mut letters = line.chars().peekable();
    if ["/*", "* "].iter().any(|start| line.trim_start().starts_with(start)) {
        return code;
    }
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if is_quoted => drop(letters.next()),
            '"' => is_quoted = !is_quoted,
            '/' if !is_quoted && letters.peek() == Some(&'/') => break,
            _ if !is_quoted => code.push(letter),
            _ => {}
        }
    }
    code
}

/// Whether a name stands in code, and is no part of a longer identifier.
fn contains(code: &str, name: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    code.match_indices(name).any(|(start, found)| {
        let before = is_part(name.chars().next()) && is_part(code[..start].chars().next_back());
        let after = is_part(name.chars().next_back()) && is_part(code[start + found.len()..].chars().next());
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        findings(text).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn names_are_found_with_their_lines() {
        assert_eq!(lines("struct Core {}\n\nfn a(core: Core<'_>) {}\n"), [1, 3]);
        assert_eq!(lines("mod diary;\n    client.vanish();\n    error.because(\"no\");\n"), [1, 2, 3]);
        let (_, message) = findings("pub(crate) fn fold(&mut self) {}").remove(0);
        assert_eq!(message, "`fn fold(` is not used: write `compact`");
    }

    #[test]
    fn ordinary_words_are_no_names() {
        let text = "iter.fold(0, max);\nlet keep = whole.look();\nCoreError::new();\nis_vanished();\nfn folded() {}\n\
                    // Core is a word of prose.\nlet text = \"the Core \\\" of Core\";\n/// The Wish of a user.\n * A Wish.\n/** Waits. */\n";
        assert_eq!(findings(text), []);
    }

    #[test]
    fn headless_doc_comments_are_found() {
        let text = "/// What it does.\nfn a() {}\n//! Who is there.\n\n/**\n * Whose it is.\n */\n\n/// Whom: nobody.";
        assert_eq!(lines(text), [1, 3, 6, 9]);
        let text = "/// Returns how many there are, and\n/// What they are.\n\n/// Whatever.\n// What a comment.\n";
        assert_eq!(findings(text), []);
    }

    #[test]
    fn every_line_of_the_list_has_a_replacement() {
        for line in NAMES.lines().filter(|line| !line.starts_with('#')) {
            assert!(
                line.split_once(" => ").is_some_and(|(name, instead)| !name.is_empty() && !instead.is_empty()),
                "{line}"
            );
        }
    }

    #[test]
    fn sources_are_those_of_the_repository() {
        let sources = sources(&tools::root()).expect("git lists them");
        assert!(sources.iter().any(|path| path.ends_with("pluv-macros/src/lib.rs")));
        assert!(!sources.iter().any(|path| path.starts_with("target")));
    }
}
