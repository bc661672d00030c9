//! The requests of a worker to a room, made by a test.

use super::World;
use crate::{
    Error, Evict, Handlers, Result, Room,
    contract::HasOutput,
    engine::{AdminError, AdminRequest},
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

    fn send_output<S: HasOutput>(&self, request: AdminRequest, output: S::Declared) -> Result<usize> {
        let output = Output::new::<S::Output>(&output.into()).map_err(Error::internal)?;
        Ok(serde_json::from_slice(&self.request(request, output.into_head().as_bytes())?)?)
    }

    fn request(&self, request: AdminRequest, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut inner = self.0.borrow_mut();
        let answer = inner.host.admin(request, bytes);
        inner.settle();
        answer.map_err(|error| match error {
            AdminError::Invalid(reason) => Error::client(reason),
            AdminError::Failed(reason) => Error::internal(reason),
        })
    }
}
