//! Tests of configurations with rooms.

use super::*;

const TOML: &str = "wrangler.toml";
const JSONC: &str = "wrangler.jsonc";

/// A complete worker without Durable Objects.
const BUILT: &str = "name = \"my-rooms\"\nmain = \"build/index.js\"\nbuild.command = \"make\"\n";
const BOUND: &str = "[[durable_objects.bindings]]\nname = \"CHAT\"\nclass_name = \"Chat\"\n";
const MADE: &str = "[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Chat\"]\n";

fn file(text: &str, name: &'static str) -> File {
    File::parse(name, text.as_bytes()).expect("it can be parsed")
}

fn found(file: &File) -> Vec<Problem> {
    problems(&file.configuration().expect("it has the right shape"), "Chat", "CHAT", true)
}

/// Returns the problems of a room, and the lines that correct them.
fn check(text: &str, name: &'static str) -> Vec<(String, String)> {
    let file = file(text, name);
    found(&file).into_iter().map(|problem| (problem.text, file.lines(&problem.edit))).collect()
}

fn toml(parts: &[&str]) -> Vec<(String, String)> {
    check(&parts.concat(), TOML)
}

/// Converts TOML to JSON.
fn json_of(text: &str) -> String {
    format!("{:#}", file(text, TOML).root)
}

/// Asserts that a file in both formats has one problem, with these lines.
#[track_caller]
fn one(parts: &[&str], problem: &str, in_toml: &str, in_json: &str) {
    let text = parts.concat();
    assert_eq!(check(&text, TOML), [(problem.to_owned(), in_toml.to_owned())]);
    assert_eq!(check(&json_of(&text), JSONC), [(problem.to_owned(), in_json.to_owned())]);
}

#[track_caller]
fn fine(parts: &[&str]) {
    let text = parts.concat();
    assert_eq!(check(&text, TOML), []);
    assert_eq!(check(&json_of(&text), JSONC), []);
}

#[test]
fn a_binding_has_a_class() {
    let unbound = [BUILT, "[[durable_objects.bindings]]\nname = \"CHAT\"\nclass = \"Chat\"\n", MADE].concat();
    let error = file(&unbound, TOML).configuration().err().expect("it has the wrong shape");
    assert_eq!(error, "is wrong at `durable_objects.bindings[0]`: missing field `class_name`");
}

#[test]
fn problems_of_the_whole_worker_are_reported_at_the_first_room() {
    let configuration = file(&[BOUND, MADE].concat(), TOML).configuration().expect("it has the right shape");
    assert_eq!(problems(&configuration, "Chat", "CHAT", true).len(), 2);
    assert_eq!(problems(&configuration, "Chat", "CHAT", false), []);
}

#[test]
fn a_complete_configuration_has_no_problem() {
    fine(&[BUILT, BOUND, MADE]);
    fine(&["main = \"src/index.js\"\n[build]\ncommand = \"x\"\n", BOUND, MADE]);
}

#[test]
fn all_problems_are_reported_in_order() {
    let problems = toml(&[]);
    let texts: Vec<_> = problems.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "`main` is missing",
            "the build command is missing",
            "the class `Chat` is not bound, and this room looks for it as `CHAT`",
            "no migration makes the class `Chat`",
        ]
    );
}

#[test]
fn the_lines_complete_an_empty_file() {
    let lines: Vec<_> = toml(&[]).into_iter().map(|(_, lines)| lines).collect();
    assert_eq!(toml(&[&lines.join("\n\n")]), []);
    let lines: Vec<_> = check("{}", JSONC).into_iter().map(|(_, lines)| lines).collect();
    assert_eq!(check(&format!("{{\n{}\n}}", lines.join("\n\n")), JSONC), []);
}

/// Appends the lines to a file, which is correct unless a comment says otherwise.
#[test]
fn the_lines_complete_a_file_with_other_classes() {
    let other = "[[durable_objects.bindings]]\nname = \"O\"\nclass_name = \"Other\"\n\
                 [[migrations]]\ntag = \"v2\"\nnew_sqlite_classes = [\"Other\"]\n";
    let problems = toml(&[BUILT, other]);
    let lines: Vec<_> = problems.into_iter().map(|(_, lines)| lines).collect();
    assert_eq!(lines[1], "[[migrations]]\ntag = \"v3\"\nnew_sqlite_classes = [\"Chat\"]");
    assert_eq!(toml(&[BUILT, other, &lines.join("\n\n")]), []);
}

