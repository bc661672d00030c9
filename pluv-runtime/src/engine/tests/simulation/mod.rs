//! Rooms with documents on a virtual clock: people who edit, talk, come and go, a database and a network that fail, and what
//! must hold whatever happens.

mod admin;
mod checks;
mod client;
mod contents;
mod crashes;
mod edits;
mod failures;
mod fate;
mod load;
mod mistakes;

mod provider;
mod providing;
mod random;
mod room;
mod seeding;
mod shrink;
#[expect(clippy::module_inception, reason = "it is what the others are parts of")]
mod simulation;
mod steps;
mod talk;
