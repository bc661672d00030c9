//! State, tables, tasks, ticks and calls through random steps, with a storage that fails and a host that crashes at any of its
//! calls: what must hold whatever happens.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

use serde_json::json;

use crate::{
    document::tests::random::Random,
    prelude::*,
    testing::{Client, Fault, World},
};

/// The seeds, and how many steps each has.
const SEEDS: u64 = 60;
const STEPS: u64 = 60;

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    Stored { number: u64 },
    Done { number: u64 },
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Totals {
    stored: BTreeSet<u64>,
    done: BTreeSet<u64>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Seen {
    stored: BTreeSet<u64>,
}

#[derive(Serialize, Deserialize)]
pub struct Put {
    number: u64,
    delay: u64,
    is_refused: bool,
}

#[derive(Serialize, Deserialize)]
pub struct Finish {
    number: u64,
    due: u64,
}

#[derive(Serialize, Deserialize)]
pub struct Number {
    number: u64,
}

/// Everything that is stored, by the room's own code.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Contents {
    state: BTreeSet<u64>,
    shared: BTreeSet<u64>,
    rows: Vec<u64>,
    done: BTreeSet<u64>,
    done_rows: Vec<u64>,
}

#[derive(Clone, Default)]
struct Watch {
    ticks: Rc<Cell<u32>>,
    /// The mistakes that handlers saw.
    wrong: Rc<RefCell<Vec<String>>>,
}

#[pluv_macros::room(
    crate = "crate",
    output = Output,
    state = Totals,
    shared = Seen,
    sql,
    wrangler = false,
)]
pub struct Register {
    watch: Watch,
}

#[pluv_macros::room(crate = "crate")]
impl Register {
    #[hook(create)]
    fn new(_env: &Env) -> Self {
        Self { watch: Watch::default() }
    }

    fn put_in(cx: &TaskContext<'_, Self>, input: &Put) -> Result<()> {
        cx.sql().exec("CREATE TABLE IF NOT EXISTS entries (number INTEGER)", params![])?;
        cx.sql().exec("CREATE TABLE IF NOT EXISTS done (number INTEGER)", params![])?;
        cx.sql().exec("INSERT INTO entries (number) VALUES (?)", params![input.number])?;
        cx.update(|totals| totals.stored.insert(input.number))?;
        cx.update_shared(|seen| seen.stored.insert(input.number))?;
        let due = cx.now() + input.delay;
        cx.schedule_as(
            &input.number.to_string(),
            Duration::from_millis(input.delay),
            Finish { number: input.number, due },
        )?;
        cx.broadcast(Output::Stored { number: input.number });
        if input.is_refused { Err(Error::client("not this one")) } else { Ok(()) }
    }

    #[event]
    fn put(&self, cx: &Context, input: Put) -> Result<()> {
        Self::put_in(cx, &input)
    }

    #[event]
    async fn put_slowly(&self, cx: &Context, input: Put) -> Result<()> {
        cx.sleep(Duration::from_millis(100)).await;
        cx.transaction(|tx| Self::put_in(tx, &input))
    }

    #[event]
    fn withdraw(&self, cx: &Context, input: Number) -> Result<()> {
        cx.cancel_as(&input.number.to_string()).map(drop)
    }

    #[task]
    fn finish(&self, cx: &TaskContext, input: Finish) -> Result<()> {
        if cx.now() < input.due {
            self.watch.wrong.borrow_mut().push(format!("{} ran before its time", input.number));
        }
        cx.sql().exec("INSERT INTO done (number) VALUES (?)", params![input.number])?;
        cx.update(|totals| totals.done.insert(input.number))?;
        cx.broadcast(Output::Done { number: input.number });
        Ok(())
    }

    #[tick("200ms")]
    async fn tick(&self, cx: &TaskContext) {
        self.watch.ticks.set(self.watch.ticks.get() + 1);
        if self.watch.ticks.get() > 1 {
            self.watch.wrong.borrow_mut().push("two ticks at once".to_owned());
        }
        cx.sleep(Duration::from_millis(500)).await;
        self.watch.ticks.set(0);
    }

    #[procedure(worker)]
    fn contents(&self, cx: &TaskContext) -> Result<Contents> {
        cx.sql().exec("CREATE TABLE IF NOT EXISTS entries (number INTEGER)", params![])?;
        cx.sql().exec("CREATE TABLE IF NOT EXISTS done (number INTEGER)", params![])?;
        Ok(Contents {
            state: cx.state().stored.clone(),
            shared: cx.shared().stored.clone(),
            rows: cx.sql().query("SELECT number FROM entries ORDER BY number", params![])?,
            done: cx.state().done.clone(),
            done_rows: cx.sql().query("SELECT number FROM done ORDER BY number", params![])?,
        })
    }
}

