//! The hooks of the document: a room tells its code of changes, and deletes what nobody comes back for.

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    time::Duration,
};

use serde_json::json;

use super::{
    storage::{Peer, doc_with},
    world::{Output, Presence, TestRoom, User, World, both_of},
};
use crate::{
    Context, EventInfo, FinalState, Handlers, Hooks, Limits, Message, Options, Retention, Room, Yrs,
    cloudflare::Env,
    engine::{AdminError, AdminReply, AdminRequest, Outcome},
    error::{Error, Result},
};

thread_local! {
    static CALLS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static FAILS: Cell<bool> = const { Cell::new(false) };
    /// Whether hooks never return.
    static HANGS: Cell<bool> = const { Cell::new(false) };
}

/// The arguments of the hooks since the last check.
fn calls() -> Vec<String> {
    CALLS.take()
}

async fn called(what: String) -> Result<()> {
    CALLS.with_borrow_mut(|calls| calls.push(what));
    if HANGS.get() {
        pending::<()>().await;
    }
    if FAILS.get() { Err(Error::internal("the database is away")) } else { Ok(()) }
}

/// A room whose document is deleted when nobody was there for `AFTER` milliseconds.
struct Kept<const AFTER: u64>;

impl<const AFTER: u64> Room for Kept<AFTER> {
    type User = User;
    type Presence = Presence;
    type Output = Output;
    type Storage = Yrs;
    const OPTIONS: Options = Options {
        has_user: true,
        retention: Retention::Delete { after: Duration::from_millis(AFTER) },
        limits: Limits::new().idle(Duration::from_secs(86_400)),
        ..Options::new("Kept", "KEPT")
    };
}

impl<const AFTER: u64> TestRoom for Kept<AFTER> {
    fn make(_: &Rc<Cell<bool>>) -> Self {
        Self
    }
}

impl<const AFTER: u64> Handlers for Kept<AFTER> {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[];
    const HOOKS: Hooks = Hooks { on_storage_updated: true, on_room_deleted: true, ..Hooks::none() };

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, _: &Context<'_, Self>, _: Message<'_>) -> Result<Outcome> {
        Ok(Outcome::Unhandled)
    }

    async fn on_storage_updated(&self, context: &Context<'_, Self>) -> Result<()> {
        called(format!("updated by {}", context.user().id)).await
    }

    async fn on_room_deleted(&self, room: &FinalState<'_>) -> Result<()> {
        called(format!("{} deleted with {} bytes", room.room(), if room.state().len() > 2 { "some" } else { "no" }))
            .await
    }
}

type Soon = Kept<0>;
type Later = Kept<3_600_000>;

fn start<R: TestRoom>(world: &mut World<R>) -> Peer {
    calls();
    FAILS.set(false);
    HANGS.set(false);
    let (ada, _) = world.join_with("ada", doc_with("hi"));
    world.fire_alarm();
    assert_eq!(calls(), ["updated by ada"]);
    ada
}

#[test]
fn changes_of_a_second_are_told_together_with_the_user_of_the_last() {
    both_of::<Later>(|world| {
        let ada = start(world);
        let (bob, _) = world.join_with("bob", yrs::Doc::new());
        assert!(world.only_looks(), "nothing has changed");
        world.edit(&ada, 0, "1");
        world.edit(&bob, 0, "2");
        assert_eq!(calls(), [""; 0], "the alarm has not come");
        world.fire_alarm();
        assert_eq!(calls(), ["updated by bob"]);
        assert!(world.only_looks());
    });
}

#[test]
fn a_change_is_told_again_until_the_hook_succeeds() {
    both_of::<Later>(|world| {
        let ada = start(world);
        FAILS.set(true);
        world.edit(&ada, 0, "1");
        let mut pauses = Vec::new();
        for _ in 0..3 {
            world.fire_alarm();
            assert_eq!(calls(), ["updated by ada"]);
            pauses.push(world.alarm().expect("it is told again") - world.now());
        }
        assert!(pauses.is_sorted() && pauses[0] < pauses[2], "{pauses:?}");
        FAILS.set(false);
        world.fire_alarm();
        assert_eq!(calls(), ["updated by ada"]);
        assert!(world.only_looks());
        world.fire_alarm();
        assert_eq!(calls(), [""; 0], "an alarm too many does nothing");
    });
}

#[test]
fn a_document_is_deleted_when_the_last_connection_leaves() {
    both_of::<Soon>(|world| {
        let ada = start(world);
        let (bob, _) = world.join_with("bob", yrs::Doc::new());
        world.leave(ada.client);
        assert_eq!(calls(), [""; 0]);
        world.leave(bob.client);
        assert_eq!(calls(), ["the room deleted with some bytes"]);
        assert_eq!(world.alarm(), None);
        let (_, kind) = world.join_with("eve", yrs::Doc::new());
        assert_eq!(kind, "empty");
    });
}

#[test]
fn a_document_is_kept_for_its_time_and_then_deleted() {
    both_of::<Later>(|world| {
        let ada = start(world);
        world.leave(ada.client);
        assert_eq!(calls(), [""; 0]);
        let due = world.alarm().expect("it is to be deleted");
        assert_eq!(due - world.now(), 3_600_000);
        world.fire_alarm_at(due - 60_000);
        assert_eq!(calls(), [""; 0], "an alarm that comes early deletes nothing");
        assert_eq!(world.alarm(), Some(due));
        world.fire_alarm();
        assert_eq!(calls(), ["the room deleted with some bytes"]);
        world.fire_alarm();
        assert_eq!(calls(), [""; 0]);
        assert_eq!(world.alarm(), None);
    });
}

