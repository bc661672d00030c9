//! How the clients of a document speak with its server.

use std::time::Duration;

use anyhow::Result;
use tokio_tungstenite::tungstenite::Message;

use super::Socket;

/// A client that has joined a room.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) socket: Socket,
    /// The document as it came, as a Yjs update.
    pub(crate) state: Vec<u8>,
    /// From the first byte of the connection to the last one of the document.
    pub(crate) took: Duration,
}

/// A protocol. Updates are Yjs updates in their first encoding.
pub(crate) trait Protocol {
    /// Connects to a room, up to where the client is shown what others edit.
    async fn join(server: &str, room: &str) -> Result<Joined>;

    /// Waits until all that a client has sent was handled.
    async fn settle(socket: &mut Socket) -> Result<()>;

    /// The message that tells of an edit.
    fn edit(update: &[u8]) -> Message;

    /// What was edited, if a message tells of that.
    ///
    /// # Errors
    /// When the server refuses something, or makes no sense.
    fn edited(message: &Message) -> Result<Option<Vec<u8>>>;
}
