//! A minimal HTTP/1.1 client: the tests look at the bytes on the wire.

use std::collections::BTreeMap;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::TIMEOUT;

/// The headers of a WebSocket upgrade.
pub const UPGRADE: &[(&str, &str)] =
    &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")];

/// A response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// Gets `path`, which begins with a slash.
///
/// # Panics
/// When the server does not answer.
pub async fn get(base: &str, path: &str) -> Answer {
    request(base, "GET", path, &[]).await
}

/// Posts a body.
///
/// # Panics
/// When the server does not answer.
pub async fn post(base: &str, path: &str, body: &str) -> Answer {
    request_with(base, "POST", path, &[], body.as_bytes()).await
}

/// Makes a request.
///
/// # Panics
/// When the server does not answer.
pub async fn request(base: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    request_with(base, method, path, headers, &[]).await
}

/// Makes a request with a body.
///
/// # Panics
/// When the server does not answer.
pub async fn request_with(base: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let host = base.strip_prefix("http://").expect("a server of the tests speaks plain HTTP");
    let mut stream = TcpStream::connect(host).await.expect("the server listens");
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    let message = [head.as_bytes(), body].concat();
    stream.write_all(&message).await.expect("the server reads");
    let mut bytes = Vec::new();
    let answer = timeout(TIMEOUT, async {
        loop {
            if let Some(answer) = parse(&String::from_utf8_lossy(&bytes)) {
                return answer;
            }
            let read = stream.read_buf(&mut bytes).await.expect("the server answers");
            assert_ne!(read, 0, "the server answers in full");
        }
    });
    answer.await.expect("an answer comes in time")
}

/// Parses the answer if it is complete: a server may leave the connection open for a while.
fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("an answer has a status");
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body = if headers.get("transfer-encoding").is_some_and(|value| value == "chunked") {
        body.ends_with("0\r\n\r\n").then(|| unchunk(body))?
    } else {
        let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length is a number"));
        (body.len() >= length).then(|| body.to_owned())?
    };
    Some(Answer { status, headers, body })
}

fn unchunk(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        text.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    text
}