#[test]
fn who_comes_back_in_time_finds_the_document() {
    both_of::<Later>(|world| {
        let ada = start(world);
        world.leave(ada.client);
        let (_, kind) = world.join_with("ada", yrs::Doc::new());
        assert_eq!(kind, "unchanged");
        assert!(world.only_looks());
        world.fire_alarm_at(world.now() + 7_200_000);
        assert_eq!(calls(), [""; 0]);
    });
}

#[test]
fn a_failed_hook_deletes_nothing_and_is_tried_again() {
    both_of::<Soon>(|world| {
        let ada = start(world);
        FAILS.set(true);
        world.leave(ada.client);
        assert_eq!(calls(), ["the room deleted with some bytes"]);
        let first = world.alarm().expect("it is tried again") - world.now();
        world.fire_alarm();
        assert_eq!(calls().len(), 1);
        assert!(world.alarm().expect("it is tried again") - world.now() > first);
        let (bob, kind) = world.join_with("bob", yrs::Doc::new());
        assert_eq!(kind, "unchanged");
        assert!(world.only_looks());
        FAILS.set(false);
        world.leave(bob.client);
        assert_eq!(calls(), ["the room deleted with some bytes"]);
    });
}

#[test]
fn a_room_that_was_left_without_a_document_has_nothing_to_delete() {
    both_of::<Soon>(|world| {
        calls();
        let (ada, _) = world.join_with("ada", yrs::Doc::new());
        world.send(ada.client, "$updatePresence", &json!({ "presence": { "x": 1 } }));
        world.database.take_written();
        world.leave(ada.client);
        assert_eq!(calls(), [""; 0]);
        assert_eq!(world.alarm(), None);
        assert_eq!(world.database.take_written(), 0);
    });
}

#[test]
fn a_hook_that_never_returns_holds_up_nobody_and_is_ended_and_tried_again() {
    both_of::<Later>(|world| {
        let ada = start(world);
        HANGS.set(true);
        world.edit(&ada, 0, "1");
        world.fire_alarm();
        assert_eq!(calls(), ["updated by ada"]);
        let since = world.now();
        let (bob, _) = world.join_with("bob", yrs::Doc::new());
        world.clear();
        world.edit(&bob, 0, "2");
        assert_eq!(world.names(ada.client), ["$storageUpdated"]);
        assert_eq!(world.alarm(), Some(since + 30_000), "there is an alarm for it, and no sooner one");
        world.fire_alarm();
        assert!(!world.is_running());
        assert!(world.log().iter().any(|line| line.contains("`on_storage_updated`: aborted, as it took")));
        HANGS.set(false);
        assert_eq!(world.alarm(), Some(world.now() + 10_000));
        world.fire_alarm();
        assert_eq!(calls(), ["updated by bob"]);
        assert!(world.only_looks());
    });
}

#[test]
fn a_change_during_the_hook_is_told_afterwards() {
    both_of::<Later>(|world| {
        let ada = start(world);
        HANGS.set(true);
        world.edit(&ada, 0, "1");
        world.fire_alarm();
        world.edit(&ada, 0, "2");
        HANGS.set(false);
        world.fire_alarm();
        calls();
        world.fire_alarm();
        assert_eq!(calls(), ["updated by ada"]);
        assert!(world.only_looks());
    });
}

#[test]
fn a_hook_that_panics_is_tried_again_later_and_later() {
    for hook in ["updated by ada", "the room deleted with some bytes"] {
        let mut world = World::<Kept<1_000>>::new(false);
        let ada = start(&mut world);
        HANGS.set(true);
        if hook == "updated by ada" {
            world.edit(&ada, 0, "1");
        } else {
            world.leave(ada.client);
        }
        let mut pauses = Vec::new();
        for _ in 0..4 {
            world.fire_alarm();
            assert_eq!(calls(), [hook]);
            world.lose_memory();
            // The platform tries an alarm again that has failed.
            world.fire_alarm_at(world.now() + 2_000);
            assert_eq!(calls(), [""; 0], "not at once, as each panic loses other rooms too");
            pauses.push(world.alarm().expect("it is tried again") - world.now());
            if hook == "updated by ada" {
                world.send(ada.client, "$getOthers", &json!({}));
            }
        }
        assert!(pauses.is_sorted() && pauses[0] < pauses[3], "{pauses:?}");
        HANGS.set(false);
        world.fire_alarm();
        assert_eq!(calls(), [hook]);
    }
}

#[test]
fn a_document_is_deleted_while_another_hook_never_returns() {
    both_of::<Later>(|world| {
        let ada = start(world);
        HANGS.set(true);
        world.edit(&ada, 0, "1");
        world.fire_alarm();
        calls();
        HANGS.set(false);
        assert!(world.delete());
        assert_eq!(calls(), ["the room deleted with some bytes"]);
        assert_eq!(world.closed(ada.client), Some(4000));
    });
}

#[test]
fn who_wants_a_document_deleted_that_is_being_deleted_waits_for_its_end() {
    let mut world = World::<Soon>::new(false);
    let ada = start(&mut world);
    HANGS.set(true);
    world.leave(ada.client);
    assert_eq!(calls(), ["the room deleted with some bytes"]);
    let AdminReply::Pending(mut response) = world.start_admin(AdminRequest::Delete, &[]) else {
        panic!("the hook still runs")
    };
    assert_eq!((calls(), response.try_recv()), (vec![], Ok(None)));
    world.fire_alarm();
    let response = response.try_recv().expect("the room runs");
    assert!(matches!(response, Some(Err(AdminError::Failed(_)))), "the hook was aborted, and the document stays");
}
