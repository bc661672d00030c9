//! The requests of the worker, and clients that do what they should not, or nothing.

use super::{
    contents, edits,
    fate::Fate,
    room::{IDLE, RATE},
    simulation::Simulation,
};
use crate::{
    Evict, Protocol,
    document::tests::random::Random,
    engine::{
        AdminError, AdminRequest, CloseReason,
        tests::world::{Output, TestRoom},
    },
    protocol::{Output as Event, PING_FRAME},
    testing::TestDocument,
};

fn code_of(evict: &Evict, protocol: Protocol) -> u16 {
    CloseReason::Evicted(evict.clone()).code(protocol)
}

/// Where Yjs's numbers of what the worker changes begin.
const NUMBERS: u64 = 900_000_000;

/// The target of an eviction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Away {
    /// A person's connection.
    Session(usize),
    /// All connections of a person's user.
    User(usize),
    All,
}

impl<R: TestRoom> Simulation<R> {
    /// The worker sends connections away, and exactly those go.
    pub(super) fn evict(&mut self, whom: Away, allow_reconnect: bool) {
        let session = |who: usize| self.people[who].stock.peers.session.clone();
        let evict = match whom {
            Away::Session(who) => match session(who) {
                Some(session) => Evict::session(session),
                None => return,
            },
            Away::User(who) => Evict::user(self.people[who].user.clone()),
            Away::All => Evict::all(),
        };
        let evict = if allow_reconnect { evict.allow_reconnect() } else { evict };
        let is_meant = |number: Option<usize>, user: &str| match whom {
            Away::Session(who) => number == Some(who),
            Away::User(who) => self.people[who].user == user,
            Away::All => true,
        };
        let people: Vec<_> = self.people.iter().enumerate().map(|(n, one)| is_meant(Some(n), &one.user)).collect();
        let providers: Vec<_> = self.providers.iter().map(|one| is_meant(None, &one.user)).collect();
        let ghosts: Vec<_> = self.ghosts.iter().map(|ghost| is_meant(None, &ghost.user)).collect();
        let mut count = 0;
        for (ghost, _) in self.ghosts.iter_mut().zip(ghosts).filter(|(_, is_meant)| *is_meant) {
            ghost.fate.send_away(code_of(&evict, Protocol::Pluv));
            count += 1;
        }
        for (person, _) in self.people.iter_mut().zip(people).filter(|(_, is_meant)| *is_meant) {
            let Some(line) = &mut person.line else { continue };
            line.fate.send_away(code_of(&evict, Protocol::Pluv));
            count += 1;
        }
        for (provider, _) in self.providers.iter_mut().zip(providers).filter(|(_, is_meant)| *is_meant) {
            let Some(wire) = &mut provider.wire else { continue };
            wire.fate.send_away(code_of(&evict, Protocol::Yjs));
            count += 1;
        }
        let answer = self.act(|world| world.admin(AdminRequest::Evict(evict), &[]));
        assert_eq!(answer, Ok(count.to_string().into_bytes()), "exactly those go who are meant");
    }

    /// The worker says something to everyone.
    pub(super) fn announce(&mut self) {
        self.announced += 1;
        let output = Output::Said { text: self.announced.to_string() };
        let event = Event::new::<Output>(&output).expect("it is an event").into_head();
        let answer = self.act(|world| world.admin(AdminRequest::Broadcast, event.as_bytes()));
        assert!(answer.is_ok());
    }

    /// The worker edits the document, which has begun.
    pub(super) fn write(&mut self, what: u64) {
        if self.known.is_deleted() {
            return;
        }
        self.written += 1;
        let mut document = TestDocument::new(NUMBERS + self.written);
        document.apply(contents::stored(&self.world.database));
        let Some(update) = edits::edit(&document.doc, &mut Random::new(what)) else { return };
        let answer = self.act(|world| world.admin(AdminRequest::UpdateStorage, &update));
        assert!(!matches!(answer, Err(AdminError::Invalid(_))), "{answer:?}");
        // Of what nobody in the room did, its code is not told.
        self.known.forget_changes();
    }

    /// The worker deletes the document, and sends everyone away.
    pub(super) fn delete(&mut self) {
        let (pluv, yjs) = (code_of(&Evict::all(), Protocol::Pluv), code_of(&Evict::all(), Protocol::Yjs));
        self.people.iter_mut().filter_map(|one| one.line.as_mut()).for_each(|line| line.fate.send_away(pluv));
        self.providers.iter_mut().filter_map(|one| one.wire.as_mut()).for_each(|wire| wire.fate.send_away(yjs));
        (self.is_ringing, self.is_deleting) = (true, true);
        drop(self.act(|world| world.admin(AdminRequest::Delete, &[])));
    }

