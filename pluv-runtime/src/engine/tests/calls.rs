//! Calls by the worker, and the hooks that decide about connections and requests.

use std::{cell::RefCell, rc::Rc, time::Duration};

use serde_json::json;

use crate::{prelude::*, testing::World};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    id: String,
}

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    Added { by: String, total: u64 },
    Woke {},
    Late {},
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Total {
    value: u64,
}

#[derive(Serialize, Deserialize)]
pub struct Add {
    amount: u64,
}

#[pluv_macros::room(crate = "crate", user = User, output = Output, state = Total, wrangler = false)]
pub struct Counter {
    wakes: Rc<RefCell<u32>>,
    _env: Env,
}

#[pluv_macros::room(crate = "crate")]
impl Counter {
    #[hook(create)]
    async fn new(env: &Env, room: &str) -> Result<Self> {
        assert_eq!(room, "counter");
        Ok(Self { wakes: Rc::default(), _env: env.clone() })
    }

    #[hook(wake)]
    fn on_wake(&self, cx: &TaskContext) {
        *self.wakes.borrow_mut() += 1;
        cx.broadcast(Output::Woke {});
    }

    #[hook(connect)]
    fn on_connect(&self, cx: &Context, upgrade: &Upgrade) -> Result<()> {
        match upgrade.header("X-Invite").or(upgrade.query("invite")) {
            _ if cx.user().id == "broken" => Err(Error::internal("the list of members is broken")),
            Some("ok") => Ok(()),
            _ => Err(Error::client(format!("{} may not enter", cx.user().id))),
        }
    }

    #[procedure]
    fn add(&self, cx: &Context, input: Add) -> Result<u64> {
        if input.amount == 0 {
            cx.update(|total| total.value = 1_000)?;
            return Err(Error::client("nothing to add"));
        }
        let by = cx.user().id.clone();
        let total = cx.update(|total| {
            total.value += input.amount;
            total.value
        })?;
        cx.broadcast(Output::Added { by, total });
        Ok(total)
    }

    #[procedure(worker)]
    async fn total(&self, cx: &TaskContext) -> Result<u64> {
        std::future::ready(()).await;
        Ok(cx.state().value)
    }

    #[procedure(worker)]
    fn reset(&self, cx: &TaskContext, input: Add) -> Result<u64> {
        cx.update(|total| std::mem::replace(&mut total.value, input.amount))
    }

    #[event]
    fn later(&self, cx: &Context) {
        let (room, sleep) = (cx.handle(), cx.sleep(Duration::from_secs(1)));
        cx.wait_until(async move {
            sleep.await;
            room.transaction(|cx| {
                cx.update(|total| total.value += 1)?;
                cx.broadcast(Output::Late {});
                Ok(())
            })
        });
    }
}

fn world() -> World<Counter> {
    let world = World::new("counter", || Counter { wakes: Rc::default(), _env: crate::testing::env() });
    world.hibernate_before_each_input(true);
    world
}

fn user(id: &str) -> User {
    User { id: id.to_owned() }
}

#[test]
fn the_worker_calls_procedures_of_its_own() {
    let world = world();
    assert_eq!(world.call::<u64>("reset", json!({ "amount": 5 })).expect("it answers"), 0);
    assert_eq!(world.call::<u64>("total", json!(null)).expect("it answers"), 5);
    let error = world.call::<u64>("add", json!({ "amount": 5 })).expect_err("clients call it");
    assert_eq!(error.client_message(), "the room has no procedure `add`");
    let error = world.call::<u64>("reset", json!({ "amount": "x" })).expect_err("it is no number");
    assert!(error.client_message().starts_with("`reset`: `data.amount`"), "{error}");
}

#[test]
fn the_worker_calls_procedures_as_a_user() {
    let world = world();
    let client = world.client(user("bob"));
    client.set_upgrade(Upgrade::new().with_query("invite", "ok"));
    client.join();
    let _ = client.frames();
    assert_eq!(world.call_as::<u64>(&user("ada"), "add", json!({ "amount": 2 })).expect("it answers"), 2);
    assert_eq!(client.received("added"), [json!({ "by": "ada", "total": 2 })]);
    let error = world.call_as::<u64>(&user("ada"), "add", json!({ "amount": 0 })).expect_err("it is refused");
    assert_eq!(error.client_message(), "nothing to add");
    assert_eq!(world.call::<u64>("total", json!(null)).expect("it answers"), 2, "nothing of it happened");
    let error = world.call_as::<u64>(&user("ada"), "total", json!({})).expect_err("the worker alone calls it");
    assert_eq!(error.client_message(), "the room has no procedure `total`");
}

#[test]
fn clients_cannot_call_what_is_for_the_worker() {
    let world = world();
    let client = world.client(user("bob"));
    client.set_upgrade(Upgrade::new().with_header("x-invite", "ok"));
    client.join();
    for name in ["reset", "total"] {
        let error = client.call(name, json!({ "amount": 5 })).expect_err("it is not for clients");
        assert!(error.starts_with(&format!("this room has no event `{name}`")), "{error}");
    }
}

#[test]
fn the_hook_connect_decides_who_may_enter() {
    let world = world();
    let (eve, bob, broken) = (world.client(user("eve")), world.client(user("bob")), world.client(user("broken")));
    eve.join();
    assert_eq!(eve.closed(), Some((3000, "eve may not enter".to_owned())));
    bob.set_upgrade(Upgrade::new().with_header("X-INVITE", "ok"));
    bob.join();
    assert!(bob.is_connected());
    broken.join();
    assert_eq!(broken.closed().map(|(_, reason)| reason), Some("internal error".to_owned()));
    assert_eq!(world.sessions().len(), 1);
}

#[test]
fn the_hook_wake_runs_at_each_wake() {
    let world = World::new("counter", || Counter { wakes: Rc::default(), _env: crate::testing::env() });
    let bob = world.client(user("bob"));
    bob.set_upgrade(Upgrade::new().with_query("invite", "ok"));
    bob.join();
    let _ = bob.frames();
    world.hibernate();
    world.run();
    assert_eq!(bob.received("woke").len(), 1);
}

#[test]
fn a_future_that_outlives_its_handler_changes_the_room() {
    let world = World::new("counter", || Counter { wakes: Rc::default(), _env: crate::testing::env() });
    let bob = world.client(user("bob"));
    bob.set_upgrade(Upgrade::new().with_query("invite", "ok"));
    bob.join();
    bob.send("later", json!({}));
    assert_eq!(bob.received("late").len(), 0);
    world.advance(Duration::from_secs(1));
    assert_eq!(bob.received("late").len(), 1);
    assert_eq!(world.call::<u64>("total", json!(null)).expect("it answers"), 1);
}
