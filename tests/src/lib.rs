//! What the end-to-end tests share: clients on real sockets, HTTP, and tokens of all kinds.

mod asleep;
mod client;
mod diary;
mod http;
mod lab;
mod provider;
mod socket;
mod steer;
#[cfg(feature = "tokens")]
mod tokens;

#[cfg(feature = "tokens")]
pub use self::tokens::{PREVIOUS_SECRET, SECRET, Token, eddsa, es256, hs512, rs256, seconds};
pub use self::{
    asleep::{SILENCE, silence, until_asleep},
    client::{Client, Closed, connect, connect_with, is_named, refused},
    diary::{diary, diary_with, log},
    http::{Answer, UPGRADE, get, post, request, request_with},
    lab::{LAB, lab, texts, together},
    provider::{NOTES, Provider, awareness, write},
    socket::{Receiver, Sender, Socket},
    steer::steer,
};
pub use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// How long any test waits for anything before it gives up. It is no measure of speed: a test that passes waits for none of
/// it. `PLUV_TEST_TIMEOUT` sets it, in seconds.
pub const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(match option_env!("PLUV_TEST_TIMEOUT") {
    Some(seconds) => match u64::from_str_radix(seconds, 10) {
        Ok(seconds) => seconds,
        Err(_) => panic!("`PLUV_TEST_TIMEOUT` is wrong: write a number of seconds"),
    },
    None => 120,
});

/// Where a worker of the tests listens, as `cargo xtask test` says.
fn base(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("`{variable}` is not set: run `cargo xtask test --only e2e`"))
}

/// The chat example.
#[must_use]
pub fn chat() -> String {
    base("PLUV_CHAT_URL")
}

/// The worker of the tests' own rooms.
#[must_use]
pub fn fixture() -> String {
    base("PLUV_FIXTURE_URL")
}

/// The same worker once more, for what harms all of its rooms.
#[must_use]
pub fn faults() -> String {
    base("PLUV_FAULTS_URL")
}

/// A room's name that no other test uses.
#[must_use]
pub fn fresh(name: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    format!("{name}-{nanos:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
