//! Random steps, of which each run is the same for its seed.
//!
//! `cargo xtask simulate` plays more of them than the tests, and `--seed 7` that one. A seed that fails is played again and
//! again with fewer steps, until those are left that it takes.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

use super::{
    provider::Provider,
    room::{FOREVER, Simulated, script},
    shrink::shrink,
    simulation::{MAX_PROVIDERS, Simulation},
    steps::Step,
};
use crate::{document::tests::random::Random, engine::tests::world::TestRoom};

/// How many steps there are in CI, of all seeds together, and how many are one seed's.
const STEPS: u64 = 300_000;
const RUN: u64 = 300;

/// How often a seed that fails is played again.
const TRIES: u32 = 2_000;

/// The kinds of rooms, of which each seed has one.
const KINDS: u64 = 3;

/// The parameters that a seed stands for.
#[derive(Debug)]
struct Run {
    is_rebuilt: bool,
    people: usize,
    providers: u64,
    /// The room's own code begins the document.
    begins: bool,
    steps: Vec<Step>,
}

impl Run {
    fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (is_rebuilt, begins) = (random.below(2) == 0, random.below(3) == 0);
        let people = 2 + random.below(7) as usize;
        let providers = random.below(MAX_PROVIDERS + 1);
        let mut steps: Vec<_> = (0..RUN).map(|_| Step::any(&mut random, people)).collect();
        steps.push(Step::Settle);
        Self { is_rebuilt, people, providers, begins, steps }
    }

    /// Plays some of its steps. What fails panics.
    fn play<R: TestRoom>(&self, steps: &[Step]) {
        let mut simulation = Simulation::<R>::new(self.is_rebuilt, self.people as u64);
        simulation.providers = (0..self.providers).map(Provider::new).collect();
        if self.begins {
            let begins = simulation.people[0].stock.document.all();
            script(|script| script.begins = Some(begins));
        }
        for (number, step) in steps.iter().enumerate() {
            STEP.set(number);
            simulation.play(*step);
        }
    }

    fn fails<R: TestRoom>(&self, steps: &[Step]) -> bool {
        IS_QUIET.set(true);
        let result = catch_unwind(AssertUnwindSafe(|| self.play::<R>(steps)));
        IS_QUIET.set(false);
        result.is_err()
    }

    /// The fewest steps that were found to fail, if all of them do.
    fn find<R: TestRoom>(&self) -> Option<Vec<Step>> {
        hush();
        if !self.fails::<R>(&self.steps) {
            return None;
        }
        let end = STEP.get() + 1;
        Some(shrink(&self.steps[..end], TRIES, |steps| self.fails::<R>(steps)))
    }
}

thread_local! {
    /// The step that is being played.
    static STEP: Cell<usize> = const { Cell::new(0) };
    /// Whether what fails is not told, as it is to be played again.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Lets what fails be told once, and not for each try.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = take_hook();
        set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                tell(info);
            }
        }));
    });
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {value:?}")))
}

/// Plays the seeds of this kind of room, or the one that is asked for.
fn play<R: TestRoom>(kind: u64) {
    let first = number("PLUV_SEED");
    let steps = number("PLUV_STEPS").unwrap_or(if first.is_some() { RUN } else { STEPS });
    let first = first.unwrap_or(0);
    for seed in (first..first + steps.div_ceil(RUN)).filter(|seed| seed % KINDS == kind) {
        let run = Run::of(seed);
        let Some(steps) = run.find::<R>() else { continue };
        let Run { is_rebuilt, people, providers, begins, .. } = &run;
        eprintln!(
            "{people} people; {providers} providers; rebuilt {is_rebuilt}; begun by the room {begins}; {} steps:",
            steps.len()
        );
        steps.iter().for_each(|step| eprintln!("    {step:?},"));
        run.play::<R>(&steps);
        panic!("it failed before: run `cargo xtask simulate --seed {seed}`");
    }
}

#[test]
fn whatever_happens_all_show_the_same_and_nothing_that_was_shown_is_lost() {
    play::<Simulated<FOREVER>>(0);
}

#[test]
fn whatever_happens_a_document_that_is_deleted_at_once_was_given_to_the_rooms_code() {
    play::<Simulated<0>>(1);
}

#[test]
fn whatever_happens_a_document_that_is_deleted_later_was_given_to_the_rooms_code() {
    play::<Simulated<60_000>>(2);
}

#[test]
fn what_a_room_loses_is_found_and_little_is_left_of_how() {
    let mut run = Run { is_rebuilt: true, begins: false, ..Run::of(5) };
    run.steps.truncate(RUN as usize);
    run.steps.extend([Step::ReadAll, Step::Edit { who: 0, what: 1, is_overtaken: false }, Step::ReadAll]);
    run.steps.extend([Step::Sabotage, Step::Settle]);
    let steps = run.find::<Simulated<FOREVER>>().expect("it is noticed");
    assert!(steps.contains(&Step::Sabotage) && steps.len() < 12, "{steps:?}");
}
