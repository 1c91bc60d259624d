//! The command line.

use clap::{Args as Group, Parser, Subcommand};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// Mosaic Fleet: an isolated AI agent for every user.
///
/// It needs only two environment variables: DATABASE_URL and MOSAIC_SECRET_KEY.
#[derive(Debug, Parser)]
#[command(name = "mosaic", version)]
pub struct Args {
    #[command(flatten)]
    pub monitoring: Monitoring,
    #[command(subcommand)]
    pub command: Command,
}

/// Both are off by default.
#[derive(Debug, Group)]
pub struct Monitoring {
    /// Serve metrics for Prometheus here (up, api, worker, guard), without authentication: choose an address that only
    /// Prometheus can reach
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub metrics: Option<SocketAddr>,
    /// Send traces to this collector by OTLP over HTTP (up, api, worker)
    #[arg(long, global = true, value_name = "http://HOST:PORT")]
    pub otlp: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything in one process: Postgres (unless DATABASE_URL is set), API, worker, guard
    Up(Up),
    /// The API only
    Api(Api),
    /// A worker only
    Worker(Worker),
    /// Keep the firewall around agent containers in force (needs root or NET_ADMIN, on the host's network)
    Guard(Guard),
    /// Bring the database schema up to date and exit; with MOSAIC_AGENT_IMAGE also set that image
    Migrate,
    /// Whether a process of this host does its work: exit code 0 or 1, for health checks
    #[command(subcommand)]
    Healthy(Healthy),
    /// Check everything that Mosaic needs; each failure says what to do
    Doctor(Doctor),
    /// Commands for the server's owner
    #[command(subcommand)]
    Admin(Admin),
}

impl Command {
    /// The name of a server process in metrics and traces; `None` for commands that end by themselves.
    pub const fn service(&self) -> Option<&'static str> {
        match self {
            Self::Up(_) => Some("mosaic"),
            Self::Api(_) => Some("mosaic-api"),
            Self::Worker(_) => Some("mosaic-worker"),
            Self::Guard(_) => Some("mosaic-guard"),
            Self::Migrate | Self::Healthy(_) | Self::Doctor(_) | Self::Admin(_) => None,
        }
    }
}

#[derive(Debug, Group)]
pub struct Up {
    /// Folder for database, key and logs
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Folder of the unpacked Postgres (deploy/setup/postgres.sh prints it); needed unless DATABASE_URL is set
    #[arg(long)]
    pub postgres_dir: Option<PathBuf>,
    #[command(flatten)]
    pub api: Api,
    #[command(flatten)]
    pub worker: Worker,
}

#[derive(Debug, Clone, Group)]
pub struct Api {
    /// Address for browsers and programs
    #[arg(long, default_value_t = SocketAddr::from(([127, 0, 0, 1], 8080)))]
    pub listen: SocketAddr,
    /// Address for agent containers, which reach it on their own network's gateway; the guard keeps others out
    #[arg(long, default_value_t = SocketAddr::from(([0, 0, 0, 0], 8081)))]
    pub listen_internal: SocketAddr,
    /// Address that users open, for links; defaults to the listening one
    #[arg(long)]
    pub public_url: Option<String>,
    /// Address of a proxy of this instance; may be repeated. Its X-Forwarded-For is trusted, and it may forward agents'
    /// requests to the internal port: it must not forward requests of others
    #[arg(long, value_name = "ADDRESS")]
    pub proxy: Vec<IpAddr>,
}

#[derive(Debug, Clone, Group)]
pub struct Worker {
    /// Docker's socket
    #[arg(long, default_value = "/var/run/docker.sock")]
    pub docker_socket: PathBuf,
    /// Private address of the host on which agents' ports are published
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub publish_on: IpAddr,
    /// Address at which containers reach the internal listener; defaults to the gateway of their own network
    #[arg(long, value_name = "ADDRESS")]
    pub internal_host: Option<Ipv4Addr>,
    /// Port at which containers reach the internal listener
    #[arg(long, default_value_t = 8081)]
    pub internal_port: u16,
    /// Port of the public listener, which containers must not reach; the self-test tries it
    #[arg(long, default_value_t = 8080)]
    pub public_port: u16,
    /// Additional labels for all objects on the Docker engine
    #[arg(long, value_name = "KEY=VALUE")]
    pub docker_label: Vec<String>,
    /// How many containers may start at the same time
    #[arg(long = "starts-at-once", default_value_t = 4)]
    pub start_concurrency: usize,
}

#[derive(Debug, Clone, Copy, Group)]
pub struct Guard {
    /// Port of the internal listener, which agents may reach
    #[arg(long, default_value_t = 8081)]
    pub internal_port: u16,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Healthy {
    /// The worker of this host has reported recently
    Worker,
    /// The firewall around agents is in force as the settings require
    Guard(Guard),
}

#[derive(Debug, Group)]
pub struct Doctor {
    /// Folder for database, key and logs, as given to `up`
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Also test the isolation of agents, with probes in networks of their own; takes up to a minute
    #[arg(long)]
    pub isolation: bool,
    #[command(flatten)]
    pub worker: Worker,
}

#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Wrap all data keys by the new key, after MOSAIC_SECRET_KEY was set to `new,old` and all processes were restarted
    RotateKey {
        /// Folder for database, key and logs, as given to `up`
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
    /// Give the breakglass admin a new password, read from standard input
    ResetBreakglass {
        /// Folder for database, key and logs, as given to `up`
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
}
