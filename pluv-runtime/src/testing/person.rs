//! A client of a world.

use serde_json::value::RawValue;

use super::{frame::Frame, platform::SocketId, stock_client::StockClient};
use crate::auth::Access;

/// A client: who it is, what it keeps, and what the test has not looked at.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) user: Option<Box<RawValue>>,
    pub(super) access: Access,
    pub(super) stock: StockClient,
    pub(super) connection: Option<SocketId>,
    pub(super) frames: Vec<Frame>,
    /// The code and reason that its last connection was closed with.
    pub(super) closed: Option<(u16, String)>,
    /// How many requests it has made.
    pub(super) requests: u64,
}

impl Person {
    pub(super) fn new(number: usize, user: Option<Box<RawValue>>, access: Access) -> Self {
        let stock = StockClient::new(number as u64);
        Self { user, access, stock, connection: None, frames: Vec::new(), closed: None, requests: 0 }
    }

    /// Reads a frame, and gives what it sends in answer.
    pub(super) fn read(&mut self, frame: Frame) -> Option<String> {
        let answer = self.stock.read(&frame);
        self.frames.push(frame);
        answer
    }

    pub(super) fn disconnect(&mut self, code: u16, reason: &str) {
        self.connection = None;
        self.closed = Some((code, reason.to_owned()));
        self.stock.disconnect();
    }

    /// Takes the frames out that `is_wanted` names.
    pub(super) fn take(&mut self, is_wanted: impl Fn(&Frame) -> bool) -> Vec<Frame> {
        self.frames.extract_if(.., |frame| is_wanted(frame)).collect()
    }
}
