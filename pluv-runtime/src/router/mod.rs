//! From a request's path to a room, and who may ask from another site. Pure: the platform reads and answers.

mod cors;
mod decode;
mod name;
mod target;

pub(crate) use self::{
    cors::cors_headers,
    name::check_name,
    target::{Target, target},
};
