//! Ports for the servers that tests start.

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering::Relaxed},
};

/// Below the kernel's range for outgoing connections. One of the thousands of connections that tests open could
/// otherwise take a server's port before the server binds it, or while a killed server is away.
const RANGE: std::ops::Range<u16> = 12_000..32_000;

/// A port without a listener, which no other test of this process gets.
pub(crate) fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Test runs in parallel begin at different ports.
    let begin = (std::process::id() % 64) as u16 * 300;
    loop {
        let port = RANGE.start + begin.wrapping_add(TAKEN.fetch_add(1, Relaxed)) % RANGE.len() as u16;
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}
