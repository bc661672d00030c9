//! The steps of a simulation, as data.

use serde_json::json;

use super::{
    admin::Away,
    edits,
    mistakes::Mistake,
    room::script,
    simulation::{MAX_PROVIDERS, Simulation},
};
use crate::{document::tests::random::Random, engine::tests::world::TestRoom, testing::Fault};

/// One thing that happens. Each can happen whatever came before, or is nothing then: so a list of steps stays one when some
/// are taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Someone edits its document, which a later edit may overtake. The number says what.
    Edit {
        who: usize,
        what: u64,
        is_overtaken: bool,
    },
    /// The next frame of someone reaches the room.
    Carry {
        who: usize,
    },
    /// Someone reads its next frame.
    Read {
        who: usize,
    },
    /// Everyone reads and answers all there is.
    ReadAll,
    /// The commit or turn that the room waits for comes.
    Commit,
    Connect {
        who: usize,
    },
    /// A message that was overtaken is sent.
    Release {
        who: usize,
    },
    /// The connection breaks.
    Lose {
        who: usize,
    },
    /// Someone leaves after all that it had to say was heard.
    Leave {
        who: usize,
    },
    /// The connection closes while the room sleeps.
    LeaveAsleep {
        who: usize,
    },
    /// The page is loaded anew, so the document with it.
    Reload {
        who: usize,
    },
    /// Someone says something; the handler may wait before it goes on.
    Say {
        who: usize,
        waits: bool,
    },
    /// Someone says so many things at once.
    Chatter {
        who: usize,
        times: u32,
    },
    /// Someone sends more than it may, of what is in order or is not.
    Flood {
        who: usize,
        is_garbled: bool,
    },
    /// Someone's network is gone, and nobody says so.
    Vanish {
        who: usize,
    },
    /// The platform forgets when someone has pinged.
    ForgetPing {
        who: usize,
    },
    /// Everyone pings who is there.
    Ping,
    /// The worker sends connections away, for good or so that they may return.
    Evict {
        whom: Away,
        allow_reconnect: bool,
    },
    /// The worker says something to everyone.
    Announce,
    /// The worker edits the document.
    Write {
        what: u64,
    },
    /// The worker deletes it.
    Delete,
    /// A provider connects.
    Dial {
        who: usize,
    },
    /// A provider edits its document.
    Type {
        who: usize,
        what: u64,
    },
    /// A provider moves its cursor.
    Point {
        who: usize,
    },
    /// The next frame of a provider reaches the room.
    Pass {
        who: usize,
    },
    /// A provider reads its next frame.
    Listen {
        who: usize,
    },
    /// The connection of a provider breaks.
    HangUp {
        who: usize,
    },
    /// A provider's network is gone.
    Fade {
        who: usize,
    },
    /// A provider sends what is no frame.
    Garble {
        who: usize,
    },
    /// Someone changes its presence.
    Show {
        who: usize,
        x: i64,
    },
    /// Someone sends what can't be taken.
    Err {
        who: usize,
        mistake: Mistake,
    },
    /// Someone has the room's code edit the document.
    Cut {
        who: usize,
    },
    Sleep,
    /// The alarm comes, late by so much, and perhaps once more. Unless all are silent,
    /// everyone pings before it.
    Ring {
        late: u64,
        is_twice: bool,
        is_silent: bool,
    },
    /// Handlers and hooks that have a reason to wait do so from now on.
    Wait,
    /// They go on.
    Open,
    /// Hooks fail from now on, or no longer.
    Fail(bool),
    /// The storage fails at the call after so many.
    Break {
        calls: u64,
        fault: Fault,
    },
    /// There is no space, or again enough.
    Full(bool),
    /// The host dies.
    Crash,
    /// The memory is lost, and the connections stay.
    Panic,
    /// The clock jumps, also back.
    Jump(i64),
    /// So much time goes by before each thing that comes in.
    Pace(u64),
    /// All comes to its end, and everything is checked.
    Settle,
    /// The last write is lost: no room does that, and it must be noticed.
    Sabotage,
}

impl Step {
    /// Any of them, among so many people.
    pub(super) fn any(random: &mut Random, people: usize) -> Self {
        match random.below(100) {
            0..74 => Self::of_people(random, people),
            74..92 => Self::of_providers(random),
            _ => Self::of_others(random, people),
        }
    }

    fn of_providers(random: &mut Random) -> Self {
        let who = random.below(MAX_PROVIDERS) as usize;
        match random.below(100) {
            0..25 => Self::Type { who, what: random.below(u64::MAX) },
            25..35 => Self::Point { who },
            35..60 => Self::Pass { who },
            60..80 => Self::Listen { who },
            80..92 => Self::Dial { who },
            92..96 => Self::HangUp { who },
            96..98 => Self::Fade { who },
            98 => Self::Garble { who },
            _ => Self::Ping,
        }
    }

    /// Of the worker, the network and those who do what they should not.
    fn of_others(random: &mut Random, people: usize) -> Self {
        let who = random.below(people as u64) as usize;
        match random.below(100) {
            0..3 => Self::Flood { who, is_garbled: random.below(2) == 0 },
            3..20 => Self::Vanish { who },
            20..30 => Self::ForgetPing { who },
            30..45 => Self::Ping,
            45..60 => {
                let whom = [Away::Session(who), Away::Session(who), Away::User(who), Away::All];
                Self::Evict { whom: whom[random.below(4) as usize], allow_reconnect: random.below(2) == 0 }
            }
            60..80 => Self::Announce,
            80..96 => Self::Write { what: random.below(u64::MAX) },
            96..98 => Self::Delete,
            _ => Self::Sleep,
        }
    }

