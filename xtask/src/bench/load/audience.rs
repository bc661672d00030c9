//! A room full of clients, one of which talks.

use std::{rc::Rc, time::Duration};

use anyhow::{Context as _, Result, bail};
use tokio::{
    pin, select,
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

/// Clients that are in one room. The first one sends, all of them receive; a message that has not reached all of them
/// is under way, and at most a window's worth of messages are.
#[derive(Debug)]
pub(crate) struct Audience {
    talker: Socket,
    place: Place,
    // Dropped, they stop.
    listeners: JoinSet<Result<()>>,
    progress: Rc<Progress>,
    request: Utf8Bytes,
    frame: Utf8Bytes,
    sent: u64,
}

impl Audience {
    /// Takes clients over when each of them has got the answer to one request.
    pub(crate) async fn gather(
        mut sockets: Vec<Socket>,
        request: Utf8Bytes,
        is_answer: impl Fn(&str) -> bool,
        window: usize,
    ) -> Result<Self> {
        let progress = Rc::new(Progress::new(sockets.len(), window));
        let first = sockets.first_mut().context("a room needs a client")?;
        first.send(request.clone()).await?;
        let frame = first.until_text(is_answer).await?;
        let mut sockets = sockets.into_iter();
        let talker = sockets.next().context("a room needs a client")?;
        let mut listeners = JoinSet::new();
        for mut socket in sockets {
            // What came before it is the joining of the others.
            socket.until_text(|text| text == frame.as_str()).await?;
            listeners.spawn_local(listen(socket, frame.clone(), Rc::clone(&progress)));
        }
        Ok(Self { talker, place: Place::default(), listeners, progress, request, frame, sent: 0 })
    }

    /// What every client gets for each message.
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
            while self.sent < self.progress.allowed() {
                self.talker.feed(self.request.clone()).await?;
                self.sent += 1;
            }
            self.talker.flush().await?;
            select! {
                () = &mut end => return Ok(()),
                heard = self.hear() => heard?,
            }
        }
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
            text = self.talker.receive() => count(&text?, &self.frame, &self.progress, &mut self.place),
            () = self.progress.advanced() => Ok(()),
            Some(ended) = self.listeners.join_next() => ended?,
        }
    }
}

async fn listen(mut socket: Socket, frame: Utf8Bytes, progress: Rc<Progress>) -> Result<()> {
    let mut place = Place::default();
    loop {
        count(&socket.receive().await?, &frame, &progress, &mut place)?;
    }
}

fn count(text: &Utf8Bytes, frame: &Utf8Bytes, progress: &Progress, place: &mut Place) -> Result<()> {
    if text != frame {
        bail!("a frame that nobody expected: {text}");
    }
    progress.deliver(place);
    Ok(())
}
