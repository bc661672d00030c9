//! A room is compiled without a warning also where names of the compiler's are taken.

#![deny(warnings)]

#[allow(unused_macros)]
macro_rules! include_bytes {
    () => {};
}
#[allow(unused_macros)]
macro_rules! env {
    () => {};
}

#[allow(non_camel_case_types)]
mod shadowed {
    /// Not a number.
    #[derive(Debug)]
    pub struct u8;

    /// A room.
    #[pluv::room]
    #[derive(Debug)]
    pub struct Chat;

    #[pluv::room]
    impl Chat {}
}

pub use shadowed::{Chat, u8};