#[test]
fn the_lines_are_those_of_the_readme() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).expect("it is there");
    let (_, rest) = readme.split_once("`wrangler.toml`, which").expect("it shows the file");
    let text = rest.split("```").nth(1).and_then(|block| block.strip_prefix("toml\n")).expect("it is TOML");
    assert_eq!(toml(&[text]), []);
    assert!(text.contains(&format!("command = \"{BUILD}\"")), "{text}");
    for (_, lines) in toml(&[]) {
        assert!(text.contains(&lines), "{lines}");
    }
}

#[test]
fn a_class_that_is_not_bound() {
    let problem = "the class `Chat` is not bound, and this room looks for it as `CHAT`";
    let whole = "\"durable_objects\": { \"bindings\": [{ \"name\": \"CHAT\", \"class_name\": \"Chat\" }] },";
    one(&[BUILT, MADE], problem, BOUND.trim_end(), whole);
    one(
        &[BUILT, MADE, "[[durable_objects.bindings]]\nname = \"O\"\nclass_name = \"Other\"\n"],
        problem,
        BOUND.trim_end(),
        "// in durable_objects.bindings\n{ \"name\": \"CHAT\", \"class_name\": \"Chat\" },",
    );
}

#[test]
fn entries_are_added_to_inline_tables_and_arrays() {
    let lines_of = |text: &str| toml(&[BUILT, text, MADE]).remove(0).1;
    let entry = "{ name = \"CHAT\", class_name = \"Chat\" }";
    assert_eq!(lines_of("[durable_objects]\nbindings = []\n"), format!("# in durable_objects.bindings\n{entry},"));
    assert_eq!(
        lines_of("durable_objects = { bindings = [{ name = \"O\", class_name = \"Other\" }] }\n"),
        format!("# in durable_objects.bindings\n{entry},")
    );
    assert_eq!(lines_of("durable_objects = {}\n"), format!("# in durable_objects\nbindings = [{entry}]"));
    let exports = "exports = { Other = { type = \"durable-object\", storage = \"sqlite\" } }\n";
    assert_eq!(
        toml(&[BUILT, exports, BOUND])[0].1,
        "# in exports\nChat = { type = \"durable-object\", storage = \"sqlite\" }"
    );
    assert_eq!(
        toml(&["main = \"a\"\nbuild = { cwd = \"b\" }\n", BOUND, MADE])[0].1,
        format!("# in build\ncommand = \"{BUILD}\"")
    );
}

#[test]
fn a_class_that_is_bound_under_another_name() {
    one(
        &[BUILT, MADE, "[[durable_objects.bindings]]\nname = \"ROOM\"\nclass_name = \"Chat\"\n"],
        "the class `Chat` is bound as `ROOM`, and this room looks for `CHAT` unless it has `binding = \"ROOM\"`",
        "# instead of name = \"ROOM\"\nname = \"CHAT\"",
        "// instead of \"name\": \"ROOM\"\n\"name\": \"CHAT\",",
    );
}

#[test]
fn a_binding_of_another_class() {
    one(
        &[BUILT, MADE, "[[durable_objects.bindings]]\nname = \"CHAT\"\nclass_name = \"Caht\"\n"],
        "the binding `CHAT` is of the class `Caht`, and this room is `Chat`",
        "# instead of class_name = \"Caht\"\nclass_name = \"Chat\"",
        "// instead of \"class_name\": \"Caht\"\n\"class_name\": \"Chat\",",
    );
}

#[test]
fn a_problem_of_the_binding_is_reported_at_its_option() {
    let text = [BUILT, MADE, "[[durable_objects.bindings]]\nname = \"ROOM\"\nclass_name = \"Chat\"\n"].concat();
    assert!(found(&file(&text, TOML))[0].is_binding);
    assert!(found(&file(BUILT, TOML)).iter().all(|problem| !problem.is_binding));
}

