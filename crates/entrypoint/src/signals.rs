//! Forwards each signal once to the gateway.
//!
//! The gateway has a process group of its own, because `tini -g` signals our whole group. In that group
//! it would get a second SIGTERM besides the forwarded one, and abort the chats that it was completing.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::lock;

/// The gateway's process, after its start.
#[derive(Debug, Clone, Default)]
pub struct GatewayProcess(Arc<Mutex<Option<Pid>>>);

impl GatewayProcess {
    /// Signals wait until the guard is dropped.
    pub fn lock(&self) -> MutexGuard<'_, Option<Pid>> {
        lock(&self.0)
    }
}

/// Forwards TERM, INT and HUP from now on. Before the gateway's start they end this process.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn forward() -> io::Result<GatewayProcess> {
    let gateway = GatewayProcess::default();
    let receiver = gateway.clone();
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    std::thread::spawn(move || {
        for number in signals.forever() {
            deliver(number, *receiver.lock());
        }
    });
    Ok(gateway)
}

#[allow(clippy::disallowed_methods, reason = "nothing runs yet that could be drained")]
fn deliver(number: i32, gateway: Option<Pid>) {
    let Some(gateway) = gateway else {
        crate::say(&format!("ended by signal {number} before the gateway was started"));
        std::process::exit(128 + number);
    };
    let Some(signal) = Signal::from_named_raw(number) else {
        return;
    };
    // An error means that it has just ended.
    let _ = kill_process(gateway, signal);
}