struct Run {
    world: World<Register>,
    watch: Watch,
    clients: Vec<Client<Register>>,
    next: u64,
    /// Numbers that a client was told of, as stored and as done.
    told: BTreeMap<&'static str, BTreeSet<u64>>,
    withdrawn: BTreeSet<u64>,
}

impl Run {
    fn new(hibernates: bool) -> Self {
        let watch = Watch::default();
        let world = World::new("register", {
            let watch = watch.clone();
            move || {
                // A tick of a room that is lost does not run any more.
                watch.ticks.set(0);
                Register { watch: watch.clone() }
            }
        });
        world.hibernate_before_each_input(hibernates);
        let clients = (0..3).map(|_| world.join(())).collect();
        Self { world, watch, clients, next: 0, told: BTreeMap::new(), withdrawn: BTreeSet::new() }
    }

    fn step(&mut self, random: &mut Random) {
        let client = self.clients[random.below(3) as usize].clone();
        if random.below(4) == 0 {
            let fault = [Fault::Error, Fault::ErrorAfter, Fault::Crash][random.below(3) as usize];
            self.world.storage().fail_at(random.below(12), fault);
        }
        match random.below(10) {
            0..=3 if client.is_connected() => {
                self.next += 1;
                let event = if random.below(3) == 0 { "putSlowly" } else { "put" };
                let (delay, is_refused) = (random.below(20_000), random.below(6) == 0);
                client.send(event, Put { number: self.next, delay, is_refused });
            }
            4 if client.is_connected() => {
                let number = 1 + random.below(self.next.max(1));
                self.withdrawn.insert(number);
                client.send("withdraw", Number { number });
            }
            5 | 6 => self.world.advance(Duration::from_millis(random.below(5_000))),
            7 => self.world.crash(),
            8 => self.world.panic(),
            _ => drop(self.world.call::<Contents>("contents", json!(null))),
        }
        for client in &self.clients {
            for (event, name) in [("stored", "stored"), ("done", "done")] {
                let numbers = client.received(event).into_iter().filter_map(|data| data["number"].as_u64());
                self.told.entry(name).or_default().extend(numbers);
            }
            if !client.is_connected() {
                client.join();
            }
        }
        let _ = self.world.log();
    }

    /// Checks what must hold at any time.
    fn check(&self) -> Contents {
        let contents: Contents = self.world.call("contents", json!(null)).expect("nothing fails now");
        let rows: BTreeSet<_> = contents.rows.iter().copied().collect();
        assert_eq!(rows.len(), contents.rows.len(), "nothing is stored twice");
        assert_eq!((&contents.state, &contents.shared), (&rows, &rows), "all or nothing");
        let done: BTreeSet<_> = contents.done_rows.iter().copied().collect();
        assert_eq!(done.len(), contents.done_rows.len(), "no task has an effect twice");
        assert_eq!(contents.done, done, "all or nothing");
        let told = |what: &str| self.told.get(what).cloned().unwrap_or_default();
        assert!(told("stored").is_subset(&rows), "what was sent is stored");
        assert!(told("done").is_subset(&done), "what was sent is stored");
        assert_eq!(*self.watch.wrong.borrow(), Vec::<String>::new());
        contents
    }
}

#[test]
fn nothing_is_half_done_lost_or_done_twice() {
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        let mut run = Run::new(seed % 2 == 0);
        for step in 0..STEPS {
            run.step(&mut random);
            if step % 10 == 9 {
                run.world.storage().fail_at(1_000_000, Fault::Error);
                run.check();
            }
        }
        run.world.storage().fail_at(1_000_000, Fault::Error);
        run.world.advance(Duration::from_secs(2 * 3_600));
        let contents = run.check();
        let missing: BTreeSet<_> = contents.state.difference(&contents.done).copied().collect();
        assert!(
            missing.is_subset(&run.withdrawn),
            "seed {seed}: each task runs, but those that were withdrawn: {missing:?}"
        );
        for client in &run.clients {
            let seen: Seen = client.shared().expect("it has joined");
            assert_eq!(seen.stored, contents.shared, "seed {seed}: everyone sees the same");
        }
    }
}