    fn of_people(random: &mut Random, people: usize) -> Self {
        let who = random.below(people as u64) as usize;
        match random.below(1_000) {
            0..250 => Self::Edit { who, what: random.below(u64::MAX), is_overtaken: random.below(8) == 0 },
            250..430 => Self::Carry { who },
            430..540 => Self::Read { who },
            540..550 => Self::ReadAll,
            550..620 => Self::Commit,
            620..680 => Self::Connect { who },
            680..700 => Self::Release { who },
            700..715 => Self::Lose { who },
            715..725 => Self::Leave { who },
            725..732 => Self::LeaveAsleep { who },
            732..736 => Self::Reload { who },
            736..796 => Self::Say { who, waits: random.below(4) == 0 },
            796..798 => Self::Chatter { who, times: 20 + random.below(100) as u32 },
            798..838 => Self::Show { who, x: random.below(10) as i64 },
            838..850 => Self::Err { who, mistake: Mistake::any(random) },
            850..860 => Self::Cut { who },
            860..895 => Self::Sleep,
            895..910 => Self::Ring {
                late: random.below(3) * random.below(100_000),
                is_twice: random.below(3) == 0,
                is_silent: random.below(4) == 0,
            },
            910..920 => Self::Wait,
            920..935 => Self::Open,
            935..940 => Self::Fail(random.below(2) == 0),
            940..953 => {
                let fault = [Fault::Crash, Fault::Crash, Fault::Error, Fault::ErrorAfter][random.below(4) as usize];
                Self::Break { calls: random.below(12), fault }
            }
            953..957 => Self::Full(random.below(2) == 0),
            957..960 => Self::Crash,
            960..963 => Self::Panic,
            963..970 => Self::Jump(random.below(200_000) as i64 - 20_000),
            970..994 => Self::Pace([0, 1, 1_000][random.below(3) as usize]),
            _ => Self::Settle,
        }
    }
}

impl<R: TestRoom> Simulation<R> {
    /// Lets one thing happen.
    pub(super) fn play(&mut self, step: Step) {
        match step {
            Step::Edit { who, what, is_overtaken } => {
                self.edit(who, is_overtaken, |doc| edits::edit(doc, &mut Random::new(what)));
            }
            Step::Carry { who } => drop(self.carry(who)),
            Step::Read { who } => drop(self.people[who].read()),
            Step::ReadAll => while self.exchange() {},
            Step::Commit => drop(self.commit()),
            Step::Connect { who } => {
                if self.people[who].line.is_none() {
                    self.connect(who);
                }
            }
            Step::Release { who } => self.people[who].release(),
            Step::Lose { who } => self.lose(who),
            Step::Leave { who } => self.leave(who),
            Step::LeaveAsleep { who } => self.leave_asleep(who),
            Step::Reload { who } => {
                if self.people[who].line.is_none() {
                    self.people[who].stock.reload();
                }
            }
            Step::Say { who, waits } => self.people[who].say(waits),
            Step::Flood { who, is_garbled } => self.flood(who, is_garbled),
            Step::Vanish { who } => self.drop_connection(who),
            Step::ForgetPing { who } => self.forget_ping(who),
            Step::Ping => self.ping(),
            Step::Evict { whom, allow_reconnect } => self.evict(whom, allow_reconnect),
            Step::Announce => self.announce(),
            Step::Write { what } => self.write(what),
            Step::Delete => self.delete(),
            Step::Dial { who } => self.dial(who),
            Step::Type { who, what } => self.type_by(who, what),
            Step::Point { who } => {
                if let Some(provider) = self.providers.get_mut(who) {
                    provider.point();
                }
            }
            Step::Pass { who } => drop(self.pass(who)),
            Step::Listen { who } => drop(self.listen(who)),
            Step::HangUp { who } => self.hang_up(who),
            Step::Fade { who } => self.fade(who),
            Step::Garble { who } => self.garble(who),
            Step::Chatter { who, times } => {
                (0..times).for_each(|_| self.people[who].say(false));
                while self.carry(who) {}
            }
            Step::Show { who, x } => self.people[who].show(x),
            Step::Err { who, mistake } => self.err(who, mistake),
            Step::Cut { who } => {
                if let Some(line) = self.people[who].sharing() {
                    line.send("cut", &json!({}));
                }
            }
            Step::Sleep => self.hibernate(),
            Step::Ring { late, is_twice, is_silent } => {
                if !is_silent {
                    self.come_to_alarm(late);
                    self.ping();
                }
                self.ring(if is_silent { late } else { 0 });
                if is_twice {
                    self.ring(0);
                }
            }
            Step::Wait => script(|script| script.waits = true),
            Step::Open => self.open(),
            Step::Fail(fails) => script(|script| script.fails = fails),
            Step::Break { calls, fault } => self.world.database.at(calls, fault),
            Step::Full(is_full) => self.set_full(is_full),
            Step::Crash => self.crash(),
            Step::Panic => self.panic(),
            Step::Jump(millis) => self.jump(millis),
            Step::Pace(pace) => self.world.pace = pace,
            Step::Settle => self.settle(),
            Step::Sabotage => {
                if self.world.database.tables().iter().any(|table| table == "pluv_log") {
                    self.world.database.run("DELETE FROM pluv_log");
                }
            }
        }
    }
}
