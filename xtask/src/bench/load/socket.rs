//! Clients that connect.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures_util::{
    Sink, SinkExt as _, Stream, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, Message, Utf8Bytes, protocol::WebSocketConfig},
};

/// How long a frame may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much a connection reads at once, in bytes. All of it is written with zeros before each read, which for many small
/// frames takes longer than the reading if it is much, and longer still on a connection that has read a large document.
const READ_BUFFER: usize = 1024;

type Connection = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection to a room.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Connection,
}

/// The half of a connection that sends.
#[derive(Debug)]
pub(crate) struct Sender<'a> {
    sink: SplitSink<&'a mut Connection, Message>,
}

/// The half of a connection that receives.
#[derive(Debug)]
pub(crate) struct Receiver<'a> {
    stream: SplitStream<&'a mut Connection>,
}

/// Connects to `path` of a server.
pub(crate) async fn connect(server: &str, path: &str) -> Result<Socket> {
    let url = format!("{}{path}", server.replacen("http", "ws", 1));
    // A document comes in one frame, whatever its size.
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None).read_buffer_size(READ_BUFFER);
    let connecting = connect_async_with_config(&url, Some(config), true);
    let (stream, _) = connecting.await.with_context(|| format!("no connection to {server}"))?;
    Ok(Socket { stream })
}

/// Joins a room of the chat example as a user, with the whole handshake.
pub(crate) async fn join_chat(server: &str, room: &str, user: &str) -> Result<Socket> {
    let token = ureq::get(format!("{server}/api/pluv/authorize?room={room}&user_id={user}&name={user}"))
        .call()
        .context("no token from the chat example")?
        .body_mut()
        .read_to_string()?;
    let mut socket = connect(server, &format!("/api/pluv/room/{room}?token={token}")).await?;
    let registered = socket.until(|frame| frame["type"] == "$registered").await?;
    let initialize = json!({ "type": "$initializeSession", "data": { "presence": {}, "update": null } });
    socket.send(initialize.to_string().into()).await?;
    let id = &registered["connectionId"];
    socket.until(|frame| frame["type"] == "$userJoined" && frame["connectionId"] == *id).await?;
    Ok(socket)
}

impl Socket {
    pub(crate) async fn send(&mut self, text: Utf8Bytes) -> Result<()> {
        self.send_message(Message::Text(text)).await
    }

    pub(crate) async fn send_message(&mut self, message: Message) -> Result<()> {
        feed(&mut self.stream, message).await?;
        self.flush().await
    }

    /// Sends a frame with the next flush.
    pub(crate) async fn feed(&mut self, text: Utf8Bytes) -> Result<()> {
        feed(&mut self.stream, Message::Text(text)).await
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        flush(&mut self.stream).await
    }

    /// The next text frame.
    pub(crate) async fn receive(&mut self) -> Result<Utf8Bytes> {
        loop {
            if let Message::Text(text) = receive(&mut self.stream).await? {
                return Ok(text);
            }
        }
    }

    /// Reads up to a frame, within bounds of time.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let frame = self.until_text(|text| serde_json::from_str(text).is_ok_and(|frame| wanted(&frame))).await?;
        Ok(serde_json::from_str(&frame)?)
    }

    /// Reads up to a frame's text, within bounds of time.
    pub(crate) async fn until_text(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Utf8Bytes> {
        let found = self.until_message(|message| match message {
            Message::Text(text) if wanted(text) => Ok(Some(text.clone())),
            Message::Text(text) if text.contains(r#""type":"$error""#) => bail!("a room refused: {text}"),
            _ => Ok(None),
        });
        found.await
    }

    /// Reads up to a frame of which `find` makes something, within bounds of time.
    pub(crate) async fn until_message<T>(&mut self, find: impl Fn(&Message) -> Result<Option<T>>) -> Result<T> {
        let search = async {
            loop {
                if let Some(found) = find(&receive(&mut self.stream).await?)? {
                    return Ok(found);
                }
            }
        };
        timeout(PATIENCE, search).await.context("a frame did not come in time")?
    }

    /// Its halves, for a while.
    pub(crate) fn split(&mut self) -> (Sender<'_>, Receiver<'_>) {
        let (sink, stream) = (&mut self.stream).split();
        (Sender { sink }, Receiver { stream })
    }
}

impl Sender<'_> {
    /// Sends a frame with the next flush.
    pub(crate) async fn feed(&mut self, message: Message) -> Result<()> {
        feed(&mut self.sink, message).await
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        flush(&mut self.sink).await
    }
}

impl Receiver<'_> {
    /// The next frame.
    pub(crate) async fn receive(&mut self) -> Result<Message> {
        receive(&mut self.stream).await
    }
}

async fn feed(sink: &mut (impl Sink<Message, Error = tungstenite::Error> + Unpin), message: Message) -> Result<()> {
    sink.feed(message).await.context("a connection broke")
}

async fn flush(sink: &mut (impl Sink<Message, Error = tungstenite::Error> + Unpin)) -> Result<()> {
    sink.flush().await.context("a connection broke")
}

async fn receive(stream: &mut (impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin)) -> Result<Message> {
    loop {
        match stream.next().await.context("a connection ended")?.context("a connection broke")? {
            message @ (Message::Text(_) | Message::Binary(_)) => return Ok(message),
            Message::Close(frame) => bail!("a connection was closed: {frame:?}"),
            _ => {}
        }
    }
}
