//! Tasks, schedules and ticks, on the virtual clock.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use serde_json::json;
use yrs::{GetString as _, ReadTxn as _, Text as _, WriteTxn as _};

use crate::{
    __private::TS,
    At,
    prelude::*,
    sql::Driver as _,
    testing::{Client, Fault, World},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Serialize, TS)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    Rang { name: String, millis: u64 },
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rings {
    counts: BTreeMap<String, u32>,
}

/// A ring at a time: by a task that is a transaction, or by an `async` one that takes a time.
#[derive(Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Ring {
    name: String,
    after: u64,
    key: Option<String>,
    /// The key of a task that it cancels.
    cancels: Option<String>,
    /// So often it fails, and whether for good.
    failures: u32,
    is_permanent: bool,
    /// Whether the handler that schedules it fails.
    is_refused: bool,
}

#[derive(Clone, Serialize, Deserialize, TS)]
pub struct SlowRing {
    name: String,
    takes: u64,
}

#[derive(Deserialize, TS)]
pub struct Cancel {
    id: crate::TaskId,
}

#[derive(Clone, Default)]
struct Counts {
    runs: Rc<Cell<u32>>,
    failed: Rc<RefCell<Vec<String>>>,
    fails_hook: Rc<Cell<bool>>,
}

#[pluv_macros::room(crate = "crate", output = Output, state = Rings, storage = Yrs, retention = "1d", wrangler = false)]
pub struct Bell {
    counts: Counts,
}

#[pluv_macros::room(crate = "crate")]
impl Bell {
    #[hook(create)]
    fn new(_env: &Env) -> Self {
        Self { counts: Counts::default() }
    }

    #[event]
    fn ring(&self, cx: &Context, input: Ring) -> Result<()> {
        let (after, is_refused) = (Duration::from_millis(input.after), input.is_refused);
        match input.key.clone() {
            Some(key) => cx.schedule_as(&key, after, input)?,
            None => cx.schedule(after, input)?,
        };
        if is_refused { Err(Error::client("not now")) } else { Ok(()) }
    }

    #[event]
    async fn ring_slowly(&self, cx: &Context, input: SlowRing) -> Result<()> {
        cx.schedule(At(cx.now()), input)?;
        Ok(())
    }

    #[procedure]
    fn cancel(&self, cx: &Context, input: Cancel) -> Result<bool> {
        cx.cancel(input.id)
    }

    #[procedure]
    fn cancel_key(&self, cx: &Context, input: Ring) -> Result<bool> {
        cx.cancel_as(&input.name)
    }

    #[procedure]
    fn scheduled(&self, cx: &Context) -> Result<Vec<(crate::TaskId, String, Option<String>, Option<u64>, u32)>> {
        let row = |task: crate::ScheduledTask| (task.id, task.name, task.key, task.due, task.failures);
        Ok(cx.scheduled()?.into_iter().map(row).collect())
    }

    #[procedure]
    fn counts(&self, cx: &Context) -> BTreeMap<String, u32> {
        cx.state().counts.clone()
    }

    #[task(name = "bell")]
    fn run(&self, cx: &TaskContext, input: Ring) -> Result<()> {
        let runs = self.counts.runs.get() + 1;
        self.counts.runs.set(runs);
        if let Some(key) = &input.cancels {
            cx.cancel_as(key)?;
        }
        cx.update(|rings| *rings.counts.entry(input.name.clone()).or_default() += 1)?;
        let letter = input.name.clone();
        cx.storage().edit(move |doc| doc.get_or_insert_text("rings").push(doc, &letter));
        cx.broadcast(Output::Rang { name: input.name, millis: cx.now() });
        if runs <= input.failures {
            let error = Error::client(format!("try {runs}"));
            return Err(if input.is_permanent { error.permanent() } else { error });
        }
        Ok(())
    }

    #[task(timeout = "1m")]
    async fn run_slowly(&self, cx: &TaskContext, input: SlowRing) -> Result<()> {
        self.counts.runs.set(self.counts.runs.get() + 1);
        cx.sleep(Duration::from_millis(input.takes)).await;
        cx.update(|rings| *rings.counts.entry(input.name.clone()).or_default() += 1)?;
        cx.broadcast(Output::Rang { name: input.name, millis: cx.now() });
        Ok(())
    }

