//! A room and those who use it. Whatever happens, what it shows is checked at once.

use std::collections::BTreeMap;

use serde_json::json;
use yrs::{Array as _, Doc, Transact as _};

use super::{
    super::world::{TestRoom, World},
    admin::Ghost,
    checks::Known,
    client::SimulatedClient,
    contents::{is_blank, is_damaged, notes},
    edits,
    fate::Fate,
    provider::Provider,
    room::{Script, script},
};
use crate::{
    Protocol, Session,
    api::sessions,
    engine::Retention,
    testing::{Fault, Peer},
};

/// How many providers there may be.
pub(super) const MAX_PROVIDERS: u64 = 3;

/// A room and those who use it.
pub(super) struct Simulation<R: TestRoom> {
    pub(super) world: World<R>,
    pub(super) people: Vec<SimulatedClient>,
    pub(super) providers: Vec<Provider>,
    /// Connections whose clients are gone without a word.
    pub(super) ghosts: Vec<Ghost>,
    pub(super) known: Known,
    /// How many things the worker has said, and how often it has edited the document.
    pub(super) announced: u64,
    pub(super) written: u64,
    /// The worker wants the document deleted, and it may not be yet: then who comes meanwhile is sent away as well.
    pub(super) is_deleting: bool,
    /// How many providers came for the first time, to be checked.
    pub(super) newcomers: u64,
    /// The room's memory is being lost.
    pub(super) is_lost: bool,
    /// The database lost an answer, so who was there is not sure to have all.
    lost_answer: bool,
    /// Something has failed since, so what was to be done later may not be.
    is_troubled: bool,
    /// It has failed since the alarm last came, which may not be set for what it should.
    is_alarm_unsure: bool,
    /// An alarm has come, or the worker has asked for the same, and what it is for may not be done.
    pub(super) is_ringing: bool,
    /// There is no space.
    is_full: bool,
}

impl<R: TestRoom> Simulation<R> {
    /// An empty room, and people who each have their own beginning of a document.
    pub(super) fn new(rebuilt: bool, people: u64) -> Self {
        script(|script| *script = Script::default());
        let mut world = World::new(rebuilt);
        world.holds_commits = true;
        let people: Vec<_> = (0..people).map(SimulatedClient::new).collect();
        for person in &people {
            let array = person.stock.document.doc.get_or_insert_array("a");
            array.push_back(&mut person.stock.document.doc.transact_mut(), &*person.name);
        }
        Self {
            world,
            people,
            providers: Vec::new(),
            ghosts: Vec::new(),
            known: Known::new(0),
            announced: 0,
            written: 0,
            newcomers: 0,
            is_deleting: false,
            is_lost: false,
            lost_answer: false,
            is_troubled: false,
            is_alarm_unsure: false,
            is_ringing: false,
            is_full: false,
        }
    }

    pub(super) fn act<T>(&mut self, act: impl FnOnce(&mut World<R>) -> T) -> T {
        let result = act(&mut self.world);
        self.observe();
        result
    }

    /// Takes out what the room has sent, checks it, and lets a room die that has crashed.
    pub(super) fn observe(&mut self) {
        // Nobody was told of what the room did when its host died.
        self.known.check_store(&self.world.database, self.is_left() || self.world.has_crashed());
        for line in self.people.iter_mut().filter_map(|person| person.line.as_mut()) {
            for frame in self.world.read_all(line.client) {
                self.known.check(line, &frame);
                line.inbox.push_back(frame);
            }
        }
        self.observe_providers();
        self.known.check_shown();
        match self.world.database.take_fault() {
            None => {}
            Some(Fault::Crash) => return self.crash(),
            Some(fault) => {
                self.lost_answer |= fault == Fault::ErrorAfter;
                self.trouble();
            }
        }
        if self.is_full {
            self.trouble();
        }
        if script(|script| !script.waits) {
            self.is_ringing = false;
        }
        for number in 0..self.people.len() {
            let Some(line) = &self.people[number].line else { continue };
            let Some(code) = self.world.closed(line.client) else { continue };
            self.check_fate(&line.fate, code);
            self.lose(number);
        }
        for number in 0..self.providers.len() {
            let Some(wire) = &self.providers[number].wire else { continue };
            let Some(code) = self.world.closed(wire.client) else { continue };
            self.check_fate(&wire.fate, code);
            self.hang_up(number);
        }
        self.remove_ghosts();
        self.check_alarm();
        self.check_others();
    }

