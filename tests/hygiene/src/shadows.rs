//! A room among types that are called as those which generated code needs, with methods called as those of the runtime.
#![no_implicit_prelude]

use ::std::prelude::v1::{Debug, Default, derive};

macro_rules! shadows {
    ($($name:ident),*) => {$(
        /// Not what one would think.
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

/// Who is connected, with no derive from the prelude.
#[derive(Debug, ::serde::Serialize, ::serde::Deserialize)]
pub struct User {
    id: ::std::string::String,
}

/// What this room sends, called as the trait's type is.
#[derive(Debug, ::serde::Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Output {
    /// Nothing to say.
    Nothing {},
}

/// What everyone sees.
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
