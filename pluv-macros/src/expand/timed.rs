//! The methods of a room that run at a time: its tasks and ticks.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, Type, spanned::Spanned as _};

use super::{
    generated_at,
    handlers::{call, task_context_at},
    moved,
};
use crate::model::{TaskKind, TaskMethod, TickMethod};

/// Declares tasks and ticks, and runs them by their names.
pub(super) fn timed(runtime: &Path, tasks: &[TaskMethod], ticks: &[TickMethod]) -> TokenStream {
    let tasks = (!tasks.is_empty()).then(|| {
        let infos = tasks.iter().map(|task| info(runtime, task));
        let arms = tasks.iter().map(|task| task_arm(runtime, task));
        quote! {
            const TASKS: &'static [#runtime::__private::TaskInfo] = &[#(#infos),*];

            #[allow(unused_variables)]
            async fn run_task(
                &self,
                cx: &#runtime::TaskContext<'_, Self>,
                task: #runtime::__private::TaskCall<'_>,
            ) -> #runtime::Result<()> {
                match task.name() {
                    #(#arms)*
                    _ => ::core::result::Result::Ok(()),
                }
            }
        }
    });
    let ticks = (!ticks.is_empty()).then(|| {
        let infos = ticks.iter().map(|TickMethod { every, method, is_async, cfgs, .. }| {
            let (name, sync) = (method.to_string(), (!is_async).then(|| quote!(.sync())));
            quote!(#(#cfgs)* #runtime::__private::TickInfo::new(#name, #every)#sync)
        });
        let arms = ticks.iter().map(|TickMethod { method, is_async, context, elapsed, cfgs, returns, .. }| {
            let name = method.to_string();
            let cx = context.map(|place| task_context_at(runtime, place)).into_iter();
            let elapsed = elapsed.map(|place| elapsed_at(runtime, place)).into_iter();
            let returned = call(method, *is_async, *returns, &quote!(self #(, #cx)* #(, #elapsed)*));
            let done = done(runtime, *returns, &returned);
            quote!(#(#cfgs)* #name => #done,)
        });
        quote! {
            const TICKS: &'static [#runtime::__private::TickInfo] = &[#(#infos),*];

            #[allow(unused_variables)]
            async fn run_tick(
                &self,
                cx: &#runtime::TaskContext<'_, Self>,
                tick: &str,
                elapsed: ::core::time::Duration,
            ) -> #runtime::Result<()> {
                match tick {
                    #(#arms)*
                    _ => ::core::result::Result::Ok(()),
                }
            }
        }
    });
    quote!(#tasks #ticks)
}

/// Returns the time since the last tick as an argument. A parameter of another type is reported by a trait.
fn elapsed_at(runtime: &Path, place: Span) -> TokenStream {
    let place = generated_at(place);
    let (elapsed, runtime) = (Ident::new("elapsed", place), moved(runtime, place));
    quote_spanned!(place=> #runtime::__private::elapsed(#elapsed))
}

/// Implements the trait by which each task is known by the type of its input.
pub(super) fn task_inputs(runtime: &Path, room: &Type, tasks: &[TaskMethod]) -> TokenStream {
    let mut known = HashSet::new();
    let impls = tasks.iter().filter_map(|TaskMethod { name, kind, cfgs, .. }| {
        let TaskKind::Scheduled { input } = kind else { return None };
        // A second one was reported.
        if !known.insert(quote!(#(#cfgs)* #input).to_string()) {
            return None;
        }
        let place = generated_at(input.span());
        let (runtime, room, name) = (moved(runtime, place), moved(room, place), name.value());
        Some(quote_spanned! {place=>
            #(#cfgs)*
            #[automatically_derived]
            impl #runtime::TaskInput<#room> for #input {
                const TASK: &'static str = #name;
            }
        })
    });
    quote!(#(#impls)*)
}

fn info(runtime: &Path, task: &TaskMethod) -> TokenStream {
    let TaskMethod { name, kind, timeout, is_async, cfgs, .. } = task;
    let name = name.value();
    let sync = (!is_async).then(|| quote!(.sync()));
    let timeout = timeout.map(|timeout| quote!(.timeout(#timeout)));
    let cron = match kind {
        TaskKind::Scheduled { .. } => None,
        TaskKind::Cron { schedule } => {
            let place = generated_at(schedule.span());
            let (runtime, schedule) = (moved(runtime, place), schedule.value());
            Some(quote_spanned!(place=> .cron(#runtime::__private::Cron::parse(#schedule))))
        }
    };
    quote!(#(#cfgs)* #runtime::__private::TaskInfo::new(#name)#sync #timeout #cron)
}

fn task_arm(runtime: &Path, task: &TaskMethod) -> TokenStream {
    let TaskMethod { name, kind, method, is_async, context, cfgs, returns, .. } = task;
    let name = name.value();
    let cx = context.map(|place| task_context_at(runtime, place)).into_iter();
    let input = match kind {
        TaskKind::Scheduled { input } => {
            let place = generated_at(input.span());
            let runtime = moved(runtime, place);
            Some(quote_spanned!(place=> #runtime::__private::task_input::<Self, _>(task)?))
        }
        TaskKind::Cron { .. } => None,
    };
    let input = input.iter();
    let returned = call(method, *is_async, *returns, &quote!(self #(, #cx)* #(, #input)*));
    let done = done(runtime, *returns, &returned);
    quote!(#(#cfgs)* #name => #done,)
}

/// Converts the return value of a task or a tick.
fn done(runtime: &Path, returns: Span, returned: &TokenStream) -> TokenStream {
    let place = generated_at(returns);
    let runtime = moved(runtime, place);
    quote_spanned!(place=> #runtime::__private::hook(#returned))
}
