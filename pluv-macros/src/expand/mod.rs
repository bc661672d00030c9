//! Meaning to tokens: calls into the runtime. Nothing here can fail, and nothing is decided here.

mod definition;
mod handlers;

pub(crate) use self::{definition::definition, handlers::handlers};
