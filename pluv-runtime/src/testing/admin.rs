//! What a worker does with a room from outside, as a test does it.

use super::World;
use crate::{
    Error, Evict, Handlers, Result, Room,
    contract::HasOutput,
    engine::{AdminError, AdminRequest},
    protocol::Output,
};

/// What a [`Handle`](crate::Handle) does, which needs the platform's `Env`: the same calls, without waiting.
impl<R: Room + Handlers<Room = R>> World<R> {
    /// Sends an output to everyone who has joined, and says to how many connections.
    ///
    /// # Errors
    /// When the output can't be written as an event.
    pub fn broadcast(&self, output: R::Declared) -> Result<usize>
    where
        R: HasOutput,
    {
        self.tell::<R>(AdminRequest::Broadcast, output)
    }

    /// Sends an output to all connections of a user, by the user's id, and says to how many.
    ///
    /// # Errors
    /// When the output can't be written as an event.
    pub fn send_to_user(&self, id: &str, output: R::Declared) -> Result<usize>
    where
        R: HasOutput,
    {
        self.tell::<R>(AdminRequest::SendToUser(id.to_owned()), output)
    }

    /// Closes connections, and says how many.
    ///
    /// # Errors
    /// None that a test would see.
    pub fn evict(&self, whom: impl Into<Evict>) -> Result<usize> {
        Ok(serde_json::from_slice(&self.request(AdminRequest::Evict(whom.into()), &[])?)?)
    }

    /// Applies a Yjs update to the document, which is stored and shown to everyone.
    ///
    /// # Errors
    /// When the room has no document, or it does not take the update.
    pub fn update_storage(&self, update: &[u8]) -> Result<()> {
        self.request(AdminRequest::UpdateStorage, update).map(drop)
    }

    /// Closes all connections, and deletes the document when `on_room_deleted` has got it.
    ///
    /// # Errors
    /// When the hook fails.
    pub fn delete(&self) -> Result<()> {
        self.request(AdminRequest::Delete, &[]).map(drop)
    }

    fn tell<S: HasOutput>(&self, request: AdminRequest, output: S::Declared) -> Result<usize> {
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
