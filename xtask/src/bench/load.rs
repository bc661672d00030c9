//! Load in a closed loop: a message is in flight until all the clients that should get it have it.

use std::{
    cell::RefCell,
    collections::VecDeque,
    convert::Infallible,
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use pluv_tests::{Message, Receiver, Sender, Socket};
use tokio::{select, sync::Notify, time::timeout};

/// How long no message may reach its last client.
const STALL_TIMEOUT: Duration = Duration::from_secs(20);

/// The time of a measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) warm_up: Duration,
    pub(super) measured: Duration,
}

/// The messages that the clients of a room send and receive.
pub(super) trait Workload {
    type Client;

    fn socket(client: &mut Self::Client) -> &mut Socket;

    /// Returns the next message of a client.
    fn next(&self, sender: usize) -> Message;

    /// Enters the messages that a frame brings to a client.
    fn deliver(&self, ledger: &mut Ledger, reader: usize, frame: &Message) -> Result<()>;
}

/// The clients of a room, some of which send in turn.
#[derive(Debug)]
pub(super) struct Load<W: Workload> {
    pub(super) clients: Vec<W::Client>,
    pub(super) workload: W,
    senders: usize,
    turn: usize,
    ledger: RefCell<Ledger>,
}

/// The result of a measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// Messages that reached all clients.
    pub(super) completed: f64,
    /// Messages that reached one client.
    pub(super) delivered: f64,
    /// Bytes of the frames that brought these.
    pub(super) bytes: f64,
    pub(super) seconds: f64,
    /// The longest that a message was in flight, since the clients came.
    pub(super) longest: Duration,
}

/// The end of sending.
#[derive(Clone, Copy, Debug)]
enum End {
    Time(Instant),
    /// A number of messages in all.
    Sent(u64),
}

impl<W: Workload> Load<W> {
    /// The first `senders` of the clients send.
    pub(super) fn new(clients: Vec<W::Client>, workload: W, senders: usize, ledger: Ledger) -> Self {
        Self { clients, workload, senders, turn: 0, ledger: RefCell::new(ledger) }
    }

    /// Sends for a time, with up to `window` messages in flight.
    pub(super) async fn rate(&mut self, pace: Pace, window: u64) -> Result<Measured> {
        self.run(window, End::Time(Instant::now() + pace.warm_up)).await?;
        let measured = self.measure(window, End::Time(Instant::now() + pace.measured)).await?;
        // Receives the messages in flight, and sends nothing more.
        self.run(0, End::Sent(0)).await?;
        Ok(measured)
    }

    /// Sends a number of messages, with up to `window` of them in flight.
    pub(super) async fn burst(&mut self, messages: u64, window: u64) -> Result<Measured> {
        let sent = self.ledger.borrow().sent;
        self.measure(window, End::Sent(sent + messages)).await
    }

    async fn measure(&mut self, window: u64, end: End) -> Result<Measured> {
        let counts = |ledger: &Ledger| [ledger.completed, ledger.delivered, ledger.bytes];
        let (start, before) = (Instant::now(), counts(&self.ledger.borrow()));
        self.run(window, end).await?;
        let seconds = start.elapsed().as_secs_f64();
        let ledger = self.ledger.borrow();
        let after = counts(&ledger);
        #[expect(clippy::cast_precision_loss, reason = "no count comes up to 2^52")]
        let [completed, delivered, bytes] = [0, 1, 2].map(|index| (after[index] - before[index]) as f64);
        Ok(Measured { completed, delivered, bytes, seconds, longest: ledger.longest })
    }

    /// Keeps messages in flight up to an end; if that is a number of messages, waits for the last of them.
    async fn run(&mut self, window: u64, end: End) -> Result<()> {
        let Self { clients, workload, senders, turn, ledger } = self;
        let (workload, ledger, advanced) = (&*workload, &*ledger, Notify::new());
        let (mut sinks, mut listeners): (Vec<_>, FuturesUnordered<_>) = clients
            .iter_mut()
            .enumerate()
            .map(|(reader, client)| {
                let (sink, receiver) = W::socket(client).split();
                (sink, listen(reader, receiver, workload, ledger, &advanced))
            })
            .unzip();
        let sending = async {
            loop {
                send_in_turn(&mut sinks[..*senders], workload, turn, ledger, window, end).await;
                let is_over = match end {
                    End::Time(end) => Instant::now() >= end,
                    End::Sent(_) => ledger.borrow().in_flight() == 0,
                };
                if is_over {
                    return Ok(());
                }
                timeout(STALL_TIMEOUT, advanced.notified()).await.context("some messages never came")?;
            }
        };
        select! {
            done = sending => done,
            Some(Err(error)) = listeners.next() => Err(error),
        }
    }
}

