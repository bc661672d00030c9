//! How a connection is refused: accepted, told why, and closed.
//!
//! The stock client retries a refused upgrade without a pause, and a page is not told why there was none.

use std::rc::Rc;

use worker::{Response, Result, WebSocketPair};

use crate::{
    protocol::{AGAIN_LATER, Origin, yjs},
    room::{MAX_REASON, Protocol, error_frame},
};

/// Why a connection is refused, for its client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal<'a> {
    /// Nothing can be asked for at this address.
    Address(&'a str),
    /// The token does not let it in.
    Token(&'a str),
    /// There is no document.
    NoDocument(&'a str),
    /// The room does not take such a one.
    Room(&'a str),
    /// Another time it may go well.
    Later(&'a str),
}

impl Refusal<'_> {
    const fn reason(&self) -> &str {
        match self {
            Self::Address(reason)
            | Self::Token(reason)
            | Self::NoDocument(reason)
            | Self::Room(reason)
            | Self::Later(reason) => reason,
        }
    }

    /// The code of the close frame. A pluv client does not come back after 3000, and `y-websocket` not after 4400 to
    /// 4499.
    const fn code(&self, protocol: Protocol) -> u16 {
        match (protocol, self) {
            (Protocol::Pluv, _) | (Protocol::Yjs, Self::Room(_)) => protocol.refused(),
            (Protocol::Yjs, Self::Address(_)) => 4400,
            (Protocol::Yjs, Self::Token(_)) => 4401,
            (Protocol::Yjs, Self::NoDocument(_)) => 4404,
            (Protocol::Yjs, Self::Later(_)) => AGAIN_LATER,
        }
    }
}

/// Accepts a socket, tells it why it is refused, and closes it.
pub(super) fn refuse(protocol: Protocol, room: &str, refusal: Refusal<'_>) -> Result<Response> {
    let pair = WebSocketPair::new()?;
    pair.server.accept()?;
    let reason = refusal.reason();
    match protocol {
        Protocol::Pluv => {
            // Clients drop a message of the protocol that names no connection.
            let id: Rc<str> = crate::auth::new_id().into();
            pair.server.send_with_str(error_frame(reason, None, &Origin::new(room, id, "null")))?;
        }
        Protocol::Yjs => pair.server.send_with_bytes(yjs::denied(reason))?,
    }
    let short = &reason[..reason.floor_char_boundary(MAX_REASON)];
    pair.server.close(Some(refusal.code(protocol)), Some(short))?;
    Response::from_websocket(pair.client)
}
