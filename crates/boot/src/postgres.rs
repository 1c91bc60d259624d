//! The embedded Postgres of `mosaic up`: an unpacked install, one data folder, one server.
//!
//! Owns its whole life: first set-up, start, adoption of a server that outlived its Mosaic, restart after a
//! crash, stop. It must not speak SQL, and it never touches a server that it does not own.
//!
//! In the home folder: `data` (the cluster), `run` (the socket, mode 0700), `postgres.log`, `lock`.
//!
//! **When Mosaic is killed** (-9) the server goes on: asking the kernel to end it with its parent takes
//! `unsafe` code between fork and exec, and would lose the race it is meant to win. Instead the next start
//! finds the running server by its `postmaster.pid` and adopts it. In every other case, a panic or a
//! dropped [`Embedded`] included, the server is told to stop.

mod cluster;
mod error;
mod postmaster;
mod supervisor;

pub use error::Error;

use crate::spawn_named;
use cluster::Cluster;
use std::{fs::File, path::PathBuf};
use supervisor::Supervisor;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// What to run and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The unpacked Postgres: the folder with `bin/postgres` and its siblings.
    pub install: PathBuf,
    /// The folder that this server has for itself. Made when missing; needs a path of at most 85 bytes.
    pub home: PathBuf,
    /// Server settings besides our own, as `name=value`.
    pub options: Vec<String>,
}

/// Whether the server can be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It answers.
    Ready,
    /// It went away by itself and is being started again.
    Restarting,
    /// It was stopped.
    Stopped,
}

/// A running server. Dropping it tells the server to stop; [`Embedded::stop`] also waits.
#[derive(Debug)]
pub struct Embedded {
    url: String,
    state: watch::Receiver<State>,
    stop: CancellationToken,
    supervisor: JoinHandle<()>,
    /// Held by the system until the file is closed: one Mosaic per home folder.
    _lock: File,
}

/// Where the server whose home this is answers while it runs, for commands beside it.
pub fn url(home: &std::path::Path) -> String {
    cluster::url_at(home)
}

impl Embedded {
    /// Starts the server (or adopts the one that is running), waits until it answers, and makes the
    /// database `mosaic` when there is none. The first start in a folder takes seconds, later ones tenths.
    /// An adopted server keeps the options that it was started with.
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        let cluster = Cluster::open(settings).await?;
        let lock = cluster.lock()?;
        cluster.initialise().await?;
        let postmaster = cluster.launch().await?;
        cluster.create_database().await?;
        let (says, state) = watch::channel(State::Ready);
        let stop = CancellationToken::new();
        let url = cluster.url();
        let supervisor = Supervisor { cluster, says, stop: stop.clone() };
        let supervisor = spawn_named("postgres", supervisor.watch(postmaster));
        Ok(Self { url, state, stop, supervisor, _lock: lock })
    }

    /// Where to connect, as DATABASE_URL would say it. No secret: the socket's folder is the protection.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's state and its changes.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Stops the server in an orderly way, ending open connections, and waits for it (seconds at most in
    /// practice; after 35 s without an end it is given up and killed).
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Err(error) = (&mut self.supervisor).await {
            tracing::error!(%error, "the embedded Postgres lost its supervisor");
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