    /// Checks that everyone knows the truth of the others, when it has read what is on its way to it.
    fn check_others(&self) {
        if self.world.has_crashed() || self.is_lost {
            return;
        }
        let there = self.who_is_there(Protocol::Pluv);
        for person in &self.people {
            let Some(line) = &person.line else { continue };
            let mut peer_view = person.stock.peers.clone();
            for frame in &line.inbox {
                let known = peer_view.others.len();
                peer_view.apply(frame);
                let is_truth = frame.name != "$syncStateReceived" || peer_view.others.len() == known;
                assert!(is_truth || !peer_view.has_joined, "{} was not told by `$exit` who has gone", person.name);
            }
            let mut others = there.clone();
            let own = peer_view.session.as_ref().and_then(|session| others.remove(session));
            if peer_view.has_joined && own.is_some() {
                assert_eq!(peer_view.others, others, "what {} knows of the others, and is being told", person.name);
            }
        }
    }

    /// The connections that the room has, of this protocol.
    fn who_is_there(&self, protocol: Protocol) -> BTreeMap<String, Peer> {
        let sessions: Vec<Session<R>> = sessions(&self.world.room().borrow());
        let there = sessions.into_iter().filter(|session| session.protocol() == protocol);
        there
            .map(|session| {
                let (user, presence) = (session.user(), session.presence());
                (session.id().to_owned(), Peer { user: json!(user), presence: json!(presence) })
            })
            .collect()
    }

    /// An alarm is set while anyone is there, and in an empty room for what is noted to be done alone.
    fn check_alarm(&self) {
        if self.is_alarm_unsure || self.world.is_running() {
            return;
        }
        match self.world.alarm() {
            None => assert!(self.is_left(), "nobody would look for who is silent"),
            // A deletion that could not be noted is known to the room alone.
            Some(_) if self.is_troubled => {}
            Some(_) => {
                assert!(!self.is_left() || notes(&self.world.database) > 0, "an empty room is woken for nothing");
            }
        }
    }

    fn check_fate(&self, fate: &Fate, code: u16) {
        if !(self.is_deleting && matches!(code, 4000 | 4403)) {
            fate.check(code, self.world.now(), self.is_lost);
        }
    }

    /// Whether nobody is there, for the room.
    fn is_left(&self) -> bool {
        let lines = self.people.iter().filter_map(|person| person.line.as_ref());
        let wires = self.providers.iter().filter_map(|provider| provider.wire.as_ref());
        let ghosts = self.ghosts.iter().map(|ghost| ghost.client);
        let mut clients = lines.map(|line| line.client).chain(wires.map(|wire| wire.client)).chain(ghosts);
        clients.all(|client| self.world.closed(client).is_some())
    }

    /// Whether anything has failed since it last settled.
    pub(super) fn is_troubled(&self) -> bool {
        self.is_troubled
    }

    fn trouble(&mut self) {
        (self.is_troubled, self.is_alarm_unsure) = (true, true);
        self.people.iter_mut().filter_map(|person| person.line.as_mut()).for_each(|line| line.has_hole = true);
        let wires = self.providers.iter_mut().filter_map(|provider| provider.wire.as_mut());
        wires.for_each(|wire| wire.has_hole = true);
        self.known.forget_changes();
    }