    #[hook(task_failed)]
    fn on_task_failed(&self, cx: &TaskContext, task: &FailedTask) -> Result<()> {
        if self.counts.fails_hook.get() {
            return Err(Error::internal("the hook fails"));
        }
        self.counts.failed.borrow_mut().push(format!("{}: {}", task.name, task.error));
        cx.broadcast(Output::Rang { name: "failed".to_owned(), millis: 0 });
        Ok(())
    }
}

fn world() -> (World<Bell>, Counts) {
    let counts = Counts::default();
    let world = World::new("tower", {
        let counts = counts.clone();
        move || Bell { counts: counts.clone() }
    });
    world.hibernate_before_each_input(true);
    (world, counts)
}

fn names(client: &Client<Bell>) -> Vec<String> {
    let rings = client.received("rang");
    rings.into_iter().map(|ring| ring["name"].as_str().unwrap_or_default().to_owned()).collect()
}

fn scheduled(client: &Client<Bell>) -> Vec<serde_json::Value> {
    client.call("scheduled", json!({})).expect("it is answered").as_array().cloned().unwrap_or_default()
}

#[test]
fn a_task_runs_once_at_its_time() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "a", "after": 30_000 }));
    world.advance(Duration::from_millis(29_999));
    assert_eq!((names(&ada), counts.runs.get()), (vec![], 0), "it is not its time");
    world.advance(Duration::from_millis(1));
    assert_eq!(names(&ada), ["a"]);
    assert_eq!(ada.call("counts", json!({})), Ok(json!({ "a": 1 })));
    world.advance(60 * MINUTE);
    assert_eq!((names(&ada), counts.runs.get(), scheduled(&ada).len()), (vec![], 1, 0));
    let text = world.storage().read(|doc| doc.get_text("rings").map(|text| text.get_string(doc)));
    assert_eq!(text.as_deref(), Some("a"));
}

#[test]
fn a_task_runs_in_an_empty_room_after_a_crash() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "a", "after": 60_000 }));
    ada.leave();
    world.crash();
    world.advance(MINUTE);
    assert_eq!(counts.runs.get(), 1);
    ada.join();
    assert_eq!(ada.call("counts", json!({})), Ok(json!({ "a": 1 })));
}

#[test]
fn a_task_that_was_due_while_the_room_was_down_runs_at_the_next_alarm() {
    let (world, _) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "late", "after": 1_000 }));
    ada.send("ring", json!({ "name": "later", "after": 2_000 }));
    world.crash_for(60 * MINUTE);
    ada.join();
    world.advance(SECOND);
    assert_eq!(names(&ada), ["late", "later"]);
}

#[test]
fn a_handler_that_fails_schedules_nothing() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "a", "after": 1_000, "isRefused": true }));
    assert_eq!(ada.errors(), ["not now"]);
    assert_eq!(scheduled(&ada), Vec::<serde_json::Value>::new());
    world.advance(MINUTE);
    assert_eq!(counts.runs.get(), 0);
}

#[test]
fn a_key_replaces_and_an_id_cancels() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "first", "after": 1_000, "key": "bell" }));
    ada.send("ring", json!({ "name": "second", "after": 5_000, "key": "bell" }));
    ada.send("ring", json!({ "name": "third", "after": 6_000 }));
    let rows = scheduled(&ada);
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0][1], &rows[0][2], &rows[1][2]), (&json!("bell"), &json!("bell"), &json!(null)));
    assert_ne!(rows[0][0], rows[1][0], "ids differ");
    assert_eq!(ada.call("cancel", json!({ "id": rows[1][0] })), Ok(json!(true)));
    assert_eq!(ada.call("cancel", json!({ "id": rows[1][0] })), Ok(json!(false)));
    world.advance(MINUTE);
    assert_eq!(names(&ada), ["second"]);
    ada.send("ring", json!({ "name": "fourth", "after": 1_000, "key": "bell" }));
    assert_eq!(ada.call("cancelKey", json!({ "name": "bell" })), Ok(json!(true)));
    world.advance(MINUTE);
    assert_eq!(counts.runs.get(), 1);
}

