//! `mosaic up`: everything in one process.

use super::guard;
use crate::{args, parts};
use anyhow::Context;
use boot::{Config, Shutdown, postgres::Embedded, secret_file};
use fleet::{Services, onboarding};
use secrecy::{ExposeSecret, SecretString};
use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

pub async fn run(config: &Config, args: args::Up, monitoring: &args::Monitoring) -> anyhow::Result<()> {
    let shutdown = Shutdown::on_signals()?;
    let folder = parts::data_dir(config, args.data_dir)?;
    let key = match &config.secret_key {
        Some(key) => key.clone(),
        None => secret_file::read_or_create(&key_file(&folder), &mut rand::rng())?,
    };
    let postgres = match &config.database_url {
        Some(_) => None,
        None => Some(start_postgres(&folder, args.postgres_dir, &shutdown).await?),
    };
    let url = match (&config.database_url, &postgres) {
        (Some(url), _) => url.clone(),
        (None, Some(postgres)) => SecretString::from(postgres.url()),
        (None, None) => anyhow::bail!("no database"),
    };
    let served = serve((&url, &key), config, &args.api, &args.worker, monitoring, &shutdown).await;
    // Stopped last: the other parts may still have something to store.
    if let Some(postgres) = postgres {
        postgres.stop().await;
    }
    served
}

async fn serve(
    (url, key): (&SecretString, &SecretString),
    config: &Config,
    api: &args::Api,
    worker: &args::Worker,
    monitoring: &args::Monitoring,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    parts::migrate(url).await?;
    let services = parts::services(config, url, key).await?;
    parts::spawn_fleet_metrics(&services, monitoring);
    if let Some(image) = &config.agent_image {
        fleet::settings::set_agent_image(&services, image).await?;
    }
    if let Err(error) = guard::apply(&services, worker.internal_port).await {
        tracing::warn!(%error, "NOT ENFORCED: the firewall around agent containers is missing");
    }
    print_links(&services, api).await?;
    // A separate worker gets the port by its own argument.
    let worker = &args::Worker { public_port: api.listen.port(), ..worker.clone() };
    let guard = async {
        guard::maintain(&services, worker.internal_port, shutdown).await;
        Ok(())
    };
    tokio::try_join!(
        parts::serve(&services, api, shutdown),
        parts::work(&services, worker, shutdown),
        guard
    )?;
    Ok(())
}

async fn start_postgres(
    folder: &Path,
    install: Option<PathBuf>,
    shutdown: &Shutdown,
) -> anyhow::Result<Embedded> {
    let install = install.context(
        "DATABASE_URL is not set, so that Mosaic must start its own Postgres: name its folder with --postgres-dir \
         (`make up` does all this)",
    )?;
    let settings = boot::postgres::Settings { install, home: folder.join("postgres"), options: Vec::new() };
    let postgres = Embedded::start(settings).await.context("starting the embedded Postgres")?;
    let stop = postgres.stop_sender();
    shutdown.before_immediate_exit(move || stop.send());
    Ok(postgres)
}

fn key_file(folder: &Path) -> PathBuf {
    folder.join("secret.key")
}

/// Database URL and key of the instance with this data folder, for one-off commands.
pub fn running_instance(
    config: &Config,
    data_dir: Option<PathBuf>,
) -> anyhow::Result<(SecretString, SecretString)> {
    if let (Some(url), Some(key)) = (&config.database_url, &config.secret_key) {
        return Ok((url.clone(), key.clone()));
    }
    let folder = parts::data_dir(config, data_dir)?;
    let key = match &config.secret_key {
        Some(key) => key.clone(),
        None if key_file(&folder).exists() => {
            secret_file::read_or_create(&key_file(&folder), &mut rand::rng())?
        }
        None => config.require_secret_key()?.clone(),
    };
    let url = match &config.database_url {
        Some(url) => url.clone(),
        None => SecretString::from(boot::postgres::url(&folder.join("postgres"))),
    };
    Ok((url, key))
}

/// Prints where Mosaic listens and, until the setup is complete, the setup link.
pub async fn print_links(services: &Arc<Services>, args: &args::Api) -> anyhow::Result<()> {
    let base = args.public_url.clone().unwrap_or_else(|| format!("http://{}", args.listen));
    let mut out = std::io::stdout();
    writeln!(out, "Mosaic listens on {base}")?;
    if !onboarding::state(services, None).await?.completed {
        let token = services.setup_token();
        writeln!(out, "Set it up here: {base}/setup#token={}", token.expose_secret())?;
    }
    Ok(())
}
