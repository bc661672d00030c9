//! Load, in a closed loop.

mod audience;
mod editors;
mod ledger;
mod progress;
mod protocol;
mod socket;
mod typist;

use std::time::Duration;

pub(super) use self::{
    audience::Audience,
    editors::Editors,
    protocol::{Joined, Protocol},
    socket::{Socket, connect, join_chat},
    typist::{Typist, pages},
};

/// How long a rate is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Before anything counts.
    pub(crate) warm_up: Duration,
    /// While it counts.
    pub(crate) measured: Duration,
}