#[test]
fn a_task_that_fails_runs_again_later_and_its_effects_happen_once() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "a", "after": 1_000, "failures": 2 }));
    world.advance(SECOND);
    assert_eq!((names(&ada), counts.runs.get()), (vec![], 1));
    world.advance(9 * SECOND);
    assert_eq!(counts.runs.get(), 1, "it backs off");
    world.advance(SECOND);
    assert_eq!(counts.runs.get(), 2);
    world.advance(20 * SECOND);
    assert_eq!((names(&ada), counts.runs.get()), (vec!["a".to_owned()], 3));
    assert_eq!(ada.call("counts", json!({})), Ok(json!({ "a": 1 })));
    let log = world.log();
    assert!(log.iter().any(|line| line.contains("`bell`: try 1")), "{log:?}");
}

#[test]
fn a_task_that_fails_for_good_is_reported_once_and_kept() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "a", "after": 1_000, "failures": 1_000 }));
    counts.fails_hook.set(true);
    world.advance(90 * MINUTE);
    assert_eq!(counts.runs.get(), 10);
    assert_eq!(*counts.failed.borrow(), Vec::<String>::new(), "the hook runs again too");
    counts.fails_hook.set(false);
    world.advance(120 * MINUTE);
    assert_eq!(*counts.failed.borrow(), ["bell: try 10"]);
    world.advance(600 * MINUTE);
    assert_eq!((counts.runs.get(), counts.failed.borrow().len()), (10, 1));
    let rows = scheduled(&ada);
    assert_eq!((rows.len(), &rows[0][3]), (1, &json!(null)));
    assert_eq!(ada.call("cancel", json!({ "id": rows[0][0] })), Ok(json!(true)));
    assert_eq!(scheduled(&ada).len(), 0);
}

#[test]
fn what_another_run_would_not_mend_is_reported_at_once() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "a", "after": 1_000, "failures": 9, "isPermanent": true }));
    world.advance(MINUTE);
    let rows = [("bell", r#"{"name": 7}"#), ("gone", "{}")];
    for (name, input) in rows {
        let sql = "UPDATE pluv_task SET name = ?, input = ?, failures = 0 WHERE due > 0";
        ada.send("ring", json!({ "name": "b", "after": 1_000 }));
        world.storage().database().query(sql, vec![name.into(), input.into()]).expect("it is written");
        world.advance(MINUTE);
    }
    let failed = counts.failed.borrow();
    assert_eq!(failed[0], "bell: try 1");
    assert!(failed[1].starts_with("bell: the stored input of `bell` does not fit: invalid type"), "{}", failed[1]);
    assert_eq!(failed[2], "gone: the room has no task of this name");
    assert_eq!((failed.len(), counts.runs.get()), (3, 1));
    assert_eq!(scheduled(&ada).len(), 3, "they are kept");
}

#[test]
fn a_crash_in_a_task_runs_it_again_and_its_effects_happen_once() {
    let calls = {
        let (world, _) = world();
        let ada = world.join(());
        ada.send("ring", json!({ "name": "a", "after": 1_000 }));
        let before = world.storage().calls();
        world.advance(SECOND);
        world.storage().calls() - before
    };
    for call in 0..calls {
        let (world, _) = world();
        let ada = world.join(());
        ada.send("ring", json!({ "name": "a", "after": 1_000 }));
        world.storage().fail_at(call, Fault::Crash);
        world.advance(SECOND);
        assert!(!ada.is_connected());
        ada.join();
        world.advance(10 * MINUTE);
        assert_eq!(ada.call("counts", json!({})), Ok(json!({ "a": 1 })), "a crash in call {call} of {calls}");
        assert_eq!(scheduled(&ada).len(), 0);
    }
}

#[test]
fn a_crash_in_a_task_delays_no_other_that_is_due() {
    let start = |world: &World<Bell>| {
        let ada = world.join(());
        for (name, after) in [("a", 1_000), ("b", 900)] {
            ada.send("ring", json!({ "name": name, "after": after }));
        }
        // Both are due at the next alarm.
        world.crash_for(SECOND);
        ada.join();
        ada
    };
    let calls = {
        let (world, _) = world();
        let ada = start(&world);
        let before = world.storage().calls();
        world.advance(SECOND);
        assert_eq!(names(&ada), ["b", "a"]);
        world.storage().calls() - before
    };
    for call in 0..calls {
        let (world, _) = world();
        let ada = start(&world);
        world.storage().fail_at(call, Fault::Crash);
        world.advance(SECOND);
        assert!(!ada.is_connected());
        ada.join();
        world.advance(SECOND);
        let counts = ada.call("counts", json!({})).expect("it is answered");
        assert!(!counts["a"].is_null() || !counts["b"].is_null(), "a crash in call {call} of {calls}: {counts}");
        world.advance(10 * MINUTE);
        assert_eq!(ada.call("counts", json!({})), Ok(json!({ "a": 1, "b": 1 })));
    }
}

#[test]
fn a_task_that_another_one_cancels_at_its_time_does_not_run() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "a", "after": 900, "cancels": "b" }));
    ada.send("ring", json!({ "name": "b", "after": 1_000, "key": "b" }));
    ada.send("ring", json!({ "name": "c", "after": 1_000 }));
    world.crash_for(SECOND);
    ada.join();
    world.advance(60 * MINUTE);
    assert_eq!((names(&ada), counts.runs.get()), (vec!["a".to_owned(), "c".to_owned()], 2));
    assert_eq!(scheduled(&ada).len(), 0);
}