#[test]
fn a_class_can_be_in_another_worker() {
    let of_other =
        "[[durable_objects.bindings]]\nname = \"CHAT\"\nclass_name = \"ChatRoom\"\nscript_name = \"other\"\n";
    fine(&[BUILT, of_other]);
    // A binding of another name that is in another worker is not the room's.
    let elsewhere = "[[durable_objects.bindings]]\nname = \"C\"\nclass_name = \"Chat\"\nscript_name = \"other\"\n";
    assert!(toml(&[BUILT, MADE, elsewhere])[0].0.contains("is not bound"));
    // A binding can name its own worker.
    let own = "[[durable_objects.bindings]]\nname = \"CHAT\"\nclass_name = \"Chat\"\nscript_name = \"my-rooms\"\n";
    fine(&[BUILT, own, MADE]);
    assert!(toml(&[BUILT, own])[0].0.contains("no migration"));
}

#[test]
fn a_class_without_a_migration() {
    one(
        &[BUILT, BOUND],
        "no migration makes the class `Chat`",
        MADE.trim_end(),
        "\"migrations\": [{ \"tag\": \"v1\", \"new_sqlite_classes\": [\"Chat\"] }],",
    );
    one(
        &[BUILT, BOUND, "[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Other\"]\n"],
        "no migration makes the class `Chat`",
        "[[migrations]]\ntag = \"v2\"\nnew_sqlite_classes = [\"Chat\"]",
        "// in migrations\n{ \"tag\": \"v2\", \"new_sqlite_classes\": [\"Chat\"] },",
    );
}

#[test]
fn a_class_without_sqlite() {
    one(
        &[BUILT, BOUND, "[[migrations]]\ntag = \"v1\"\nnew_classes = [\"Chat\"]\n"],
        "`new_classes` of the migration `v1` makes the class `Chat` without SQLite, in which a room stores everything (a \
         deployed class keeps its storage: then the room needs another name)",
        "# instead of new_classes = [\"Chat\"]\nnew_sqlite_classes = [\"Chat\"]",
        "// instead of \"new_classes\": [\"Chat\"]\n\"new_sqlite_classes\": [\"Chat\"],",
    );
    let both = "[[migrations]]\ntag = \"v1\"\nnew_classes = [\"Old\", \"Chat\"]\nnew_sqlite_classes = [\"New\"]\n";
    assert_eq!(
        toml(&[BUILT, BOUND, both])[0].1,
        "# instead of new_classes = [\"Old\",\"Chat\"]\n# instead of new_sqlite_classes = [\"New\"]\n\
         new_classes = [\"Old\"]\nnew_sqlite_classes = [\"New\",\"Chat\"]"
    );
}

#[test]
fn a_class_without_sqlite_can_be_renamed() {
    let renamed = "[[migrations]]\ntag = \"v1\"\nnew_classes = [\"Old\", \"Other\"]\n\
                   [[migrations]]\ntag = \"v2\"\nrenamed_classes = [{ from = \"Old\", to = \"Chat\" }]\n";
    assert_eq!(
        toml(&[BUILT, BOUND, renamed])[0].1,
        "# instead of new_classes = [\"Old\",\"Other\"]\nnew_classes = [\"Other\"]\nnew_sqlite_classes = [\"Old\"]"
    );
}

