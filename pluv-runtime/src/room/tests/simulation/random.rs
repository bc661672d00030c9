//! Random steps, of which each run is the same for its seed.
//!
//! `PLUV_SEED=7` plays one seed, `PLUV_SEEDS=1000` that many, and `PLUV_STEPS` says for how many steps.

use serde_json::json;

use super::{
    edits,
    room::{FOREVER, Simulated, script},
    simulation::Simulation,
};
use crate::{
    room::tests::world::TestRoom,
    storage::tests::{host::Fault, random::Random},
};

const SEEDS: u64 = 30;
const STEPS: u64 = 300;
const PEOPLE: u64 = 4;

/// Says what to play again where a check fails.
struct Replay {
    seed: u64,
    step: u64,
}

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed at step {} of PLUV_SEED={}", self.step, self.seed);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {value:?}")))
}

/// Plays the default seeds, or the one that is asked for.
fn play<R: TestRoom>() {
    let steps = number("PLUV_STEPS").unwrap_or(STEPS);
    let seeds = number("PLUV_SEEDS").unwrap_or(SEEDS);
    let seeds = number("PLUV_SEED").map_or(0..seeds, |seed| seed..seed + 1);
    for seed in seeds {
        let mut replay = Replay { seed, step: 0 };
        let mut random = Random::new(seed);
        let mut simulation = Simulation::<R>::new(seed % 2 == 1, PEOPLE);
        if seed % 3 == 2 {
            let begins = simulation.people[0].replica.all();
            script(|script| script.begins = Some(begins));
        }
        for step in 0..steps {
            replay.step = step;
            simulation.step(&mut random);
        }
        simulation.settle();
    }
}

impl<R: TestRoom> Simulation<R> {
    fn step(&mut self, random: &mut Random) {
        let number = random.below(PEOPLE) as usize;
        let is_online = self.people[number].line.is_some();
        self.world.pace = [0, 1, 1_000][random.below(3) as usize];
        match random.below(1_000) {
            0..300 => {
                let overtaken = random.below(8) == 0;
                self.edit(number, overtaken, |doc| edits::edit(doc, random));
            }
            300..540 => drop(self.carry(number)),
            540..700 => drop(self.people[number].read()),
            700..770 => drop(self.commit()),
            770..830 if !is_online => self.connect(number),
            830..850 => self.people[number].release(),
            850..865 => self.lose(number),
            865..875 => self.leave(number),
            875..880 => self.leave_asleep(number),
            880..910 => self.sleep(),
            910..925 => self.ring(random.below(3) * random.below(100_000)),
            925..935 => script(|script| script.waits = true),
            935..945 => self.open(),
            945..950 => script(|script| script.fails = random.below(2) == 0),
            950..960 => self.say_something_wrong(number, random),
            960..970 => self.ask_for_a_cut(number),
            970..975 if !is_online => self.people[number].reload(),
            975..990 => {
                let fault = [Fault::Crash, Fault::Crash, Fault::Error, Fault::ErrorAfter][random.below(4) as usize];
                self.world.database.at(random.below(12), fault);
            }
            990..993 => self.crash(),
            993..1_000 => self.settle(),
            _ => {}
        }
    }

    fn say_something_wrong(&mut self, number: usize, random: &mut Random) {
        let Some(line) = self.people[number].line.as_mut().filter(|line| line.has_document) else { return };
        line.mistakes += 1;
        match random.below(5) {
            0 => line.outbox.push_back("{\"type\":".to_owned()),
            1 => line.outbox.push_back("[]".to_owned()),
            2 => line.send("$storageUpdated", &json!({})),
            3 => line.send("$updateStorage", &json!({ "origin": null, "update": "!!!" })),
            _ => line.send("$updateStorage", &json!({ "origin": null, "update": "AQEBAQ==" })),
        }
    }

    /// A handler of the room edits the document.
    fn ask_for_a_cut(&mut self, number: usize) {
        if let Some(line) = self.people[number].line.as_mut().filter(|line| line.has_document) {
            line.send("cut", &json!({}));
        }
    }
}

#[test]
fn whatever_happens_all_show_the_same_and_nothing_that_was_shown_is_lost() {
    play::<Simulated<FOREVER>>();
}

#[test]
fn whatever_happens_a_document_that_is_deleted_at_once_was_given_to_the_rooms_code() {
    play::<Simulated<0>>();
}

#[test]
fn whatever_happens_a_document_that_is_deleted_later_was_given_to_the_rooms_code() {
    play::<Simulated<60_000>>();
}
