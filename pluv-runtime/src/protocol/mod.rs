//! The wire: what a frame holds, and how one is written.

mod close;
mod decode;
mod incoming;
mod kind;
mod names;
mod outgoing;
pub(crate) mod yjs;

pub use self::kind::{Json, Millis, Protocol};
pub(crate) use self::{
    close::{AGAIN_LATER, ENDED, FLOODED, MALFORMED, REFUSED, RESTARTED, echoed},
    decode::decode,
    incoming::{Incoming, InitializeSession, UpdatePresence, UpdateStorage},
    names::*,
    outgoing::{Origin, Output, document_frame, error_frame, frame, frame_with_id, quoted, truncated},
};
