//! A room as a file of TypeScript.

mod declarations;
mod file;
mod probe;
mod syntax;

pub(crate) use self::file::export;
pub(super) use self::{declarations::outputs, probe::Probe};

#[cfg(test)]
mod tests;
