//! The pings of clients, which the platform answers without waking the room.

use worker::{
    Result, State, WebSocketRequestResponsePair,
    wasm_bindgen::{self, JsValue, prelude::wasm_bindgen},
};

use crate::{
    Millis,
    protocol::{PING_FRAME, PONG_FRAME},
};

// `worker` wraps neither.
#[wasm_bindgen(wasm_bindgen = wasm_bindgen, inline_js = r#"
export function pluvPingsComeThrough(state) {
    state.setWebSocketAutoResponse();
}

export function pluvPinged(state, socket) {
    return state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? -1;
}
"#)]
extern "C" {
    #[wasm_bindgen(catch, js_name = pluvPingsComeThrough)]
    fn come_through(state: &JsValue) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(catch, js_name = pluvPinged)]
    fn pinged(state: &JsValue, socket: &JsValue) -> std::result::Result<f64, JsValue>;
}

/// The pings of an object's clients.
#[derive(Debug)]
pub(super) struct Pings {
    state: JsValue,
}

impl Pings {
    pub(super) fn new(state: &State) -> Self {
        Self { state: JsValue::from(state.as_raw()) }
    }

    /// Lets the platform answer them.
    pub(super) fn answer(state: &State) -> Result<()> {
        let pair = WebSocketRequestResponsePair::new(PING_FRAME, PONG_FRAME)?;
        state.as_raw().set_websocket_auto_response(&pair)?;
        Ok(())
    }

    /// Lets them come to the room.
    pub(super) fn come_through(&self) -> Result<()> {
        Ok(come_through(&self.state)?)
    }

    /// When the platform last answered one of a socket.
    pub(super) fn last(&self, socket: &JsValue) -> Option<Millis> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the time is a whole number")]
        let last = pinged(&self.state, socket).ok().filter(|at| *at >= 0.0).map(|at| at as Millis);
        last
    }
}
