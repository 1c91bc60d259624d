//! `mosaic api`.

use crate::{args, parts};
use boot::{Config, Shutdown};

pub async fn run(config: &Config, args: args::Api, monitoring: &args::Monitoring) -> anyhow::Result<()> {
    let shutdown = Shutdown::on_signals()?;
    let services =
        parts::services(config, config.require_database_url()?, config.require_secret_key()?).await?;
    parts::spawn_fleet_metrics(&services, monitoring);
    super::up::print_links(&services, &args).await?;
    parts::serve(&services, &args, &shutdown).await
}
