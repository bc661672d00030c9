//! The methods of a room that run at a time: its tasks and ticks.

use proc_macro2::{Ident, Span};
use syn::{Attribute, Type, ext::IdentExt as _, spanned::Spanned as _};

use super::{
    cfgs,
    signature::{TASK, TICK, handler_params, plain, return_span, shared_receiver},
};
use crate::{
    errors::Errors,
    parse::{Marker, Method, Text},
};

/// A method that runs at a time that was scheduled.
pub(crate) struct TaskMethod {
    /// Its name in the table.
    pub(crate) name: Text,
    pub(crate) kind: TaskKind,
    /// The time that it may take, in milliseconds.
    pub(crate) timeout: Option<u64>,
    pub(crate) method: Ident,
    pub(crate) is_async: bool,
    /// The place of its context.
    pub(crate) context: Option<Span>,
    pub(crate) cfgs: Vec<Attribute>,
    /// The span for errors about its return type.
    pub(crate) returns: Span,
}

pub(crate) enum TaskKind {
    /// Handlers schedule it, by the type of its input.
    Scheduled { input: Box<Type> },
    /// It runs by a schedule of cron.
    Cron { schedule: Text },
}

/// A method that runs at a steady pace.
pub(crate) struct TickMethod {
    /// The time between two runs, in milliseconds.
    pub(crate) every: u64,
    pub(crate) method: Ident,
    pub(crate) is_async: bool,
    /// The places of its parameters.
    pub(crate) context: Option<Span>,
    pub(crate) elapsed: Option<Span>,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) returns: Span,
}

pub(super) fn task(method: &Method, marker: &Marker, errors: &mut Errors) -> Option<TaskMethod> {
    let signature = &method.signature;
    let ident = &signature.ident;
    let is_plain = plain(signature, TASK, errors);
    let params = if shared_receiver(signature, TASK, errors) { handler_params(signature, TASK, errors) } else { None }?;
    let kind = match (&marker.cron, params.input) {
        (None, Some(input)) => TaskKind::Scheduled { input },
        (Some(schedule), None) => TaskKind::Cron { schedule: schedule.clone() },
        (None, None) if marker.is_rejected => return None,
        (None, None) => {
            let message = format!(
                "a task is scheduled by its input: write `fn {ident}(&self, cx: &TaskContext, input: Input)`, or \
                 `#[task(cron = \"0 9 * * *\")]`"
            );
            errors.at(ident, message);
            return None;
        }
        (Some(_), Some(input)) => {
            let message = format!("a task with `cron` has no input: write `fn {ident}(&self, cx: &TaskContext)`");
            errors.at(input, message);
            return None;
        }
    };
    is_plain.then(|| TaskMethod {
        name: marker.name.clone().unwrap_or_else(|| Text::new(&ident.unraw().to_string(), ident.span())),
        kind,
        timeout: marker.timeout,
        method: ident.clone(),
        is_async: signature.asyncness.is_some(),
        context: params.context,
        cfgs: cfgs(&method.attributes),
        returns: return_span(signature),
    })
}

pub(super) fn tick(method: &Method, marker: &Marker, errors: &mut Errors) -> Option<TickMethod> {
    let signature = &method.signature;
    let is_plain = plain(signature, TICK, errors);
    let params = if shared_receiver(signature, TICK, errors) { handler_params(signature, TICK, errors) } else { None }?;
    let every = marker.every.filter(|_| is_plain)?;
    Some(TickMethod {
        every,
        method: signature.ident.clone(),
        is_async: signature.asyncness.is_some(),
        context: params.context,
        elapsed: params.input.map(|elapsed| elapsed.span()),
        cfgs: cfgs(&method.attributes),
        returns: return_span(signature),
    })
}
