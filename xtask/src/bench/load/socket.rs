//! Clients that connect.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, Utf8Bytes},
};

/// How long a frame may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a room.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// Connects to `path` of a server.
pub(crate) async fn connect(server: &str, path: &str) -> Result<Socket> {
    let url = format!("{}{path}", server.replacen("http", "ws", 1));
    let (mut stream, _) = connect_async(&url).await.with_context(|| format!("no connection to {server}"))?;
    if let MaybeTlsStream::Plain(stream) = stream.get_mut() {
        stream.set_nodelay(true)?;
    }
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
        self.feed(text).await?;
        self.flush().await
    }

    /// Sends a frame with the next flush.
    pub(crate) async fn feed(&mut self, text: Utf8Bytes) -> Result<()> {
        self.stream.feed(Message::Text(text)).await.context("a connection broke")
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        self.stream.flush().await.context("a connection broke")
    }

    /// The next text frame.
    pub(crate) async fn receive(&mut self) -> Result<Utf8Bytes> {
        loop {
            match self.stream.next().await.context("a connection ended")?.context("a connection broke")? {
                Message::Text(text) => return Ok(text),
                Message::Close(frame) => bail!("a connection was closed: {frame:?}"),
                _ => {}
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
        let search = async {
            loop {
                let text = self.receive().await?;
                if wanted(&text) {
                    return Ok(text);
                }
                if text.contains(r#""type":"$error""#) {
                    bail!("a room refused: {text}");
                }
            }
        };
        timeout(PATIENCE, search).await.context("a frame did not come in time")?
    }
}
