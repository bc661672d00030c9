//! A client, as a test holds it.

use std::{cell::RefCell, fmt, rc::Rc};

use serde::Serialize;
use serde_json::{Value, json};
use yrs::{Transact as _, Transaction, TransactionMut};

use super::{
    frame::Frame,
    person::Person,
    platform::SocketId,
    stock_client::{message, update_storage},
    world::Inner,
};
use crate::{Handlers, Protocol, Room, document::has_changed, engine::CloseReason, protocol};

/// A client of a [`World`](super::World), which does what the stock one does: it keeps a copy of the document, knows who
/// the others are, and answers what a client answers by itself.
///
/// A clone is the same client.
pub struct Client<R: Handlers> {
    world: Rc<RefCell<Inner<R>>>,
    number: usize,
}

/// Another connection, as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Other<U, P> {
    /// The connection's id.
    pub session: String,
    /// Who it is.
    pub user: U,
    /// What everyone sees of the user.
    pub presence: P,
}

impl<R: Room + Handlers<Room = R>> Client<R> {
    pub(super) fn new(world: Rc<RefCell<Inner<R>>>, number: usize) -> Self {
        Self { world, number }
    }

    fn person<T>(&self, with: impl FnOnce(&mut Person) -> T) -> T {
        with(&mut self.world.borrow_mut().people[self.number])
    }

    /// Connects and joins, with what it has of the document; also again, after its connection was lost. Where a limit of
    /// the room forbids it, [`closed`](Self::closed) says so.
    ///
    /// # Panics
    /// When it is connected already, or the room's types can't read its user.
    pub fn join(&self) {
        let mut inner = self.world.borrow_mut();
        let Inner { host, people } = &mut *inner;
        let person = &mut people[self.number];
        assert!(person.connection.is_none(), "this client is connected already");
        match host.connect(Protocol::Pluv, person.user.clone(), person.access) {
            Ok(connection) => (person.connection, person.closed) = (Some(connection), None),
            Err(CloseReason::InvalidUser(reason)) => panic!("the room can't read its user: {reason}"),
            Err(reason) => {
                person.closed = Some((reason.code(Protocol::Pluv), reason.text().into_owned()));
                return;
            }
        }
        inner.settle();
    }

    /// Closes its connection.
    ///
    /// # Panics
    /// When it is not connected.
    pub fn leave(&self) {
        let mut inner = self.world.borrow_mut();
        let Inner { host, people } = &mut *inner;
        let person = &mut people[self.number];
        let connection = person.connection.expect("this client is not connected");
        person.disconnect(1000, "");
        host.close(connection);
        inner.settle();
    }

    /// Loses its network: it is not connected, and the room knows nothing of it until it has waited for long enough, as
    /// [`advance`](super::World::advance) lets it.
    ///
    /// # Panics
    /// When it is not connected.
    pub fn drop_connection(&self) {
        self.person(|person| {
            assert!(person.connection.is_some(), "this client is not connected");
            person.disconnect(1006, "");
        });
    }

