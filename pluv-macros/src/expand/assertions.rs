//! Assertions about the types of inputs and answers, and their schema.
//!
//! Each type is inferred from its method, so that only the user's code names it: an unknown type is one error.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, spanned::Spanned as _};

use super::{generated_at, moved};
use crate::model::{Call, CallKind};

/// Asserts the traits of each type once. The assertions are in a closure that never runs: a call would need the room.
pub(super) fn assertions(runtime: &Path, calls: &[Call]) -> Option<TokenStream> {
    let (mut known, mut assertions) = (HashSet::new(), Vec::new());
    for call in calls {
        let Call { kind, params, method, cfgs, .. } = call;
        if let Some(ty) = &params.input
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

/// Returns the schema of a handler's input and answer.
pub(super) fn types(runtime: &Path, call: &Call) -> TokenStream {
    let Call { kind, params, method, cfgs, .. } = call;
    let room = |place| {
        let runtime = moved(runtime, place);
        quote_spanned!(place=> <Self as #runtime::Handlers>::Room)
    };
    let input = params.input.as_ref().map(|ty| {
        let place = generated_at(ty.span());
        let (room, method) = (room(place), moved(method, place));
        quote_spanned!(place=> .taken_by::<#room, _, _, _, _>(Self::#method))
    });
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

/// Imports the methods of answers that are not a `Result`, if a procedure is among the calls.
pub(super) fn plain_answers(runtime: &Path, calls: &[Call]) -> Option<TokenStream> {
    calls.iter().any(|call| matches!(call.kind, CallKind::Procedure { .. })).then(|| {
        quote! {
            #[allow(unused_imports)]
            use #runtime::__private::PlainAnswer as _;
        }
    })
}

/// Returns an expression for the kind of a procedure's answer.
fn answer_kind(runtime: &Path, call: &Call, place: Span) -> TokenStream {
    let Call { params, method, is_async, .. } = call;
    let (runtime, method) = (moved(runtime, place), moved(method, place));
    let count = 1 + usize::from(params.context.is_some()) + usize::from(params.input.is_some());
    let arguments = std::iter::repeat_n(quote_spanned!(place=> #runtime::__private::any()), count);
    let kind = Ident::new(if *is_async { "resolves" } else { "returns" }, place);
    quote_spanned!(place=> #runtime::__private::#kind(|| Self::#method(#(#arguments),*)).answer_kind())
}
