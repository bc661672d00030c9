//! Load, in a closed loop.

mod audience;
mod progress;
mod socket;

pub(super) use self::{
    audience::{Audience, Pace},
    socket::{Socket, connect, join_chat},
};
