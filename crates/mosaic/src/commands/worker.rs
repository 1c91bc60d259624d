//! `mosaic worker`.

use crate::{args, parts};
use boot::{Config, Shutdown};

pub async fn run(config: &Config, args: args::Worker, monitoring: &args::Monitoring) -> anyhow::Result<()> {
    let shutdown = Shutdown::on_signals()?;
    let services =
        parts::services(config, config.require_database_url()?, config.require_secret_key()?).await?;
    parts::spawn_fleet_metrics(&services, monitoring);
    parts::work(&services, &args, &shutdown).await
}