    pub(super) fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
        self.world.database.set_full(is_full);
    }

    /// The memory is lost, with what the room had not stored of what it was sent: who waits for that has to come again.
    pub(super) fn panic(&mut self) {
        self.lose_calls();
        self.trouble();
        self.is_lost = true;
        self.act(|world| world.lose_memory());
        self.is_lost = false;
    }

    /// Handlers that were running or waiting are gone.
    fn lose_calls(&self) {
        let sessions = self.world.sessions();
        script(|script| script.talk.lose_calls(sessions));
    }

    pub(super) fn crash(&mut self) {
        let due = self.world.now();
        self.lose_calls();
        self.world.crash();
        self.people.iter_mut().for_each(|person| drop(person.disconnect()));
        self.providers.iter_mut().for_each(|provider| drop(provider.disconnect()));
        self.ghosts.clear();
        if std::mem::take(&mut self.is_ringing) && self.world.alarm().is_none() {
            self.world.set_alarm(Some(due));
        }
        self.trouble();
        self.known.look_now(&self.world.database, true);
        self.known.check_shown();
    }

    pub(super) fn connect(&mut self, number: usize) {
        let user = self.people[number].user.clone();
        let is_alone = self.people.iter().all(|other| other.user != user || other.line.is_none())
            && self.ghosts.iter().all(|ghost| ghost.user != user);
        let client = self.world.connect(&user);
        let now = self.world.now();
        self.people[number].connect(client, now);
        self.observe();
        let registered = self.people[number].line.as_ref().and_then(|line| line.inbox.front());
        if let Some(registered) = registered.filter(|_| is_alone) {
            assert!(registered.data["presence"].is_null(), "nothing is left of a user who has gone");
        }
    }

    /// Connects, and does what a client does then, as far as the room lets it.
    pub(super) fn join(&mut self, number: usize) {
        self.connect(number);
        while self.people[number].read() {
            while self.carry(number) {}
        }
    }

    /// Brings back everyone who is not there.
    pub(super) fn gather(&mut self) {
        for number in 0..self.people.len() {
            if self.people[number].line.is_none() {
                self.join(number);
            }
        }
    }

    /// The connection breaks, and what is on its way is lost.
    pub(super) fn lose(&mut self, number: usize) {
        if let Some(line) = self.people[number].disconnect() {
            self.act(|world| world.leave(line.client));
        }
    }

    /// The person goes when all that it has to say was heard.
    pub(super) fn leave(&mut self, number: usize) {
        self.people[number].release();
        while self.carry(number) {}
        self.lose(number);
    }

    /// The connection closes while the room sleeps.
    pub(super) fn leave_asleep(&mut self, number: usize) {
        if !self.world.may_hibernate() {
            return self.lose(number);
        }
        if let Some(line) = self.people[number].disconnect() {
            self.act(|world| world.leave_asleep(line.client));
        }
    }

    /// Carries the next frame of a person to the room, and says whether there was one.
    pub(super) fn carry(&mut self, number: usize) -> bool {
        let Some(line) = &mut self.people[number].line else { return false };
        let Some(frame) = line.outbox.pop_front() else { return false };
        self.known.expect(line, &frame);
        let client = line.client;
        self.act(|world| world.send_text(client, &frame));
        let now = self.world.now();
        if let Some(line) = &mut self.people[number].line {
            line.fate.hear(now);
        }
        true
    }

    /// Makes an edit, which may be overtaken by later ones.
    pub(super) fn edit(&mut self, number: usize, overtaken: bool, edit: impl FnOnce(&Doc) -> Option<Vec<u8>>) {
        let person = &mut self.people[number];
        if !person.stock.is_shared {
            return;
        }
        if let Some(update) = edit(&person.stock.document.doc) {
            person.send_edit_of(&update, overtaken);
        }
    }

    /// Makes a small edit and sends it.
    pub(super) fn send_edit(&mut self, number: usize) {
        self.edit(number, false, edits::insert_mark);
        self.carry(number);
    }

    /// The commit or turn that the room waits for comes. Returns whether there was anything.
    pub(super) fn commit(&mut self) -> bool {
        if self.world.is_yielding() {
            self.act(|world| world.end_turn());
        } else if self.world.is_committing() {
            self.act(|world| world.commit());
        } else {
            return false;
        }
        true
    }

    pub(super) fn hibernate(&mut self) {
        if self.world.may_hibernate() {
            self.act(|world| world.hibernate());
        }
    }

    /// It is the time at which the alarm comes, or so much later.
    pub(super) fn come_to_alarm(&mut self, late: u64) {
        let due = self.world.alarm().unwrap_or_default().max(self.world.now());
        self.world.set_now(due + late);
    }

    /// The alarm comes, late by so much; also where none is set.
    pub(super) fn ring(&mut self, late: u64) {
        let due = self.world.alarm().unwrap_or_default().max(self.world.now());
        (self.is_ringing, self.is_alarm_unsure) = (true, false);
        self.act(|world| world.fire_alarm_at(due + late));
    }

    /// Lets the hooks that wait go on.
    pub(super) fn open(&mut self) {
        script(Script::open);
        self.act(|world| world.poll());
    }

    /// Lets all that is under way come to its end, until nothing more happens.
    pub(super) fn settle(&mut self) {
        self.world.database.reopen();
        self.set_full(false);
        script(|script| script.fails = false);
        self.open();
        let lost_answer = std::mem::take(&mut self.lost_answer);
        for number in (0..self.people.len()).filter(|_| lost_answer) {
            if self.people[number].line.is_some() {
                self.lose(number);
                self.connect(number);
            }
        }
        for number in (0..self.providers.len()).filter(|_| lost_answer) {
            if self.providers[number].wire.is_some() {
                self.hang_up(number);
                self.dial(number);
            }
        }
        while self.go_on() {}
        if std::mem::take(&mut self.is_troubled) {
            self.set_right();
        }
        self.is_deleting = false;
        self.collect();
        for _ in 0..10 {
            if self.world.alarm().is_none() || !self.is_left() && notes(&self.world.database) == 0 {
                break;
            }
            self.come_to_alarm(0);
            self.ping();
            self.ring(0);
            while self.go_on() {}
        }
        self.check();
    }

    /// After a failure, something may not be done that was to be done later: the next change after a sleep sees to it.
    fn set_right(&mut self) {
        self.hibernate();
        let online = self.people.iter().position(|person| person.line.is_some());
        let number = online.unwrap_or_default();
        if online.is_none() {
            self.connect(number);
            while self.go_on() {}
        }
        self.edit(number, false, edits::insert_mark);
        while self.go_on() {}
        if online.is_none() {
            self.leave(number);
        }
    }

    /// Does everything that is to be done once, and says whether there was anything.
    pub(super) fn go_on(&mut self) -> bool {
        let mut moved = self.commit();
        for number in 0..self.people.len() {
            self.people[number].release();
        }
        moved |= self.exchange();
        moved |= self.provide();
        for number in 0..self.providers.len() {
            if self.providers[number].wire.as_ref().is_some_and(|wire| wire.has_failed) {
                self.hang_up(number);
                self.dial(number);
                moved = true;
            }
        }
        for number in 0..self.people.len() {
            // What it lacks, or the room does, comes with the whole document.
            if self.people[number].line.as_ref().is_some_and(|line| line.has_failed) {
                self.lose(number);
                self.connect(number);
                moved = true;
            }
        }
        moved
    }

    /// Carries and reads all that is on its way, and says whether there was anything.
    pub(super) fn exchange(&mut self) -> bool {
        let mut moved = false;
        for number in 0..self.people.len() {
            while self.carry(number) {
                moved = true;
            }
            while self.people[number].read() {
                moved = true;
            }
        }
        moved
    }

    /// Checks the rules that hold when nothing is under way.
    fn check(&mut self) {
        self.known.look_now(&self.world.database, self.is_left());
        self.known.check_shown();
        assert!(!is_damaged(&self.world.database));
        let online: Vec<_> = self.people.iter().filter(|person| person.line.is_some()).collect();
        for person in &online {
            self.known.check_same(&person.name, &person.stock.document);
        }
        self.check_providers();
        self.check_people();
        let is_kept = matches!(R::OPTIONS.retention, Retention::Keep);
        let is_left = self.is_left();
        if !is_left {
            self.check_live();
        }
        assert_eq!(
            self.world.alarm().is_none(),
            is_left,
            "the last alarm has come, or it is to look for who is silent"
        );
        assert_eq!(notes(&self.world.database), 0, "nothing is left to be done");
        assert!(is_kept || !is_left || is_blank(&self.world.database), "what nobody comes back for is deleted");
        self.known.check_told();
    }

    /// Everyone knows exactly who is there, and what all show; and the room's code has heard each out.
    fn check_people(&self) {
        let (there, provided) = (self.who_is_there(Protocol::Pluv), self.who_is_there(Protocol::Yjs));
        let online = self.providers.iter().filter(|provider| provider.wire.is_some()).count();
        assert_eq!(provided.len(), online, "the room has those providers alone that are connected");
        let mut said: BTreeMap<_, _> = provided.into_keys().map(|session| (session, 0)).collect();
        for person in &self.people {
            let Some(line) = &person.line else { continue };
            let session = person.stock.peers.session.as_ref().expect("who is connected knows its session");
            said.insert(session.clone(), line.said);
            let own = there.get(session).unwrap_or_else(|| panic!("the room lacks {}", person.name));
            assert_eq!(own.user["id"], person.user);
            // Of what another tab shows, a tab keeps nothing.
            if self.people.iter().filter(|other| other.user == person.user).count() == 1 {
                assert_eq!(own.presence, json!(person.stock.presence), "{} shows something else", person.name);
            }
            let mut others = there.clone();
            others.remove(session);
            assert_eq!(person.stock.peers.others, others, "what {} knows of the others", person.name);
        }
        assert_eq!(said.len(), there.len() + online, "the room has those alone who are connected");
        script(|script| script.talk.check(&said));
    }

    /// The room that is awake has what is stored, as someone sees who comes and goes.
    fn check_live(&mut self) {
        let number = self.people.len();
        self.people.push(SimulatedClient::new(99));
        self.connect(number);
        while self.go_on() {}
        self.known.check_same("a newcomer", &self.people[number].stock.document);
        self.lose(number);
        self.people.truncate(number);
        while self.go_on() {}
    }
}
