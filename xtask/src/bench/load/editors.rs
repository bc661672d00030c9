//! A document that all clients of its room edit.

use std::{cell::RefCell, convert::Infallible, marker::PhantomData, time::Duration};

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::{
    select,
    sync::Notify,
    time::{Instant, timeout},
};
use yrs::{Update, block::ClientID, updates::decoder::Decode as _};

use super::{
    Joined, Pace, Protocol, Socket, Typist,
    ledger::{Ledger, Tally},
    pages,
    socket::{Receiver, Sender},
};

/// How long nothing may come through.
const PATIENCE: Duration = Duration::from_secs(20);

/// Clients that are in one room, and type into its document: each in turn one character. An edit is under way until all
/// others have it.
#[derive(Debug)]
pub(crate) struct Editors<P> {
    clients: Vec<Socket>,
    typists: Vec<Typist>,
    ledger: RefCell<Ledger>,
    /// Whose turn it is.
    turn: usize,
    joins: Vec<Duration>,
    protocol: PhantomData<P>,
}

/// What came of some editing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edited {
    /// Edits that reached all others.
    pub(crate) edits: f64,
    pub(crate) seconds: f64,
    /// Of what tells a client of another's edit.
    pub(crate) bytes_an_edit: f64,
    /// The longest that an edit took to reach all others, since the clients came.
    pub(crate) longest: Duration,
}

impl Edited {
    pub(crate) fn rate(&self) -> f64 {
        self.edits / self.seconds
    }
}

/// When to send no more edits.
#[derive(Clone, Copy, Debug)]
enum End {
    Time(Instant),
    /// After so many in all.
    Sent(u64),
}

impl End {
    /// Whether more may be sent after so many edits.
    fn is_after(self, sent: u64) -> bool {
        match self {
            Self::Time(_) => true,
            Self::Sent(all) => sent < all,
        }
    }
}

impl<P: Protocol> Editors<P> {
    /// Makes a document of `size` bytes in a new room, and lets clients join.
    pub(crate) async fn gather(server: &str, room: &str, size: u32, clients: usize) -> Result<Self> {
        let Joined { socket: mut first, took, .. } = P::join(server, room).await?;
        for page in pages(size) {
            first.send_message(P::edit(&page)).await?;
            P::settle(&mut first).await?;
        }
        let (mut sockets, mut joins) = (vec![first], vec![took]);
        for _ in 1..clients {
            let Joined { socket, state, took } = P::join(server, room).await?;
            ensure!(state.len() >= size as usize, "of a document of {size} bytes only {} came", state.len());
            sockets.push(socket);
            joins.push(took);
        }
        let typists: Vec<_> = (0..clients).map(|index| Typist::new(index, size)).collect();
        let ledger = RefCell::new(Ledger::new(typists.iter().map(Typist::client)));
        Ok(Self { clients: sockets, typists, ledger, turn: 0, joins, protocol: PhantomData })
    }

    /// How long each client took to join; the first one found nothing yet.
    pub(crate) fn joins(&self) -> &[Duration] {
        &self.joins
    }

    /// The first client, for whatever else it says.
    pub(crate) fn first(&mut self) -> Result<&mut Socket> {
        self.clients.first_mut().context("a room needs a client")
    }

    /// Edits for a time, with up to `window` edits under way.
    pub(crate) async fn rate(&mut self, pace: Pace, window: u64) -> Result<Edited> {
        self.run(window, End::Time(Instant::now() + pace.warm_up)).await?;
        let edited = self.measure(window, End::Time(Instant::now() + pace.measured)).await?;
        // What is still under way comes in, and nothing more is sent.
        self.run(0, End::Sent(0)).await?;
        Ok(edited)
    }

    /// Makes so many edits, with up to `window` of them under way.
    pub(crate) async fn burst(&mut self, edits: u64, window: u64) -> Result<Edited> {
        let sent = self.tally().sent;
        self.measure(window, End::Sent(sent + edits)).await
    }

    /// Checks that a document holds all that was typed.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn check(&self, state: &[u8]) -> Result<()> {
        let known = Update::decode_v1(state)?.state_vector();
        for typist in &self.typists {
            let (kept, typed) = (known.get(&ClientID::new(typist.client())), typist.typed());
            ensure!(kept == typed, "of a client's {typed} edits the document has {kept}");
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.ledger.borrow().tally()
    }

    async fn measure(&mut self, window: u64, end: End) -> Result<Edited> {
        let (start, before) = (Instant::now(), self.tally());
        self.run(window, end).await?;
        let (seconds, after) = (start.elapsed().as_secs_f64(), self.tally());
        #[expect(clippy::cast_precision_loss, reason = "nobody counts up to 2^52")]
        let [edits, delivered, bytes] =
            [after.completed - before.completed, after.delivered - before.delivered, after.bytes - before.bytes]
                .map(|count| count as f64);
        Ok(Edited { edits, seconds, bytes_an_edit: bytes / delivered, longest: after.longest })
    }

    /// Keeps edits under way up to an end; if that is a number of edits, waits for the last of them.
    async fn run(&mut self, window: u64, end: End) -> Result<()> {
        let Self { clients, typists, ledger, turn, .. } = self;
        let advanced = Notify::new();
        let (mut senders, listeners): (Vec<_>, FuturesUnordered<_>) = clients
            .iter_mut()
            .enumerate()
            .map(|(reader, client)| {
                let (sender, receiver) = client.split();
                (sender, listen::<P>(reader, receiver, ledger, &advanced))
            })
            .unzip();
        let mut listeners = listeners;
        let typing = async {
            loop {
                type_in_turn::<P>(&mut senders, typists, turn, ledger, window, end).await?;
                let is_over = match end {
                    End::Time(end) => Instant::now() >= end,
                    End::Sent(_) => ledger.borrow().under_way() == 0,
                };
                if is_over {
                    return Ok(());
                }
                timeout(PATIENCE, advanced.notified()).await.context("some edits never came")?;
            }
        };
        select! {
            done = typing => done,
            Some(Err(error)) = listeners.next() => Err(error),
        }
    }
}

/// Sends edits, of one client after the other, until as many are under way as may be.
async fn type_in_turn<P: Protocol>(
    senders: &mut [Sender<'_>],
    typists: &mut [Typist],
    turn: &mut usize,
    ledger: &RefCell<Ledger>,
    window: u64,
    end: End,
) -> Result<()> {
    let may_send = || {
        let ledger = ledger.borrow();
        ledger.under_way() < window && end.is_after(ledger.tally().sent)
    };
    let first = *turn;
    let mut sent = 0;
    while may_send() {
        ledger.borrow_mut().send(*turn);
        senders[*turn].feed(P::edit(&typists[*turn].edit())).await?;
        *turn = (*turn + 1) % senders.len();
        sent += 1;
    }
    let count = senders.len();
    for offset in 0..count.min(sent) {
        senders[(first + offset) % count].flush().await?;
    }
    Ok(())
}

/// Enters what a client gets. It ends only by an error.
async fn listen<P: Protocol>(
    reader: usize,
    mut receiver: Receiver<'_>,
    ledger: &RefCell<Ledger>,
    advanced: &Notify,
) -> Result<Infallible> {
    loop {
        let message = receiver.receive().await?;
        if let Some(update) = P::edited(&message)? {
            let update = Update::decode_v1(&update).context("a message tells of no update")?;
            if ledger.borrow_mut().deliver(reader, &update, message.len())? {
                advanced.notify_one();
            }
        }
    }
}
