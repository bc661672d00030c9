//! A room and those who use it. Whatever happens, what it shows is checked at once.

use yrs::{Array as _, Doc, Transact as _};

use super::{
    super::world::{TestRoom, World},
    checks::Known,
    contents::{is_blank, is_damaged, notes},
    edits,
    person::{Line, Person},
    room::{Script, script},
};
use crate::{room::Retention, storage::tests::host::Fault};

/// A room and those who use it.
pub(super) struct Simulation<R: TestRoom> {
    pub(super) world: World<R>,
    pub(super) people: Vec<Person>,
    pub(super) known: Known,
    /// The database lost an answer, so who was there is not sure to have all.
    lost_answer: bool,
    /// Something has failed since, so what was to be done later may not be.
    is_troubled: bool,
    /// An alarm has come, and what it is for may not be done.
    is_ringing: bool,
}

impl<R: TestRoom> Simulation<R> {
    /// An empty room, and people who each have their own beginning of a document.
    pub(super) fn new(rebuilt: bool, people: u64) -> Self {
        script(|script| *script = Script::default());
        let mut world = World::new(rebuilt);
        world.holds_commits = true;
        world.pings = true;
        let people: Vec<_> = (0..people).map(Person::new).collect();
        for person in &people {
            let array = person.replica.doc.get_or_insert_array("a");
            array.push_back(&mut person.replica.doc.transact_mut(), &*person.name);
        }
        Self { world, people, known: Known::new(0), lost_answer: false, is_troubled: false, is_ringing: false }
    }

    fn act<T>(&mut self, act: impl FnOnce(&mut World<R>) -> T) -> T {
        let result = act(&mut self.world);
        self.observe();
        result
    }

    /// Takes out what the room has sent, checks it, and lets a room die that has crashed.
    fn observe(&mut self) {
        let is_left = self.people.iter().all(|person| person.line.is_none());
        self.known.look(&self.world.database, is_left);
        for line in self.people.iter_mut().filter_map(|person| person.line.as_mut()) {
            for frame in self.world.frames(line.client) {
                self.known.check(line, &frame);
                line.inbox.push_back(frame);
            }
        }
        self.known.check_shown();
        match self.world.database.take_fault() {
            None => {}
            Some(Fault::Crash) => return self.crash(),
            Some(fault) => {
                self.lost_answer |= fault == Fault::ErrorAfter;
                self.trouble();
            }
        }
        if script(|script| !script.waits) {
            self.is_ringing = false;
        }
        for number in 0..self.people.len() {
            let Some(code) = self.people[number].line.as_ref().and_then(|line| self.world.closed(line.client)) else {
                continue;
            };
            assert_eq!(code, 1013, "a client comes back");
            self.lose(number);
        }
    }

    /// Whether anything has failed since it last settled.
    pub(super) fn is_troubled(&self) -> bool {
        self.is_troubled
    }

    fn trouble(&mut self) {
        self.is_troubled = true;
        self.known.forget_changes();
    }

    pub(super) fn crash(&mut self) {
        let due = self.world.now();
        self.world.crash();
        self.people.iter_mut().for_each(|person| person.line = None);
        if std::mem::take(&mut self.is_ringing) && self.world.alarm().is_none() {
            self.world.set_alarm(Some(due));
        }
        self.trouble();
        self.known.look_now(&self.world.database, true);
        self.known.check_shown();
    }