#[test]
fn a_storage_that_fails_runs_tasks_later() {
    for call in 0..10 {
        let (world, _) = world();
        let ada = world.join(());
        ada.send("ring", json!({ "name": "a", "after": 1_000 }));
        world.storage().fail_at(call, Fault::Error);
        world.advance(20 * MINUTE);
        assert_eq!(ada.call("counts", json!({})), Ok(json!({ "a": 1 })), "an error in call {call}");
        let _ = world.log();
    }
}

#[test]
fn an_async_task_takes_its_time_and_is_aborted_after_its_timeout() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ringSlowly", json!({ "name": "slow", "takes": 50_000 }));
    world.advance(49 * SECOND);
    assert_eq!((names(&ada), counts.runs.get()), (vec![], 1));
    world.advance(SECOND);
    assert_eq!(names(&ada), ["slow"]);
    assert_eq!(scheduled(&ada).len(), 0);
    ada.send("ringSlowly", json!({ "name": "endless", "takes": 1_000_000_000 }));
    world.advance(59 * SECOND);
    assert_eq!(counts.runs.get(), 2);
    world.advance(11 * SECOND);
    assert_eq!(counts.runs.get(), 3, "it runs again");
    assert_eq!(ada.call("counts", json!({})), Ok(json!({ "slow": 1 })));
}

#[test]
fn a_deletion_removes_tasks() {
    let (world, counts) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "a", "after": 3 * 86_400_000_u64 }));
    ada.leave();
    world.advance(24 * 60 * MINUTE);
    assert_eq!(world.alarm(), None);
    world.advance(5 * 24 * 60 * MINUTE);
    ada.join();
    assert_eq!((counts.runs.get(), scheduled(&ada).len()), (0, 0));
    ada.send("ring", json!({ "name": "b", "after": 3 * 86_400_000_u64 }));
    world.delete().expect("it is deleted");
    assert_eq!(world.alarm(), None);
}

#[test]
fn an_input_has_a_limit() {
    let (world, _) = world();
    let ada = world.join(());
    ada.send("ring", json!({ "name": "a".repeat(1_000_000), "after": 1 }));
    assert_eq!(ada.errors(), ["internal error"]);
    assert!(world.log()[0].contains("the input of the task `bell` takes 1000"), "{:?}", world.log());
}

#[pluv_macros::room(crate = "crate", output = Output, wrangler = false)]
pub struct Clock {
    runs: Rc<RefCell<Vec<(&'static str, u64)>>>,
}

#[pluv_macros::room(crate = "crate")]
impl Clock {
    #[hook(create)]
    fn new(_env: &Env) -> Self {
        Self { runs: Rc::default() }
    }