#[test]
fn migrations_are_followed_to_the_last() {
    let migrations = |steps: &[&str]| {
        let steps = steps.iter().enumerate().map(|(i, step)| format!("[[migrations]]\ntag = \"v{}\"\n{step}\n", i + 1));
        let problems = toml(&[BUILT, BOUND, &steps.collect::<String>()]);
        problems.into_iter().map(|(text, _)| text).collect::<Vec<_>>()
    };
    let make = "new_sqlite_classes = [\"Chat\"]";
    assert_eq!(
        migrations(&["new_sqlite_classes = [\"Old\"]", "renamed_classes = [{ from = \"Old\", to = \"Chat\" }]"]),
        [""; 0]
    );
    // The old name may be older than the first migration of the file.
    assert_eq!(migrations(&["renamed_classes = [{ from = \"Old\", to = \"Chat\" }]"]), [""; 0]);
    let transferred = "transferred_classes = [{ from = \"Old\", from_script = \"other\", to = \"Chat\" }]";
    assert_eq!(migrations(&[transferred]), [""; 0]);
    assert_eq!(migrations(&[make, "deleted_classes = [\"Chat\"]"]), ["the migration `v2` deletes the class `Chat`"]);
    assert_eq!(migrations(&[make, "deleted_classes = [\"Chat\"]", make]), [""; 0]);
    assert_eq!(migrations(&["new_classes = [\"Chat\"]", "deleted_classes = [\"Chat\"]", make]), [""; 0]);
    assert_eq!(
        migrations(&[make, "renamed_classes = [{ from = \"Chat\", to = \"Room\" }]"]),
        ["the migration `v2` renames the class `Chat` to `Room`"]
    );
    let renamed = migrations(&["new_classes = [\"Old\"]", "renamed_classes = [{ from = \"Old\", to = \"Chat\" }]"]);
    assert!(renamed[0].starts_with("`new_classes` of the migration `v1` makes the class `Chat`"), "{renamed:?}");
}

#[test]
fn exports_replace_migrations() {
    let live = "[exports.Chat]\ntype = \"durable-object\"\nstorage = \"sqlite\"\n";
    fine(&[BUILT, BOUND, live]);
    fine(&[BUILT, BOUND, live, "state = \"created\"\n"]);
    fine(&[BUILT, BOUND, live, "state = \"expecting-transfer\"\ntransfer_from = \"other\"\n"]);
    let other = "[exports.Other]\ntype = \"durable-object\"\nstorage = \"sqlite\"\n";
    one(
        &[BUILT, BOUND, other],
        "`exports` has no class `Chat`",
        live.trim_end(),
        "// in exports\n\"Chat\": { \"type\": \"durable-object\", \"storage\": \"sqlite\" },",
    );
    // Exports of other types do not replace migrations.
    fine(&[BUILT, BOUND, MADE, "[exports.default]\ntype = \"worker\"\ncache = { enabled = false }\n"]);
}

