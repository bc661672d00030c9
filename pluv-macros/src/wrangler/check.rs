//! A configuration against a room.

use super::{
    classes::{Verdict, by_exports, by_migrations},
    configuration::{Binding, Configuration, Export, Scope},
    fix::{Fix, text},
};

/// The command that builds a worker; the version of its tool is that of the crate `worker`.
pub(super) const BUILD: &str = "cargo install -q worker-build@0.8.7 && worker-build --release";
/// What that command makes.
pub(super) const MAIN: &str = "build/index.js";

/// What a room needs of a configuration.
#[derive(Debug)]
pub(super) struct Room<'a> {
    pub(super) class: &'a str,
    pub(super) binding: &'a str,
}

/// What of a room does not go with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The name of its binding.
    Binding,
    /// Itself.
    Room,
    /// All that the worker has: it is told at the first.
    Worker,
}

/// Why a worker that is deployed as the configuration says has no such room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) place: Place,
    pub(super) text: String,
    pub(super) fix: Fix,
}

/// Finds what is wrong.
pub(super) fn room(configuration: &Configuration, room: &Room<'_>) -> Vec<Problem> {
    if configuration.is_pages {
        return Vec::new();
    }
    let top = &configuration.top;
    let mut problems = Vec::new();
    let scopes = deployed(configuration);
    if scopes.iter().any(|scope| !scope.has_main && !top.has_main) {
        let fix = Fix::Set(Vec::new(), vec![text("main", MAIN)]);
        problems.push(Problem { place: Place::Worker, text: "`main` is missing".to_owned(), fix });
    }
    if scopes.iter().any(|scope| !scope.has_build && !top.has_build) {
        let fix = Fix::Set(vec!["build".to_owned()], vec![text("command", BUILD)]);
        problems.push(Problem { place: Place::Worker, text: "the build command is missing".to_owned(), fix });
    }
    for scope in scopes {
        match bound(scope, room) {
            Ok(Bound::Here) => {}
            Ok(Bound::Elsewhere) => continue,
            Err(problem) => problems.push(scope.tell(problem)),
        }
        let (owner, verdict) = judge(room.class, scope, top);
        let problem = verdict.map(|(text, fix)| owner.tell(Problem { place: Place::Room, text, fix }));
        // Environments inherit the life of classes, though not their bindings: what is wrong is told once.
        problems.extend(problem.filter(|problem| !problems.contains(problem)));
    }
    problems
}

/// What of a configuration is deployed with objects of its own: the top level, unless those are in environments alone,
/// and each environment that binds some. Of one that binds none wrangler itself warns.
fn deployed(configuration: &Configuration) -> Vec<&Scope> {
    let binding = configuration.environments.iter().filter(|scope| scope.bindings.is_some());
    let mut scopes: Vec<_> = binding.collect();
    if configuration.top.bindings.is_some() || scopes.is_empty() {
        scopes.insert(0, &configuration.top);
    }
    scopes
}

/// Where the class is that a room's binding leads to.
enum Bound {
    Here,
    Elsewhere,
}

fn bound(scope: &Scope, room: &Room<'_>) -> Result<Bound, Problem> {
    let Room { class, binding } = room;
    let bindings = scope.bindings.as_deref().unwrap_or_default();
    let is_here = |binding: &Binding| binding.script.is_none() || binding.script == scope.worker;
    if let Some(found) = bindings.iter().find(|found| found.name == *binding) {
        return match found {
            found if !is_here(found) => Ok(Bound::Elsewhere),
            found if found.class == *class => Ok(Bound::Here),
            found if found.class.is_empty() => Err(Problem {
                place: Place::Binding,
                text: format!("the binding `{binding}` has no `class_name`, and this room is `{class}`"),
                fix: Fix::Replace(vec![text("name", binding)], vec![text("name", binding), text("class_name", class)]),
            }),
            found => Err(Problem {
                place: Place::Binding,
                text: format!("the binding `{binding}` is of the class `{}`, and this room is `{class}`", found.class),
                fix: Fix::Replace(vec![text("class_name", &found.class)], vec![text("class_name", class)]),
            }),
        };
    }
    if let Some(found) = bindings.iter().find(|found| found.class == *class && is_here(found)) {
        return Err(Problem {
            place: Place::Binding,
            text: format!(
                "the class `{class}` is bound as `{name}`, and this room looks for `{binding}` unless it has \
                 `binding = \"{name}\"`",
                name = found.name
            ),
            fix: Fix::Replace(vec![text("name", &found.name)], vec![text("name", binding)]),
        });
    }
    let path = scope.at(&["durable_objects", "bindings"]);
    Err(Problem {
        place: Place::Room,
        text: format!("the class `{class}` is not bound, and this room looks for it as `{binding}`"),
        fix: Fix::Push(path, vec![text("name", binding), text("class_name", class)]),
    })
}

/// Judges a class by what replaces migrations where that is in use, and else by migrations; and tells whose they are.
fn judge<'a>(class: &str, scope: &'a Scope, top: &'a Scope) -> (&'a Scope, Verdict) {
    let exports = [scope, top].into_iter().find_map(|owner| Some((owner, owner.exports.as_ref()?)));
    let migrations = [scope, top].into_iter().find_map(|owner| Some((owner, owner.migrations.as_deref()?)));
    match (exports, migrations) {
        (Some((owner, exports)), migrations)
            if migrations.is_none_or(|(_, migrations)| migrations.is_empty())
                || exports.values().any(Export::is_object) =>
        {
            (owner, by_exports(class, exports, owner.at(&["exports"])))
        }
        (_, Some((owner, migrations))) => (owner, by_migrations(class, migrations, owner.at(&["migrations"]))),
        (_, None) => (top, by_migrations(class, &[], top.at(&["migrations"]))),
    }
}

impl Scope {
    fn at(&self, keys: &[&str]) -> Vec<String> {
        self.path.iter().cloned().chain(keys.iter().map(|key| (*key).to_owned())).collect()
    }

    /// A problem that says which environment has it.
    fn tell(&self, mut problem: Problem) -> Problem {
        if !self.path.is_empty() {
            problem.text = format!("in `{}` {}", self.path.join("."), problem.text);
        }
        problem
    }
}
