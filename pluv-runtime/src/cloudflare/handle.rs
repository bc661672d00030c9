//! A room as its worker sees it: in routes, queues and cron.

use std::{fmt, marker::PhantomData};

use serde::de::DeserializeOwned;
use worker::{Env, ObjectNamespace};

use super::request::{ObjectRequest, namespace};
use crate::{
    Error, Result,
    api::{Handlers, Room, Session},
    contract::{HasDocument, HasOutput},
    engine::{AdminRequest, Call, Evict, SessionInfo, Types},
    protocol::Output,
};

/// A room, to steer from the worker that owns it: [`RoomExt::at`](crate::RoomExt::at) makes one.
///
/// ```ignore
/// let room = Chat::at(&env, "lobby")?;
/// room.broadcast(Output::MessageReceived { message: "we close in a minute".to_owned() }).await?;
/// room.evict_user("mallory").await?;
/// ```
///
/// Each call is a request to the room's object, which wakes it if it sleeps. Nothing from outside can make one: the
/// routes pass no request on to the object, they make their own.
pub struct Handle<R> {
    namespace: ObjectNamespace,
    room: String,
    _room: PhantomData<fn() -> R>,
}

/// The handle of a room: a [`Handle`] with the room's procedures as methods. Those of `#[procedure(worker)]` are its own, and those
/// that clients call are called as a user.
///
/// ```ignore
/// let past = Poker::at(&env, "lobby")?.as_user(ada).rounds(Page { limit: 10 }).await?;
/// ```
pub type HandleOf<R> = <R as Handlers>::Handle;

impl<R: Room> Handle<R> {
    pub(super) fn new(env: &Env, room: &str) -> Result<Self> {
        Ok(Self { namespace: namespace(&R::OPTIONS, env)?, room: room.to_owned(), _room: PhantomData })
    }

    /// The room's name.
    #[must_use]
    pub fn room(&self) -> &str {
        &self.room
    }

    /// Sends to everyone in the room, and says how many connections that are. The message has no cause: its
    /// `connectionId` and `user` are null.
    ///
    /// # Errors
    /// When the output can't be written, or the room can't be reached.
    pub async fn broadcast(&self, output: R::Declared) -> Result<usize>
    where
        R: HasOutput,
    {
        self.send(AdminRequest::Broadcast, output).await
    }

    /// Sends to all connections of a user, and says how many those are.
    ///
    /// # Errors
    /// When the output can't be written, or the room can't be reached.
    pub async fn send_to_user(&self, id: &str, output: R::Declared) -> Result<usize>
    where
        R: HasOutput,
    {
        self.send(AdminRequest::SendToUser(id.to_owned()), output).await
    }

    /// Everyone in the room, in the order in which they came.
    ///
    /// # Errors
    /// When the room can't be reached.
    pub async fn sessions(&self) -> Result<Vec<Session<R>>> {
        let infos: Vec<SessionInfo> = self.json(AdminRequest::Sessions).await?;
        let types = Types::of::<R::User, R::Presence>();
        let session = |info: SessionInfo| {
            let presence = serde_json::from_str(info.presence.get()).map_err(|error| error.to_string())?;
            let (user, presence) = ((types.user)(info.user.get())?, (types.presence)(&presence, "presence")?);
            Ok(Session::new(info.id.into(), info.protocol, user, presence))
        };
        infos.into_iter().map(session).collect::<std::result::Result<_, String>>().map_err(|error| self.failed(&error))
    }

    /// How many connections there are, those that are about to join included.
    ///
    /// # Errors
    /// When the room can't be reached.
    pub async fn size(&self) -> Result<usize> {
        self.json(AdminRequest::Size).await
    }

    /// Closes a connection, by its session's id, and says how many were closed. The client does not come back by itself;
    /// an [`Evict`] says it otherwise.
    ///
    /// # Errors
    /// When the room can't be reached.
    pub async fn evict(&self, whom: impl Into<Evict>) -> Result<usize> {
        self.json(AdminRequest::Evict(whom.into())).await
    }

    /// Closes all connections of a user, by the user's id.
    ///
    /// # Errors
    /// When the room can't be reached.
    pub async fn evict_user(&self, id: &str) -> Result<usize> {
        self.evict(Evict::user(id)).await
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// When the room can't be reached.
    pub async fn evict_all(&self) -> Result<usize> {
        self.evict(Evict::all()).await
    }

    /// The whole document as it is stored, as a Yjs update: to keep elsewhere, or to read in a `yrs::Doc`.
    ///
    /// # Errors
    /// When the room can't be reached, or the document can't be read.
    pub async fn storage(&self) -> Result<Vec<u8>>
    where
        R: HasDocument,
    {
        self.request(AdminRequest::Storage, &[]).await
    }

    /// Applies a Yjs update to the document, which is stored and shown to everyone as a client's edit is. The hook
    /// `on_storage_updated` is not told, as there is no user who did it.
    ///
    /// # Errors
    /// When the document does not take the update: the message says why. When the room can't be reached.
    pub async fn update_storage(&self, update: &[u8]) -> Result<()>
    where
        R: HasDocument,
    {
        self.request(AdminRequest::UpdateStorage, update).await.map(drop)
    }

    /// Closes all connections, and deletes the document when `on_room_deleted` has got it. Who comes later finds the room
    /// as it is at first.
    ///
    /// # Errors
    /// When the hook fails: then the document stays, and the hook gets it again later unless someone comes before. When
    /// the room can't be reached.
    pub async fn delete(&self) -> Result<()> {
        self.request(AdminRequest::Delete, &[]).await.map(drop)
    }

    pub(super) async fn call(&self, call: Call, input: &[u8]) -> Result<Vec<u8>> {
        self.answer(ObjectRequest::Call(call), input).await
    }

    async fn send(&self, request: AdminRequest, output: R::Declared) -> Result<usize>
    where
        R: HasOutput,
    {
        let output = Output::new::<R::Output>(&output.into()).map_err(Error::internal)?;
        read(&self.request(request, output.into_head().as_bytes()).await?)
    }

    async fn json<T: DeserializeOwned>(&self, request: AdminRequest) -> Result<T> {
        read(&self.request(request, &[]).await?)
    }

    async fn request(&self, request: AdminRequest, argument: &[u8]) -> Result<Vec<u8>> {
        self.answer(ObjectRequest::Admin(request), argument).await
    }

    async fn answer(&self, request: ObjectRequest, argument: &[u8]) -> Result<Vec<u8>> {
        let mut response = request.send(&self.namespace, &self.room, argument).await?;
        match response.status_code() {
            200 => Ok(response.bytes().await?),
            400 => Err(Error::client(response.text().await?)),
            _ => Err(self.failed(&response.text().await?)),
        }
    }

    fn failed(&self, reason: &str) -> Error {
        Error::internal(format!("room `{}`: {reason}", self.room))
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T> {
    Ok(serde_json::from_slice(json)?)
}

impl<R> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("room", &self.room).finish_non_exhaustive()
    }
}
