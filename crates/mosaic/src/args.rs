//! The command line.

use clap::{Args as Group, Parser, Subcommand};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// Mosaic Fleet: an own AI agent for every person, isolated.
///
/// Two environment variables are all it needs: DATABASE_URL and MOSAIC_SECRET_KEY.
#[derive(Debug, Parser)]
#[command(name = "mosaic", version)]
pub struct Args {
    #[command(flatten)]
    pub watch: Watch,
    #[command(subcommand)]
    pub command: Command,
}

/// Who may look on. Both are off unless they are asked for.
#[derive(Debug, Group)]
pub struct Watch {
    /// Serve figures for Prometheus here (up, api, worker, guard); nobody is asked who he is, so choose an address that
    /// only Prometheus reaches
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
    /// Keep the walls around agent containers in force (root or NET_ADMIN, on the host's network)
    Guard(Guard),
    /// Bring the database schema up to date and leave; with MOSAIC_AGENT_IMAGE also set that image
    Migrate,
    /// Whether the process beside which this is run does its work: exit code 0 or 1, for health checks
    #[command(subcommand)]
    Healthy(Healthy),
    /// Check everything Mosaic needs; each line says what to do
    Doctor(Doctor),
    /// What only the server's owner may do
    #[command(subcommand)]
    Admin(Admin),
}

impl Command {
    /// As whom a process that stays sends figures and traces; `None` for those that do one thing and leave.
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
    /// Unpacked Postgres (deploy/setup/postgres.sh prints it); needed unless DATABASE_URL is set
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
    /// Address for agent containers; they reach it on their own network's gateway, the guard keeps others out
    #[arg(long, default_value_t = SocketAddr::from(([0, 0, 0, 0], 8081)))]
    pub listen_internal: SocketAddr,
    /// Address that people open, for links; defaults to the listening one
    #[arg(long)]
    pub public_url: Option<String>,
    /// Address of a proxy of this instance; may be repeated. What it says of clients' addresses is believed, and it
    /// may pass on what agents ask of the internal port: it must let nobody else do so
    #[arg(long, value_name = "ADDRESS")]
    pub proxy: Vec<IpAddr>,
}

#[derive(Debug, Clone, Group)]
pub struct Worker {
    /// Docker's socket
    #[arg(long, default_value = "/var/run/docker.sock")]
    pub docker_socket: PathBuf,
    /// The one private host address on which agents' ports are published
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub publish_on: IpAddr,
    /// Address of the internal listener, as containers reach it; the gateway of their own network unless said
    #[arg(long, value_name = "ADDRESS")]
    pub internal_host: Option<Ipv4Addr>,
    /// Port of the internal listener, as containers reach it
    #[arg(long, default_value_t = 8081)]
    pub internal_port: u16,
    /// Port of the public listener, which containers must not reach: the self-test tries it
    #[arg(long, default_value_t = 8080)]
    pub public_port: u16,
    /// Further labels (key=value) for everything made on the Docker engine
    #[arg(long, value_name = "KEY=VALUE")]
    pub docker_label: Vec<String>,
    /// Containers that are started at the same time
    #[arg(long, default_value_t = 4)]
    pub starts_at_once: usize,
}

#[derive(Debug, Clone, Copy, Group)]
pub struct Guard {
    /// Port of the internal listener that agents may reach
    #[arg(long, default_value_t = 8081)]
    pub internal_port: u16,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Healthy {
    /// The worker of this host has been heard of lately
    Worker,
    /// The walls around agents are in force as the settings want them
    Guard(Guard),
}

#[derive(Debug, Group)]
pub struct Doctor {
    /// Folder for database, key and logs, as given to `up`
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Try out the walls around agents too: probes on networks of their own, a minute or less
    #[arg(long)]
    pub isolation: bool,
    #[command(flatten)]
    pub worker: Worker,
}

#[derive(Debug, Subcommand)]
pub enum Admin {
    /// After MOSAIC_SECRET_KEY became `new,old` and all processes were restarted: have everything wrapped by the new key
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
