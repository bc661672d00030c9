//! Calls of a room's procedures by its worker.

use std::{fmt, future::IntoFuture, marker::PhantomData, pin::Pin};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use super::Handle;
use crate::{Result, api::Room, auth::new_id, engine};

/// A call of a procedure, which is made when it is awaited: so its input needs `Serialize`, and its answer `Deserialize`.
#[must_use = "a call is made when it is awaited"]
pub struct Call<'a, R, I, O> {
    handle: &'a Handle<R>,
    name: &'static str,
    /// The user as JSON, of a procedure that clients call.
    user: Option<Result<Box<RawValue>>>,
    input: I,
    _answer: PhantomData<fn() -> O>,
}

impl<'a, R: Room, I, O> Call<'a, R, I, O> {
    /// A call of a procedure that the worker alone calls.
    pub(crate) fn new(handle: &'a Handle<R>, name: &'static str, input: I) -> Self {
        Self { handle, name, user: None, input, _answer: PhantomData }
    }

    /// A call that a user makes.
    pub(crate) fn by(self, user: &R::User) -> Self {
        Self { user: Some(to_raw_value(user).map_err(Into::into)), ..self }
    }
}

impl<'a, R: Room, I: Serialize + 'a, O: DeserializeOwned + 'a> IntoFuture for Call<'a, R, I, O> {
    type Output = Result<O>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<O>> + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { handle, name, user, input, .. } = self;
            let call = engine::Call { name: name.to_owned(), session: new_id(), user: user.transpose()? };
            let answer = handle.call(call, &serde_json::to_vec(&input)?).await?;
            Ok(serde_json::from_slice(&answer)?)
        })
    }
}

impl<R, I, O> fmt::Debug for Call<'_, R, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("name", &self.name).finish_non_exhaustive()
    }
}
