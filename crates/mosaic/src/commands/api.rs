//! `mosaic api`.

use crate::{args, parts};
use boot::{Config, Shutdown};

pub async fn run(config: &Config, args: args::Api, watch: &args::Watch) -> anyhow::Result<()> {
    let shutdown = Shutdown::on_signals(parts::DRAIN)?;
    let services =
        parts::services(config, config.require_database_url()?, config.require_secret_key()?).await?;
    parts::keep_figures(&services, watch);
    super::up::print_links(&services, &args).await?;
    parts::serve(&services, &args, &shutdown).await
}
