//! Ports of this machine.

use std::{
    io,
    net::TcpListener,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result, bail};

/// Where workers listen.
pub const ADDRESS: &str = "127.0.0.1";

/// Checks that nothing listens on a port.
///
/// # Errors
/// When something does.
pub fn check(port: u16) -> Result<()> {
    match TcpListener::bind((ADDRESS, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            bail!("port {port} is taken: stop what listens there, or choose another with `--port`")
        }
        Err(error) => Err(error).with_context(|| format!("port {port} cannot be listened on")),
    }
}

/// Below the ports that the system gives to connections, which would take one before a server listens there.
const FIRST: u32 = 10_000;
const COUNT: u32 = 22_000;

/// A port on which nothing listens, another one each time.
///
/// # Errors
/// When there is none.
pub fn free() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Another xtask begins elsewhere.
    let begin = std::process::id().wrapping_mul(64);
    (0..COUNT)
        .map(|_| FIRST + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind((ADDRESS, *port)).is_ok())
        .context("no port is free")
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    #[test]
    fn a_taken_port_is_seen() {
        let listener = TcpListener::bind((ADDRESS, 0)).expect("a port");
        let port = listener.local_addr().expect("it has an address").port();
        let error = check(port).expect_err("it is taken").to_string();
        assert!(error.starts_with(&format!("port {port} is taken")), "{error}");
        drop(listener);
        // A process that another test starts has it as well, until it has become its program.
        let is_free = |_| {
            thread::sleep(Duration::from_millis(10));
            check(port).is_ok()
        };
        assert!((0..12_000).any(is_free));
    }
}
