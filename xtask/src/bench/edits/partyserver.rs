//! The protocol of `y-partyserver`, which is the one of the Yjs providers.

use anyhow::{Context as _, Result};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use yrs::{
    StateVector,
    sync::{Message as Yjs, SyncMessage},
    updates::{decoder::Decode as _, encoder::Encode as _},
};

use crate::bench::load::{Joined, Protocol, Socket, connect};

/// A room of the worker with `y-partyserver`.
#[derive(Debug)]
pub(super) enum Party {}

impl Protocol for Party {
    async fn join(server: &str, room: &str) -> Result<Joined> {
        let start = Instant::now();
        let mut socket = connect(server, &format!("/parties/documents/{room}")).await?;
        let state = document(&mut socket).await?;
        Ok(Joined { socket, state, took: start.elapsed() })
    }

    async fn settle(socket: &mut Socket) -> Result<()> {
        // It handles a client's messages in order.
        document(socket).await?;
        Ok(())
    }

    fn edit(update: &[u8]) -> Message {
        message(SyncMessage::Update(update.to_vec()))
    }

    fn edited(message: &Message) -> Result<Option<Vec<u8>>> {
        match read(message)? {
            Some(SyncMessage::Update(update)) => Ok(Some(update)),
            _ => Ok(None),
        }
    }
}

/// Asks for the whole document.
async fn document(socket: &mut Socket) -> Result<Vec<u8>> {
    socket.send_message(message(SyncMessage::SyncStep1(StateVector::default()))).await?;
    let answer = socket.until_message(|message| match read(message)? {
        Some(SyncMessage::SyncStep2(state)) => Ok(Some(state)),
        _ => Ok(None),
    });
    answer.await
}

fn message(content: SyncMessage) -> Message {
    Message::binary(Yjs::Sync(content).encode_v1())
}

fn read(message: &Message) -> Result<Option<SyncMessage>> {
    let Message::Binary(bytes) = message else { return Ok(None) };
    match Yjs::decode_v1(bytes).context("y-partyserver says what nobody understands")? {
        Yjs::Sync(content) => Ok(Some(content)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_found_in_its_message() {
        let update = [0, 0];
        assert_eq!(Party::edited(&Party::edit(&update)).expect("it is good"), Some(update.to_vec()));
        let request = message(SyncMessage::SyncStep1(StateVector::default()));
        assert_eq!(Party::edited(&request).expect("it is good"), None);
        assert!(Party::edited(&Message::binary([0, 9].to_vec())).is_err());
    }
}
