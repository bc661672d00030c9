//! Shared parts of the end-to-end tests: clients on real sockets, HTTP, and valid and invalid tokens.

mod client;
mod control;
mod event_log;
mod hibernation;
mod http;
mod lab;
mod provider;
mod socket;
#[cfg(feature = "tokens")]
mod tokens;

#[cfg(feature = "tokens")]
pub use self::tokens::{PREVIOUS_SECRET, SECRET, Token, eddsa, es256, hs512, rs256, seconds};
pub use self::{
    client::{Client, Closed, connect, connect_rejected, connect_with, is_named},
    control::control,
    event_log::{event_log, event_log_with, log},
    hibernation::{HIBERNATION_DELAY, until_hibernated, wait_for_hibernation},
    http::{Answer, UPGRADE, get, post, request, request_with},
    lab::{LAB, lab, texts, together},
    provider::{NOTES, Provider, awareness, write},
    socket::{Receiver, Sender, Socket},
};
pub use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// The time limit of every wait in a test. It does not measure speed: a test that passes never waits for it to elapse.
/// `PLUV_TEST_TIMEOUT` sets it, in seconds.
pub const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(match option_env!("PLUV_TEST_TIMEOUT") {
    Some(seconds) => match u64::from_str_radix(seconds, 10) {
        Ok(seconds) => seconds,
        Err(_) => panic!("`PLUV_TEST_TIMEOUT` is wrong: write a number of seconds"),
    },
    None => 120,
});

/// The address of a worker of the tests, which `cargo xtask test` sets.
fn base(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("`{variable}` is not set: run `cargo xtask test --only e2e`"))
}

/// The address of the chat example.
#[must_use]
pub fn chat() -> String {
    base("PLUV_CHAT_URL")
}

/// The address of the worker with the tests' own rooms.
#[must_use]
pub fn fixture() -> String {
    base("PLUV_FIXTURE_URL")
}

/// The address of a second instance of that worker, for tests that harm all of its rooms.
#[must_use]
pub fn faults() -> String {
    base("PLUV_FAULTS_URL")
}

/// Returns a room name that no other test uses.
#[must_use]
pub fn fresh(name: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    format!("{name}-{nanos:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
