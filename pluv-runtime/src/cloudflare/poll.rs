//! Futures that are polled at once, as most wait for nothing.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use futures_util::{FutureExt as _, task::AtomicWaker};
use worker::{js_sys::Promise, wasm_bindgen::JsValue, wasm_bindgen_futures::future_to_promise};

use crate::engine::{ConnectionId, Pending};

/// Passes a wake-up on to the task that polls at that time: a future may keep the waker that it was first polled with.
#[derive(Debug, Default)]
struct Relay(AtomicWaker);

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }
}

/// Polls a future once. If it waits, it is returned: polled by another task, it is woken as one that was never polled before.
pub(super) fn poll_first<F: Future + Unpin>(mut future: F) -> Result<F::Output, impl Future<Output = F::Output>> {
    let relay = Arc::new(Relay::default());
    let waker = Waker::from(Arc::clone(&relay));
    if let Poll::Ready(output) = future.poll_unpin(&mut Context::from_waker(&waker)) {
        return Ok(output);
    }
    Err(poll_fn(move |cx| {
        relay.0.register(cx.waker());
        future.poll_unpin(&mut Context::from_waker(&waker))
    }))
}

/// Polls handlers once. Most wait for nothing: only for those that do there is a promise, as to make one, and to come back for
/// it, costs more than the rest of most events.
pub(super) fn poll_once(pending: Option<Pending>) -> Option<(Promise, Vec<ConnectionId>)> {
    let mut pending = pending?;
    let connections = std::mem::take(&mut pending.connections);
    let rest = poll_first(poll_fn(move |cx| pending.poll(cx))).err()?;
    Some((future_to_promise(rest.map(|()| Ok(JsValue::UNDEFINED))), connections))
}
