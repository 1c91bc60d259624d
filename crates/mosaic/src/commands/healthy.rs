//! `mosaic healthy`: what a container's health check asks. It must not repair anything.

use super::guard;
use crate::{args::Healthy, parts};
use boot::Config;
use runtime::guard::{Guard, GuardStatus};

pub async fn run(config: &Config, part: Healthy) -> anyhow::Result<()> {
    let services =
        parts::services(config, config.require_database_url()?, config.require_secret_key()?).await?;
    match part {
        Healthy::Worker => {
            let heard = fleet::health::worker_alive(&services, &parts::hostname()).await?;
            anyhow::ensure!(heard, "no worker of this host has been heard of within half a minute");
        }
        Healthy::Guard(args) => {
            let wanted = guard::wanted(&services, args.internal_port).await;
            let status = Guard::new(services.instance).status(&wanted).await?;
            anyhow::ensure!(status == GuardStatus::Enforced, "the walls around agents are not in force");
        }
    }
    Ok(())
}
