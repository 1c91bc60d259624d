//! Keeps the server running until it is told to stop.
//!
//! Owns restarts and their pace. It must not give up: Mosaic's other parts wait for the database.

use super::{State, cluster::Cluster, postmaster::Postmaster};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A server that ran this long does not crash at every start.
const STEADY_AFTER: Duration = Duration::from_secs(60);

pub(super) struct Supervisor {
    pub(super) cluster: Cluster,
    pub(super) says: watch::Sender<State>,
    pub(super) stop: CancellationToken,
}

impl Supervisor {
    /// Ends when the server has been stopped.
    pub(super) async fn watch(self, mut postmaster: Postmaster) {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = Instant::now();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return self.finish(Some(postmaster)).await,
                () = postmaster.gone() => {}
            }
            tracing::error!(pid = postmaster.pid(), ran_for = ?began.elapsed(), "Postgres went away by itself");
            self.says.send_replace(State::Restarting);
            if began.elapsed() > STEADY_AFTER {
                pause = FIRST_PAUSE;
            }
            let again = tokio::select! {
                biased;
                () = self.stop.cancelled() => return self.finish(None).await,
                again = self.start_again(&mut pause) => again,
            };
            postmaster = again;
            self.says.send_replace(State::Ready);
        }
    }

    async fn start_again(&self, pause: &mut Duration) -> Postmaster {
        loop {
            sleep(*pause).await;
            *pause = (*pause * 2).min(LONGEST_PAUSE);
            match self.cluster.launch().await {
                Ok(postmaster) => return postmaster,
                Err(error) => tracing::error!(%error, next_try_in = ?*pause, "Postgres did not start"),
            }
        }
    }

    async fn finish(self, postmaster: Option<Postmaster>) {
        if let Some(postmaster) = postmaster {
            postmaster.stop().await;
        }
        self.says.send_replace(State::Stopped);
        tracing::info!("Postgres is stopped");
    }
}
