//! Builds the parts of a process.

use crate::args;
use anyhow::Context;
use boot::{Config, Shutdown, spawn_named};
use domain::{SystemClock, WorkerId, containers::InternalEndpoint, isolation::IsolationProber};
use embeddings::Builtin;
use fleet::{Parts, Services, containers::Placement, isolation::Site};
use providers::Outbound;
use runtime::{DockerContainers, DockerSettings};
use secrecy::{ExposeSecret, SecretString};
use secrets::KeyRing;
use std::{collections::HashMap, num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};
use store::{Store, listen::NotificationHub};
use tokio_util::sync::CancellationToken;
use workers::{Tools, WorkerConfig};

/// How long turns and jobs may take to finish after a signal.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
/// Per process. Requests and jobs hold a connection for milliseconds only.
const MAX_CONNECTIONS: u32 = 24;

/// Brings the schema and the restricted role up to date.
pub async fn migrate(url: &SecretString) -> anyhow::Result<()> {
    use sqlx::{Connection, postgres::PgConnection};
    let mut connection =
        PgConnection::connect(url.expose_secret()).await.context("connecting to the database")?;
    migrations::MIGRATOR.run(&mut connection).await.context("bringing the schema up to date")?;
    store::rights::prepare(&mut connection).await.context("preparing the restricted role")?;
    connection.close().await?;
    Ok(())
}

/// The services for a migrated database. Spawns the tasks that keep them up to date.
pub async fn services(
    config: &Config,
    url: &SecretString,
    key: &SecretString,
) -> anyhow::Result<Arc<Services>> {
    let ring = KeyRing::parse(key).context("MOSAIC_SECRET_KEY")?;
    let store =
        Store::connect(url.expose_secret(), MAX_CONNECTIONS).await.context("connecting to the database")?;
    let (notifications, feeder) = NotificationHub::new(store.pool().clone());
    spawn_named("notifications", feeder);
    let embedder = Builtin::new(config.embeddings_dir.clone());
    spawn_named("embeddings", embedder.clone().unload_when_idle());
    let parts = Parts {
        store: store.clone(),
        ring,
        notifications: notifications.clone(),
        clock: Arc::new(SystemClock),
        outbound: Outbound::system(),
        embedder: Arc::new(embedder),
    };
    let services = Services::assemble(parts).await.context("reading the instance's identity")?;
    spawn_named("settings", services.settings.clone().follow(store, notifications));
    Ok(services)
}

/// Updates the metrics of the whole fleet, if this process serves metrics.
pub fn spawn_fleet_metrics(services: &Arc<Services>, monitoring: &args::Monitoring) {
    if monitoring.metrics.is_some() {
        spawn_named("fleet-metrics", fleet::metrics::run(Arc::clone(services)));
    }
}

/// Runs the API: both listeners and the drivers of turns. Returns when `shutdown` has begun and turns are drained.
pub async fn serve(services: &Arc<Services>, args: &args::Api, shutdown: &Shutdown) -> anyhow::Result<()> {
    let public = api::public(args.listen, args.proxy.clone(), Arc::clone(services))
        .ignite()
        .await
        .context("preparing the API")?;
    let internal = api::internal(args.listen_internal, args.proxy.clone(), Arc::clone(services))
        .ignite()
        .await
        .context("preparing the API")?;
    let stop = [public.shutdown(), internal.shutdown()];
    let token = shutdown.token();
    // The drivers outlive the servers, so that a message accepted at the last moment has one.
    let served = CancellationToken::new();
    let drivers = fleet::turns::run_drivers(Arc::clone(services), served.clone(), DRAIN_TIMEOUT);
    let stopping = async {
        token.cancelled().await;
        stop.into_iter().for_each(|server| server.notify());
    };
    let servers = async {
        tokio::try_join!(public.launch(), internal.launch()).map(|_| ()).map_err(|error| {
            let kind = error.kind().to_string();
            anyhow::anyhow!("the API cannot listen on {} and {}: {kind}", args.listen, args.listen_internal)
        })
    };
    let serving = async {
        let ended = stop_when_ended(servers, shutdown).await;
        served.cancel();
        ended
    };
    let (ended, (), ()) = tokio::join!(serving, stopping, drivers);
    ended
}

/// Stops the process when `part` ends, also by itself.
async fn stop_when_ended<T>(
    part: impl Future<Output = anyhow::Result<T>>,
    shutdown: &Shutdown,
) -> anyhow::Result<T> {
    let ended = part.await;
    shutdown.begin();
    ended
}

/// Runs a worker for all lanes. Returns when `shutdown` has begun and its jobs are drained or handed back.
pub async fn work(services: &Arc<Services>, args: &args::Worker, shutdown: &Shutdown) -> anyhow::Result<()> {
    let engine = Arc::new(docker(args)?);
    let Site { placement, public_port } = site(args);
    let tools = Tools {
        services: Arc::clone(services),
        isolation_prober: Arc::clone(&engine) as Arc<dyn IsolationProber>,
        engine,
        placement,
        public_port,
    };
    let id = WorkerId::new(services.clock.now());
    let mut config = WorkerConfig::new(id, hostname(), env!("CARGO_PKG_VERSION"));
    config.drain_timeout = DRAIN_TIMEOUT;
    let starts = NonZeroUsize::new(args.start_concurrency).context("--starts-at-once must be at least 1")?;
    config.lanes.insert(jobs::Lane::Containers, starts);
    let token = shutdown.token();
    let watching = workers::watch(&tools, &token);
    let run = workers::run(&services.store, workers::registry(&tools), config, shutdown.token());
    let (ended, ()) =
        tokio::join!(stop_when_ended(async { run.await.context("the worker") }, shutdown), watching);
    ended
}

/// The deployment as the command line describes it.
pub const fn site(args: &args::Worker) -> Site {
    let internal = InternalEndpoint { host: args.internal_host, port: args.internal_port };
    let placement = Placement { publish_on: args.publish_on, internal };
    Site { placement, public_port: args.public_port }
}

/// The Docker engine as the arguments describe it.
pub fn docker(args: &args::Worker) -> anyhow::Result<DockerContainers> {
    let extra_labels = args
        .docker_label
        .iter()
        .map(|label| label.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect::<Option<HashMap<_, _>>>()
        .context("--docker-label takes key=value")?;
    Ok(DockerContainers::new(DockerSettings { socket: args.docker_socket.clone(), extra_labels }))
}

/// The data folder, created if it is missing.
pub fn data_dir(config: &Config, given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let folder = given.or_else(|| config.data_dir.clone()).context("name the data folder with --data-dir")?;
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    Ok(folder)
}

/// The name of this machine, or of the container that the process runs in.
pub fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "unknown".into(), |name| name.trim().to_owned())
}
