//! Messages of some clients to all clients of their room.
//!
//! The subject is a room of `tests/fixture` with users and a document: the client sends `say`, the room checks and decodes it,
//! calls the handler, which stores nothing, and encodes what that broadcasts. The reference is `bench/floor`, a Durable Object
//! in JavaScript that sends each frame as it is to every socket. Its client sends the very frame that the room broadcasts, so
//! that all clients of both receive the same bytes. Both go through wrangler's proxy.
//!
//! What counts is deliveries: frames that reached a client, of all clients together, a second.

use std::{collections::HashSet, time::Duration};

use anyhow::{Result, ensure};
use pluv_tests::{Client, Message, Socket, connect};
use serde_json::json;

use super::{
    Comparison, Options, is_below,
    load::{Ledger, Load, Pace, Workload},
    run_clients, table, verdict,
};
use crate::{
    server::{Server, State},
    tools::Tools,
    worker::{Profile, Worker},
};

/// How many clients send at most: enough that none of them sends more than a room takes.
const SENDERS: usize = 10;

/// The length of a message's text: a frame is as long as that of a chat message of 64 characters with its author's name.
const TEXT: usize = 94;

/// The least ratio of the room to the reference.
const GOAL: f64 = 0.8;

/// Before each round.
const WARM_UP: Duration = Duration::from_millis(500);

pub(super) fn run(options: &Options) -> Result<()> {
    let tools = Tools::install()?;
    let fixture = Worker::fixture();
    fixture.build(Profile::Release, &tools)?;
    let fixture = Server::start_anywhere(&fixture, State::temporary()?)?;
    let floor = Server::start_anywhere(&Worker::floor(), State::temporary()?)?;

    println!("broadcast: deliveries a second, to all clients of a room together");
    let mut results = Vec::new();
    for clients in &options.clients {
        let comparison = compare(options, *clients, fixture.url(), floor.url());
        results.push((*clients, run_clients(comparison)?));
    }
    println!("{}", summary(&results));
    Ok(())
}

async fn compare(options: &Options, clients: u16, fixture: &str, floor: &str) -> Result<Comparison> {
    let window = options.messages_in_flight.into();
    let pace = Pace { warm_up: WARM_UP, measured: Duration::from_secs(options.seconds.into()) };
    let (mut room, frame) = gather_room(fixture, clients).await?;
    let (mut floor, _) = gather_floor(floor, clients, frame).await?;
    let mut comparison = Comparison::default();
    for round in 1..=options.rounds {
        let [subject, reference] = [room.rate(pace, window).await?, floor.rate(pace, window).await?]
            .map(|measured| measured.delivered / measured.seconds);
        comparison.push(subject, reference);
        let rounds = options.rounds;
        eprintln!("{clients} clients, round {round} of {rounds}: room {subject:.0}, floor {reference:.0}");
    }
    Ok(comparison)
}

async fn gather_room(server: &str, clients: u16) -> Result<(Load<Broadcast>, Message)> {
    let room = format!("bench-{clients}");
    let mut all = Vec::new();
    for client in 0..clients {
        all.push(Client::join(server, "/notes", &room, &format!("user-{client}"), &json!({})).await);
    }
    let request = json!({ "type": "say", "data": { "text": "x".repeat(TEXT) } });
    gather(all, Message::text(request.to_string()), "said").await
}

async fn gather_floor(server: &str, clients: u16, frame: Message) -> Result<(Load<Broadcast>, Message)> {
    let mut all = Vec::new();
    for _ in 0..clients {
        all.push(connect(&format!("{server}/room/bench-{clients}")).await);
    }
    gather(all, frame, "said").await
}

/// Waits until each client has the answer to one request of each sender, by its name; returns the first one as well.
pub(super) async fn gather(
    mut clients: Vec<Client>,
    request: Message,
    answer: &str,
) -> Result<(Load<Broadcast>, Message)> {
    let (mut frames, senders) = (Vec::new(), clients.len().min(SENDERS));
    for sender in 0..senders {
        clients[sender].socket().send(request.clone()).await;
        for client in &mut clients {
            // The frames before it are of the joining of the others.
            frames.push(Message::Text(client.until_text(answer).await));
        }
    }
    let ledger = Ledger::of_room(clients.len());
    let first = frames[0].clone();
    let broadcast =
        Broadcast { request, frames: frames.iter().map(|frame| frame.clone().into_data().to_vec()).collect() };
    Ok((Load::new(clients, broadcast, senders, ledger), first))
}