    #[task(cron = "0 9 * * *")]
    fn daily(&self, cx: &TaskContext) {
        self.runs.borrow_mut().push(("daily", cx.now()));
    }

    #[task(cron = "*/30 9 * * *")]
    async fn half_hourly(&self) -> Result<()> {
        self.runs.borrow_mut().push(("half", 0));
        Err(Error::internal("it is broken"))
    }

    #[tick("50ms")]
    fn tick(&self, cx: &TaskContext, elapsed: Duration) {
        let millis = u64::try_from(elapsed.as_millis()).expect("it is short");
        self.runs.borrow_mut().push(("tick", millis));
        cx.broadcast(Output::Rang { name: "tick".to_owned(), millis });
    }

    #[tick("100ms")]
    async fn slow_tick(&self, cx: &TaskContext) -> Result<()> {
        cx.sleep(Duration::from_millis(250)).await;
        self.runs.borrow_mut().push(("slow", cx.now()));
        Err(Error::internal("it is broken"))
    }
}

type Runs = Rc<RefCell<Vec<(&'static str, u64)>>>;

fn clock() -> (World<Clock>, Runs) {
    let runs = Runs::default();
    let world = World::new("clock", {
        let runs = Rc::clone(&runs);
        move || Clock { runs: Rc::clone(&runs) }
    });
    world.hibernate_before_each_input(true);
    (world, runs)
}

fn count(runs: &Runs, name: &str) -> usize {
    runs.borrow().iter().filter(|(run, _)| *run == name).count()
}

#[test]
fn a_schedule_runs_from_the_first_wake_on_with_nobody_there() {
    let (world, runs) = clock();
    // It is midnight.
    world.hibernate();
    world.advance(9 * 60 * MINUTE - SECOND);
    assert_eq!(count(&runs, "daily"), 0);
    world.advance(SECOND);
    assert_eq!(count(&runs, "daily"), 1);
    world.advance(48 * 60 * MINUTE);
    assert_eq!(count(&runs, "daily"), 3);
    assert!(runs.borrow().iter().all(|(name, at)| *name != "daily" || at % 86_400_000 == 9 * 3_600_000));
}

#[test]
fn a_time_that_was_missed_runs_once() {
    let (world, runs) = clock();
    world.hibernate();
    let alarm = world.alarm().expect("it is set");
    assert_eq!(alarm, 9 * 60 * MINUTE);
    world.crash_for(3 * 24 * 60 * MINUTE);
    world.advance(SECOND);
    assert_eq!(count(&runs, "daily"), 1);
    world.advance(24 * 60 * MINUTE);
    assert_eq!(count(&runs, "daily"), 2);
}

#[test]
fn a_schedule_that_fails_goes_on_at_its_next_time() {
    let (world, runs) = clock();
    world.hibernate();
    world.advance(9 * 60 * MINUTE);
    assert_eq!(count(&runs, "half"), 1);
    world.advance(48 * 60 * MINUTE);
    assert!(count(&runs, "half") >= 12, "{}", count(&runs, "half"));
    let _ = world.log();
}

#[test]
fn ticks_run_while_someone_is_connected() {
    let (world, runs) = clock();
    world.advance(SECOND);
    assert_eq!(count(&runs, "tick"), 0);
    let ada = world.join(());
    world.advance(SECOND);
    assert_eq!((count(&runs, "tick"), ada.received("rang").len()), (20, 20));
    assert!(runs.borrow().iter().all(|(name, millis)| *name != "tick" || *millis == 50), "the time since the last");
    assert_eq!(count(&runs, "slow"), 3, "never two at once");
    assert_eq!(world.log().len(), 1, "the first failure of a row");
    ada.leave();
    let before = count(&runs, "tick");
    world.advance(MINUTE);
    assert_eq!(count(&runs, "tick"), before);
    world.hibernate();
}

#[test]
fn ticks_start_again_when_the_room_was_lost() {
    let (world, runs) = clock();
    let ada = world.join(());
    world.advance(SECOND);
    world.panic();
    let before = count(&runs, "tick");
    world.advance(MINUTE);
    assert!(count(&runs, "tick") > before, "an alarm starts them");
    assert!(ada.is_connected());
}
