//! The protocol of the Yjs providers, which both `y-partyserver` and our rooms speak.

use std::marker::PhantomData;

use anyhow::{Context as _, Result, bail};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use yrs::{
    StateVector,
    sync::{Message as Sync, SyncMessage},
    updates::{decoder::Decode as _, encoder::Encode as _},
};

use crate::bench::load::{Joined, Protocol, Socket, connect};

/// Whose rooms are spoken to.
pub(super) trait Whose {
    /// Where the rooms are, up to their names.
    const PATH: &str;
}

/// `y-partyserver`'s.
#[derive(Debug)]
pub(super) enum Party {}

impl Whose for Party {
    const PATH: &str = "/parties/documents";
}

/// Ours: those of the fixture that take as large a document as there can be.
#[derive(Debug)]
pub(super) enum Ours {}

impl Whose for Ours {
    const PATH: &str = "/large/yjs";
}

/// A room of someone's.
#[derive(Debug)]
pub(super) struct Yjs<W>(PhantomData<W>);

impl<W: Whose> Protocol for Yjs<W> {
    async fn join(server: &str, room: &str) -> Result<Joined> {
        let start = Instant::now();
        let mut socket = connect(server, &format!("{}/{room}", W::PATH)).await?;
        let state = document(&mut socket).await?;
        Ok(Joined { socket, state, took: start.elapsed() })
    }

    async fn settle(socket: &mut Socket) -> Result<()> {
        // A client's messages are handled in order.
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
    Message::binary(Sync::Sync(content).encode_v1())
}

fn read(message: &Message) -> Result<Option<SyncMessage>> {
    let Message::Binary(bytes) = message else { return Ok(None) };
    match Sync::decode_v1(bytes).context("a server says what nobody understands")? {
        Sync::Sync(content) => Ok(Some(content)),
        Sync::Auth(Some(reason)) => bail!("a server refused: {reason}"),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Room = Yjs<Party>;

    #[test]
    fn a_change_is_found_in_its_message() {
        let update = [0, 0];
        assert_eq!(Room::edited(&Room::edit(&update)).expect("it is good"), Some(update.to_vec()));
        let request = message(SyncMessage::SyncStep1(StateVector::default()));
        assert_eq!(Room::edited(&request).expect("it is good"), None);
        assert!(Room::edited(&Message::binary([0, 9].to_vec())).is_err());
        let refusal = Message::binary(Sync::Auth(Some("no".to_owned())).encode_v1());
        assert!(Room::edited(&refusal).is_err());
    }
}
