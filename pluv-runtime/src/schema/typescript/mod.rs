//! A room as a file of TypeScript.

mod declarations;
mod export;
mod file;
mod layout;
mod mend;
mod optional;
mod outputs;
mod source;
mod tokens;

pub(crate) use self::export::export;
pub(super) use self::outputs::outputs;

#[cfg(test)]
mod tests;
