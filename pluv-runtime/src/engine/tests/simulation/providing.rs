//! The steps of providers.

use std::collections::BTreeMap;

use super::{
    edits,
    provider::Provider,
    simulation::{MAX_PROVIDERS, Simulation},
};
use crate::{Access, Protocol, document::tests::random::Random, engine::tests::world::TestRoom, protocol::yjs::Frame};

impl<R: TestRoom> Simulation<R> {
    pub(super) fn dial(&mut self, number: usize) {
        let Some(provider) = self.providers.get(number).filter(|provider| provider.wire.is_none()) else { return };
        let client = self.world.connect_by(Protocol::Yjs, &provider.user, Access::Write);
        let now = self.world.now();
        self.providers[number].connect(client, now);
        self.observe();
    }

    /// A provider edits its document, connected or not.
    pub(super) fn type_by(&mut self, number: usize, what: u64) {
        let Some(provider) = self.providers.get_mut(number) else { return };
        if let Some(update) = edits::edit(&provider.document.doc, &mut Random::new(what)) {
            provider.send_edit_of(&update);
        }
    }

    /// The next frame of a provider reaches the room; whether there was one.
    pub(super) fn pass(&mut self, number: usize) -> bool {
        let Some(wire) = self.providers.get_mut(number).and_then(|provider| provider.wire.as_mut()) else {
            return false;
        };
        let Some(frame) = wire.outbox.pop_front() else { return false };
        let client = wire.client;
        self.act(|world| world.send_binary(client, &frame));
        let now = self.world.now();
        if let Some(wire) = &mut self.providers[number].wire {
            wire.fate.hear(now);
        }
        true
    }

    /// A provider reads its next frame; whether there was one.
    pub(super) fn listen(&mut self, number: usize) -> bool {
        self.providers.get_mut(number).is_some_and(Provider::read)
    }

    /// The connection of a provider breaks.
    pub(super) fn hang_up(&mut self, number: usize) {
        if let Some(wire) = self.providers.get_mut(number).and_then(Provider::disconnect) {
            self.act(|world| world.leave(wire.client));
        }
    }

    /// A provider sends what is no frame, and is sent away.
    pub(super) fn garble(&mut self, number: usize) {
        let Some(wire) = self.providers.get_mut(number).and_then(|provider| provider.wire.as_mut()) else { return };
        wire.fate.is_garbled = true;
        let client = wire.client;
        self.act(|world| world.send_binary(client, &[77]));
        // While the document is made, what comes is kept and not read.
    }

    /// Takes out what the room has sent to providers, and checks it.
    pub(super) fn observe_providers(&mut self) {
        for wire in self.providers.iter_mut().filter_map(|provider| provider.wire.as_mut()) {
            for frame in self.world.binary_frames(wire.client) {
                if let Some(Frame::Step2(update) | Frame::Update(update)) = Frame::parse(&frame) {
                    self.known.check_provided(wire, update);
                }
                wire.inbox.push_back(frame);
            }
        }
    }

    /// Does all that is to be done for providers, and says whether there was anything.
    pub(super) fn provide(&mut self) -> bool {
        let mut moved = false;
        for number in 0..self.providers.len() {
            while self.pass(number) || self.listen(number) {
                moved = true;
            }
        }
        moved
    }

    /// All that providers have is what is stored, and what they know of each other is the truth.
    pub(super) fn check_providers(&mut self) {
        self.check_awareness(false);
        for provider in self.providers.iter().filter(|provider| provider.wire.is_some()) {
            self.known.check_same(&provider.name, &provider.document);
        }
        // Who comes for the first time is told all.
        if self.providers.iter().any(|provider| provider.wire.is_some()) {
            let number = self.providers.len();
            self.newcomers += 1;
            self.providers.push(Provider::new(MAX_PROVIDERS + self.newcomers));
            self.dial(number);
            while self.go_on() {}
            self.known.check_same("a new provider", &self.providers[number].document);
            let all = self.shown_by_providers();
            self.providers[number].check_seen(&all, true);
            self.hang_up(number);
            self.providers.truncate(number);
        }
        self.providers.iter_mut().for_each(Provider::renew);
        while self.go_on() {}
        self.check_awareness(true);
    }

    fn shown_by_providers(&self) -> BTreeMap<u64, String> {
        let online = self.providers.iter().filter(|provider| provider.wire.is_some());
        online.map(|provider| (provider.number, provider.state())).collect()
    }

    fn check_awareness(&self, knows_all: bool) {
        let all = self.shown_by_providers();
        for provider in self.providers.iter().filter(|provider| provider.wire.is_some()) {
            provider.check_seen(&all, knows_all);
        }
    }
}