/// Sends messages, of one client after the other, until the window is full.
async fn send_in_turn<W: Workload>(
    sinks: &mut [Sender<'_>],
    workload: &W,
    turn: &mut usize,
    ledger: &RefCell<Ledger>,
    window: u64,
    end: End,
) {
    let may_send = || {
        let ledger = ledger.borrow();
        ledger.in_flight() < window
            && match end {
                End::Time(_) => true,
                End::Sent(all) => ledger.sent < all,
            }
    };
    let (first, mut sent) = (*turn, 0);
    while may_send() {
        ledger.borrow_mut().send(*turn);
        sinks[*turn].feed(workload.next(*turn)).await;
        *turn = (*turn + 1) % sinks.len();
        sent += 1;
    }
    for offset in 0..sinks.len().min(sent) {
        sinks[(first + offset) % sinks.len()].flush().await;
    }
}

/// Enters the frames that a client receives. It ends only by an error.
async fn listen<W: Workload>(
    reader: usize,
    mut receiver: Receiver<'_>,
    workload: &W,
    ledger: &RefCell<Ledger>,
    advanced: &Notify,
) -> Result<Infallible> {
    loop {
        let frame = receiver.receive().await;
        let mut ledger = ledger.borrow_mut();
        let (completed, delivered) = (ledger.completed, ledger.delivered);
        workload.deliver(&mut ledger, reader, &frame)?;
        if ledger.delivered > delivered {
            ledger.bytes += frame.len() as u64;
        }
        if ledger.completed > completed {
            advanced.notify_one();
        }
    }
}

/// Counts messages. They are in streams, each of which reaches every client in order.
#[derive(Debug)]
pub(super) struct Ledger {
    streams: Vec<Stream>,
    /// How many clients a message has to reach.
    reach: usize,
    sent: u64,
    completed: u64,
    delivered: u64,
    bytes: u64,
    longest: Duration,
}

#[derive(Clone, Debug, Default)]
struct Stream {
    sent: u32,
    /// The messages that some clients lack: since when, and how many do.
    in_flight: VecDeque<(Instant, usize)>,
    /// How many messages each client has.
    received: Vec<u32>,
}

impl Ledger {
    /// Where all messages of a room are one stream, which their senders get too.
    pub(super) fn of_room(clients: usize) -> Self {
        Self::new(1, clients, clients)
    }

    /// Where each client has a stream of its own, which all others get.
    pub(super) fn of_clients(clients: usize) -> Self {
        Self::new(clients, clients, clients - 1)
    }

    fn new(streams: usize, clients: usize, reach: usize) -> Self {
        let stream = Stream { received: vec![0; clients], ..Stream::default() };
        let streams = vec![stream; streams];
        Self { streams, reach, sent: 0, completed: 0, delivered: 0, bytes: 0, longest: Duration::ZERO }
    }

    fn in_flight(&self) -> u64 {
        self.sent - self.completed
    }

    pub(super) fn send(&mut self, sender: usize) {
        self.sent += 1;
        let index = sender % self.streams.len();
        let stream = &mut self.streams[index];
        stream.sent += 1;
        stream.in_flight.push_back((Instant::now(), self.reach));
        if self.reach == 0 {
            self.complete(index);
        }
    }

    /// Returns the number of messages of a stream that a client has.
    pub(super) fn received(&self, stream: usize, reader: usize) -> u32 {
        self.streams[stream].received[reader]
    }

    /// Enters messages of a stream that reached a client, by their numbers.
    ///
    /// # Errors
    /// When one came twice, or too soon: something was lost.
    pub(super) fn deliver(&mut self, index: usize, reader: usize, messages: Range<u32>) -> Result<()> {
        let stream = &mut self.streams[index];
        let received = &mut stream.received[reader];
        ensure!(messages.start == *received, "message {} of a client came after {received} of its own", messages.start);
        ensure!(messages.end <= stream.sent, "a message came that no client sent");
        *received = messages.end;
        self.delivered += u64::from(messages.end - messages.start);
        let first = stream.sent as usize - stream.in_flight.len();
        for (_, lacking) in stream.in_flight.range_mut(messages.start as usize - first..messages.end as usize - first) {
            *lacking -= 1;
        }
        self.complete(index);
        Ok(())
    }

    fn complete(&mut self, index: usize) {
        let messages = &mut self.streams[index].in_flight;
        while let Some((since, 0)) = messages.front() {
            self.completed += 1;
            self.longest = self.longest.max(since.elapsed());
            messages.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_complete_when_all_others_have_it() {
        let mut ledger = Ledger::of_clients(3);
        [0, 0, 1].into_iter().for_each(|sender| ledger.send(sender));
        assert_eq!(ledger.in_flight(), 3);
        ledger.deliver(0, 2, 0..2).expect("it is in order");
        ledger.deliver(1, 2, 0..1).expect("it is in order");
        assert_eq!((ledger.delivered, ledger.completed), (3, 0));
        ledger.deliver(1, 0, 0..1).expect("it is in order");
        assert_eq!((ledger.delivered, ledger.completed), (4, 1));
        ledger.deliver(0, 1, 1..2).expect_err("the first was lost");
        ledger.deliver(0, 1, 0..1).expect("it is in order");
        ledger.deliver(0, 1, 1..2).expect("it is in order");
        assert_eq!((ledger.completed, ledger.in_flight()), (3, 0));
        ledger.deliver(0, 1, 1..2).expect_err("it came twice");
        ledger.deliver(0, 2, 2..3).expect_err("it was not sent");
    }

    #[test]
    fn a_message_of_a_room_is_complete_when_all_have_it() {
        let mut ledger = Ledger::of_room(2);
        (0..3).for_each(|sender| ledger.send(sender));
        ledger.deliver(0, 0, 0..3).expect("it is in order");
        assert_eq!((ledger.delivered, ledger.completed), (3, 0));
        ledger.deliver(0, 1, 0..1).expect("it is in order");
        assert_eq!((ledger.delivered, ledger.completed, ledger.in_flight()), (4, 1, 2));
        ledger.send(0);
        ledger.deliver(0, 0, 3..4).expect("it is in order");
        ledger.deliver(0, 1, 1..4).expect("it is in order");
        assert_eq!((ledger.delivered, ledger.completed), (8, 4));
    }
}
