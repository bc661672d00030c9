//! The requests of a worker to a room, made by a test.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::World;
use crate::{
    Error, Evict, Handlers, Result, Room,
    contract::HasOutput,
    engine::{AdminError, AdminRequest, AdminResponse, Call},
    protocol::Output,
};

/// The calls of a [`Handle`](crate::Handle), which needs the platform's `Env`, as synchronous functions.
impl<R: Room + Handlers<Room = R>> World<R> {
    /// Sends an output to all joined connections, and returns their number.
    ///
    /// # Errors
    /// When the output can't be serialized as an event.
    pub fn broadcast(&self, output: R::Declared) -> Result<usize>
    where
        R: HasOutput,
    {
        self.send_output::<R>(AdminRequest::Broadcast, output)
    }

    /// Sends an output to all connections of a user, by the user's id, and returns their number.
    ///
    /// # Errors
    /// When the output can't be serialized as an event.
    pub fn send_to_user(&self, id: &str, output: R::Declared) -> Result<usize>
    where
        R: HasOutput,
    {
        self.send_output::<R>(AdminRequest::SendToUser(id.to_owned()), output)
    }

    /// Closes connections, and returns their number.
    ///
    /// # Errors
    /// Never in a test.
    pub fn evict(&self, target: impl Into<Evict>) -> Result<usize> {
        Ok(serde_json::from_slice(&self.request(AdminRequest::Evict(target.into()), &[])?)?)
    }

    /// Applies a Yjs update to the document, which stores and broadcasts it.
    ///
    /// # Errors
    /// When the room has no document, or rejects the update.
    pub fn update_storage(&self, update: &[u8]) -> Result<()> {
        self.request(AdminRequest::UpdateStorage, update).map(drop)
    }

    /// Closes all connections, and deletes the document after `on_room_deleted`.
    ///
    /// # Errors
    /// When the hook fails.
    pub fn delete(&self) -> Result<()> {
        self.request(AdminRequest::Delete, &[]).map(drop)
    }

    /// Calls a procedure that the worker alone calls, by the name that its clients would use.
    ///
    /// # Errors
    /// The procedure's own; when the room has no such procedure; when the answer is no `T`.
    ///
    /// # Panics
    /// When the input can't be written as JSON.
    pub fn call<T: DeserializeOwned>(&self, procedure: &str, input: impl Serialize) -> Result<T> {
        self.call_by(None, procedure, input)
    }

    /// Calls a procedure or sends an event as a user, who need not be connected.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    ///
    /// # Panics
    /// When the user or the input can't be written as JSON.
    pub fn call_as<T: DeserializeOwned>(&self, user: &R::User, procedure: &str, input: impl Serialize) -> Result<T> {
        let user = serde_json::value::to_raw_value(user).expect("a user is serialized as JSON");
        self.call_by(Some(user), procedure, input)
    }

    fn call_by<T: DeserializeOwned>(
        &self,
        user: Option<Box<RawValue>>,
        procedure: &str,
        input: impl Serialize,
    ) -> Result<T> {
        let input = serde_json::to_vec(&input).expect("an input is serialized as JSON");
        let mut inner = self.0.borrow_mut();
        let call = Call { name: procedure.to_owned(), session: "call".to_owned(), user };
        let response = inner.host.call(call, input);
        inner.settle();
        Ok(serde_json::from_slice(&to_result(response)?)?)
    }

    fn send_output<S: HasOutput>(&self, request: AdminRequest, output: S::Declared) -> Result<usize> {
        let output = Output::new::<S::Output>(&output.into()).map_err(Error::internal)?;
        Ok(serde_json::from_slice(&self.request(request, output.into_head().as_bytes())?)?)
    }

    fn request(&self, request: AdminRequest, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut inner = self.0.borrow_mut();
        let answer = inner.host.admin(request, bytes);
        inner.settle();
        to_result(answer)
    }
}

fn to_result(response: AdminResponse) -> Result<Vec<u8>> {
    response.map_err(|error| match error {
        AdminError::Invalid(reason) => Error::client(reason),
        AdminError::Failed(reason) => Error::internal(reason),
    })
}
