//! The embedded Postgres of `mosaic up`: an unpacked installation, one data folder, one server.
//!
//! Owns the server from its first set-up to its stop: start, adoption of a server that outlived its Mosaic, restart after
//! a crash. It must not use SQL, and never touches a server that it does not own.
//!
//! The home folder contains `data` (the cluster), `run` (the socket, mode 0700), `postgres.log` and `lock`.
//!
//! **When Mosaic is killed** (-9) the server keeps running: to let the kernel end it with its parent would need `unsafe`
//! code between fork and exec, with a race. Instead the next start finds the running server by its `postmaster.pid` and
//! adopts it; so it does after a second signal that comes while the server is being started or restarted. In all other cases
//! the server is told to stop: also after a panic, when [`Embedded`] is dropped, and before an immediate exit
//! ([`StopSender`]).

mod cluster;
mod error;
mod postmaster;
mod supervisor;

pub use error::Error;

use crate::spawn_named;
use cluster::Cluster;
use std::{fs::File, path::PathBuf};
use supervisor::{ServerPid, Supervisor};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone)]
pub struct Settings {
    /// The unpacked Postgres: the folder that contains `bin/postgres`.
    pub install: PathBuf,
    /// The server's own folder. Created if missing. Its path may have at most 85 bytes.
    pub home: PathBuf,
    /// Additional server settings, as `name=value`.
    pub options: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It answers.
    Ready,
    /// It crashed and is being started again.
    Restarting,
    Stopped,
}

/// A running server. Dropping it tells the server to stop; [`Embedded::stop`] also waits for it.
#[derive(Debug)]
pub struct Embedded {
    url: String,
    state: watch::Receiver<State>,
    pid: ServerPid,
    stop: CancellationToken,
    supervisor: JoinHandle<()>,
    /// The system holds the lock until the file is closed. It permits one Mosaic per home folder.
    _lock: File,
}

/// The URL of a running server with this home folder, for commands in other processes.
pub fn url(home: &std::path::Path) -> String {
    cluster::url_at(home)
}

impl Embedded {
    /// Starts the server or adopts a running one, waits until it answers, and creates the database `mosaic` if it is missing.
    /// The first start in a folder takes seconds, later ones tenths of a second. An adopted server keeps the options that
    /// it was started with.
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        let cluster = Cluster::open(settings).await?;
        let lock = cluster.lock()?;
        cluster.initialise().await?;
        let postmaster = cluster.launch().await?;
        cluster.create_database().await?;
        let (state_sender, state) = watch::channel(State::Ready);
        let (stop, pid) = (CancellationToken::new(), ServerPid::new(postmaster.pid()));
        let url = cluster.url();
        let supervisor = Supervisor { cluster, state: state_sender, pid: pid.clone(), stop: stop.clone() };
        let supervisor = spawn_named("postgres", supervisor.watch(postmaster));
        Ok(Self { url, state, pid, stop, supervisor, _lock: lock })
    }

    /// Like `DATABASE_URL`, but without a secret: the permissions of the socket's folder protect the server.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// For stopping the server without waiting for it.
    pub fn stop_sender(&self) -> StopSender {
        StopSender(self.pid.clone())
    }

    /// Closes open connections, stops the server and waits for it. This takes seconds at most in practice; after 35 s the
    /// server is killed.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Err(error) = (&mut self.supervisor).await {
            tracing::error!(%error, "the embedded Postgres lost its supervisor");
        }
    }
}

/// Tells the server to stop. Needs no runtime, so that it works right before the process exits.
pub struct StopSender(ServerPid);

impl StopSender {
    pub fn send(&self) {
        self.0.request_stop();
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
