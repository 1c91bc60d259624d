//! Shutdown: gracefully after the first signal, at once after the second.
//!
//! Owns the signals and the request to stop. It must not know what is stopped.

use crate::spawn_named;
use parking_lot::Mutex;
use std::{fmt, fs, io, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Signals this soon after the first one count as the same one: a terminal and `make` may both pass it on.
const REPEATED_SIGNAL_WINDOW: Duration = Duration::from_millis(200);

/// The request to stop, shared by all parts of a process.
///
/// The first SIGTERM, SIGINT or SIGHUP asks for a graceful stop. A second SIGTERM or SIGINT ends the process at once with
/// the exit code 128 + signal, whatever still runs. SIGHUP counts for nothing more than the first: a terminal that closes
/// may send several, and a session manager a SIGTERM after it.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
    exit_hooks: ExitHooks,
}

type ExitHook = Box<dyn FnOnce() + Send>;

#[derive(Clone, Default)]
struct ExitHooks(Arc<Mutex<Vec<ExitHook>>>);

impl fmt::Debug for ExitHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hooks", self.0.lock().len())
    }
}

impl Shutdown {
    /// Without signals: begins only by [`Shutdown::begin`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Also begins at a signal. SIGINT and SIGHUP stay ignored if the parent process ignores them (`nohup`).
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = unless_ignored(SignalKind::interrupt())?;
        let mut hang_up = unless_ignored(SignalKind::hangup())?;
        let stop = shutdown.clone();
        spawn_named("signals", async move {
            // Of a SIGTERM or SIGINT.
            let mut first_at = None;
            loop {
                let (kind, name) = tokio::select! {
                    _ = terminate.recv() => (SignalKind::terminate(), "SIGTERM"),
                    () = next(&mut interrupt) => (SignalKind::interrupt(), "SIGINT"),
                    () = next(&mut hang_up) => (SignalKind::hangup(), "SIGHUP"),
                };
                match reaction(kind, first_at.map(|at: Instant| at.elapsed())) {
                    Reaction::Begin => {
                        tracing::info!(signal = name, "stopping; a second signal stops at once");
                        if kind != SignalKind::hangup() {
                            first_at = Some(Instant::now());
                        }
                        stop.begin();
                    }
                    Reaction::Ignore => {}
                    Reaction::ExitAtOnce => {
                        tracing::warn!(signal = name, "stopping at once");
                        stop.exit_at_once(128 + kind.as_raw_value())
                    }
                }
            }
        });
        Ok(shutdown)
    }

    /// Cancelled when the stop begins. Cancelling it affects only its holder.
    pub fn token(&self) -> CancellationToken {
        self.token.child_token()
    }

    /// Asks for a graceful stop. Has no effect when repeated.
    pub fn begin(&self) {
        self.token.cancel();
    }

    /// Waits until a graceful stop begins.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }

    /// Runs `hook` right before a second signal ends the process. It must not block.
    pub fn before_immediate_exit(&self, hook: impl FnOnce() + Send + 'static) {
        self.exit_hooks.0.lock().push(Box::new(hook));
    }

    fn exit_at_once(&self, code: i32) -> ! {
        for hook in self.exit_hooks.0.lock().drain(..) {
            hook();
        }
        // Without destructors and exit handlers, which could wait for what still runs.
        signal_hook::low_level::exit(code)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Reaction {
    Begin,
    Ignore,
    ExitAtOnce,
}

fn reaction(kind: SignalKind, since_first: Option<Duration>) -> Reaction {
    match since_first {
        // Repeating it does no harm: nothing but a SIGTERM or SIGINT is remembered.
        None => Reaction::Begin,
        Some(_) if kind == SignalKind::hangup() => Reaction::Ignore,
        Some(since_first) if since_first < REPEATED_SIGNAL_WINDOW => Reaction::Ignore,
        Some(_) => Reaction::ExitAtOnce,
    }
}

async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

fn unless_ignored(kind: SignalKind) -> io::Result<Option<Signal>> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if ignored_signals(&status) & (1 << (kind.as_raw_value() - 1)) != 0 {
        return Ok(None);
    }
    signal(kind).map(Some)
}

/// The mask of ignored signals in `/proc/self/status`, one bit per signal; 0 when there is none.
fn ignored_signals(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rustix::process::{Signal, getpid, kill_process};

    #[tokio::test]
    async fn a_part_can_stop_alone_and_stops_with_the_whole() {
        let shutdown = Shutdown::new();
        let (one, other) = (shutdown.token(), shutdown.token());
        one.cancel();
        assert!(!other.is_cancelled());
        shutdown.begin();
        assert!(other.is_cancelled());
    }

    /// What a second signal does is tested with a process of its own in `tests/shutdown.rs`.
    #[tokio::test]
    async fn the_first_signal_begins() {
        let shutdown = Shutdown::on_signals().unwrap();
        // Not INT: it is ignored when the tests run in the background of a shell.
        kill_process(getpid(), Signal::TERM).unwrap();
        shutdown.begun().await;
    }

    #[test]
    fn a_signal_that_is_passed_on_twice_and_a_terminal_that_closes_count_once() {
        let later = REPEATED_SIGNAL_WINDOW;
        let soon = later / 2;
        for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
            assert_eq!(reaction(kind, None), Reaction::Begin);
            assert_eq!(reaction(kind, Some(soon)), Reaction::Ignore);
            assert_eq!(reaction(kind, Some(later)), Reaction::ExitAtOnce);
        }
        assert_eq!(reaction(SignalKind::hangup(), None), Reaction::Begin);
        assert_eq!(reaction(SignalKind::hangup(), Some(later)), Reaction::Ignore);
    }

    #[test]
    fn ignored_signals_are_read_from_the_kernels_status() {
        let nohup = "Name:\tmosaic\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert_eq!(ignored_signals(nohup) & 1, 1);
        assert_eq!(ignored_signals(nohup) & 2, 0);
        assert_eq!(ignored_signals(""), 0);
    }
}
