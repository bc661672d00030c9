//! Rooms with documents on a virtual clock: people who edit, come and go, a database and a network that fail, and what
//! must hold whatever happens.

mod checks;
mod contents;
mod crashes;
mod edits;
mod failures;
mod load;
mod person;
mod random;
mod replica;
mod room;
mod seeding;
#[expect(clippy::module_inception, reason = "it is what the others are parts of")]
mod simulation;
