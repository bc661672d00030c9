//! Validates arbitrary bytes as a Yjs update, and applies those that pass.

#![no_main]
#![allow(dead_code, unused_imports, reason = "the module serves a room, and this uses a part of it")]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/properties/check_update.rs"]
mod check_update;
#[path = "../../src/update/mod.rs"]
mod update;

/// A document of one letter by client 1.
const BASE: &[u8] = &[1, 1, 1, 0, 4, 1, 1, b't', 1, b'x', 0];

fuzz_target!(|bytes: &[u8]| {
    if let Some(update) = check_update::decode_accepted(bytes) {
        check_update::apply(update, bytes, BASE);
    }
});
