//! What a room waits for: that a commit is safe, that others have their turn, and not for too long.

use std::cell::RefCell;

use worker::wasm_bindgen::{self, JsCast as _, JsValue, prelude::Closure, prelude::wasm_bindgen};

use crate::Millis;

// A room that is busy waits some thousand times a second. Callbacks that stay cost a fraction of a future for each.
#[wasm_bindgen(wasm_bindgen = wasm_bindgen, inline_js = r#"
export function pluvAfterCommit(storage, safe, failed) {
    storage.sync().then(safe, failed);
}

export function pluvPatience(timer, done, millis) {
    clearTimeout(timer);
    return millis === undefined ? undefined : setTimeout(done, millis);
}

export function pluvReset(state, reason) {
    state.abort(reason);
}

export function pluvAfterTurn(done, millis) {
    setTimeout(done, millis);
}
"#)]
extern "C" {
    #[wasm_bindgen(js_name = pluvAfterCommit)]
    fn after_commit(storage: &JsValue, safe: &JsValue, failed: &JsValue);

    #[wasm_bindgen(js_name = pluvPatience)]
    fn patience(timer: &JsValue, done: &JsValue, millis: Option<u32>) -> JsValue;

    #[wasm_bindgen(catch, js_name = pluvReset)]
    fn reset_object(state: &JsValue, reason: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(js_name = pluvAfterTurn)]
    fn after_turn(done: &JsValue, millis: u32);
}

/// Ends the object, with all of its connections: their clients come back, to what is stored.
pub(super) fn reset(state: &JsValue, reason: &str) {
    // It is a way to stop, so that it may not return.
    drop(reset_object(state, reason));
}

/// The callbacks of a room.
#[derive(Debug)]
pub(super) struct Waits {
    storage: JsValue,
    safe: Closure<dyn Fn()>,
    failed: Closure<dyn Fn(JsValue)>,
    turn: Closure<dyn Fn()>,
    impatient: Closure<dyn Fn()>,
    /// What ends the room's patience.
    timer: RefCell<JsValue>,
}

impl Waits {
    /// The callbacks for a commit that is safe, one that failed, a turn that others have had, and patience that is lost.
    pub(super) fn new(
        storage: JsValue,
        safe: impl Fn() + 'static,
        failed: impl Fn(JsValue) + 'static,
        turn: impl Fn() + 'static,
        impatient: impl Fn() + 'static,
    ) -> Self {
        Self {
            storage,
            safe: Closure::new(safe),
            failed: Closure::new(failed),
            turn: Closure::new(turn),
            impatient: Closure::new(impatient),
            timer: RefCell::new(JsValue::UNDEFINED),
        }
    }

    /// Waits for so many milliseconds, or no more.
    pub(super) fn patience(&self, millis: Option<Millis>) {
        let millis = millis.map(|millis| u32::try_from(millis).unwrap_or(u32::MAX));
        let timer = patience(&self.timer.borrow(), self.impatient.as_ref().unchecked_ref(), millis);
        self.timer.replace(timer);
    }

    /// Waits until all that was stored is safe.
    pub(super) fn commit(&self) {
        after_commit(&self.storage, self.safe.as_ref().unchecked_ref(), self.failed.as_ref().unchecked_ref());
    }

    /// Waits until what has come was handled, or for a millisecond.
    pub(super) fn turn(&self, pause: bool) {
        after_turn(self.turn.as_ref().unchecked_ref(), pause.into());
    }
}