    /// Whether it is connected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.person(|person| person.connection.is_some())
    }

    /// The code and reason that its connection was closed with, if it was.
    #[must_use]
    pub fn closed(&self) -> Option<(u16, String)> {
        self.person(|person| person.closed.clone())
    }

    /// The id of its connection: what others know as `connectionId`.
    #[must_use]
    pub fn session_id(&self) -> Option<String> {
        self.person(|person| person.stock.peers.session.clone())
    }

    /// Sends an event. What comes of it is read with [`received`](Self::received), or with [`errors`](Self::errors).
    ///
    /// # Panics
    /// When the data can't be written as JSON, or the client is not connected.
    #[track_caller]
    pub fn send(&self, event: &str, data: impl Serialize) {
        self.send_text(&message(event, &to_json(data)));
    }

    /// Calls a procedure, and gives its answer.
    ///
    /// # Errors
    /// The message of the `$error` that came instead.
    ///
    /// # Panics
    /// When there is no answer, as the procedure still waits for something.
    #[track_caller]
    pub fn call(&self, procedure: &str, data: impl Serialize) -> Result<Value, String> {
        let id = json!(self.person(|person| {
            person.requests += 1;
            person.requests
        }));
        self.send_text(&json!({ "type": procedure, "data": to_json(data), "id": id }).to_string());
        let mut frames = self.person(|person| person.take(|frame| frame.id.as_ref() == Some(&id)));
        let Some(frame) = frames.pop() else {
            panic!("`{procedure}` has not answered: it is an event, or still waits for something")
        };
        match &*frame.name {
            protocol::ERROR => Err(error_message(&frame)),
            _ => Ok(frame.data),
        }
    }

    /// Sends any text at all.
    ///
    /// # Panics
    /// When it is not connected.
    #[track_caller]
    pub fn send_text(&self, text: &str) {
        let connection = self.connection();
        let mut inner = self.world.borrow_mut();
        inner.host.text(connection, text);
        inner.settle();
    }

    /// Sends a binary frame, which clients of this protocol never do.
    ///
    /// # Panics
    /// When it is not connected.
    #[track_caller]
    pub fn send_binary(&self) {
        let connection = self.connection();
        let mut inner = self.world.borrow_mut();
        inner.host.binary(connection, &[0]);
        inner.settle();
    }

    #[track_caller]
    fn connection(&self) -> SocketId {
        self.person(|person| person.connection).expect("this client is not connected")
    }

    /// The data of all events of this name that it has received since it was last asked for them.
    #[must_use]
    pub fn received(&self, event: &str) -> Vec<Value> {
        self.person(|person| person.take(|frame| frame.name == event)).into_iter().map(|frame| frame.data).collect()
    }

    /// The messages of all `$error`s that it has received since it was last asked for them.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        self.person(|person| person.take(|frame| frame.name == protocol::ERROR)).iter().map(error_message).collect()
    }

    /// All frames that it has received since the last call, those of the protocol too, but for those that another call has
    /// given.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        self.person(|person| person.take(|_| true))
    }

    /// The others, in the order of their ids, as far as it was told.
    ///
    /// # Panics
    /// When the room has sent a user or presence that its types can't read.
    #[must_use]
    pub fn others(&self) -> Vec<Other<R::User, R::Presence>> {
        let others = self.person(|person| person.stock.peers.others.clone());
        let other = |(session, seen): (String, super::peer_view::Seen)| {
            let user = serde_json::from_value(seen.user).expect("a user is read back");
            // Nobody has said anything of a presence yet.
            let presence = if seen.presence.is_null() { json!({}) } else { seen.presence };
            let presence = serde_json::from_value(presence).unwrap_or_default();
            Other { session, user, presence }
        };
        others.into_iter().map(other).collect()
    }

    /// Changes fields of its presence. Before it joins, they are what it comes with.
    ///
    /// # Panics
    /// When they are not written as a JSON object.
    #[track_caller]
    pub fn update_presence(&self, fields: impl Serialize) {
        let Value::Object(fields) = to_json(fields) else { panic!("a presence is a JSON object") };
        let is_joined = self.person(|person| {
            person.stock.presence.extend(fields.clone());
            person.stock.peers.has_joined
        });
        if is_joined {
            self.send(protocol::UPDATE_PRESENCE, json!({ "presence": fields }));
        }
    }

    /// Edits its copy of the document, in one transaction that is sent to the room. Without a connection it keeps the edit,
    /// and brings it when it joins.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut TransactionMut<'_>) -> T) -> T {
        // Nothing of the world is borrowed while the test's own code runs.
        let doc = self.person(|person| person.stock.document.doc.clone());
        let mut transaction = doc.transact_mut();
        let result = edit(&mut transaction);
        let update = has_changed(&transaction).then(|| transaction.encode_update_v1());
        drop(transaction);
        if let Some(update) = update.filter(|_| self.person(|person| person.stock.has_document)) {
            self.send_text(&update_storage(None, &update));
        }
        result
    }

    /// Reads its copy of the document.
    pub fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> T) -> T {
        let doc = self.person(|person| person.stock.document.doc.clone());
        read(&doc.transact())
    }
}

fn to_json(data: impl Serialize) -> Value {
    serde_json::to_value(data).unwrap_or_else(|error| panic!("this can't be written as JSON: {error}"))
}

fn error_message(frame: &Frame) -> String {
    frame.data["message"].as_str().unwrap_or_default().to_owned()
}

impl<R: Handlers> Clone for Client<R> {
    fn clone(&self) -> Self {
        Self { world: Rc::clone(&self.world), number: self.number }
    }
}

impl<R: Handlers> fmt::Debug for Client<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("number", &self.number).finish_non_exhaustive()
    }
}
