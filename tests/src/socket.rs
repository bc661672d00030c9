//! The WebSocket of a client.

use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest as _,
        http::{HeaderName, HeaderValue},
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use crate::TIMEOUT;

/// The bytes that a connection reads at once. The buffer is filled with zeros before each read, so that a large one takes
/// longer than reading many small frames, and longer still on a connection that has read a large document.
const READ_BUFFER: usize = 1024;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection to a server, which panics when the server violates the protocol.
#[derive(Debug)]
pub struct Socket {
    stream: Stream,
}

/// The half of a connection that sends.
#[derive(Debug)]
pub struct Sender<'a> {
    sink: SplitSink<&'a mut Stream, Message>,
}

/// The half of a connection that receives.
#[derive(Debug)]
pub struct Receiver<'a> {
    stream: SplitStream<&'a mut Stream>,
}

impl Socket {
    /// Connects to a URL, which begins with `http`.
    ///
    /// # Panics
    /// When the upgrade is rejected, which a room never does.
    pub async fn connect(url: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = url.replacen("http", "ws", 1).into_client_request().expect("it is a URL");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("it is a header's value");
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
        // A document is one frame, whatever its size.
        let config =
            WebSocketConfig::default().max_message_size(None).max_frame_size(None).read_buffer_size(READ_BUFFER);
        // Without delay: frames are small, and a client waits for each.
        let connecting = connect_async_with_config(request, Some(config), true);
        let connected = timeout(TIMEOUT, connecting).await.expect("the upgrade is answered in time");
        let (stream, _) = connected.unwrap_or_else(|error| panic!("no connection to {url}: {error}"));
        Self { stream }
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn send(&mut self, message: Message) {
        self.stream.send(message).await.expect("the connection is open");
    }

    /// Receives the next text or binary frame.
    ///
    /// # Panics
    /// When no frame arrives in time, or the connection ends.
    pub async fn receive(&mut self) -> Message {
        timeout(TIMEOUT, receive(&mut self.stream)).await.expect("a frame comes in time")
    }

    /// Receives the next frame of any kind, or the end.
    pub(crate) async fn receive_any(&mut self) -> Option<Message> {
        timeout(TIMEOUT, self.stream.next()).await.expect("the connection ends in time")?.ok()
    }

    /// Begins the closing handshake.
    pub(crate) async fn close(&mut self, frame: Option<CloseFrame>) {
        self.stream.close(frame).await.expect("the connection is open");
    }

    /// Answers a close, as browsers do.
    pub(crate) async fn answer_close(&mut self) {
        let _ = self.stream.flush().await;
    }

    /// Borrows the connection as its two halves.
    pub fn split(&mut self) -> (Sender<'_>, Receiver<'_>) {
        let (sink, stream) = (&mut self.stream).split();
        (Sender { sink }, Receiver { stream })
    }
}

impl Sender<'_> {
    /// Sends a frame with the next flush.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn feed(&mut self, message: Message) {
        self.sink.feed(message).await.expect("the connection is open");
    }

    /// Sends all buffered frames.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn flush(&mut self) {
        self.sink.flush().await.expect("the connection is open");
    }
}

impl Receiver<'_> {
    /// Receives the next text or binary frame, however long it takes.
    ///
    /// # Panics
    /// When the connection ends.
    pub async fn receive(&mut self) -> Message {
        receive(&mut self.stream).await
    }
}

async fn receive<E: std::fmt::Debug>(
    stream: &mut (impl futures_util::Stream<Item = Result<Message, E>> + Unpin),
) -> Message {
    loop {
        match stream.next().await.expect("the connection stays").expect("the connection stays") {
            message @ (Message::Text(_) | Message::Binary(_)) => return message,
            Message::Close(frame) => panic!("the connection was closed: {frame:?}"),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}
