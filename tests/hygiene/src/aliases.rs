//! A room with type aliases, and with hooks under `#[cfg]`.
#![no_implicit_prelude]

use ::rooms::prelude::*;
use ::std::{
    iter::{IntoIterator, Iterator},
    prelude::v1::{Debug, derive},
    vec::Vec,
};

/// An alias of `Result`.
type Answered<T> = ::std::result::Result<T, Error>;

/// An alias of the context.
type Cx<'a> = Context<'a, Aliases>;

/// An alias of an input.
type Asked = Vec<Page>;

/// A page of the history.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Where it ends.
    pub before: u32,
}

/// A room without fields.
#[::rooms::room(crate = "::rooms", path = "/aliases")]
#[derive(Debug)]
pub struct Aliases;

#[::rooms::room(crate = "::rooms")]
impl Aliases {
    /// Never compiled, nor needed.
    #[cfg(any())]
    #[hook]
    fn create(env: &Missing) -> Self {}

    #[event]
    async fn say(&self, cx: &Cx<'_>, input: Asked) -> Answered<()> {
        ::std::future::ready(()).await;
        cx.evict_user("nobody");
        for page in input {
            if page.before == 0 {
                return Answered::Err(Error::client("there is nothing before"));
            }
        }
        Answered::Ok(())
    }

    #[procedure]
    async fn history(&self, _cx: &Cx<'_>, input: Asked) -> Answered<Vec<u32>> {
        Answered::Ok(input.into_iter().map(|page| page.before).collect())
    }

    #[procedure]
    fn name<'a>(&'a self, _cx: &'a Cx<'a>) -> Answered<&'a str> {
        Answered::Ok("aliases")
    }

    #[procedure]
    fn unnamed(&self) -> impl Serialize {
        "unnamed"
    }

    #[procedure]
    async fn borrowed(&self, _cx: &Cx<'_>) -> &str {
        "borrowed"
    }
}

/// A room whose hook `create` depends on a feature.
#[::rooms::room(crate = "::rooms", path = "/conditional")]
#[derive(Debug)]
pub struct Conditional;

#[::rooms::room(crate = "::rooms")]
impl Conditional {
    #[cfg(feature = "quiet")]
    #[hook]
    fn create(_env: &Env) -> Self {
        Self
    }

    #[cfg(not(feature = "quiet"))]
    #[hook]
    fn create(_env: &Env) -> Answered<Self> {
        Answered::Ok(Self)
    }
}
