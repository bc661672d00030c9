//! The protocol of the Yjs providers: binary frames, with numbers and buffers as lib0 writes them.
//!
//! What a frame of the sync protocol carries, an update or a state vector, is the document's to read.

mod awareness;
mod incoming;
mod outgoing;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    awareness::{Entries, Entry},
    incoming::Frame,
    outgoing::{QUERY_AWARENESS, awareness, denied, step1, step2, update},
};

/// The close code for a connection that was wanted, and is no more: `y-websocket` does not come back after 4400 to 4499.
pub(crate) const ENDED: u16 = 4403;

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const AUTH: u64 = 2;
const QUERY: u64 = 3;

const STEP_1: u64 = 0;
const STEP_2: u64 = 1;
const UPDATE: u64 = 2;

const PERMISSION_DENIED: u64 = 0;

/// The highest number that JavaScript has exactly. Clients give up on a frame with a higher one.
const MAX_NUMBER: u64 = (1 << 53) - 1;