#[test]
fn exports_without_a_class_that_has_sqlite() {
    let problem = |entry: &str| {
        let mut problems = toml(&[BUILT, BOUND, "[exports.Chat]\n", entry]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    };
    let (text, lines) = problem("type = \"durable-object\"\nstorage = \"legacy-kv\"\n");
    assert!(text.starts_with("`exports` does not make the class `Chat` a `durable-object` with SQLite"), "{text}");
    assert_eq!(lines, "# instead of storage = \"legacy-kv\"\nstorage = \"sqlite\"");
    let (text, lines) = problem("type = \"durable-object\"\n");
    assert!(text.starts_with("`exports` does not make the class `Chat` a `durable-object` with SQLite"), "{text}");
    assert_eq!(lines, "# in exports.Chat\nstorage = \"sqlite\"");
    let (text, lines) = problem("type = \"durable-object\"\nstate = \"renamed\"\nrenamed_to = \"Room\"\n");
    assert_eq!(text, "`exports` says that the class `Chat` was renamed");
    assert_eq!(lines, "# instead of state = \"renamed\"\n# instead of renamed_to = \"Room\"\nstorage = \"sqlite\"");
    let (text, lines) = problem("type = \"worker\"\n");
    assert!(text.starts_with("`exports` does not make the class `Chat` a `durable-object` with SQLite"), "{text}");
    assert_eq!(lines, "# instead of type = \"worker\"\ntype = \"durable-object\"\nstorage = \"sqlite\"");
    let (_, lines) = problem("type = \"durable-object\"\nstate = \"transferred\"\ntransferred_to = \"other\"\n");
    assert_eq!(
        lines,
        "# instead of state = \"transferred\"\n# instead of transferred_to = \"other\"\nstorage = \"sqlite\""
    );
    let (text, lines) = problem("storage = \"sqlite\"\n");
    assert!(text.starts_with("`exports` does not make the class `Chat` a `durable-object` with SQLite"), "{text}");
    assert_eq!(lines, "# in exports.Chat\ntype = \"durable-object\"");
}

#[test]
fn a_worker_without_main_or_build() {
    let build = "[build]\ncommand = \"make\"\n";
    one(
        &[build, BOUND, MADE],
        "`main` is missing",
        "# above the first table\nmain = \"build/index.js\"",
        "\"main\": \"build/index.js\",",
    );
    one(
        &["main = \"a.js\"\n", BOUND, MADE],
        "the build command is missing",
        &format!("[build]\ncommand = \"{BUILD}\""),
        &format!("\"build\": {{ \"command\": \"{BUILD}\" }},"),
    );
    one(
        &["main = \"a.js\"\n[build]\ncwd = \"b\"\n", BOUND, MADE],
        "the build command is missing",
        &format!("# in build\ncommand = \"{BUILD}\""),
        &format!("// in build\n\"command\": \"{BUILD}\","),
    );
}

#[test]
fn an_environment_inherits_no_binding() {
    one(
        &[BUILT, BOUND, MADE, "[env.production.vars]\nA = \"b\"\n"],
        "in `env.production` the class `Chat` is not bound, and this room looks for it as `CHAT`",
        "[[env.production.durable_objects.bindings]]\nname = \"CHAT\"\nclass_name = \"Chat\"",
        "// in env.production\n\"durable_objects\": { \"bindings\": [{ \"name\": \"CHAT\", \"class_name\": \"Chat\" }] },",
    );
    let two = toml(&[BUILT, BOUND, MADE, "[env.a]\n[env.b]\n"]);
    assert_eq!(two.len(), 2, "{two:#?}");
    let inline = "# in env.a\ndurable_objects.bindings = [{ name = \"CHAT\", class_name = \"Chat\" }]";
    assert_eq!(toml(&["env = { a = {} }\n", BUILT, BOUND, MADE])[0].1, inline);
}

#[test]
fn environments_are_checked() {
    let staging = "[[env.staging.durable_objects.bindings]]\nname = \"CHAT\"\nclass_name = \"Chat\"\n";
    fine(&[BUILT, BOUND, MADE, staging]);
    one(
        &[BUILT, BOUND, MADE, "[env.staging.durable_objects]\n"],
        "in `env.staging` the class `Chat` is not bound, and this room looks for it as `CHAT`",
        staging.trim_end(),
        "// in env.staging.durable_objects\n\"bindings\": [{ \"name\": \"CHAT\", \"class_name\": \"Chat\" }],",
    );
    // An inherited problem is reported once.
    assert_eq!(toml(&[BUILT, BOUND, staging]).len(), 1);
    assert_eq!(toml(&[BUILT, BOUND, staging])[0].0, "no migration makes the class `Chat`");
    // An environment's own problem is reported there.
    let own = "[[env.staging.migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Other\"]\n";
    one(
        &[BUILT, BOUND, MADE, staging, own],
        "in `env.staging` no migration makes the class `Chat`",
        "[[env.staging.migrations]]\ntag = \"v2\"\nnew_sqlite_classes = [\"Chat\"]",
        "// in env.staging.migrations\n{ \"tag\": \"v2\", \"new_sqlite_classes\": [\"Chat\"] },",
    );
}

#[test]
fn bindings_can_be_in_environments_only() {
    let staging = "[env.staging]\nmain = \"a.js\"\nbuild.command = \"make\"\n\
                   [[env.staging.durable_objects.bindings]]\nname = \"CHAT\"\nclass_name = \"Chat\"\n";
    fine(&["name = \"a\"\n", staging, MADE]);
    fine(&["name = \"a\"\n", staging, "[[env.staging.migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Chat\"]\n"]);
}

#[test]
fn an_environment_has_its_own_worker_name() {
    let staging = |script: &str| {
        format!(
            "[[env.staging.durable_objects.bindings]]\nname = \"CHAT\"\nclass_name = \"Chat\"\nscript_name = \"{script}\"\n"
        )
    };
    let moved = "[[env.staging.migrations]]\ntag = \"v1\"\n";
    fine(&[BUILT, BOUND, MADE, &staging("my-rooms"), moved]);
    assert_eq!(toml(&[BUILT, BOUND, MADE, &staging("my-rooms-staging"), moved]).len(), 1);
}

#[test]
fn a_pages_project_is_not_checked() {
    fine(&["name = \"a\"\npages_build_output_dir = \"public\"\n"]);
}

#[test]
fn wranglers_json_has_comments_and_trailing_commas() {
    let text = "\u{feff}{\n  // a comment\n  \"main\": \"a\", /* another */\n  \"build\": { \"command\": \"make\", },\n\
                \"durable_objects\": { \"bindings\": [{ \"name\": \"CHAT\", \"class_name\": \"Chat\", },] },\n\
                \"exports\": { \"Chat\": { \"type\": \"durable-object\", \"storage\": \"sqlite\" } },\n}\n";
    assert_eq!(check(text, JSONC), []);
}

#[test]
fn other_parts_of_the_file_are_ignored() {
    let other =
        "compatibility_date = 2026-04-01\nroutes = [{ pattern = \"a\", zone_name = \"b\" }]\nlimits = { cpu_ms = 5 }\n";
    assert_eq!(toml(&[BUILT, other, BOUND, MADE, "[vars]\nA = 1.5\nB = { c = true }\n"]), []);
}

#[test]
fn a_syntax_error_has_its_line() {
    let error = |text: &str, name| File::parse(name, text.as_bytes()).err().expect("it is no good");
    assert_eq!(error("a = 1\nb = 2\na = 3\n", TOML), "can't be read, at line 3: duplicate key");
    let quoted = "can't be read, at line 2: string values must be quoted, expected literal string";
    assert_eq!(error("a = 1\nmain =\n", TOML), quoted);
    assert_eq!(error("{\n  \"a\": 1,\n  \"b\": }", JSONC), "can't be read, at line 3: unexpected close brace");
    assert_eq!(error("{\n  \"a\": 1\n  \"b\": 2\n}", JSONC), "can't be read, at line 2: expected comma");
    for text in ["", "[]", "5"] {
        assert_eq!(error(text, JSONC), "can't be read, at line 1: an object is expected");
    }
    let bytes = File::parse(TOML, b"a = 1\nb = \"\xff\"\n").err().expect("it is no text");
    assert_eq!(bytes, "can't be read, at line 2: this is not UTF-8");
}

#[test]
fn a_key_of_the_wrong_type_is_named() {
    let error = |text: &str, name| file(text, name).configuration().err().expect("it has the wrong shape");
    assert_eq!(
        error("[durable_objects.bindings]\nname = \"CHAT\"\n", TOML),
        "is wrong at `durable_objects.bindings`: invalid type: map, expected a sequence"
    );
    for (text, path) in [
        ("[migrations]\ntag = \"v1\"\n", "migrations"),
        ("[[migrations]]\nnew_sqlite_classes = \"Chat\"\n", "migrations[0].new_sqlite_classes"),
        ("build = \"make\"\n", "build"),
        ("main = 5\n", "main"),
        ("exports.Chat = \"durable-object\"\n", "exports.Chat"),
        ("env.staging.main = 5\n", "env.staging.main"),
    ] {
        let error = error(text, TOML);
        assert!(error.starts_with(&format!("is wrong at `{path}`: invalid type: ")), "{error}");
    }
}

#[test]
fn the_file_is_found_in_wranglers_order() {
    let directory = tempfile::tempdir().expect("a directory");
    let found = || find(directory.path()).map(|(name, _)| name);
    assert_eq!(found(), None);
    for name in ["wrangler.toml", "wrangler.jsonc", "wrangler.json"] {
        fs::write(directory.path().join(name), "").expect("it is written");
        assert_eq!(found(), Some(name));
    }
}

#[test]
fn strings_are_quoted_where_they_must_be() {
    let file = file(BUILT, TOML);
    let exports = Edit::Set(vec!["exports".to_owned(), "Größe".to_owned()], vec![("type", json!("a\"\\\n"))]);
    assert_eq!(file.lines(&exports), "[exports.\"Größe\"]\ntype = \"a\\\"\\\\\\n\"");
    let problems = problems(&file.configuration().expect("it has the right shape"), "Größe", "CHAT", true);
    assert!(file.lines(&problems[0].edit).contains("\"Größe\""));
}
