//! Signals go to the gateway, once each.
//!
//! The gateway lives in a process group of its own. `tini -g` signals our whole group; with the
//! gateway in it, it would get a second SIGTERM beside the one that we forward, and drop the chats
//! that it was letting end.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The gateway's process, once there is one.
#[derive(Debug, Clone, Default)]
pub struct Child(Arc<Mutex<Option<Pid>>>);

impl Child {
    /// Keeps signals waiting while the gateway is being started.
    pub fn starting(&self) -> MutexGuard<'_, Option<Pid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forwards TERM, INT and HUP from now on. Before there is a gateway they end this process.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn forward() -> io::Result<Child> {
    let child = Child::default();
    let to = child.clone();
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    std::thread::spawn(move || {
        for number in signals.forever() {
            deliver(number, *to.starting());
        }
    });
    Ok(child)
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
    // It may have ended in this very moment; then its exit code is on its way anyway.
    let _ = kill_process(gateway, signal);
}
