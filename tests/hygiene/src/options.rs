//! A room with every option and hook.
#![no_implicit_prelude]

use ::rooms::prelude::*;
use ::std::{
    convert::{From, Into},
    option::Option,
    prelude::v1::{Clone, Debug, Default, derive},
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

/// A connected user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// The unique id.
    pub id: Arc<str>,
}

/// The part of a user that everyone sees.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Presence {
    /// Whether they are typing.
    pub typing: bool,
}

/// Everything that this room can send.
#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    /// A user joined.
    Came {
        /// The user's id.
        id: String,
    },
}

/// A room with every option.
#[::rooms::room(
    user = User,
    presence = Presence,
    output = Output,
    storage = Yrs,
    retention = "30d",
    limits(
        connections = 32_768,
        message = 33_554_432,
        messages_per_second = 1_000_000,
        presence = 1_000_000,
        user = 16_384,
        user_id = 16_384,
        storage = 10_000_000,
        idle = "1d"
    ),
    path = "/all",
    binding = "ALL",
    secret = ["A", "B"],
    cors = "https://app.example",
    relay_unknown,
    crate = "::rooms"
)]
#[derive(Debug)]
pub struct All {
    name: String,
}

#[::rooms::room(crate = "::rooms")]
impl All {
    #[hook]
    fn create(env: &Env) -> Result<(Self, Limits)> {
        let name = env.var("NAME")?.to_string();
        let seats = env.var("SEATS")?.to_string().parse()?;
        Result::Ok((Self { name }, <Self as ::rooms::Room>::limits().connections(seats)))
    }

    #[hook]
    async fn authorize(req: &Request, _env: &Env, _room: &str) -> Result<Option<Grant<User>>> {
        let id = req.url()?.path().into();
        Result::Ok(Option::Some(Grant::read(User { id })))
    }

    #[hook]
    fn on_user_connected(&self, cx: &Context) {
        let id = String::from(&*cx.user().id);
        cx.broadcast(Output::Came { id });
        cx.set_presence(Presence { typing: cx.sessions().len() > 1 });
    }

    #[hook]
    async fn on_user_disconnected(&self) -> Result<()> {
        Result::Ok(())
    }

    #[hook]
    fn on_message(&self, _cx: &Context, message: &Message<'_>) -> Result<()> {
        if message.name() == self.name { Result::Err(Error::client("no")) } else { Result::Ok(()) }
    }

    #[hook]
    async fn get_initial_storage(&self, _room: &str) -> Result<Option<Vec<u8>>> {
        Result::Ok(Option::None)
    }

    #[hook]
    fn on_storage_updated(&self, cx: &Context) -> Result<()> {
        cx.storage().usage()?;
        Result::Ok(())
    }

    #[hook]
    async fn on_room_deleted(&self, _room: &FinalState<'_>) {}
}
