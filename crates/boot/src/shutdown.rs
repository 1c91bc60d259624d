//! Stopping: from a signal to the last finished piece of work.
//!
//! Owns the signals, the order to stop, and the limit on how long draining may take. It must not know what
//! is drained.

use crate::spawn_named;
use std::{fs, io, time::Duration};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The order to stop, shared by all parts of a process. The first SIGTERM, SIGINT or SIGHUP asks for an
/// orderly stop, the second for one at once.
#[derive(Debug, Clone)]
pub struct Shutdown {
    orderly: CancellationToken,
    at_once: CancellationToken,
    limit: Duration,
}

/// Why [`Shutdown::drain`] gave up on the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undrained {
    /// It took longer than the limit.
    #[error("the work did not finish in time")]
    TimedOut,
    /// A second signal came.
    #[error("told to stop at once")]
    AtOnce,
}

impl Shutdown {
    /// Without signals: begins only by [`Shutdown::begin`]. `limit` is how long draining may take.
    pub fn new(limit: Duration) -> Self {
        Self { orderly: CancellationToken::new(), at_once: CancellationToken::new(), limit }
    }

    /// Begins at a signal too. SIGINT and SIGHUP stay ignored where the parent had them ignored (`nohup`).
    pub fn on_signals(limit: Duration) -> io::Result<Self> {
        let shutdown = Self::new(limit);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = unless_ignored(SignalKind::interrupt())?;
        let mut hang_up = unless_ignored(SignalKind::hangup())?;
        let stop = shutdown.clone();
        spawn_named("signals", async move {
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    () = next(&mut interrupt) => "SIGINT",
                    () = next(&mut hang_up) => "SIGHUP",
                };
                stop.signalled(name);
            }
        });
        Ok(shutdown)
    }

    /// Cancelled when an orderly stop begins. Cancelling it stops only its holder.
    pub fn token(&self) -> CancellationToken {
        self.orderly.child_token()
    }

    /// Asks for an orderly stop. Asking again changes nothing.
    pub fn begin(&self) {
        self.orderly.cancel();
    }

    /// Waits until an orderly stop begins.
    pub async fn begun(&self) {
        self.orderly.cancelled().await;
    }

    /// Runs `work` to its end. From the beginning of an orderly stop it has the limit to get there; a
    /// second signal ends it at once. What is given up is dropped.
    pub async fn drain<F: Future>(&self, work: F) -> Result<F::Output, Undrained> {
        let overtime = async {
            self.begun().await;
            tokio::time::sleep(self.limit).await;
        };
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.at_once.cancelled() => Err(Undrained::AtOnce),
            () = overtime => Err(Undrained::TimedOut),
        }
    }

    fn signalled(&self, name: &'static str) {
        if self.orderly.is_cancelled() {
            tracing::warn!(signal = name, "stopping at once");
            return self.at_once.cancel();
        }
        tracing::info!(signal = name, limit = ?self.limit, "stopping; a second signal stops at once");
        self.begin();
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
    if ignored_mask(&status) & (1 << (kind.as_raw_value() - 1)) != 0 {
        return Ok(None);
    }
    signal(kind).map(Some)
}

/// One bit per signal, from the kernel's account of this process; nothing ignored where there is none.
fn ignored_mask(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rustix::process::{Signal, getpid, kill_process};
    use std::{future::pending, time::Instant};
    use tokio::time::sleep;

    #[tokio::test]
    async fn work_has_the_limit_from_the_order_to_stop_on() {
        let shutdown = Shutdown::new(Duration::from_millis(300));
        let long = shutdown.drain(sleep(Duration::from_millis(400)));
        assert_eq!(long.await, Ok(()), "nobody asked for a stop");
        shutdown.begin();
        assert_eq!(shutdown.drain(sleep(Duration::from_millis(50))).await, Ok(()));
        let began = Instant::now();
        assert_eq!(shutdown.drain(pending::<()>()).await, Err(Undrained::TimedOut));
        assert!(began.elapsed() >= Duration::from_millis(300));
    }

    #[tokio::test]
    async fn a_part_can_stop_alone_and_stops_with_the_whole() {
        let shutdown = Shutdown::new(Duration::ZERO);
        let (one, other) = (shutdown.token(), shutdown.token());
        one.cancel();
        assert!(!other.is_cancelled());
        shutdown.begin();
        assert!(other.is_cancelled());
    }

    #[tokio::test]
    async fn the_first_signal_begins_and_the_second_ends_at_once() {
        let shutdown = Shutdown::on_signals(Duration::from_secs(600)).unwrap();
        kill_process(getpid(), Signal::TERM).unwrap();
        shutdown.begun().await;
        let draining = shutdown.drain(pending::<()>());
        // Not INT: where the tests run in the background of a shell, it is ignored, as it should be.
        kill_process(getpid(), Signal::TERM).unwrap();
        assert_eq!(draining.await, Err(Undrained::AtOnce));
    }

    #[test]
    fn ignored_signals_are_read_from_the_kernels_account() {
        let nohup = "Name:\tmosaic\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert_eq!(ignored_mask(nohup) & 1, 1);
        assert_eq!(ignored_mask(nohup) & 2, 0);
        assert_eq!(ignored_mask(""), 0);
    }
}
