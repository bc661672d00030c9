//! What a room waits for with its edits: that a commit is safe, and that others have their turn.

use worker::wasm_bindgen::{self, JsCast as _, JsValue, prelude::Closure, prelude::wasm_bindgen};

// A room that is busy waits some thousand times a second. Callbacks that stay cost a fraction of a future for each.
#[wasm_bindgen(wasm_bindgen = wasm_bindgen, inline_js = r#"
export function pluvAfterCommit(storage, safe, failed) {
    storage.sync().then(safe, failed);
}

export function pluvAfterTurn(done, millis) {
    setTimeout(done, millis);
}
"#)]
extern "C" {
    #[wasm_bindgen(js_name = pluvAfterCommit)]
    fn after_commit(storage: &JsValue, safe: &JsValue, failed: &JsValue);

    #[wasm_bindgen(js_name = pluvAfterTurn)]
    fn after_turn(done: &JsValue, millis: u32);
}

/// The callbacks of a room.
#[derive(Debug)]
pub(super) struct Waits {
    storage: JsValue,
    safe: Closure<dyn Fn()>,
    failed: Closure<dyn Fn(JsValue)>,
    turn: Closure<dyn Fn()>,
}

impl Waits {
    /// The callbacks for a commit that is safe, one that failed, and a turn that others have had.
    pub(super) fn new(
        storage: JsValue,
        safe: impl Fn() + 'static,
        failed: impl Fn(JsValue) + 'static,
        turn: impl Fn() + 'static,
    ) -> Self {
        let (safe, failed, turn) = (Closure::new(safe), Closure::new(failed), Closure::new(turn));
        Self { storage, safe, failed, turn }
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
