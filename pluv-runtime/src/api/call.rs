//! The messages that handlers get, and the types that they may return.

use crate::{
    contract::{ClientInput, Failure, ServerOutput},
    engine::{Outcome, OutcomeKind},
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

/// The argument of the macro's dispatch.
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

    /// The outcome of a call without a handler.
    #[must_use]
    pub fn unhandled(&self) -> Outcome {
        Outcome(OutcomeKind::Unhandled)
    }
}

/// The outcome of an event.
pub(crate) fn done() -> Outcome {
    Outcome(OutcomeKind::Done)
}

/// The outcome of a procedure.
///
/// # Errors
/// When the answer can't be written as JSON.
pub(crate) fn answer(name: &'static str, value: &impl ServerOutput) -> Result<Outcome> {
    Ok(Outcome(OutcomeKind::Answer { name, data: serde_json::to_string(value)? }))
}

/// The return type of an event's handler: nothing, or a [`Result`] of nothing.
#[diagnostic::on_unimplemented(
    message = "an event's handler can't return `{Self}`",
    label = "return nothing or `pluv::Result<()>`",
    note = "to answer the caller alone, make it a `#[procedure]`"
)]
pub trait IntoEvent {
    /// Converts it to a result.
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

/// The return type of a hook: nothing, or a [`Result`] of nothing.
#[diagnostic::on_unimplemented(
    message = "this hook can't return `{Self}`",
    label = "return nothing or `pluv::Result<()>`"
)]
pub trait IntoHook {
    /// Converts it to a result.
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
