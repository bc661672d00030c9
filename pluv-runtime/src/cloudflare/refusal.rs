//! How a connection is refused: accepted, told why, and closed.
//!
//! A client retries a refused upgrade without a pause, so there is none.

use std::rc::Rc;

use worker::{Response, Result, WebSocketPair};

use crate::{
    protocol::{Origin, REFUSED},
    room::error_frame,
};

/// The longest reason of a close frame, in bytes (RFC 6455, 5.5: 125 less the code).
const MAX_REASON: usize = 123;

/// Accepts a socket, sends it `$error`, and closes it with a code that clients do not retry.
pub(super) fn refuse(room: &str, message: &str) -> Result<Response> {
    let pair = WebSocketPair::new()?;
    pair.server.accept()?;
    // Clients drop a message of the protocol that names no connection.
    let id: Rc<str> = crate::auth::new_id().into();
    let frame = error_frame(message, None, &Origin::new(room, id, "null"));
    pair.server.send_with_str(frame)?;
    pair.server.close(Some(REFUSED), Some(&message[..message.floor_char_boundary(MAX_REASON)]))?;
    Response::from_websocket(pair.client)
}
