//! The spans in which handlers and hooks run.

use std::{
    cell::Cell,
    fmt::{Debug, Write as _},
    future::poll_fn,
    rc::Rc,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use serde_json::json;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};
use yrs::{Text as _, WriteTxn as _};

use super::world::{Output, Presence, TestRoom, User, World};
use crate::{
    Context, EventInfo, FinalState, Handlers, Hooks, Limits, Message, Options, Retention, Room, Yrs,
    cloudflare::Env,
    engine::Outcome,
    error::{Error, Result},
};

/// Notes the spans that are made, and in which of them things happen.
#[derive(Clone, Debug, Default)]
struct Notes(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    /// The fields of each span.
    spans: Vec<String>,
    entered: Vec<usize>,
    /// The events, with the innermost span at the time.
    happened: Vec<String>,
}

#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let gap = if self.0.is_empty() { "" } else { " " };
        write!(self.0, "{gap}{}={value:?}", field.name()).expect("text takes more text");
    }
}

impl Notes {
    fn note<T>(&self, note: impl FnOnce(&mut Noted) -> T) -> T {
        note(&mut self.0.lock().expect("nobody panics with it"))
    }
}

impl Subscriber for Notes {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        self.note(|noted| {
            noted.spans.push(fields.0);
            Id::from_u64(noted.spans.len() as u64)
        })
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.note(|noted| {
            let span = noted.entered.last().map_or("nowhere", |index| &noted.spans[*index]);
            let line = format!("{} in {span}", fields.0);
            noted.happened.push(line);
        });
    }

    fn enter(&self, span: &Id) {
        let index = usize::try_from(span.into_u64()).expect("there are few") - 1;
        self.note(|noted| noted.entered.push(index));
    }

    fn exit(&self, _: &Id) {
        self.note(|noted| noted.entered.pop());
    }
}

/// A room that tells of each of its handlers and hooks.
struct Traced {
    gate: Rc<Cell<bool>>,
}

impl Room for Traced {
    type User = User;
    type Presence = Presence;
    type Output = Output;
    type Storage = Yrs;
    const OPTIONS: Options = Options {
        has_user: true,
        retention: Retention::Delete { after: Duration::ZERO },
        ..Options::new("Traced", "TRACED")
    };
}

impl TestRoom for Traced {
    fn make(gate: &Rc<Cell<bool>>) -> Self {
        Self { gate: Rc::clone(gate) }
    }
}

impl Handlers for Traced {
    type Room = Self;
    type Handle = crate::Handle<Self>;

    const EVENTS: &'static [EventInfo] = &[EventInfo::event("write", "")];
    const HOOKS: Hooks = Hooks {
        get_initial_storage: true,
        on_user_connected: true,
        on_user_disconnected: true,
        on_message: true,
        on_storage_updated: true,
        on_room_deleted: true,
        ..Hooks::none()
    };

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Err(Error::internal("the tests make their room themselves"))
    }

    async fn dispatch(&self, context: &Context<'_, Self>, _: Message<'_>) -> Result<Outcome> {
        tracing::info!(begins = true);
        poll_fn(|_| if self.gate.get() { Poll::Ready(()) } else { Poll::Pending }).await;
        tracing::info!(goes_on = true);
        context.storage().edit(|doc| doc.get_or_insert_text("text").push(doc, "!"));
        Ok(Outcome::Done)
    }

    async fn get_initial_storage(&self, _: &str) -> Result<Option<Vec<u8>>> {
        tracing::info!(initial = true);
        Ok(None)
    }

    async fn on_user_connected(&self, _: &Context<'_, Self>) -> Result<()> {
        tracing::info!(connected = true);
        Ok(())
    }

    async fn on_user_disconnected(&self, _: &Context<'_, Self>) -> Result<()> {
        tracing::info!(disconnected = true);
        Ok(())
    }

    async fn on_message(&self, _: &Context<'_, Self>, _: &Message<'_>) -> Result<()> {
        tracing::info!(message_came = true);
        Ok(())
    }

    async fn on_storage_updated(&self, _: &Context<'_, Self>) -> Result<()> {
        tracing::info!(updated = true);
        Ok(())
    }

    async fn on_room_deleted(&self, _: &FinalState<'_>) -> Result<()> {
        tracing::info!(deleted = true);
        Ok(())
    }
}

#[test]
fn each_handler_and_hook_runs_in_a_span_of_its_own_also_after_it_waited() {
    let notes = Notes::default();
    with_default(notes.clone(), || {
        let mut world = World::<Traced>::new(false);
        let ada = world.join("ada", &json!({}));
        world.send(ada, "write", &json!({}));
        tracing::info!(meanwhile = true);
        world.open_gate();
        world.fire_alarm();
        world.leave(ada);
    });
    let of = |session: &str, event: &str| format!(r#"room="the room" session="{session}" event={event}"#);
    let spans = [
        of("s1", "get_initial_storage"),
        of("s1", "on_user_connected"),
        of("s1", "write"),
        of("s1", "on_storage_updated"),
        of("s1", "on_user_disconnected"),
        of("", "on_room_deleted"),
    ];
    let happened = [
        ("initial", &*spans[0]),
        ("connected", &spans[1]),
        ("message_came", &spans[2]),
        ("begins", &spans[2]),
        ("meanwhile", "nowhere"),
        ("goes_on", &spans[2]),
        ("updated", &spans[3]),
        ("disconnected", &spans[4]),
        ("deleted", &spans[5]),
    ];
    notes.note(|noted| {
        assert_eq!(noted.happened, happened.map(|(what, span)| format!("{what}=true in {span}")));
        assert_eq!(noted.spans, spans);
    });
}
