//! What a handler is given and what it gives back.

use std::fmt;

use crate::{
    contract::{ClientInput, Failure, ServerOutput},
    error::{Error, Result},
    protocol::decode,
};

/// A message of the application: an event or a procedure's request.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub(crate) name: &'a str,
    pub(crate) data: &'a str,
}

impl<'a> Message<'a> {
    /// The event's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Its data: a JSON object, as the client wrote it.
    #[must_use]
    pub fn json(&self) -> &'a str {
        self.data
    }

    /// Its data as a `T`.
    ///
    /// # Errors
    /// An error for the client that names the field.
    pub fn data<T: ClientInput>(&self) -> Result<T> {
        decode(self.data, "data").map_err(|reason| Error::client(format!("`{}`: {reason}", self.name)))
    }
}

/// What the macro's dispatch is given.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub(crate) message: Message<'a>,
}

impl<'a> Call<'a> {
    /// The event's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.message.name
    }

    /// The handler's input.
    ///
    /// # Errors
    /// An error for the client that names the field.
    pub fn input<T: ClientInput>(&self) -> Result<T> {
        self.message.data()
    }

    /// There is no handler of this name.
    #[must_use]
    pub fn unhandled(&self) -> Outcome {
        Outcome(Kind::Unhandled)
    }
}

/// An event was handled.
pub(crate) fn done() -> Outcome {
    Outcome(Kind::Done)
}

/// A procedure answered.
///
/// # Errors
/// When the answer can't be written as JSON.
pub(crate) fn answer(name: &'static str, value: &impl ServerOutput) -> Result<Outcome> {
    Ok(Outcome(Kind::Answer { name, data: serde_json::to_string(value)? }))
}

/// How a call ended.
pub struct Outcome(pub(crate) Kind);

#[derive(Debug)]
pub(crate) enum Kind {
    /// An event was handled.
    Done,
    /// A procedure answered, with JSON.
    Answer { name: &'static str, data: String },
    /// No handler has that name.
    Unhandled,
    /// What the document is at first.
    Initial(Option<Vec<u8>>),
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an event's handler may return: nothing, or a [`Result`] of nothing.
#[diagnostic::on_unimplemented(
    message = "an event's handler can't return `{Self}`",
    label = "return nothing or `pluv::Result<()>`",
    note = "to answer the caller alone, make it a `#[procedure]`"
)]
pub trait IntoEvent {
    /// The result that it stands for.
    ///
    /// # Errors
    /// The handler's own.
    fn into_event(self) -> Result<()>;
}

impl IntoEvent for () {
    fn into_event(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Failure> IntoEvent for std::result::Result<(), E> {
    fn into_event(self) -> Result<()> {
        self.map_err(Into::into)
    }
}

/// What a hook may return: nothing, or a [`Result`] of nothing.
#[diagnostic::on_unimplemented(
    message = "this hook can't return `{Self}`",
    label = "return nothing or `pluv::Result<()>`"
)]
pub trait IntoHook {
    /// The result that it stands for.
    ///
    /// # Errors
    /// The hook's own.
    fn into_hook(self) -> Result<()>;
}

impl IntoHook for () {
    fn into_hook(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Failure> IntoHook for std::result::Result<(), E> {
    fn into_hook(self) -> Result<()> {
        self.map_err(Into::into)
    }
}
