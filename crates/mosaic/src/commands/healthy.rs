//! `mosaic healthy`: the health check of a container. It must not repair anything.

use super::guard;
use crate::{args::Healthy, parts};
use boot::Config;
use runtime::guard::{Guard, GuardStatus};

pub async fn run(config: &Config, part: Healthy) -> anyhow::Result<()> {
    let services =
        parts::services(config, config.require_database_url()?, config.require_secret_key()?).await?;
    match part {
        Healthy::Worker => {
            let alive = fleet::health::worker_alive(&services, &parts::hostname()).await?;
            anyhow::ensure!(alive, "no worker of this host has reported within half a minute");
        }
        Healthy::Guard(args) => {
            let required = guard::required_config(&services, args.internal_port).await;
            let status = Guard::new(services.instance).status(&required).await?;
            anyhow::ensure!(status == GuardStatus::Enforced, "the firewall around agents is not in force");
        }
    }
    Ok(())
}
