//! Assertions about the types of inputs and answers, and their description for the schema.
//!
//! Each type is inferred from the method that has it, so that it stands in the user's own code alone: a type that does not
//! exist is one error.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, spanned::Spanned as _};

use super::{generated_at, moved};
use crate::model::{Call, CallKind, Params};

/// Asserts once of each type what it must implement. The assertions stand in a closure that never runs: to run it while
/// compiling would need the body of an `async` handler, and with it the room itself.
pub(super) fn assertions(runtime: &Path, calls: &[Call]) -> Option<TokenStream> {
    let (mut known, mut assertions) = (HashSet::new(), Vec::new());
    for call in calls {
        let Call { kind, params, method, cfgs, .. } = call;
        if let Params::Input(_, ty) = params
            && known.insert(quote!(#(#cfgs)* takes #ty).to_string())
        {
            let place = generated_at(ty.span());
            let (runtime, method) = (moved(runtime, place), moved(method, place));
            assertions.push(quote_spanned!(place=> #(#cfgs)* #runtime::__private::assert_input(Self::#method);));
        }
        if let CallKind::Procedure { answer, is_named, .. } = kind
            && known.insert(quote!(#(#cfgs)* returns #answer).to_string())
        {
            let place = generated_at(answer.span());
            let kind = answer_kind(runtime, call, place);
            let typed = is_named.then(|| quote_spanned!(place=> #kind.assert_typed();));
            assertions.push(quote_spanned!(place=> #(#cfgs)* { #kind.assert_sent::<Self>(); #typed }));
        }
    }
    let imports = plain_answers(runtime, calls);
    (!assertions.is_empty()).then(|| quote!(let _ = || { #imports #(#assertions)* };))
}

/// The types of a handler's input and answer, for the schema.
pub(super) fn types(runtime: &Path, call: &Call) -> TokenStream {
    let Call { kind, params, method, cfgs, .. } = call;
    let room = |place| {
        let runtime = moved(runtime, place);
        quote_spanned!(place=> <Self as #runtime::Handlers>::Room)
    };
    let input = if let Params::Input(_, ty) = params {
        let place = generated_at(ty.span());
        let (room, method) = (room(place), moved(method, place));
        Some(quote_spanned!(place=> .taken_by::<#room, _, _, _, _>(Self::#method)))
    } else {
        None
    };
    let answer = if let CallKind::Procedure { answer, is_named: true, .. } = kind {
        let place = generated_at(answer.span());
        let (imports, kind, room) =
            (plain_answers(runtime, std::slice::from_ref(call)), answer_kind(runtime, call, place), room(place));
        Some(quote_spanned!(place=> .answered_by(|declared| { #imports #kind.name::<#room>(declared) })))
    } else {
        None
    };
    quote!(#(#cfgs)* #runtime::schema::EventTypes::new() #input #answer)
}

/// Imports the methods of answers that are no `Result`, where a procedure is among the calls.
pub(super) fn plain_answers(runtime: &Path, calls: &[Call]) -> Option<TokenStream> {
    calls.iter().any(|call| matches!(call.kind, CallKind::Procedure { .. })).then(|| {
        quote! {
            #[allow(unused_imports)]
            use #runtime::__private::PlainAnswer as _;
        }
    })
}

/// The kind of a procedure's answer.
fn answer_kind(runtime: &Path, call: &Call, place: Span) -> TokenStream {
    let Call { params, method, is_async, .. } = call;
    let (runtime, method) = (moved(runtime, place), moved(method, place));
    let count = match params {
        Params::Nothing => 1,
        Params::Context(_) => 2,
        Params::Input(..) => 3,
    };
    let arguments = std::iter::repeat_n(quote_spanned!(place=> #runtime::__private::any()), count);
    let kind = Ident::new(if *is_async { "resolves" } else { "returns" }, place);
    quote_spanned!(place=> #runtime::__private::#kind(|| Self::#method(#(#arguments),*)).answer_kind())
}
