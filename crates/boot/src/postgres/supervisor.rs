//! Keeps the server running until it is told to stop.
//!
//! Owns restarts and their backoff. It must not give up, because the other parts of Mosaic wait for the database.

use super::{
    State,
    cluster::Cluster,
    postmaster::{self, Postmaster},
};
use parking_lot::Mutex;
use rustix::process::Pid;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const MAX_BACKOFF: Duration = Duration::from_secs(15);
/// A crash after this time does not continue a series of crashes.
const BACKOFF_RESET_AFTER: Duration = Duration::from_secs(60);

/// The process id of the running server; `None` between two of them.
#[derive(Debug, Clone)]
pub(super) struct ServerPid(Arc<Mutex<Option<Pid>>>);

impl ServerPid {
    pub(super) fn new(pid: Pid) -> Self {
        Self(Arc::new(Mutex::new(Some(pid))))
    }

    pub(super) fn request_stop(&self) {
        if let Some(pid) = *self.0.lock() {
            postmaster::request_stop(pid);
        }
    }

    fn set(&self, pid: Option<Pid>) {
        *self.0.lock() = pid;
    }
}

pub(super) struct Supervisor {
    pub(super) cluster: Cluster,
    pub(super) state: watch::Sender<State>,
    pub(super) pid: ServerPid,
    pub(super) stop: CancellationToken,
}

impl Supervisor {
    /// Ends when the server has been stopped.
    pub(super) async fn watch(self, mut postmaster: Postmaster) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let began = Instant::now();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return self.finish(Some(postmaster)).await,
                () = postmaster.gone() => {}
            }
            self.pid.set(None);
            tracing::error!(pid = postmaster.raw_pid(), ran_for = ?began.elapsed(), "Postgres crashed");
            self.state.send_replace(State::Restarting);
            if began.elapsed() > BACKOFF_RESET_AFTER {
                backoff = FIRST_BACKOFF;
            }
            postmaster = tokio::select! {
                biased;
                () = self.stop.cancelled() => return self.finish(None).await,
                restarted = self.restart(&mut backoff) => restarted,
            };
            self.pid.set(Some(postmaster.pid()));
            self.state.send_replace(State::Ready);
        }
    }

    async fn restart(&self, backoff: &mut Duration) -> Postmaster {
        loop {
            sleep(*backoff).await;
            *backoff = (*backoff * 2).min(MAX_BACKOFF);
            match self.cluster.launch().await {
                Ok(postmaster) => return postmaster,
                Err(error) => tracing::error!(%error, next_try_in = ?*backoff, "Postgres did not start"),
            }
        }
    }

    async fn finish(self, postmaster: Option<Postmaster>) {
        if let Some(postmaster) = postmaster {
            postmaster.stop().await;
        }
        self.pid.set(None);
        self.state.send_replace(State::Stopped);
        tracing::info!("Postgres is stopped");
    }
}
