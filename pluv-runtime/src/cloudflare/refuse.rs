//! Refused connections: accepted, told why, and closed.
//!
//! The stock client retries a refused upgrade without a pause, and a page is not told why there was none.

use std::rc::Rc;

use worker::{Response, Result, WebSocketPair};

use crate::{
    engine::CloseReason,
    protocol::{Origin, Protocol, error_frame, yjs},
};

/// Accepts a socket, tells it why it is refused, and closes it.
pub(super) fn refuse(protocol: Protocol, room: &str, reason: &CloseReason) -> Result<Response> {
    let pair = WebSocketPair::new()?;
    pair.server.accept()?;
    if let Some(message) = reason.error() {
        match protocol {
            Protocol::Pluv => {
                // Clients drop a message of the protocol that names no connection.
                let id: Rc<str> = crate::auth::new_id().into();
                pair.server.send_with_str(error_frame(message, None, &Origin::new(room, id, "null")))?;
            }
            Protocol::Yjs => pair.server.send_with_bytes(yjs::denied(message))?,
        }
    }
    pair.server.close(Some(reason.code(protocol)), Some(reason.text()))?;
    Response::from_websocket(pair.client)
}