/// Messages of some clients to all clients of their room.
#[derive(Debug)]
pub(super) struct Broadcast {
    request: Message,
    /// The frames that a client may receive.
    frames: HashSet<Vec<u8>>,
}

impl Workload for Broadcast {
    type Client = Client;

    fn socket(client: &mut Client) -> &mut Socket {
        client.socket()
    }

    fn next(&self, _sender: usize) -> Message {
        self.request.clone()
    }

    fn deliver(&self, ledger: &mut Ledger, reader: usize, frame: &Message) -> Result<()> {
        ensure!(
            frame.to_text().is_ok_and(|text| self.frames.contains(text.as_bytes())),
            "an unexpected frame: {frame}"
        );
        let received = ledger.received(0, reader);
        ledger.deliver(0, reader, received..received + 1)
    }
}

fn summary(results: &[(u16, Comparison)]) -> String {
    let title = ["clients", "room", "floor", "ratio"].map(str::to_owned).to_vec();
    let rows = results.iter().map(|(clients, comparison)| {
        let (room, floor) = (comparison.subject(), comparison.reference());
        vec![clients.to_string(), format!("{room:.0}"), format!("{floor:.0}"), format!("{:.2}", comparison.ratio())]
    });
    let rows: Vec<_> = std::iter::once(title).chain(rows).collect();
    format!("{}\n{}", table(&rows), slow(results))
}

/// Returns the verdict on the ratios.
fn slow(results: &[(u16, Comparison)]) -> String {
    let below: Vec<_> = results
        .iter()
        .map(|(clients, comparison)| (clients, comparison.ratio()))
        .filter(|(_, ratio)| is_below(*ratio, GOAL))
        .map(|(clients, ratio)| format!("{ratio:.3} with {clients} clients"))
        .collect();
    verdict(&format!("ratio is at least {GOAL}"), &below)
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt as _, StreamExt as _, stream::SelectAll};
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::*;

    fn result(clients: u16, room: f64, floor: f64) -> (u16, Comparison) {
        let mut comparison = Comparison::default();
        comparison.push(room, floor);
        (clients, comparison)
    }

    #[test]
    fn the_last_line_is_the_verdict() {
        let good = summary(&[result(10, 900.0, 1000.0), result(50, 800.0, 1000.0)]);
        assert_eq!(good.lines().last(), Some("every ratio is at least 0.8"));
        assert_eq!(good.lines().nth(1), Some("     10   900   1000   0.90"));
        let bad = summary(&[result(10, 900.0, 1000.0), result(50, 799.0, 1000.0)]);
        assert_eq!(bad.lines().last(), Some("not every ratio is at least 0.8: 0.799 with 50 clients"));
    }

    /// Serves clients that all get each frame of each of them.
    async fn serve(listener: TcpListener, clients: usize) {
        let (mut sinks, mut streams) = (Vec::new(), SelectAll::new());
        while sinks.len() < clients {
            let (stream, _) = listener.accept().await.expect("a client connects");
            let (sink, stream) = accept_async(stream).await.expect("it is a WebSocket").split();
            sinks.push(sink);
            streams.push(stream);
        }
        while let Some(Ok(frame)) = streams.next().await {
            for sink in &mut sinks {
                sink.send(frame.clone()).await.expect("the client is there");
            }
        }
    }

    #[tokio::test]
    async fn all_messages_of_a_burst_are_delivered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let clients = async {
            let frame = Message::text(r#"{"type":"said"}"#);
            let (mut load, first) = gather_floor(&url, 3, frame.clone()).await.expect("they connect");
            assert_eq!(first, frame);
            let measured = load.burst(100, 8).await.expect("all of them come");
            assert!((measured.completed - 100.0).abs() < f64::EPSILON, "{measured:?}");
            assert!((measured.delivered - 300.0).abs() < f64::EPSILON, "{measured:?}");
            let pace = Pace { warm_up: Duration::from_millis(1), measured: Duration::from_millis(1) };
            load.rate(pace, 8).await.expect("all of them come");
        };
        tokio::select! {
            () = clients => {}
            () = serve(listener, 3) => panic!("the server ends last"),
        }
    }
}
