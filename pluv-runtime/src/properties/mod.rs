//! Properties that hold of whatever clients send: a million inputs each, most of them nearly right, in little memory.

mod alone;
mod check_update;
mod frames;
mod mutate;
mod providers;
mod updates;

pub(crate) use self::{
    alone::{allocated, alone, max_allocated},
    frames::FRAMES,
    mutate::mutate,
    providers::frames as provider_frames,
};

/// How many inputs each property is asked of.
const INPUTS: u32 = 1_000_000;
