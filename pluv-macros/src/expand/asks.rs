//! What is asked of the types of inputs and answers. They are told by the methods that have them, so that a type stands in
//! the user's own code alone: one that is not there is one error.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, spanned::Spanned as _};

use super::{generated_at, moved};
use crate::model::{Call, CallKind, Params};

/// Asks for each type once, wherever it stands: in a closure, which is not run while compiling, as that would want to know
/// what an `async` handler does, and with it the room that it is asked for.
pub(super) fn asks(runtime: &Path, calls: &[Call]) -> Option<TokenStream> {
    let (mut seen, mut asks) = (HashSet::new(), Vec::new());
    for call in calls {
        let Call { kind, params, method, cfgs, .. } = call;
        if let Params::Input(_, ty) = params
            && seen.insert(quote!(#(#cfgs)* takes #ty).to_string())
        {
            let place = generated_at(ty.span());
            let (runtime, method) = (moved(runtime, place), moved(method, place));
            asks.push(quote_spanned!(place=> #(#cfgs)* #runtime::__private::takes(Self::#method);));
        }
        if let CallKind::Procedure { answer, is_named, .. } = kind
            && seen.insert(quote!(#(#cfgs)* sent #answer).to_string())
        {
            let place = generated_at(answer.span());
            let answers = answers(runtime, call, place);
            let typed = is_named.then(|| quote_spanned!(place=> #answers.typed();));
            asks.push(quote_spanned! {place=>
                #(#cfgs)*
                {
                    #answers.sent::<Self>();
                    #typed
                }
            });
        }
    }
    let plain = calls.iter().any(|call| matches!(call.kind, CallKind::Procedure { .. })).then(|| plain(runtime));
    (!asks.is_empty()).then(|| quote!(let _ = || { #plain #(#asks)* };))
}

/// The type of a handler's input and that of its answer, for the schema.
pub(super) fn types(runtime: &Path, call: &Call) -> TokenStream {
    let Call { kind, params, method, cfgs, .. } = call;
    let room = |runtime: &TokenStream, place| quote_spanned!(place=> <Self as #runtime::Handlers>::Room);
    let input = match params {
        Params::Input(_, ty) => {
            let place = generated_at(ty.span());
            let (runtime, method) = (moved(runtime, place), moved(method, place));
            let room = room(&runtime, place);
            Some(quote_spanned!(place=> .taken_by::<#room, _, _, _, _>(Self::#method)))
        }
        Params::Nothing | Params::Context(_) => None,
    };
    let answer = match kind {
        CallKind::Procedure { answer, is_named: true, .. } => {
            let place = generated_at(answer.span());
            let (plain, answers) = (plain(runtime), answers(runtime, call, place));
            let room = room(&moved(runtime, place), place);
            Some(quote_spanned!(place=> .answered_by(|declared| { #plain #answers.name::<#room>(declared) })))
        }
        CallKind::Procedure { .. } | CallKind::Event => None,
    };
    quote!(#(#cfgs)* #runtime::schema::EventTypes::new() #input #answer)
}

/// Brings what an answer does that is no `Result`.
pub(super) fn plain(runtime: &Path) -> TokenStream {
    quote! {
        #[allow(unused_imports)]
        use #runtime::__private::Plain as _;
    }
}

/// The kind of a procedure's answer.
fn answers(runtime: &Path, call: &Call, place: proc_macro2::Span) -> TokenStream {
    let Call { params, method, is_async, .. } = call;
    let (runtime, method) = (moved(runtime, place), moved(method, place));
    let count = match params {
        Params::Nothing => 1,
        Params::Context(_) => 2,
        Params::Input(..) => 3,
    };
    let arguments = std::iter::repeat_n(quote_spanned!(place=> #runtime::__private::any()), count);
    let kind = Ident::new(if *is_async { "resolves" } else { "returns" }, place);
    quote_spanned!(place=> #runtime::__private::#kind(|| Self::#method(#(#arguments),*)).answers())
}
