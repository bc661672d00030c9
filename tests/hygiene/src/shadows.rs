//! A room among types with the names that generated code uses, and with methods of the runtime's names.
#![no_implicit_prelude]

use ::std::prelude::v1::{Debug, Default, derive};

macro_rules! shadows {
    ($($name:ident),*) => {$(
        /// A type that shadows another.
        #[derive(Debug, Default)]
        pub struct $name;
    )*};
}

shadows!(
    Result,
    Option,
    String,
    Vec,
    Box,
    Ok,
    Err,
    Some,
    None,
    Room,
    Handlers,
    Context,
    Call,
    Options,
    Error,
    Request,
    Response,
    Env,
    State,
    DurableObject,
    Object,
    Hooks,
    EventInfo,
    Json,
    Future,
    Pin,
    Send,
    Sync,
    Sized,
    Iterator,
    From,
    Into,
    Yrs,
    Self_
);

/// A connected user, without derives of the prelude.
#[derive(Debug, ::serde::Serialize, ::serde::Deserialize)]
pub struct User {
    id: ::std::string::String,
}

/// Everything that this room can send, with the name of the trait's type.
#[derive(Debug, ::serde::Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Output {
    /// An empty message.
    Nothing {},
}

/// The part of a user that everyone sees.
#[derive(Debug, Default, ::serde::Serialize, ::serde::Deserialize)]
pub struct Presence {
    call: u8,
}

/// The room.
#[::rooms::room(user = User, presence = Presence, output = Output, path = "/shadows", crate = "::rooms")]
#[derive(Debug)]
pub struct Shadows;

#[::rooms::room(crate = "::rooms")]
impl Shadows {
    #[event]
    fn dispatch(&self, cx: &::rooms::Context<'_, Self>) {
        let _ = (&cx.user().id, cx.presence().call);
        cx.reply(Output::Nothing {});
    }

    #[event]
    async fn route(&self) -> ::rooms::Result<()> {
        ::std::result::Result::Ok(())
    }

    #[procedure]
    async fn call(&self) -> ::rooms::Result<u8> {
        ::std::result::Result::Ok(1)
    }

    #[procedure]
    fn input(&self, _cx: &::rooms::Context<'_, Self>, room: ::std::string::String) -> ::std::string::String {
        room
    }

    #[event]
    fn fetch(&self) {}

    #[event]
    fn alarm(&self) {}

    #[event]
    #[expect(clippy::new_ret_no_self, clippy::wrong_self_convention, reason = "what the test is about")]
    fn new(&self) {}

    #[event]
    fn web_socket_message(&self) {}
}
