//! A room full of clients, some of whom talk in turn.

use std::{collections::HashSet, rc::Rc, time::Duration};

use anyhow::{Context as _, Result, bail};
use tokio::{
    pin, select,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    Pace, Socket,
    progress::{Place, Progress},
};

/// How long the last messages may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many clients talk at most: enough that none of them sends more than a room takes.
const TALKERS: usize = 10;

/// Clients that are in one room. Some of them talk in turn, all of them receive; a message that has not reached all of
/// them is under way, and at most a window's worth of messages are.
#[derive(Debug)]
pub(crate) struct Audience {
    /// How many messages each talker is to send next.
    turns: Vec<UnboundedSender<u64>>,
    next: usize,
    // Dropped, they stop.
    clients: JoinSet<Result<()>>,
    progress: Rc<Progress>,
    frame: Utf8Bytes,
    sent: u64,
}

impl Audience {
    /// Takes clients over when each of them has got the answer to one request of each talker.
    pub(crate) async fn gather(
        mut sockets: Vec<Socket>,
        request: Utf8Bytes,
        is_answer: impl Fn(&str) -> bool,
        window: usize,
    ) -> Result<Self> {
        let progress = Rc::new(Progress::new(sockets.len(), window));
        let mut frames = Vec::new();
        for talker in 0..sockets.len().min(TALKERS) {
            sockets[talker].send(request.clone()).await?;
            for socket in &mut sockets {
                // What came before it is the joining of the others.
                frames.push(socket.until_text(&is_answer).await?);
            }
        }
        let frame = frames.first().context("a room needs a client")?.clone();
        let frames: Rc<HashSet<_>> = Rc::new(frames.into_iter().collect());
        let (mut turns, mut clients) = (Vec::new(), JoinSet::new());
        for socket in sockets {
            let (turn, turns_of_it) = mpsc::unbounded_channel();
            turns.push(turn);
            let client = Client { socket, turns: turns_of_it, request: request.clone(), frames: Rc::clone(&frames) };
            clients.spawn_local(client.run(Rc::clone(&progress)));
        }
        turns.truncate(TALKERS);
        Ok(Self { turns, next: 0, clients, progress, frame, sent: 0 })
    }

    /// What every client gets for a message of the first one.
    pub(crate) fn frame(&self) -> &Utf8Bytes {
        &self.frame
    }

    /// How many frames a second reach a client, of all clients together.
    pub(crate) async fn rate(&mut self, pace: Pace) -> Result<f64> {
        self.talk(pace.warm_up).await?;
        let (start, before) = (Instant::now(), self.progress.delivered());
        self.talk(pace.measured).await?;
        let (seconds, delivered) = (start.elapsed().as_secs_f64(), self.progress.delivered() - before);
        timeout(PATIENCE, self.finish()).await.context("some messages never came")??;
        #[expect(clippy::cast_precision_loss, reason = "no round has 2^52 deliveries")]
        Ok(delivered as f64 / seconds)
    }

    /// Keeps messages under way for a time.
    async fn talk(&mut self, time: Duration) -> Result<()> {
        let end = sleep_until(Instant::now() + time);
        pin!(end);
        loop {
            self.give_turn()?;
            select! {
                () = &mut end => return Ok(()),
                heard = self.hear() => heard?,
            }
        }
    }

    /// Has the next talker send what may be sent by now.
    fn give_turn(&mut self) -> Result<()> {
        let allowed = self.progress.allowed();
        if self.sent < allowed {
            self.turns[self.next].send(allowed - self.sent).ok().context("a client is gone")?;
            self.next = (self.next + 1) % self.turns.len();
            self.sent = allowed;
        }
        Ok(())
    }

    /// Waits for the messages that are under way.
    async fn finish(&mut self) -> Result<()> {
        while self.progress.completed() < self.sent {
            self.hear().await?;
        }
        Ok(())
    }

    /// Waits until something came through.
    async fn hear(&mut self) -> Result<()> {
        select! {
            () = self.progress.advanced() => Ok(()),
            Some(ended) = self.clients.join_next() => ended?,
        }
    }
}

/// One of them.
struct Client {
    socket: Socket,
    turns: UnboundedReceiver<u64>,
    request: Utf8Bytes,
    /// What may come.
    frames: Rc<HashSet<Utf8Bytes>>,
}

impl Client {
    /// Sends when it is its turn, and counts what comes.
    async fn run(mut self, progress: Rc<Progress>) -> Result<()> {
        let mut place = Place::default();
        loop {
            select! {
                text = self.socket.receive() => {
                    let text = text?;
                    if !self.frames.contains(&text) {
                        bail!("a frame that nobody expected: {text}");
                    }
                    progress.deliver(&mut place);
                }
                Some(messages) = self.turns.recv() => {
                    for _ in 0..messages {
                        self.socket.feed(self.request.clone()).await?;
                    }
                    self.socket.flush().await?;
                }
            }
        }
    }
}