    /// Someone sends more than it may, and is told so once.
    pub(super) fn flood(&mut self, number: usize, is_garbled: bool) {
        let Some(line) = self.people[number].line.as_mut() else { return };
        line.fate.floods = true;
        let client = line.client;
        // All of it at once, in a room that has no time to sleep.
        let (pace, sleeps) = (std::mem::take(&mut self.world.pace), std::mem::take(&mut self.world.hibernates));
        let frame = if is_garbled { "garbled" } else { PING_FRAME };
        for _ in 0..=2 * RATE {
            self.world.send_text(client, frame);
        }
        (self.world.pace, self.world.hibernates) = (pace, sleeps);
        if self.world.has_crashed() {
            return self.observe();
        }
        assert_eq!(self.world.closed(client), Some(1008));
        let errors = self.world.read_all(client).into_iter().filter(|frame| frame.name == "$error").count();
        // A frame that is refused counts for ten milliseconds.
        let most = if is_garbled { 201 } else { 1 };
        assert!((1..=most).contains(&errors), "{errors}");
        self.observe();
    }

    /// Someone loses its network, and the room hears nothing of it.
    pub(super) fn drop_connection(&mut self, number: usize) {
        let person = &mut self.people[number];
        if let Some(line) = person.disconnect() {
            self.ghosts.push(Ghost { client: line.client, user: person.user.clone(), fate: line.fate });
        }
    }

    /// A provider does.
    pub(super) fn fade(&mut self, number: usize) {
        let Some(provider) = self.providers.get_mut(number) else { return };
        if let Some(wire) = provider.disconnect() {
            self.ghosts.push(Ghost { client: wire.client, user: provider.user.clone(), fate: wire.fate });
        }
    }

    /// Everyone who is there pings.
    pub(super) fn ping(&mut self) {
        let now = self.world.now();
        let lines = self.people.iter_mut().filter_map(|person| person.line.as_mut());
        let mut clients: Vec<_> = lines.map(|line| (line.client, &mut line.fate)).collect();
        for (client, fate) in &mut clients {
            fate.hear(now);
            self.world.ping(*client);
        }
        self.observe();
        // A provider has no ping: it tells of itself now and then.
        for number in 0..self.providers.len() {
            let provider = &mut self.providers[number];
            if provider.wire.as_ref().is_some_and(|wire| wire.outbox.is_empty()) {
                provider.renew();
            }
            self.pass(number);
        }
    }

    /// The platform forgets when someone has pinged.
    pub(super) fn forget_ping(&mut self, number: usize) {
        if let Some(line) = &self.people[number].line {
            self.world.forget_ping(line.client);
        }
    }

    /// The clock jumps.
    pub(super) fn jump(&mut self, millis: i64) {
        let now = self.world.now().saturating_add_signed(millis);
        self.world.set_now(now);
        self.people.iter_mut().filter_map(|one| one.line.as_mut()).for_each(|line| line.fate.jump(now));
        self.providers.iter_mut().filter_map(|one| one.wire.as_mut()).for_each(|wire| wire.fate.jump(now));
        self.ghosts.iter_mut().for_each(|ghost| ghost.fate.jump(now));
    }

    /// Lets the room find out who is gone, while the others ping.
    pub(super) fn collect(&mut self) {
        let end = self.world.now() + 5 * IDLE;
        while !self.ghosts.is_empty() {
            assert!(self.world.now() < end, "who is gone for so long is not there any more");
            let alarm = self.world.alarm().expect("someone is there").max(self.world.now());
            self.world.set_now(alarm);
            self.ping();
            self.ring(0);
            while self.go_on() {}
        }
    }

    /// Those of whom the room has found out that they are gone.
    pub(super) fn remove_ghosts(&mut self) {
        let now = self.world.now();
        let gone = self.ghosts.extract_if(.., |ghost| self.world.closed(ghost.client).is_some());
        for ghost in gone.collect::<Vec<_>>() {
            let code = self.world.closed(ghost.client).expect("it is closed");
            // To a provider another code says the same.
            if code == 1012 {
                ghost.fate.check(code, now, self.is_lost);
            }
            self.world.leave(ghost.client);
        }
    }
}

/// A connection whose client is gone without a word.
#[derive(Debug)]
pub(super) struct Ghost {
    pub(super) client: super::super::world::Client,
    pub(super) user: String,
    fate: Fate,
}