    pub(super) fn connect(&mut self, number: usize) {
        assert!(self.people[number].line.is_none(), "it is not connected");
        let client = self.world.connect(&self.people[number].name);
        self.people[number].line = Some(Line::new(client));
        self.observe();
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
        if let Some(line) = self.people[number].line.take() {
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
        if !self.world.may_sleep() {
            return self.lose(number);
        }
        if let Some(line) = self.people[number].line.take() {
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
        true
    }

    /// Makes an edit, which may be overtaken by later ones.
    pub(super) fn edit(&mut self, number: usize, overtaken: bool, edit: impl FnOnce(&Doc) -> Option<Vec<u8>>) {
        let person = &mut self.people[number];
        if !person.is_shared {
            return;
        }
        if let Some(update) = edit(&person.replica.doc) {
            person.tell(&update, overtaken);
        }
    }

    /// Makes a small edit and sends it.
    pub(super) fn send_edit(&mut self, number: usize) {
        self.edit(number, false, edits::mark);
        self.carry(number);
    }

    /// What the room waits for with its edits comes, and whether there was anything.
    pub(super) fn commit(&mut self) -> bool {
        if self.world.is_turning() {
            self.act(World::turn);
        } else if self.world.is_committing() {
            self.act(World::commit);
        } else {
            return false;
        }
        true
    }

    pub(super) fn sleep(&mut self) {
        if self.world.may_sleep() {
            self.act(World::sleep);
        }
    }

    /// The alarm comes, late by so much; also where none is set.
    pub(super) fn ring(&mut self, late: u64) {
        let due = self.world.alarm().unwrap_or_default().max(self.world.now());
        self.is_ringing = true;
        self.act(|world| world.ring_at(due + late));
    }

    /// Lets the hooks that wait go on.
    pub(super) fn open(&mut self) {
        script(|script| script.waits = false);
        self.act(World::poll);
    }

    /// Lets all that is under way come to its end, until nothing more happens.
    pub(super) fn settle(&mut self) {
        self.world.database.reopen();
        script(|script| script.fails = false);
        self.open();
        let lost_answer = std::mem::take(&mut self.lost_answer);
        for number in 0..self.people.len() {
            if lost_answer && self.people[number].line.is_some() {
                self.lose(number);
                self.connect(number);
            }
        }
        while self.go_on() {}
        if std::mem::take(&mut self.is_troubled) {
            self.set_right();
        }
        for _ in 0..10 {
            let is_left = self.people.iter().all(|person| person.line.is_none());
            if self.world.alarm().is_none() || !is_left && notes(&self.world.database) == 0 {
                break;
            }
            self.ring(0);
            self.commit();
        }
        self.check();
    }

    /// After a failure, something may not be done that was to be done later: the next change after a sleep sees to it.
    fn set_right(&mut self) {
        self.sleep();
        let online = self.people.iter().position(|person| person.line.is_some());
        let number = online.unwrap_or_default();
        if online.is_none() {
            self.connect(number);
            while self.go_on() {}
        }
        self.edit(number, false, edits::mark);
        while self.go_on() {}
        if online.is_none() {
            self.leave(number);
        }
    }

    /// Does everything that is to be done once, and says whether there was anything.
    fn go_on(&mut self) -> bool {
        let mut moved = self.commit();
        for number in 0..self.people.len() {
            self.people[number].release();
            while self.carry(number) {
                moved = true;
            }
            while self.people[number].read() {
                moved = true;
            }
            // What it lacks, or the room does, comes with the whole document.
            if self.people[number].line.as_ref().is_some_and(|line| line.has_failed) {
                self.lose(number);
                self.connect(number);
                moved = true;
            }
        }
        moved
    }

    /// What holds when nothing is under way.
    fn check(&mut self) {
        self.known.look_now(&self.world.database, self.people.iter().all(|person| person.line.is_none()));
        self.known.check_shown();
        assert!(!is_damaged(&self.world.database));
        let online: Vec<_> = self.people.iter().filter(|person| person.line.is_some()).collect();
        for person in &online {
            self.known.check_same(person);
        }
        let is_kept = matches!(R::OPTIONS.retention, Retention::Keep);
        let is_left = online.is_empty();
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

    /// The room that is awake has what is stored, as someone sees who comes and goes.
    fn check_live(&mut self) {
        let number = self.people.len();
        self.people.push(Person::new(99));
        self.connect(number);
        while self.go_on() {}
        self.known.check_same(&self.people[number]);
        self.lose(number);
        self.people.truncate(number);
        while self.go_on() {}
    }
}
