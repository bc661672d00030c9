//! Rooms inside modules and functions, private ones, and one whose impl is elsewhere.
#![no_implicit_prelude]

use ::rooms::{self as live, prelude::*};
use ::std::{cell::Cell, prelude::v1::derive};

/// The struct, in another module than its impl.
mod elsewhere {
    /// A private room with a field, which its hook `create` sets.
    #[::rooms::room(crate = "::rooms", path = "/elsewhere")]
    #[derive(::std::fmt::Debug)]
    pub(super) struct Elsewhere {
        pub(super) count: ::std::cell::Cell<u32>,
    }
}

#[::rooms::room(crate = "::rooms")]
impl elsewhere::Elsewhere {
    #[hook]
    fn create(_env: &Env) -> Self {
        Self { count: Cell::new(0) }
    }

    #[procedure]
    fn count(&self) -> u32 {
        self.count.replace(self.count.get() + 1)
    }
}

/// A private room with empty braces.
#[live::room(crate = "live")]
struct Private {}

#[live::room(crate = "live")]
impl Private {
    #[event]
    async fn r#move(&self) {}
}

/// A room in the body of a function.
#[must_use]
pub fn local() -> &'static str {
    #[derive(Deserialize)]
    struct Input {
        n: u8,
    }

    #[::rooms::room(crate = "::rooms")]
    struct Local();

    #[::rooms::room(crate = "::rooms")]
    impl Local {
        #[procedure]
        fn next<'a>(&'a self, _cx: &'a Context<'a, Self>, input: Input) -> u8 {
            input.n.saturating_add(1)
        }
    }

    <Local as ::rooms::Room>::OPTIONS.name
}

/// A room made by a macro of the user's own.
macro_rules! make {
    ($name:ident, $event:ident) => {
        #[::rooms::room(crate = "::rooms")]
        pub(crate) struct $name;

        #[::rooms::room(crate = "::rooms")]
        impl $name {
            #[event]
            fn $event(&self) {}
        }
    };
}

make!(Made, ping);
